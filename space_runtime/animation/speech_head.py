"""Head motion from speech: seeded, probable, different for each seed, led by the voice.

Speech tells how much a head moves, hardly where to: on film the log of the head's speed goes with loudness and voice
(R² 0.56), its yaw and roll do not (R² below 0). So the motion is noise in bands whose amplitude the voice leads, on
postures that change as phrases begin (Hadar et al. 1984, J. Neurology 42), with a chin that rises on stressed syllables
and sinks in pauses. All amplitudes are those of a `HeadStyle`, which is measured on films.

What has memory (voice, postures) is stepped once per hop; the noise is a pure function of seed and the head's own time,
which the tempo makes run faster or slower than the media time, and is evaluated at each frame. Streams whose head idles
keep the sway of `IdleHead`. A listener moves less and tilts his head; his nods are reactions, see `glances`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic, NamedTuple

import numpy as np

from space_runtime.animation.band_noise import band_noise
from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.head_motion import HOP_S, IDLE_HEAD, HeadInputs, HeadMotion, eased_in
from space_runtime.animation.head_style import N_BANDS, HeadStyle
from space_runtime.animation.scalar_or_array import PLAIN, ROWS, Arithmetic, Condition, Number
from space_runtime.animation.schedules import RandomStream, normal_of, uniforms
from space_runtime.arrays import Doubles, Floats
from space_runtime.emotion import Emotion
from space_runtime.geometry import NECK
from space_runtime.inference.bundle import Bundle
from space_runtime.soa import some, take
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import HeadMode

SHARE: Final = 0.5
"""Of the film's motion at strength 1: an orator on film is no neighbour in a game. Strength 2 is the film."""
LIMIT_RAD: Final = math.radians(12.0)
"""Largest angle at strength 2, approached softly."""
EASE_IN_S: Final = 0.8
"""From the rest into the motion."""

ATTACK, RELEASE = 1 - math.exp(-0.020 / 0.060), 1 - math.exp(-0.020 / 0.200)
"""Share of the way per hop by which the activity follows the voice, up and down."""
LEVEL, BOW, REBOUND, MOOD = (1 - math.exp(-0.020 / tau) for tau in (0.150, 0.250, 0.250, 0.300))
OBEDIENCE: Final = 0.3
"""Log of the amplitude per mean deviation of loudness."""
LOG_RANGE: Final = (-0.6, 0.5)
CAPRICE: Final = 0.25
"""Standard deviation of the log of the amplitude that is the head's own: it does not obey the voice alone."""
BURST, SWELL_HOPS, BURST_HOPS = 0.4, 8.0, 25.0
"""Log of the amplitude that is added as a posture begins to change; the hops in which it comes (0.16 s: at once, the
head would jerk) and in which it is over (0.5 s)."""
UPWARD: Final = 0.5
"""Size of the rebound after a beat."""

TALKING: Final = 0.5
"""Activity from which a head counts as one that talks."""
MOVE_HOPS: Final = 20.0
"""Median length of a small change of posture (400 ms); as much again with each `MOVE_RAD` that the head turns by. Its
log has a deviation of `MOVE_SPREAD`."""
MOVE_RAD, MOVE_SPREAD = math.radians(8.0), 0.3
SHORTEST_HOLD, LONGEST_HOLD = 150.0, 350.0
"""Hops (3…7 s) after which a talking head changes its posture within a phrase."""
TURNS: Final = ((0.4, 3.5), (0.0, 1.0), (0.35, 2.0))
"""By angle: part of the postures that are real turns, and how many times as large: on film, half of the turns of yaw
and roll that can be seen exceed 5°, and a tenth 9° (`export judge-heads`)."""
ATTENTIVE: Final = 0.6
"""How large the motion of a listener is: he moves in far less of the time than a speaker (Hadar et al. 1983, Human
Movement Science 2); the number is set by hand."""
TILT_RAD, OTHER_SIDE = math.radians(5.0), 0.2
"""By which a listener's head leans to a side, at the film's strength; chance that he changes the side."""
TRUNK: Final[Floats] = np.array([0.0, -0.9, -1.2], np.float32)
"""The point that postures turn about, normalised units: slow motion comes from the trunk as well."""

