// The client's side of one stream: what it was begun with, its sound, and how much of that the server has.
#pragma once

#include "space/drive_store.hpp"
#include "space/kept_controls.hpp"
#include "space/outbox.hpp"
#include "space/sound_store.hpp"

namespace space {

constexpr double kNever = 1e18;  ///< when something is due that is not

/// The sample at a position; 0 before the beginning, and for a position of minus infinity.
u64 sample_at(double position);

enum class StreamKind : std::uint8_t { pushed, spoken, idle };

class Stream {
public:
    static Stream pushed(u32 number, const StreamOptions& options);
    static Stream spoken(u32 number, const SpeakOptions& options);
    static Stream idle(u32 number, const Controls& controls);

    /// Posts `start`, `speak` or `idle`. `position`: where playback is when the stream is taken up again, otherwise
    /// minus infinity. False if the message could not be posted.
    bool announce(u32 session, double position, double frame_samples, Outbox& out);
    /// Posts the motion that is due, which frames need with the sound. `animated`: media time up to which frames have come.
    void send_motion(u32 session, double animated, const ServerInfo& info, Outbox& out);
    /// Posts the sound that is due.
    void send_sound(u32 session, double now, double animated, const ServerInfo& info, Outbox& out);
    /// The server has all sound before this sample, and all motion before `animated`.
    void go_on_from(u64 sample, double animated);
    /// The server did not take something: sends again from `animated` on, a little later.
    void send_again(double now, double animated);
    /// The time at which `send_sound` has to be called next.
    double due_at(double now) const;

    Status push(Bytes pcm, Maybe<SampleFormat> format, double position, u64& dropped);
    Status end();
    Status drive(const MotionRow* rows, std::size_t n);
    void set(const Controls& controls) { controls_.merge(controls); }

    u32 number() const { return number_; }
    StreamKind kind() const { return kind_; }
    double rate() const { return rate_; }
    /// The rate of a file, once frames have told it.
    void set_rate(double rate) { rate_ = rate; }
    double first_sample() const { return static_cast<double>(first_sample_); }
    Controls controls() const { return controls_.view(); }
    const SoundStore& sound() const { return store_; }
    u64 sent() const { return sent_; }

    /// The place of the server's first frame in this stream's own time; not 0 after an idle stream was taken up again.
    double shift_samples() const { return static_cast<double>(shift_) * frame_samples_; }
    u32 shift_frames() const { return shift_; }

    bool finished = false;

private:
    Status takes_sound() const;
    bool start(u32 session, double position, Outbox& out);
    bool speak(u32 session, bool again, Outbox& out) const;

    u32 number_ = 0;
    StreamKind kind_ = StreamKind::pushed;
    double rate_ = 16000;
    SampleFormat format_ = SampleFormat::s16;
    u32 channels_ = 1;
    u64 first_sample_ = 0;
    Pace pace_ = Pace::live;
    KeptControls controls_;
    Buffer file_;
    std::string asset_;
    DriveStore motion_;
    SoundStore store_;
    u64 sent_ = 0;             ///< samples before this one have been posted
    Maybe<u64> n_samples_;     ///< once the sound has ended
    bool end_sent_ = false;
    double next_audio_at_ = 0;
    bool held_back_ = false;   ///< the server has enough sound for now
    u32 shift_ = 0;
    double frame_samples_ = 0;
};

}  // namespace space
