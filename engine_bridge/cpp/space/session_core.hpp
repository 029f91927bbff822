// One session on the client's side: its phase on the server, its stream, its frames. No sockets, no threads.
#pragma once

#include "space/stream.hpp"
#include "space/texture_queue.hpp"

namespace space {

/// Events that wait for the caller; the oldest are dropped when nobody takes them.
class EventQueue {
public:
    static constexpr std::size_t kCapacity = 1024;
    void put(Event event);
    bool take(Event& event);
    u64 dropped() const { return dropped_; }

private:
    std::deque<Event> events_;
    u64 dropped_ = 0;
};

class SessionCore {
public:
    static constexpr u64 kCredit = 256;  ///< frames that the server may send ahead of what is used

    SessionCore(u32 id, const SessionOptions& options, EventQueue& events);

    // ---- for the caller ----
    Status start(const StreamOptions& options, u32& stream);
    Status speak(const SpeakOptions& options, u32& stream);
    Status idle(const Controls& controls, u32& stream);
    /// format: that of typed values; absent for raw bytes, which are taken to be in the stream's.
    Status push(Bytes pcm, Maybe<SampleFormat> format);
    Status drive(const MotionRow* rows, std::size_t n);
    Status end();
    /// at_sample: absent for the position evaluated last.
    Status set(Maybe<u64> at_sample, Maybe<u32> fade_ms, const Controls& controls);
    Status interrupt(Maybe<u64> at_sample, u32 fade_ms);
    Status close();
    const Pose& evaluate(double position, double dt);
    TexturePointer texture() { return textures_.due(buffer_.position()); }
    SessionCounts counts() const;

    // ---- for the connection ----
    void lost_link();
    /// Posts whatever is due. Call it after each message and when `due_at` has come.
    void pump(double now, const ServerInfo& info, Outbox& out);
    double due_at(double now) const;
    bool wants_credit() const;
    bool is_closed() const { return phase_ == Phase::closed; }
    /// True if a message about this session number of the server's is for this one.
    bool has(u32 remote) const { return phase_ == Phase::open && remote == remote_; }
    u32 id() const { return id_; }

    bool on(const Opened& message);
    void on(const Resumed& message);
    void on(const Started& message);
    void on(Frame& message);
    void on(const std::shared_ptr<TextureImage>& texture);
    void on(const Underrun& message);
    void on(const Notice& message);
    void on(const Finished& message);
    void on(const Closed& message, double now);
    void on(const Error& message, double now);

private:
    enum class Phase : std::uint8_t { unopened, opening, open, detached, resuming, closed };

    struct PendingSet {
        u64 at_sample = 0;
        Maybe<u32> fade_ms;
        KeptControls controls;
        double posted_at = 0;
    };
    struct PendingInterrupt {
        u64 at_sample = 0;
        u32 fade_ms = 0;
    };

    Status closed() const;
    Status takes_changes(Maybe<u64> at_sample) const;
    u32 begin(Stream stream);
    void post_open(Outbox& out);
    void post_stream(double now, const ServerInfo& info, Outbox& out);
    void announce(Outbox& out);
    void requeue_sets(double position);
    void post_sets(double now, Outbox& out);
    void post_interrupt(Outbox& out);
    void post_credit(Outbox& out);
    void refused(const Error& message, double now);
    void reopen_at(double when);
    void close_for_good(Text reason);
    void finish_here(Text reason, double sample);
    bool is_current(u32 stream) const { return stream_ && stream_->number() == stream; }
    u64 on_the_server(u64 sample) const;
    u64 next_credit() const;
    Event event(EventKind kind, u32 stream) const;

    u32 id_;
    SessionOptions options_;
    EventQueue& events_;
    Phase phase_ = Phase::unopened;
    bool closing_ = false;
    double open_at_ = 0;
    double open_pause_ = 0;
    u32 remote_ = 0;
    double look_ahead_s_ = 0;
    Buffer token_;
    u64 next_seq_ = 0;
    u64 until_ = 0;
    u32 next_stream_ = 1;
    std::optional<Stream> stream_;
    bool announce_ = false;  ///< the server has to be told of the stream
    bool again_ = false;     ///< … after it, or one before it, had been told already
    double animated_ = 0;    ///< media time of the newest frame of the stream
    std::vector<PendingSet> sets_;         ///< to be posted
    std::vector<PendingSet> posted_sets_;  ///< what a lost connection, or a restarted server, may need again
    bool resumed_ = false;                 ///< … of them, those posted last may have been lost
    Maybe<PendingInterrupt> interrupt_;
    bool interrupt_posted_ = false;
    JitterBuffer buffer_;
    TextureQueue textures_;
    SessionCounts counts_;
};

}  // namespace space
