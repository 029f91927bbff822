// The test program: each command is one file. tests/test_cpp*.py drive it.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace check {

using Words = std::vector<std::string>;

int wire();                      ///< messages from stdin: verdict, canonical bytes, JSON
int jitter();                    ///< runs of the jitter buffer from stdin
int clip();                      ///< baked clips, playback and Live Link's values from stdin
int laws();                      ///< what needs no peer
int link(const Words& words);    ///< a bare connection that sends back what comes
int client(const Words& words);  ///< a client that does what stdin says
int server(const Words& words);  ///< a server that this program starts, and what stdin asks of it
int bench();                     ///< how long things take
int c_interface(const char* endpoint);

inline std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> words(1);
    for (const char c : line) {
        if (c == ' ') {
            words.emplace_back();
        } else {
            words.back() += c;
        }
    }
    return words;
}

inline bool read_line(std::string& line) {
    line.clear();
    for (int c = std::getchar(); c != EOF; c = std::getchar()) {
        if (c == '\n') return true;
        line += static_cast<char>(c);
    }
    return !line.empty();
}

}  // namespace check

extern "C" int check_c_interface(const char* endpoint);
extern "C" int check_c_clip(const char* path, double seconds);
