// The C interface: checks pointers, converts values, calls the client.
#include "space/space.h"

#include <algorithm>
#include <new>

#include "space/client.hpp"

struct space_client {
    space::Client client;
};

struct space_session {
    space::Session session;
};

namespace {

using space::Controls;
using space::Status;

static_assert(static_cast<int>(Status::full) == SPACE_FULL, "the statuses are the same");
static_assert(static_cast<int>(space::State::resting) == SPACE_RESTING, "the states are the same");
static_assert(static_cast<int>(space::EventKind::bye) == SPACE_BYE, "the events are the same");

space_status status_of(Status status) { return static_cast<space_status>(status); }

std::string text_of(const char* text) { return text ? std::string(text) : std::string(); }

/// Copies what fits, cut between characters, with a zero at the end.
void copy_text(const std::string& from, char* to, std::size_t room) {
    if (!to || room == 0) return;
    std::size_t n = std::min(from.size(), room - 1);
    while (n < from.size() && n > 0 && (static_cast<unsigned char>(from[n]) & 0xC0U) == 0x80U) --n;
    std::copy_n(from.data(), n, to);
    to[n] = '\0';
}

template <std::size_t N> void copy(const space::Floats<N>& from, float (&to)[N]) {
    std::copy(from.begin(), from.end(), to);
}

Controls controls_of(const space_controls* from) {
    Controls to;
    if (!from) return to;
    const auto has = [from](std::uint32_t bit) { return (from->set & bit) != 0; };
    if (has(SPACE_SET_SEED)) to.seed = from->seed;
    if (has(SPACE_SET_MOUTH)) to.mouth_strength = from->mouth;
    if (has(SPACE_SET_EXPRESSION)) to.expression_strength = from->expression;
    if (has(SPACE_SET_BLINKS)) to.blinks_per_minute = from->blinks;
    if (has(SPACE_SET_HEAD_STRENGTH)) to.head_strength = from->head_strength;
    if (has(SPACE_SET_BROWS)) to.brow_strength = from->brows;
    if (has(SPACE_SET_SACCADES)) to.saccade_strength = from->saccades;
    if (has(SPACE_SET_HEAD) && from->head) to.head_mode = space::Text(from->head);
    if (has(SPACE_SET_GAZE)) to.gaze_rad = {{from->gaze[0], from->gaze[1]}, false};
    if (has(SPACE_SET_LOOK_AT)) to.look_at = {{from->look_at[0], from->look_at[1], from->look_at[2]}, false};
    if (has(SPACE_UNSET_GAZE)) to.gaze_rad.emplace().none = true;
    if (has(SPACE_UNSET_LOOK_AT)) to.look_at.emplace().none = true;
    if (!has(SPACE_SET_EMOTION)) return to;
    to.emotion.emplace();
    for (std::size_t i = 0; from->emotions && i < from->n_emotions; ++i) {
        const space_emotion& emotion = from->emotions[i];
        to.emotion->emplace_back(emotion.label ? space::Text(emotion.label) : space::Text(), emotion.amount);
    }
    return to;
}

}  // namespace

void space_client_options_init(space_client_options* options) {
    if (!options) return;
    const space::ClientOptions defaults;
    *options = {"tcp://127.0.0.1:5570", "space-cpp", 0, defaults.message_bytes, defaults.handshake_s,
                defaults.silence_s};
}

void space_session_options_init(space_session_options* options) {
    if (!options) return;
    const space::SessionOptions defaults;
    *options = {};
    options->outputs = SPACE_WEIGHTS | SPACE_HEAD | SPACE_EYES;
    options->fps_numerator = defaults.fps_numerator, options->fps_denominator = defaults.fps_denominator;
    options->playout_ms = defaults.playout_ms;
}

void space_stream_options_init(space_stream_options* options) {
    if (!options) return;
    *options = {};
    options->rate = 16000, options->channels = 1;
}

