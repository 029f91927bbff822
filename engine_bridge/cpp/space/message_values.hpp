// The kinds of values that messages are made of. The kind of a field (PROTOCOL.md section 2) is its C++ type.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "space/bytes.hpp"

namespace space {

constexpr std::uint32_t kVersion = 1;  ///< version of the protocol
constexpr std::size_t kWeights = 52;
constexpr std::size_t kHead = 6;
constexpr std::size_t kEyes = 4;
constexpr std::size_t kLandmarks = 78 * 3;

using u32 = std::uint32_t;
using u64 = std::uint64_t;    ///< at most `kLargestU64`
constexpr u64 kLargestU64 = (u64{1} << 63) - 1;
using Text = std::string_view;  ///< UTF-8
template <std::size_t N> using Floats = std::array<float, N>;

/// N values, or none, which takes an earlier value back.
template <std::size_t N> struct FloatsOrNone {
    Floats<N> values{};
    bool none = false;
};

using Texts = std::vector<Text>;
using Numbers = std::vector<u32>;
using Mix = std::vector<std::pair<Text, float>>;
using Counts = std::vector<std::pair<Text, u64>>;
template <class T> using Maybe = std::optional<T>;

/// What start, speak, idle and set may say about the face; absent: as it is.
struct Controls {
    Maybe<u64> seed;
    Maybe<Mix> emotion;               ///< labels to 0 … 1
    Maybe<float> mouth;               ///< strength, 0 … 2
    Maybe<float> expression;          ///< strength, 0 … 2
    Maybe<float> blinks;              ///< a minute, 0 … 120
    Maybe<FloatsOrNone<2>> gaze;      ///< yaw, pitch; none: eye contact
    Maybe<FloatsOrNone<3>> look_at;   ///< a point that both eyes look at
    Maybe<Text> head;                 ///< `keep` or `idle`
    Maybe<float> head_strength;       ///< 0 … 2
    Maybe<float> brows;               ///< strength of brows on stressed syllables, 0 … 2
    Maybe<float> saccades;            ///< strength of the gaze's small shifts and glances, 0 … 2

    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("seed", m.seed);
        without_seed(m, visit);
    }
    template <class Self, class Visit> static void without_seed(Self& m, Visit& visit) {
        visit("emotion", m.emotion), visit("mouth", m.mouth), visit("expression", m.expression);
        visit("blinks", m.blinks), visit("gaze", m.gaze), visit("look_at", m.look_at);
        visit("head", m.head), visit("head_strength", m.head_strength);
        visit("brows", m.brows), visit("saccades", m.saccades);
    }
};

}  // namespace space
