"""The example page in a real browser: a head in three.js whose mouth and sound are together, baked and live."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine_bridge.adapters import open_player
from engine_bridge.adapters.page_requests import PageMicrophone
from engine_bridge.adapters.web_player import WebPlayer
from tests.support.browser.devtools import Page, chromium
from tests.support.browser.example_site import WATCH, complaints, distances_ms, marked_example
from tests.support.browser.marked_line import speaking
from tests.support.node import needs_web_engines
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(chromium() is None, reason="needs Chromium (apt-get install chromium)"),
    needs_web_engines,
]

LIMIT_MS = 40
FAKE_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
N_PAIRS = 4
"""Of six marks; a browser on a busy machine may skip some."""
AUDIBLE = "space.player?.playback.anchor?.clock === 'audio'"


def assert_together(browser: Page) -> None:
    apart = distances_ms(browser)
    print(f"jaw after click, ms: {np.round(apart, 1)}")
    assert len(apart) >= N_PAIRS and abs(np.median(apart)) <= LIMIT_MS
    assert complaints(browser) == []


def test_a_baked_clip_and_its_sound_are_together(tmp_path: Path) -> None:
    with marked_example(tmp_path, n_marks=6) as browser:
        browser.click("#baked")
        browser.wait_for(AUDIBLE)
        assert browser.evaluate(WATCH)
        browser.wait_for("document.querySelector('#note').textContent === 'the clip is over'")
        assert browser.evaluate("space.player.pose.blendshapes.every(each => each === 0)")
        assert_together(browser)


def test_a_clip_holds_goes_on_seeks_and_stops(tmp_path: Path) -> None:
    with marked_example(tmp_path, n_marks=6) as browser:
        browser.click("#baked")
        browser.wait_for("space.player?.seconds > 0.3")
        held = browser.evaluate("(space.player.pause(), space.player.seconds)")
        assert browser.evaluate("new Promise(done => setTimeout(() => done(space.player.seconds), 200))") == held
        browser.evaluate("(space.player.resume(), space.player.pause(), 0)")
        assert browser.evaluate("new Promise(done => setTimeout(() => done(space.player.seconds), 600))") == held
        browser.evaluate("space.player.resume()")
        browser.wait_for(f"space.player.seconds > {held} + 0.1")
        browser.evaluate("space.player.play(2.2)")
        browser.wait_for("space.player.seconds > 2.2 && space.player.pose.blendshapes[17] > 0.5")
        browser.click("#stop")
        browser.wait_for("space.player.state === 'stopped' && space.player.pose.state === 'resting'")
        assert complaints(browser) == []


def test_a_live_line_and_its_sound_are_together_on_a_page_of_another_port(tmp_path: Path) -> None:
    player = open_player("ws://127.0.0.1:0", "Anna")
    try:
        with marked_example(tmp_path, n_marks=6, live=lambda _: f"ws://127.0.0.1:{player.port}/") as browser:
            browser.click("#live")
            wait_for(lambda: player.is_awaited)
            with speaking(player):
                browser.wait_for(AUDIBLE)
                assert browser.evaluate(WATCH)
            browser.wait_for("space.player.isOver()")
            assert_together(browser)
    finally:
        player.close()


def test_a_face_whose_program_has_ended_goes_to_rest(tmp_path: Path) -> None:
    player = open_player("ws://127.0.0.1:0", "Anna")
    try:
        with marked_example(tmp_path, n_marks=1, live=lambda _: f"ws://127.0.0.1:{player.port}/") as browser:
            browser.click("#live")
            wait_for(lambda: player.is_awaited)
            with speaking(player):
                browser.wait_for("space.player.pose.blendshapes[17] > 0.5")
                player.close()
            browser.wait_for("space.player.pose.blendshapes.every(each => each === 0)")
            assert "ended" in str(browser.wait_for("document.querySelector('#note').textContent"))
    finally:
        player.close()


def test_a_page_of_a_site_that_is_named_sends_its_microphone(tmp_path: Path) -> None:
    opened: list[WebPlayer] = []

    def live(site: str) -> str:
        opened.append(open_player(f"ws://127.0.0.1:0?speaker={site}", "Anna"))
        return f"ws://127.0.0.1:{opened[0].port}/"

    with marked_example(tmp_path, 1, live, *FAKE_MICROPHONE) as browser:
        browser.click("#live")
        wait_for(lambda: opened[0].is_awaited)
        browser.wait_for("!document.querySelector('#microphone').disabled")
        browser.click("#microphone")
        microphone = opened[0].requests.get(timeout=10)
        assert isinstance(microphone, PageMicrophone)
        blocks = microphone.blocks()
        assert max(int(abs(next(blocks)).max()) for _ in range(60)) > 1_000, "the fake microphone beeps"
        assert complaints(browser) == []
    opened[0].close()
