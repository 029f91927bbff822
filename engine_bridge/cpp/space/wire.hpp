// Messages to bytes and back, PROTOCOL.md section 2. Knows no sockets.
//
// decode(encode(m)) equals m, and canonical bytes are encoded again to the same bytes. Whatever else comes in is
// refused, in time and memory proportional to its length.
#pragma once

#include "space/messages.hpp"

namespace space {

enum class Decoded : std::uint8_t {
    ok,
    unknown_type,  ///< a well-formed message of a type that this version does not know: ignore and count it
    refused,       ///< no message
};

struct Verdict {
    Decoded decoded = Decoded::ok;
    const char* why = "";  ///< for people: what was wrong
    explicit operator bool() const { return decoded == Decoded::ok; }
};

/// Reads one message. Its texts and bytes are views of `bytes`. Allocates for lists and maps alone.
Verdict decode(Bytes bytes, Message& message);

/// Appends the canonical bytes of `message` to `out`. Returns false, leaving `out` as it was, where a field has no
/// wire form: NaN or infinity, a number of 2^63 or more, text that is too long or no UTF-8, a list that is too long.
bool encode(const Message& message, Buffer& out);

/// The same for a message of a known type (those of messages.hpp).
template <class T> bool encode_as(const T& message, Buffer& out);

}  // namespace space
