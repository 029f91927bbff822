"""Direction of a face over time: its emotion, what it looks at and when it blinks, as one order of changes.

Looks: one point, or keys in a file, CSV (``time,x,y,z``) or JSON; a key without a point is eye contact again. Before
the first key the eyes keep contact. Blinks: ``0.5,2.1:0.6,4:1:2``, each the second at which the lids are shut, how far,
and for how many seconds. Times count in whole milliseconds, as those of emotions do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from engine_bridge.protocol.motion_row import TRANSLATION
from space_runtime.animation.control_blend import mixed
from space_runtime.animation.emotion_track import MAX_KEYS, EmotionTrack
from space_runtime.animation.key_file import LATEST_S, Columns, TimedTable, is_key_file, read_timed_table
from space_runtime.animation.schedules import CLOSING_S, HOLD_S
from space_runtime.animation.track import Change, ControlTrack
from space_runtime.arguments import StrPath, values_in_range
from space_runtime.arrays import Doubles, Floats
from space_runtime.errors import UsageError
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls, HeadMode

LOOK_COLUMNS: Final = Columns(("x", "y", "z"))
HEAD_COLUMNS: Final = Columns(("yaw", "pitch", "roll"), ("x", "y", "z"))
LOOK_HELP: Final = (
    "X,Y,Z of a point to look at, the unit being the eyes' width (9 cm), or keys: time,x,y,z in a .csv or .json."
)
LOOK_SPACE_HELP: Final = (
    "Space of --look-at: camera (x right in the picture, y up, z to the viewer), character or face."
)
BLINK_HELP: Final = "Seconds at which the eyes shut, beside --blinks: 0.5,2.1:0.6 (not fully),4:1:2 (for two seconds)."
HEAD_HELP: Final = "Given head: time,yaw,pitch,roll[,x,y,z] in a .csv, .json or .npz; seconds and degrees."

_CLOSING_MS: Final = round(1_000 * CLOSING_S)
_NUMBER: Final = r"\d{1,6}\.?\d{0,6}|\.\d{1,6}"
_BLINK: Final = re.compile(f"({_NUMBER})(?::({_NUMBER}))?(?::({_NUMBER}))?", re.ASCII)


class LookKey(NamedTuple):
    """From a time on, milliseconds, the eyes look at a (3,) point; None for eye contact."""

    at_ms: int
    point: Floats | None


class BlinkKey(NamedTuple):
    """At a time, milliseconds, the lids begin to shut; blink: (2,) see `Controls.blink`."""

    at_ms: int
    blink: Floats


class Step(NamedTuple):
    """A change of controls at a time: what comes in within ``fade_ms``, and what begins then; None for what stays."""

    begin_ms: int
    fade_ms: int = 0
    emotion: Floats | None = None
    look: LookKey | None = None
    blink: BlinkKey | None = None

    def over(self, controls: Controls) -> Controls:
        """Return these controls with the change."""
        return replace(
            controls,
            emotion=controls.emotion if self.emotion is None else self.emotion,
            look_at=controls.look_at if self.look is None else self.look.point,
            blink=None if self.blink is None else self.blink.blink,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """Emotion, looks and blinks over time; looks and blinks in the order of their times."""

    emotion: EmotionTrack
    looks: tuple[LookKey, ...] = ()
    blinks: tuple[BlinkKey, ...] = ()

    def over(self, controls: Controls) -> ControlTrack:
        """Return the track on which these controls hold, with this direction. Raises `UsageError`, see `Controls`."""
        first = running = self.begun(controls)
        changes: list[Change] = []
        for step in self.steps():
            running = step.over(running)
            changes.append(Change(_samples(step.begin_ms), running, _samples(step.fade_ms)))
        last = max(self.emotion.keys[-1].at_ms, *self._cuts())
        return ControlTrack(first, tuple(changes), named_until=float(_samples(last)))

    def begun(self, controls: Controls) -> Controls:
        """Return these controls as they are at the beginning."""
        at_once = [key.point for key in self.looks if not key.at_ms]
        look_at = at_once[0] if at_once else controls.look_at
        return replace(controls, emotion=self.emotion.first, look_at=look_at)

    def steps(self) -> Iterator[Step]:
        """Yield the changes in the order of time, one at a time, none beginning before the fade of another is over.

        A fade of the emotion in which eyes or lids are told something is cut there, so that it goes on as it was.
        """
        steps = {step.begin_ms: step for step in self._fades()}
        for look in self.looks:
            if look.at_ms:
                steps[look.at_ms] = steps.get(look.at_ms, Step(look.at_ms))._replace(look=look)
        for blink in self.blinks:
            steps[blink.at_ms] = steps.get(blink.at_ms, Step(blink.at_ms))._replace(blink=blink)
        return iter([steps[at] for at in sorted(steps)])

    def _cuts(self) -> list[int]:
        """The times of looks and blinks, rising, behind that of the beginning."""
        return sorted({0, *(look.at_ms for look in self.looks), *(blink.at_ms for blink in self.blinks)})

    def _fades(self) -> Iterator[Step]:
        """The crossfades of the emotion, cut at the times of looks and blinks."""
        cuts = self._cuts()
        before = self.emotion.first
        for fade in self.emotion.crossfades():
            end = fade.begin_ms + fade.fade_ms
            times = [fade.begin_ms, *(cut for cut in cuts if fade.begin_ms < cut < end), end]
            for begin, until in pairwise(times):
                target = mixed(before, fade.emotion, (until - fade.begin_ms) / fade.fade_ms)
                yield Step(begin, until - begin, target)
            before = fade.emotion


def parse_looks(text: str) -> tuple[LookKey, ...]:
    """Return the keys of ``X,Y,Z``, of a file (``.json``, ``.csv``), or none of empty text. Raises `UsageError`."""
    text = text.strip()
    if not text:
        return ()
    if is_key_file(text):
        return _look_keys(read_timed_table("--look-at", text, LOOK_COLUMNS, may_be_empty=True))
    try:
        point = [float(part) for part in text.split(",")]
    except ValueError:
        point = []
    if len(point) != 3:
        raise UsageError(f"--look-at is {text!r:.80}; expected a point, for example 2,0.5,6, or a file of keys")
    return (LookKey(0, Controls(look_at=point).look_at),)


def _look_keys(table: TimedTable) -> tuple[LookKey, ...]:
    if len(table.seconds) > MAX_KEYS:
        raise UsageError(f"--look-at has {len(table.seconds):,} keys, and {MAX_KEYS:,} is the most; write fewer")
    keys = {round(1_000 * at): value for at, value in zip(table.seconds.tolist(), table.values, strict=True)}
    return tuple(
        LookKey(at, None if np.isnan(value[0]) else Controls(look_at=value).look_at) for at, value in keys.items()
    )


def parse_blinks(text: str) -> tuple[BlinkKey, ...]:
    """Return the blinks of ``0.5,2.1:0.6,4:1:2``. Raises `UsageError`."""
    keys = {key.at_ms: key for key in map(_blink, filter(None, map(str.strip, text.split(","))))}
    return tuple(keys[at] for at in sorted(keys))


def _blink(part: str) -> BlinkKey:
    found = _BLINK.fullmatch(part)
    seconds = float(found[1]) if found else 0.0
    if not found or seconds > LATEST_S:
        raise UsageError(
            f"--blink-at has {part!r:.40}; write the second at which the eyes are shut, perhaps how far (0…1) and for "
            "how many seconds: 0.5, 2.1:0.6 or 4:1:2"
        )
    blink = [float(found[2] or 1), float(found[3] or HOLD_S)]
    checked = Controls(blink=blink).blink
    assert checked is not None
    return BlinkKey(max(0, round(1_000 * seconds) - _CLOSING_MS), checked)


MOST_DEGREES: Final = 180.0
"""Greatest angle of a given head."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadTrack:
    """A given head. samples: (n,) rising media times at 16 kHz. rows: (n, 3) or (n, 6), see `Controls.head_track`."""

    samples: Doubles
    rows: Floats


def read_head_track(path: StrPath) -> HeadTrack:
    """Return the given head of a file: seconds, degrees, and perhaps x, y, z in normalised units.

    ``time,yaw,pitch,roll[,x,y,z]`` as CSV, as a JSON list of objects, or as arrays in ``.npz``. Raises `UsageError`.
    """
    table = read_timed_table("--head-track", path, HEAD_COLUMNS)
    track = table.values.copy()
    values_in_range("an angle of --head-track", track[:, :3], -MOST_DEGREES, MOST_DEGREES)
    values_in_range("a place of --head-track", track[:, 3:], TRANSLATION.low, TRANSLATION.high)
    track[:, :3] = np.radians(track[:, :3])
    return HeadTrack(table.seconds * SAMPLE_RATE, track.astype(np.float32))


def with_head_track(controls: Controls, path: StrPath) -> Controls:
    """Return the controls with the given head of a file, see `read_head_track`. Raises `UsageError`."""
    given = read_head_track(path)
    return replace(controls, head_mode=HeadMode.GIVEN, head_track=given.rows, head_track_samples=given.samples)


def _samples(ms: int) -> int:
    return ms * SAMPLE_RATE // 1_000
