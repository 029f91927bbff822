/* The C interface, used from C: a client without a server, then everything that a null pointer could harm. */
#include "space/space.h"

#include <stdio.h>
#include <string.h>

static int failures = 0;

static void hold(int holds, const char *what) {
    if (!holds) {
        ++failures;
        printf("does not hold: %s\n", what);
    }
}

static void nulls(void) {
    space_session *session = NULL;
    space_client_destroy(NULL);
    space_session_destroy(NULL);
    space_texture_release(NULL);
    hold(space_client_create(NULL, NULL) == SPACE_BAD_ARGUMENT, "no place for a client");
    hold(space_session_open(NULL, NULL, &session) == SPACE_BAD_ARGUMENT, "no client");
    hold(space_start(NULL, NULL, NULL) == SPACE_BAD_ARGUMENT, "no session to start");
    hold(space_push(NULL, NULL, 0) == SPACE_BAD_ARGUMENT, "no session to push to");
    hold(space_sample(NULL, 0, 0, NULL) == SPACE_BAD_ARGUMENT, "no session to sample");
    hold(space_next_event(NULL, NULL) == SPACE_BAD_ARGUMENT, "no client for events");
    hold(space_session_is_open(NULL) == 0 && space_weight(NULL, NULL) == -1, "questions about nothing");
}

static void one_line(space_session *face) {
    static int16_t pcm[1600];
    space_stream_options options;
    space_emotion happy = {"happy", 0.5f};
    space_controls controls;
    space_pose pose;
    space_texture texture;
    uint32_t stream = 0;
    space_stream_options_init(&options);
    options.controls.set = SPACE_SET_EMOTION | SPACE_SET_MOUTH | SPACE_UNSET_GAZE;
    options.controls.set |= SPACE_SET_BROWS | SPACE_SET_SACCADES;
    options.controls.emotions = &happy;
    options.controls.n_emotions = 1;
    options.controls.mouth = 1.5f;
    options.controls.brows = 0.5f;
    options.controls.saccades = 0.0f;
    hold(space_start(face, &options, &stream) == SPACE_OK && stream == 1, "start");
    hold(space_push(face, pcm, sizeof pcm) == SPACE_OK, "push");
    hold(space_push(face, pcm, 3) == SPACE_BAD_ARGUMENT, "half a sample");
    memset(&controls, 0, sizeof controls);
    controls.set = SPACE_SET_HEAD;
    controls.head = "keep";
    hold(space_set(face, 800, &controls, -1) == SPACE_OK, "set");
    hold(space_sample(face, 100.0, 0.02, &pose) == SPACE_OK, "sample");
    hold(pose.state == SPACE_WAITING && pose.weights[0] == 0.0f, "nothing to show without a server");
    hold(space_texture_acquire(face, &texture) == SPACE_NOTHING, "no picture");
    hold(space_end(face) == SPACE_OK, "end");
    hold(space_push(face, pcm, sizeof pcm) == SPACE_NO_STREAM, "no sound after the end");
    hold(space_interrupt(face, 400, 200) == SPACE_OK, "interrupt");
    hold(space_idle(face, NULL, &stream) == SPACE_OK && stream == 2, "idle");
    hold(space_speak(face, NULL, 0, "line.wav", 0, NULL, &stream) == SPACE_OK && stream == 3, "speak");
}

int check_c_interface(const char *endpoint) {
    space_client *client = NULL;
    space_session *face = NULL;
    space_client_options options;
    space_session_counts counts;
    space_counts all;
    space_event event;
    char text[8];
    nulls();
    space_client_options_init(&options);
    options.endpoint = "tcp://192.0.2.1:5570";
    hold(space_client_create(&options, &client) == SPACE_BAD_ARGUMENT && !client, "remote is refused");
    options.endpoint = endpoint;
    hold(space_client_create(&options, &client) == SPACE_OK && client, "create");
    hold(space_session_open(client, NULL, &face) == SPACE_OK && face, "open");
    one_line(face);
    hold(space_next_event(client, &event) == SPACE_OK && event.kind == SPACE_FINISHED, "the interruption is told");
    hold(space_next_event(client, &event) == SPACE_NOTHING, "and nothing else");
    hold(space_session_get_counts(face, &counts) == SPACE_OK && counts.taken == 0, "counts");
    hold(space_client_counts(client, &all) == SPACE_OK && all.connections == 0, "counts of the client");
    hold(space_weight_name(client, 0, text, sizeof text) == SPACE_NOTHING, "no names yet");
    hold(space_client_is_connected(client) == 0, "not connected");
    space_client_problem(client, text, sizeof text);
    hold(strlen(text) < sizeof text, "texts are cut");
    space_client_destroy(client);
    hold(space_start(face, NULL, NULL) == SPACE_CLOSED, "the client is gone");
    space_session_destroy(face);
    printf("%d failures\n", failures);
    return failures ? 1 : 0;
}
