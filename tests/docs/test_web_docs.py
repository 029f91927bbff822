"""The page of docs/adapters.md connects to the browser adapter as it is written, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine_bridge.adapters.websocket import WebSocket
from tests.docs.pages import ROOT, blocks
from tests.support.adapter_frames import RATE, frame, weights
from tests.support.browser.devtools import chromium, page

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium (apt-get install chromium)")


def test_the_script_of_the_page_moves_a_face(tmp_path: Path) -> None:
    (script,) = (block.text for block in blocks(ROOT / "docs" / "adapters.md") if block.language == "js")
    sink = WebSocket(port=0)
    address = f"127.0.0.1:{sink.port}"
    try:
        with page(f"http://{address}/?name=Nobody", tmp_path) as browser:
            browser.wait_for("document.readyState === 'complete' && window.space !== undefined")
            moved = script.replace("127.0.0.1:8765", address)
            face = "{ set: jaw => seen.push(jaw) }"
            browser.evaluate(f"window.seen = []; (face => {{ {moved}; window.own = socket }})({face}); 0")
            browser.wait_for("own.readyState === 1")
            for index in (0, 1):  # the second comes only after the first was answered
                shown = frame(weights(jawOpen=0.5), [0.1, 0.2, 0.3], sample=index * 800.0, index=index)
                sink.send("Anna", shown, RATE)
                browser.wait_for(f"seen.length > {index}")
            assert browser.evaluate("seen[0]") == pytest.approx(0.5, abs=0.01)
    finally:
        sink.close()
