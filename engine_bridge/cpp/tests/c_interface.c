/* The C interface, used from C: a client without a server, structures of other sizes, everything that a null pointer
 * could harm. */
#include "space/space.h"

#include <stdio.h>
#include <string.h>

static int failures = 0;

static void hold(int holds, const char *what) {
    if (!holds) {
        ++failures;
        printf("does not hold: %s (%s)\n", what, space_last_error());
    }
}

static int error_is(const char *text) { return strcmp(space_last_error(), text) == 0; }

static void nulls(void) {
    space_session *session = NULL;
    space_client_destroy(NULL);
    space_session_destroy(NULL);
    space_pose_destroy(NULL);
    space_texture_release(NULL);
    hold(error_is(""), "no error yet");
    hold(space_client_create(NULL, NULL) == SPACE_BAD_ARGUMENT, "no place for a client");
    hold(space_session_open(NULL, NULL, &session) == SPACE_BAD_ARGUMENT && error_is("client is null"), "no client");
    hold(space_session_start(NULL, NULL, NULL) == SPACE_BAD_ARGUMENT, "no session to start");
    hold(space_session_push(NULL, NULL, 0) == SPACE_BAD_ARGUMENT, "no session to push to");
    hold(space_session_evaluate(NULL, 0, 0, NULL) == SPACE_BAD_ARGUMENT, "no session to evaluate");
    hold(space_client_next_event(NULL, NULL) == SPACE_BAD_ARGUMENT, "no client for events");
    hold(space_session_is_open(NULL) == 0 && space_client_blendshape(NULL, NULL) == -1, "questions about nothing");
    hold(space_pose_part(NULL, SPACE_PART_KEYPOINTS, NULL) == NULL, "parts of nothing");
    hold(space_controls_init(NULL, sizeof(space_controls)) == SPACE_BAD_ARGUMENT, "nothing to initialise");
}

/* A space_session_options as an earlier header might have had it. */
typedef struct early_options {
    size_t size;
    uint32_t outputs, fps_numerator, fps_denominator, playout_ms;
} early_options;

static void sizes(space_client *client) {
    union {
        space_session_options now;
        early_options early;
    } options;
    space_session *face = NULL;
    space_controls controls;
    memset(&options, 0x55, sizeof options);
    hold(space_session_options_init(&options.now, sizeof(early_options)) == SPACE_OK, "an earlier size is initialised");
    hold(options.early.size == sizeof(early_options) && options.early.playout_ms == 200, "with the defaults");
    hold(options.now.lease_ms == 0x55555555, "and nothing is written beyond it");
    hold(space_session_open(client, &options.now, &face) == SPACE_OK && face, "members that are missing have defaults");
    space_session_destroy(face);
    options.early.size = 0;
    hold(space_session_open(client, &options.now, &face) == SPACE_BAD_ARGUMENT && !face, "a size of 0 is refused");
    hold(strstr(space_last_error(), "options.size is 0; expected 16 to ") == space_last_error(), "and named");
    options.early.size = sizeof(space_session_options) + 8;
    hold(space_session_open(client, &options.now, &face) == SPACE_BAD_ARGUMENT, "so is one of a later header");
    options.early.size = 21;
    hold(space_session_open(client, &options.now, &face) == SPACE_BAD_ARGUMENT, "and one that cuts a member");
    hold(space_controls_init(&controls, 0) == SPACE_BAD_ARGUMENT, "nothing can be initialised in 0 bytes");
    hold(space_session_options_init(&options.now, (size_t)-1) == SPACE_BAD_ARGUMENT, "nor in all memory");
    space_session_options_init(&options.now, sizeof options.now);
    options.now.fps_denominator = 0;
    hold(space_session_open(client, &options.now, &face) == SPACE_BAD_ARGUMENT, "no frame rate");
    hold(error_is("the frame rate is 30/0; expected numbers above 0"), "which is told");
}

static void drive(space_session *face) {
    static space_motion_row rows[2];
    rows[1].sample = 800;
    hold(space_session_drive(face, rows, 2) == SPACE_OK, "rows of motion");
    hold(space_session_drive(face, rows, 1) == SPACE_BAD_ARGUMENT, "a time that has been");
    hold(error_is("row 0 is at sample 0; expected more than 800, at most 2^53"), "is named");
    rows[0].sample = 900, rows[0].eyes[1] = 2;
    hold(space_session_drive(face, rows, 1) == SPACE_BAD_ARGUMENT, "an eye beyond its corner");
    hold(space_session_drive(face, NULL, 1) == SPACE_BAD_ARGUMENT, "no rows");
}

