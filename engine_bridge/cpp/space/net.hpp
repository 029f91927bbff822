// The one place that touches the operating system's sockets (POSIX or Winsock): non-blocking TCP, a waker, a wait.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "space/bytes.hpp"

namespace space::net {

#ifdef _WIN32
using Handle = std::uintptr_t;
constexpr Handle kNone = ~Handle{0};
#else
using Handle = int;
constexpr Handle kNone = -1;
#endif

/// A numeric TCP address.
struct Address {
    bool v6 = false;
    std::array<std::uint8_t, 16> ip{};
    std::uint16_t port = 0;

    bool loopback() const;
};

/// Reads `tcp://127.0.0.1:5570`, `tcp://[::1]:5570` or `tcp://localhost:5570`. Other names are not looked up, because
/// a look-up may block for many seconds. Returns what is wrong, or null.
const char* parse(std::string_view endpoint, Address& address);

enum class Io : std::uint8_t { done, later, closed };

/// A non-blocking TCP connection that closes itself.
class Socket {
public:
    Socket() = default;
    ~Socket() { close(); }
    Socket(Socket&& other) noexcept : handle_(other.handle_) { other.handle_ = kNone; }
    Socket& operator=(Socket&& other) noexcept;

    /// Begins to connect. Returns false if that fails at once.
    bool dial(const Address& address);
    /// True if dialling, which `wait` has reported as writable, has succeeded.
    bool connected() const;
    /// Sends as much as fits; `n` becomes what was sent.
    Io send(Bytes bytes, std::size_t& n);
    /// Receives at most `room` bytes; `n` becomes what came.
    Io receive(std::uint8_t* into, std::size_t room, std::size_t& n);
    void close();
    bool is_open() const { return handle_ != kNone; }
    Handle handle() const { return handle_; }

private:
    Handle handle_ = kNone;
};

/// Ends a `wait` from any thread.
class Waker {
public:
    Waker();
    ~Waker();
    Waker(const Waker&) = delete;
    Waker& operator=(const Waker&) = delete;

    void wake();
    void clear();
    Handle handle() const { return read_; }

private:
    Handle read_ = kNone;
    Handle write_ = kNone;
};

struct Ready {
    bool readable = false;
    bool writable = false;
};

/// Waits until the socket (which may be closed) can be read from, written to if wanted, the waker wakes, or the time
/// is over.
Ready wait(const Socket& socket, bool want_read, bool want_write, Waker& waker, double timeout_s);

/// Winsock's life; nothing elsewhere. Whoever makes sockets holds one.
class Library {
public:
    Library();
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
};

}  // namespace space::net
