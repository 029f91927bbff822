"""The golden runs of the jitter buffer: what comes, which positions are asked for, what is shown.

``python tests/tools/golden_jitter.py`` writes them to ``engine_bridge/vectors/jitter.json``; a test compares what
lies there with what this makes. Their format: PROTOCOL.md, section 8.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from engine_bridge.client.jitter import JitterBuffer, Pose
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.field_table import OUTPUTS
from engine_bridge.protocol.messages import Floats

FILE: Final = Path(__file__).parents[2] / "engine_bridge" / "vectors" / "jitter.json"
STEP: Final = 1600 / 3
"""Samples between frames at 16 kHz and 30 frames a second."""
DT: Final = 0.0234
"""Seconds between two questions; its multiples stay clear of 0.1 and 0.3."""
PARTS: Final = tuple(row for row in OUTPUTS if row.in_frame)

Step = dict[str, object]


def frame(index: int, value: float, stream: int = 1, sample: float | None = None, **lasting: list[float]) -> Step:
    """A frame whose every kind of number follows ``value``. lasting: outputs that have no rest."""
    entry: dict[str, object] = {
        "stream": stream,
        "index": index,
        "sample": index * STEP if sample is None else sample,
        "speech": value,
        "weights": [value, round(value / 2, 6)],
        "head": [0.0, round(-value / 4, 6)],
        "eyes": [0.0, 0.0, round(value / 8, 6)],
    }
    return {"frame": {**entry, **lasting}}


def frames(first: int, n: int, stream: int = 1, scale: float = 1.0) -> list[Step]:
    """Consecutive frames whose values rise and fall."""
    return [frame(k, round(scale * (0.5 + 0.4 * float(np.sin(k))), 4), stream) for k in range(first, first + n)]


def begin(stream: int = 1, rate: float = 16_000) -> Step:
    return {"begin": {"stream": stream, "rate": rate}}


def finished(sample: float, stream: int = 1, reason: str = "end") -> Step:
    return {"finished": {"stream": stream, "reason": reason, "sample": sample}}


def ask(position: float, dt: float = DT) -> Step:
    return {"ask": {"position": _said(position), "dt": _said(dt)}}


def _said(number: float) -> float | str:
    """A number for JSON, which has no word for those that are not finite."""
    return number if math.isfinite(number) else str(number)


def play(first: float, last: float, rate: float = 16_000, dt: float = DT) -> list[Step]:
    """Questions along the clock from one position to another."""
    return [ask(float(position), dt) for position in np.arange(first, last, rate * dt)]


def counts() -> Step:
    """The points at which the counters are compared."""
    return {"counts": {}}


def runs() -> dict[str, list[Step]]:
    """The runs by name, without what is expected."""
    return {
        "in_order": [begin(), *frames(0, 12), *play(0, 11 * STEP), counts()],
        "in_order_48k_as_it_comes": [
            begin(rate=48_000),
            ask(0.0),
            *[
                step
                for k in range(8)
                for step in (frame(k, round(0.1 * k, 1), sample=k * 1600.0), ask(k * 1600.0 - 800.0), ask(k * 1600.0))
            ],
            counts(),
        ],
        "reordered": [
            begin(),
            *[frame(k, round(k / 10, 6)) for k in (3, 0, 2, 1, 7, 5, 4, 6)],
            *play(0, 7 * STEP),
            counts(),
        ],
        "duplicate": [begin(), *frames(0, 6), *frames(0, 6), *play(0, 5 * STEP), *frames(3, 3), counts()],
        "lost": [begin(), *frames(0, 3), *frames(7, 3), *play(0, 9 * STEP), counts()],
        "first_lost": [begin(), *frames(4, 6), *play(0, 9 * STEP), counts()],
        "replaced_after_interrupt": [
            begin(),
            *[frame(k, 0.8) for k in range(15)],
            *play(0, 5 * STEP),
            *[frame(k, round(0.8 * (1 - (k - 7) / 6), 4)) for k in range(7, 14)],
            *play(5 * STEP, 10 * STEP),
            finished(13 * STEP, reason="interrupted"),
            *play(10 * STEP, 16 * STEP),
            ask(30 * STEP, 0.5),
            counts(),
        ],
        "underrun_and_recovery": [
            begin(),
            *frames(0, 5),
            *play(0, 30 * STEP),
            *frames(28, 8),
            *play(30 * STEP, 35 * STEP),
            counts(),
        ],
        "recovery_while_releasing": [
            begin(),
            *frames(0, 5),
            *play(0, 10 * STEP),
            *frames(8, 6),
            *play(10 * STEP, 13 * STEP),
        ],
        "recovery_while_holding": [
            begin(),
            *frames(0, 5),
            *play(0, 6 * STEP),
            *frames(5, 6),
            *play(6 * STEP, 9 * STEP),
        ],
        "release_in_the_middle_of_a_blend": [
            begin(),
            frame(0, 1.0),
            ask(0.0, 0.04),
            ask(4000.0, 0.04),
            ask(5000.0, 0.1),
        ],
        "finished": [begin(), *frames(0, 6), finished(5.6 * STEP), *play(0, 18 * STEP), counts()],
        "finished_before_it_is_shown": [begin(), *frames(0, 4), finished(3 * STEP), ask(50 * STEP, 2.0), counts()],
        "another_stream": [
            begin(),
            *frames(0, 9),
            *play(0, 6 * STEP),
            begin(2, 24_000),
            ask(0.0, 0.05),
            ask(0.0, 0.05),
            frame(7, 0.3),
            *[frame(k, 0.6, stream=2, sample=k * 800.0) for k in range(6)],
            *play(0, 4000, 24_000),
            finished(9 * STEP, stream=1, reason="replaced"),
            ask(4000.0),
            counts(),
        ],
        "another_stream_at_once": [
            begin(),
            *frames(0, 9),
            *play(0, 6 * STEP),
            begin(2),
            *frames(0, 6, stream=2, scale=0.5),
            *play(0, 5 * STEP),
        ],
        "another_stream_that_says_nothing": [
            begin(),
            *frames(0, 9),
            *play(0, 6 * STEP),
            begin(2),
            *[ask(0.0, 0.07) for _ in range(6)],
        ],
        "position_runs_back": [
            begin(),
            *frames(0, 8),
            ask(3.5 * STEP),
            ask(2 * STEP),
            ask(0.0),
            ask(-100.0),
            ask(3.75 * STEP),
            counts(),
        ],
        "late": [
            begin(),
            *frames(0, 3),
            frame(6, 0.2),
            ask(1.5 * STEP, 0.2),
            ask(5.25 * STEP),
            frame(1, 1.0),  # before frame 2, which is the one at or before the position
            frame(4, 1.0),  # takes the place of frame 2
            frame(3, 1.0),
            frame(4, 0.9),
            ask(5.25 * STEP),
            frame(5, 0.7),
            ask(5.5 * STEP),
            counts(),
        ],
        "landmarks": [
            begin(),
            ask(0.0),
            *[frame(k, 0.5, landmarks=[round(0.1 * k, 1), -0.2, 0.3]) for k in range(4)],
            ask(0.0),
            ask(1.5 * STEP, 0.2),
            ask(3 * STEP, 0.2),
            ask(7 * STEP, 0.15),
            ask(7 * STEP, 0.2),
            ask(7 * STEP, 0.2),
        ],
        "keypoints": [
            begin(),
            *[frame(k, 0.5, keypoints=[round(0.1 * k, 1), -0.2, 0.3, 0.0, 0.5, 0.0]) for k in range(2)],
            ask(0.0, 0.2),
            ask(0.5 * STEP),
            frame(2, 0.5, keypoints=[0.0, 1.0, 2.0]),
            ask(1.75 * STEP),
            ask(2 * STEP, 0.2),
            ask(7 * STEP, 0.15),
            ask(7 * STEP, 0.2),
        ],
        "only_weights": [
            begin(),
            {"frame": {"stream": 1, "index": 0, "sample": 0.0, "speech": 1.0, "weights": [0.25, 0.5, 0.75]}},
            {"frame": {"stream": 1, "index": 1, "sample": 640.0, "speech": 0.5, "weights": [0.75]}},
            ask(320.0, 0.05),
            ask(320.0, 0.06),
        ],
        "capacity": [
            begin(),
            {"frames": {"stream": 1, "first_index": 0, "n_frames": 4097, "interval": 100.0, "weights": [0.5]}},
            {"frames": {"stream": 1, "first_index": 4090, "n_frames": 6, "interval": 100.0, "weights": [0.25]}},
            ask(409_550.0, 0.2),
            frame(4097, 1.0, sample=409_700.0),
            ask(409_600.0),
            counts(),
        ],
        "times_that_are_none": [begin(), *frames(0, 4), ask(STEP, -1.0), ask(STEP, 0.0), ask(STEP, 0.06)],
        **clock_runs(),
    }


def clock_runs() -> dict[str, list[Step]]:
    """The runs in which the position stands still, falls back, jumps or goes at another speed."""
    return {
        "stands_still_past_the_newest": [
            begin(),
            *frames(0, 5),
            *play(0, 4 * STEP),
            *[ask(4.5 * STEP) for _ in range(20)],
            *frames(5, 6),  # they come in its absence
            *[ask(4.5 * STEP) for _ in range(3)],
            *play(4.75 * STEP, 10 * STEP),
            counts(),
        ],
        "stands_still_among_frames": [
            begin(),
            *frames(0, 12),
            *play(0, 4 * STEP),
            *[ask(4.25 * STEP) for _ in range(20)],
            *play(4.5 * STEP, 9 * STEP),
        ],
        "stands_still_on_a_frame": [begin(), *frames(0, 3), ask(STEP, 0.2), *[ask(STEP) for _ in range(20)]],
        "stands_still_from_the_first": [
            begin(),
            *[ask(0.0, 0.07) for _ in range(3)],
            *frames(0, 6),
            *[ask(0.0, 0.07) for _ in range(8)],
            *play(100, 5 * STEP),
        ],
        "frames_come_to_where_it_stands": [
            begin(),
            *frames(0, 3),
            *play(0, 3 * STEP),
            *[ask(6 * STEP) for _ in range(20)],
            *frames(3, 3),  # still before the position, but new
            *[ask(6 * STEP) for _ in range(20)],
        ],
        "is_no_number_any_more": [
            begin(),
            *frames(0, 12),
            *play(0, 4 * STEP),
            *[ask(math.nan) for _ in range(8)],
            *[ask(math.inf) for _ in range(8)],
            *[ask(-math.inf) for _ in range(4)],
        ],
        "starved_at_half_speed": [begin(), *frames(0, 5), *play(0, 4 * STEP), *slow(4 * STEP, 0.5, 25)],
        "starved_at_double_speed": [begin(), *frames(0, 5), *slow(0, 2.0, 20)],
        "frames_at_double_speed": [begin(), *frames(0, 30), *slow(0, 2.0, 20)],
        "creeps": [begin(), *frames(0, 12), *play(0, 4 * STEP), *slow(4 * STEP, 0.07, 25)],
        "goes_slowly": [begin(), *frames(0, 12), *play(0, 4 * STEP), *slow(4 * STEP, 0.15, 25)],
        "trembles": [
            begin(),
            *frames(0, 12),
            *play(0, 6 * STEP),
            *[ask((6 + (-1) ** k * 0.25 * (k % 5)) * STEP) for k in range(25)],
        ],
        "seeks_back": [
            begin(),
            *frames(0, 30),
            *play(0, 20 * STEP),
            *play(4 * STEP, 9 * STEP),
            ask(2 * STEP, 0.04),
            frame(30, 0.5),
            frame(1, 0.25),  # late: it would come before the frame at the position
            frame(3, 0.75),
            ask(2 * STEP, 0.05),
            ask(3 * STEP, 0.04),
            *play(21 * STEP, 24 * STEP),
            counts(),
        ],
        "seeks_to_before_everything": [
            begin(),
            *[frame(k, 0.75) for k in range(10, 30)],
            *play(10 * STEP, 20 * STEP),
            *play(2 * STEP, 12 * STEP),
            counts(),
        ],
        "loops": [
            begin(),
            *frames(0, 31),
            finished(30 * STEP),
            *[step for _ in range(3) for step in play(0, 30 * STEP)],
            *[ask(0.0) for _ in range(20)],  # an engine's player that has stopped
            counts(),
        ],
        "loops_over_what_never_came": [
            begin(),
            *frames(0, 12),
            *[step for _ in range(2) for step in play(0, 40 * STEP)],
        ],
        "jumps_ahead_of_all_frames": [
            begin(),
            *frames(0, 12),
            *play(0, 4 * STEP),
            *play(40 * STEP, 44 * STEP),
            *frames(12, 36),
            *play(44 * STEP, 47 * STEP),
            counts(),
        ],
        "is_far_away_for_a_moment": [
            begin(),
            *frames(0, 12),
            *play(0, 4 * STEP),
            ask(1e300),
            frame(12, 0.5),
            *play(4.5 * STEP, 8 * STEP),
            ask(-1e300),
            *play(8.5 * STEP, 11 * STEP),
            counts(),
        ],
        "numbers_beyond_all_bounds": [
            begin(),
            *frames(0, 12),
            ask(STEP, 1e300),
            ask(2 * STEP, math.nan),
            ask(2.5 * STEP, math.inf),
            ask(3 * STEP, -math.inf),
            ask(3 * STEP, 1e300),
            ask(-1e300, 1e-300),
            ask(1e300, 5.0),
            counts(),
        ],
        "a_long_gap": [
            begin(),
            *frames(0, 5),
            *frames(30, 6),
            *play(0, 34 * STEP),
        ],
        "one_frame_a_second": [
            begin(),
            *[frame(k, round(0.2 * k, 1), sample=16_000.0 * k) for k in range(4)],
            frame(5, 1.0, sample=80_000.0),
            *play(0, 80_000, dt=0.234),
        ],
        "finished_while_it_stands": [
            begin(),
            *[frame(k, 0.75) for k in range(12)],
            *play(0, 8 * STEP),
            finished(6 * STEP),
            *[ask(8 * STEP) for _ in range(16)],
            *play(2 * STEP, 5 * STEP),
            counts(),
        ],
        "times_that_contradict": [
            begin(),
            *frames(0, 6),
            frame(6, 0.9, sample=2.0 * STEP),
            frame(8, 0.9, sample=1e300),
            frame(7, 0.9, sample=7.0 * STEP),
            frame(9, 0.9, sample=9.0 * STEP),
            frame(3, 0.9, sample=4.5 * STEP),
            *play(0, 8 * STEP),
            counts(),
        ],
        "keeps_what_has_passed": [
            begin(),
            {"frames": {"stream": 1, "first_index": 0, "n_frames": 3000, "interval": 100.0, "weights": [0.5]}},
            ask(299_950.0, 0.2),
            {"frames": {"stream": 1, "first_index": 3000, "n_frames": 2047, "interval": 100.0, "weights": [0.25]}},
            {"frames": {"stream": 1, "first_index": 5047, "n_frames": 2050, "interval": 100.0, "weights": [0.75]}},
            counts(),
            ask(250_000.0, 0.2),
            ask(299_800.0, 0.2),
            ask(299_900.0, 0.04),
            ask(509_500.0, 0.2),
            counts(),
        ],
    }


def slow(first: float, speed: float, n: int) -> list[Step]:
    """Questions of a player at another speed."""
    return [ask(first + k * speed * DT * 16_000) for k in range(1, n)]


def floats(values: object, n: int) -> Floats:
    """The first values of an array; the rest is 0. n: its length, 0 where it is as long as the values."""
    assert isinstance(values, list)
    array = np.zeros(n or len(values), np.float32)
    array[: len(values)] = values
    return array


def frame_of(entry: dict[str, object]) -> m.Frame:
    """The message that an entry stands for."""
    arrays = {row.key: floats(entry[row.key], row.length) for row in PARTS if row.key in entry}
    numbers = {name: entry[name] for name in ("stream", "index", "sample", "speech")}
    return m.Frame(session=1, seq=0, **numbers, **arrays)  # type: ignore[arg-type]


def frames_of(entry: dict[str, object]) -> list[m.Frame]:
    """The messages that an entry of equal frames stands for."""
    first, n, interval = entry["first_index"], entry["n_frames"], entry["interval"]
    assert isinstance(first, int) and isinstance(n, int) and isinstance(interval, float)
    equal = {"stream": entry["stream"], "speech": 0.0, "weights": entry["weights"]}
    return [frame_of({**equal, "index": k, "sample": k * interval}) for k in range(first, first + n)]


def as_json(pose: Pose) -> dict[str, object]:
    """A pose under the names of the wire, each array of known length as far as its last value that is not 0."""
    document: dict[str, object] = {"state": str(pose.state), "speech": round(pose.speech, 7)}
    for row in PARTS:
        members = [getattr(pose, member.name) for member in row.pose]
        if members[0] is not None:
            values = np.round(np.concatenate([member.ravel() for member in members]), 7)
            document[row.key] = [
                round(float(value), 7) for value in (values if row.group else np.trim_zeros(values, "b"))
            ]
    return document


def answers(steps: list[Step]) -> list[Step]:
    """Play a run; return it with what comes out."""
    buffer = JitterBuffer()
    done: list[Step] = []
    handlers: dict[str, Callable[[JitterBuffer, dict[str, object]], Step]] = {
        "begin": _begin,
        "frame": _frame,
        "frames": _frames,
        "finished": _finished,
        "ask": _ask,
        "counts": _counts,
    }
    for step in steps:
        (kind,) = step.keys() - {"expect"}
        entry = step[kind]
        assert isinstance(entry, dict)
        done.append(handlers[kind](buffer, entry))
    return done


def _begin(buffer: JitterBuffer, entry: dict[str, object]) -> Step:
    stream, rate = entry["stream"], entry["rate"]
    assert isinstance(stream, int) and isinstance(rate, int | float)
    buffer.begin(stream, rate)
    return {"begin": entry}


def _frame(buffer: JitterBuffer, entry: dict[str, object]) -> Step:
    buffer.put(frame_of(entry))
    return {"frame": entry}


def _frames(buffer: JitterBuffer, entry: dict[str, object]) -> Step:
    for each in frames_of(entry):
        buffer.put(each)
    return {"frames": entry}


def _finished(buffer: JitterBuffer, entry: dict[str, object]) -> Step:
    buffer.finish(m.Finished(session=1, frames=0, dropped=0, **entry))  # type: ignore[arg-type]
    return {"finished": entry}


def _ask(buffer: JitterBuffer, entry: dict[str, object]) -> Step:
    position, dt = entry["position"], entry["dt"]
    assert isinstance(position, float | int | str) and isinstance(dt, float | str)
    return {"ask": entry, "expect": as_json(buffer.ask(float(position), float(dt)))}


def _counts(buffer: JitterBuffer, _: dict[str, object]) -> Step:
    return {"counts": asdict(buffer.counts)}


def document() -> dict[str, object]:
    """Every run with what is expected."""
    return {"runs": [{"name": name, "steps": answers(steps)} for name, steps in runs().items()]}


def text() -> str:
    """The file: one step a line."""
    lines = ['{"runs": [']
    for k, (name, steps) in enumerate(runs().items()):
        lines.append(("," if k else "") + f'{{"name": "{name}", "steps": [')
        lines.append(",\n".join(json.dumps(step) for step in answers(steps)))
        lines.append("]}")
    return "\n".join([*lines, "]}", ""])


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else FILE).write_text(text(), encoding="utf-8", newline="\n")
