// The client's half of ZMTP 3.1 (https://rfc.zeromq.org/spec/37/) for a DEALER with mechanism NULL. Knows no sockets:
// bytes go in, parts come out, and what must be sent is appended to a buffer.
#pragma once

#include <string>

#include "space/bytes.hpp"

namespace space {

class Zmtp {
public:
    /// Receiver of what comes out.
    class Sink {
    public:
        virtual void ready() = 0;           ///< the handshake is over
        virtual void part(Bytes body) = 0;  ///< one part; `body` is valid until it returns
        /// True if the connection is to go on; asked after each part.
        virtual bool wants_more() const = 0;

    protected:
        ~Sink() = default;
    };

    static constexpr std::size_t kMaxParts = 64;
    static constexpr std::size_t kMaxCommand = 1024;  ///< bytes of the longest command

    /// Appends the greeting of this side.
    static void greet(Buffer& out);
    /// Appends one part as a whole message.
    static void frame(Bytes body, Buffer& out);

    /// Takes the bytes that came next, however cut. Returns false when the peer broke the rules; `why()` says how.
    bool receive(Bytes bytes, Buffer& out, Sink& sink);

    /// Longer parts break the rules.
    void limit(std::size_t part_bytes) { max_part_ = part_bytes; }
    bool is_ready() const { return stage_ == Stage::ready; }
    const std::string& why() const { return why_; }
    /// Bytes allocated for a part that is still coming.
    std::size_t allocated() const { return partial_.capacity(); }

private:
    enum class Stage : std::uint8_t { greeting, handshake, ready };

    bool greeting();
    bool header(Bytes& bytes);
    bool claim(std::uint8_t flags, std::uint64_t length);
    bool body(Bytes& bytes, Buffer& out, Sink& sink);
    bool deliver(Bytes body, Buffer& out, Sink& sink);
    bool command(Bytes body, Buffer& out, Sink& sink);
    bool peer_is_ready(Bytes properties, Buffer& out, Sink& sink);
    bool fail(std::string why);

    Stage stage_ = Stage::greeting;
    Buffer head_;     ///< a greeting or frame head that is still coming
    Buffer partial_;  ///< a body that is still coming
    bool in_body_ = false;
    std::uint8_t flags_ = 0;
    std::size_t length_ = 0;
    std::size_t n_parts_ = 0;
    std::size_t max_part_ = 65536;
    std::string why_;
};

}  // namespace space
