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
    sounds_ = false;
    if (seconds_ < sound_s_ - SoundClock::kSeek_s) stop();
}

void Playback::stop() { stopping_ = running_, paused_ = false; }

void Playback::advance(double dt, double pitch) {
    if (!running_ || paused_) return;
    if (!std::isfinite(dt) || dt < 0) dt = 0;
    if (stopping_) strength_ = std::max(0.0, strength_ - dt / kFade_s);
    else if (sounds_) seconds_ = clock_.advance(told_, dt * pitch);
    else seconds_ += dt;
    if (strength_ <= 0) running_ = false;
}

}  // namespace space
