"""Pictures of clients, made portraits."""

from __future__ import annotations

from typing import Final

from space_runtime.portrait.landmark_file import PlacedLandmarks
from space_runtime.portrait.portrait import Portrait, portrait_from_file
from space_runtime.portrait.tracking import FaceTracker

MAX_DECODED_BYTES: Final = 192 << 20
"""Of a client's picture: 50 million pixels with transparency, 67 million without. A bake takes more."""


def read_portrait(
    data: bytes, name: str, tracker: FaceTracker, force: bool = False, landmarks: PlacedLandmarks | None = None
) -> Portrait:
    """Return the portrait in a picture file's bytes; see `open_portrait` for the rest. Raises `MediaError`."""
    return portrait_from_file(data, tracker, name, force, MAX_DECODED_BYTES, placed=landmarks)
