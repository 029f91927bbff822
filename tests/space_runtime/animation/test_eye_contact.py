"""Laws of portraits that look aside in their photo: with eye contact they look into the camera."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from space_runtime.animation.session import Session
from space_runtime.arrays import Floats, Pixels
from space_runtime.inference.bundle import load_bundle
from space_runtime.portrait.portrait import Portrait, open_portrait
from space_runtime.rig.rig import Rig
from space_runtime.values import Controls
from tests.support.pictures import portrait, save, tracker

PLAIN = Controls(seed=1, blinks_per_minute=0, saccade_strength=0, head_mode="keep")


def drawn(face: Portrait, controls: Controls) -> Pixels:
    frames = Session(None, face, controls, 25, pictures=True).push(np.zeros(8_000, np.float32))
    assert frames[-1].rgb is not None
    return frames[-1].rgb


def gaze_deg(face: Portrait) -> Floats:
    rig = Rig.from_arrays(load_bundle().arrays("rig"))
    angles: Floats = np.degrees(rig.adapt(face.normalised).photo_gaze_rad.mean(0))
    return angles


def test_a_portrait_that_looks_aside_looks_into_the_camera_when_told(tmp_path: Path) -> None:
    def tracked(picture: Pixels) -> Portrait:
        return open_portrait(save(tmp_path / "face.png", picture), tracker())

    looking = replace(PLAIN, gaze_rad=np.array([0.35, 0], np.float32))
    aside = tracked(drawn(portrait(), looking))
    as_told = [gaze_deg(tracked(drawn(aside, replace(PLAIN, eye_contact=share))))[0] for share in (0.0, 0.5, 1.0)]
    assert abs(gaze_deg(aside)[0]) > 5 and as_told[0] == pytest.approx(gaze_deg(aside)[0], abs=1)
    assert abs(as_told[0]) > abs(as_told[1]) + 2 > abs(as_told[2]) + 2 and abs(as_told[2]) < 1.5


def test_a_portrait_that_looks_into_the_camera_hardly_changes() -> None:
    plain, corrected = (drawn(portrait(), replace(PLAIN, eye_contact=share)).astype(float) for share in (0.0, 1.0))
    assert np.abs(plain - corrected).mean() < 0.3
    assert np.abs(plain - drawn(portrait(), replace(PLAIN, gaze_rad=np.array([0.35, 0], np.float32)))).mean() > 0.5
