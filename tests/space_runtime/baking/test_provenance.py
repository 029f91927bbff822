"""The metadata of a clip: every setting stands in it, so that clips of different settings never pass for equal."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from space_runtime.animation.control_blend import STRENGTHS
from space_runtime.animation.track import ControlTrack
from space_runtime.assets import LINE
from space_runtime.baking.drive import Drive
from space_runtime.baking.jobs import BakeJob
from space_runtime.baking.provenance import provenance
from space_runtime.emotion import Emotion, emotion_vector
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.audio_file import open_sound
from space_runtime.style import style_vector
from space_runtime.values import Controls, HeadMode, LookSpace
from tests.support.drives import driver, take_of

BUNDLE = load_bundle()
DRIVE = Drive.of(take_of(driver(0.1)))
TRACK = np.zeros((2, 6), np.float32)
OTHER: dict[str, object] = {
    "emotion": emotion_vector({Emotion.HAPPY: 0.5}),
    "blink_samples": (4_800,),
    "gaze_rad": np.array([0.1, 0.0], np.float32),
    "look_at": np.array([0.0, 0.0, 3.0], np.float32),
    "head_mode": HeadMode.KEEP,
    "seed": 7,
    "head_track": TRACK,
    "look_space": LookSpace.CAMERA,
    "blink": np.array([0.5, 1.0], np.float32),
    "head_track_samples": np.array([0.0, 160.0]),
    "style": style_vector({"mumble": 0.5}),
    "head_offset": np.array([0.1, 0.0, 0.0], np.float32),
}
"""Another value of every field that is no number."""
NEEDED: dict[str, dict[str, object]] = {"head_track_samples": {"head_track": TRACK}}
"""Fields without which another cannot be given."""


def settings(controls: Controls) -> object:
    sound, job = open_sound(LINE), BakeJob(LINE, "line", controls=controls, drive=DRIVE)
    told = provenance(sound, sound.sha256(), job, BUNDLE, job.controls)
    return told["settings"]


@pytest.mark.parametrize("name", [field.name for field in fields(Controls)])
def test_every_control_stands_in_the_metadata(name: str) -> None:
    plain = replace(Controls(), **NEEDED.get(name, {}))  # type: ignore[arg-type]  # the fields fit
    value = OTHER[name] if name in OTHER else 1 + getattr(plain, name)
    changed = replace(plain, **{name: value})  # type: ignore[arg-type]  # the field fits
    assert settings(changed) != settings(plain)


@pytest.mark.parametrize("name", STRENGTHS)
def test_every_strength_is_half_way_in_the_middle_of_a_fade(name: str) -> None:
    track = ControlTrack.of(Controls()).changed(0, replace(Controls(), **{name: 2.0}), 1_000)  # type: ignore[arg-type]
    assert getattr(track.at(500), name) == pytest.approx(1.5)
    assert name.endswith("_strength")
