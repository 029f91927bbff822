#include <cstdlib>

#include "check.hpp"

int main(int argc, char** argv) {
    const check::Words words(argv + 1, argv + argc);
    const std::string command = words.empty() ? "" : words[0];
    if (command == "wire") return check::wire();
    if (command == "jitter") return check::jitter();
    if (command == "clip") return check::clip();
    if (command == "laws") return check::laws();
    if (command == "link") return check::link(words);
    if (command == "client") return check::client(words);
    if (command == "server" && words.size() > 2) return check::server(words);
    if (command == "bench") return check::bench();
    if (command == "c" && words.size() == 2) return check_c_interface(words[1].c_str());
    if (command == "c_clip" && words.size() == 3) return check_c_clip(words[1].c_str(), std::strtod(words[2].c_str(), nullptr));
    std::fprintf(stderr, "usage: check wire | jitter | clip | laws | bench | link ENDPOINT … | client … | server … | c ENDPOINT | c_clip FILE SECONDS\n");
    return 2;
}
