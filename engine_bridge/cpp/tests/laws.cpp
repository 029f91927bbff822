// Laws of the parts that need no peer. Prints what fails.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "check.hpp"
#include "space/client.hpp"
#include "space/net.hpp"
#include "space/sound_store.hpp"
#include "space/wire.hpp"
#include "space/zmtp.hpp"

namespace {

int failures = 0;

void hold(bool holds, const char* what) {
    if (!holds) ++failures, std::printf("does not hold: %s\n", what);
}

class Parts final : public space::Zmtp::Sink {
public:
    std::vector<space::Buffer> parts;
    bool is_ready = false;
    void ready() override { is_ready = true; }
    void part(space::Bytes body) override { parts.emplace_back(body.begin(), body.end()); }
    bool wants_more() const override { return true; }
};

void add(space::Buffer& out, const char* text, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) out.push_back(static_cast<std::uint8_t>(text[i]));
}

/// The bytes that a ROUTER sends: greeting, READY, a message of three parts, PING.
space::Buffer router_says() {
    space::Buffer bytes;
    space::Zmtp::greet(bytes);
    add(bytes, "\x04\x1C\x05READY\x0BSocket-Type\x00\x00\x00\x06ROUTER", 30);
    add(bytes, "\x01\x02hi\x01\x00\x02\x00\x00\x00\x00\x00\x00\x01\x2C", 15);
    bytes.resize(bytes.size() + 300, 7);
    add(bytes, "\x04\x09\x04PING\x00\x1Exy", 11);
    return bytes;
}

void zmtp_laws() {
    const space::Buffer said = router_says();
    for (std::size_t cut = 1; cut <= said.size(); cut += cut < 70 ? 1 : 37) {
        space::Zmtp zmtp;
        Parts parts;
        space::Buffer answer;
        bool fine = true;
        for (std::size_t at = 0; at < said.size() && fine; at += cut) {
            fine = zmtp.receive({said.data() + at, std::min(cut, said.size() - at)}, answer, parts);
        }
        hold(fine && parts.is_ready, "however cut, a handshake succeeds");
        hold(parts.parts.size() == 3 && parts.parts[2].size() == 300, "however cut, three parts come");
        hold(answer.size() > 7 && std::memcmp(answer.data() + answer.size() - 6, "PONGxy", 6) == 0, "PING is answered");
    }
}

void sound_laws() {
    space::SoundStore store;
    store.begin(100, 1000, 2);
    space::Buffer pcm(2 * 777);
    for (int i = 0; i < 100; ++i) store.append(pcm);
    hold(store.next() == 100 + 77700, "sound counts up");
    hold(store.next() - store.first() >= 30000 && store.next() - store.first() < 31000, "30 s are kept");
    space::u64 at = store.first();
    for (;;) {
        const space::Bytes piece = store.piece(at, 999);
        if (piece.empty()) break;
        hold(piece.size % 2 == 0 && piece.size <= 999, "pieces are whole samples");
        at += piece.size / 2;
    }
    hold(at == store.next(), "pieces lead to the end");
    hold(store.piece(0, 10).empty() && store.piece(at, 10).empty(), "nothing beyond the ends");
}

void wire_laws() {
    space::Buffer out;
    space::Frame frame;
    frame.sample = std::nan("");
    hold(!space::encode(frame, out) && out.empty(), "NaN is not written");
    frame.sample = 0, frame.weights.emplace();
    (*frame.weights)[51] = INFINITY;
    hold(!space::encode(frame, out) && out.empty(), "infinity is not written");
    hold(!space::encode(space::Ping{space::u64{1} << 63}, out), "2^63 is not written");
    hold(!space::encode(space::Bye{"\xC3"}, out), "no UTF-8 is not written");
    hold(!space::encode(space::Bye{std::string(5000, 'x')}, out), "text of 5,000 bytes is not written");
    space::Open open;
    open.fps.resize(257);
    hold(!space::encode(open, out) && out.empty(), "257 items are not written");
}

