#include "check.hpp"

int main(int argc, char** argv) {
    const check::Words words(argv + 1, argv + argc);
    const std::string command = words.empty() ? "" : words[0];
    if (command == "wire") return check::wire();
    if (command == "jitter") return check::jitter();
    if (command == "laws") return check::laws();
    if (command == "link") return check::link(words);
    if (command == "client") return check::client(words);
    if (command == "server" && words.size() > 2) return check::server(words);
    if (command == "bench") return check::bench();
    if (command == "c" && words.size() == 2) return check_c_interface(words[1].c_str());
    std::fprintf(stderr, "usage: check wire | jitter | laws | bench | link ENDPOINT … | client … | server … | c ENDPOINT\n");
    return 2;
}
