#include "space/client_thread.hpp"

#include <algorithm>

namespace space {

namespace {

constexpr std::size_t kFirstParts = 65536;  ///< bytes of the longest part before `welcome`
constexpr std::size_t kCrowd = 1U << 18;

LinkLimits limits_of(const ClientOptions& options) {
    LinkLimits limits;
    limits.handshake_s = options.handshake_s;
    return limits;
}

}  // namespace

ClientThread::ClientThread(const ClientOptions& options, const net::Address& address)
    : core_(options), message_bytes_(options.message_bytes), link_(address, *this, limits_of(options)) {
    thread_ = std::thread([this] { run(); });
}

void ClientThread::stop() {
    stopping_ = true;
    link_.waker().wake();
    if (thread_.joinable()) thread_.join();
}

void ClientThread::wake() {
    if (!woken_.exchange(true)) link_.waker().wake();
}

void ClientThread::run() {
    while (!stopping_) {
        woken_ = false;
        double due = 0;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            const double now = now_s();
            core_.pump(now, *this);
            due = core_.due_at(now);
        }
        give_up_if_wanted();
        link_.flush();
        link_.turn(due - now_s());
    }
    last_words();
}

void ClientThread::last_words() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        core_.close_all();
        core_.pump(now_s(), *this);
    }
    link_.flush();
    link_.drop("the client stops");
}

void ClientThread::give_up_if_wanted() {
    if (!give_up_) return;
    const std::string why = *give_up_;
    give_up_.reset();
    link_.drop(why);
}

void ClientThread::link_up() {
    const std::lock_guard<std::mutex> lock(mutex_);
    core_.link_up(now_s(), *this);
}

void ClientThread::link_down(const std::string& why) {
    link_.limit_parts(kFirstParts);
    const std::lock_guard<std::mutex> lock(mutex_);
    core_.link_down(why);
}

void ClientThread::link_part(Bytes part) {
    const Verdict verdict = decode(part, message_);  // the work is done before the callers are locked out
    std::shared_ptr<TextureImage> texture;
    if (verdict) {
        if (const auto* picture = std::get_if<Texture>(&message_)) texture = pool_.take(*picture);
    }
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (verdict) {
            core_.on(message_, texture, now_s(), *this);
        } else if (verdict.decoded == Decoded::unknown_type) {
            core_.on_unknown(now_s());
        } else {
            core_.on_bad();
        }
    }
    give_up_if_wanted();
}

bool ClientThread::put(Bytes message) {
    if (message.size > core_.info().message_bytes || !link_.send(message)) return false;
    core_.count_sent(now_s());
    return true;
}

bool ClientThread::is_crowded() const { return link_.queued() > kCrowd; }

void ClientThread::settle(u64 part_bytes) {
    link_.limit_parts(static_cast<std::size_t>(std::min<u64>(part_bytes, message_bytes_)));
    link_.settled();
}

}  // namespace space
