"""The page on which a person places landmarks: one file that needs neither a server nor the network."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

import numpy as np

from engine_bridge.protocol.landmark_names import LANDMARK_NAMES
from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError
from space_runtime.extras import cv2
from space_runtime.geometry import landmarks_from_mesh
from space_runtime.portrait.choice import choose_face
from space_runtime.portrait.fitted_mesh import fitted_mesh
from space_runtime.portrait.landmark_file import PLACED, PlacedLandmarks
from space_runtime.portrait.tracking import FaceTracker

PAGE: Final = Path(__file__).parent / "landmarks.html"
GIVEN: Final = '<script type="application/json" id="given">null</script>'
"""Where the page takes a picture from; as it is shipped it has none and asks for one."""
EMBEDDED_SIDE: Final = 2048
"""Longer side of the picture in the page, pixels."""
QUALITY: Final = 92


def landmarks_page(picture: Pixels, name: str, start: PlacedLandmarks | None) -> str:
    """Return the page with an (h, w, 3) picture of a name; start: where points lie first, None to ask for clicks."""
    height, width = picture.shape[:2]
    given = {"name": name, "width": width, "height": height, "picture": _address(picture), "points": None}
    if start is not None:
        given["points"] = {point: start.points[start.names.index(point)].round(2).tolist() for point in PLACED}
    text = json.dumps(given).replace("<", "\\u003c")  # a name must not end the element
    page = PAGE.read_text("utf-8")
    return page.replace(GIVEN, GIVEN.replace("null", text))


def tracked_start(picture: Pixels, tracker: FaceTracker) -> PlacedLandmarks | None:
    """Return the landmarks that the tracker sees in (h, w, 3), doubtful ones too; None where it sees no face."""
    try:
        chosen = choose_face(picture, tracker, "the picture", force=True)
    except MediaError:
        return None
    height, width = picture.shape[:2]
    points = landmarks_from_mesh(chosen.face.mesh)[:, :2].astype(np.float64) * (1, -1)
    sides = (height, width) if chosen.turns % 2 else (width, height)
    on_turned = PlacedLandmarks(*sides, LANDMARK_NAMES, points).turned(-chosen.turns % 4)
    return on_turned.within()


def completed(landmarks: PlacedLandmarks) -> PlacedLandmarks:
    """Return landmarks with all points that the page shows; those that were not placed lie where the mesh has them."""
    upright = landmarks.upright()
    mesh = fitted_mesh(upright.points * (1, -1), upright.at)
    points = landmarks_from_mesh(mesh)[:, :2].astype(np.float64) * (1, -1)
    sides = (landmarks.height, landmarks.width) if upright.turns % 2 else (landmarks.width, landmarks.height)
    return PlacedLandmarks(*sides, LANDMARK_NAMES, points).turned(-upright.turns % 4).within()


def _address(picture: Pixels) -> str:
    """Return a picture as a data address."""
    factor = EMBEDDED_SIDE / max(picture.shape[:2])
    small = picture if factor >= 1 else cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    kind, options = (".png", []) if small.size <= 3 * 1024**2 else (".jpg", [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    data = cv2.imencode(kind, np.ascontiguousarray(small[..., ::-1]), options)[1].tobytes()
    return f"data:image/{'png' if kind == '.png' else 'jpeg'};base64,{base64.b64encode(data).decode()}"
