#include "space/net.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#ifdef _WIN32
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace space::net {

namespace {

#ifdef _WIN32

bool must_wait() { return WSAGetLastError() == WSAEWOULDBLOCK; }
bool was_interrupted() { return false; }
void close_handle(Handle handle) { ::closesocket(handle); }
int poll_all(WSAPOLLFD* entries, unsigned n, int timeout_ms) { return ::WSAPoll(entries, n, timeout_ms); }
using PollEntry = WSAPOLLFD;
constexpr int kSendFlags = 0;

bool set_non_blocking(Handle handle) {
    u_long on = 1;
    return ::ioctlsocket(handle, FIONBIO, &on) == 0;
}

int size_for_os(std::size_t n) { return static_cast<int>(std::min<std::size_t>(n, 1U << 30)); }

#else

bool must_wait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS; }
bool was_interrupted() { return errno == EINTR; }
void close_handle(Handle handle) { ::close(handle); }
int poll_all(pollfd* entries, unsigned n, int timeout_ms) { return ::poll(entries, n, timeout_ms); }
using PollEntry = pollfd;
#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;
#endif

bool set_non_blocking(Handle handle) {
    const int flags = ::fcntl(handle, F_GETFL);
    return flags >= 0 && ::fcntl(handle, F_SETFL, flags | O_NONBLOCK) == 0 &&
           ::fcntl(handle, F_SETFD, FD_CLOEXEC) == 0;
}

std::size_t size_for_os(std::size_t n) { return n; }

#endif

void prepare(Handle handle) {
    const int on = 1;
    ::setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&on), sizeof on);
#ifdef SO_NOSIGPIPE
    ::setsockopt(handle, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

bool connect_to(Handle handle, const sockaddr* address, std::size_t size) {
    const int rc = ::connect(handle, address, static_cast<socklen_t>(size));
    return rc == 0 || must_wait() || was_interrupted();
}

bool start_connecting(Handle handle, const Address& address) {
    if (address.v6) {
        sockaddr_in6 to{};
        to.sin6_family = AF_INET6;
        to.sin6_port = htons(address.port);
        std::memcpy(&to.sin6_addr, address.ip.data(), 16);
        return connect_to(handle, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port);
    std::memcpy(&to.sin_addr, address.ip.data(), 4);
    return connect_to(handle, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

Io outcome(std::int64_t n, std::size_t& count) {
    count = n > 0 ? static_cast<std::size_t>(n) : 0;
    if (n > 0) return Io::done;
    return n < 0 && (must_wait() || was_interrupted()) ? Io::later : Io::closed;
}

}  // namespace

bool Address::loopback() const {
    static constexpr std::array<std::uint8_t, 16> one{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return v6 ? ip == one : ip[0] == 127;
}

const char* parse(std::string_view endpoint, Address& address) {
    constexpr std::string_view scheme = "tcp://";
    if (endpoint.substr(0, scheme.size()) != scheme) return "the endpoint does not begin with tcp://";
    endpoint.remove_prefix(scheme.size());
    const std::size_t colon = endpoint.rfind(':');
    if (colon == std::string_view::npos) return "the endpoint has no port";
    const std::string_view port = endpoint.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size() || address.port == 0) return "the port is no port";
    std::string host(endpoint.substr(0, colon));
    if (host == "localhost") host = "127.0.0.1";
    address.v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (address.v6) host = host.substr(1, host.size() - 2);
    const bool known = ::inet_pton(address.v6 ? AF_INET6 : AF_INET, host.c_str(), address.ip.data()) == 1;
    return known ? nullptr : "the host is no numeric address (names other than localhost are not looked up)";
}

Socket& Socket::operator=(Socket&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
}

bool Socket::dial(const Address& address) {
    close();
    const auto made = ::socket(address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    handle_ = static_cast<Handle>(made);
    if (handle_ == kNone) return false;
    prepare(handle_);
    if (set_non_blocking(handle_) && start_connecting(handle_, address)) return true;
    close();
    return false;
}

bool Socket::connected() const {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(handle_, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&error), &size) == 0 && error == 0;
}

Io Socket::send(Bytes bytes, std::size_t& n) {
    const auto* from = reinterpret_cast<const char*>(bytes.data);
    return outcome(::send(handle_, from, size_for_os(bytes.size), kSendFlags), n);
}

Io Socket::receive(std::uint8_t* into, std::size_t room, std::size_t& n) {
    return outcome(::recv(handle_, reinterpret_cast<char*>(into), size_for_os(room), 0), n);
}

void Socket::close() {
    if (handle_ != kNone) close_handle(handle_);
    handle_ = kNone;
}

#ifdef _WIN32

Library::Library() {
    WSADATA data;
    ::WSAStartup(MAKEWORD(2, 2), &data);
}
Library::~Library() { ::WSACleanup(); }

Waker::Waker() {  // a UDP socket that talks to itself: Windows can poll sockets alone
    read_ = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in self{};
    self.sin_family = AF_INET;
    self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int size = sizeof self;
    ::bind(read_, reinterpret_cast<const sockaddr*>(&self), size);
    ::getsockname(read_, reinterpret_cast<sockaddr*>(&self), &size);
    ::connect(read_, reinterpret_cast<const sockaddr*>(&self), size);
    set_non_blocking(read_);
    write_ = read_;
}
Waker::~Waker() { close_handle(read_); }
void Waker::wake() { ::send(write_, "w", 1, 0); }
void Waker::clear() {
    char sink[64];
    while (::recv(read_, sink, sizeof sink, 0) > 0) {}
}

#else

Library::Library() = default;
Library::~Library() = default;

Waker::Waker() {
    int ends[2] = {kNone, kNone};
    if (::pipe(ends) != 0) return;  // without a pipe, waits end at their time-outs
    read_ = ends[0], write_ = ends[1];
    set_non_blocking(read_);
    set_non_blocking(write_);
}
Waker::~Waker() {
    if (read_ != kNone) close_handle(read_), close_handle(write_);
}
void Waker::wake() {
    if (write_ != kNone && ::write(write_, "w", 1) < 0) return;  // full: it is awake already
}
void Waker::clear() {
    char sink[64];
    while (read_ != kNone && ::read(read_, sink, sizeof sink) > 0) {}
}

#endif

Ready wait(const Socket& socket, bool want_read, bool want_write, Waker& waker, double timeout_s) {
    constexpr double longest_s = 0.05;  // should a wake-up ever be lost, nothing waits longer
    PollEntry entries[2] = {};
    unsigned n = 0;
    if (waker.handle() != kNone) entries[n].fd = waker.handle(), entries[n++].events = POLLIN;
    const unsigned at = n;
    if (socket.is_open()) {
        entries[n].fd = socket.handle();
        entries[n++].events = static_cast<short>((want_read ? POLLIN : 0) | (want_write ? POLLOUT : 0));
    }
    const double ms = std::ceil(std::min(std::max(timeout_s, 0.0), longest_s) * 1000);
    poll_all(entries, n, static_cast<int>(ms));
    if (at == 1 && entries[0].revents != 0) waker.clear();
    const int got = n > at ? entries[at].revents : 0;
    const bool broken = (got & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    return {broken || (got & POLLIN) != 0, broken || (got & POLLOUT) != 0};
}

}  // namespace space::net
