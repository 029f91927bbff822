#include "space/clip.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "space/msgpack.hpp"
#include "space/ranges.hpp"
#include "space/wire.hpp"

namespace space {

namespace {

using msgpack::Item;
using msgpack::Kind;

constexpr std::size_t kPrefix = 16;  ///< bytes before the header: magic, version, length
constexpr u64 kLargest = 0x7FFFFFFF;

std::uint32_t little_endian(const std::uint8_t* at) {
    return static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8 |
           static_cast<std::uint32_t>(at[2]) << 16 | static_cast<std::uint32_t>(at[3]) << 24;
}

bool read_whole(msgpack::Reader& reader, u64& value) {
    const Item item = reader.next();
    value = item.whole;
    return item.kind == Kind::whole && value <= kLargest;
}

bool read_rate(msgpack::Reader& reader, double& value) {
    const Item item = reader.next();
    u64 numerator = 0, denominator = 0;
    if (item.kind != Kind::array || item.whole != 2) return false;
    if (!read_whole(reader, numerator) || !read_whole(reader, denominator)) return false;
    value = denominator > 0 ? static_cast<double>(numerator) / static_cast<double>(denominator) : 0;
    return value > 0;
}

bool read_name(msgpack::Reader& reader, std::string& value) {
    const Item item = reader.next();
    value = item.body.text();
    return item.kind == Kind::text;
}

bool read_names(msgpack::Reader& reader, std::vector<std::string>& values) {
    const Item item = reader.next();
    if (item.kind != Kind::array || item.whole != kWeights) return false;
    values.resize(kWeights);
    return std::all_of(values.begin(), values.end(), [&](std::string& value) { return read_name(reader, value); });
}

/// Appends an output's row. False if only some frames have it.
template <std::size_t N> bool append_row(std::size_t k, const Maybe<Floats<N>>& values, std::vector<float>& column) {
    if (column.size() != (values ? k * N : 0)) return false;
    if (values) column.insert(column.end(), values->begin(), values->end());
    return true;
}

/// Two neighbouring frames and where between them a time lies.
struct Place {
    std::size_t first = 0, second = 0;
    float share = 0, scale = 0;
};

void mix(const std::vector<float>& column, const Place& at, std::size_t stride, std::size_t from, std::size_t n, float* to) {
    for (std::size_t i = 0; i < n; ++i) {
        const float first = column.empty() ? 0 : column[at.first * stride + from + i];
        const float second = column.empty() ? 0 : column[at.second * stride + from + i];
        to[i] = (first + (second - first) * at.share) * at.scale;
    }
}

}  // namespace

struct Clip::Header {
    u64 frames = 0, frame_bytes = 0, sample_rate = 0;
    std::size_t end = 0;
};

double Clip::seconds() const {
    return n_frames() > 0 ? static_cast<double>(n_frames() - 1) / frames_per_second_ : 0;
}

Status Clip::read(Bytes file) {
    Clip made;
    Header header;
    const char* why = made.read_header(file, header);
    if (!why) why = made.read_frames(file.from(header.end), header);
    if (why) return fail(Status::bad_argument, "the file is no .spaceclip that can be read (%s); bake it anew", why);
    *this = std::move(made);
    return Status::ok;
}

const char* Clip::read_header(Bytes file, Header& header) {
    if (file.size < kPrefix || Bytes(file.data, 8).text() != "SPACECLP") return "it does not begin as one";
    if (little_endian(file.data + 8) != 1) return "its layout has another version than 1";
    const std::size_t size = little_endian(file.data + 12);
    if (size > kMaxHeader || size > file.size - kPrefix) return "its header is cut off";
    header.end = kPrefix + size;
    const Bytes bytes(file.data + kPrefix, size);
    if (!msgpack::Reader(bytes).skip(msgpack::kMaxDepth)) return "its header is no map";
    msgpack::Reader reader(bytes);
    const Item map = reader.next();
    if (map.kind != Kind::map) return "its header is no map";
    bool has_rate = false, has_names = false, fine = true;
    for (u64 left = map.whole; left > 0 && fine; --left) {
        const Text key = reader.next().body.text();
        if (key == "fps") fine = has_rate = read_rate(reader, frames_per_second_);
        else if (key == "weights") fine = has_names = read_names(reader, blendshapes_);
        else if (key == "name") fine = read_name(reader, name_);
        else if (key == "frames") fine = read_whole(reader, header.frames);
        else if (key == "frame_bytes") fine = read_whole(reader, header.frame_bytes);
        else if (key == "sample_rate") fine = read_whole(reader, header.sample_rate);
        else fine = reader.skip(msgpack::kMaxDepth - 1);
    }
    if (!fine || reader.left() != 0) return "its header has a value of another kind or range";
    if (!has_rate || !has_names || header.sample_rate == 0) return "its header lacks fps, sample_rate or weights";
    return nullptr;
}

const char* Clip::read_frames(Bytes frames, const Header& header) {
    if (header.frames == 0 || header.frame_bytes == 0) return "it has no frame";
    if (frames.size / header.frame_bytes != header.frames || frames.size % header.frame_bytes != 0) {
        return "its length is not that of its frames";
    }
    speech_.reserve(static_cast<std::size_t>(header.frames));
    Message message;
    for (std::size_t at = 0; at < frames.size; at += static_cast<std::size_t>(header.frame_bytes)) {
        const Verdict verdict = decode({frames.data + at, static_cast<std::size_t>(header.frame_bytes)}, message);
        const Frame* frame = verdict ? std::get_if<Frame>(&message) : nullptr;
        if (!frame) return verdict ? "a message that is no frame" : verdict.why;
        if (!check_ranges(message).empty()) return "a frame has a number that cannot be";
        if (const char* why = take(speech_.size(), *frame)) return why;
    }
    return nullptr;
}

const char* Clip::take(std::size_t k, const Frame& frame) {
    if (frame.index != k) return "its frames are not in order";
    const bool same = append_row(k, frame.weights, weights_) && append_row(k, frame.head, head_) &&
                      append_row(k, frame.eyes, eyes_);
    speech_.push_back(frame.speech);
    return same ? nullptr : "its frames differ in what they carry";
}

void Clip::sample(double seconds, Pose& pose, float strength) const {
    const bool begun = n_frames() > 0 && seconds >= 0;
    const double past = begun ? seconds - this->seconds() : 0;
    pose.state = begun ? State::playing : State::waiting;
    if (past > 0) pose.state = past < JitterBuffer::kRelease_s ? State::releasing : State::resting;
    Place at;
    if (begun) {
        const double frame = std::min(seconds * frames_per_second_, static_cast<double>(n_frames() - 1));
        at.first = static_cast<std::size_t>(frame);
        at.second = std::min(at.first + 1, n_frames() - 1);
        at.share = static_cast<float>(frame - std::floor(frame));
        at.scale = static_cast<float>(1 - std::clamp(past / JitterBuffer::kRelease_s, 0.0, 1.0)) * strength;
    }
    mix(speech_, at, 1, 0, 1, &pose.speech);
    mix(weights_, at, kWeights, 0, kWeights, pose.blendshapes.data());
    mix(head_, at, kHead, 0, 3, pose.head_rotation_rad.data());
    mix(head_, at, kHead, 3, 3, pose.head_translation.data());
    mix(eyes_, at, kEyes, 0, kEyes, pose.eye_rotation_rad.data());
    pose.has_landmarks = false;
    pose.keypoints.clear();
}

}  // namespace space
