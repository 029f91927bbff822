"""Landmarks that a person placed on a picture, and their file: for faces that no tracker finds or follows.

The file is JSON::

    {"format": "space-landmarks", "version": 1, "picture": {"width": 800, "height": 1000},
     "points": {"right_eye_outer_corner": [301, 412.5], "chin": [398, 731], …}}

Names are those of `LANDMARK_NAMES`; left and right are the face's own. The picture is upright, as viewers show it; a
point is its column and row, from the left and from the top, pixel centres at whole numbers. In place of names a list of
68 or of 78 points in that order will do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine_bridge.protocol.landmark_names import LANDMARK_NAMES
from space_runtime.arguments import shown
from space_runtime.arrays import Doubles, Index
from space_runtime.errors import MediaError, counted
from space_runtime.geometry import MEDIAPIPE_68, MEDIAPIPE_IRIS
from space_runtime.portrait.landmark_order import check_order

FORMAT: Final = "space-landmarks"
VERSION: Final = 1
MAX_BYTES: Final = 1 << 20
MAX_SIDE: Final = 1_000_000
BESIDE: Final = ".landmarks.json"
"""Ending, in place of a picture's own, of the landmarks file that lies beside it."""
ODD_PIXELS: Final = 2.0
"""A picture's longer side may be off by so many pixels from the shape of that on which the landmarks were placed."""

