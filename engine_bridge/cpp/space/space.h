/* The C interface of the SPACE client: speech to a SPACE server, facial animation back.
 *
 *     space_client *client;
 *     space_client_create(NULL, &client);                    connects in the background to tcp://127.0.0.1:5570
 *     space_session *face;
 *     space_session_open(client, NULL, &face);
 *     space_start(face, NULL, NULL);                         a stream of 16 kHz mono int16
 *     space_push(face, pcm, n_bytes);                        as the sound comes
 *     space_sample(face, position, dt, &pose);               every frame of the game: where playback is, in samples
 *
 * Every function may be called from any thread, returns at once and calls nobody back; news is polled. Texts are UTF-8.
 * Pointers that go in are read during the call alone. Positions, samples and angles: engine_bridge/PROTOCOL.md.
 */
#ifndef SPACE_SPACE_H
#define SPACE_SPACE_H

#include <stddef.h>
#include <stdint.h>

/* Define SPACE_EXPORT where a shared library is built, SPACE_IMPORT where it is used, neither for static linking. */
#if defined(_WIN32) && defined(SPACE_EXPORT)
#define SPACE_API __declspec(dllexport)
#elif defined(_WIN32) && defined(SPACE_IMPORT)
#define SPACE_API __declspec(dllimport)
#elif defined(__GNUC__) && defined(SPACE_EXPORT)
#define SPACE_API __attribute__((visibility("default")))
#else
#define SPACE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct space_client space_client;
typedef struct space_session space_session;

typedef enum space_status {
    SPACE_OK = 0,
    SPACE_BAD_ARGUMENT = 1, /* a null pointer, a value outside its range, bytes that are no whole samples */
    SPACE_CLOSED = 2,       /* the session is closed */
    SPACE_NO_STREAM = 3,    /* there is no stream that takes this */
    SPACE_FULL = 4,         /* 30 s of sound wait, or too many sessions: nothing was taken, try again later */
    SPACE_NOTHING = 5       /* no event, no picture */
} space_status;

/* Initialise options with the functions below, then change what matters. */
typedef struct space_client_options {
    const char *endpoint; /* "tcp://127.0.0.1:5570": a numeric address or localhost */
    const char *name;     /* the caller's name and version, for the server's log */
    int allow_remote;     /* other than loopback; neither encrypted nor checked */
    size_t message_bytes; /* longest part taken from the server */
    double handshake_s, silence_s;
} space_client_options;

enum { SPACE_WEIGHTS = 1, SPACE_HEAD = 2, SPACE_EYES = 4, SPACE_LANDMARKS = 8 };

typedef struct space_session_options {
    uint32_t outputs;      /* SPACE_WEIGHTS | … */
    const char *texture;   /* "rgb", "jpeg", "webp"; NULL: none */
    uint32_t fps_numerator, fps_denominator;
    uint32_t playout_ms;   /* how long after pushing a sound it is played */
    const char *character; /* name of a picture on the server, or NULL */
    const void *portrait;  /* a picture file's bytes, or NULL */
    size_t n_portrait;
    uint32_t lease_ms;     /* 0: the server's default */
} space_session_options;

/* Which members of space_controls are meant. */
enum {
    SPACE_SET_SEED = 1 << 0,
    SPACE_SET_EMOTION = 1 << 1,
    SPACE_SET_MOUTH = 1 << 2,
    SPACE_SET_EXPRESSION = 1 << 3,
    SPACE_SET_BLINKS = 1 << 4,
    SPACE_SET_GAZE = 1 << 5,
    SPACE_SET_LOOK_AT = 1 << 6,
    SPACE_SET_HEAD = 1 << 7,
    SPACE_SET_HEAD_STRENGTH = 1 << 8,
    SPACE_UNSET_GAZE = 1 << 9,     /* back to eye contact */
    SPACE_UNSET_LOOK_AT = 1 << 10, /* no point any more */
    SPACE_SET_BROWS = 1 << 11,
    SPACE_SET_SACCADES = 1 << 12
};

typedef struct space_emotion {
    const char *label;
    float amount; /* 0 … 1 */
} space_emotion;

typedef struct space_controls {
    uint32_t set; /* SPACE_SET_… | … ; 0: as it is */
    uint64_t seed;
    const space_emotion *emotions;
    size_t n_emotions;
    float mouth, expression; /* strengths, 0 … 2 */
    float blinks;            /* a minute, 0 … 120 */
    float gaze[2];           /* yaw, pitch, radians */
    float look_at[3];
    const char *head;        /* "keep" or "idle" */
    float head_strength;     /* 0 … 2 */
    float brows;             /* strength on stressed syllables, 0 … 2 */
    float saccades;          /* strength of the gaze's small shifts and glances aside, 0 … 2 */
} space_controls;

typedef enum space_sample_format { SPACE_S16 = 0, SPACE_F32 = 1 } space_sample_format;

typedef struct space_stream_options {
    uint32_t rate; /* hertz */
    space_sample_format format;
    uint32_t channels;
    uint64_t first_sample;
    int clip; /* 0: frames at the pace of the clock; 1: as soon as they are made */
    space_controls controls;
} space_stream_options;

typedef enum space_state {
    SPACE_WAITING = 0,
    SPACE_PLAYING = 1,
    SPACE_HOLDING = 2,
    SPACE_RELEASING = 3,
    SPACE_RESTING = 4
} space_state;

typedef struct space_pose {
    float weights[52]; /* 0 … 1; names: space_weight_name */
    float head[6];     /* yaw, pitch, roll (radians), x, y, z (outer-eye-corner distances), from rest */
    float eyes[4];     /* yaw, pitch of the character's left eye, then of the right */
    float speech;      /* how much of it is speech, 0 … 1 */
    space_state state;
    int has_landmarks;
    float landmarks[234];
} space_pose;

