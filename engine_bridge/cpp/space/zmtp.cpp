#include "space/zmtp.hpp"

#include <algorithm>

namespace space {

namespace {

constexpr std::size_t kGreeting = 64;
constexpr std::uint8_t kMore = 1, kLong = 2, kCommand = 4, kReserved = 0xF8;
constexpr std::size_t kMaxPongs = 65536;  ///< bytes of answers that may wait for a peer that does not read

Buffer bytes_of(std::string_view text) { return Buffer(text.begin(), text.end()); }

/// Printable ASCII of what a peer said, for a message to people.
std::string printable(Bytes bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        if (text.size() == 100) break;
        text.push_back(byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '?');
    }
    return text;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

void write_frame(std::uint8_t flags, Bytes body, Buffer& out) {
    const bool is_long = body.size > 255;
    out.push_back(static_cast<std::uint8_t>(flags | (is_long ? kLong : 0)));
    append_big_endian(out, body.size, is_long ? 8 : 1);
    append(out, body);
}

void write_property(std::string_view name, std::string_view value, Buffer& out) {
    append_big_endian(out, name.size(), 1);
    append(out, bytes_of(name));
    append_big_endian(out, value.size(), 4);
    append(out, bytes_of(value));
}

/// Takes a length of `length_bytes` and as many bytes from the front. Returns false if they are not there.
bool take(Bytes& from, std::size_t length_bytes, Bytes& taken) {
    if (from.size < length_bytes) return false;
    const std::uint64_t n = big_endian(from.data, length_bytes);
    from = from.from(length_bytes);
    if (n > from.size) return false;
    taken = {from.data, static_cast<std::size_t>(n)};
    from = from.from(taken.size);
    return true;
}

}  // namespace

void Zmtp::greet(Buffer& out) {
    static constexpr std::uint8_t signature[] = {0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1, 'N', 'U', 'L', 'L'};
    append(out, {signature, sizeof signature});
    out.resize(out.size() + kGreeting - sizeof signature, 0);
}

void Zmtp::frame(Bytes body, Buffer& out) { write_frame(0, body, out); }

bool Zmtp::fail(std::string why) {
    why_ = std::move(why);
    return false;
}

bool Zmtp::receive(Bytes bytes, Buffer& out, Sink& sink) {
    while (!bytes.empty()) {
        if (stage_ == Stage::greeting) {
            head_.push_back(*bytes.data);
            bytes = bytes.from(1);
            if (!greeting()) return false;
            if (head_.size() < kGreeting) continue;
            head_.clear();
            stage_ = Stage::handshake;
            Buffer ready = bytes_of("\5READY");
            write_property("Socket-Type", "DEALER", ready);
            write_property("Identity", "", ready);
            write_frame(kCommand, ready, out);
        } else if (!in_body_) {
            if (!header(bytes)) return false;
            if (in_body_ && length_ == 0 && !body(bytes, out, sink)) return false;
        } else if (!body(bytes, out, sink)) {
            return false;
        }
        if (!sink.wants_more()) return true;
    }
    return true;
}

/// Checks what has come of the greeting, as early as it can be told.
bool Zmtp::greeting() {
    const std::size_t n = head_.size();
    if (n == 1 && head_[0] != 0xFF) return fail("the server does not speak ZMTP (is this another program's port?)");
    if (n == 10 && (head_[9] & 1U) == 0) return fail("the server does not speak ZMTP");
    if (n == 11 && head_[10] < 3) return fail("the server speaks ZMTP " + std::to_string(head_[10]) + ", not 3");
    if (n != 32) return true;
    const Bytes name = {head_.data() + 12, 20};
    const std::string_view mechanism = name.text().substr(0, name.text().find('\0'));
    if (mechanism == "NULL") return true;
    return fail("the server requires " + printable({name.data, mechanism.size()}) + ": go through a relay");
}

bool Zmtp::header(Bytes& bytes) {
    head_.push_back(*bytes.data);
    bytes = bytes.from(1);
    const std::uint8_t flags = head_[0];
    if ((flags & kReserved) != 0) return fail("a frame with reserved flags");
    const std::size_t wanted = (flags & kLong) != 0 ? 9 : 2;
    if (head_.size() < wanted) return true;
    const std::uint64_t length = big_endian(head_.data() + 1, wanted - 1);
    head_.clear();
    return claim(flags, length);
}

/// Decides about a frame by what its head claims, before anything is allocated.
bool Zmtp::claim(std::uint8_t flags, std::uint64_t length) {
    const bool is_command = (flags & kCommand) != 0;
    if (is_command && (flags & kMore) != 0) return fail("a command in parts");
    if (!is_command && stage_ != Stage::ready) return fail("a message before the handshake was over");
    if (length > (is_command ? kMaxCommand : max_part_)) {
        return fail("a frame of " + std::to_string(length) + " bytes, more than the limit");
    }
    if (!is_command && ++n_parts_ > kMaxParts) return fail("a message of more than 64 parts");
    if (!is_command && (flags & kMore) == 0) n_parts_ = 0;
    flags_ = flags, length_ = static_cast<std::size_t>(length), in_body_ = true;
    return true;
}

/// Takes as much of the body as has come; the buffer grows with what comes, not with what was claimed.
bool Zmtp::body(Bytes& bytes, Buffer& out, Sink& sink) {
    const std::size_t n = std::min(bytes.size, length_ - partial_.size());
    const Bytes piece = {bytes.data, n};
    bytes = bytes.from(n);
    if (partial_.empty() && n == length_) {
        in_body_ = false;
        return deliver(piece, out, sink);
    }
    append(partial_, piece);
    if (partial_.size() < length_) return true;
    in_body_ = false;
    const bool fine = deliver(partial_, out, sink);
    partial_.clear();
    return fine;
}

bool Zmtp::deliver(Bytes body, Buffer& out, Sink& sink) {
    if ((flags_ & kCommand) != 0) return command(body, out, sink);
    sink.part(body);
    return true;
}

bool Zmtp::command(Bytes body, Buffer& out, Sink& sink) {
    Bytes name;
    if (!take(body, 1, name)) return fail("a command without a name");
    if (name.text() == "ERROR") {
        Bytes reason;
        const bool has_reason = take(body, 1, reason);
        return fail("the server refuses: " + (has_reason ? printable(reason) : std::string("it gives no reason")));
    }
    if (stage_ == Stage::handshake) {
        if (name.text() != "READY") return fail("the command " + printable(name) + " instead of READY");
        return peer_is_ready(body, out, sink);
    }
    if (name.text() != "PING") return true;
    if (body.size < 2 || body.size > 2 + 16) return fail("a PING of the wrong size");
    Buffer pong = bytes_of("\4PONG");
    append(pong, body.from(2));
    if (out.size() < kMaxPongs) write_frame(kCommand, pong, out);
    return true;
}

bool Zmtp::peer_is_ready(Bytes properties, Buffer&, Sink& sink) {
    std::string type = "nothing";
    while (!properties.empty()) {
        Bytes name, value;
        if (!take(properties, 1, name) || !take(properties, 4, value)) return fail("READY with a broken property");
        if (equal_ignoring_case(name.text(), "Socket-Type")) type = printable(value);
    }
    if (type != "ROUTER") return fail("the server's socket is " + type + ", not ROUTER");
    stage_ = Stage::ready;
    sink.ready();
    return true;
}

}  // namespace space