void address_laws() {
    space::net::Address address;
    hold(!space::net::parse("tcp://127.0.0.1:5570", address) && address.loopback(), "127.0.0.1 is loopback");
    hold(!space::net::parse("tcp://localhost:1", address) && address.loopback(), "localhost is loopback");
    hold(!space::net::parse("tcp://[::1]:65535", address) && address.loopback(), "::1 is loopback");
    hold(!space::net::parse("tcp://10.0.0.1:5570", address) && !address.loopback(), "10.0.0.1 is not");
    hold(!space::net::parse("tcp://[fe80::1]:5570", address) && !address.loopback(), "fe80::1 is not");
    for (const char* bad : {"", "tcp://", "127.0.0.1:1", "tcp://127.0.0.1", "tcp://127.0.0.1:0", "tcp://a.b:1",
                            "tcp://127.0.0.1:65536", "tcp://127.0.0.1:1x", "tcp://[::1:5", "tcp://:5",
                            "udp://1.1.1.1:1"}) {
        hold(space::net::parse(bad, address) != nullptr, bad);
    }
}

void client_laws() {
    space::ClientOptions remote;
    remote.endpoint = "tcp://192.0.2.1:5570";
    space::Client refused(remote);
    hold(!refused.is_valid() && !refused.problem().empty(), "remote servers need a word of the user");
    space::Session none = refused.open();
    hold(none.start({}) == space::Status::closed && !none.is_open(), "no session without a client");
    space::ClientOptions nobody;
    nobody.endpoint = "tcp://127.0.0.1:1";
    space::Session session;
    {
        space::Client client(nobody);
        session = client.open();
        hold(session.push(static_cast<const void*>(nullptr), 0) == space::Status::no_stream, "no sound without a stream");
        space::StreamOptions options;
        options.controls.mouth_strength = NAN;
        hold(session.start(options) == space::Status::bad_argument, "NaN is no strength");
        hold(!std::strcmp(space::last_error(), "controls: mouth_strength is not finite"), "a refusal names the control");
        options = {}, options.rate = 0;
        hold(session.start(options) == space::Status::bad_argument, "0 Hz is no rate");
        hold(!std::strcmp(space::last_error(), "rate is 0; expected 1 to 768000 Hz"), "a refusal gives the bounds");
        hold(session.start({}) == space::Status::ok, "a stream may begin before there is a server");
        const std::vector<std::int16_t> second(16000);
        for (int i = 0; i < 30; ++i) hold(session.push(second.data(), 16000) == space::Status::ok, "30 s are taken");
        hold(session.push(second.data(), 16000) == space::Status::full, "no more than 30 s");
        space::Pose pose;
        hold(session.push(std::vector<float>(9).data(), 9) == space::Status::bad_argument, "floats are no 16 bits");
        session.evaluate(160000, 0.01, pose);
        hold(session.push(second.data(), 16000) == space::Status::ok, "room comes back with playback");
        hold(session.counts().sound_dropped <= 160000, "played sound alone is lost");
        const std::uint8_t odd[3] = {};
        hold(session.push(static_cast<const void*>(odd), 3) == space::Status::bad_argument, "half a sample is none");
    }
    hold(session.start({}) == space::Status::closed && !session.is_open(), "a session outlives its client harmlessly");
}

void dispose_laws() {
    std::vector<double> seconds;
    const space::net::Handle next_before = space::net::Waker().handle();
    for (int i = 0; i < 100; ++i) {
        auto client = std::make_unique<space::Client>(space::ClientOptions{"tcp://127.0.0.1:1"});
        auto session = client->open();
        const auto before = std::chrono::steady_clock::now();
        client.reset();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
        seconds.push_back(took.count());
    }
    std::sort(seconds.begin(), seconds.end());  // ten of them belong to whoever else holds the machine
    std::printf("100 disposals: half within %.2f ms, longest %.2f ms\n", seconds[50] * 1000, seconds[99] * 1000);
    hold(seconds[89] < 0.1, "disposal within 100 ms");
    hold(space::net::Waker().handle() == next_before, "no socket is left");
}

}  // namespace

int check::laws() {
    zmtp_laws();
    sound_laws();
    wire_laws();
    address_laws();
    client_laws();
    dispose_laws();
    std::printf("%d failures\n", failures);
    return failures ? 1 : 0;
}
