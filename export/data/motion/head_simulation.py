"""Generated heads on the sound of a film: the runtime's own head, without anything that it does not need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.control_batch import ControlBatch, controls_at
from space_runtime.animation.head_motion import HeadInputs
from space_runtime.animation.head_style import HeadStyle
from space_runtime.animation.hop_controls import HopControls
from space_runtime.animation.pipeline import open_rig
from space_runtime.animation.speech import HopModels, initial_streams, run_hops
from space_runtime.animation.speech_head import SHARE, SpeechHead
from space_runtime.animation.stages.liveliness import VoiceEffort
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats
from space_runtime.inference.bundle import Bundle
from space_runtime.soa import take
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls, HeadMode


@dataclass(frozen=True, slots=True, eq=False)
class _Listener:
    """A head that keeps still and remembers what it was told."""

    heard: list[HeadInputs] = field(default_factory=list)
    n_outputs: int = 0

    def initial_state(self, n_streams: int) -> Doubles:
        """Return nothing for each stream."""
        return np.zeros((n_streams, 0))

    def step(self, state: Doubles, inputs: HeadInputs) -> tuple[Doubles, Doubles]:
        """Remember the inputs."""
        self.heard.append(inputs)
        return state, np.zeros((*inputs.speech.shape, 0))

    def at(self, outputs: Doubles, reactions: Doubles, controls: ControlBatch, media_sample: Doubles) -> Floats:
        """Return heads at rest."""
        return np.zeros((len(outputs), 6), np.float32)


def head_inputs(bundle: Bundle, pcm: Floats) -> HeadInputs:
    """Return what a head is told of (n,) samples at 16 kHz, B = 1, under no emotion."""
    listener, look_ahead, neutral = _Listener(), bundle.look_ahead(), open_rig(bundle).neutral_identity().neutral
    models = HopModels(bundle.network("speech2landmarks"), listener, look_ahead)
    sound = np.pad(pcm, (0, look_ahead + HOP - (len(pcm) + look_ahead) % HOP))[None]
    shape = 1, sound.shape[1] // HOP
    plain = HopControls(np.zeros((*shape, 8), np.float32), np.ones(shape), np.zeros(shape, bool))
    run_hops(models, neutral[None], initial_streams(models.network, listener, neutral[None]), plain, sound, _unasked)
    return listener.heard[0]


def _unasked(*_: object) -> Controls:
    return Controls()


def repeated(inputs: HeadInputs, times: int) -> HeadInputs:
    """Return the inputs of a stream that hears the same again and again."""
    return replace(
        inputs,
        obeyed=_hop_controls(inputs.obeyed, lambda part: np.tile(part, (1, times, *(1,) * (part.ndim - 2)))),
        speech=np.tile(inputs.speech, (1, times)),
        nod=np.tile(inputs.nod, (1, times)),
        effort=_mapped(inputs.effort, lambda part: np.tile(part, (1, times))),
    )


def simulate(
    style: HeadStyle,
    inputs: HeadInputs,
    seeds: Sequence[int],
    fps: float,
    n_frames: int,
    mode: HeadMode = HeadMode.SPEECH,
) -> Doubles:
    """Return (seeds, n_frames, 3) yaw, pitch, roll in radians, of a generated head at the strength of the film."""
    head, n = SpeechHead(style), len(seeds)
    wishes = [Controls(seed=seed, head_mode=mode) for seed in seeds]
    _, outputs = head.step(head.initial_state(n), _many(inputs, wishes))
    media: Doubles = np.arange(n_frames) * np.float64(SAMPLE_RATE / fps)
    place = (media - float(inputs.first_sample[0])) / HOP
    older = np.clip(place.astype(np.int64), 0, outputs.shape[1] - 2)
    share = np.clip(place - older, 0, 1)[:, None]
    tracks = []
    for row, controls in zip(outputs, wishes, strict=True):
        between = row[older] + share * (row[older + 1] - row[older])
        held = take(controls_at(ControlTrack.of(controls), 0.0), np.zeros(n_frames, np.intp))
        tracks.append(head.at(between, np.zeros((n_frames, 2)), held, media)[:, :3])
    return np.array(tracks, np.float64) / (SHARE if mode is HeadMode.SPEECH else 1)


def _many(inputs: HeadInputs, wishes: Sequence[Controls]) -> HeadInputs:
    """The same sound for as many streams as there are wishes."""
    n = len(wishes)
    return replace(
        inputs,
        obeyed=_hop_controls(inputs.obeyed, lambda part: part.repeat(n, 0)),
        speech=inputs.speech.repeat(n, 0),
        nod=inputs.nod.repeat(n, 0),
        effort=_mapped(inputs.effort, lambda part: part.repeat(n, 0)),
        first_sample=inputs.first_sample.repeat(n),
        controls_at=lambda place, _: wishes[place],
    )


def _mapped(effort: VoiceEffort, change: Callable[[NDArray[Any]], NDArray[Any]]) -> VoiceEffort:
    return VoiceEffort(*map(change, effort))


def _hop_controls(obeyed: HopControls, change: Callable[[NDArray[Any]], NDArray[Any]]) -> HopControls:
    return HopControls(change(obeyed.emotion), change(obeyed.tempo), change(obeyed.listens))
