"""The golden runs of the jitter buffer: what comes, which positions are asked for, what is shown.

``python tests/tools/golden_jitter.py`` writes them to ``engine_bridge/vectors/jitter.json``; a test compares what
lies there with what this makes. Their format: PROTOCOL.md, section 8.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from engine_bridge.client.jitter import JitterBuffer, Pose
from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Floats
from tests.tools.golden_clock import clock_runs
from tests.tools.jitter_steps import DT as DT
from tests.tools.jitter_steps import PARTS, STEP, ask, begin, counts, finished, frame, frames, play
from tests.tools.jitter_steps import Step as Step

FILE: Final = Path(__file__).parents[2] / "engine_bridge" / "vectors" / "jitter.json"


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
