"""Laws of heads with memory: the seam keeps their state as it keeps the network's."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.batch_state import Frames, Streams
from space_runtime.animation.control_batch import ControlBatch
from space_runtime.animation.head_motion import IDLE_HEAD, HeadInputs, HeadMotion
from space_runtime.animation.hop_controls import HopControls
from space_runtime.animation.pipeline import Character, build_character
from space_runtime.animation.speech import HopModels, initial_streams, run_hops
from space_runtime.animation.speech_head import open_head
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats
from space_runtime.timebase import HOP
from space_runtime.values import Controls, HeadMode
from tests.support.session_frames import BUNDLE
from tests.support.sounds import speechlike

N_HOPS = 60
SOUND = np.stack([speechlike(N_HOPS * HOP / 16_000, seed=seed)[:, 0][: N_HOPS * HOP] for seed in range(3)])
TRACK = ControlTrack.of(Controls(seed=4))


@dataclass(frozen=True, slots=True)
class LoudnessHead:
    """The loudness through two low-pass steps, as pitch and as z: a head whose pose depends on all that was heard."""

    n_outputs: int = 2

    def initial_state(self, n_streams: int) -> Doubles:
        return np.zeros((n_streams, 2))

    def step(self, state: Doubles, inputs: HeadInputs) -> tuple[Doubles, Doubles]:
        loudness = inputs.prosody.loudness
        outputs = np.empty((*loudness.shape, 2))
        for n in range(loudness.shape[1]):
            first = state[:, 0] + 0.2 * (loudness[:, n] / 100 - state[:, 0])
            state = np.stack([first, state[:, 1] + 0.1 * (first - state[:, 1])], 1)
            outputs[:, n] = state
        return state, outputs

    def at(self, outputs: Doubles, reactions: Doubles, controls: ControlBatch, media_sample: Doubles) -> Floats:
        motion = np.zeros((len(outputs), 6), np.float32)
        motion[:, [1, 5]] = outputs
        return motion


HEADS: tuple[HeadMotion, ...] = (IDLE_HEAD, LoudnessHead(), open_head(BUNDLE))


def character(fps: int = 30) -> Character:
    return build_character(BUNDLE, None, Fraction(fps), pictures=False)


def heads(frames: list[Frames], row: int) -> Floats:
    return np.concatenate([part.head[part.row == row] for part in frames])


def alone(head: HeadMotion, sound: Floats, n_together: int = 1, fps: int = 30) -> Floats:
    batch = StreamBatch(BUNDLE, head)
    row = batch.add(character(fps), TRACK)
    pieces = np.split(sound, range(n_together * HOP, len(sound), n_together * HOP))
    return heads([batch.step(np.array([row]), piece[None]) for piece in pieces], row)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("n_together", [2, 7, N_HOPS])
def test_chunked_is_offline(head: HeadMotion, n_together: int) -> None:
    assert np.array_equal(alone(head, SOUND[0]), alone(head, SOUND[0], n_together))


def test_the_head_has_memory_and_depends_on_the_sound() -> None:
    one, other = alone(LoudnessHead(), SOUND[0]), alone(LoudnessHead(), SOUND[1])
    assert np.abs(one[:, 1]).max() > 0.01 and np.abs(one - other).max() > 1e-4


@pytest.mark.parametrize("head", HEADS)
def test_interleaved_streams_equal_separate_ones(head: HeadMotion) -> None:
    batch, frames = StreamBatch(BUNDLE, head), []
    rows = np.array([batch.add(character(), TRACK) for _ in SOUND])
    for hop in range(N_HOPS):
        for some in (rows[:1], rows[1:]) if hop % 3 else (rows[::-1],):
            frames.append(batch.step(some, SOUND[some, hop * HOP : (hop + 1) * HOP]))
    for row in rows:
        assert np.array_equal(heads(frames, row), alone(head, SOUND[row]))


@pytest.mark.parametrize("head", HEADS)
def test_a_restart_equals_a_new_stream(head: HeadMotion) -> None:
    batch = StreamBatch(BUNDLE, head)
    row = batch.add(character(), TRACK)
    batch.step(np.array([row]), SOUND[1][None])
    batch.restart(row, TRACK)
    assert np.array_equal(heads([batch.step(np.array([row]), SOUND[0][None])], row), alone(head, SOUND[0]))


@pytest.mark.parametrize("head", HEADS)
def test_a_kept_state_is_a_snapshot(head: HeadMotion) -> None:
    """The state of streams is a value: stepped again from there, they give the same bits."""
    models = HopModels(BUNDLE.network("speech2landmarks"), head, BUNDLE.look_ahead())
    neutral, shape = character().identity.neutral[None].repeat(3, 0), (3, N_HOPS // 2)
    obeyed = HopControls(np.zeros((*shape, 8), np.float32), np.ones(shape), np.zeros(shape, bool))

    def run(streams: Streams, sound: Floats) -> tuple[Streams, Doubles]:
        after, outputs = run_hops(models, neutral, streams, obeyed, sound, lambda *_: Controls(seed=4))
        return after, outputs.head

    half = N_HOPS // 2 * HOP
    kept, _ = run(initial_streams(models.network, head, neutral), SOUND[:, :half])
    rest = run(kept, SOUND[:, half:])[1]
    run(kept, SOUND[::-1, half:])
    assert np.array_equal(run(kept, SOUND[:, half:])[1], rest)
    assert rest.shape == (3, N_HOPS // 2 + 1, head.n_outputs)


@pytest.mark.parametrize("head", HEADS)
def test_the_frame_rate_does_not_change_the_head(head: HeadMotion) -> None:
    assert np.array_equal(alone(head, SOUND[0], fps=30), alone(head, SOUND[0], fps=60)[::2])


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("controls", [Controls(head_mode=HeadMode.KEEP), Controls(head_strength=0.0)])
def test_strength_zero_and_keep_are_still(head: HeadMotion, controls: Controls) -> None:
    batch = StreamBatch(BUNDLE, head)
    row = batch.add(character(), ControlTrack.of(controls))
    assert not batch.step(np.array([row]), SOUND[0][None]).head.any()
