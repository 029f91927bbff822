// A baked clip (`.spaceclip`, docs/formats.md): the face of a line, frame by frame. Needs no server.
#pragma once

#include <string>
#include <vector>

#include "space/jitter_buffer.hpp"
#include "space/last_error.hpp"

namespace space {

/// Read once, then asked for poses; asking allocates nothing and may be done from several threads at once.
class Clip {
public:
    static constexpr std::size_t kMaxHeader = 1U << 20;  ///< bytes

    /// Reads a file's bytes, which need not be kept. `bad_argument` for all that is no clip of version 1, or has no
    /// frame; `last_error()` says why, and this stays as it was.
    Status read(Bytes file);

    const std::string& name() const { return name_; }
    /// Names of the weights, in the order in which poses have them; 52 after `read`.
    const std::vector<std::string>& blendshapes() const { return blendshapes_; }
    double frames_per_second() const { return frames_per_second_; }
    std::size_t n_frames() const { return speech_.size(); }
    /// Media time of the last frame in seconds.
    double seconds() const;

    /// Fills `pose` with the face at a media time, between two frames with their mixture; `strength` 0 … 1 scales it
    /// towards rest. The face is at rest before 0 and at a time that is no number, and goes there within
    /// `JitterBuffer::kRelease_s` after the last frame, for clips that do not end at rest by themselves.
    void sample(double seconds, Pose& pose, float strength = 1) const;

private:
    struct Header;

    const char* read_header(Bytes file, Header& header);
    const char* read_frames(Bytes frames, const Header& header);
    const char* take(std::size_t k, const Frame& frame);

    std::string name_;
    std::vector<std::string> blendshapes_;
    double frames_per_second_ = 1;
    std::vector<float> speech_, weights_, head_, eyes_;  ///< a row a frame; empty where frames have none
};

}  // namespace space
