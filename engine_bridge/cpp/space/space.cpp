// The C interface: checks pointers, converts values, calls the client.
#include "space/space.h"

#include <algorithm>
#include <iterator>
#include <new>

#include "space/c_structs.hpp"

struct space_client {
    space::Client client;
};

struct space_session {
    space::Session session;
};

namespace {

using space::Status;
using space::c::copy_text;
using space::c::null;
using space::c::status_of;

static_assert(static_cast<int>(Status::full) == SPACE_FULL, "the statuses are the same");
static_assert(static_cast<int>(space::State::resting) == SPACE_RESTING, "the states are the same");
static_assert(static_cast<int>(space::EventKind::notice) == SPACE_NOTICE, "the events are the same");

std::optional<std::uint64_t> time_of(std::uint64_t at_sample) {
    return at_sample == SPACE_NOW ? std::nullopt : std::optional<std::uint64_t>(at_sample);
}

template <class T> space_status init(T (*defaults)(), T* options, std::size_t size) {
    if (!options) return null("the structure");
    return status_of(space::c::write("the structure", defaults(), options, size));
}

space_event event_of(const space::Event& from) {
    space_event event{};
    event.kind = static_cast<std::uint32_t>(from.kind);
    event.session = from.session, event.stream = from.stream, event.sample = from.sample;
    event.late_ms = from.late_ms, event.frames = from.frames, event.dropped = from.dropped;
    copy_text(from.code, event.code, sizeof event.code);
    copy_text(from.text, event.text, sizeof event.text);
    return event;
}

}  // namespace

const char* space_last_error(void) { return space::last_error(); }

space_status space_client_options_init(space_client_options* options, size_t size) {
    return init(space::c::client_defaults, options, size);
}

space_status space_session_options_init(space_session_options* options, size_t size) {
    return init(space::c::session_defaults, options, size);
}

space_status space_stream_options_init(space_stream_options* options, size_t size) {
    return init(space::c::stream_defaults, options, size);
}

space_status space_speak_options_init(space_speak_options* options, size_t size) {
    return init(space::c::speak_defaults, options, size);
}

space_status space_controls_init(space_controls* controls, size_t size) {
    return init(space::c::controls_defaults, controls, size);
}

space_status space_client_create(const space_client_options* options, space_client** client) {
    if (!client) return null("client");
    *client = nullptr;
    space::ClientOptions chosen;
    if (const Status bad = space::c::convert(options, chosen); bad != Status::ok) return status_of(bad);
    auto* made = new (std::nothrow) space_client{space::Client(chosen)};
    if (made && made->client.is_valid()) return *client = made, SPACE_OK;
    const std::string why = made ? made->client.problem() : std::string("no memory");
    delete made;
    return status_of(space::fail(Status::bad_argument, "options.endpoint \"%s\": %s", chosen.endpoint.c_str(), why.c_str()));
}

void space_client_destroy(space_client* client) { delete client; }

int space_client_is_connected(const space_client* client) { return client && client->client.is_connected() ? 1 : 0; }

void space_client_problem(const space_client* client, char* text, size_t room) {
    copy_text(client ? client->client.problem() : std::string(), text, room);
}

space_status space_client_next_event(space_client* client, space_event* event) {
    if (!client) return null("client");
    if (!event) return null("event");
    const Status bad = space::c::check_size<space_event>("event", event->size);
    if (bad != Status::ok) return status_of(bad);
    space::Event taken;
    if (!client->client.next_event(taken)) return SPACE_NOTHING;
    return status_of(space::c::write("event", event_of(taken), event, event->size));
}

space_status space_client_get_counts(const space_client* client, space_client_counts* counts) {
    if (!client) return null("client");
    if (!counts) return null("counts");
    const space::ClientCounts now = client->client.counts();
    const space_client_counts all = {sizeof all,           now.connections,  now.messages_sent,  now.messages_received,
                                     now.bad_messages, now.unknown_messages, now.events_dropped};
    return status_of(space::c::write("counts", all, counts, counts->size));
}

