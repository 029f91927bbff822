// The pose that is due at a playback position, out of frames that come early, late, twice, out of order or not at all.
//
// Pure: no clock, no thread, no socket. The rules stand in PROTOCOL.md section 9; vectors/jitter.json tests them.
#pragma once

#include <limits>
#include <vector>

#include "space/messages.hpp"

namespace space {

/// Why a pose is what it is.
enum class State : std::uint8_t { waiting, playing, holding, releasing, resting };

/// A face at one instant.
struct Pose {
    std::array<float, 52> blendshapes{};       ///< weights 0 … 1, in the order of `ServerInfo::blendshapes`
    std::array<float, 3> head_rotation_rad{};  ///< yaw, pitch, roll, from rest
    std::array<float, 3> head_translation{};   ///< x, y, z in outer-eye-corner distances, from rest
    std::array<float, 4> eye_rotation_rad{};   ///< yaw, pitch of the character's left eye, then of the right
    float speech = 0;                          ///< share of speech in it, 0 … 1
    State state = State::waiting;
    bool has_landmarks = false;                ///< true once `landmarks` have come
    std::array<float, 78 * 3> landmarks{};     ///< 78 × (x, y, z), normalised
    std::vector<float> keypoints{};            ///< the generator's, n × (x, y, z); empty until some have come
};

/// Counters of the frames that came.
struct FrameCounts {
    std::uint64_t taken = 0;     ///< new ones that were kept
    std::uint64_t replaced = 0;  ///< received twice
    std::uint64_t late = 0;      ///< dropped: older than the frame at or before the position
    std::uint64_t foreign = 0;   ///< dropped: of another stream, or beyond the end of a finished one
    std::uint64_t refused = 0;   ///< dropped: `kCapacity` waited already, or their time contradicts their neighbours'
};

/// The frames of one session's current stream, waiting for their time. Allocates in its constructor, and for keypoints,
/// whose number only frames tell, when a slot first holds some.
class JitterBuffer {
public:
    static constexpr std::size_t kCapacity = 4096;
    static constexpr std::size_t kHistory = 2048;  ///< frames kept after their time, for a player that seeks back
    static constexpr double kHold_s = 0.1;         ///< without anything new; a position that falls back by more seeks
    static constexpr double kRelease_s = 0.3;
    static constexpr double kEnter_s = 0.1;
    static constexpr double kGap_s = 0.4;          ///< frames further apart, with lost ones between, are no neighbours
    static constexpr double kSlowest = 0.1;        ///< a slower position (share of real time) stands still
    static constexpr double kLongestStep_s = 0.05; ///< that share is of no longer a time than this
    static constexpr double kLongestDt_s = 1;      ///< a longer time between two questions counts as this
    static constexpr double kTolerance_s = 1e-6;   ///< of comparisons between lengths of time, against rounding
    static constexpr double kFurthest = 9007199254740992.0;  ///< 2⁵³; positions beyond are clamped

    /// with_landmarks: keep landmarks too, at four times the memory (1.1 MB without).
    explicit JitterBuffer(bool with_landmarks);

    /// Another stream follows, whose positions count samples at `rate` (hertz).
    void begin(u32 stream, double rate);

    /// The rate of the stream turns out to be another one.
    void set_rate(double rate) { rate_ = rate; }

    /// Takes a frame; one that comes again replaces the one before.
    void put(const Frame& frame);

    /// The stream ends at `sample`; frames beyond it are void.
    void finish(u32 stream, double sample);

    /// The pose at `position` (samples at the stream's rate), `dt` seconds after the last call. A position that is none
    /// (NaN, infinity), or smaller by at most `kHold_s`, counts as the one before; one that is smaller by more seeks. A
    /// `dt` that is not positive and finite counts as 0, a longer one as `kLongestDt_s`. Valid until the next call.
    const Pose& evaluate(double position, double dt);

    std::size_t waiting() const { return order_.size() - n_passed_; }
    double position() const { return position_; }  ///< the last that counted; minus infinity before the stream's first
    const FrameCounts& counts() const { return counts_; }

private:
    using Slot = std::uint16_t;

    struct Kept {
        u32 index = 0;
        double sample = 0;
        float speech = 0;
        bool has_landmarks = false;
        Floats<kWeights> weights{};
        Floats<kHead> head{};  ///< rotation and translation, as on the wire
        Floats<kEyes> eyes{};
    };

    struct Blend {
        Pose source;
        double length = kRelease_s;
        double elapsed = kRelease_s;
    };

    void keep(const Frame& frame, Slot slot);
    void keep_keypoints(FloatGroups<3> values, Slot slot);
    std::size_t place_of(u32 index) const;
    bool fits(const Frame& frame, std::size_t at, std::size_t after) const;
    bool make_room(std::size_t& at);
    void forget(std::size_t first, std::size_t n);
    double move(double position, double dt);
    bool due(double way, double dt, Pose& pose);
    bool has_neighbour() const;
    void count_still(u32 index, double past, double way, double dt);
    bool blend_is_over() const { return blend_.elapsed >= blend_.length - kTolerance_s; }
    void pose_of(Slot slot, State state, Pose& pose) const;
    State idle_state() const;
    void turn_to(bool follows);

    std::vector<Kept> kept_;
    std::vector<Floats<kLandmarks>> landmarks_;
    std::vector<std::vector<float>> keypoints_;  ///< by slot; empty before the first frame with keypoints
    std::vector<Slot> order_;  ///< slots in use, by index, which is by time
    std::size_t n_passed_ = 0;  ///< of these, those before the one at or before the position
    std::vector<Slot> free_;
    u32 stream_ = 0;
    bool begun_ = false;
    double rate_ = 1;
    u32 floor_ = 0;
    double end_ = std::numeric_limits<double>::infinity();
    double position_ = -std::numeric_limits<double>::infinity();
    bool has_current_ = false;  ///< whether a frame was at or before the position at the last answer
    u32 current_ = 0;           ///< its index
    double still_s_ = 0;
    bool came_ = false;     ///< whether a frame of this stream has been due
    bool follows_ = false;  ///< whether frames, not rest, are being shown or blended to
    Pose shown_, target_, next_;
    Blend blend_;
    FrameCounts counts_;
};

}  // namespace space
