"""One picture of a portrait: its head in another pose, its face with an expression, its eyes looking elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from space_runtime.animation.photo_motion import photo_motion
from space_runtime.animation.session import Session
from space_runtime.arguments import instance
from space_runtime.arrays import Floats, Pixels
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.portrait.portrait import Portrait
from space_runtime.soa import take
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import OWN_HEAD, Controls, HeadMode

SETTLED_S: Final = 1.0
"""Seconds of silence in which an expression and a gaze have come."""
FPS: Final = 10
FAR_POSE_DEG: Final = (25.0, 20.0)
"""Yaw and pitch from the camera beyond which a picture shows much of what its photo does not."""


def still(portrait: Portrait, controls: Controls | None = None, *, bundle: Bundle | None = None) -> Pixels:
    """Return the picture (h, w, 3) of a portrait under controls; (h, w, 4) of a transparent one.

    The face keeps its photo's expression; with an emotion among the controls it has that, from rest, ``neutral`` being
    the rest. The head does not move by itself, the eyes do not blink: what is asked for alone is seen. The same
    controls give the same picture. Raises `UsageError` for other arguments.
    """
    instance("the portrait", portrait, Portrait, "which open_portrait() opens")
    asked = Controls() if controls is None else instance("controls", controls, Controls, "or leave them out")
    opened = bundle_or_embedded(bundle)
    motion = None if asked.emotion.any() else photo_motion(portrait, opened)
    session = Session(opened, portrait, _quiet(asked), FPS, pictures=True, motion=motion)
    *_, last = session.push_batches(np.zeros(round(SETTLED_S * SAMPLE_RATE), np.float32)) + session.finish_batches()
    *_, picture = session.pictures(take(last, np.array([-1])))
    return picture


def _quiet(controls: Controls) -> Controls:
    """Return the controls without anything that a face does by itself."""
    mode = HeadMode.KEEP if controls.head_mode in OWN_HEAD else controls.head_mode
    return replace(controls, blinks_per_minute=0, saccade_strength=0, head_mode=mode)


def turn_note(portrait: Portrait, offset: Floats) -> str:
    """Return a sentence, without a full stop, on a pose that shows much of what the photo does not; empty for none.

    offset: see `Controls.head_offset`.
    """
    own = np.degrees(portrait.pose.rotation_rad[:2])
    turned = own + np.degrees(offset[:2])
    farther = (np.abs(turned) > FAR_POSE_DEG) & (np.abs(turned) > np.abs(own) + 1)
    if not farther.any():
        return ""
    yaw, pitch = np.abs(turned).tolist()
    return (
        f"the head is turned {yaw:.0f}° to a side and {pitch:.0f}° up or down from the camera, farther than its photo: "
        "what the photo hides, and hair, ears and shoulders beside it, will look drawn"
    )
