// Baked clips, the playback of lines and Live Link's values: one command a line on stdin, one line for each answer.
#include <cstdlib>

#include "check.hpp"
#include "space/clip.hpp"
#include "space/live_link.hpp"
#include "space/playback.hpp"
#include "space/shape_matching.hpp"
#include "space/unreal_axes.hpp"

namespace clips {

using check::Words;

static double number(const std::string& word) { return std::strtod(word.c_str(), nullptr); }

static unsigned digit(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

static space::Buffer bytes_of(const std::string& hex) {
    space::Buffer bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
    }
    return bytes;
}

template <class Values> void print(const Values& values) {
    for (const auto value : values) std::printf(" %.9g", static_cast<double>(value));
}

static void print_pose(const space::Pose& pose) {
    std::printf("%d %.9g", static_cast<int>(pose.state), static_cast<double>(pose.speech));
    print(pose.blendshapes), print(pose.head_rotation_rad), print(pose.head_translation), print(pose.eye_rotation_rad);
    std::printf("\n");
}

static void read(const std::string& hex, space::Clip& clip) {
    const space::Buffer bytes = bytes_of(hex);
    const space::Status status = clip.read(bytes);
    if (status != space::Status::ok) return void(std::printf("refused %s\n", space::last_error()));
    std::printf("ok %zu %.17g %s %s\n", clip.n_frames(), clip.frames_per_second(), clip.blendshapes()[51].c_str(),
                clip.name().c_str());
}

/// The clip cut off at every byte, and with every bit turned: counts what was read.
static void damage(const std::string& hex) {
    space::Buffer bytes = bytes_of(hex);
    std::size_t cut = 0, turned = 0;
    space::Clip clip;
    space::Pose pose;
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        const space::Buffer part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
        cut += clip.read(part) == space::Status::ok ? 1 : 0;
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
        bytes[bit / 8] ^= mask;
        if (clip.read(bytes) == space::Status::ok) ++turned, clip.sample(0.05, pose);
        bytes[bit / 8] ^= mask;
    }
    std::printf("%zu %zu\n", cut, turned);
}

static void line(const Words& words, space::Playback& playback) {
    if (words[0] == "begin") playback.begin(number(words[1]));
    if (words[0] == "told") playback.told(number(words[1]));
    if (words[0] == "ended") playback.sound_ended();
    if (words[0] == "stop") playback.stop();
    if (words[0] == "pause") playback.pause(words[1] == "1");
    if (words[0] != "advance") return;
    playback.advance(number(words[1]), number(words[2]));
    std::printf("%.17g %.9g %d\n", playback.seconds(), static_cast<double>(playback.strength()), playback.is_running() ? 1 : 0);
}

/// `match n name1 … namen target1 …`
static void match(const Words& words) {
    const auto n = static_cast<std::ptrdiff_t>(number(words[1]));
    const Words names(words.begin() + 2, words.begin() + 2 + n), targets(words.begin() + 2 + n, words.end());
    print(space::match_shapes(names, targets));
    std::printf("\n");
}

static void turn(const Words& words) {
    const auto of = [&](std::size_t i) { return static_cast<float>(number(words[i])); };
    const space::UnrealRotation r = space::unreal_rotation(of(1), of(2), of(3));
    std::printf("%.9g %.9g %.9g", r.pitch, r.yaw, r.roll);
    print(space::unreal_vector({of(1), of(2), of(3)}));
    std::printf("\n");
}

}  // namespace clips

int check::clip() {
    using namespace clips;
    std::string text;
    space::Clip clip;
    space::Pose pose;
    space::Playback playback;
    space::SoundClock clock;
    while (read_line(text)) {
        const Words words = split(text);
        if (words[0] == "read") read(words[1], clip);
        if (words[0] == "damage") damage(words[1]);
        if (words[0] == "sample") clip.sample(number(words[1]), pose, static_cast<float>(number(words[2]))), print_pose(pose);
        if (words[0] == "live_link") print(space::LiveLinkFace(clip.blendshapes()).values(pose)), std::printf("\n");
        if (words[0] == "match") match(words);
        if (words[0] == "turn") turn(words);
        if (words[0] == "clock_begin") clock.begin(number(words[1]));
        if (words[0] == "clock") std::printf("%.17g\n", clock.advance(number(words[1]), number(words[2])));
        if (words[0] == "names") {
            for (const char* name : space::kLiveLinkNames) std::printf("%s ", name);
            std::printf("\n");
        }
        line(words, playback);
    }
    return 0;
}