ENERGY: Final = np.array([0.0, 0.25, -0.3, 0.35, 0.1, 0.0, 0.2, -0.1])
"""By emotion, in the order of `Emotion`: how much larger the motion is. Range and speed of the head differ with emotion
(Busso et al. 2007, IEEE TASLP 15(3)); the numbers are set by hand."""
assert len(ENERGY) == len(Emotion)


class HeadMemory(NamedTuple, Generic[Number]):
    """The state of one head, or of many.

    gate, level, bow, rebound, energy: smoothed voice, loudness, pause, beat and emotion.
    ahead: seconds by which the head's own time is ahead of the media's. since: hops of the head's time since the last
    change of posture began, of ``length`` hops; ``hold``: after how many another is due.
    changes: how many so far. from_…, to_…: the postures, radians.
    """

    gate: Number
    level: Number
    bow: Number
    rebound: Number
    energy: Number
    ahead: Number
    since: Number
    length: Number
    hold: Number
    changes: Number
    from_yaw: Number
    from_pitch: Number
    from_roll: Number
    to_yaw: Number
    to_pitch: Number
    to_roll: Number


class HeadOutput(NamedTuple, Generic[Number]):
    """A hop's values for the frames around it: voice 0…1, log of the amplitude, chin (radians, down), energy, posture
    (radians), seconds ahead."""

    gate: Number
    effort: Number
    chin: Number
    energy: Number
    yaw: Number
    pitch: Number
    roll: Number
    ahead: Number


_AT_REST: Final = HeadMemory(0.0, 0.0, 0.0, 0.0, 1.0, 0.0, SHORTEST_HOLD, MOVE_HOPS, SHORTEST_HOLD, 0.0, *(0.0,) * 6)


