// The outputs of a session as frames carry them.
//
// Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
#pragma once

#include "space/message_values.hpp"

namespace space {

// Numbers of an output in a frame.
constexpr std::size_t kWeights = 52;
constexpr std::size_t kHead = 6;
constexpr std::size_t kEyes = 4;
constexpr std::size_t kLandmarks = 234;

/// Names of the outputs that `open` may ask for.
namespace outputs {
constexpr const char* weights = "weights";
constexpr const char* head = "head";
constexpr const char* eyes = "eyes";
constexpr const char* landmarks = "landmarks";
constexpr const char* keypoints = "keypoints";
constexpr const char* texture = "texture";
}  // namespace outputs

/// The outputs of a frame; absent: not asked for.
struct FrameOutputs {
    /// Weights 0…1 in the order of `welcome.weights`.
    std::optional<Floats<kWeights>> weights;
    /// Yaw, pitch, roll, then x, y, z, relative to rest.
    std::optional<Floats<kHead>> head;
    /// Yaw, pitch of the character's left eye, then of the right.
    std::optional<Floats<kEyes>> eyes;
    /// 78 × (x, y, z), normalised.
    std::optional<Floats<kLandmarks>> landmarks;
    /// `welcome.keypoints` × (x, y, z): the picture generator's keypoints, in its own space; the embedded one's are
    /// points of MediaPipe's face mesh in pixels of the portrait's 512×512 square, x right, y up (minus the row), z
    /// towards the viewer; needs a portrait.
    std::optional<FloatGroups<3>> keypoints;

    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("weights", m.weights);
        visit("head", m.head);
        visit("eyes", m.eyes);
        visit("landmarks", m.landmarks);
        visit("keypoints", m.keypoints);
    }
};

/// Lengths that differ from server to server; absent: not offered.
struct OutputCounts {
    std::optional<std::uint32_t> keypoints;  ///< groups of 3 numbers in a frame

    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("keypoints", m.keypoints);
    }
};

}  // namespace space
