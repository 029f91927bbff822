// The position in a line: beside its sound while that plays, by the game's clock else, fading when it is stopped.
#pragma once

#include "space/sound_clock.hpp"

namespace space {

/// The playback of one line, for players that show its face. Knows neither sound nor face.
class Playback {
public:
    static constexpr double kFade_s = 0.3;   ///< a stopped line goes to rest within this
    static constexpr double kStill_s = 0.5;  ///< a sound that has not moved for this long is not waited for

    /// A line begins. sound_s: length of the sound whose position `told` will get; 0: there is none, and the line runs
    /// along the game's clock.
    void begin(double sound_s);
    /// The sound's player says where it is, in seconds.
    void told(double seconds) { told_ = seconds; }
    /// The sound has ended. Before its end that stops the line, at its end the line goes on by the game's clock.
    void sound_ended();
    /// The line goes on by the game's clock.
    void leave_sound() { sounds_ = false; }
    /// Holds the line, or lets it go on.
    void pause(bool hold) { paused_ = hold; }
    /// Fades the face to rest; the line ends then.
    void stop();
    /// The line ends at once.
    void end() { running_ = false; }

    /// `dt` seconds of the game have passed. pitch: seconds of sound in one of them.
    void advance(double dt, double pitch);

    bool is_running() const { return running_; }
    bool is_paused() const { return paused_; }
    /// Position in the line.
    double seconds() const { return seconds_; }
    /// By how much the face is to be scaled towards rest: 1, on the way to rest less.
    float strength() const { return static_cast<float>(strength_); }

private:
    double beside_sound(double dt, double pitch);

    SoundClock clock_;
    double sound_s_ = 0, told_ = 0, told_before_ = 0, still_s_ = 0, seconds_ = 0, strength_ = 1;
    bool running_ = false, paused_ = false, stopping_ = false, sounds_ = false;
};

}  // namespace space
