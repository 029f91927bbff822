#include "space/c_structs.hpp"

#include <cstddef>

namespace space::c {

namespace {

// No structure ends in padding: a member that is added never lies in what an earlier caller left undefined.
#define SPACE_ENDS_WITH(type, member) \
    static_assert(sizeof(void*) != 8 || offsetof(type, member) + sizeof(type::member) == sizeof(type), "no padding at the end")
SPACE_ENDS_WITH(space_client_options, silence_s);
SPACE_ENDS_WITH(space_session_options, n_portrait);
SPACE_ENDS_WITH(space_controls, look_at);
SPACE_ENDS_WITH(space_stream_options, controls);
SPACE_ENDS_WITH(space_speak_options, controls);
SPACE_ENDS_WITH(space_event, text);
SPACE_ENDS_WITH(space_texture, format);
SPACE_ENDS_WITH(space_client_counts, events_dropped);
SPACE_ENDS_WITH(space_session_counts, sound_dropped);
#undef SPACE_ENDS_WITH

constexpr std::uint32_t kOutputs = SPACE_OUTPUT_BLENDSHAPES | SPACE_OUTPUT_HEAD | SPACE_OUTPUT_EYES |
                                   SPACE_OUTPUT_LANDMARKS | SPACE_OUTPUT_TEXTURE | SPACE_OUTPUT_KEYPOINTS;
constexpr std::uint32_t kControls = (SPACE_SET_SACCADE_STRENGTH << 1) - 1;

std::string text_of(const char* text) { return text ? std::string(text) : std::string(); }

std::vector<std::uint8_t> bytes_of(const void* data, std::size_t n) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    return bytes ? std::vector<std::uint8_t>(bytes, bytes + n) : std::vector<std::uint8_t>();
}

Status set_emotion(const space_controls& from, Controls& to) {
    if (!from.emotion && from.n_emotion > 0) {
        return fail(Status::bad_argument, "controls.emotion is null, but n_emotion is %zu", from.n_emotion);
    }
    to.emotion.emplace();
    for (std::size_t i = 0; i < from.n_emotion; ++i) {
        if (!from.emotion[i].label) return fail(Status::bad_argument, "controls.emotion[%zu].label is null", i);
        to.emotion->emplace_back(from.emotion[i].label, from.emotion[i].amount);
    }
    return Status::ok;
}

}  // namespace

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
    if (has(SPACE_SET_SEED)) to.seed = given.seed;
    if (has(SPACE_SET_MOUTH_STRENGTH)) to.mouth = given.mouth_strength;
    if (has(SPACE_SET_EXPRESSION_STRENGTH)) to.expression = given.expression_strength;
    if (has(SPACE_SET_BLINKS_PER_MINUTE)) to.blinks = given.blinks_per_minute;
    if (has(SPACE_SET_HEAD_STRENGTH)) to.head_strength = given.head_strength;
    if (has(SPACE_SET_BROW_STRENGTH)) to.brows = given.brow_strength;
    if (has(SPACE_SET_SACCADE_STRENGTH)) to.saccades = given.saccade_strength;
    if (has(SPACE_SET_GAZE_RAD)) to.gaze = {{given.gaze_rad[0], given.gaze_rad[1]}, false};
    if (has(SPACE_SET_LOOK_AT)) to.look_at = {{given.look_at[0], given.look_at[1], given.look_at[2]}, false};
    if (has(SPACE_UNSET_GAZE_RAD)) to.gaze.emplace().none = true;
    if (has(SPACE_UNSET_LOOK_AT)) to.look_at.emplace().none = true;
    if (has(SPACE_SET_HEAD_MODE) && !given.head_mode) return fail(Status::bad_argument, "controls.head_mode is null");
    if (has(SPACE_SET_HEAD_MODE)) to.head = std::string_view(given.head_mode);
    return has(SPACE_SET_EMOTION) ? set_emotion(given, to) : Status::ok;
}

}  // namespace space::c
