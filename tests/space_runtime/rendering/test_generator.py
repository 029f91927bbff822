"""Laws of the generator seam: nothing outside knows a generator's keypoints, appearance, state or picture size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from space_runtime import Session, bake, load_bundle
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.pipeline import Character, build_character
from space_runtime.animation.textures import drive, initial_latents, picture_size
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats, Pixels
from space_runtime.baking.jobs import Result
from space_runtime.portrait.portrait import Portrait
from space_runtime.rendering.generator import Driving, Generator, OpaqueGenerator, opaque, turns
from space_runtime.server.server import Server, Settings
from space_runtime.timebase import HOP
from space_runtime.values import Controls, HeadMode
from tests.support import pictures
from tests.support.sounds import silence, speechlike
from tests.support.wire_client import connect_client

BUNDLE = load_bundle()
HEIGHT, WIDTH = 48, 80
LIPS = (62, 66)
"""The landmarks inside the upper and the lower lip."""


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A photo of another size than any other generator's, and the gap of its lips in pixels."""

    photo: Pixels
    gap: float


@dataclass(frozen=True, slots=True)
class ThumbnailGenerator:
    """A `Generator[Thumbnail, int]` of two keypoints: the lips' gap, and the number of the frame, which is its state.

    Its picture is the thumbnail, the brighter the wider the lips.
    """

    keypoint_names: tuple[str, ...] = ("gap", "count")

    def picture_size(self, appearance: Thumbnail) -> tuple[int, int]:
        return HEIGHT, WIDTH

    def prepare(self, portrait: Portrait) -> Thumbnail:
        photo = cv2.resize(portrait.image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return Thumbnail(np.asarray(photo, np.uint8), gap_of(portrait.landmarks))

    def initial_state(self, appearance: Thumbnail) -> int:
        return 0

    def keypoints(
        self, appearances: Sequence[Thumbnail], states: Sequence[int], driving: Driving
    ) -> tuple[list[int], Floats]:
        after, keypoints = list(states), np.zeros((len(driving.stream), 2, 3), np.float32)
        for frames in turns(driving.stream):
            for frame in frames.tolist():
                stream = int(driving.stream[frame])
                keypoints[frame, 0] = gap_of(driving.landmarks[frame]) - appearances[stream].gap
                keypoints[frame, 1] = after[stream]
                after[stream] += 1
        return after, keypoints

    def render(self, appearance: Thumbnail, keypoints: Floats) -> Pixels:
        brighter = appearance.photo + 4 * keypoints[:, 0, 0, None, None, None]
        return np.asarray(np.clip(np.rint(brighter), 0, 255), np.uint8)


def gap_of(landmarks: Floats) -> float:
    upper, lower = LIPS
    return float(landmarks[upper, 1] - landmarks[lower, 1])


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return pictures.portrait()


@pytest.fixture
def other_generator(monkeypatch: pytest.MonkeyPatch) -> OpaqueGenerator:
    """Another generator in place of the bundle's."""
    typed: Generator[Thumbnail, int] = ThumbnailGenerator()
    generator = opaque(typed)
    monkeypatch.setattr("space_runtime.animation.pipeline.open_generator", lambda bundle: generator)
    return generator


def test_turns_step_streams_together_and_their_frames_in_order() -> None:
    stream = np.array([2, 0, 2, 2, 0, 1])
    assert [frames.tolist() for frames in turns(stream)] == [[0, 1, 5], [2, 4], [3]]
    assert not list(turns(np.zeros(0, np.intp)))


@pytest.mark.usefixtures("other_generator")
def test_a_session_draws_with_any_generator(portrait: Portrait) -> None:
    session = Session(BUNDLE, portrait, pictures=True)
    assert session.picture_size == (HEIGHT, WIDTH)
    drawn = [frame.rgb for frame in session.push(speechlike(0.6)[:, 0]) if frame.rgb is not None]
    assert len(drawn) > 10 and {rgb.shape for rgb in drawn} == {(HEIGHT, WIDTH, 3)}
    assert len({rgb.tobytes() for rgb in drawn}) > 3


@pytest.mark.usefixtures("other_generator")
def test_a_bake_writes_video_and_sheet_with_any_generator(portrait: Portrait, line: Path, tmp_path: Path) -> None:
    bake(line, tmp_path, bundle=BUNDLE, portrait=portrait, formats="mp4", plot=True)
    with av.open(str(tmp_path / f"{line.stem}.mp4")) as video:
        (frame, *_) = video.decode(video=0)
    assert (frame.width, frame.height) == (WIDTH, HEIGHT)
    assert (tmp_path / f"{line.stem}{Result.SHEET.ending}").is_file()


@pytest.mark.usefixtures("other_generator")
def test_a_server_sends_textures_of_any_generator(photo: Path) -> None:
    with Server(BUNDLE, Settings("tcp://127.0.0.1:*")) as server, connect_client(server.address) as client:
        session = client.open(outputs=("texture",), portrait=photo.read_bytes(), texture="rgb")
        client.start(session)
        client.push(session, 1, silence(6_400))
        texture = client.expect(m.Texture)
    assert (texture.width, texture.height, len(texture.pixels)) == (WIDTH, HEIGHT, WIDTH * HEIGHT * 3)


@pytest.mark.parametrize("kind", ["embedded", "other"])
def test_keypoints_of_streams_together_equal_those_of_each_alone(
    kind: str, portrait: Portrait, request: pytest.FixtureRequest
) -> None:
    if kind == "other":
        request.getfixturevalue("other_generator")
    characters = [build_character(BUNDLE, portrait, Fraction(30), pictures=True) for _ in range(3)]
    gazes = [np.array([0.1 * seed, 0.0], np.float32) for seed in range(3)]
    tracks = [ControlTrack.of(Controls(seed=seed, gaze_rad=gaze)) for seed, gaze in enumerate(gazes)]
    assert {picture_size(one) for one in characters} == {(HEIGHT, WIDTH) if kind == "other" else (512, 512)}
    together, alone = keypoints_of(characters, tracks), []
    for character, track in zip(characters, tracks, strict=True):
        alone += keypoints_of([character], [track])
    parts = characters[0].pictures
    assert parts is not None
    names = parts.generator.keypoint_names
    assert len(set(names)) == len(names)
    for one, other in zip(together, alone, strict=True):
        assert len(one) > 5 and one.shape[1:] == (len(names), 3)
        np.testing.assert_allclose(one, other, atol=0.02)  # a fiftieth of a pixel


def test_the_eyes_of_a_photo_wander_too(portrait: Portrait) -> None:
    character = build_character(BUNDLE, portrait, Fraction(30), pictures=True)
    calm = Controls(seed=1, blinks_per_minute=0.0, head_mode=HeadMode.KEEP, saccade_strength=0.0)
    tracks = [ControlTrack.of(controls) for controls in (calm, replace(calm, saccade_strength=2.0))]
    still, wandering = (keypoints_of([character], [track])[0] for track in tracks)
    assert np.abs(still - wandering).max() > 0.3  # pixels


def keypoints_of(characters: list[Character], tracks: list[ControlTrack]) -> list[Floats]:
    """The keypoints of every stream, all of them stepped together, 100 ms at a time."""
    batch = StreamBatch(BUNDLE)
    rows = np.array([batch.add(one, track) for one, track in zip(characters, tracks, strict=True)])
    states = [initial_latents(one) for one in characters]
    found: list[list[Floats]] = [[] for _ in characters]
    sound = speechlike(0.8)[:, 0]
    for start in range(0, len(sound) // HOP * HOP - 4 * HOP, 5 * HOP):
        frames = batch.step(rows, np.stack([sound[start : start + 5 * HOP]] * len(rows)))
        stream = np.searchsorted(rows, frames.row)
        states, keypoints = drive(characters, tracks, states, frames, stream)
        for which in range(len(rows)):
            found[which].append(keypoints[stream == which])
    return [np.concatenate(one) for one in found]
