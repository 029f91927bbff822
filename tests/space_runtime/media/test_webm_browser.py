"""The alpha of a WebM as a browser composites it: drawn on a canvas over magenta."""

from __future__ import annotations

import base64
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from space_runtime.arrays import Pixels
from space_runtime.media.webm import WebmWriter
from tests.support.browser.devtools import chromium, page

SIDE = 64
PAGE = """<canvas width=64 height=64></canvas><script>
const video = document.createElement("video"), draw = document.querySelector("canvas").getContext("2d");
video.muted = true;
video.onerror = () => { window.seen = "the video cannot be played"; };
video.onloadeddata = () => { video.currentTime = 0.05; };
video.onseeked = () => {
  draw.fillStyle = "rgb(255,0,255)";
  draw.fillRect(0, 0, 64, 64);
  draw.drawImage(video, 0, 0);
  window.seen = Array.from(draw.getImageData(0, 0, 64, 64).data);
};
video.src = "data:video/webm;base64,%s";
</script>"""


def picture() -> Pixels:
    """Green; transparent on the left, half so in the middle, opaque on the right."""
    rgba = np.zeros((SIDE, SIDE, 4), np.uint8)
    rgba[:] = 40, 200, 60, 255
    rgba[:, :24, 3], rgba[:, 24:40, 3] = 0, 128
    return rgba


@pytest.mark.skipif(chromium() is None, reason="needs Chromium")
def test_a_browser_shows_what_lies_behind_a_transparent_video(tmp_path: Path) -> None:
    with WebmWriter(tmp_path / "a.webm", Fraction(30), (SIDE, SIDE), 48_000, 1, alpha=True) as video:
        for _ in range(3):
            video.add_picture(picture())
        video.add_sound(np.zeros((4_800, 1), np.float32))
        video.finish()
    data = base64.b64encode((tmp_path / "a.webm").read_bytes()).decode()
    (tmp_path / "page.html").write_text(PAGE % data)
    with page((tmp_path / "page.html").as_uri(), tmp_path / "profile") as opened:
        seen = opened.wait_for("window.seen")
    assert isinstance(seen, list), seen
    shown = np.array(seen, np.uint8).reshape(SIDE, SIDE, 4)[..., :3].astype(float)
    magenta, green = np.array([255, 0, 255.0]), np.array([40, 200, 60.0])
    assert np.abs(shown[:, :16] - magenta).mean() < 3
    assert np.abs(shown[:, 28:36] - (magenta + green) / 2).mean() < 8
    assert np.abs(shown[:, 48:] - green).mean() < 6
