"""A clip as USD in text form, ``.usda``: a ``SkelAnimation`` with weights and the joints of head and eyes.

A character's ``skel:animationSource`` names it. Joints are ``Head``, ``Head/LeftEye`` and ``Head/RightEye``;
quaternions are w, x, y, z as USD has them. Time codes are frames.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import IO, Final

import numpy as np

from engine_bridge.formats.axes import Quaternions, eyes_of, head_of
from engine_bridge.formats.clip import Clip, ClipError
from engine_bridge.formats.driven import matches_of
from engine_bridge.formats.keys import Curve
from engine_bridge.formats.options import FormatOptions

ROWS_PER_BLOCK: Final = 512


def write_usda(clip: Clip, options: FormatOptions, file: IO[bytes]) -> None:
    """Write a clip as ``.usda``."""
    last, rate = max(clip.n_frames - 1, 0), float(clip.fps)
    file.write(_HEAD.format(last=last, rate=repr(rate), name=_token(clip.name)).encode())
    if clip.blendshapes is not None:
        matches = matches_of(options)
        shapes = _tokens([match.target for match in matches])
        file.write(f"    uniform token[] blendShapes = [{shapes}]\n".encode())
        file.write(b"    float[] blendShapeWeights.timeSamples = {\n")
        for first in range(0, clip.n_frames, ROWS_PER_BLOCK):
            rows = slice(first, first + ROWS_PER_BLOCK)
            block = np.stack([clip.shape(match.name, rows) for match in matches], 1)
            for index, row in enumerate(block.tolist(), first):
                file.write(f"        {index}: [{', '.join(f'{value:.9g}' for value in row)}],\n".encode())
        file.write(b"    }\n")
    file.write("".join(_joints(clip)).encode())
    file.write(b"}\n")


def read_usda(data: bytes) -> tuple[Curve, ...]:
    """Return the blend-shape curves in ``data``, a file of ours. Raises `ClipError`."""
    try:
        text = data.decode()
        rate = float(_found(r"timeCodesPerSecond = (\S+)", text))
        names = json.loads("[" + _found(r"token\[\] blendShapes = \[(.*)\]", text) + "]")
        samples = _found(r"blendShapeWeights.timeSamples = \{\n([^}]*)\}", text)
        rows = re.findall(r"^        (\d+): \[([^\]]*)\],$", samples, re.MULTILINE)
        times = np.array([int(index) / rate for index, _ in rows])
        values = np.array([[float(value) for value in row.split(",")] for _, row in rows]).reshape(-1, len(names))
    except (ValueError, ArithmeticError) as error:
        raise ClipError(f"the file is no USD clip of ours ({error}); read others with usd-core") from None
    return tuple(Curve(name, times, values[:, place]) for place, name in enumerate(names))


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if not match:
        raise ValueError(f"it has no {pattern.split()[0]}")
    return match[1]


def _tokens(names: Sequence[str]) -> str:
    return ", ".join(map(_token, names))


def _token(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _joints(clip: Clip) -> Iterator[str]:
    """The lines of the joints that the clip turns."""
    head, eyes = head_of(clip), eyes_of(clip)
    turned: list[Quaternions] = []
    names: list[str] = []
    if head is not None or eyes is not None:
        still = np.tile([0.0, 0.0, 0.0, 1.0], (clip.n_frames, 1))
        turned, names = [still if head is None else head], ["Head"]
    if eyes is not None:
        turned, names = [*turned, *eyes], [*names, "Head/LeftEye", "Head/RightEye"]
    if not names:
        return
    yield f"    uniform token[] joints = [{_tokens(names)}]\n"
    yield f"    float3[] translations = [{', '.join(['(0, 0, 0)'] * len(names))}]\n"
    yield f"    half3[] scales = [{', '.join(['(1, 1, 1)'] * len(names))}]\n"
    yield "    quatf[] rotations.timeSamples = {\n"
    for index in range(clip.n_frames):
        rows = ", ".join(_quaternion(*rotations[index].tolist()) for rotations in turned)
        yield f"        {index}: [{rows}],\n"
    yield "    }\n"


def _quaternion(x: float, y: float, z: float, w: float) -> str:
    return f"({w:.9g}, {x:.9g}, {y:.9g}, {z:.9g})"


_HEAD: Final = """\
#usda 1.0
(
    defaultPrim = "Clip"
    doc = {name}
    startTimeCode = 0
    endTimeCode = {last}
    timeCodesPerSecond = {rate}
    framesPerSecond = {rate}
    metersPerUnit = 1
    upAxis = "Y"
)

def SkelAnimation "Clip"
{{
"""
