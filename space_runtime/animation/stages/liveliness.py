"""Liveliness: motion by the voice beside the mouth. Brows and nods, early blinks, glances; one step per hop.

*Stress* is how far loudness and pitch lie above the speaker's own running means, in running mean deviations: loudness
above all carries prominence, pitch less (Kochanski et al. 2005, J. Acoust. Soc. Am. 118(2)). A stressed syllable lifts
the brows: raises go with rises of pitch, though not with every one (Cavé et al. 1996, ICSLP: 71 % of them), and
listeners hear more prominence where brows and accent agree (Swerts & Krahmer 2008, J. Phonetics 36(2)). After an accent
the next must be stronger for a while, so the strongest of a phrase win. The sound is heard the network's look-ahead
before its media time, which is when a speaker's brows begin to rise.

Pauses, beginnings and hesitations are noticed here; their effect is decided in `glances`.

The state of a stream is a row of numbers, see `ProsodyState`. Nothing is drawn here: see `stages.controls` and
`stages.pose`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.glances import BEGINS, ENDS, HESITATES, NO_GLANCE, GlanceState, react
from space_runtime.animation.scalar_or_array import PLAIN, ROWS, Arithmetic, Condition, Number
from space_runtime.arrays import Doubles, Floats, Longs, Mask
from space_runtime.timebase import HOP
from space_runtime.values import Controls

Voices = tuple[Doubles, Doubles, Mask]
ControlsAt = Callable[[int, float], Controls]
"""Callback: (position of a stream in the batch, media sample) to its controls."""

QUIET_DB, LOUD_DB = -15.0, 20.0
"""Against the voice's mean: what is too quiet to be it; what is so loud that the voice begins only now."""
WIDEST: Final = 10.0
"""Semitones from the mean pitch beyond which a pitch is a mistake."""
FORGETTING: Final = 0.008
"""Share of a voiced hop in the running statistics at least: they forget within 2.5 s of voice."""
LEAST_DB, LEAST_ST = 2.0, 0.8
"""Mean deviations believed in at least: a machine's voice may have none."""
FULL_STRESS: Final = 1.8
"""Mean deviations above the mean that are full stress."""

SPEECH: Final = 0.5
"""The network's gate from which an instant counts as speech."""
ACCENT_STRESS, REPEAT_STRESS = 0.35, 1.2
"""Stress, 0…1, from which a syllable is an accent and lifts the brows: long after an accent, and right after one, when
none is enough."""
REPEAT_DECAY: Final = math.exp(-0.02 / 0.45)
"""Factor per hop (20 ms, time constant 0.45 s) by which the second falls to the first."""
HOLD: Final = 9.0
"""Hops (180 ms) for which an accent pulls."""
MURMUR: Final = 0.2
"""Part of a stress that is no accent which lifts the brows all the same."""
RISE, FALL, NOD = 0.28, 0.15, 0.20
"""Share of the way per hop: two such steps lift the brows in 0.2 s and let them sink in 0.5 s; a third nods."""
STILL: Final = 1e-4
"""Lift that nobody sees; below it brows rest."""

PAUSE: Final = 10.0
"""Hops (200 ms) without voice that make a pause; shorter silences are those of stops and fricatives."""
PHRASE, BEGUN = 10.0, 5.0
"""Voiced hops that make a phrase, and that make sure that one has begun."""
HELD: Final = 16.0
"""Hops (320 ms) of an unchanging vowel that make a hesitation."""
HELD_ST, HELD_DB = 0.9, 0.8
"""Changes from hop to hop that an unchanging vowel has at most: one step of the pitch's grid, and some loudness."""


class ProsodyState(NamedTuple, Generic[Number]):
    """The state of one stream, or of many.

    mean_db, mean_st, dev_db, dev_st: running means and mean deviations of the voice's loudness and pitch, of n_voiced
        hops.
    last_db, last_st: of the last hop. quiet, spoken, held: hops since there was sound, of speech since the last pause,
    of an unchanging vowel. threshold: stress of the next accent. pulls, accent: hops for which the last one still
    pulls, and how much. first: the lift on its way.
    """

    mean_db: Number
    mean_st: Number
    dev_db: Number
    dev_st: Number
    n_voiced: Number
    last_db: Number
    last_st: Number
    quiet: Number
    spoken: Number
    held: Number
    threshold: Number
    pulls: Number
    accent: Number
    first: Number


class BrowNod(NamedTuple, Generic[Number]):
    """The visible part, from hop to hop: brows, 0…1 or so, and nod, the same later."""

    brows: Number
    nod: Number


