"""The landmarks page, in a real browser: three clicks, points dragged and nudged, and a file that is read back."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import numpy as np
import pytest

from space_runtime.portrait.fitted_mesh import mean_mesh
from space_runtime.portrait.landmark_file import PLACED, PlacedLandmarks, read_landmarks
from space_runtime.portrait.landmarks_page import PAGE, completed, landmarks_page, tracked_start
from tests.support import pictures
from tests.support.browser.devtools import WAIT_S, Page, chromium, page
from tests.support.drawn_faces import cartoon


def test_the_page_asks_for_nothing_from_outside() -> None:
    text = PAGE.read_text("utf-8")
    assert not re.findall(r"https?://|fetch\(|XMLHttpRequest|WebSocket|@import", text)


def test_a_name_cannot_end_the_data_of_the_page() -> None:
    text = landmarks_page(cartoon().picture, "</script><script>alert(1)</script>", None)
    assert text.count("</script>") == PAGE.read_text("utf-8").count("</script>")


def test_points_begin_where_the_tracker_sees_them() -> None:
    start = tracked_start(pictures.astronaut(), pictures.tracker())
    assert start is not None
    eyes = [start.points[start.names.index(f"{side}_iris_centre")] for side in ("right", "left")]
    np.testing.assert_allclose(eyes, [[203, 101], [247, 103]], atol=6)
    assert tracked_start(pictures.bundled("grass.png"), pictures.tracker()) is None


def test_points_that_were_not_placed_are_filled_in() -> None:
    face = cartoon().landmarks
    kept = [k for k, name in enumerate(face.names) if "jaw" not in name and "iris" not in name]
    few = PlacedLandmarks(face.width, face.height, tuple(face.names[k] for k in kept), face.points[kept])
    filled = completed(few)
    assert set(PLACED) <= set(filled.names)
    np.testing.assert_allclose([filled.points[filled.names.index(name)] for name in few.names], few.points, atol=0.1)


@pytest.mark.skipif(chromium() is None, reason="needs Chromium (apt-get install chromium)")
def test_a_drawing_gets_its_landmarks_in_a_browser(tmp_path: Path) -> None:
    points = {name: list(place) for name, place in cartoon().points.items() if name in PLACED}
    (tmp_path / "page.html").write_text(landmarks_page(cartoon().picture, "cartoon.png", None), "utf-8")
    with page((tmp_path / "page.html").as_uri(), tmp_path / "profile") as browser:
        browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "saved"))
        browser.wait_for("document.readyState === 'complete' && Boolean(state.image)")
        assert browser.evaluate("$('save').disabled") is True
        _compare_with_the_mean_face(browser)
        for name in ("right_iris_centre", "left_iris_centre", "chin"):
            _drag(browser, *[_on_page(browser, json.dumps(points[name]))] * 2)
        browser.click("#fit")
        browser.evaluate(f"Object.assign(state.places, {json.dumps(points)}, {{ nose_tip: [400, 430] }}); show()")
        _drag(browser, _on_page(browser, "state.places.nose_tip"), _on_page(browser, json.dumps(points["nose_tip"])))
        browser.evaluate("state.places.chin = [500, 100]; show()")
        assert browser.evaluate("$('save').disabled") is True  # the chin lies above the eyes
        browser.evaluate(f"state.places.chin = {points['chin']}; choose(POINTS.findIndex((p) => p.name === 'chin'))")
        for key in ("ArrowRight", "ArrowDown"):
            browser.call("Input.dispatchKeyEvent", type="keyDown", key=key)
        browser.click("#save")
        placed = read_landmarks(_when_there(tmp_path / "saved" / "cartoon.landmarks.json"))
        assert browser.complaints == []
    points["chin"] = [points["chin"][0] + 1, points["chin"][1] + 1]
    assert set(placed.names) == set(PLACED)
    np.testing.assert_allclose(placed.points, [points[name] for name in placed.names], atol=0.5)


def _compare_with_the_mean_face(browser: Page) -> None:
    """The page's points are those of the file, and their places those of the mean mesh."""
    means = browser.evaluate("Object.fromEntries(POINTS.map(({ name, mean }) => [name, mean]))")
    assert isinstance(means, dict) and set(means) == set(PLACED)
    at = PlacedLandmarks(1, 1, PLACED, np.zeros((len(PLACED), 2))).at
    np.testing.assert_allclose([means[name] for name in PLACED], mean_mesh().mesh[at, :2], atol=0.002)


def _on_page(browser: Page, place: str) -> tuple[float, float]:
    """Where a place of the picture, as JavaScript, lies in the window."""
    box = "canvas.getBoundingClientRect()"
    found = browser.evaluate(f"((p) => [p[0] + {box}.left, p[1] + {box}.top])(toScreen({place}))")
    assert isinstance(found, list)
    return float(found[0]), float(found[1])


def _drag(browser: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    for kind, (x, y) in (("mousePressed", begin), ("mouseMoved", end), ("mouseReleased", end)):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)


def _when_there(path: Path) -> Path:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until and not path.exists():
        time.sleep(0.05)
    return path
