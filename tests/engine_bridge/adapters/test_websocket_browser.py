"""The viewer page in a real browser: a moving jaw, a picture, no complaints."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine_bridge.adapters.websocket import WebSocket
from engine_bridge.protocol.messages import Texture
from tests.support.adapter_frames import RATE, frame, weights
from tests.support.browser.devtools import chromium, page

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium (apt-get install chromium)")

JAW = "window.space?.characters.get('Anna')?.shown?.weights.jawOpen"


def picture(index: int) -> Texture:
    """Return a JPEG picture whose colour changes."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, index % 200, 40)).save(file, "JPEG")
    return Texture(
        session=7,
        stream=1,
        index=index,
        sample=index * RATE / 60,
        format="jpeg",
        width=64,
        height=48,
        pixels=file.getvalue(),
    )


@contextmanager
def talking(sink: WebSocket) -> Generator[None, None, None]:
    """Send 60 frames and 15 pictures a second."""
    done = threading.Event()

    def talk() -> None:
        index = 0
        while not done.wait(1 / 60):
            jaw = 0.5 - 0.5 * math.cos(index / 10)
            face = weights(jawOpen=jaw, mouthSmileLeft=0.3, eyeBlinkRight=1.0)
            sink.send("Anna", frame(face, [0.1, -0.2, 0.05], [0.1, 0.0, 0.1, 0.0], index * RATE / 60, index), RATE)
            if index % 4 == 0:
                sink.texture("Anna", picture(index))
            index += 1

    thread = threading.Thread(target=talk)
    thread.start()
    yield
    done.set()
    thread.join()


def test_the_page_shows_a_moving_jaw_and_the_picture(tmp_path: Path) -> None:
    sink = WebSocket(port=0)
    with talking(sink), page(f"http://127.0.0.1:{sink.port}/", tmp_path / "profile") as viewer:
        first = viewer.wait_for(JAW)
        assert isinstance(first, float)
        viewer.wait_for(f"Math.abs({JAW} - {first}) > 0.2")
        viewer.wait_for("window.space.stats.frames >= 30 && window.space.stats.textures >= 2")
        bars = viewer.evaluate("[...document.querySelectorAll('.bar span')].map(each => each.textContent)")
        assert isinstance(bars, list) and len(bars) == 52 and "jawOpen" in bars
        assert viewer.evaluate("getComputedStyle(document.querySelector('canvas')).display") == "block"
        assert viewer.evaluate(
            "[...document.querySelector('canvas').getContext('2d').getImageData(9, 9, 1, 1).data][0] > 150"
        )
        viewer.screenshot(tmp_path / "viewer.png")
    assert viewer.complaints == []
    assert np.asarray(Image.open(tmp_path / "viewer.png")).std() > 10
    sink.rest("Anna")
    sink.close()
