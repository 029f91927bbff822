// The controls of a face as start, speak, idle and set carry them.
//
// Written by tests/tools/generate_protocol.py from engine_bridge/protocol/field_table.py; change that.
#pragma once

#include <limits>

#include "space/message_values.hpp"

namespace space {

/// The controls of a face; absent: as it is.
struct Controls {
    /// Seed of blinks, glances and sway: the same seed gives the same face. Default: one of its own for each stream.
    /// Given with the beginning of a stream alone.
    std::optional<std::uint64_t> seed;
    /// Intensities of the labels in `welcome.emotions`, 0…1. Default: none.
    std::optional<Mix> emotion;
    /// Strength of the mouth's motion, 0…2. Default: 1.
    std::optional<float> mouth_strength;
    /// Strength of the motion of the rest of the face, 0…2. Default: 1.
    std::optional<float> expression_strength;
    /// Mean rate of blinks, a minute, 0…120. Default: 17.
    std::optional<float> blinks_per_minute;
    /// Yaw and pitch of both eyes in the head (no values: eye contact), radians, -0.610865…0.610865. Default: eye
    /// contact.
    std::optional<FloatsOrNone<2>> gaze_rad;
    /// A point (x, y, z) that both eyes look at, wins over the gaze; no values: none, -10000…10000. Default: none.
    std::optional<FloatsOrNone<3>> look_at;
    /// Source of the head's motion: `keep` or `idle` or `speech` or `listen`. Default: speech.
    std::optional<std::string_view> head_mode;
    /// Strength of the head's motion, 0…2. Default: 1.
    std::optional<float> head_strength;
    /// Strength with which brows and upper lids rise on stressed syllables, 0…2. Default: 1.
    std::optional<float> brow_strength;
    /// Strength of the small shifts of a gaze that keeps eye contact, and of glances aside, 0…2. Default: 1.
    std::optional<float> saccade_strength;
    /// Strengths with which parts of the face follow a driver, where the stream has one: head, blinks, gaze, brows,
    /// expression, mouth; up to 1 his share against speech, beyond 1 his motion grows (no values: the default), 0…2.
    /// Default: 1 1 1 1 1 0.
    std::optional<FloatsOrNone<6>> drive;
    /// Space of `look_at`: fixed to the moving face, to the character, or to the portrait's camera: `face` or
    /// `character` or `camera`. Default: face.
    std::optional<std::string_view> look_space;
    /// Part that the head takes of a look at a point of the character's or the camera's space, 0…2. Default: 1.
    std::optional<float> head_follow;
    /// Share by which a portrait that looks aside in its photo looks into the camera instead, 0…1. Default: 0.
    std::optional<float> eye_contact;
    /// One blink, now: how far the lids shut, 0…1, and for how many seconds they stay so (a usual blink: 1, 0.04),
    /// 0…60. Default: none.
    std::optional<FloatsOrNone<2>> blink;
    /// Pace of the head's own motion, 0.5…2. Default: 1.
    std::optional<float> head_tempo;
    /// Weights of styles of speaking: articulate, mumble, reader_man, reader_woman, orator (no values: the mean of all
    /// people), 0…1. Default: none.
    std::optional<Mix> style;
    /// Constant yaw, pitch and roll by which the head is turned beside its motion, radians, within ±25°, ±15° and ±20°
    /// (no values: none), -0.436332…0.436332. Default: none.
    std::optional<FloatsOrNone<3>> head_offset;

    /// Shows (wire key, value) to a visitor, in canonical order.
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("seed", m.seed);
        without_seed(m, visit);
    }
    template <class Self, class Visit> static void without_seed(Self& m, Visit& visit) {
        visit("emotion", m.emotion);
        visit("mouth", m.mouth_strength);
        visit("expression", m.expression_strength);
        visit("blinks", m.blinks_per_minute);
        visit("gaze", m.gaze_rad);
        visit("look_at", m.look_at);
        visit("head", m.head_mode);
        visit("head_strength", m.head_strength);
        visit("brows", m.brow_strength);
        visit("saccades", m.saccade_strength);
        visit("drive", m.drive);
        visit("look_space", m.look_space);
        visit("follow", m.head_follow);
        visit("eye_contact", m.eye_contact);
        visit("blink", m.blink);
        visit("head_tempo", m.head_tempo);
        visit("style", m.style);
        visit("head_offset", m.head_offset);
    }

    /// Shows (wire key, value of a, value of b) to a visitor, without the seed.
    template <class A, class B, class Visit> static void pairs(A& a, B& b, Visit& visit) {
        visit("emotion", a.emotion, b.emotion);
        visit("mouth", a.mouth_strength, b.mouth_strength);
        visit("expression", a.expression_strength, b.expression_strength);
        visit("blinks", a.blinks_per_minute, b.blinks_per_minute);
        visit("gaze", a.gaze_rad, b.gaze_rad);
        visit("look_at", a.look_at, b.look_at);
        visit("head", a.head_mode, b.head_mode);
        visit("head_strength", a.head_strength, b.head_strength);
        visit("brows", a.brow_strength, b.brow_strength);
        visit("saccades", a.saccade_strength, b.saccade_strength);
        visit("drive", a.drive, b.drive);
        visit("look_space", a.look_space, b.look_space);
        visit("follow", a.head_follow, b.head_follow);
        visit("eye_contact", a.eye_contact, b.eye_contact);
        visit("blink", a.blink, b.blink);
        visit("head_tempo", a.head_tempo, b.head_tempo);
        visit("style", a.style, b.style);
        visit("head_offset", a.head_offset, b.head_offset);
    }
};

/// One control: its member of `Controls`, its name on the wire, its range.
struct ControlField {
    const char* name;
    const char* key;
    float least, most;  ///< infinite where any number is allowed
};

/// All controls, in canonical order.
constexpr ControlField kControlFields[] = {
    {"seed", "seed", -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity()},
    {"emotion", "emotion", 0.0F, 1.0F},
    {"mouth_strength", "mouth", 0.0F, 2.0F},
    {"expression_strength", "expression", 0.0F, 2.0F},
    {"blinks_per_minute", "blinks", 0.0F, 120.0F},
    {"gaze_rad", "gaze", -0.6108652381980153F, 0.6108652381980153F},
    {"look_at", "look_at", -10000.0F, 10000.0F},
    {"head_mode", "head", -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity()},
    {"head_strength", "head_strength", 0.0F, 2.0F},
    {"brow_strength", "brows", 0.0F, 2.0F},
    {"saccade_strength", "saccades", 0.0F, 2.0F},
    {"drive", "drive", 0.0F, 2.0F},
    {"look_space", "look_space", -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity()},
    {"head_follow", "follow", 0.0F, 2.0F},
    {"eye_contact", "eye_contact", 0.0F, 1.0F},
    {"blink", "blink", 0.0F, 60.0F},
    {"head_tempo", "head_tempo", 0.5F, 2.0F},
    {"style", "style", 0.0F, 1.0F},
    {"head_offset", "head_offset", -0.4363323129985824F, 0.4363323129985824F},
};

}  // namespace space
