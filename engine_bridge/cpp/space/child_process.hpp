// A child process with a pipe to its input and one from its output and errors: POSIX or Windows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace space {

/// Used by one thread. The child is killed with the object.
class ChildProcess {
public:
    ChildProcess() = default;
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// Starts a program. Returns what is wrong, or an empty text.
    std::string start(const std::string& program, const std::vector<std::string>& words);
    /// Waits so long for something that the child writes, and appends it. Returns false once nothing more can come.
    bool read(std::string& text, int wait_ms);
    /// Closes the child's input, waits so long for its end, and kills it.
    void end(int grace_ms);

private:
    bool has_ended();

#ifdef _WIN32
    void* process_ = nullptr;
    void* input_ = nullptr;
    void* output_ = nullptr;
#else
    int process_ = -1;
    int input_ = -1;
    int output_ = -1;
#endif
};

}  // namespace space