space_status space_client_create(const space_client_options* options, space_client** client) {
    if (!client) return SPACE_BAD_ARGUMENT;
    *client = nullptr;
    space::ClientOptions chosen;
    if (options) {
        if (options->endpoint) chosen.endpoint = options->endpoint;
        if (options->name) chosen.name = options->name;
        chosen.allow_remote = options->allow_remote != 0;
        if (options->message_bytes > 0) chosen.message_bytes = options->message_bytes;
        if (options->handshake_s > 0) chosen.handshake_s = options->handshake_s;
        if (options->silence_s > 0) chosen.silence_s = options->silence_s;
    }
    auto* made = new (std::nothrow) space_client{space::Client(chosen)};
    if (made && made->client.is_valid()) return *client = made, SPACE_OK;
    delete made;
    return SPACE_BAD_ARGUMENT;
}

void space_client_destroy(space_client* client) { delete client; }

int space_client_is_connected(const space_client* client) { return client && client->client.is_connected() ? 1 : 0; }

void space_client_problem(const space_client* client, char* text, size_t room) {
    copy_text(client ? client->client.problem() : std::string(), text, room);
}

space_status space_next_event(space_client* client, space_event* event) {
    space::Event taken;
    if (!client || !event) return SPACE_BAD_ARGUMENT;
    if (!client->client.next_event(taken)) return SPACE_NOTHING;
    event->kind = static_cast<space_event_kind>(taken.kind);
    event->session = taken.session, event->stream = taken.stream, event->sample = taken.sample;
    event->late_ms = taken.late_ms, event->frames = taken.frames, event->dropped = taken.dropped;
    copy_text(taken.code, event->code, sizeof event->code);
    copy_text(taken.text, event->text, sizeof event->text);
    return SPACE_OK;
}

space_status space_client_counts(const space_client* client, space_counts* counts) {
    if (!client || !counts) return SPACE_BAD_ARGUMENT;
    const space::ClientCounts now = client->client.counts();
    *counts = {now.connections,  now.messages_sent,    now.messages_received,
               now.bad_messages, now.unknown_messages, now.events_dropped};
    return SPACE_OK;
}

int space_weight(const space_client* client, const char* name) {
    return client && name ? client->client.weight(name) : -1;
}

space_status space_weight_name(const space_client* client, size_t index, char* name, size_t room) {
    if (!client || !name) return SPACE_BAD_ARGUMENT;
    const std::vector<std::string> names = client->client.server().weights;
    if (index >= names.size()) return SPACE_NOTHING;
    copy_text(names[index], name, room);
    return SPACE_OK;
}

space_status space_session_open(space_client* client, const space_session_options* options, space_session** session) {
    if (!client || !session) return SPACE_BAD_ARGUMENT;
    *session = nullptr;
    space::SessionOptions chosen;
    if (options) {
        const auto has = [options](std::uint32_t bit) { return (options->outputs & bit) != 0; };
        chosen.weights = has(SPACE_WEIGHTS), chosen.head = has(SPACE_HEAD);
        chosen.eyes = has(SPACE_EYES), chosen.landmarks = has(SPACE_LANDMARKS);
        chosen.texture = text_of(options->texture), chosen.character = text_of(options->character);
        chosen.fps_numerator = options->fps_numerator, chosen.fps_denominator = options->fps_denominator;
        chosen.playout_ms = options->playout_ms, chosen.lease_ms = options->lease_ms;
        const auto* portrait = static_cast<const std::uint8_t*>(options->portrait);
        if (portrait) chosen.portrait.assign(portrait, portrait + options->n_portrait);
    }
    if (chosen.fps_numerator == 0 || chosen.fps_denominator == 0) return SPACE_BAD_ARGUMENT;
    auto* made = new (std::nothrow) space_session{client->client.open(chosen)};
    if (made && made->session.is_open()) return *session = made, SPACE_OK;
    delete made;
    return SPACE_FULL;
}

void space_session_destroy(space_session* session) { delete session; }

uint32_t space_session_id(const space_session* session) { return session ? session->session.id() : 0; }

int space_session_is_open(const space_session* session) { return session && session->session.is_open() ? 1 : 0; }

