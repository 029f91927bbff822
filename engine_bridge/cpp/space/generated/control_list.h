/* The controls as lists of X(member, NAME) by their C type, for space.h and what converts its structs.
 *
 * Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
 */
#ifndef SPACE_GENERATED_CONTROL_LIST_H
#define SPACE_GENERATED_CONTROL_LIST_H

/* uint64_t member */
#define SPACE_CONTROL_WHOLES(X) \
    X(seed, SEED)

/* float member */
#define SPACE_CONTROL_NUMBERS(X) \
    X(mouth_strength, MOUTH_STRENGTH) \
    X(expression_strength, EXPRESSION_STRENGTH) \
    X(blinks_per_minute, BLINKS_PER_MINUTE) \
    X(head_strength, HEAD_STRENGTH) \
    X(brow_strength, BROW_STRENGTH) \
    X(saccade_strength, SACCADE_STRENGTH)

/* const char *member */
#define SPACE_CONTROL_TEXTS(X) \
    X(head_mode, HEAD_MODE)

/* float member[length]: X(member, NAME, length) */
#define SPACE_CONTROL_VECTORS(X) \
    X(gaze_rad, GAZE_RAD, 2) \
    X(look_at, LOOK_AT, 3)

/* labels with numbers */
#define SPACE_CONTROL_MIXES(X) \
    X(emotion, EMOTION)

/* Bits that say which members are meant: one to set each, and one to take a vector back. */
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
    SPACE_UNSET_GAZE_RAD = 1 << 30,
    SPACE_UNSET_LOOK_AT = 1 << 29
};

#endif
