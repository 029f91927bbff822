/* The C interface of the SPACE client: speech to a SPACE server, facial animation back.
 *
 *     space_client *client;
 *     space_session *session;
 *     space_pose *pose;
 *     space_client_create(NULL, &client);                       connects in the background to tcp://127.0.0.1:5570
 *     space_session_open(client, NULL, &session);
 *     space_pose_create(&pose);
 *     space_session_start(session, NULL, NULL);                 a stream of 16 kHz mono int16
 *     space_session_push(session, pcm, n_bytes);                as the sound comes
 *     space_session_evaluate(session, position, dt, pose);      every frame of the game: where playback is, in samples
 *     space_pose_part(pose, SPACE_PART_BLENDSHAPES, &n);        52 floats
 *
 * Every function may be called from any thread, returns at once and calls nobody back; news is polled. Texts are UTF-8.
 * Pointers that go in are read during the call alone. A function that returns something else than SPACE_OK says why in
 * space_last_error(). Positions, samples and angles: engine_bridge/PROTOCOL.md.
 *
 * Structures begin with their size, so that they can grow: those that go in are initialised by space_…_init(&value,
 * sizeof value), in those that come out the caller sets `size`. A program that was compiled against an earlier header
 * has smaller ones; the members it lacks have their defaults, or are not written.
 */
#ifndef SPACE_SPACE_H
#define SPACE_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "space/generated/controls.h" /* space_controls */

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
typedef struct space_pose space_pose;
typedef struct space_clip space_clip;

typedef enum space_status {
    SPACE_OK = 0,
    SPACE_BAD_ARGUMENT = 1, /* a null pointer, a value outside its range; space_last_error names the argument */
    SPACE_CLOSED = 2,       /* the session is closed */
    SPACE_NO_STREAM = 3,    /* there is no stream that takes this */
    SPACE_FULL = 4,         /* 30 s of sound wait, or too many sessions: nothing was taken, try again later */
    SPACE_NOTHING = 5       /* no event, no picture, no name; not an error */
} space_status;

/* Initialised by space_client_options_init. */
typedef struct space_client_options {
    size_t size;
    const char *endpoint; /* "tcp://127.0.0.1:5570": a numeric address or localhost */
    const char *name;     /* the caller's name and version, for the server's log */
    int allow_remote;     /* other than loopback; neither encrypted nor checked */
    size_t message_bytes; /* longest part taken from the server */
    double handshake_s, silence_s;
} space_client_options;

/* The outputs of a session. */
enum {
    SPACE_OUTPUT_BLENDSHAPES = 1,
    SPACE_OUTPUT_HEAD = 2,
    SPACE_OUTPUT_EYES = 4,
    SPACE_OUTPUT_LANDMARKS = 8,
    SPACE_OUTPUT_TEXTURE = 16, /* needs a character or a portrait; so do keypoints */
    SPACE_OUTPUT_KEYPOINTS = 32
};

/* Initialised by space_session_options_init. */
typedef struct space_session_options {
    size_t size;
    uint32_t outputs;           /* SPACE_OUTPUT_… | …; by default blendshapes, head and eyes */
    uint32_t fps_numerator, fps_denominator; /* 30 / 1 */
    uint32_t playout_ms;        /* from pushing a sound to its playback: 200 */
    uint32_t lease_ms;          /* 0: the server's default */
    const char *texture_format; /* "jpeg", "rgb" or "webp"; another one than jpeg asks for pictures too */
    const char *character;      /* name of a picture on the server, or NULL */
    const void *portrait;       /* a picture file's bytes, or NULL */
    size_t n_portrait;
} space_session_options;

typedef enum space_sample_format { SPACE_S16 = 0, SPACE_F32 = 1 } space_sample_format;

/* Initialised by space_stream_options_init. */
typedef struct space_stream_options {
    size_t size;
    uint32_t rate;          /* 1 … 768,000 Hz: 16,000 */
    uint32_t channels;      /* 1 … 8, interleaved: 1 */
    uint32_t sample_format; /* space_sample_format */
    int clip;               /* 0: frames at the pace of the clock; 1: as soon as they are made */
    uint64_t first_sample;
    const space_controls *controls; /* NULL: none */
} space_stream_options;

/* Initialised by space_speak_options_init. A file's bytes, or the name of a file on the server. */
typedef struct space_speak_options {
    size_t size;
    const void *sound;
    size_t n_sound;
    const char *asset;
    int clip;
    const space_controls *controls; /* NULL: none */
} space_speak_options;

typedef enum space_state {
    SPACE_WAITING = 0,
    SPACE_PLAYING = 1,
    SPACE_HOLDING = 2,
    SPACE_RELEASING = 3,
    SPACE_RESTING = 4
} space_state;

