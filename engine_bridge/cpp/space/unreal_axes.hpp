// The one place where our axes become Unreal's. Ours are right-handed: x to the character's left, y up, the face looks to
// +z. Unreal's are left-handed: x forward, y to the right, z up. So (x, y, z) becomes (z, -x, y).
#pragma once

#include <array>

namespace space {

/// Degrees as an `FRotator` has them: pitch up, yaw to the right, roll clockwise to the character.
struct UnrealRotation {
    double pitch = 0, yaw = 0, roll = 0;
};

/// Of yaw to the character's left, pitch down, roll counter-clockwise to the viewer, in radians. The order of the turns
/// is the same: roll first, yaw last.
inline UnrealRotation unreal_rotation(float yaw, float pitch, float roll) {
    constexpr double degrees = 180 / 3.14159265358979323846;
    return {-pitch * degrees, -yaw * degrees, roll * degrees};
}

/// Degrees as radians.
inline float radians(float degrees) { return static_cast<float>(degrees * 3.14159265358979323846 / 180); }

/// A place or direction. Lengths stay: centimetres are the caller's scale.
inline std::array<double, 3> unreal_vector(const std::array<float, 3>& v) { return {v[2], -v[0], v[1]}; }

}  // namespace space
