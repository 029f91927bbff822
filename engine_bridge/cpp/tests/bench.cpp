// Times of the client's hot paths; printed, never asserted.
#include <chrono>

#include "check.hpp"
#include "space/jitter_buffer.hpp"
#include "space/wire.hpp"
#include "space/zmtp.hpp"

namespace {

template <class Work> double microseconds(int n, Work work) {
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < n; ++i) work(i);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - before;
    return took.count() / n;
}

class Counter final : public space::Zmtp::Sink {
public:
    std::size_t bytes = 0;
    void ready() override {}
    void part(space::Bytes body) override { bytes += body.size; }
    bool wants_more() const override { return true; }
};

void bench_wire() {
    space::Frame frame;
    frame.weights.emplace().fill(0.5F), frame.head.emplace().fill(0.1F), frame.eyes.emplace().fill(0.1F);
    space::Buffer bytes;
    space::encode(frame, bytes);
    space::Message message;
    std::printf("decode a frame of %zu bytes: %.3f us\n", bytes.size(),
                microseconds(200000, [&](int) { space::decode(bytes, message); }));
    space::Buffer out;
    std::printf("encode it: %.3f us\n", microseconds(200000, [&](int) { out.clear(), space::encode(frame, out); }));
    const space::Buffer pixels(1U << 20, 7);
    space::Buffer picture;
    space::encode(space::Texture{1, 1, 1, 0, "rgb", 512, 683, pixels}, picture);
    std::printf("decode a texture of 1 MB: %.3f us\n",
                microseconds(20000, [&](int) { space::decode(picture, message); }));
}

void bench_jitter() {
    space::JitterBuffer buffer(false);
    buffer.begin(1, 16000);
    space::Frame frame;
    frame.stream = 1;
    frame.weights.emplace().fill(0.5F), frame.head.emplace().fill(0.1F), frame.eyes.emplace().fill(0.1F);
    std::printf("a frame into the jitter buffer and a pose out of it: %.3f us\n", microseconds(200000, [&](int i) {
                    frame.index = static_cast<space::u32>(i) + 10;
                    frame.sample = frame.index * 533.3;
                    buffer.put(frame);
                    buffer.evaluate(i * 533.3, 0.03);
                }));
}

void bench_zmtp() {
    space::Zmtp zmtp;
    Counter counter;
    space::Buffer in, out;
    space::Zmtp::greet(in);
    const std::string ready = "\x04\x1C\x05READY\x0BSocket-Type" + std::string("\0\0\0\6ROUTER", 10);
    space::append(in, {reinterpret_cast<const std::uint8_t*>(ready.data()), ready.size()});
    if (!zmtp.receive(in, out, counter)) std::printf("%s\n", zmtp.why().c_str());
    zmtp.limit(2U << 20);
    in.clear();
    space::Zmtp::frame(space::Buffer(1U << 20, 7), in);
    const double one = microseconds(1000, [&](int) {
        for (std::size_t at = 0; at < in.size(); at += 65536) {
            zmtp.receive({in.data() + at, std::min<std::size_t>(65536, in.size() - at)}, out, counter);
        }
    });
    std::printf("ZMTP parts of 1 MB: %.1f us, %.0f MB/s (%zu)\n", one, 1e6 / one, counter.bytes >> 20);
}

}  // namespace

int check::bench() {
    bench_wire();
    bench_jitter();
    bench_zmtp();
    return 0;
}