int space_client_blendshape(const space_client* client, const char* name) {
    return client && name ? client->client.blendshape(name) : -1;
}

space_status space_client_blendshape_name(const space_client* client, size_t index, char* name, size_t room) {
    if (!client) return null("client");
    if (!name) return null("name");
    const std::vector<std::string> names = client->client.server().blendshapes;
    if (index >= names.size()) return SPACE_NOTHING;
    copy_text(names[index], name, room);
    return SPACE_OK;
}

space_status space_session_open(space_client* client, const space_session_options* options, space_session** session) {
    if (!client) return null("client");
    if (!session) return null("session");
    *session = nullptr;
    space::SessionOptions chosen;
    if (const Status bad = space::c::convert(options, chosen); bad != Status::ok) return status_of(bad);
    const bool has_rate = chosen.fps_numerator > 0 && chosen.fps_denominator > 0;
    auto* made = new (std::nothrow) space_session{client->client.open(chosen)};
    if (made && made->session.is_open()) return *session = made, SPACE_OK;
    delete made;
    return has_rate ? SPACE_FULL : SPACE_BAD_ARGUMENT;  // `last_error` tells
}

void space_session_destroy(space_session* session) { delete session; }

uint32_t space_session_id(const space_session* session) { return session ? session->session.id() : 0; }

int space_session_is_open(const space_session* session) { return session && session->session.is_open() ? 1 : 0; }

space_status space_session_get_counts(const space_session* session, space_session_counts* counts) {
    if (!session) return null("session");
    if (!counts) return null("counts");
    const space::SessionCounts now = session->session.counts();
    const space_session_counts all = {sizeof all,         now.frames.taken,   now.frames.replaced, now.frames.late,
                                      now.frames.foreign, now.frames.refused, now.underruns,       now.textures,
                                      now.textures_dropped, now.sound_dropped};
    return status_of(space::c::write("counts", all, counts, counts->size));
}

space_status space_session_start(space_session* session, const space_stream_options* options, uint32_t* stream) {
    if (!session) return null("session");
    space::StreamOptions chosen;
    if (const Status bad = space::c::convert(options, chosen); bad != Status::ok) return status_of(bad);
    return status_of(session->session.start(chosen, stream));
}

space_status space_session_push(space_session* session, const void* pcm, size_t n_bytes) {
    return session ? status_of(session->session.push(pcm, n_bytes)) : null("session");
}

space_status space_session_drive(space_session* session, const space_motion_row* rows, size_t n) {
    if (!session) return null("session");
    if (!rows && n > 0) return null("rows");
    std::vector<space::MotionRow> given(n);
    for (size_t i = 0; i < n; ++i) {
        given[i].sample = rows[i].sample, given[i].confidence = rows[i].confidence;
        std::copy(std::begin(rows[i].blendshapes), std::end(rows[i].blendshapes), given[i].blendshapes.begin());
        std::copy(std::begin(rows[i].head), std::end(rows[i].head), given[i].head.begin());
        std::copy(std::begin(rows[i].eyes), std::end(rows[i].eyes), given[i].eyes.begin());
    }
    return status_of(session->session.drive(given.data(), n));
}

space_status space_session_end(space_session* session) {
    return session ? status_of(session->session.end()) : null("session");
}

space_status space_session_speak(space_session* session, const space_speak_options* options, uint32_t* stream) {
    if (!session) return null("session");
    space::SpeakOptions chosen;
    if (const Status bad = space::c::convert(options, chosen); bad != Status::ok) return status_of(bad);
    return status_of(session->session.speak(chosen, stream));
}

space_status space_session_idle(space_session* session, const space_controls* controls, uint32_t* stream) {
    if (!session) return null("session");
    space::Controls chosen;
    if (const Status bad = space::c::convert(controls, chosen); bad != Status::ok) return status_of(bad);
    return status_of(session->session.idle(chosen, stream));
}

