// One connection that is dialled again and again: non-blocking, driven by one thread, every wait bounded.
#pragma once

#include <random>
#include <string>

#include "space/net.hpp"
#include "space/zmtp.hpp"

namespace space {

/// Seconds of a clock that never runs back.
double now_s();

/// Receiver of what happens on a `Link`.
class LinkSink {
public:
    virtual void link_up() = 0;
    virtual void link_part(Bytes part) = 0;
    virtual void link_down(const std::string& why) = 0;  ///< also when dialling or the handshake failed

protected:
    ~LinkSink() = default;
};

struct LinkLimits {
    double handshake_s = 2.0;           ///< for dialling and the whole handshake
    double first_pause_s = 0.1;         ///< before dialling again; doubles up to the longest
    double longest_pause_s = 3.0;
    std::size_t queued_bytes = 1U << 26;  ///< unsent, beyond which the peer counts as gone
};

/// A DEALER's connection. All methods belong to one thread; the waker may be called from others.
class Link final : private Zmtp::Sink {
public:
    Link(const net::Address& address, LinkSink& sink, const LinkLimits& limits = {});

    /// Waits at most `timeout_s` for something to do, and does it.
    void turn(double timeout_s);
    /// Queues one part. False while the link is not up.
    bool send(Bytes part);
    /// Sends what the system takes at once.
    void flush();
    /// Closes the connection; another one is dialled after a pause.
    void drop(const std::string& why);
    /// The peer is what it should be: pauses begin from the shortest again.
    void settled() { n_failures_ = 0; }
    void limit_parts(std::size_t bytes);

    bool is_up() const { return state_ == LinkState::up; }
    std::size_t queued() const { return out_.size() - sent_; }
    net::Waker& waker() { return waker_; }
    std::size_t allocated() const { return zmtp_.allocated() + out_.capacity(); }

private:
    enum class LinkState : std::uint8_t { pausing, dialling, greeting, up };

    void ready() override;
    void part(Bytes body) override { sink_.link_part(body); }
    bool wants_more() const override { return state_ != LinkState::pausing; }

    double seconds_left(double now) const;
    void dial(double now);
    void dialled();
    void receive();

    net::Library library_;
    net::Address address_;
    LinkSink& sink_;
    LinkLimits limits_;
    net::Waker waker_;
    net::Socket socket_;
    Zmtp zmtp_;
    LinkState state_ = LinkState::pausing;
    double deadline_ = 0;  ///< of the pause, or of dialling and handshake
    unsigned n_failures_ = 0;
    std::size_t part_bytes_ = 65536;
    Buffer out_, in_;
    std::size_t sent_ = 0;
    std::minstd_rand random_;
};

}  // namespace space
