"""Laws of one picture: what is asked for is seen and nothing else; wrong calls end in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from space_runtime import Controls, Session, load_bundle, still
from space_runtime.animation.photo_motion import photo_motion
from space_runtime.cli import app
from space_runtime.errors import UsageError
from space_runtime.media.image_file import read_picture
from space_runtime.values import HeadMode
from tests.support import pictures

BUNDLE = load_bundle()


def test_a_picture_of_nothing_asked_for_is_the_photo() -> None:
    portrait = pictures.portrait()
    difference = np.abs(still(portrait).astype(int) - portrait.image)
    assert difference.mean() < 0.1 and difference.max() < 60


def test_a_pose_is_that_of_a_head_that_moves_so() -> None:
    portrait = pictures.portrait()
    turn = np.array([0.3, -0.1, 0.15], np.float32)
    posed = still(portrait, Controls(head_offset=turn))
    moving = Controls(head_mode=HeadMode.GIVEN, head_track=turn[None], blinks_per_minute=0, saccade_strength=0)
    session = Session(BUNDLE, portrait, moving, 10, pictures=True, motion=photo_motion(portrait, BUNDLE))
    *_, picture = session.pictures(session.push_batches(np.zeros(16_000, np.float32))[-1])
    assert np.array_equal(posed, picture)
    assert np.abs(posed.astype(int) - portrait.image).mean() > 4


def test_an_emotion_takes_the_place_of_the_photos_expression() -> None:
    portrait = pictures.portrait()
    happy, neutral = (still(portrait, Controls(emotion=emotion)) for emotion in ({"happy": 1.0}, {"neutral": 1.0}))
    assert np.abs(happy.astype(int) - neutral).mean() > 0.3
    assert np.array_equal(happy, still(portrait, Controls(emotion={"happy": 1.0}, seed=9))), "no seed is seen"


def test_the_command_writes_what_python_draws(tmp_path: Path) -> None:
    photo = pictures.save(tmp_path / "a.png", pictures.astronaut())
    called = CliRunner().invoke(
        app, ["still", str(photo), "--yaw", "10", "--roll", "-5", "-o", str(tmp_path / "b.png")]
    )
    assert called.exit_code == 0, called.output
    offset = np.radians([10, 0, -5]).astype(np.float32)
    wanted = still(pictures.portrait(), Controls(head_offset=offset))
    assert np.array_equal(read_picture(tmp_path / "b.png"), wanted)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--yaw", "26"], "--yaw is 26, outside -25…25"),
        (["--pitch", "-16"], "--pitch is -16, outside -15…15"),
        (["--roll", "nan"], "--roll"),
        (["--gaze", "0,nan"], "is not two angles"),
        (["--emotion", "happy=nan"], "has no number"),
        (["--emotion", "happy@0s"], "'happy@0s' is keyed over time, but here one holds throughout"),
        (["--emotion", "track.json"], "'track.json' is keyed over time"),
        (["--crop", "full", "--size", "1024"], "leave size out"),
        (["--size", "4096"], "outside 256…2048"),
    ],
)
def test_wrong_calls_end_in_a_sentence(tmp_path: Path, options: list[str], said: str) -> None:
    called = CliRunner().invoke(app, ["still", "a.png", "-o", str(tmp_path / "b.png"), *options])
    assert isinstance(called.exception, UsageError) and said in str(called.exception)
    assert not (tmp_path / "b.png").exists()


@pytest.mark.parametrize("name", ["b.jpg", "a.png"])
def test_pictures_go_into_a_png_of_their_own(tmp_path: Path, name: str) -> None:
    photo = pictures.save(tmp_path / "a.png", pictures.astronaut())
    called = CliRunner().invoke(app, ["still", str(photo), "-o", str(tmp_path / name)])
    assert isinstance(called.exception, UsageError) and "name" in str(called.exception)