space_status space_session_set(space_session* session, uint64_t at_sample, const space_controls* controls, int fade_ms) {
    if (!session) return null("session");
    if (!controls) return null("controls");
    space::Controls chosen;
    if (const Status bad = space::c::convert(controls, chosen); bad != Status::ok) return status_of(bad);
    std::optional<std::uint32_t> fade;
    if (fade_ms >= 0) fade = static_cast<std::uint32_t>(fade_ms);
    return status_of(session->session.set(time_of(at_sample), chosen, fade));
}

space_status space_session_interrupt(space_session* session, uint64_t at_sample, uint32_t fade_ms) {
    return session ? status_of(session->session.interrupt(time_of(at_sample), fade_ms)) : null("session");
}

space_status space_session_evaluate(space_session* session, double position, double dt, space_pose* pose) {
    if (!session) return null("session");
    return pose ? status_of(session->session.evaluate(position, dt, pose->pose)) : null("pose");
}

space_status space_session_texture(space_session* session, space_texture* texture) {
    if (!session) return null("session");
    if (!texture) return null("texture");
    const std::size_t size = texture->size;
    if (const Status bad = space::c::check_size<space_texture>("texture", size); bad != Status::ok) return status_of(bad);
    space::TexturePointer found = session->session.texture();
    space_texture filled{};
    if (found) {
        filled.stream = found->stream, filled.index = found->index, filled.sample = found->sample;
        filled.width = found->width, filled.height = found->height;
        copy_text(found->format, filled.format, sizeof filled.format);
        filled.pixels = found->pixels.data(), filled.n_pixels = found->pixels.size();
        filled.owner = new (std::nothrow) space::TexturePointer(std::move(found));
    }
    space::c::write("texture", filled, texture, size);
    return filled.owner ? SPACE_OK : SPACE_NOTHING;
}

void space_texture_release(space_texture* texture) {
    if (!texture) return;
    delete static_cast<space::TexturePointer*>(texture->owner);
    texture->owner = nullptr;
    space::c::write("texture", space_texture{}, texture, texture->size);
}

space_status space_pose_create(space_pose** pose) {
    if (!pose) return null("pose");
    *pose = new (std::nothrow) space_pose{};
    return *pose ? SPACE_OK : status_of(space::fail(Status::full, "no memory for a pose"));
}

void space_pose_destroy(space_pose* pose) { delete pose; }

const float* space_pose_part(const space_pose* pose, space_part part, size_t* n) {
    const auto give = [n](const float* values, std::size_t size) {
        if (n) *n = size;
        return size > 0 ? values : nullptr;
    };
    if (!pose) return give(nullptr, 0);
    const space::Pose& of = pose->pose;
    switch (part) {
        case SPACE_PART_BLENDSHAPES: return give(of.blendshapes.data(), of.blendshapes.size());
        case SPACE_PART_HEAD_ROTATION_RAD: return give(of.head_rotation_rad.data(), of.head_rotation_rad.size());
        case SPACE_PART_HEAD_TRANSLATION: return give(of.head_translation.data(), of.head_translation.size());
        case SPACE_PART_EYE_ROTATION_RAD: return give(of.eye_rotation_rad.data(), of.eye_rotation_rad.size());
        case SPACE_PART_LANDMARKS: return give(of.landmarks.data(), of.has_landmarks ? of.landmarks.size() : 0);
        case SPACE_PART_KEYPOINTS: return give(of.keypoints.data(), of.keypoints.size());
    }
    return give(nullptr, 0);
}

float space_pose_speech(const space_pose* pose) { return pose ? pose->pose.speech : 0.0F; }

space_state space_pose_state(const space_pose* pose) {
    return pose ? static_cast<space_state>(pose->pose.state) : SPACE_WAITING;
}
