// The thread that owns the connection, and the lock between it and the callers.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "space/client_core.hpp"
#include "space/transport.hpp"

namespace space {

class ClientThread final : private LinkSink, private Outbox {
public:
    ClientThread(const ClientOptions& options, const net::Address& address);
    ~ClientThread() { stop(); }

    /// Closes the sessions, says so to the server if it listens, and ends the thread. Takes milliseconds.
    void stop();
    /// Calls `call(core)` under the lock.
    template <class Call> auto with(Call call) {
        const CountedCaller counted(callers_);
        const std::lock_guard<std::mutex> lock(mutex_);
        return call(core_);
    }
    void wake();

private:
    /// One of the callers who have the lock or wait for it.
    class CountedCaller {
    public:
        explicit CountedCaller(std::atomic<int>& n) : n_(n) { ++n_; }
        ~CountedCaller() { --n_; }
        CountedCaller(const CountedCaller&) = delete;
        CountedCaller& operator=(const CountedCaller&) = delete;

    private:
        std::atomic<int>& n_;
    };

    void run();
    void give_way() const;
    void last_words();
    void give_up_if_wanted();

    void link_up() override;
    void link_part(Bytes part) override;
    void link_down(const std::string& why) override;

    bool put(Bytes message) override;
    bool is_crowded() const override;
    void settle(u64 part_bytes) override;
    void give_up(const std::string& why) override { give_up_ = why; }

    std::mutex mutex_;
    ClientCore core_;  ///< guarded by the lock; all below belongs to the thread, but for the flags and the waker
    std::size_t message_bytes_;
    Link link_;
    Message message_;
    TexturePool pool_;
    Maybe<std::string> give_up_;
    std::atomic<int> callers_{0};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> woken_{false};
    std::thread thread_;
};

}  // namespace space
