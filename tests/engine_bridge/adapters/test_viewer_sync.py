"""The viewer's face and sound in a real browser: measured by the page itself, and by clicks and flashes."""

from __future__ import annotations

import statistics
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

from engine_bridge.adapters import open_player
from engine_bridge.adapters.page_requests import PageMicrophone, Replay, SoundFile, Stop
from engine_bridge.adapters.web_player import WebPlayer
from tests.support.browser.devtools import Page, chromium, page
from tests.support.browser.marked_line import speaking
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium (apt-get install chromium)")

LIMIT_MS = 40
FAKE_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

N_PAIRS = 4
"""Of six marks; a browser on a busy machine may skip some."""

WATCH = """
(() => {
  const context = space.playback.context, analyser = new AnalyserNode(context, { fftSize: 32768 });
  const samples = new Float32Array(analyser.fftSize);
  const eye = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  space.playback.gain.connect(analyser);
  window.clicks = []; window.flashes = [];
  let bright = false;
  function heard(contextTime) {  // when a sample of the context leaves the device, in milliseconds of the page's clock
    const at = context.getOutputTimestamp();
    return at.performanceTime + 1000 * (contextTime - at.contextTime);
  }
  function watch(moment) {
    const now = context.currentTime;
    eye.drawImage(document.querySelector(".face canvas"), 0, 0, 1, 1);
    const light = eye.getImageData(0, 0, 1, 1).data[0] > 128;
    if (light && !bright) flashes.push(moment);
    bright = light;
    analyser.getFloatTimeDomainData(samples);
    for (let k = 1; k < samples.length; k += 1) {
      if (samples[k] < 0.4 || samples[k - 1] > 0.4) continue;
      const at = heard(now - (samples.length - k) / context.sampleRate);
      if (!clicks.some((each) => Math.abs(at - each) < 250)) clicks.push(at);
    }
    requestAnimationFrame(watch);
  }
  requestAnimationFrame(watch);
  return true;
})()
"""

DROP = """
    (name, n) => { const data = new Uint8Array(n).map((_, k) => k), dropped = new DataTransfer();
    dropped.items.add(new File([data], name));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer: dropped, cancelable: true })); }"""


@pytest.fixture
def player() -> Generator[WebPlayer, None, None]:
    opened = open_player("ws://127.0.0.1:0", "Anna")
    yield opened
    opened.close()


def start(viewer: Page, player: WebPlayer) -> None:
    """Click the start button, as every user must before a page may be heard."""
    viewer.wait_for("window.space && !document.querySelector('#start').hidden")
    assert not player.is_awaited
    viewer.click("#start")
    viewer.wait_for("document.querySelector('#start').hidden && space.playback.context?.state === 'running'")
    wait_for(lambda: player.is_awaited)


def test_face_and_sound_are_together(player: WebPlayer, tmp_path: Path) -> None:
    with page(player.page, tmp_path / "profile") as viewer:
        start(viewer, player)
        with speaking(player):
            viewer.wait_for("space.playback.context.sampleRate === 16000 && space.playback.anchor?.clock === 'audio'")
            assert viewer.evaluate(WATCH)
            viewer.wait_for("space.sync.offsets.length > 30")
        viewer.wait_for("!space.line?.rate || space.playback.position() > space.line.sound")
        by_page = viewer.evaluate("space.sync.median")
        clicks, flashes = viewer.evaluate("clicks"), viewer.evaluate("flashes")
        shown = viewer.evaluate("space.stats.textures")
    assert isinstance(by_page, float) and isinstance(clicks, list) and isinstance(flashes, list)
    nearest = [min((flash - click for flash in flashes), key=abs) for click in clicks]
    apart = [each for each in nearest if abs(each) < 250]
    print(f"by the page {by_page:.1f} ms; flash after click, ms: {np.round(apart, 1)}; {shown} pictures")
    assert len(apart) >= N_PAIRS
    assert abs(by_page) <= LIMIT_MS
    assert abs(statistics.median(apart)) <= LIMIT_MS
    assert viewer.complaints == []