static void poses(space_session *face) {
    space_pose *pose = NULL;
    size_t n = 99;
    hold(space_pose_create(&pose) == SPACE_OK && pose, "a pose");
    hold(space_session_evaluate(face, 100.0, 0.02, pose) == SPACE_OK, "evaluate");
    hold(space_pose_state(pose) == SPACE_WAITING && space_pose_speech(pose) == 0.0f, "nothing to show without a server");
    hold(space_pose_part(pose, SPACE_PART_BLENDSHAPES, &n)[0] == 0.0f && n == 52, "blendshapes");
    hold(space_pose_part(pose, SPACE_PART_HEAD_ROTATION_RAD, &n) && n == 3, "the head's rotation");
    hold(space_pose_part(pose, SPACE_PART_HEAD_TRANSLATION, &n) && n == 3, "the head's translation");
    hold(space_pose_part(pose, SPACE_PART_EYE_ROTATION_RAD, &n) && n == 4, "the eyes' rotation");
    hold(!space_pose_part(pose, SPACE_PART_LANDMARKS, &n) && n == 0, "no landmarks");
    hold(!space_pose_part(pose, SPACE_PART_KEYPOINTS, &n) && n == 0, "no keypoints");
    hold(!space_pose_part(pose, (space_part)99, &n) && n == 0, "no such part");
    space_pose_destroy(pose);
}

static void one_stream(space_session *face) {
    static int16_t pcm[1600];
    space_stream_options options;
    space_speak_options file;
    space_emotion happy = {"happy", 0.5f};
    space_controls controls;
    space_texture texture;
    uint32_t stream = 0;
    space_stream_options_init(&options, sizeof options);
    space_controls_init(&controls, sizeof controls);
    controls.set = SPACE_SET_EMOTION | SPACE_SET_MOUTH_STRENGTH | SPACE_UNSET_GAZE_RAD;
    controls.set |= SPACE_SET_BROW_STRENGTH | SPACE_SET_SACCADE_STRENGTH;
    controls.emotion = &happy;
    controls.n_emotion = 1;
    controls.mouth_strength = 1.5f;
    controls.brow_strength = 0.5f;
    options.controls = &controls;
    options.channels = 9;
    hold(space_session_start(face, &options, &stream) == SPACE_BAD_ARGUMENT, "nine channels");
    hold(error_is("channels is 9; expected 1 to 8"), "are named");
    options.channels = 1;
    hold(space_session_start(face, &options, &stream) == SPACE_OK && stream == 1, "start");
    hold(space_session_push(face, pcm, sizeof pcm) == SPACE_OK, "push");
    hold(space_session_push(face, pcm, 3) == SPACE_BAD_ARGUMENT, "half a sample");
    hold(error_is("pcm has 3 bytes; expected whole samples of 2"), "is named");
    drive(face);
    space_controls_init(&controls, sizeof controls);
    controls.set = SPACE_SET_HEAD_MODE;
    hold(space_session_set(face, 800, &controls, -1) == SPACE_BAD_ARGUMENT, "a head without a mode");
    controls.head_mode = "keep";
    hold(space_session_set(face, 800, &controls, -1) == SPACE_OK, "set");
    hold(space_session_set(face, SPACE_NOW, &controls, -1) == SPACE_OK, "set now");
    hold(space_session_set(face, SPACE_NOW - 1, &controls, -1) == SPACE_BAD_ARGUMENT, "no such time");
    controls.set = 1u << 31;
    hold(space_session_set(face, 800, &controls, -1) == SPACE_BAD_ARGUMENT, "a control that there is not");
    poses(face);
    texture.size = sizeof texture;
    hold(space_session_texture(face, &texture) == SPACE_NOTHING, "no picture");
    hold(space_session_end(face) == SPACE_OK, "end");
    hold(space_session_push(face, pcm, sizeof pcm) == SPACE_NO_STREAM, "no sound after the end");
    hold(space_session_interrupt(face, 400, 200) == SPACE_OK, "interrupt");
    hold(space_session_idle(face, NULL, &stream) == SPACE_OK && stream == 2, "idle");
    space_speak_options_init(&file, sizeof file);
    hold(space_session_speak(face, &file, &stream) == SPACE_BAD_ARGUMENT, "no file");
    file.asset = "line.wav";
    hold(space_session_speak(face, &file, &stream) == SPACE_OK && stream == 3, "speak");
}

