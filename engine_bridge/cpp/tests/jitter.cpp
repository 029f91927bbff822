// Runs of the jitter buffer: one command a line on stdin, one line for each answer.
#include <cstdlib>
#include <cstring>

#include "check.hpp"
#include "space/jitter_buffer.hpp"

namespace {

using check::Words;

double number(const std::string& word) { return std::strtod(word.c_str(), nullptr); }
space::u32 whole(const std::string& word) { return static_cast<space::u32>(std::strtoul(word.c_str(), nullptr, 10)); }

/// Reads `n v1 … vn`; n < 0: absent.
template <std::size_t N> void take(const Words& words, std::size_t& at, space::Maybe<space::Floats<N>>& values) {
    const int n = std::atoi(words[at++].c_str());
    if (n >= 0) values.emplace();
    if (n >= 0) values->fill(0);
    for (int i = 0; i < n; ++i) (*values)[static_cast<std::size_t>(i)] = static_cast<float>(number(words[at++]));
}

/// Reads `n v1 … vn` as bytes; n < 0: absent. The bytes live in `bytes`.
void take(const Words& words, std::size_t& at, space::Buffer& bytes, space::Maybe<space::FloatGroups<3>>& values) {
    const int n = std::atoi(words[at++].c_str());
    bytes.clear();
    for (int i = 0; i < n; ++i) {
        const auto value = static_cast<float>(number(words[at++]));
        std::uint8_t raw[4];
        std::memcpy(raw, &value, 4);
        space::append(bytes, {raw, 4});
    }
    if (n >= 0) values = space::FloatGroups<3>{bytes};
}

space::Frame frame_of(const Words& words, space::Buffer& keypoints) {
    space::Frame frame;
    frame.stream = whole(words[1]), frame.index = whole(words[2]);
    frame.sample = number(words[3]), frame.speech = static_cast<float>(number(words[4]));
    std::size_t at = 5;
    take(words, at, frame.weights), take(words, at, frame.head);
    take(words, at, frame.eyes), take(words, at, frame.landmarks);
    take(words, at, keypoints, frame.keypoints);
    return frame;
}

template <class Values> void print(const Values& values) {
    for (const float value : values) std::printf(" %.9g", static_cast<double>(value));
}

void print_pose(const space::Pose& pose) {
    static const char* const names[] = {"waiting", "playing", "holding", "releasing", "resting"};
    std::printf("%s %.9g", names[static_cast<std::size_t>(pose.state)], static_cast<double>(pose.speech));
    print(pose.blendshapes), print(pose.head_rotation_rad), print(pose.head_translation), print(pose.eye_rotation_rad);
    std::printf(" %zu", pose.has_landmarks ? pose.landmarks.size() : 0);
    if (pose.has_landmarks) print(pose.landmarks);
    std::printf(" %zu", pose.keypoints.size());
    print(pose.keypoints);
    std::printf("\n");
}

}  // namespace

int check::jitter() {
    std::string line;
    space::JitterBuffer buffer(true);
    space::Buffer keypoints;
    while (read_line(line)) {
        const Words words = split(line);
        if (words[0] == "new") buffer = space::JitterBuffer(true);
        if (words[0] == "begin") buffer.begin(whole(words[1]), number(words[2]));
        if (words[0] == "frame") buffer.put(frame_of(words, keypoints));
        if (words[0] == "finish") buffer.finish(whole(words[1]), number(words[2]));
        if (words[0] == "evaluate") print_pose(buffer.evaluate(number(words[1]), number(words[2])));
        const auto& n = buffer.counts();
        if (words[0] == "counts") {
            std::printf("%llu %llu %llu %llu %llu\n", static_cast<unsigned long long>(n.taken),
                        static_cast<unsigned long long>(n.replaced), static_cast<unsigned long long>(n.late),
                        static_cast<unsigned long long>(n.foreign), static_cast<unsigned long long>(n.refused));
        }
    }
    return 0;
}
