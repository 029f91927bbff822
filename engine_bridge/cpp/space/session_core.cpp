#include "space/session_core.hpp"

#include <algorithm>
#include <iterator>

#include "space/controls_check.hpp"
#include "space/last_error.hpp"

namespace space {

namespace {

constexpr std::size_t kPendingSets = 64;
constexpr u32 kLargestRate = 768000, kMostChannels = 8;
constexpr u64 kLastSample = u64{1} << 53;  ///< whole samples are exact up to here
constexpr double kMostAhead_s = 0.25;  ///< between playback and where a stream is taken up
constexpr double kMayBeLost_s = 10;    ///< what was posted so long before a lost connection has arrived
constexpr double kLateStart_s = 0.5;  ///< playback so far into a stream that was never announced: skip what was played
constexpr double kNoPosition = -std::numeric_limits<double>::infinity();

Status no_stream() { return fail(Status::no_stream, "no stream is running: start, speak or idle first"); }

}  // namespace

void EventQueue::put(Event event) {
    if (events_.size() == kCapacity) events_.pop_front(), ++dropped_;
    events_.push_back(std::move(event));
}

bool EventQueue::take(Event& event) {
    if (events_.empty()) return false;
    event = std::move(events_.front());
    events_.pop_front();
    return true;
}

SessionCore::SessionCore(u32 id, const SessionOptions& options, EventQueue& events)
    : id_(id), options_(options), events_(events), buffer_(options.landmarks) {}

Event SessionCore::event(EventKind kind, u32 stream) const {
    Event event;
    event.kind = kind, event.session = id_, event.stream = stream;
    return event;
}

// ---- for the caller ----

u32 SessionCore::begin(Stream stream) {
    const u32 number = stream.number();
    buffer_.begin(number, stream.rate());
    textures_.begin();
    animated_ = stream.first_sample();
    stream_ = std::move(stream);
    announce_ = true, again_ = false;
    sets_.clear(), posted_sets_.clear();
    interrupt_.reset();
    interrupt_posted_ = resumed_ = false;
    ++next_stream_;
    return number;
}

Status SessionCore::start(const StreamOptions& options, u32& stream) {
    if (closing_ || is_closed()) return closed();
    if (options.rate == 0 || options.rate > kLargestRate) {
        return fail(Status::bad_argument, "rate is %u; expected 1 to %u Hz", options.rate, kLargestRate);
    }
    if (options.channels == 0 || options.channels > kMostChannels) {
        return fail(Status::bad_argument, "channels is %u; expected 1 to %u", options.channels, kMostChannels);
    }
    if (options.first_sample > kLastSample) return fail(Status::bad_argument, "first_sample is more than 2^53");
    if (const Status bad = check_controls(options.controls); bad != Status::ok) return bad;
    stream = begin(Stream::pushed(next_stream_, options));
    return Status::ok;
}

Status SessionCore::speak(const SpeakOptions& options, u32& stream) {
    if (closing_ || is_closed()) return closed();
    if (options.sound.empty() == options.asset.empty()) {
        return fail(Status::bad_argument, "sound and asset: expected a file's bytes or its name on the server, not %s",
                    options.asset.empty() ? "neither" : "both");
    }
    if (const Status bad = check_controls(options.controls); bad != Status::ok) return bad;
    stream = begin(Stream::spoken(next_stream_, options));
    return Status::ok;
}

Status SessionCore::idle(const Controls& controls, u32& stream) {
    if (closing_ || is_closed()) return closed();
    if (const Status bad = check_controls(controls); bad != Status::ok) return bad;
    stream = begin(Stream::idle(next_stream_, controls));
    return Status::ok;
}

Status SessionCore::push(Bytes pcm, Maybe<SampleFormat> format) {
    if (closing_ || is_closed()) return closed();
    return stream_ ? stream_->push(pcm, format, buffer_.position(), counts_.sound_dropped) : no_stream();
}

Status SessionCore::drive(const MotionRow* rows, std::size_t n) {
    if (closing_ || is_closed()) return closed();
    return stream_ ? stream_->drive(rows, n) : no_stream();
}

Status SessionCore::end() {
    if (closing_ || is_closed()) return closed();
    return stream_ ? stream_->end() : no_stream();
}

Status SessionCore::takes_changes(Maybe<u64> at_sample) const {
    if (closing_ || is_closed()) return closed();
    if (!stream_ || stream_->finished) return no_stream();
    if (at_sample.value_or(0) > kLargestU64) return fail(Status::bad_argument, "at_sample is 2^63 or more");
    return Status::ok;
}

Status SessionCore::set(Maybe<u64> at_sample, Maybe<u32> fade_ms, const Controls& controls) {
    if (const Status no = takes_changes(at_sample); no != Status::ok) return no;
    if (const Status bad = check_controls(controls); bad != Status::ok) return bad;
    if (sets_.size() >= kPendingSets) return fail(Status::full, "%zu changes of controls wait already", sets_.size());
    sets_.push_back({at_sample.value_or(sample_at(buffer_.position())), fade_ms, {}});
    sets_.back().controls.merge(controls);
    return Status::ok;
}

Status SessionCore::interrupt(Maybe<u64> at_sample, u32 fade_ms) {
    if (const Status no = takes_changes(at_sample); no != Status::ok) return no;
    interrupt_ = PendingInterrupt{at_sample.value_or(sample_at(buffer_.position())), fade_ms};
    interrupt_posted_ = false;
    if (phase_ != Phase::open) finish_here("interrupted", static_cast<double>(interrupt_->at_sample));
    return Status::ok;
}

Status SessionCore::closed() const { return fail(Status::closed, "session %u is closed; open another one", id_); }

Status SessionCore::close() {
    if (is_closed()) return Status::closed;
    closing_ = true;
    if (phase_ == Phase::unopened || phase_ == Phase::detached) close_for_good({});
    return Status::ok;
}

const Pose& SessionCore::evaluate(double position, double dt) { return buffer_.evaluate(position, dt); }

SessionCounts SessionCore::counts() const {
    SessionCounts counts = counts_;
    counts.frames = buffer_.counts();
    return counts;
}

void SessionCore::finish_here(Text reason, double sample) {
    buffer_.finish(stream_->number(), sample);
    stream_->finished = true;
    Event finished = event(EventKind::finished, stream_->number());
    finished.text = std::string(reason), finished.sample = sample;
    events_.put(std::move(finished));
}

// ---- for the connection ----

void SessionCore::lost_link() {
    if (phase_ == Phase::open || phase_ == Phase::resuming) phase_ = Phase::detached;
    if (phase_ == Phase::opening) phase_ = Phase::unopened;
    if (closing_ && !is_closed()) close_for_good({});
}

void SessionCore::pump(double now, const ServerInfo& info, Outbox& out) {
    if (phase_ == Phase::unopened && now >= open_at_) post_open(out);
    if (phase_ == Phase::detached && out.post(Resume{id_, token_})) phase_ = Phase::resuming;
    if (phase_ != Phase::open) return;
    if (closing_) {
        out.post(Close{remote_});
        return close_for_good({});
    }
    post_stream(now, info, out);
    if (wants_credit()) post_credit(out);
}

void SessionCore::post_open(Outbox& out) {
    Open open;
    open.request = id_;
    if (options_.blendshapes) open.outputs.emplace_back("weights");
    if (options_.head) open.outputs.emplace_back("head");
    if (options_.eyes) open.outputs.emplace_back("eyes");
    if (options_.landmarks) open.outputs.emplace_back("landmarks");
    if (options_.keypoints) open.outputs.emplace_back("keypoints");
    const Text format = options_.texture_format.empty() ? Text("jpeg") : Text(options_.texture_format);
    if (options_.texture || format != "jpeg") open.outputs.emplace_back("texture"), open.texture = format;
    open.fps = {options_.fps_numerator, options_.fps_denominator};
    open.playout_ms = options_.playout_ms, open.until = kCredit;
    if (!options_.character.empty()) open.character = Text(options_.character);
    if (!options_.portrait.empty()) open.portrait = Bytes(options_.portrait);
    if (options_.lease_ms != 0) open.lease_ms = options_.lease_ms;
    if (out.post(open)) {
        phase_ = Phase::opening;
    } else {
        close_for_good(options_.portrait.empty() ? "bad_value" : "too_large");
    }
}

void SessionCore::post_stream(double now, const ServerInfo& info, Outbox& out) {
    if (!stream_) return;
    if (announce_ && !stream_->finished) announce(out);
    if (announce_) return;
    if (stream_->finished) sets_.clear(), posted_sets_.clear();
    post_sets(now, out);
    stream_->send_motion(remote_, animated_, info, out);
    stream_->send_sound(remote_, now, animated_, info, out);
    post_interrupt(out);
}

void SessionCore::announce(Outbox& out) {
    double position = buffer_.position();
    const bool late = position > stream_->first_sample() + kLateStart_s * stream_->rate();
    if (!again_ && !late) position = kNoPosition;
    if (stream_->kind() == StreamKind::pushed) {  // so that frames come before they are due
        const double ahead = options_.playout_ms / 1000.0 - look_ahead_s_;
        position += std::min(std::max(ahead, 0.0), kMostAhead_s) * stream_->rate();
    }
    requeue_sets(position);
    const double frame = stream_->rate() * options_.fps_denominator / options_.fps_numerator;
    announce_ = interrupt_posted_ = false;
    if (stream_->announce(remote_, position, frame, out)) return;
    Event error = event(EventKind::error, stream_->number());
    error.code = "too_large", error.text = "the stream's file is longer than the server takes in one message";
    events_.put(std::move(error));
    finish_here("failed", 0);
}

/// A stream is begun anew at a position: earlier controls become its own, later ones are posted again.
void SessionCore::requeue_sets(double position) {
    std::vector<PendingSet> later;
    for (PendingSet& set : posted_sets_) {
        if (static_cast<double>(set.at_sample) <= position) {
            stream_->set(set.controls.view());
        } else {
            later.push_back(std::move(set));
        }
    }
    posted_sets_.clear();
    sets_.insert(sets_.begin(), std::make_move_iterator(later.begin()), std::make_move_iterator(later.end()));
}

void SessionCore::post_sets(double now, Outbox& out) {
    const auto has_arrived = [&](const PendingSet& set) { return !resumed_ || now - set.posted_at > kMayBeLost_s; };
    const auto lost = std::stable_partition(posted_sets_.begin(), posted_sets_.end(), has_arrived);
    sets_.insert(sets_.begin(), std::make_move_iterator(lost), std::make_move_iterator(posted_sets_.end()));
    posted_sets_.erase(lost, posted_sets_.end());
    resumed_ = false;
    for (PendingSet& pending : sets_) {
        Set set;
        static_cast<Controls&>(set) = pending.controls.view();
        set.session = remote_, set.stream = stream_->number();
        set.at_sample = on_the_server(pending.at_sample), set.fade_ms = pending.fade_ms;
        if (!out.post(set)) continue;
        pending.posted_at = now;
        posted_sets_.push_back(std::move(pending));
    }
    sets_.clear();
    for (; posted_sets_.size() > kPendingSets; posted_sets_.erase(posted_sets_.begin())) {
        stream_->set(posted_sets_.front().controls.view());
    }
}

void SessionCore::post_interrupt(Outbox& out) {
    if (!interrupt_ || interrupt_posted_) return;
    interrupt_posted_ =
        out.post(Interrupt{remote_, stream_->number(), on_the_server(interrupt_->at_sample), interrupt_->fade_ms});
}

/// A sample of the caller's in the server's count.
u64 SessionCore::on_the_server(u64 sample) const {
    const auto shift = static_cast<u64>(stream_->shift_samples());
    return sample > shift ? sample - shift : 0;
}

u64 SessionCore::next_credit() const {
    const u64 most = std::min<u64>(next_seq_ + kCredit, std::numeric_limits<u32>::max());
    return most - std::min<u64>(buffer_.waiting(), most);
}

bool SessionCore::wants_credit() const { return phase_ == Phase::open && next_credit() >= until_ + kCredit / 4; }

void SessionCore::post_credit(Outbox& out) {
    const u64 until = next_credit();
    if (out.post(Credit{remote_, static_cast<u32>(until)})) until_ = until;
}

double SessionCore::due_at(double now) const {
    if (phase_ == Phase::unopened) return open_at_;
    return phase_ == Phase::open && stream_ ? stream_->due_at(now) : kNever;
}

}  // namespace space
