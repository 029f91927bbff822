// A pose as the 61 values of Live Link Face, which Unreal's face blueprints expect (docs/unreal.md).
#pragma once

#include <array>
#include <string>
#include <vector>

#include "space/jitter_buffer.hpp"

namespace space {

constexpr std::size_t kLiveLinkValues = 61;
using LiveLinkValues = std::array<float, kLiveLinkValues>;

/// Names of the values: `EyeBlinkLeft` … `TongueOut`, `HeadYaw` … `RightEyeRoll`.
extern const std::array<const char*, kLiveLinkValues> kLiveLinkNames;

/// Poses of one server or clip to Live Link's values. Shapes are found by name, in any case; unknown ones are left out.
class LiveLinkFace {
public:
    LiveLinkFace() { places_.fill(-1); }
    /// blendshapes: names of a pose's weights, in their order.
    explicit LiveLinkFace(const std::vector<std::string>& blendshapes);

    /// Weights 0 … 1; radians as the app has them: head yaw left, pitch up, roll counter-clockwise to the viewer; eyes
    /// yaw right, pitch down, no roll.
    LiveLinkValues values(const Pose& pose) const;

private:
    std::array<int, 52> places_{};  ///< of a value in the pose's weights; -1: nowhere
};

}  // namespace space
