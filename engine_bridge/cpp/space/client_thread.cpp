#include "space/client_thread.hpp"

#include <algorithm>

#include "space/ranges.hpp"

namespace space {

namespace {

constexpr std::size_t kFirstParts = 65536;  ///< bytes of the longest part before `welcome`
constexpr std::size_t kCrowd = 1U << 18;
constexpr double kLongestWay_s = 0.001;  ///< for callers who ask without a pause

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

/// Lets callers go first: a thread that unlocks and locks again at once, as it does while a server floods, would win.
void ClientThread::give_way() const {
    if (callers_ == 0) return;
    for (const double end = now_s() + kLongestWay_s; callers_ > 0 && now_s() < end;) std::this_thread::yield();
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
    const bool is_welcome = verdict && std::holds_alternative<Welcome>(message_);  // of which the core says more
    const std::string wrong = verdict && !is_welcome ? check_ranges(message_) : std::string(verdict.why);
    std::shared_ptr<TextureImage> texture;
    if (verdict && wrong.empty()) {
        if (const auto* picture = std::get_if<Texture>(&message_)) texture = pool_.take(*picture);
    }
    give_way();
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (verdict && wrong.empty()) {
            core_.on(message_, texture, now_s(), *this);
        } else if (verdict.decoded == Decoded::unknown_type) {
            core_.on_unknown(now_s());
        } else {
            core_.on_bad(wrong);
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
