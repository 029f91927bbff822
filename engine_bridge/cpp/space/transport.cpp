#include "space/transport.hpp"

#include <algorithm>
#include <chrono>

namespace space {

namespace {

constexpr std::size_t kRead = 1U << 16;
constexpr int kReadsPerTurn = 32;  ///< so that sending gets its turn beside a peer that never stops

}  // namespace

double now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Link::Link(const net::Address& address, LinkSink& sink, const LinkLimits& limits)
    : address_(address), sink_(sink), limits_(limits), in_(kRead), random_(std::random_device{}()) {}

void Link::limit_parts(std::size_t bytes) {
    part_bytes_ = bytes;
    zmtp_.limit(bytes);
}

bool Link::send(Bytes part) {
    if (state_ != LinkState::up) return false;
    Zmtp::frame(part, out_);
    return true;
}

void Link::turn(double timeout_s) {
    const bool want_write = state_ == LinkState::dialling || queued() > 0;
    const double longest_s = std::min(timeout_s, seconds_left(now_s()));
    const net::Ready ready = net::wait(socket_, state_ != LinkState::dialling, want_write, waker_, longest_s);
    const double now = now_s();
    if (state_ == LinkState::pausing) {
        if (now >= deadline_) dial(now);
        return;
    }
    if (state_ == LinkState::dialling && ready.writable) dialled();
    if (state_ != LinkState::dialling && ready.readable) receive();
    if (state_ == LinkState::greeting || state_ == LinkState::up) flush();
    if (state_ == LinkState::dialling && now >= deadline_) drop("the server does not answer");
    if (state_ == LinkState::greeting && now >= deadline_) drop("the server does not finish the handshake");
    if (queued() > limits_.queued_bytes) drop("the server does not read");
}

double Link::seconds_left(double now) const { return state_ == LinkState::up ? 1e9 : std::max(deadline_ - now, 0.0); }

void Link::dial(double now) {
    zmtp_ = Zmtp();
    zmtp_.limit(part_bytes_);
    out_.clear();
    sent_ = 0;
    deadline_ = now + limits_.handshake_s;
    state_ = LinkState::dialling;
    if (!socket_.dial(address_)) drop("the system refuses to dial");
}

void Link::dialled() {
    if (!socket_.connected()) return drop("nothing listens there");
    state_ = LinkState::greeting;
    Zmtp::greet(out_);
}

void Link::ready() {
    state_ = LinkState::up;
    sink_.link_up();
}

void Link::receive() {
    for (int i = 0; i < kReadsPerTurn && state_ != LinkState::pausing; ++i) {
        std::size_t n = 0;
        const net::Io io = socket_.receive(in_.data(), in_.size(), n);
        if (io == net::Io::later) return;
        if (io == net::Io::closed) {
            const bool early = state_ == LinkState::greeting;
            return drop(early ? "closed by the server (does it require CURVE?)" : "closed by the server");
        }
        if (!zmtp_.receive({in_.data(), n}, out_, *this)) return drop(zmtp_.why());
        if (n < in_.size()) return;
    }
}

void Link::flush() {
    while (queued() > 0) {
        std::size_t n = 0;
        const net::Io io = socket_.send(Bytes(out_).from(sent_), n);
        if (io == net::Io::closed) return drop("closed by the server");
        if (io == net::Io::later) break;
        sent_ += n;
    }
    if (sent_ > out_.size() / 2) {  // moves each byte at most once, however much is queued
        out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
    }
}

void Link::drop(const std::string& why) {
    if (state_ == LinkState::pausing) return;
    const double pause = std::min(limits_.first_pause_s * static_cast<double>(1U << std::min(n_failures_, 20U)),
                                  limits_.longest_pause_s);
    ++n_failures_;
    socket_.close();
    out_.clear();
    sent_ = 0;
    state_ = LinkState::pausing;
    const double spread = static_cast<double>(random_() % 1000) / 4000;
    deadline_ = now_s() + pause * (1 + spread);
    sink_.link_down(why);
}

}  // namespace space
