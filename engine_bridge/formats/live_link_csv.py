"""A clip as CSV of the Live Link Face app: a row a frame, in the app's order of columns.

The order differs from that of the app's packets in four columns: ``JawRight`` comes before ``JawLeft`` and
``MouthRight`` before ``MouthLeft``. Columns are read by name. Head and eyes turn as the app's do (`live_link_face`).
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.adapters.live_link_face import EYE_SIGNS, HEAD_SIGNS, NAMES, TIME_CODE_FPS
from engine_bridge.formats.clip import Clip, ClipError, Values
from engine_bridge.formats.options import FormatOptions
from engine_bridge.protocol.arkit import ARKIT_NAMES

SWAPPED: Final = {"JawLeft": "JawRight", "JawRight": "JawLeft", "MouthLeft": "MouthRight", "MouthRight": "MouthLeft"}
COLUMNS: Final = tuple(SWAPPED.get(name, name) for name in NAMES)
"""The 61 value columns, in the app's order."""
_ORDER: Final = [NAMES.index(name) for name in COLUMNS]
_N: Final = len(NAMES)
_AT_HEAD: Final = len(ARKIT_NAMES)
_EYES: Final = [NAMES.index(name) for name in ("LeftEyeYaw", "LeftEyePitch", "RightEyeYaw", "RightEyePitch")]
_TIME: Final = re.compile(r"(\d+):(\d\d):(\d\d):(\d\d)\.(\d{1,6})")
_ROW: Final = "%s," + f"{_N}," + ",".join(["%.10f"] * _N) + "\n"
SUB_FRAMES: Final = 1_000
DAY_S: Final = 86_400


def write_csv(clip: Clip, _: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as the app's CSV."""
    file.write(f"Timecode,BlendshapeCount,{','.join(COLUMNS)}\n".encode())
    for time_s, row in zip(clip.times_s.tolist(), rows_of(clip), strict=True):
        file.write((_ROW % (time_code(time_s), *row[_ORDER].tolist())).encode())


def rows_of(clip: Clip) -> Values:
    """Return the (T, 61) values of a clip in the order of the app's packets; what it lacks is 0."""
    rows = np.zeros((clip.n_frames, _N), np.float32)
    if clip.blendshapes is not None:
        rows[:, :_AT_HEAD] = clip.blendshapes
    if clip.head_rotation_rad is not None:
        rows[:, _AT_HEAD : _AT_HEAD + 3] = clip.head_rotation_rad * HEAD_SIGNS
    if clip.eye_rotation_rad is not None:
        rows[:, _EYES] = clip.eye_rotation_rad.reshape(-1, 4) * EYE_SIGNS
    return rows


def time_code(seconds: float) -> str:
    """Return ``HH:MM:SS:FF.mmm`` at 60 frames a second, the last in thousandths of a frame."""
    total = round(seconds * TIME_CODE_FPS * SUB_FRAMES)
    frames, sub = divmod(total, SUB_FRAMES)
    minutes, frame = divmod(frames, 60 * TIME_CODE_FPS)
    return f"{minutes // 60:02}:{minutes % 60:02}:{frame // TIME_CODE_FPS:02}:{frame % TIME_CODE_FPS:02}.{sub:03}"


def seconds_of(text: str) -> float:
    """Return the seconds of a time code. Raises `ValueError`."""
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError(f"the time code {text!r:.40} is not HH:MM:SS:FF.mmm")
    hours, minutes, seconds, frame = (int(match[k]) for k in range(1, 5))
    return hours * 3_600 + minutes * 60 + seconds + (frame + float(f"0.{match[5]}")) / TIME_CODE_FPS


def read_csv(data: bytes, name: str = "") -> Clip:
    """Return the clip in ``data``, see `read_recording`. Raises `ClipError`."""
    return read_recording(data, name)[0]


def read_recording(data: bytes, name: str = "") -> tuple[Clip, NDArray[np.bool_]]:
    """Return the clip in ``data``, a recording of the app or one of ours, and (n,) which rows show a face.

    Times begin at 0 and go on over midnight. A row without a face (its values are missing) repeats the row before. The
    frame rate is that of most rows. Raises `ClipError`.
    """
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        header = [cell.strip().lower() for cell in next(rows, [])]
        places = [header.index(column.lower()) for column in NAMES]
        table = list(_numbers(rows, header.index("timecode"), places))
        times = np.array([time for time, _, _ in table])
        times += DAY_S * np.cumsum(np.diff(times, prepend=times[:1]) < -DAY_S / 2)
        values = np.array([row for _, row, _ in table], np.float64).reshape(-1, _N)
        if not np.isfinite(values).all() or (np.diff(times) <= 0).any():
            raise ValueError("its times do not rise, or a value is not finite")
    except (ValueError, LookupError, csv.Error) as error:
        raise ClipError(f"{name or 'the file'} is no CSV of Live Link Face ({error}); record or bake it anew") from None
    clip = Clip(
        name=name,
        fps=_rate(times),
        sample_rate=16_000,
        metadata={},
        times_s=times - times[:1].sum(),
        speech=np.zeros(len(times), np.float32),
        blendshapes=values[:, :_AT_HEAD],
        head_rotation_rad=values[:, _AT_HEAD : _AT_HEAD + 3] * HEAD_SIGNS,
        eye_rotation_rad=(values[:, _EYES] * EYE_SIGNS).reshape(-1, 2, 2),
    )
    return clip, np.array([seen for _, _, seen in table], bool)


def _numbers(rows: Iterator[list[str]], at_time: int, places: list[int]) -> Iterator[tuple[float, list[float], bool]]:
    """Yield the time of each row, its values or those before, and whether they are its own."""
    former = [0.0] * _N
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if seen := len(row) > max(places) and all(row[place].strip() for place in places):
            former = [float(row[place]) for place in places]
        yield seconds_of(row[at_time]), former, seen


def _rate(times: Values) -> Fraction:
    if len(times) < 2:
        return Fraction(TIME_CODE_FPS)
    exact = 1 / float(np.median(np.diff(times)))
    common = [Fraction(n, 1) for n in (24, 25, 30, 48, 50, 60, 90, 120)] + [
        Fraction(n * 1_000, 1_001) for n in (24, 30, 60)
    ]
    nearest = min(common, key=lambda rate: abs(float(rate) - exact))
    return nearest if math.isclose(float(nearest), exact, rel_tol=2e-4) else Fraction(exact).limit_denominator(1_001)