static void questions(space_client *client, space_session *face) {
    space_session_counts counts;
    space_client_counts all;
    space_event event;
    char text[8];
    event.size = 1;
    hold(space_client_next_event(client, &event) == SPACE_BAD_ARGUMENT, "an event needs room, and is not lost");
    event.size = sizeof event;
    do { /* the sessions of `sizes` are closed */
        hold(space_client_next_event(client, &event) == SPACE_OK, "an event");
    } while (event.kind == SPACE_SESSION_CLOSED && event.session != space_session_id(face));
    hold(event.kind == SPACE_FINISHED && event.size == sizeof event, "the interruption is told");
    hold(space_client_next_event(client, &event) == SPACE_NOTHING, "and nothing else");
    counts.size = sizeof counts;
    hold(space_session_get_counts(face, &counts) == SPACE_OK && counts.taken == 0, "counts");
    all.size = 2 * sizeof(size_t);
    all.bad_messages = 77;
    hold(space_client_get_counts(client, &all) == SPACE_OK && all.connections == 0, "counts of the client");
    hold(all.bad_messages == 77, "as many as there is room for");
    hold(space_client_blendshape_name(client, 0, text, sizeof text) == SPACE_NOTHING, "no names yet");
    hold(space_client_is_connected(client) == 0, "not connected");
    space_client_problem(client, text, sizeof text);
    hold(strlen(text) < sizeof text, "texts are cut");
}

static void clips(void) {
    space_clip *clip = (space_clip *)&failures;
    char text[8];
    hold(space_clip_read("SPACECLP", 8, NULL) == SPACE_BAD_ARGUMENT && error_is("clip is null"), "no place for a clip");
    hold(space_clip_read(NULL, 8, &clip) == SPACE_BAD_ARGUMENT && !clip && error_is("file is null"), "no file");
    hold(space_clip_read("SPACECLP", 8, &clip) == SPACE_BAD_ARGUMENT && !clip, "no clip");
    hold(strstr(space_last_error(), "no .spaceclip") != NULL, "and why");
    hold(space_clip_frames(NULL) == 0 && space_clip_blendshape(NULL, "jawOpen") == -1, "questions about no clip");
    hold(space_clip_fps(NULL) < 1 && space_clip_seconds(NULL) < 1, "nor about its time");
    hold(space_clip_blendshape_name(NULL, 0, text, sizeof text) == SPACE_BAD_ARGUMENT, "nor its names");
    hold(space_clip_sample(NULL, 0, 1, NULL) == SPACE_BAD_ARGUMENT, "nor its face");
    space_clip_destroy(NULL);
}

/* A clip's file: the place of jawOpen, its frames and a weight at a time. */
int check_c_clip(const char *path, double seconds) {
    static unsigned char file[1 << 20];
    FILE *stream = fopen(path, "rb");
    size_t n = stream ? fread(file, 1, sizeof file, stream) : 0, parts = 0;
    space_clip *clip = NULL;
    space_pose *pose = NULL;
    char name[32];
    if (stream) fclose(stream);
    if (space_clip_read(file, n, &clip) != SPACE_OK || space_pose_create(&pose) != SPACE_OK) return puts(space_last_error()), 1;
    memset(file, 0, sizeof file); /* it is not kept */
    hold(space_clip_sample(clip, seconds, 1, NULL) == SPACE_BAD_ARGUMENT, "no place for a face");
    hold(space_clip_sample(clip, seconds, 1, pose) == SPACE_OK, "sample");
    hold(space_clip_blendshape_name(clip, 52, name, sizeof name) == SPACE_NOTHING, "no such name");
    hold(space_clip_blendshape_name(clip, 17, name, sizeof name) == SPACE_OK, "a name");
    hold(space_clip_blendshape(clip, "jaw") == -1, "a name that there is not");
    printf("%d %s %zu %.9g %.9g\n", space_clip_blendshape(clip, name), name, space_clip_frames(clip),
           space_clip_seconds(clip) * space_clip_fps(clip),
           (double)space_pose_part(pose, SPACE_PART_BLENDSHAPES, &parts)[17]);
    space_pose_destroy(pose);
    space_clip_destroy(clip);
    return failures;
}

int check_c_interface(const char *endpoint) {
    space_client *client = NULL;
    space_session *face = NULL;
    space_client_options options;
    nulls();
    clips();
    space_client_options_init(&options, sizeof options);
    options.endpoint = "tcp://192.0.2.1:5570";
    hold(space_client_create(&options, &client) == SPACE_BAD_ARGUMENT && !client, "remote is refused");
    hold(strstr(space_last_error(), "allow remote") != NULL, "and why");
    options.endpoint = endpoint;
    hold(space_client_create(&options, &client) == SPACE_OK && client, "create");
    sizes(client);
    hold(space_session_open(client, NULL, &face) == SPACE_OK && face, "open");
    one_stream(face);
    questions(client, face);
    space_client_destroy(client);
    hold(space_session_start(face, NULL, NULL) == SPACE_CLOSED, "the client is gone");
    space_session_destroy(face);
    printf("%d failures\n", failures);
    return failures ? 1 : 0;
}