N_BROW_NOD, N_GLANCE = len(BrowNod._fields), len(GlanceState._fields)
N_OUTPUTS: Final = N_BROW_NOD + N_GLANCE
"""Columns of the outputs: `BrowNod`, then `GlanceState`."""

_INITIAL_PROSODY: Final = ProsodyState(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, PAUSE, 0.0, 0.0, ACCENT_STRESS, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class LivelinessState:
    """The state of B streams from hop to hop. prosody: (B, 14) of `ProsodyState`. outputs: (B, 12) of `BrowNod` and
    `GlanceState`."""

    prosody: Doubles
    outputs: Doubles


def initial_state(n_streams: int = 1) -> LivelinessState:
    """Return the state of streams that were silent until now."""
    return LivelinessState(np.tile(_INITIAL_PROSODY, (n_streams, 1)), np.tile((0.0, 0.0, *NO_GLANCE), (n_streams, 1)))


class VoiceEffort(NamedTuple):
    """Beside what is visible: what else moves with a voice.

    level: (B, T) loudness above the voice's own mean, in mean deviations, within ±`FULL_STRESS`; 0 without sound.
    sounds: (B, T) 1 where there is sound that may be the voice's, else 0.
    begins: (B, T) True where a phrase begins.
    """

    level: Doubles
    sounds: Doubles
    begins: Mask


def step(
    state: LivelinessState,
    voices: Voices,
    speech: Floats,
    talks: Mask,
    first_sample: Longs,
    controls_at: ControlsAt,
) -> tuple[LivelinessState, Doubles, VoiceEffort]:
    """Return (new state, outputs (B, T, 12) after each hop, of `BrowNod` and `GlanceState`, effort) after T more hops.

    voices: (B, T) loudness, pitch and voice of `stages.prosody`. speech: (B, T) of the network's outputs.
    talks: (B, T) whether somebody does: the face itself, or whom it listens to. first_sample: (B,) the media sample of
    the first of them. controls_at: called at events alone, which are rare.
    """
    outputs = np.empty((*speech.shape, N_OUTPUTS))
    effort = VoiceEffort(np.empty(speech.shape), np.empty(speech.shape), np.empty(speech.shape, bool))
    if len(speech) == 1:
        return _alone(state, (*voices, speech, talks), outputs, effort, float(first_sample[0]), controls_at)
    numbers = (*voices, speech.astype(np.float64), talks)
    prosody, lift = ProsodyState(*np.ascontiguousarray(state.prosody.T)), BrowNod(*state.outputs.T[:N_BROW_NOD])
    glance = state.outputs[:, N_BROW_NOD:].copy()
    for n in range(speech.shape[1]):
        now = [part[:, n] for part in numbers]
        prosody, lift, events, effort.level[:, n] = _step_hop(ROWS, prosody, lift, *now)
        effort.sounds[:, n] = prosody.quiet == 0
        effort.begins[:, n] = events.astype(np.int64) & BEGINS
        for place in np.flatnonzero(events).tolist():
            sample = float(first_sample[place] + n * HOP)
            before = GlanceState(*glance[place].tolist())
            glance[place] = react(before, int(events[place]), sample, controls_at(place, sample))
        outputs[:, n, 0], outputs[:, n, 1], outputs[:, n, N_BROW_NOD:] = lift.brows, lift.nod, glance
    return LivelinessState(np.array(prosody).T, outputs[:, -1].copy()), outputs, effort


def _alone(
    state: LivelinessState,
    voices: tuple[NDArray[np.generic], ...],
    outputs: Doubles,
    effort: VoiceEffort,
    first_sample: float,
    controls_at: ControlsAt,
) -> tuple[LivelinessState, Doubles, VoiceEffort]:
    """The same for one stream, in plain numbers."""
    prosody = ProsodyState(*state.prosody[0].tolist())
    brows, nod, *rest = state.outputs[0].tolist()
    lift, glance = BrowNod(brows, nod), GlanceState(*rest)
    after = []
    for n, hop in enumerate(zip(*[part[0].tolist() for part in voices], strict=True)):
        prosody, lift, event, effort.level[0, n] = _step_hop(PLAIN, prosody, lift, *hop)
        effort.sounds[0, n] = prosody.quiet == 0
        effort.begins[0, n] = int(event) & BEGINS
        if event:
            sample = first_sample + n * HOP
            glance = react(glance, int(event), sample, controls_at(0, sample))
        after.append((*lift, *glance))
    outputs[0] = after
    return LivelinessState(np.array([prosody]), outputs[:, -1].copy()), outputs, effort


def _step_hop(
    of: Arithmetic[Number],
    was: ProsodyState[Number],
    lift: BrowNod[Number],
    loudness: Number,
    pitch: Number,
    voice: Number,
    speech: Number,
    talking: Condition,
) -> tuple[ProsodyState[Number], BrowNod[Number], Number, Number]:
    """One hop: the new state, the outputs, the sum of the events, and the level.

    A voice that is first heard, or suddenly louder by far, begins the statistics anew.
    """
    over_db, over_st = loudness - was.mean_db, pitch - was.mean_st
    heard = voice > 0
    new = heard & ((was.n_voiced == 0) | (over_db > LOUD_DB))
    known = heard & (over_db > QUIET_DB) & (over_db <= LOUD_DB) & (abs(over_st) < WIDEST) & (was.n_voiced > 0)
    height = over_db / of.most(was.dev_db, LEAST_DB) + over_st / of.most(was.dev_st, LEAST_ST)
    stress = of.least(of.most(height / (2 * FULL_STRESS), 0.0), 1.0) * known
    sounding = (over_db > QUIET_DB) & (was.n_voiced > 0)
    steady = known & (abs(pitch - was.last_st) < HELD_ST) & (abs(loudness - was.last_db) < HELD_DB)
    quiet, spoken, held, events = _phrase(of, was, sounding, steady, talking)
    threshold, pulls, accent = _accent(of, was, stress, speech)
    first, lift = _lift(of, was.first, lift, of.most(accent, MURMUR * stress) * speech)
    prosody = ProsodyState(
        *_statistics(of, was, over_db, over_st, new, known),
        loudness,
        pitch,
        quiet,
        spoken,
        held,
        threshold,
        pulls,
        accent,
        first,
    )
    level = of.least(of.most(over_db / of.most(was.dev_db, LEAST_DB), -FULL_STRESS), FULL_STRESS) * sounding
    return prosody, lift, events, level


def _statistics(
    of: Arithmetic[Number],
    was: ProsodyState[Number],
    over_db: Number,
    over_st: Number,
    new: Condition,
    known: Condition,
) -> tuple[Number, Number, Number, Number, Number]:
    """The running means and mean deviations after a hop, and of how many voiced hops."""
    part = of.most(1 / (was.n_voiced + 1), FORGETTING) * known
    share = of.where(new, 1.0, part)
    return (
        was.mean_db + share * over_db,
        was.mean_st + share * over_st,
        was.dev_db + part * (abs(over_db) - was.dev_db),
        was.dev_st + part * (abs(over_st) - was.dev_st),
        of.where(new, 1.0, was.n_voiced + known),
    )


def _phrase(
    of: Arithmetic[Number], was: ProsodyState[Number], sounding: Condition, steady: Condition, talking: Condition
) -> tuple[Number, Number, Number, Number]:
    """Hops of quiet, of the phrase and of an unchanging vowel, and the sum of the events."""
    quiet = of.where(sounding, 0.0, was.quiet + 1)
    spoken = (was.spoken + (sounding & talking)) * (quiet < PAUSE)
    held = (was.held + 1) * steady
    events = (
        ((spoken == BEGUN) & (was.spoken < BEGUN)) * BEGINS
        + ((quiet == PAUSE) & (was.spoken >= PHRASE)) * ENDS
        + ((held == HELD) & talking) * HESITATES
    )
    return quiet, spoken, held, events


def _accent(
    of: Arithmetic[Number], was: ProsodyState[Number], stress: Number, speech: Number
) -> tuple[Number, Number, Number]:
    """The threshold of the next accent, for how long the last one pulls, and how strongly."""
    due = (stress > was.threshold) & (speech >= SPEECH)
    threshold = of.where(due, REPEAT_STRESS, ACCENT_STRESS + (was.threshold - ACCENT_STRESS) * REPEAT_DECAY)
    pulls = of.where(due, HOLD, of.most(was.pulls - 1, 0.0))
    return threshold, pulls, of.most(was.accent, stress) * (pulls > 0)


def _lift(
    of: Arithmetic[Number], first: Number, lift: BrowNod[Number], target: Number
) -> tuple[Number, BrowNod[Number]]:
    """Two low-pass steps towards the target, a third for the nod; still when there is nothing left to see."""
    first = first + of.where(target > first, RISE, FALL) * (target - first)
    brows = lift.brows + of.where(first > lift.brows, RISE, FALL) * (first - lift.brows)
    nod = lift.nod + NOD * (brows - lift.nod)
    moving = (first > STILL) | (nod > STILL)
    return first * moving, BrowNod(brows * moving, nod * moving)
