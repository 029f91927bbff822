// MessagePack as PROTOCOL.md section 2 allows it: a strict reader over somebody else's bytes and a canonical writer.
#pragma once

#include <cstdint>
#include <string_view>

#include "space/bytes.hpp"

namespace space::msgpack {

constexpr std::size_t kMaxText = 4096;  ///< bytes of the longest text
constexpr std::size_t kMaxItems = 256;  ///< entries of the longest array or map
constexpr int kMaxDepth = 4;            ///< nested containers, the outermost included

enum class Kind : std::uint8_t { bad, nil, boolean, whole, negative, real, text, bytes, array, map };

/// One item: a scalar with its value, text or bytes with their body, or the head of a container.
struct Item {
    Kind kind = Kind::bad;
    std::uint64_t whole = 0;   ///< value of a `whole`; entries of an `array` or `map`
    std::int64_t negative = 0;
    double real = 0;
    Bytes body;                ///< of `text` and `bytes`
};

/// True if `text` is valid UTF-8 (no surrogates, no overlong forms).
bool valid_utf8(Bytes text);

/// Reads items one after another. Never reads past the end, never allocates, and stays `bad` after the first error.
class Reader {
public:
    explicit Reader(Bytes bytes) : bytes_(bytes) {}

    /// The next item; `Kind::bad` for truncation, extensions, the unused byte, too long or invalid text and claims of
    /// more entries than there can be.
    Item next();

    /// Passes over the next item with all that it contains, checking it as `next` does, and for equal keys.
    /// `depth`: containers that it may still open. Returns whether it was well-formed.
    bool skip(int depth);

    std::size_t at() const { return at_; }
    std::size_t left() const { return bytes_.size - at_; }
    const char* why() const { return why_; }

    /// Marks the input as bad for a reason of the caller's.
    Item fail(const char* why);

private:
    Item body(Kind kind, std::size_t length_bytes);
    Item take(Kind kind, std::uint64_t n);
    Item container(Kind kind, std::size_t length_bytes);
    Item entries(Kind kind, std::uint64_t n);
    Item unsigned_of(std::size_t n);
    Item signed_of(std::size_t n);
    Item real_of(std::size_t n);
    bool skip_map(std::uint64_t n, int depth);

    Bytes bytes_;
    std::size_t at_ = 0;
    const char* why_ = nullptr;
};

/// True if two of the keys are equal. Takes n · log n steps and no memory beyond a copy on the stack.
bool has_equal_keys(const std::string_view* keys, std::size_t n);

/// Appends canonical items to a buffer.
class Writer {
public:
    explicit Writer(Buffer& out) : out_(out) {}

    void map(std::size_t n) { head(0x80, 0xDE, n); }
    void array(std::size_t n) { head(0x90, 0xDC, n); }
    void text(std::string_view text);
    void bytes_head(std::size_t n);
    void bytes(Bytes bytes);
    void u32(std::uint32_t value);
    void u64(std::uint64_t value);
    void f32(float value);
    void f64(double value);
    void floats(const float* values, std::size_t n);

private:
    void head(unsigned fix, std::uint8_t wide, std::size_t n);

    Buffer& out_;
};

}  // namespace space::msgpack
