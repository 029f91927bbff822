// Messages from stdin (uint32 little-endian length, bytes), one line of verdict each.
#include "check.hpp"
#include "json.hpp"
#include "space/wire.hpp"

namespace {

bool read_exactly(std::uint8_t* into, std::size_t n) { return std::fread(into, 1, n, stdin) == n; }

/// The next message in memory of exactly its size, so that the address sanitizer sees a byte too far.
bool next(space::Buffer& bytes) {
    std::uint8_t head[4];
    if (!read_exactly(head, 4)) return false;
    const std::size_t n = head[0] | static_cast<std::size_t>(head[1]) << 8 | static_cast<std::size_t>(head[2]) << 16 |
                          static_cast<std::size_t>(head[3]) << 24;
    bytes = space::Buffer(n);
    return read_exactly(bytes.data(), n);
}

std::string hex(const space::Buffer& bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        char two[4];
        std::snprintf(two, sizeof two, "%02x", byte);
        text += two;
    }
    return text;
}

void judge(const space::Buffer& bytes) {
    space::Message message;
    const space::Verdict verdict = space::decode(bytes, message);
    space::Buffer again;
    if (verdict.decoded == space::Decoded::unknown_type) {
        std::printf("unknown\n");
    } else if (!verdict) {
        std::printf("refused %s\n", verdict.why);
    } else if (!space::encode(message, again)) {
        std::printf("broken: it cannot be written again\n");
    } else {
        std::printf("ok %s %s\n", hex(again).c_str(), check::json_of(message).c_str());
    }
}

}  // namespace

int check::wire() {
    space::Buffer bytes;
    while (next(bytes)) judge(bytes);
    return 0;
}
