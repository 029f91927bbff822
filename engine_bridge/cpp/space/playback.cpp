#include "space/playback.hpp"

namespace space {

void Playback::begin(double sound_s) {
    *this = Playback();
    running_ = true;
    sounds_ = sound_s > 0;
    sound_s_ = sound_s;
}

void Playback::sound_ended() {
    if (!sounds_) return;
    leave_sound();
    if (seconds_ < sound_s_ - SoundClock::kSeek_s) stop();
}

void Playback::stop() { stopping_ = running_, paused_ = false; }

void Playback::advance(double dt, double pitch) {
    if (!running_ || paused_) return;
    if (!std::isfinite(dt) || dt < 0) dt = 0;
    if (stopping_) strength_ = std::max(0.0, strength_ - dt / kFade_s);
    else seconds_ = sounds_ ? beside_sound(dt, pitch) : seconds_ + dt;
    if (strength_ <= 0) running_ = false;
}

/// A player that does not move, because it is muted or tells nothing on this platform, does not hold the line.
double Playback::beside_sound(double dt, double pitch) {
    const bool moved = told_ < told_before_ || told_ > told_before_;
    told_before_ = told_;
    still_s_ = moved ? 0 : still_s_ + dt;
    const double at = clock_.advance(told_, dt * pitch);
    return still_s_ > kStill_s ? seconds_ + dt : at;
}

}  // namespace space
