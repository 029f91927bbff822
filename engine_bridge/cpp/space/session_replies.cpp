// The effect of the server's messages on a session.
#include <algorithm>

#include "space/session_core.hpp"

namespace space {

namespace {

constexpr double kFirstPause_s = 1, kLongestPause_s = 8;  ///< before asking again a server that had no room
constexpr double kBelievedRate = 768000;                  ///< highest rate of a file, in hertz

bool is_one_of(Text text, std::initializer_list<const char*> options) {
    return std::any_of(options.begin(), options.end(), [&](const char* option) { return text == option; });
}

}  // namespace

bool SessionCore::on(const Opened& message) {
    if (phase_ != Phase::opening || message.token.empty() || message.token.size > 256) return false;
    phase_ = Phase::open;
    remote_ = message.session;
    token_.assign(message.token.begin(), message.token.end());
    look_ahead_s_ = message.look_ahead_s;
    next_seq_ = 0, until_ = kCredit, open_pause_ = 0;
    if (stream_ && !stream_->finished && !announce_) announce_ = again_ = true;
    if (stream_ && stream_->finished) announce_ = false, interrupt_.reset();
    events_.put(event(EventKind::opened, 0));
    return true;
}

void SessionCore::on(const Resumed& message) {
    if (phase_ != Phase::resuming) return;
    phase_ = Phase::open;
    remote_ = message.session;
    next_seq_ = message.seq, until_ = 0;
    events_.put(event(EventKind::opened, 0));
    if (!stream_ || announce_) return;
    if (message.stream == stream_->number()) {
        resumed_ = true;
        interrupt_posted_ = false;
        if (!stream_->finished) stream_->go_on_from(message.next_sample, animated_);
    } else if (!stream_->finished) {
        announce_ = again_ = true;
    } else {
        interrupt_.reset();
    }
}

void SessionCore::on(const Started& message) {
    Event started = event(EventKind::started, message.stream);
    started.sample = message.sample + (is_current(message.stream) ? stream_->shift_samples() : 0);
    events_.put(std::move(started));
}

void SessionCore::on(Frame& message) {
    next_seq_ = std::max(next_seq_, u64{message.seq} + 1);
    if (is_current(message.stream)) {
        message.sample += stream_->shift_samples();
        if (stream_->kind() == StreamKind::spoken && message.index > 0) {
            const double rate = message.sample * options_.fps_numerator / options_.fps_denominator / message.index;
            if (rate >= 1 && rate <= kBelievedRate) stream_->set_rate(rate), buffer_.set_rate(rate);
        }
        message.index += stream_->shift_frames();
        animated_ = std::max(animated_, message.sample);
    }
    buffer_.put(message);
}

void SessionCore::on(const std::shared_ptr<TextureImage>& texture) {
    ++counts_.textures;
    if (!is_current(texture->stream)) {
        ++counts_.textures_dropped;
        return;
    }
    texture->sample += stream_->shift_samples();
    texture->index += stream_->shift_frames();
    counts_.textures_dropped += textures_.put(texture);
}

void SessionCore::on(const Underrun& message) {
    ++counts_.underruns;
    Event underrun = event(EventKind::underrun, message.stream);
    underrun.sample = message.sample, underrun.late_ms = message.late_ms;
    events_.put(std::move(underrun));
}

void SessionCore::on(const Notice& message) {
    Event notice = event(EventKind::notice, message.stream);
    notice.text = std::string(message.message);
    events_.put(std::move(notice));
}

void SessionCore::on(const Finished& message) {
    if (message.reason == "closed") return;  // the session's end is no end of the stream: another one takes it up
    Event finished = event(EventKind::finished, message.stream);
    finished.sample = message.sample;
    if (is_current(message.stream)) {
        interrupt_.reset();
        if (stream_->finished) return;  // an interruption that the caller has heard of already
        finished.sample += stream_->shift_samples();
        buffer_.finish(message.stream, finished.sample);
        stream_->finished = true;
    }
    finished.text = std::string(message.reason);
    finished.frames = message.frames, finished.dropped = message.dropped;
    events_.put(std::move(finished));
}

void SessionCore::on(const Closed& message, double now) {
    if (!is_one_of(message.reason, {"lease_expired", "stopping", "internal"})) return close_for_good(message.reason);
    Event lost = event(EventKind::lost, 0);
    lost.text = std::string(message.reason);
    events_.put(std::move(lost));
    reopen_at(now + kFirstPause_s);
}

void SessionCore::on(const Error& message, double now) {
    const bool about_request = message.request && *message.request == id_;
    if (about_request && (phase_ == Phase::opening || phase_ == Phase::resuming)) return refused(message, now);
    if (message.code == "unknown_session") return reopen_at(now + kFirstPause_s);
    const bool about_stream = stream_ && (!message.stream || is_current(*message.stream));
    if (about_stream && is_one_of(message.code, {"too_much_sound", "too_fast"})) stream_->send_again(now, animated_);
    if (message.code == "too_much_sound") return;  // no news for the caller: the chunk goes out again
    Event error = event(EventKind::error, message.stream.value_or(0));
    error.code = std::string(message.code), error.text = std::string(message.message);
    events_.put(std::move(error));
    const bool unknown = message.code == "unknown_stream" && message.stream && is_current(*message.stream);
    if (unknown && !stream_->finished) finish_here("lost", std::max(animated_, 0.0));
}

/// `open` or `resume` was answered with an error.
void SessionCore::refused(const Error& message, double now) {
    if (phase_ == Phase::resuming) return reopen_at(now);
    Event error = event(EventKind::error, 0);
    error.code = std::string(message.code), error.text = std::string(message.message);
    events_.put(std::move(error));
    if (!is_one_of(message.code, {"busy", "too_many_sessions", "too_fast", "not_greeted"})) {
        return close_for_good(message.code);
    }
    open_pause_ = std::min(std::max(open_pause_ * 2, kFirstPause_s), kLongestPause_s);
    reopen_at(now + open_pause_);
}

void SessionCore::reopen_at(double when) {
    phase_ = Phase::unopened;
    open_at_ = when;
    token_.clear();
    if (closing_) close_for_good({});
}

void SessionCore::close_for_good(Text reason) {
    phase_ = Phase::closed;
    Event closed = event(EventKind::closed, 0);
    closed.text = std::string(reason);
    events_.put(std::move(closed));
}

}  // namespace space
