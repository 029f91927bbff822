#include "space/live_link.hpp"

#include <algorithm>

namespace space {

const std::array<const char*, kLiveLinkValues> kLiveLinkNames = {
    "EyeBlinkLeft", "EyeLookDownLeft", "EyeLookInLeft", "EyeLookOutLeft", "EyeLookUpLeft", "EyeSquintLeft",
    "EyeWideLeft", "EyeBlinkRight", "EyeLookDownRight", "EyeLookInRight", "EyeLookOutRight", "EyeLookUpRight",
    "EyeSquintRight", "EyeWideRight", "JawForward", "JawLeft", "JawRight", "JawOpen", "MouthClose", "MouthFunnel",
    "MouthPucker", "MouthLeft", "MouthRight", "MouthSmileLeft", "MouthSmileRight", "MouthFrownLeft",
    "MouthFrownRight", "MouthDimpleLeft", "MouthDimpleRight", "MouthStretchLeft", "MouthStretchRight",
    "MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper", "MouthPressLeft", "MouthPressRight",
    "MouthLowerDownLeft", "MouthLowerDownRight", "MouthUpperUpLeft", "MouthUpperUpRight", "BrowDownLeft",
    "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight", "CheekPuff", "CheekSquintLeft",
    "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight", "TongueOut", "HeadYaw", "HeadPitch", "HeadRoll",
    "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll"};

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_letters(const std::string& a, Text b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

LiveLinkFace::LiveLinkFace(const std::vector<std::string>& blendshapes) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const auto is_it = [name = Text(kLiveLinkNames[i])](const std::string& shape) { return same_letters(shape, name); };
        const auto found = std::find_if(blendshapes.begin(), blendshapes.end(), is_it);
        const bool fits = found != blendshapes.end() && found - blendshapes.begin() < static_cast<int>(kWeights);
        places_[i] = fits ? static_cast<int>(found - blendshapes.begin()) : -1;
    }
}

LiveLinkValues LiveLinkFace::values(const Pose& pose) const {
    LiveLinkValues values{};
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (places_[i] >= 0) values[i] = pose.blendshapes[static_cast<std::size_t>(places_[i])];
    }
    const auto& head = pose.head_rotation_rad;
    const auto& eyes = pose.eye_rotation_rad;
    const float angles[] = {head[0], -head[1], head[2], -eyes[0], eyes[1], 0, -eyes[2], eyes[3], 0};
    std::copy(std::begin(angles), std::end(angles), values.begin() + 52);
    return values;
}

}  // namespace space
