// The playback position of a sound whose player tells it in steps, as engines do that mix a buffer of sound at a time.
#pragma once

#include <algorithm>
#include <cmath>

namespace space {

/// Between the steps the position moves with the caller's clock, at a step it is corrected by a part of the error. No
/// jump; a position that is told to be elsewhere (a seek, a loop) is followed at once. The same as C#'s `SoundClock`.
class SoundClock {
public:
    static constexpr double kSeek_s = 0.15;  ///< an error above this is a seek

    /// The position in seconds.
    double seconds() const { return seconds_; }

    /// A sound begins at a position; it stands there until its player moves.
    void begin(double seconds) { *this = SoundClock(seconds); }

    SoundClock() = default;

    /// Takes what the player tells, in seconds, `elapsed` seconds of the sound after the last call (the caller's time
    /// between, times the pitch), and returns the position. What is no number counts as no news.
    double advance(double position, double elapsed) {
        if (!std::isfinite(position)) position = told_;
        if (!std::isfinite(elapsed) || elapsed < 0) elapsed = 0;
        const bool stepped = position < told_ || position > told_;
        if (!stepped && !moved_) return seconds_;
        ahead_ = stepped ? 0 : ahead_ + elapsed;
        told_ = position;
        double next = seconds_ + elapsed;
        const double since = std::min(elapsed, kStep_s) / 2;  // the step was so long ago, on the average
        if (stepped) next = moved_ ? next + (position + since - next) * kShare : position + since;
        if (std::abs(next - position) > kSeek_s) next = position;
        if (ahead_ > kSeek_s) next = seconds_;  // the player stands still
        moved_ = true;
        return seconds_ = next;
    }

private:
    static constexpr double kShare = 0.15;
    static constexpr double kStep_s = 1024 / 48000.0;  // the usual buffer of engines

    explicit SoundClock(double seconds) : seconds_(seconds), told_(seconds) {}

    double seconds_ = 0, told_ = 0, ahead_ = 0;
    bool moved_ = false;
};

}  // namespace space
