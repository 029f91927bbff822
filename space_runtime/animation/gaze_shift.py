"""Shifts of gaze, eyes first and the head after them: how far the head goes along, and the time course of both.

All are pure functions of angles and of the time since the eyes set off. Shifts that overlap add up: the course of each
goes on while the next one begins (as submovements of reaching do, Flash & Henis 1991, J. Cognitive Neuroscience 3(3)),
so that nothing jumps however fast targets follow one another.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engine_bridge.protocol.field_table import GAZE_LIMIT_RAD
from space_runtime.animation.schedules import Duration, ease, saccade_s
from space_runtime.arrays import Floats

EYES_ALONE_RAD: Final = np.radians([16.0, 10.0])
"""Yaw and pitch up to which eyes look aside without the head. People differ much: the range in which eyes stay is 36°
wide on average (Stahl 1999, Exp. Brain Research 126(1)); up and down, eyes turn less."""
FOLLOWED: Final = np.array([0.75, 0.5])
"""Part of what lies beyond that which the head takes, in yaw and in pitch (Stahl 1999: 0.77 in yaw; less in pitch:
Freedman & Sparks 1997, J. Neurophysiology 77(5))."""
SOFT_RAD: Final = math.radians(6.0)
"""Width of the bend between both: a target that drifts across the border sets the head going gently."""
HEAD_LIMIT_RAD: Final = np.radians([45.0, 25.0])
"""Farthest a head goes along; beyond it the body would turn."""

HEAD_AFTER_S: Final = 0.12
"""Time after the eyes at which the head sets off, as it does towards a place that nobody expected (Zangemeister & Stark
1982, Exp. Neurology 77(3)); who plans to look there turns the head at once."""
SMALL_RAD: Final = math.radians(2.0)
"""A step that eyes that follow something moving take smoothly, within `FOLLOW_S`, rather than by a saccade."""
FOLLOW_S: Final = 0.1


def head_along(gaze_rad: Floats, follow: float = 1.0) -> Floats:
    """Return (…, 2) yaw, pitch in radians by which a head goes along with a gaze (…, 2) relative to the head's rest.

    follow: factor 0…2 on the head's part. Where even so the eyes would have to leave their limit, the head takes the
    rest, but at ``follow`` 0 nothing. Rises with the angle and is odd: what holds to the left holds to the right.
    """
    size = np.abs(gaze_rad.astype(np.float64))
    beyond = SOFT_RAD * np.logaddexp(0.0, (size - EYES_ALONE_RAD) / SOFT_RAD * _SHARP) / _SHARP
    beyond -= SOFT_RAD * np.logaddexp(0.0, -EYES_ALONE_RAD / SOFT_RAD * _SHARP) / _SHARP
    taken = np.minimum(follow * FOLLOWED * beyond, size)
    needed = np.minimum(1.0, follow) * (size - GAZE_LIMIT_RAD)
    along: Floats = (np.sign(gaze_rad) * np.minimum(np.maximum(taken, needed), HEAD_LIMIT_RAD)).astype(np.float32)
    return along


def eyes_come(since_s: Duration, angle_rad: Duration) -> Duration:
    """Return the share 0…1 of a shift of gaze by an angle that eyes have made, seconds after its beginning.

    A saccade of minimum jerk on the main sequence, or a smooth step when it is small.
    """
    return ease(since_s / eyes_s(angle_rad))


def eyes_s(angle_rad: Duration) -> Duration:
    """Return the seconds that eyes take for a shift of gaze by an angle ≥ 0."""
    smooth = ease(2.0 - angle_rad / SMALL_RAD)
    return saccade_s(angle_rad) + smooth * (FOLLOW_S - 0.021)


def head_comes(since_s: Duration, turn_rad: Duration) -> Duration:
    """Return the share 0…1 of its turn by an angle that a head has made, seconds after the eyes set off."""
    return ease((since_s - HEAD_AFTER_S) / head_s(turn_rad))


def head_s(turn_rad: Duration) -> Duration:
    """Return the seconds that a head takes to turn by an angle ≥ 0.

    Its peak velocity rises with the turn, 20°/s and 1.33°/s for each degree of it (Pejsa et al. 2015, ACM TiiS 5(1));
    a motion of minimum jerk peaks at 1.875 times its mean velocity.
    """
    degrees = turn_rad * (180 / math.pi)
    took: Duration = np.maximum(LEAST_HEAD_S, 1.875 * degrees / (20.0 + 4 / 3 * degrees))
    return took


LEAST_HEAD_S: Final = 0.3
"""The least turns of a head take so long, too."""
LONGEST_S: Final = HEAD_AFTER_S + 1.875 * 0.75
"""As long as no shift of gaze takes, eyes and head."""
_SHARP: Final = 4.0
"""Sharpness of the bend: within `SOFT_RAD` of the border it is over by 98 %."""