space_status space_session_get_counts(const space_session* session, space_session_counts* counts) {
    if (!session || !counts) return SPACE_BAD_ARGUMENT;
    const space::SessionCounts now = session->session.counts();
    *counts = {now.frames.taken,   now.frames.replaced, now.frames.late,      now.frames.foreign, now.frames.refused,
               now.underruns,      now.textures,        now.textures_dropped, now.sound_dropped};
    return SPACE_OK;
}

space_status space_start(space_session* session, const space_stream_options* options, uint32_t* stream) {
    if (!session) return SPACE_BAD_ARGUMENT;
    space::StreamOptions chosen;
    if (options) {
        chosen.rate = options->rate, chosen.channels = options->channels, chosen.first_sample = options->first_sample;
        chosen.format = options->format == SPACE_F32 ? space::SampleFormat::f32 : space::SampleFormat::s16;
        chosen.pace = options->clip ? space::Pace::clip : space::Pace::live;
        chosen.controls = controls_of(&options->controls);
    }
    return status_of(session->session.start(chosen, stream));
}

space_status space_push(space_session* session, const void* pcm, size_t n_bytes) {
    if (!session || (!pcm && n_bytes)) return SPACE_BAD_ARGUMENT;
    return status_of(session->session.push(space::Bytes(static_cast<const std::uint8_t*>(pcm), n_bytes)));
}

space_status space_end(space_session* session) {
    return session ? status_of(session->session.end()) : SPACE_BAD_ARGUMENT;
}

space_status space_speak(space_session* session, const void* sound, size_t n_sound, const char* asset, int clip,
                         const space_controls* controls, uint32_t* stream) {
    if (!session) return SPACE_BAD_ARGUMENT;
    space::SpeakOptions chosen;
    if (sound) chosen.sound = {static_cast<const std::uint8_t*>(sound), n_sound};
    if (asset) chosen.asset = asset;
    chosen.pace = clip ? space::Pace::clip : space::Pace::live;
    chosen.controls = controls_of(controls);
    return status_of(session->session.speak(chosen, stream));
}

space_status space_idle(space_session* session, const space_controls* controls, uint32_t* stream) {
    return session ? status_of(session->session.idle(controls_of(controls), stream)) : SPACE_BAD_ARGUMENT;
}

space_status space_set(space_session* session, uint64_t at_sample, const space_controls* controls, int fade_ms) {
    if (!session || !controls) return SPACE_BAD_ARGUMENT;
    space::Maybe<space::u32> fade;
    if (fade_ms >= 0) fade = static_cast<space::u32>(fade_ms);
    return status_of(session->session.set(at_sample, controls_of(controls), fade));
}

space_status space_interrupt(space_session* session, uint64_t at_sample, uint32_t fade_ms) {
    return session ? status_of(session->session.interrupt(at_sample, fade_ms)) : SPACE_BAD_ARGUMENT;
}

space_status space_sample(space_session* session, double position, double dt, space_pose* pose) {
    if (!session || !pose) return SPACE_BAD_ARGUMENT;
    space::Pose found;
    const Status status = session->session.sample(position, dt, found);
    copy(found.weights, pose->weights), copy(found.head, pose->head), copy(found.eyes, pose->eyes);
    copy(found.landmarks, pose->landmarks);
    pose->speech = found.speech, pose->has_landmarks = found.has_landmarks ? 1 : 0;
    pose->state = static_cast<space_state>(found.state);
    return status_of(status);
}

space_status space_texture_acquire(space_session* session, space_texture* texture) {
    if (!session || !texture) return SPACE_BAD_ARGUMENT;
    *texture = {};
    space::TexturePointer found = session->session.texture();
    if (!found) return SPACE_NOTHING;
    texture->stream = found->stream, texture->index = found->index, texture->sample = found->sample;
    texture->width = found->width, texture->height = found->height;
    copy_text(found->format, texture->format, sizeof texture->format);
    texture->pixels = found->pixels.data(), texture->n_pixels = found->pixels.size();
    texture->owner = new (std::nothrow) space::TexturePointer(std::move(found));
    return texture->owner ? SPACE_OK : SPACE_NOTHING;
}

void space_texture_release(space_texture* texture) {
    if (!texture) return;
    delete static_cast<space::TexturePointer*>(texture->owner);
    *texture = {};
}
