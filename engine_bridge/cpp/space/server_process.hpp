// A server that this program starts: `space-server` of `space-runtime package`, on Linux, macOS and Windows.
//
//     space::ServerProcess server({space::ServerProcess::program_in("space-server")});
//     while (server.state() == space::ServerState::starting) ...   // a frame of the game; nothing blocks
//     space::Client client({server.endpoint()});
//
// It ends with the object, and by itself when this program is gone, because it then loses its standard input.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace space {

/// The state of a server that this program started.
enum class ServerState : std::uint8_t {
    starting,  ///< it has not yet said where it is
    ready,     ///< it takes sessions at its endpoint
    failed,    ///< it could not be started, or has ended by itself
    ended,     ///< this program has ended it
};

/// The program to start. Another program than the packaged one needs `serve --ready-line --with-parent` among its words.
struct ServerOptions {
    std::string program;             ///< its path, UTF-8
    std::vector<std::string> words;  ///< for it, each as one argument
    std::uint32_t start_ms = 20000;  ///< within which it has to say where it is
};

/// A running server; all methods may be called from any thread, and return at once.
class ServerProcess {
public:
    /// Starts it, in a thread of its own.
    explicit ServerProcess(ServerOptions options);
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    ServerState state() const;
    /// The endpoint at which it takes sessions, such as tcp://127.0.0.1:43121; empty before it is ready.
    std::string endpoint() const;
    /// Why it failed, in words.
    std::string error() const;
    /// Ends it, within 100 ms.
    void close();

    /// The program of the packaged server in a folder.
    static std::string program_in(const std::string& folder);

private:
    struct Shared;
    std::unique_ptr<Shared> shared_;
};

}  // namespace space
