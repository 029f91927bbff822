"""Emotion keyed over time: keys as people write them, the crossfades between them, the track that a face follows.

Two forms say the same::

    happy=0.2@0s,sad=0.1@0s,happy=0.9@1.5s
    [{"at": 0, "emotion": {"happy": 0.2, "sad": 0.1}}, {"at": 1.5, "emotion": {"happy": 0.9}}]

A key is a whole mixture (a label that it does not name is 0 in it) and holds exactly at its time. Between two keys the
mixture moves linearly from one to the other: many keys then draw any curve, where an eased motion would halt at each.
``fade`` (JSON only) lets the key before hold and the face come to this one within its last ``fade`` seconds; 0 is a
jump. Before the first key the first one holds, after the last one the last.

Times count in whole milliseconds, and a jump takes one: so live and baked tracks are the same, whatever the rate of the
sound (`engine_bridge/PROTOCOL.md`, ``set``).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from space_runtime.animation.control_blend import mixed
from space_runtime.animation.key_file import is_key_file, json_object, read_key_file
from space_runtime.animation.track import Change, ControlTrack
from space_runtime.arguments import StrPath, instance, items_of, path_of, text_of, whole
from space_runtime.arrays import Floats
from space_runtime.emotion import Emotion, emotion_of, emotion_vector
from space_runtime.errors import UsageError
from space_runtime.option_parsing import add_label, add_part, parse_emotion
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls

log = logging.getLogger(__name__)

MAX_KEYS: Final = 10_000
MAX_AT_S: Final = 86_400
"""Latest time of a key: a day."""
LONGEST_FADE_MS: Final = 10_000
"""The longest crossfade of one message of the protocol; a longer one goes in equal steps, baked as live."""

MAX_SUM: Final = 1.0
"""Of the intensities of a mixture; more is taken, and told."""
SUM_SLACK: Final = 1e-3
"""For the rounding of sums."""

EMOTION_HELP: Final = (
    f"Of {', '.join(Emotion)}: a mix with intensities 0…1 (happy=0.7,surprised=0.2), also keyed over time "
    "(happy=0.2@0s,happy=0.9@1.5s), or a JSON track (track.json)."
)

_FAR_MS: Final = 2**53

_TIME: Final = re.compile(r"(\d{1,12}\.?\d{0,12}|\.\d{1,12})\s*(ms|s)?", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class EmotionKey:
    """The emotion at one time.

    at_ms: media time, milliseconds. emotion: (8,) see `emotion_vector`. fade_ms: how long the face takes to come to it,
    at most from the key before and at least 1 ms; None for all of that time. Of the first key it has no meaning.
    """

    at_ms: int
    emotion: Floats
    fade_ms: int | None = None

    def __post_init__(self) -> None:
        """Check the kinds of everything; a mixture by label and any sequence become an array."""
        object.__setattr__(self, "at_ms", whole("at_ms", self.at_ms, -_FAR_MS, _FAR_MS))
        object.__setattr__(self, "emotion", emotion_of(self.emotion))
        if self.fade_ms is not None:
            object.__setattr__(self, "fade_ms", whole("fade_ms", self.fade_ms, -_FAR_MS, _FAR_MS))


@dataclass(frozen=True, slots=True, eq=False)
class Crossfade:
    """From ``begin_ms`` on the emotion moves linearly to another one, and arrives ``fade_ms`` (≥ 1) later."""

    begin_ms: int
    fade_ms: int
    emotion: Floats


@dataclass(frozen=True, slots=True, eq=False)
class EmotionTrack:
    """Keys in the order of their times, 1…`MAX_KEYS`. Raises `UsageError` unless times are in 0…a day and increase."""

    keys: tuple[EmotionKey, ...]

    def __post_init__(self) -> None:
        """Check the keys and their times."""
        object.__setattr__(self, "keys", tuple(items_of("keys", self.keys)))
        for key in self.keys:
            instance("a key", key, EmotionKey, "for example EmotionKey(0, {'happy': 0.7})")
        if not 1 <= len(self.keys) <= MAX_KEYS:
            raise UsageError(f"an emotion track has {len(self.keys):,} keys; expected 1 to {MAX_KEYS:,}")
        for key in self.keys:
            if not 0 <= key.at_ms <= MAX_AT_S * 1_000 or (key.fade_ms or 0) < 0:
                raise UsageError(f"an emotion's key at {key.at_ms} ms; times lie in 0…{MAX_AT_S} s, fades from 0 on")
        for before, after in pairwise(self.keys):
            if after.at_ms <= before.at_ms:
                raise UsageError(
                    f"an emotion's key at {after.at_ms / 1e3:g} s comes after one at {before.at_ms / 1e3:g} s; "
                    "write keys in the order of their times, at least a millisecond apart"
                )

    @property
    def first(self) -> Floats:
        """The (8,) emotion up to the first key."""
        return self.keys[0].emotion

    def crossfades(self) -> Iterator[Crossfade]:
        """Yield how the emotion moves from the first key on, in the order of time; none begins before another ends."""
        for before, after in pairwise(self.keys):
            yield from _between_keys(before, after)

    def over(self, controls: Controls) -> ControlTrack:
        """Return the track on which these controls hold, their emotion replaced by this one over time.

        Raises `UsageError` for a mixture with an intensity outside 0…1 or of another shape.
        """
        instance("controls", controls, Controls, "for example Controls()")
        changes = tuple(
            Change(_samples(fade.begin_ms), replace(controls, emotion=fade.emotion), _samples(fade.fade_ms))
            for fade in self.crossfades()
        )
        named = float(_samples(self.keys[-1].at_ms))
        return ControlTrack(replace(controls, emotion=self.first), changes, named_until=named)


def parse_emotion_track(text: str) -> EmotionTrack:
    """Return the track of ``happy=0.2@0s,happy=0.9@1.5s``, of a mixture without times, or of a file named ``*.json``.

    Times are written ``1.5s``, ``1500ms`` or ``1.5``; labels with the same time make one mixture. Raises `UsageError`.
    """
    if is_key_file(text_of("the emotion track", text)):
        return read_emotion_track(Path(text.strip()))
    track = EmotionTrack((EmotionKey(0, parse_emotion(text)),)) if "@" not in text else _keyed(text)
    _warn_of_sums(track)
    return track


def _keyed(text: str) -> EmotionTrack:
    """The track of a mixture with times."""
    mixtures: list[tuple[int, dict[Emotion, float]]] = []
    for part in filter(str.strip, text.split(",")):
        share, _, time = part.strip().partition("@")
        at_ms = _parse_time(part.strip(), time.strip())
        if not mixtures or mixtures[-1][0] != at_ms:
            mixtures.append((at_ms, {}))
        add_part(mixtures[-1][1], share.strip())
    return EmotionTrack(tuple(EmotionKey(at_ms, emotion_vector(mix)) for at_ms, mix in mixtures))


def read_emotion_track(path: StrPath) -> EmotionTrack:
    """Return the track of a JSON file: a list of ``{"at": seconds, "emotion": {label: intensity}, "fade": seconds}``.

    ``fade`` may be left out. Raises `UsageError` for a file that cannot be read or says something else.
    """
    path = path_of("the emotion track", path)
    try:
        entries: object = json.loads(read_key_file(path), object_pairs_hook=json_object)
        track = _track(entries)
    except UsageError as error:
        raise UsageError(f"emotion track {str(path)!r:.200}: {error}") from None
    except (ValueError, RecursionError):  # of text that is no UTF-8, no JSON, or nested too deeply
        raise UsageError(f"emotion track {str(path)!r:.200} is not JSON; {_EXPECTED}") from None
    _warn_of_sums(track)
    return track


def _warn_of_sums(track: EmotionTrack) -> None:
    """Say where a mixture is more than one emotion at full strength, which nothing was trained on."""
    key = max(track.keys, key=lambda key: float(key.emotion.sum()))
    if key.emotion.sum() > MAX_SUM + SUM_SLACK:
        log.warning(
            "the emotions at %g s add up to %.2f; beyond %g a face is exaggerated, write smaller intensities",
            key.at_ms / 1e3,
            float(key.emotion.sum()),
            MAX_SUM,
        )


_EXPECTED: Final = 'write for example [{"at": 0, "emotion": {"happy": 0.2}}, {"at": 1.5, "emotion": {"happy": 0.9}}]'


def _between_keys(before: EmotionKey, after: EmotionKey) -> Iterator[Crossfade]:
    """The way from a key to the next one, in pieces that a message can carry."""
    gap = after.at_ms - before.at_ms
    whole = gap if after.fade_ms is None else min(max(after.fade_ms, 1), gap)
    n, begin = -(-whole // LONGEST_FADE_MS), after.at_ms - whole
    for first, end in pairwise(begin + whole * k // n for k in range(n + 1)):
        yield Crossfade(first, end - first, mixed(before.emotion, after.emotion, (end - begin) / whole))


def _samples(ms: int) -> int:
    return ms * SAMPLE_RATE // 1_000


def _parse_time(part: str, text: str) -> int:
    """Milliseconds of a part's time."""
    found = _TIME.fullmatch(text)
    if not found:
        what = f"has the time {text!r:.40}" if text else "has no time"
        raise UsageError(f"emotion {part!r:.40} {what}; write for example happy=0.9@1.5s, times from 0 on")
    seconds = float(found[1]) / (1_000 if found[2] == "ms" else 1)
    return _milliseconds(f"the time of emotion {part!r:.40}", seconds)