@dataclass(frozen=True, slots=True, eq=False)
class SpeechHead:
    """Generated head motion in one style; see the module."""

    style: HeadStyle

    @property
    def n_outputs(self) -> int:
        """Return 9: those of a `HeadOutput`, and the nod; the last two are the idle head's."""
        return len(HeadOutput._fields) + 1

    def initial_state(self, n_streams: int) -> Doubles:
        """Return the (B, 16) of heads that have heard nothing; see `HeadMemory`."""
        return np.tile(_AT_REST, (n_streams, 1))

    def step(self, state: Doubles, inputs: HeadInputs) -> tuple[Doubles, Doubles]:
        """Return (new state (B, 16), outputs (B, T, 9)) after T more hops."""
        energy = 1 + np.add.reduce(inputs.obeyed.emotion * ENERGY, -1)
        if some(inputs.obeyed.listens):
            energy[inputs.obeyed.listens] *= ATTENTIVE
        outputs = np.empty((*inputs.speech.shape, self.n_outputs))
        outputs[..., -1] = inputs.nod
        voice = inputs.speech * inputs.effort.sounds
        signals = voice, inputs.effort.level, inputs.nod, energy, inputs.obeyed.tempo
        if len(state) == 1:
            return self._alone(state, signals, inputs, outputs)
        memory = state
        for n in range(outputs.shape[1]):
            memory = self._postures(memory, inputs, n)
            after, given = _step_hop(ROWS, HeadMemory(*memory.T), self.style, *(part[:, n] for part in signals))
            memory = np.array(after).T
            outputs[:, n, :-1] = np.array(given).T
        return memory, outputs

    def _alone(
        self, state: Doubles, signals: tuple[Doubles, ...], inputs: HeadInputs, outputs: Doubles
    ) -> tuple[Doubles, Doubles]:
        """The same for one stream, in plain numbers."""
        memory, given = HeadMemory(*state[0].tolist()), []
        hops = zip(*(part[0].tolist() for part in signals), inputs.effort.begins[0].tolist(), strict=True)
        for n, (*hop, begins) in enumerate(hops):
            if _is_due(memory, begins):
                memory = self._posture(memory, inputs, 0, n)
            memory, output = _step_hop(PLAIN, memory, self.style, *hop)
            given.append(output)
        outputs[0, :, :-1] = given
        return np.array([memory]), outputs

    def _postures(self, memory: Doubles, inputs: HeadInputs, n: int) -> Doubles:
        """The memory after the changes of posture that are due in a hop: rare, so one stream at a time."""
        due = _is_due(HeadMemory(*memory.T), inputs.effort.begins[:, n])
        if not some(due):
            return memory
        memory = memory.copy()
        for place in np.flatnonzero(due).tolist():
            memory[place] = self._posture(HeadMemory(*memory[place].tolist()), inputs, place, n)
        return memory

    def _posture(self, was: HeadMemory[float], inputs: HeadInputs, place: int, n: int) -> HeadMemory[float]:
        """The memory of a head that begins to change its posture."""
        controls = inputs.controls_at(place, float(inputs.first_sample[place] + n * HOP))
        listens = controls.head_mode is HeadMode.LISTEN
        if listens and was.since < was.hold:
            return was
        wait, *chances = uniforms(12, controls.seed_in_use, RandomStream.POSTURE, int(was.changes))
        drawn = [min(2.0, max(-2.0, normal_of(*chances[k : k + 2]))) for k in (0, 2, 4, 6)]
        here = _posture_now(PLAIN, was)
        sizes = [
            size if chance < part and not listens else 1.0
            for chance, (part, size) in zip(chances[8:], TURNS, strict=True)
        ]
        style = zip(self.style.keep.tolist(), self.style.posture.tolist(), here, drawn[:3], sizes, strict=True)
        target = [keep * old + math.sqrt(1 - keep**2) * sd * size * new for keep, sd, old, new, size in style]
        if listens:
            target[2] = (
                math.copysign(TILT_RAD, target[2] if chances[8] < OTHER_SIDE else here[2]) + ATTENTIVE * target[2]
            )
        way = max(abs(new - old) for new, old in zip(target, here, strict=True))
        return was._replace(
            since=0.0,
            length=MOVE_HOPS * (1 + way / MOVE_RAD) * math.exp(MOVE_SPREAD * drawn[3]),
            hold=SHORTEST_HOLD + (LONGEST_HOLD - SHORTEST_HOLD) * wait,
            changes=was.changes + 1,
            **dict(zip(_FROM_TO, (*here, *target), strict=True)),
        )

    def at(self, outputs: Doubles, reactions: Doubles, controls: ControlBatch, media_sample: Doubles) -> Floats:
        """Return (F, 6): the motion at the media times, of strength 1."""
        idles = np.flatnonzero(controls.head_idles)
        if not len(idles):
            return self._generated(outputs, reactions, controls.head_waves, media_sample)
        if len(idles) == len(outputs):
            return IDLE_HEAD.at(outputs[:, -2:], reactions, controls, media_sample)
        motion = self._generated(outputs, reactions, controls.head_waves, media_sample)
        own = take(controls, idles)
        motion[idles] = IDLE_HEAD.at(outputs[idles, -2:], reactions[idles], own, media_sample[idles])
        return motion

    def _generated(self, outputs: Doubles, reactions: Doubles, waves: Floats, media_sample: Doubles) -> Floats:
        """The (F, 6) of heads that do not idle. waves: (F, 2, sines, channels) of `noise_waves`.

        Written for few calls: for the one frame of one stream each costs as much as its work for a hundred.
        """
        seconds = media_sample / SAMPLE_RATE
        noise = band_noise(waves, seconds + outputs[:, _AHEAD])
        size = outputs[:, _ENERGY] * np.exp(outputs[:, _EFFORT] + CAPRICE * noise[:, -1] - CAPRICE**2)
        bands = self.style.speech - self.style.pause
        bands = self.style.pause + outputs[:, _GATE, None, None] * bands
        bands *= noise[:, :-1].reshape(-1, 3, N_BANDS)
        bands *= size[:, None, None]
        posture = outputs[:, _POSTURE] * outputs[:, _ENERGY, None]
        angles = posture + np.add.reduce(bands, 2)
        angles[:, 1] += outputs[:, _CHIN]
        angles[:, :2] += reactions / SHARE
        motion = np.empty((len(outputs), 6), np.float32)
        motion[:, :3] = LIMIT_RAD * SHARE * np.tanh(angles / LIMIT_RAD)
        posture += bands[:, :, 0]
        motion[:, 3:] = np.add.reduce(posture[:, :, None] * _TRUNK_SHIFT, 1)
        return eased_in(motion, seconds, EASE_IN_S)