/* The parts of a pose. */
typedef enum space_part {
    SPACE_PART_BLENDSHAPES = 0,       /* 52 weights 0 … 1; names: space_client_blendshape_name */
    SPACE_PART_HEAD_ROTATION_RAD = 1, /* yaw, pitch, roll, from rest */
    SPACE_PART_HEAD_TRANSLATION = 2,  /* x, y, z in outer-eye-corner distances, from rest */
    SPACE_PART_EYE_ROTATION_RAD = 3,  /* yaw, pitch of the character's left eye, then of the right */
    SPACE_PART_LANDMARKS = 4,         /* 78 × (x, y, z), normalised; none before the first have come */
    SPACE_PART_KEYPOINTS = 5          /* the generator's, n × (x, y, z); none before the first have come */
} space_part;

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
    SPACE_BYE = 9,          /* the server stops. text: reason */
    SPACE_NOTICE = 10       /* a sentence about a stream's sound; nothing ends. text */
} space_event_kind;

typedef struct space_event {
    size_t size;      /* set by the caller */
    uint32_t kind;    /* space_event_kind */
    uint32_t session; /* space_session_id; 0: none in particular */
    uint32_t stream;  /* 0: none in particular */
    uint32_t late_ms, frames, dropped;
    double sample;
    char code[32];
    char text[512];
} space_event;

/* A picture. Give it back with space_texture_release. */
typedef struct space_texture {
    size_t size; /* set by the caller */
    void *owner;
    const uint8_t *pixels; /* rgb: rows from the top, 3 bytes a pixel; otherwise a file */
    size_t n_pixels;       /* bytes */
    double sample;
    uint32_t stream, index;
    uint32_t width, height;
    char format[8];
} space_texture;

typedef struct space_client_counts {
    size_t size; /* set by the caller */
    uint64_t connections, messages_sent, messages_received, bad_messages, unknown_messages, events_dropped;
} space_client_counts;

typedef struct space_session_counts {
    size_t size; /* set by the caller */
    uint64_t taken, replaced, late, foreign, refused; /* frames */
    uint64_t underruns, textures, textures_dropped, sound_dropped;
} space_session_counts;

/* The reason why the newest call of this thread that did not return SPACE_OK failed, in one sentence; an empty text
 * before the first. Valid until this thread's next failing call. */
SPACE_API const char *space_last_error(void);

/* Write the defaults. size: sizeof of the structure where the program is compiled. */
SPACE_API space_status space_client_options_init(space_client_options *options, size_t size);
SPACE_API space_status space_session_options_init(space_session_options *options, size_t size);
SPACE_API space_status space_stream_options_init(space_stream_options *options, size_t size);
SPACE_API space_status space_speak_options_init(space_speak_options *options, size_t size);
SPACE_API space_status space_controls_init(space_controls *controls, size_t size);

/* Makes a client that connects in the background. options: NULL for the defaults. SPACE_BAD_ARGUMENT: the endpoint is
 * malformed, or another machine's without allow_remote. */
SPACE_API space_status space_client_create(const space_client_options *options, space_client **client);
/* Ends it within 100 ms in every state. Its sessions are closed, and still to be destroyed. NULL is allowed. */
SPACE_API void space_client_destroy(space_client *client);
SPACE_API int space_client_is_connected(const space_client *client);
/* Writes why there is no connection (an empty text while there is one), cut to `room` bytes with its end. */
SPACE_API void space_client_problem(const space_client *client, char *text, size_t room);
/* Takes the oldest event. SPACE_NOTHING: there is none. */
SPACE_API space_status space_client_next_event(space_client *client, space_event *event);
SPACE_API space_status space_client_get_counts(const space_client *client, space_client_counts *counts);
/* The place of a blendshape in SPACE_PART_BLENDSHAPES; -1: no such name, or no server yet. */
SPACE_API int space_client_blendshape(const space_client *client, const char *name);
/* The name of a blendshape, cut to `room` bytes with its end. SPACE_NOTHING: no server yet, or no such place. */
SPACE_API space_status space_client_blendshape_name(const space_client *client, size_t index, char *name, size_t room);

/* Opens a session, on the server as soon as there is one. options: NULL for blendshapes, head and eyes at 30 frames/s. */
SPACE_API space_status space_session_open(space_client *client, const space_session_options *options,
                                          space_session **session);
/* Closes and frees it. NULL is allowed. */
SPACE_API void space_session_destroy(space_session *session);
SPACE_API uint32_t space_session_id(const space_session *session);
SPACE_API int space_session_is_open(const space_session *session);
SPACE_API space_status space_session_get_counts(const space_session *session, space_session_counts *counts);

