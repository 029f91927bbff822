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

/// Any number of groups of N values: a view of little-endian float32 in the bytes that were read, or to be written.
template <std::size_t N> struct FloatGroups {
    Bytes bytes{};

    std::size_t groups() const { return bytes.size / (4 * N); }
    std::size_t size() const { return bytes.size / 4; }
    float operator[](std::size_t i) const { return float_at(bytes.data + 4 * i); }
};

using Texts = std::vector<Text>;
using Numbers = std::vector<u32>;
using Mix = std::vector<std::pair<Text, float>>;
using Counts = std::vector<std::pair<Text, u64>>;
template <class T> using Maybe = std::optional<T>;

}  // namespace space