_FROM_TO: Final = HeadMemory._fields[-6:]
_GATE, _EFFORT, _CHIN, _ENERGY, _YAW, _, _ROLL, _AHEAD = range(len(HeadOutput._fields))
_POSTURE: Final = slice(_YAW, _ROLL + 1)
_X, _Y, _Z = (NECK - TRUNK).tolist()
_TRUNK_SHIFT: Final = SHARE * np.array([[_Z, 0.0, -_X], [0.0, -_Z, _Y], [-_Y, _X, 0.0]])
"""(3, 3): by how many normalised units in x, y and z the neck goes along as yaw, pitch and roll turn about `TRUNK`."""


def _is_due(memory: HeadMemory[Number], begins: Condition) -> Condition:
    """Return which heads change posture now: a phrase begins, or has gone on for long; not while one is under way."""
    long_talk = (memory.since >= memory.hold) & (memory.gate > TALKING)
    return (begins | long_talk) & (memory.since >= memory.length)


def _posture_now(of: Arithmetic[Number], was: HeadMemory[Number]) -> tuple[Number, Number, Number]:
    """The posture on the way from the last to the next, with minimum jerk (Flash & Hogan 1985)."""
    x = of.least(was.since / was.length, 1.0)
    share = x * x * x * (10 - 15 * x + 6 * x * x)
    return (
        was.from_yaw + share * (was.to_yaw - was.from_yaw),
        was.from_pitch + share * (was.to_pitch - was.from_pitch),
        was.from_roll + share * (was.to_roll - was.from_roll),
    )


def _step_hop(
    of: Arithmetic[Number],
    was: HeadMemory[Number],
    style: HeadStyle,
    speech: Number,
    level: Number,
    nod: Number,
    energy: Number,
    tempo: Number,
) -> tuple[HeadMemory[Number], HeadOutput[Number]]:
    """One hop: the new memory, and the outputs."""
    gate = was.gate + of.where(speech > was.gate, ATTACK, RELEASE) * (speech - was.gate)
    level = was.level + LEVEL * (level - was.level)
    bow = was.bow + BOW * (1 - speech - was.bow)
    stroke = nod * nod
    rebound = was.rebound + REBOUND * (stroke - was.rebound)
    energy = was.energy + MOOD * (energy - was.energy)
    ahead = was.ahead + HOP_S * (tempo - 1)
    burst = BURST * of.least(was.since / SWELL_HOPS, 1.0) * of.most(1 - was.since / BURST_HOPS, 0.0)
    effort = of.least(of.most(OBEDIENCE * level * gate, LOG_RANGE[0]), LOG_RANGE[1]) + burst
    chin = style.bow * bow + style.beat * (UPWARD * rebound - stroke)
    carried = HeadMemory(gate, level, bow, rebound, energy, ahead, was.since + tempo, *was[7:])
    return carried, HeadOutput(gate, effort, chin, energy, *_posture_now(of, carried), ahead)


@lru_cache(maxsize=4)
def open_head(bundle: Bundle) -> HeadMotion:
    """Return the head of a bundle's style, read once. Raises `BundleError` for a bundle without one."""
    return SpeechHead(HeadStyle.of_bundle(bundle))