/* Begins a stream of pushed sound; another one ends. options: NULL for 16 kHz mono int16. stream: NULL, or where its
 * number goes. */
SPACE_API space_status space_session_start(space_session *session, const space_stream_options *options,
                                           uint32_t *stream);
/* Appends whole samples, interleaved. */
SPACE_API space_status space_session_push(space_session *session, const void *pcm, size_t n_bytes);
/* One row of motion that drives a face: an instant of a person in front of a camera, or of a take. */
typedef struct space_motion_row {
    double sample;          /* media time */
    float confidence;       /* 0…1; below 0.5 nobody is seen, and speech takes over */
    float blendshapes[52];  /* offsets from the driver's rest, -1…1, in the order of SPACE_PART_BLENDSHAPES */
    float head[6];          /* yaw, pitch, roll, then x, y, z, relative to the driver's rest */
    float eyes[4];          /* yaw, pitch in the head of the left eye, then of the right */
} space_motion_row;
/* Appends n rows that the face follows as far as the control `drive` says; their times rise. A row has to come before
 * the sound that its frames' look-ahead needs. */
SPACE_API space_status space_session_drive(space_session *session, const space_motion_row *rows, size_t n);
/* The sound is complete. */
SPACE_API space_status space_session_end(space_session *session);
/* Begins a stream whose sound is a file. Positions count the file's samples. */
SPACE_API space_status space_session_speak(space_session *session, const space_speak_options *options,
                                           uint32_t *stream);
/* Begins a stream of silence in which the face lives; its positions count 16,000 a second. controls: NULL for none. */
SPACE_API space_status space_session_idle(space_session *session, const space_controls *controls, uint32_t *stream);
/* The position evaluated last, where a media time is wanted. */
#define SPACE_NOW UINT64_MAX
/* Controls from a media time on, crossfaded. fade_ms < 0: the server's default. */
SPACE_API space_status space_session_set(space_session *session, uint64_t at_sample, const space_controls *controls,
                                         int fade_ms);
/* Barge-in: to rest from a media time on. */
SPACE_API space_status space_session_interrupt(space_session *session, uint64_t at_sample, uint32_t fade_ms);
/* Writes the face at a playback position (samples of the stream), `dt` seconds after the last call. Never allocates,
 * but for keypoints, once. */
SPACE_API space_status space_session_evaluate(space_session *session, double position, double dt, space_pose *pose);
/* The picture that is due at the position evaluated last. SPACE_NOTHING: there has been none yet. */
SPACE_API space_status space_session_texture(space_session *session, space_texture *texture);
SPACE_API void space_texture_release(space_texture *texture);

/* Makes a pose at rest, to be evaluated into again and again. It belongs to one thread at a time. */
SPACE_API space_status space_pose_create(space_pose **pose);
/* NULL is allowed. */
SPACE_API void space_pose_destroy(space_pose *pose);
/* The values of a part, valid until the pose is evaluated into again. n: where their number goes. NULL and 0: the pose
 * has no such part (yet). */
SPACE_API const float *space_pose_part(const space_pose *pose, space_part part, size_t *n);
/* The share of speech in it, 0 … 1. */
SPACE_API float space_pose_speech(const space_pose *pose);
SPACE_API space_state space_pose_state(const space_pose *pose);

/* Reads the bytes of a baked clip, a `.spaceclip`; they need not be kept. SPACE_BAD_ARGUMENT: they are none. */
SPACE_API space_status space_clip_read(const void *file, size_t n_bytes, space_clip **clip);
/* NULL is allowed. */
SPACE_API void space_clip_destroy(space_clip *clip);
/* The number of frames, of frames a second, and the media time of the last frame in seconds. 0 for NULL. */
SPACE_API size_t space_clip_frames(const space_clip *clip);
SPACE_API double space_clip_fps(const space_clip *clip);
SPACE_API double space_clip_seconds(const space_clip *clip);
/* As space_client_blendshape and space_client_blendshape_name, for the weights of the clip. */
SPACE_API int space_clip_blendshape(const space_clip *clip, const char *name);
SPACE_API space_status space_clip_blendshape_name(const space_clip *clip, size_t index, char *name, size_t room);
/* Writes the face at a media time. strength: 0 … 1 towards rest. Before 0 the face is at rest, 0.3 s after the last frame
 * again. Never allocates. */
SPACE_API space_status space_clip_sample(const space_clip *clip, double seconds, float strength, space_pose *pose);

#ifdef __cplusplus
}
#endif

#endif