def _track(entries: object) -> EmotionTrack:
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"expected a list of keys; {_EXPECTED}")
    if len(entries) > MAX_KEYS:
        raise UsageError(f"{len(entries):,} keys, and {MAX_KEYS:,} is the most; write fewer")
    return EmotionTrack(tuple(_key(f"key {n}", entry) for n, entry in enumerate(entries, 1)))


def _key(name: str, entry: object) -> EmotionKey:
    if not isinstance(entry, dict) or not {"at", "emotion"} <= set(entry) <= {"at", "emotion", "fade"}:
        raise UsageError(f"{name} is no object of 'at', 'emotion' and perhaps 'fade'; {_EXPECTED}")
    emotion = _mixture(name, entry["emotion"])
    at_ms = _json_ms(f"'at' of {name}", entry["at"])
    return EmotionKey(at_ms, emotion, _json_ms(f"'fade' of {name}", entry["fade"]) if "fade" in entry else None)


def _mixture(name: str, labels: object) -> Floats:
    if not isinstance(labels, dict):
        raise UsageError(f"the emotion of {name} is no object of labels and intensities; {_EXPECTED}")
    mix: dict[Emotion, float] = {}
    try:
        for label, value in labels.items():
            add_label(mix, label, _number(f"the intensity of {label!r:.40}", value))
        return emotion_vector(mix)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def _json_ms(what: str, value: object) -> int:
    return _milliseconds(what, _number(what, value))


def _number(what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{what} is no number; {_EXPECTED}")
    return value


def _milliseconds(what: str, seconds: float) -> int:
    if not 0 <= seconds <= MAX_AT_S:
        raise UsageError(f"{what} lies outside 0…{MAX_AT_S} s; choose a time inside")
    return round(1_000 * seconds)
