#include "space/stream.hpp"

#include <algorithm>
#include <cmath>

#include "space/last_error.hpp"

namespace space {

namespace {

constexpr std::size_t kChunk = 32768;        ///< bytes of the longest chunk
constexpr std::size_t kAroundChunk = 128;    ///< more bytes than an `audio` needs besides its sound
constexpr double kHeldBackPause_s = 0.01;    ///< until it is tried again to send
constexpr double kSendAgainPause_s = 0.25;
constexpr double kDriven_s = 1;              ///< motion before a position that a frame there may still depend on
constexpr double kShareOfAudioLimit = 0.8;   ///< how much of what the server would take ahead is used

const char* name_of(SampleFormat format) { return format == SampleFormat::s16 ? "s16" : "f32"; }

Text name_of(Pace pace) { return pace == Pace::clip ? "clip" : "live"; }

}  // namespace

u64 sample_at(double position) { return position > 0 ? static_cast<u64>(std::min(position, 9e18)) : 0; }

Stream Stream::pushed(u32 number, const StreamOptions& options) {
    Stream stream;
    stream.number_ = number, stream.kind_ = StreamKind::pushed;
    stream.rate_ = static_cast<double>(options.rate);
    stream.format_ = options.format, stream.channels_ = options.channels;
    stream.first_sample_ = stream.sent_ = options.first_sample, stream.pace_ = options.pace;
    stream.controls_.merge(options.controls);
    const std::size_t width = options.format == SampleFormat::s16 ? 2 : 4;
    stream.store_.begin(options.first_sample, options.rate, width * options.channels);
    return stream;
}

Stream Stream::spoken(u32 number, const SpeakOptions& options) {
    Stream stream;
    stream.number_ = number, stream.kind_ = StreamKind::spoken;
    stream.pace_ = options.pace;
    stream.file_.assign(options.sound.begin(), options.sound.end());
    stream.asset_ = options.asset;
    stream.controls_.merge(options.controls);
    return stream;
}

Stream Stream::idle(u32 number, const Controls& controls) {
    Stream stream;
    stream.number_ = number, stream.kind_ = StreamKind::idle;
    stream.controls_.merge(controls);
    return stream;
}

bool Stream::announce(u32 session, double position, double frame_samples, Outbox& out) {
    const bool again = std::isfinite(position);
    motion_.rewind(again ? position - kDriven_s * rate() : position);
    frame_samples_ = frame_samples;
    if (kind_ == StreamKind::pushed) return start(session, position, out);
    if (kind_ == StreamKind::spoken) return speak(session, again, out);
    shift_ = again && position > 0 ? static_cast<u32>(std::min(std::ceil(position / frame_samples), 4e9)) : 0;
    Idle idle;
    static_cast<Controls&>(idle) = controls();
    idle.session = session, idle.stream = number_;
    return out.post(idle);
}

void Stream::send_motion(u32 session, double animated, const ServerInfo& info, Outbox& out) {
    if (finished || out.is_crowded()) return;
    const double position = std::max(animated, first_sample());
    const double ahead = static_cast<double>(info.audio_ms) / 1000 * rate();
    motion_.post(session, number_, animated, position + ahead, shift_samples(), out);
    motion_.forget(position - SoundStore::kSeconds * rate());
}

bool Stream::start(u32 session, double position, Outbox& out) {
    const u64 wanted = std::max(first_sample_, std::isfinite(position) ? sample_at(position) : 0);
    sent_ = std::min(std::max(wanted, store_.first()), store_.next());
    end_sent_ = held_back_ = false;
    next_audio_at_ = 0;
    Start start;
    static_cast<Controls&>(start) = controls();
    start.session = session, start.stream = number_, start.rate = static_cast<u32>(rate_);
    start.format = name_of(format_);
    if (channels_ != 1) start.channels = channels_;
    if (sent_ != 0) start.first_sample = sent_;
    if (pace_ != Pace::live) start.pace = name_of(pace_);
    return out.post(start);
}

/// A file cannot be entered in its middle: taken up again, all its frames come at once, and the late ones are dropped.
bool Stream::speak(u32 session, bool again, Outbox& out) const {
    Speak speak;
    static_cast<Controls&>(speak) = controls();
    speak.session = session, speak.stream = number_;
    if (!file_.empty()) speak.sound = Bytes(file_);
    if (!asset_.empty()) speak.asset = asset_;
    if (again || pace_ != Pace::live) speak.pace = name_of(again ? Pace::clip : pace_);
    return out.post(speak);
}

void Stream::send_sound(u32 session, double now, double animated, const ServerInfo& info, Outbox& out) {
    if (kind_ != StreamKind::pushed || finished || now < next_audio_at_) return;
    const double ahead = static_cast<double>(info.audio_ms) / 1000 * rate() * kShareOfAudioLimit;
    const double limit = std::max(animated, first_sample()) + ahead;
    const u64 room = std::max<u64>(info.message_bytes, 2 * kAroundChunk) - kAroundChunk;
    const auto chunk = static_cast<std::size_t>(std::min<u64>(kChunk, room));
    held_back_ = false;
    while (sent_ < store_.next()) {
        held_back_ = static_cast<double>(sent_) >= limit || out.is_crowded();
        if (held_back_) return;
        const Bytes pcm = store_.piece(sent_, chunk);
        next_audio_at_ = now + info.chunk_pause_s;
        if (pcm.empty() || !out.post(Audio{session, number_, sent_, pcm})) return;
        sent_ += pcm.size / store_.sample_bytes();
    }
    if (!n_samples_ || end_sent_) return;
    end_sent_ = out.post(End{session, number_, *n_samples_});
}

double Stream::due_at(double now) const {
    const bool pending = sent_ < store_.next() || (n_samples_ && !end_sent_);
    if (kind_ != StreamKind::pushed || finished || !pending) return kNever;
    return std::max(next_audio_at_, held_back_ ? now + kHeldBackPause_s : now);
}

void Stream::go_on_from(u64 sample, double animated) {
    sent_ = std::min(std::max(sample, store_.first()), store_.next());
    motion_.rewind(animated - kDriven_s * rate());
    end_sent_ = false;
    next_audio_at_ = 0;
}

void Stream::send_again(double now, double animated) {
    go_on_from(std::min(sent_, std::max(first_sample_, sample_at(animated))), animated);
    next_audio_at_ = now + kSendAgainPause_s;
}

Status Stream::takes_sound() const {
    if (kind_ != StreamKind::pushed) return fail(Status::no_stream, "stream %u takes no sound: it was not started", number_);
    if (!finished) return Status::ok;
    return fail(Status::no_stream, "stream %u takes no sound: it is finished", number_);
}

Status Stream::push(Bytes pcm, Maybe<SampleFormat> format, double position, u64& dropped) {
    if (const Status no = takes_sound(); no != Status::ok) return no;
    if (n_samples_) return fail(Status::no_stream, "stream %u takes no sound: end was called", number_);
    if (format && *format != format_) {
        return fail(Status::bad_argument, "values are %s; expected %s, the format of stream %u", name_of(*format),
                    name_of(format_), number_);
    }
    if (pcm.size % store_.sample_bytes() != 0) {
        return fail(Status::bad_argument, "pcm has %zu bytes; expected whole samples of %zu", pcm.size,
                    store_.sample_bytes());
    }
    const u64 needed = std::max(sent_, sample_at(position));  // what is neither sent nor played must be kept
    const u64 next = store_.next() + pcm.size / store_.sample_bytes();
    if (next > needed && next - needed > store_.longest()) {
        return fail(Status::full, "%d s of sound wait; push again when playback has gone on",
                    static_cast<int>(SoundStore::kSeconds));
    }
    store_.append(pcm);
    if (sent_ < store_.first()) dropped += store_.first() - sent_, sent_ = store_.first();
    return Status::ok;
}

Status Stream::drive(const MotionRow* rows, std::size_t n) {
    if (!finished) return motion_.give(rows, n);
    return fail(Status::no_stream, "stream %u takes no motion: it is finished", number_);
}

Status Stream::end() {
    if (const Status no = takes_sound(); no != Status::ok) return no;
    if (!n_samples_) n_samples_ = store_.next();
    return Status::ok;
}

}  // namespace space
