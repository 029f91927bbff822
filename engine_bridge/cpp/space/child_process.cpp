#include "space/child_process.hpp"

#include <array>
#include <chrono>
#include <thread>

#ifdef _WIN32
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;
#endif

namespace space {

namespace {

constexpr std::size_t kPipeRoom = 4096;

#ifdef _WIN32

std::wstring wide(const std::string& text) {
    const int n = MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), nullptr, 0);
    std::wstring out(static_cast<std::size_t>(n), L'\0');
    MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), out.data(), n);
    return out;
}

/// A word as the runtime of the child reads it back: backslashes count double before a quote.
std::string quoted(const std::string& word) {
    std::string out = "\"";
    std::size_t backslashes = 0;
    for (const char c : word) {
        if (c == '"') out.append(backslashes + 1, '\\');
        backslashes = c == '\\' ? backslashes + 1 : 0;
        out += c;
    }
    return out.append(backslashes, '\\') + '"';
}

void close_handle(void*& handle) {
    if (handle) CloseHandle(handle);
    handle = nullptr;
}

/// A pipe whose one end the child inherits, and no other program.
bool make_pipe(void*& ours, void*& childs, bool child_reads) {
    SECURITY_ATTRIBUTES inherited{sizeof(SECURITY_ATTRIBUTES), nullptr, TRUE};
    HANDLE from = nullptr, to = nullptr;
    if (!CreatePipe(&from, &to, &inherited, 0)) return false;
    ours = child_reads ? to : from;
    childs = child_reads ? from : to;
    return SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0) != 0;
}

void* spawn(const std::string& program, const std::vector<std::string>& words, std::array<void*, 2> handles) {
    std::string line = quoted(program);
    for (const std::string& word : words) line += ' ' + quoted(word);
    std::wstring command = wide(line);
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
    std::vector<unsigned char> room(size);
    STARTUPINFOEXW start{};
    start.StartupInfo.cb = sizeof start;
    start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    start.StartupInfo.hStdInput = handles[0];
    start.StartupInfo.hStdOutput = start.StartupInfo.hStdError = handles[1];
    start.lpAttributeList = reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(room.data());
    if (!InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &size)) return nullptr;
    UpdateProcThreadAttribute(start.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles.data(),
                              sizeof handles, nullptr, nullptr);
    PROCESS_INFORMATION made{};
    const DWORD flags = CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT;
    const bool ok = CreateProcessW(wide(program).c_str(), command.data(), nullptr, nullptr, TRUE, flags, nullptr, nullptr,
                                   &start.StartupInfo, &made) != 0;
    DeleteProcThreadAttributeList(start.lpAttributeList);
    if (!ok) return nullptr;
    CloseHandle(made.hThread);
    return made.hProcess;
}

#else

void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
}

/// A pipe that no program inherits but the child, to which its end is handed.
bool make_pipe(int& from, int& to) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return false;
    from = ends[0];
    to = ends[1];
    return ::fcntl(from, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(to, F_SETFD, FD_CLOEXEC) == 0;
}

int spawn(int& process, const std::string& program, const std::vector<std::string>& words, int input, int output) {
    std::vector<char*> arguments{const_cast<char*>(program.c_str())};
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, output, 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int failure = ::posix_spawn(&process, program.c_str(), &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

#endif

}  // namespace

ChildProcess::~ChildProcess() { end(0); }

#ifdef _WIN32

std::string ChildProcess::start(const std::string& program, const std::vector<std::string>& words) {
    void* childs_input = nullptr;
    void* childs_output = nullptr;
    if (make_pipe(input_, childs_input, true) && make_pipe(output_, childs_output, false))
        process_ = spawn(program, words, {childs_input, childs_output});
    const DWORD failure = GetLastError();
    close_handle(childs_input);
    close_handle(childs_output);
    return process_ ? "" : "Windows says error " + std::to_string(failure);
}

bool ChildProcess::read(std::string& text, int wait_ms) {
    DWORD waiting = 0;
    if (!PeekNamedPipe(output_, nullptr, 0, nullptr, &waiting, nullptr)) return false;
    if (waiting == 0) {
        Sleep(static_cast<DWORD>(wait_ms));
        return true;
    }
    std::array<char, kPipeRoom> room{};
    DWORD n = 0;
    if (!ReadFile(output_, room.data(), static_cast<DWORD>(room.size()), &n, nullptr) || n == 0) return false;
    text.append(room.data(), n);
    return true;
}

bool ChildProcess::has_ended() { return !process_ || WaitForSingleObject(process_, 0) == WAIT_OBJECT_0; }

void ChildProcess::end(int grace_ms) {
    close_handle(input_);
    if (process_ && WaitForSingleObject(process_, static_cast<DWORD>(grace_ms)) != WAIT_OBJECT_0)
        TerminateProcess(process_, 1);
    close_handle(process_);
    close_handle(output_);
}

#else

std::string ChildProcess::start(const std::string& program, const std::vector<std::string>& words) {
    int childs_input = -1, childs_output = -1;
    int failure = 0;
    if (!make_pipe(childs_input, input_) || !make_pipe(output_, childs_output))
        failure = errno;
    else
        failure = spawn(process_, program, words, childs_input, childs_output);
    close_end(childs_input);
    close_end(childs_output);
    if (failure != 0) process_ = -1;
    return failure == 0 ? "" : std::strerror(failure);
}

bool ChildProcess::read(std::string& text, int wait_ms) {
    pollfd waited{output_, POLLIN, 0};
    if (::poll(&waited, 1, wait_ms) <= 0) return true;
    std::array<char, kPipeRoom> room{};
    const auto n = ::read(output_, room.data(), room.size());
    if (n <= 0) return n < 0 && errno == EINTR;
    text.append(room.data(), static_cast<std::size_t>(n));
    return true;
}

bool ChildProcess::has_ended() {
    if (process_ >= 0 && ::waitpid(process_, nullptr, WNOHANG) != 0) process_ = -1;
    return process_ < 0;
}

void ChildProcess::end(int grace_ms) {
    close_end(input_);
    const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(grace_ms);
    while (!has_ended() && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (process_ >= 0) {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    process_ = -1;
    close_end(output_);
}

#endif

}  // namespace space
