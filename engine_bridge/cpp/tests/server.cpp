#include <chrono>
#include <thread>

#include "check.hpp"
#include "space/client.hpp"
#include "space/server_process.hpp"

namespace check {

namespace {

const char* name_of(space::ServerState state) {
    switch (state) {
        case space::ServerState::starting: return "starting";
        case space::ServerState::ready: return "ready";
        case space::ServerState::failed: return "failed";
        case space::ServerState::ended: return "ended";
    }
    return "";
}

/// Connects a client to the server and says whether it was welcomed.
bool is_welcomed(const std::string& endpoint) {
    space::Client client({endpoint});
    for (int i = 0; i < 3000; ++i) {
        if (client.is_connected() && client.blendshape("jawOpen") >= 0) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

}  // namespace

/// Words: milliseconds for the start, a program, words for it. Answers lines: state, connect, close.
int server(const Words& words) {
    space::ServerOptions options;
    options.start_ms = static_cast<std::uint32_t>(std::stoul(words[1]));
    options.program = words[2];
    options.words.assign(words.begin() + 3, words.end());
    space::ServerProcess one(options);
    for (std::string line; read_line(line);) {
        const auto began = std::chrono::steady_clock::now();
        if (line == "connect") {
            std::printf("%d\n", is_welcomed(one.endpoint()) ? 1 : 0);
        } else if (line == "close") {
            one.close();
            const auto took = std::chrono::steady_clock::now() - began;
            std::printf("%lld\n", static_cast<long long>(
                                      std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
        } else {
            std::printf("%s %s|%s\n", name_of(one.state()), one.endpoint().c_str(), one.error().c_str());
        }
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace check
