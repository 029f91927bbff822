#include "space/server_process.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "space/child_process.hpp"

namespace space {

namespace {

constexpr int kServerPollMs = 20;
constexpr int kServerGraceMs = 40;
constexpr std::size_t kServerLineRoom = 4096;

/// The endpoint in a line such as {"endpoint": "tcp://127.0.0.1:43121", "pid": 4711}; empty where there is none.
std::string endpoint_in(const std::string& line) {
    const std::string key = "\"endpoint\": \"";
    const auto at = line.find(key);
    if (at == std::string::npos) return "";
    const auto begin = at + key.size();
    const auto end = line.find('"', begin);
    const std::string found = end == std::string::npos ? "" : line.substr(begin, end - begin);
    return found.rfind("tcp://", 0) == 0 ? found : "";
}

}  // namespace

struct ServerProcess::Shared {
    explicit Shared(ServerOptions given) : options(std::move(given)) {}

    /// Starts the child, listens to it, ends it.
    void run();
    void take(const std::string& line);
    void become(ServerState next, const std::string& why);
    bool is_starting() const;

    const ServerOptions options;
    mutable std::mutex mutex;
    ServerState state = ServerState::starting;
    std::string endpoint;
    std::string error;
    std::string last_line;  // of the thread alone
    std::atomic<bool> wanted{true};
    std::mutex joining;
    std::thread thread;
};

void ServerProcess::Shared::become(ServerState next, const std::string& why) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (state == ServerState::failed || state == ServerState::ended) return;
    state = next;
    if (!why.empty()) error = "the server " + options.program + " " + why;
}

bool ServerProcess::Shared::is_starting() const {
    const std::lock_guard<std::mutex> lock(mutex);
    return state == ServerState::starting;
}

void ServerProcess::Shared::take(const std::string& line) {
    const std::string found = endpoint_in(line);
    if (!line.empty()) last_line = line;
    const std::lock_guard<std::mutex> lock(mutex);
    if (found.empty() || state != ServerState::starting) return;
    endpoint = found;
    state = ServerState::ready;
}

void ServerProcess::Shared::run() {
    ChildProcess child;
    const std::string wrong = child.start(options.program, options.words);
    if (!wrong.empty()) {
        become(ServerState::failed, "cannot be started (" + wrong +
                                        "); name the program that `space-runtime package` wrote for this system");
        return;
    }
    const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.start_ms);
    std::string text, why;
    while (wanted && why.empty()) {
        const bool open = child.read(text, kServerPollMs);
        for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
            take(text.substr(0, text.find_last_not_of("\r\n", end) + 1));
            text.erase(0, end + 1);
        }
        if (text.size() > kServerLineRoom) text.clear();
        if (!open) {
            why = last_line.empty() ? "has ended" : "has ended: " + last_line;
        } else if (is_starting() && std::chrono::steady_clock::now() > limit) {
            why = "has not said within " + std::to_string(options.start_ms) + " ms where it is; it was ended";
        }
    }
    child.end(wanted ? 0 : kServerGraceMs);
    if (!why.empty()) become(ServerState::failed, why);  // who reads that it was ended finds no process any more
}

ServerProcess::ServerProcess(ServerOptions options) : shared_(std::make_unique<Shared>(std::move(options))) {
    shared_->thread = std::thread([shared = shared_.get()] { shared->run(); });
}

ServerProcess::~ServerProcess() { close(); }

ServerState ServerProcess::state() const {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    return shared_->state;
}

std::string ServerProcess::endpoint() const {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    return shared_->endpoint;
}

std::string ServerProcess::error() const {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    return shared_->error;
}

void ServerProcess::close() {
    shared_->become(ServerState::ended, "");
    shared_->wanted = false;
    const std::lock_guard<std::mutex> lock(shared_->joining);
    if (shared_->thread.joinable()) shared_->thread.join();
}

std::string ServerProcess::program_in(const std::string& folder) {
#ifdef _WIN32
    return folder + "\\space-server.exe";
#else
    return folder + "/space-server";
#endif
}

}  // namespace space
