// Views of memory that somebody else owns, and little-endian floats in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#if defined(_M_FP_FAST) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "compile with precise floating-point: with -ffast-math or /fp:fast the checks for NaN may be dropped"
#endif

namespace space {

using Buffer = std::vector<std::uint8_t>;

/// Bytes that belong to somebody else; valid as long as their owner keeps them.
struct Bytes {
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;

    Bytes() = default;
    Bytes(const std::uint8_t* first, std::size_t n) : data(first), size(n) {}
    Bytes(const Buffer& buffer) : data(buffer.data()), size(buffer.size()) {}  // NOLINT: a view, as std::span

    const std::uint8_t* begin() const { return data; }
    const std::uint8_t* end() const { return data + size; }
    bool empty() const { return size == 0; }
    Bytes from(std::size_t at) const { return {data + at, size - at}; }

    std::string_view text() const {
        return size ? std::string_view(reinterpret_cast<const char*>(data), size) : std::string_view();
    }
};

inline bool operator==(Bytes a, Bytes b) {
    return a.size == b.size && (a.size == 0 || std::memcmp(a.data, b.data, a.size) == 0);
}

/// Unsigned number of `n` bytes, most significant first.
inline std::uint64_t big_endian(const std::uint8_t* at, std::size_t n) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < n; ++i) value = value << 8 | at[i];
    return value;
}

inline void append(Buffer& out, Bytes bytes) {
    if (!bytes.empty()) out.insert(out.end(), bytes.begin(), bytes.end());
}

inline void append_big_endian(Buffer& out, std::uint64_t value, std::size_t n) {
    std::uint8_t bytes[8] = {};
    for (std::size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * (n - 1 - i)));
    append(out, {bytes, n});
}

inline float float_at(const std::uint8_t* at) {
    const std::uint32_t bits = static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8 |
                               static_cast<std::uint32_t>(at[2]) << 16 | static_cast<std::uint32_t>(at[3]) << 24;
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

}  // namespace space
