// One connection's protocol: greeting, heartbeats, sessions and who gets which message. No sockets, no threads.
#pragma once

#include "space/session_core.hpp"

namespace space {

class ClientCore {
public:
    static constexpr std::size_t kSessions = 1024;

    explicit ClientCore(const ClientOptions& options) : options_(options) {}

    // ---- for the caller ----
    std::shared_ptr<SessionCore> open(const SessionOptions& options);
    bool next_event(Event& event) { return events_.take(event); }
    bool is_connected() const { return greeted_; }
    /// Why there is no connection; empty while there is one, or before the first attempt has ended.
    const std::string& problem() const { return problem_; }
    const ServerInfo& info() const { return info_; }
    ClientCounts counts() const;
    void close_all();

    // ---- for the connection ----
    void link_up(double now, Outbox& out);
    void link_down(const std::string& why);
    /// texture: the copy of a `Texture`'s picture; null for other messages, or if it is not what it says.
    void on(Message& message, const std::shared_ptr<TextureImage>& texture, double now, Outbox& out);
    void on_unknown(double now);
    void on_bad(Text why);
    /// Posts whatever is due. Call it after messages and calls, and when `due_at` has come.
    void pump(double now, Outbox& out);
    double due_at(double now) const;
    void count_sent(double now);

private:
    void greet(double now, Outbox& out);
    void on_welcome(const Welcome& message, Outbox& out);
    void on_error(const Error& message, double now, Outbox& out);
    SessionCore* session(u32 remote) const;
    SessionCore* asker(u32 request) const;
    void put_event(EventKind kind, Text code, Text text);
    template <class T, class... More> void pass(T& message, More... more);

    ClientOptions options_;
    std::vector<std::shared_ptr<SessionCore>> sessions_;
    EventQueue events_;
    ClientCounts counts_;
    ServerInfo info_;
    std::string problem_;
    u32 next_id_ = 1;
    bool linked_ = false;
    bool complained_ = false;  ///< about what this connection sent
    bool greeted_ = false;
    double greeted_at_ = 0;
    double heard_at_ = 0;
    double sent_at_ = 0;
    u64 nonce_ = 0;
};

}  // namespace space