def test_the_page_asks_for_what_its_user_wants(player: WebPlayer, tmp_path: Path) -> None:
    sound = bytes(range(256)) * 2_000
    with page(player.page, tmp_path / "profile", *FAKE_MICROPHONE) as viewer:
        start(viewer, player)
        player.begin("line.wav", 16_000, True, 0.25)
        viewer.wait_for("space.line?.title === 'line.wav' && !document.querySelector('#stop').disabled")
        viewer.click("#replay")
        assert isinstance(player.requests.get(timeout=10), Replay)
        viewer.click("#stop")
        assert isinstance(player.requests.get(timeout=10), Stop)
        viewer.evaluate(f"({DROP})('mine.wav', 512000)")
        file = player.requests.get(timeout=10)
        assert isinstance(file, SoundFile) and (file.title, file.content) == ("mine.wav", sound)
        viewer.click("#microphone")
        microphone = player.requests.get(timeout=10)
        assert isinstance(microphone, PageMicrophone)
        blocks = microphone.blocks()
        heard = [next(blocks) for _ in range(60)]
        assert {len(block) for block in heard} == {microphone.rate // 50}
        assert max(int(abs(block).max()) for block in heard) > 1_000, "the fake microphone beeps"
        viewer.click("#microphone")
        for _ in blocks:
            pass
    assert viewer.complaints == []


def test_sounds_of_a_page_come_one_after_the_other(player: WebPlayer, tmp_path: Path) -> None:
    with page(player.page, tmp_path / "profile", *FAKE_MICROPHONE) as viewer:
        start(viewer, player)
        viewer.click("#microphone")
        viewer.click("#microphone")  # impatient: it is being switched on
        microphone = player.requests.get(timeout=10)
        assert isinstance(microphone, PageMicrophone)
        blocks = microphone.blocks()
        next(blocks)
        viewer.evaluate(f"(() => {{ const drop = {DROP}; drop('mine.wav', 700000); drop('second.wav', 9); }})()")
        file = player.requests.get(timeout=10)
        assert isinstance(file, SoundFile) and file.title == "mine.wav"
        assert file.content == (bytes(range(256)) * 2_735)[:700_000], "and nothing of the microphone"
        for _ in blocks:
            pass
        assert "mine.wav is on its way" in str(viewer.evaluate("document.querySelector('#note').textContent"))
        assert player.n_pages == 1 and player.requests.empty(), "it is still connected"
    assert viewer.complaints == []


def test_a_page_whose_program_has_ended_says_so_and_goes_on_with_the_next(tmp_path: Path) -> None:
    first = open_player("ws://127.0.0.1:0", "Anna")
    with page(first.page, tmp_path / "profile") as viewer:
        start(viewer, first)
        first.close()
        said = viewer.wait_for("!document.querySelector('#note').hidden && document.querySelector('#note').textContent")
        assert isinstance(said, str) and "has ended" in said
        second = open_player(f"ws://127.0.0.1:{first.port}", "Anna")
        wait_for(lambda: second.is_awaited)
        viewer.wait_for("document.querySelector('#note').hidden")
        second.close()


def test_the_page_follows_a_clock_that_drifts_and_nothing_else(player: WebPlayer, tmp_path: Path) -> None:
    def corrections(ahead: str) -> str:
        """A second and a half of frames that come so far ahead; those that moved playback."""
        return f"""
        (async () => {{
          const {{ Drift }} = await import("/web/drift.js"), drift = new Drift(0.12), moved = [];
          for (let now = 0; now < 1.5; now += 1 / 60) moved.push(drift.correction({ahead}, now));
          return moved.filter((each) => each !== 0);
        }})()"""

    with page(player.page, tmp_path / "profile") as viewer:
        viewer.wait_for("window.space")
        assert viewer.evaluate(corrections("0.1")) == []
        assert viewer.evaluate(corrections("now % 0.5 < 0.4 ? -0.2 : 0.1")) == [], "late now and then is jitter"
        assert viewer.evaluate(corrections("-0.05")) == [pytest.approx(0.17)]
        assert viewer.evaluate(corrections("0.5")) == [pytest.approx(-0.38)]


def test_what_a_page_keeps_is_bounded_though_nothing_is_drawn(player: WebPlayer, tmp_path: Path) -> None:
    fill = """
    (async () => {
      const { Timeline } = await import("/web/timeline.js");
      let n_dropped = 0;
      const timeline = new Timeline(() => { n_dropped += 1; });
      for (let k = 0; k < 10000; k += 1) timeline.push({ seconds: k / 60 });
      return [timeline.items.length, n_dropped, timeline.nearest(170).seconds * 60, timeline.nearest(0)?.seconds];
    })()"""
    with page(player.page, tmp_path / "profile") as viewer:
        viewer.wait_for("window.space")
        assert viewer.evaluate(fill) == [120, 9_880, pytest.approx(9_999), None]
