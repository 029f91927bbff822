"""Laws of driven lines: a drive is part of what a clip is made from, and a recording of motion may be the line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime import BakeJob, BakeResult, Controls, UsageError, bake, bake_many, load_bundle
from space_runtime.baking.cache import record_path
from space_runtime.baking.drive import Drive
from space_runtime.baking.jobs import Outcome
from space_runtime.capture.drive_rows import DriveEnd, DriveReference
from space_runtime.capture.take import Take, read_take, write_take
from space_runtime.drive_parts import PRESETS
from space_runtime.rig.shapes import SHAPE
from tests.support.drives import driver, take_of
from tests.support.sounds import speechlike

BUNDLE = load_bundle()
TAKE = take_of(driver(1.0))
TAKE.blendshapes[:, SHAPE["tongueOut"]] = 0.25
DRIVE = Drive.of(TAKE)
ALL = Controls(seed=1, drive=PRESETS["all"])


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A sound of half a second."""
    path = tmp_path / "hello.wav"
    soundfile.write(path, speechlike(0.5), 16_000)
    return path


def run(sound: Path, drive: Drive | None = DRIVE, controls: Controls = ALL) -> BakeResult:
    job = BakeJob(sound, sound.parent / "out" / sound.stem, controls=controls, formats="npz", drive=drive)
    (result,) = bake_many([job], bundle=BUNDLE)
    return result


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as clip:
        return dict(clip)


def test_a_driven_line_does_what_its_driver_does(sound: Path) -> None:
    clip = arrays(run(sound).files[0])
    assert np.abs(clip["head_rotation_rad"][:15] - TAKE.head[:15, :3]).max() < 1e-6
    assert np.abs(clip["eye_rotation_rad"][:15] - TAKE.eyes_rad[:15]).max() < 1e-5


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (Drive.of(take_of(driver(1.0, seed=2))), "another drive"),
        (Drive.of(TAKE, end=DriveEnd.LOOP), "another drive"),
        (Drive.of(TAKE, reference=DriveReference.ABSOLUTE), "another drive"),
        (Drive.of(TAKE, begin_s=0.1), "another drive"),
        (None, "other settings, another drive"),
        (DRIVE, "nothing has changed"),
    ],
)
def test_another_drive_is_baked_and_the_same_is_not(sound: Path, changed: Drive | None, reason: str) -> None:
    run(sound)
    again = run(sound, changed)
    assert again.reason == reason
    assert again.outcome is (Outcome.UNCHANGED if changed is DRIVE else Outcome.BAKED)


def test_other_parts_are_other_settings_for_a_driven_line_alone(sound: Path) -> None:
    other = replace(ALL, drive=PRESETS["pose"])
    run(sound)
    assert run(sound, controls=other).reason == "other settings"
    run(sound, None)
    assert run(sound, None, other).outcome is Outcome.UNCHANGED


def test_records_of_bakes_before_there_were_drives_still_count(sound: Path) -> None:
    run(sound, None)
    record = record_path(sound.parent / "out" / "hello")
    told = json.loads(record.read_text())
    del told["origin"]["drive"]
    record.write_text(json.dumps(told))
    assert run(sound, None).outcome is Outcome.UNCHANGED


def test_a_clip_says_what_drove_it(sound: Path) -> None:
    (path,) = bake(sound, sound.parent / "own", bundle=BUNDLE, controls=ALL, formats="json", drive=DRIVE)
    metadata = json.loads(path.read_text())["metadata"]
    assert metadata["drive"]["source_sha256"] == TAKE.sha256 and len(metadata["drive"]["sha256"]) == 64
    assert metadata["settings"]["drive"] == [1] * 6


def test_a_take_is_a_line_as_long_as_its_rows(tmp_path: Path) -> None:
    line = tmp_path / "take.npz"
    write_take(TAKE, line)
    (path,) = bake(line, tmp_path / "out", bundle=BUNDLE, controls=ALL, drive=Drive.of(read_take(line)), tail_s=0)
    clip = arrays(path)
    assert len(clip["times_s"]) == TAKE.n_rows
    assert np.abs(clip["blendshapes"] - TAKE.blendshapes).max() < 1e-5  # what no landmark shows is there, too
    assert np.abs(clip["head_rotation_rad"] - TAKE.head[:, :3]).max() < 1e-6


def test_a_drive_that_is_over_before_it_begins_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a drive of 0\.97 s has no row after 2 s"):
        Drive.of(TAKE, begin_s=2.0)


def test_a_driver_without_rest_is_taken_as_he_is_and_one_with_rest_from_there() -> None:
    rest = np.zeros(52, np.float32)
    rest[[0, 5]] = 0.2, 0.5
    resting = Take(
        TAKE.samples, np.tile(rest, (TAKE.n_rows, 1)), TAKE.head, TAKE.eyes_rad, TAKE.confidence, rest, TAKE.head[0]
    )
    rows = Drive.of(resting).rows
    assert not rows.blendshapes.any() and np.abs(rows.head[0]).max() < 1e-6
    gaze = rows.eyes_rad.mean(1) + rows.head[:, :2]
    assert np.abs(gaze - (TAKE.eyes_rad.mean(1) + TAKE.head[:, :2])).max() < 1e-6
