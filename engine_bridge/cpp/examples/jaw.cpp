#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include "space/client.hpp"

int main(int argc, char** argv) {
    std::ifstream file(argc > 1 ? argv[1] : "line.wav", std::ios::binary);  // 16 bit, mono, a header of 44 bytes
    const std::vector<char> wav{std::istreambuf_iterator<char>(file), {}};
    if (wav.size() < 44) return std::puts("no WAV file"), 1;
    std::uint32_t rate = 0;
    std::memcpy(&rate, &wav[24], sizeof rate);
    std::vector<std::int16_t> sound((wav.size() - 44) / 2);
    std::memcpy(sound.data(), wav.data() + 44, sound.size() * 2);
    space::Client client({argc > 2 ? argv[2] : "tcp://127.0.0.1:5570"});
    space::Session face = client.open();
    if (face.start({rate}) != space::Status::ok) return std::puts(space::last_error()), 1;
    space::Pose pose;
    const auto begun = std::chrono::steady_clock::now();
    for (std::size_t n = 0, pushed = 0; n < sound.size() + rate / 2; n += rate / 60) {  // sixty times a second
        std::this_thread::sleep_until(begun + std::chrono::microseconds(n * 1000000 / rate));
        const std::size_t heard = std::min(n, sound.size());
        if (face.push(sound.data() + pushed, heard - pushed) == space::Status::ok) pushed = heard;
        if (pushed == sound.size()) face.end();
        face.evaluate(static_cast<double>(n) - 0.2 * rate, 1.0 / 60, pose);  // where playback is: 200 ms behind
        if (int k = client.blendshape("jawOpen"); k >= 0) std::printf("%zu %.3f\n", n, pose.blendshapes[size_t(k)]);
    }
}