typedef enum space_event_kind {
    SPACE_CONNECTED = 0,    /* text: the server */
    SPACE_DISCONNECTED = 1, /* text: why; it is connected again in the background */
    SPACE_OPENED = 2,       /* the session exists on the server (again) */
    SPACE_LOST = 3,         /* the server ended the session; it is opened again. text: reason */
    SPACE_SESSION_CLOSED = 4,
    SPACE_STARTED = 5,      /* sample */
    SPACE_UNDERRUN = 6,     /* sample, late_ms */
    SPACE_FINISHED = 7,     /* text: reason; sample, frames, dropped */
    SPACE_ERROR = 8,        /* code, text */
    SPACE_BYE = 9           /* the server stops. text: reason */
} space_event_kind;

typedef struct space_event {
    space_event_kind kind;
    uint32_t session; /* space_session_id; 0: none in particular */
    uint32_t stream;  /* 0: none in particular */
    double sample;
    uint32_t late_ms, frames, dropped;
    char code[32];
    char text[512];
} space_event;

/* A picture. Give it back with space_texture_release. */
typedef struct space_texture {
    uint32_t stream, index;
    double sample;
    char format[8];
    uint32_t width, height;
    const uint8_t *pixels; /* rgb: rows from the top, 3 bytes a pixel; otherwise a file */
    size_t n_pixels;       /* bytes */
    void *owner;
} space_texture;

typedef struct space_counts {
    uint64_t connections, messages_sent, messages_received, bad_messages, unknown_messages, events_dropped;
} space_counts;

typedef struct space_session_counts {
    uint64_t taken, replaced, late, foreign, refused; /* frames */
    uint64_t underruns, textures, textures_dropped, sound_dropped;
} space_session_counts;

SPACE_API void space_client_options_init(space_client_options *options);
SPACE_API void space_session_options_init(space_session_options *options);
SPACE_API void space_stream_options_init(space_stream_options *options);

/* Makes a client that connects in the background. options: NULL for the defaults. SPACE_BAD_ARGUMENT: the endpoint is
 * malformed, or another machine's without allow_remote. */
SPACE_API space_status space_client_create(const space_client_options *options, space_client **client);
/* Ends it within 100 ms in every state. Its sessions are closed, and still to be destroyed. NULL is allowed. */
SPACE_API void space_client_destroy(space_client *client);
SPACE_API int space_client_is_connected(const space_client *client);
/* Writes why there is no connection (an empty text while there is one), cut to `room` bytes with its end. */
SPACE_API void space_client_problem(const space_client *client, char *text, size_t room);
/* Takes the oldest event. SPACE_NOTHING: there is none. */
SPACE_API space_status space_next_event(space_client *client, space_event *event);
SPACE_API space_status space_client_counts(const space_client *client, space_counts *counts);
/* The place of a weight in space_pose.weights; -1: no such name, or no server yet. */
SPACE_API int space_weight(const space_client *client, const char *name);
/* The name of a weight, cut to `room` bytes with its end. SPACE_NOTHING: no server yet, or no such place. */
SPACE_API space_status space_weight_name(const space_client *client, size_t index, char *name, size_t room);

/* Opens a session, on the server as soon as there is one. options: NULL for weights, head and eyes at 30 frames/s. */
SPACE_API space_status space_session_open(space_client *client, const space_session_options *options,
                                          space_session **session);
/* Closes and frees it. NULL is allowed. */
SPACE_API void space_session_destroy(space_session *session);
SPACE_API uint32_t space_session_id(const space_session *session);
SPACE_API int space_session_is_open(const space_session *session);
SPACE_API space_status space_session_get_counts(const space_session *session, space_session_counts *counts);

/* Begins a stream of pushed sound; another one ends. options: NULL for 16 kHz mono int16. stream: NULL, or where its
 * number goes. */
SPACE_API space_status space_start(space_session *session, const space_stream_options *options, uint32_t *stream);
/* Appends whole samples, interleaved. */
SPACE_API space_status space_push(space_session *session, const void *pcm, size_t n_bytes);
/* The sound is complete. */
SPACE_API space_status space_end(space_session *session);
/* Begins a stream whose sound is a file's bytes, or a file of that name on the server (the other: NULL). Positions
 * count the file's samples. controls: NULL for none. */
SPACE_API space_status space_speak(space_session *session, const void *sound, size_t n_sound, const char *asset,
                                   int clip, const space_controls *controls, uint32_t *stream);
/* Begins a stream of silence in which the face lives; its positions count 16,000 a second. */
SPACE_API space_status space_idle(space_session *session, const space_controls *controls, uint32_t *stream);
/* Controls from a media time on, crossfaded. fade_ms < 0: the server's default. */
SPACE_API space_status space_set(space_session *session, uint64_t at_sample, const space_controls *controls,
                                 int fade_ms);
/* Barge-in: to rest from a media time on. */
SPACE_API space_status space_interrupt(space_session *session, uint64_t at_sample, uint32_t fade_ms);
/* The face at a playback position (samples of the stream), `dt` seconds after the last call. Never allocates. */
SPACE_API space_status space_sample(space_session *session, double position, double dt, space_pose *pose);
/* The picture that is due at the position sampled last. SPACE_NOTHING: there has been none yet. */
SPACE_API space_status space_texture_acquire(space_session *session, space_texture *texture);
SPACE_API void space_texture_release(space_texture *texture);

#ifdef __cplusplus
}
#endif

#endif
