/* The controls of a face in C; a part of space.h.
 *
 * Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
 */
#ifndef SPACE_GENERATED_CONTROLS_H
#define SPACE_GENERATED_CONTROLS_H

#include <stddef.h>
#include <stdint.h>

/* The members of space_controls that are meant; SPACE_UNSET_… takes a vector back. */
enum {
    SPACE_SET_SEED = 1 << 0,
    SPACE_SET_EMOTION = 1 << 1,
    SPACE_SET_MOUTH_STRENGTH = 1 << 2,
    SPACE_SET_EXPRESSION_STRENGTH = 1 << 3,
    SPACE_SET_BLINKS_PER_MINUTE = 1 << 4,
    SPACE_SET_GAZE_RAD = 1 << 5,
    SPACE_SET_LOOK_AT = 1 << 6,
    SPACE_SET_HEAD_MODE = 1 << 7,
    SPACE_SET_HEAD_STRENGTH = 1 << 8,
    SPACE_SET_BROW_STRENGTH = 1 << 9,
    SPACE_SET_SACCADE_STRENGTH = 1 << 10,
    SPACE_SET_DRIVE = 1 << 11,
    SPACE_SET_LOOK_SPACE = 1 << 12,
    SPACE_SET_HEAD_FOLLOW = 1 << 13,
    SPACE_SET_EYE_CONTACT = 1 << 14,
    SPACE_SET_BLINK = 1 << 15,
    SPACE_SET_HEAD_TEMPO = 1 << 16,
    SPACE_SET_STYLE = 1 << 17,
    SPACE_SET_HEAD_OFFSET = 1 << 18,
    SPACE_UNSET_GAZE_RAD = 1 << 30,
    SPACE_UNSET_LOOK_AT = 1 << 29,
    SPACE_UNSET_DRIVE = 1 << 28,
    SPACE_UNSET_BLINK = 1 << 27,
    SPACE_UNSET_HEAD_OFFSET = 1 << 26
};

typedef struct space_emotion {
    const char *label;
    float amount; /* 0…1 */
} space_emotion;

/* Initialised by space_controls_init. Members are appended, never moved: earlier programs have fewer. */
typedef struct space_controls {
    size_t size;
    uint32_t set; /* SPACE_SET_… | …; 0: as it is */
    /* Seed of blinks, glances and sway: the same seed gives the same face. Default: one of its own for each stream.
     * Given with the beginning of a stream alone. */
    uint64_t seed;
    /* Intensities of the labels in `welcome.emotions`, 0…1. Default: none. */
    const space_emotion *emotion;
    size_t n_emotion;
    /* Strength of the mouth's motion, 0…2. Default: 1. */
    float mouth_strength;
    /* Strength of the motion of the rest of the face, 0…2. Default: 1. */
    float expression_strength;
    /* Mean rate of blinks, a minute, 0…120. Default: 17. */
    float blinks_per_minute;
    /* Yaw and pitch of both eyes in the head (no values: eye contact), radians, -0.610865…0.610865. Default: eye
     * contact. */
    float gaze_rad[2];
    /* A point (x, y, z) that both eyes look at, wins over the gaze; no values: none, -10000…10000. Default: none. */
    float look_at[3];
    /* Source of the head's motion: `keep` or `idle` or `speech` or `listen`. Default: speech. */
    const char *head_mode;
    /* Strength of the head's motion, 0…2. Default: 1. */
    float head_strength;
    /* Strength with which brows and upper lids rise on stressed syllables, 0…2. Default: 1. */
    float brow_strength;
    /* Strength of the small shifts of a gaze that keeps eye contact, and of glances aside, 0…2. Default: 1. */
    float saccade_strength;
    /* Strengths with which parts of the face follow a driver, where the stream has one: head, blinks, gaze, brows,
     * expression, mouth; up to 1 his share against speech, beyond 1 his motion grows (no values: the default), 0…2.
     * Default: 1 1 1 1 1 0. */
    float drive[6];
    /* Space of `look_at`: fixed to the moving face, to the character, or to the portrait's camera: `face` or
     * `character` or `camera`. Default: face. */
    const char *look_space;
    /* Part that the head takes of a look at a point of the character's or the camera's space, 0…2. Default: 1. */
    float head_follow;
    /* Share by which a portrait that looks aside in its photo looks into the camera instead, 0…1. Default: 0. */
    float eye_contact;
    /* One blink, now: how far the lids shut, 0…1, and for how many seconds they stay so (a usual blink: 1, 0.04),
     * 0…60. Default: none. */
    float blink[2];
    /* Pace of the head's own motion, 0.5…2. Default: 1. */
    float head_tempo;
    /* Weights of styles of speaking: articulate, mumble, reader_man, reader_woman, orator (no values: the mean of
     * all people), 0…1. Default: none. */
    const space_emotion *style;
    size_t n_style;
    /* Constant yaw, pitch and roll by which the head is turned beside its motion, radians, within ±25°, ±15° and
     * ±20° (no values: none), -0.436332…0.436332. Default: none. */
    float head_offset[3];
} space_controls;

/* The members in order: KIND(member, NAME), VECTOR(member, NAME, length). */
#define SPACE_CONTROLS(NUMBER, TEXT, VECTOR, MIX) \
    NUMBER(seed, SEED) \
    MIX(emotion, EMOTION) \
    NUMBER(mouth_strength, MOUTH_STRENGTH) \
    NUMBER(expression_strength, EXPRESSION_STRENGTH) \
    NUMBER(blinks_per_minute, BLINKS_PER_MINUTE) \
    VECTOR(gaze_rad, GAZE_RAD, 2) \
    VECTOR(look_at, LOOK_AT, 3) \
    TEXT(head_mode, HEAD_MODE) \
    NUMBER(head_strength, HEAD_STRENGTH) \
    NUMBER(brow_strength, BROW_STRENGTH) \
    NUMBER(saccade_strength, SACCADE_STRENGTH) \
    VECTOR(drive, DRIVE, 6) \
    TEXT(look_space, LOOK_SPACE) \
    NUMBER(head_follow, HEAD_FOLLOW) \
    NUMBER(eye_contact, EYE_CONTACT) \
    VECTOR(blink, BLINK, 2) \
    NUMBER(head_tempo, HEAD_TEMPO) \
    MIX(style, STYLE) \
    VECTOR(head_offset, HEAD_OFFSET, 3)

#endif
