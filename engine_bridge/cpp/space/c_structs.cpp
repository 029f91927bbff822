#include "space/c_structs.hpp"

#include <algorithm>
#include <cstddef>

namespace space::c {

namespace {

// No structure ends in padding: a member that is added never lies in what an earlier caller left undefined. In
// space_controls, where members say themselves that they are set, it may.
#define SPACE_ENDS_WITH(type, member) \
    static_assert(sizeof(void*) != 8 || offsetof(type, member) + sizeof(type::member) == sizeof(type), "no padding at the end")
SPACE_ENDS_WITH(space_client_options, silence_s);
SPACE_ENDS_WITH(space_session_options, n_portrait);
SPACE_ENDS_WITH(space_stream_options, controls);
SPACE_ENDS_WITH(space_speak_options, controls);
SPACE_ENDS_WITH(space_event, text);
SPACE_ENDS_WITH(space_texture, format);
SPACE_ENDS_WITH(space_client_counts, events_dropped);
SPACE_ENDS_WITH(space_session_counts, sound_dropped);
#undef SPACE_ENDS_WITH

constexpr std::uint32_t kOutputs = SPACE_OUTPUT_BLENDSHAPES | SPACE_OUTPUT_HEAD | SPACE_OUTPUT_EYES |
                                   SPACE_OUTPUT_LANDMARKS | SPACE_OUTPUT_TEXTURE | SPACE_OUTPUT_KEYPOINTS;

#define SPACE_SET_BIT(member, NAME) | SPACE_SET_##NAME
#define SPACE_VECTOR_BITS(member, NAME, length) | SPACE_SET_##NAME | SPACE_UNSET_##NAME
constexpr std::uint32_t kControls = 0 SPACE_CONTROLS(SPACE_SET_BIT, SPACE_SET_BIT, SPACE_VECTOR_BITS, SPACE_SET_BIT);
#undef SPACE_SET_BIT
#undef SPACE_VECTOR_BITS

std::string text_of(const char* text) { return text ? std::string(text) : std::string(); }

std::vector<std::uint8_t> bytes_of(const void* data, std::size_t n) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    return bytes ? std::vector<std::uint8_t>(bytes, bytes + n) : std::vector<std::uint8_t>();
}

Status set_mix(const char* name, const space_emotion* from, std::size_t n, std::optional<Mix>& to) {
    if (!from && n > 0) return fail(Status::bad_argument, "controls.%s is null, but n_%s is %zu", name, name, n);
    to.emplace();
    for (std::size_t i = 0; i < n; ++i) {
        if (!from[i].label) return fail(Status::bad_argument, "controls.%s[%zu].label is null", name, i);
        to->emplace_back(from[i].label, from[i].amount);
    }
    return Status::ok;
}

Status set_text(const char* name, const char* from, std::optional<std::string_view>& to) {
    if (!from) return fail(Status::bad_argument, "controls.%s is null", name);
    to = from;
    return Status::ok;
}

template <std::size_t N> void set_vector(bool none, const float (&from)[N], std::optional<FloatsOrNone<N>>& to) {
    to.emplace().none = none;
    if (!none) std::copy(from, from + N, to->values.begin());
}

}  // namespace

space_status null(const char* argument) { return status_of(fail(Status::bad_argument, "%s is null", argument)); }

void copy_text(const std::string& from, char* to, std::size_t room) {
    if (!to || room == 0) return;
    std::size_t n = std::min(from.size(), room - 1);
    while (n < from.size() && n > 0 && (static_cast<unsigned char>(from[n]) & 0xC0U) == 0x80U) --n;
    std::copy_n(from.data(), n, to);
    to[n] = '\0';
}

space_client_options client_defaults() {
    const ClientOptions defaults;
    return {sizeof(space_client_options), "tcp://127.0.0.1:5570", "space-c", 0, defaults.message_bytes,
            defaults.handshake_s, defaults.silence_s};
}

space_session_options session_defaults() {
    const SessionOptions defaults;
    space_session_options options{};
    options.size = sizeof options;
    options.outputs = SPACE_OUTPUT_BLENDSHAPES | SPACE_OUTPUT_HEAD | SPACE_OUTPUT_EYES;
    options.fps_numerator = defaults.fps_numerator, options.fps_denominator = defaults.fps_denominator;
    options.playout_ms = defaults.playout_ms, options.lease_ms = defaults.lease_ms;
    options.texture_format = "jpeg";
    return options;
}

space_stream_options stream_defaults() {
    const StreamOptions defaults;
    space_stream_options options{};
    options.size = sizeof options;
    options.rate = defaults.rate, options.channels = defaults.channels;
    return options;
}

space_speak_options speak_defaults() {
    space_speak_options options{};
    options.size = sizeof options;
    return options;
}

space_controls controls_defaults() {
    space_controls controls{};
    controls.size = sizeof controls;
    return controls;
}

