// `link ENDPOINT PART_BYTES HANDSHAKE_S PAUSE_S`: a bare connection. Sends back each part; the part `quit` ends it,
// the end of stdin too. Prints what happens.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "check.hpp"
#include "space/transport.hpp"

namespace {

class Echo final : public space::LinkSink {
public:
    space::Link* link = nullptr;
    bool done = false;

    void link_up() override {
        link->settled();
        link->send(space::Bytes(reinterpret_cast<const std::uint8_t*>("here"), 4));
        std::printf("up\n"), std::fflush(stdout);
    }
    void link_part(space::Bytes part) override {
        done = done || part.text() == "quit";
        link->send(part);
    }
    void link_down(const std::string& why) override {
        std::printf("down %zu %s\n", link->allocated(), why.c_str()), std::fflush(stdout);
    }
};

}  // namespace

int check::link(const Words& words) {
    space::net::Address address;
    if (words.size() != 5 || space::net::parse(words[1], address)) return 2;
    space::LinkLimits limits;
    limits.handshake_s = std::atof(words[3].c_str());
    limits.first_pause_s = limits.longest_pause_s = std::atof(words[4].c_str());
    Echo echo;
    space::Link link(address, echo, limits);
    echo.link = &link;
    link.limit_parts(static_cast<std::size_t>(std::atoll(words[2].c_str())));
    std::atomic<bool> over{false};
    std::thread listener([&] {
        while (std::getchar() != EOF) {}
        over = true;
        link.waker().wake();
    });
    while (!over && !echo.done) link.turn(1.0);
    for (int i = 0; i < 20 && link.queued() > 0; ++i) link.turn(0.05);
    std::printf("end %zu\n", link.allocated()), std::fflush(stdout);
    if (echo.done) std::fclose(stdin);
    listener.detach();
    std::fflush(stdout);
    std::_Exit(0);
}