_EYE: Final = ("outer_corner", "upper_outer", "upper_inner", "inner_corner", "lower_inner", "lower_outer")
_MOUTH: Final = (
    "right_mouth_corner", "left_mouth_corner", "upper_lip", "inner_upper_lip", "inner_lower_lip", "lower_lip",
)  # fmt: skip
REQUIRED: Final = (*(f"{side}_eye_{part}" for side in ("right", "left") for part in _EYE), "nose_tip", *_MOUTH, "chin")
"""The landmarks without which no mesh is fitted."""
_SIDES: Final = ("iris_centre", "iris_outer", "iris_bottom", "brow_1", "brow_3", "brow_5", "jaw_1", "jaw_5")
PLACED: Final = (*REQUIRED, *(f"{side}_{part}" for side in ("right", "left") for part in _SIDES))
"""The landmarks that the page offers: what a drawing may have in other places than the mean face."""
_COUNTS: Final = (len(MEDIAPIPE_68), len(LANDMARK_NAMES))
_MESH_POINTS: Final = dict(zip(LANDMARK_NAMES, (*MEDIAPIPE_68, *MEDIAPIPE_IRIS), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class PlacedLandmarks:
    """Landmarks on a picture.

    width, height: of the picture, pixels. names: of the landmarks. points: (n, 2) columns and rows, inside the picture.
    """

    width: int
    height: int
    names: tuple[str, ...]
    points: Doubles

    def on(self, height: int, width: int, name: str) -> PlacedLandmarks:
        """Return the landmarks on a picture of another size. Raises `MediaError` for one of another shape."""
        across, down = width / self.width, height / self.height
        if abs(across - down) * max(self.width, self.height) > ODD_PIXELS:
            raise MediaError(
                f"the landmarks were placed on a picture of {self.width}×{self.height} pixels, {name} has"
                f" {width}×{height}; place them on this one"
            )
        return PlacedLandmarks(width, height, self.names, (self.points + 0.5) * (across, down) - 0.5)

    def upright(self) -> Upright:
        """Return the landmarks on the picture turned by quarters so that the eyes lie level, or nearly."""
        places = dict(zip(self.names, self.points, strict=True))
        across = places["left_eye_outer_corner"] - places["right_eye_outer_corner"]
        turns = round(float(np.arctan2(across[1], across[0])) / (np.pi / 2)) % 4
        return Upright(turns, self.turned(turns).points, self.at)

    def turned(self, turns: int) -> PlacedLandmarks:
        """Return the landmarks on the picture turned by so many quarters, counter-clockwise."""
        points, width, height = self.points, self.width, self.height
        for _ in range(turns):
            points, width, height = np.column_stack([points[:, 1], width - 1 - points[:, 0]]), height, width
        return PlacedLandmarks(width, height, self.names, points)

    def within(self) -> PlacedLandmarks:
        """Return the landmarks, those outside the picture put onto its edge."""
        points = np.clip(self.points, 0, (self.width - 1, self.height - 1))
        return PlacedLandmarks(self.width, self.height, self.names, points)

    @property
    def at(self) -> Index:
        """The (n,) points of the mesh at which the landmarks lie."""
        return np.array([_MESH_POINTS[name] for name in self.names], np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """Landmarks on an upright picture. turns: quarters, counter-clockwise, that set it upright. points: (n, 2) columns
    and rows. at: (n,) points of the mesh."""

    turns: int
    points: Doubles
    at: Index


def landmarks_beside(picture: Path) -> Path | None:
    """Return the landmarks file of a picture, ``NAME.landmarks.json`` in its folder; None where there is none."""
    try:
        path = picture.with_suffix(BESIDE)
        return path if path.is_file() else None
    except (OSError, ValueError):  # a name too long for the system, or none, as of the root
        return None


def landmarks_for(photo: Path | None, named: Path | None) -> Path | None:
    """Return the landmarks file of a photo as all commands take it: the named one, else that beside it, if any."""
    return named or (landmarks_beside(photo) if photo else None)


def read_landmarks(path: Path) -> PlacedLandmarks:
    """Return the landmarks in a file. Raises `MediaError` when it cannot be read or says something wrong."""
    try:
        if not path.is_file():  # anything else might never end
            raise MediaError(f"there is no landmarks file {path}; check the name")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise MediaError(f"the landmarks {path} cannot be read ({error.strerror or error}); check the name") from None
    return parse_landmarks(data, path.name)


def parse_landmarks(data: bytes, name: str) -> PlacedLandmarks:
    """Return the landmarks in a file's bytes. ``name`` is for messages. Raises `MediaError`."""
    try:
        return _landmarks(_json(data))
    except MediaError as error:
        raise MediaError(f"the landmarks {name}: {error}") from None


def landmarks_json(landmarks: PlacedLandmarks) -> str:
    """Return the text of a landmarks file; `parse_landmarks` reads it back."""
    points = {name: [round(float(c), 2) for c in point] for name, point in _pairs(landmarks)}
    picture = {"width": landmarks.width, "height": landmarks.height}
    return json.dumps({"format": FORMAT, "version": VERSION, "picture": picture, "points": points}, indent=1) + "\n"


def _pairs(landmarks: PlacedLandmarks) -> zip[tuple[str, Doubles]]:
    return zip(landmarks.names, landmarks.points, strict=True)


def _json(data: bytes) -> Mapping[str, object]:
    if len(data) > MAX_BYTES:
        raise MediaError(f"it has more than {MAX_BYTES >> 20} MiB; name a file that the landmarks page saved")
    if not data:
        raise MediaError("it is empty or cannot be read; save it again from the landmarks page")
    try:
        told = json.loads(data.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "its bytes"
        raise MediaError(f"it is no JSON ({where}); save it again from the landmarks page") from None
    if not isinstance(told, dict):
        raise MediaError(f"it holds {shown(told)}; expected an object with format, version, picture and points")
    return told


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object whose names are all different. Raises `MediaError`."""
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None) if len(names) <= 1000 else None
    if twice is not None:
        raise MediaError(f"it names {shown(twice)} twice; keep one of them")
    return dict(pairs)


def _landmarks(told: Mapping[str, object]) -> PlacedLandmarks:
    if told.get("format", FORMAT) != FORMAT:
        raise MediaError(f"its format is {shown(told['format'])}; expected {FORMAT!r}")
    if told.get("version") != VERSION or isinstance(told["version"], bool):
        raise MediaError(f"its version is {shown(told.get('version'))}; this program reads version {VERSION}")
    width, height = _size(told.get("picture"))
    points = _points(told.get("points"))
    for name, (column, row) in points.items():
        if not (-0.5 <= column <= width - 0.5 and -0.5 <= row <= height - 0.5):
            raise MediaError(
                f"{name} lies at {column:g}, {row:g}, outside the picture of {width}×{height} pixels; put it inside"
            )
    check_order(points)
    return PlacedLandmarks(width, height, tuple(points), np.array([*points.values()], np.float64))


def _size(told: object) -> tuple[int, int]:
    sides = [told.get(side) for side in ("width", "height")] if isinstance(told, dict) else []
    sizes = [side for side in sides if isinstance(side, int) and not isinstance(side, bool) and 0 < side <= MAX_SIDE]
    if len(sizes) != 2:
        raise MediaError(f'its picture is {shown(told)}; expected {{"width": pixels, "height": pixels}}')
    return sizes[0], sizes[1]


def _points(told: object) -> dict[str, tuple[float, float]]:
    """Return the points by name, in the order of `LANDMARK_NAMES`."""
    if isinstance(told, list):
        if len(told) not in _COUNTS:
            n_points = counted(len(told), "point")
            raise MediaError(f"it lists {n_points}; expected 68 or 78 in the usual order, or points by name")
        told = dict(zip(LANDMARK_NAMES, told, strict=False))
    if not isinstance(told, dict):
        raise MediaError(f"its points are {shown(told)}; expected an object of points by name, or a list of 68 or 78")
    for name in told:
        if name not in _MESH_POINTS:
            raise MediaError(
                f"it has a point {shown(name)}, which is no landmark; the page and the docs list the names"
            )
    missing = [name for name in REQUIRED if name not in told]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise MediaError(f"the point {missing[0]} is missing{more}; place it")
    return {name: _point(name, told[name]) for name in LANDMARK_NAMES if name in told}


def _point(name: str, told: object) -> tuple[float, float]:
    if isinstance(told, Sequence) and not isinstance(told, str) and len(told) == 2:
        column, row = (_number(value) for value in told)
        if column is not None and row is not None:
            return column, row
    raise MediaError(f"{name} is {shown(told)}; expected its column and its row, two finite numbers")


def _number(told: object) -> float | None:
    """Return a finite number of a size that pictures have, None for anything else."""
    if isinstance(told, bool) or not isinstance(told, int | float) or not abs(told) <= 2 * MAX_SIDE:
        return None
    return float(told)
