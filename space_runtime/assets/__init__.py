"""The samples that the package carries: a spoken line with its phone times, and the way to a portrait.

Who made the line and under which licence stands in ``LICENCE.txt`` beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from space_runtime.errors import UsageError
from space_runtime.extras import cv2
from space_runtime.media.atomic_files import written_whole

LINE: Final = Path(__file__).parent / "line.flac"
"""A line of 7 s, mono 16 kHz, rich in sounds that close, round and open the lips."""

LINE_PHONES: Final = Path(__file__).parent / "line_phones.json"
"""Its text and its phones in order, each with start and end in seconds."""


def write_portrait(path: Path) -> None:
    """Write NASA's portrait of astronaut Eileen Collins, 512×512, as PNG; it comes from the installed scikit-image.

    The picture is in the public domain. Raises `UsageError` when scikit-image is not installed, `OutputError` when
    the file cannot be written.
    """
    try:
        from skimage.data import astronaut
    except ModuleNotFoundError:
        raise UsageError(
            "the demo's portrait comes with scikit-image, which is not installed; "
            "install the extra with: pip install 'space-runtime[demo]'"
        ) from None
    encoded = cv2.imencode(".png", astronaut()[:, :, ::-1])[1]
    with written_whole(path) as partial:
        partial.write_bytes(encoded.tobytes())