Status convert(const space_client_options* from, ClientOptions& to) {
    space_client_options given = client_defaults();
    if (from) {
        if (const Status bad = read("options", *from, given); bad != Status::ok) return bad;
    }
    if (!given.endpoint) return fail(Status::bad_argument, "options.endpoint is null");
    if (!(given.handshake_s > 0) || !(given.silence_s > 0) || given.message_bytes == 0) {
        return fail(Status::bad_argument, "options.handshake_s is %g, silence_s %g, message_bytes %zu; expected above 0",
                    given.handshake_s, given.silence_s, given.message_bytes);
    }
    to.endpoint = given.endpoint, to.name = text_of(given.name), to.allow_remote = given.allow_remote != 0;
    to.message_bytes = given.message_bytes, to.handshake_s = given.handshake_s, to.silence_s = given.silence_s;
    return Status::ok;
}

Status convert(const space_session_options* from, SessionOptions& to) {
    space_session_options given = session_defaults();
    if (from) {
        if (const Status bad = read("options", *from, given); bad != Status::ok) return bad;
    }
    if (given.outputs & ~kOutputs) return fail(Status::bad_argument, "options.outputs is 0x%x; expected SPACE_OUTPUT_… only", given.outputs);
    const auto has = [&given](std::uint32_t bit) { return (given.outputs & bit) != 0; };
    to.blendshapes = has(SPACE_OUTPUT_BLENDSHAPES), to.head = has(SPACE_OUTPUT_HEAD), to.eyes = has(SPACE_OUTPUT_EYES);
    to.landmarks = has(SPACE_OUTPUT_LANDMARKS), to.keypoints = has(SPACE_OUTPUT_KEYPOINTS);
    to.texture = has(SPACE_OUTPUT_TEXTURE);
    to.texture_format = text_of(given.texture_format), to.character = text_of(given.character);
    to.fps_numerator = given.fps_numerator, to.fps_denominator = given.fps_denominator;
    to.playout_ms = given.playout_ms, to.lease_ms = given.lease_ms;
    if (!given.portrait && given.n_portrait > 0) {
        return fail(Status::bad_argument, "options.portrait is null, but n_portrait is %zu", given.n_portrait);
    }
    to.portrait = bytes_of(given.portrait, given.n_portrait);
    return Status::ok;
}

Status convert(const space_stream_options* from, StreamOptions& to) {
    space_stream_options given = stream_defaults();
    if (from) {
        if (const Status bad = read("options", *from, given); bad != Status::ok) return bad;
    }
    if (given.sample_format > SPACE_F32) {
        return fail(Status::bad_argument, "options.sample_format is %u; expected SPACE_S16 or SPACE_F32",
                    given.sample_format);
    }
    to.rate = given.rate, to.channels = given.channels, to.first_sample = given.first_sample;
    to.format = given.sample_format == SPACE_F32 ? SampleFormat::f32 : SampleFormat::s16;
    to.pace = given.clip ? Pace::clip : Pace::live;
    return convert(given.controls, to.controls);
}

Status convert(const space_speak_options* from, SpeakOptions& to) {
    space_speak_options given = speak_defaults();
    if (!from) return fail(Status::bad_argument, "options is null; expected a sound or an asset");
    if (const Status bad = read("options", *from, given); bad != Status::ok) return bad;
    if (!given.sound && given.n_sound > 0) {
        return fail(Status::bad_argument, "options.sound is null, but n_sound is %zu", given.n_sound);
    }
    to.sound = bytes_of(given.sound, given.n_sound), to.asset = text_of(given.asset);
    to.pace = given.clip ? Pace::clip : Pace::live;
    return convert(given.controls, to.controls);
}

Status convert(const space_controls* from, Controls& to) {
    space_controls given = controls_defaults();
    if (!from) return Status::ok;
    if (const Status bad = read("controls", *from, given); bad != Status::ok) return bad;
    if (given.set & ~kControls) return fail(Status::bad_argument, "controls.set is 0x%x; expected SPACE_SET_… only", given.set);
    const auto has = [&given](std::uint32_t bit) { return (given.set & bit) != 0; };
    Status status = Status::ok;
#define SPACE_NUMBER(member, NAME) \
    if (has(SPACE_SET_##NAME)) to.member = given.member;
#define SPACE_TEXT(member, NAME) \
    if (status == Status::ok && has(SPACE_SET_##NAME)) status = set_text(#member, given.member, to.member);
#define SPACE_VECTOR(member, NAME, length) \
    if (has(SPACE_SET_##NAME | SPACE_UNSET_##NAME)) set_vector(has(SPACE_UNSET_##NAME), given.member, to.member);
#define SPACE_MIX(member, NAME) \
    if (status == Status::ok && has(SPACE_SET_##NAME)) status = set_mix(#member, given.member, given.n_##member, to.member);
    SPACE_CONTROLS(SPACE_NUMBER, SPACE_TEXT, SPACE_VECTOR, SPACE_MIX)
#undef SPACE_NUMBER
#undef SPACE_TEXT
#undef SPACE_VECTOR
#undef SPACE_MIX
    return status;
}

}  // namespace space::c
