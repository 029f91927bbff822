"""The example of the web modules with a rig, and a clip whose jaw opens at the clicks of its sound."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from engine_bridge.formats.clip import Clip
from engine_bridge.formats.options import FormatOptions
from engine_bridge.formats.spaceclip import write_spaceclip
from engine_bridge.protocol.arkit import ARKIT_NAMES
from tests.docs.pages import ROOT
from tests.support.browser.devtools import Page, page
from tests.support.rigs import rig_glb
from tests.support.web_site import served
from tests.tools.install_web import MODULES

RATE: Final = 16_000
FPS: Final = 60
FIRST_S: Final = 0.7
EVERY_S: Final = 0.5
OPEN_S: Final = 0.2
WEBGL: Final = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""WebGL in software, for a machine without a graphics card."""
SMALL: Final = "--window-size=640,360"
"""Fewer points to draw in software."""

WATCH: Final = """
(() => {
  const { playback } = space.player, { context } = playback, analyser = new AnalyserNode(context, { fftSize: 32768 });
  const samples = new Float32Array(analyser.fftSize);
  playback.gain.connect(analyser);
  let jaw = null, wasOpen = false;
  space.scene.traverse((mesh) => { if ("jawOpen" in (mesh.morphTargetDictionary ?? {})) jaw ??= mesh; });
  Object.assign(window, { clicks: [], opened: [] });
  const heard = (contextTime) => {  // when a sample leaves the device, milliseconds of the page's clock
    const at = context.getOutputTimestamp();
    return at.performanceTime + 1000 * (contextTime - at.contextTime);
  };
  const watch = (moment) => {
    const isOpen = jaw.morphTargetInfluences[jaw.morphTargetDictionary.jawOpen] > 0.5;
    if (isOpen && !wasOpen) opened.push(moment);
    wasOpen = isOpen;
    const now = context.currentTime;
    analyser.getFloatTimeDomainData(samples);
    for (let k = 1; k < samples.length; k += 1) {
      if (samples[k] < 0.4 || samples[k - 1] > 0.4) continue;
      const at = heard(now - (samples.length - k) / context.sampleRate);
      if (!clicks.some((each) => Math.abs(at - each) < 250)) clicks.push(at);
    }
    requestAnimationFrame(watch);
  };
  requestAnimationFrame(watch);
  return true;
})()
"""
"""Notes when clicks are heard and when the jaw is open in a picture."""


def marked_clip(n_marks: int) -> Clip:
    """Return a clip whose jaw is open for 0.2 s from every mark on."""
    times = np.arange(round((FIRST_S + n_marks * EVERY_S) * FPS)) / FPS
    weights = np.zeros((len(times), len(ARKIT_NAMES)), np.float32)
    since = (times - FIRST_S + 1e-9) % EVERY_S
    weights[:, ARKIT_NAMES.index("jawOpen")] = (times >= FIRST_S - 1e-9) & (since < OPEN_S)
    return Clip(
        name="marked",
        fps=Fraction(FPS),
        sample_rate=RATE,
        metadata={},
        times_s=times,
        speech=np.zeros(len(times), np.float32),
        blendshapes=weights,
    )


def marked_sound(n_marks: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return its sound: a click at every mark."""
    sound = np.zeros(int((FIRST_S + n_marks * EVERY_S) * RATE), np.float32)
    for mark in range(n_marks):
        sound[round((FIRST_S + mark * EVERY_S) * RATE) :][:80] = 0.9
    return sound


def copy_modules(folder: Path) -> Path:
    """Put the web modules and the example into a folder, with three.js as npm installs it; return the example's."""
    package = ROOT / "engine_bridge" / "web"
    example = folder / "example"
    example.mkdir(parents=True)
    for path in package.glob("*.js"):
        shutil.copy(path, folder)
    for path in (*package.glob("example/*.html"), *package.glob("example/*.js")):
        shutil.copy(path, example)
    (example / "node_modules").symlink_to(MODULES, target_is_directory=True)
    return example


@contextmanager
def marked_example(
    folder: Path, n_marks: int, live: Callable[[str], str] = lambda _: "", *options: str
) -> Iterator[Page]:
    """Yield the example in a browser, with the marked clip.

    live: returns the address of a program that speaks, for a page of this site. options: of Chromium.
    """
    example = copy_modules(folder / "site")
    (example / "npc.glb").write_bytes(rig_glb(ARKIT_NAMES))
    with (example / "hello.spaceclip").open("wb") as file:
        write_spaceclip(marked_clip(n_marks), FormatOptions(), file)
    soundfile.write(example / "hello.wav", marked_sound(n_marks), RATE)
    with (
        served(folder / "site") as address,
        page(f"{address}/example/?live={live(address)}", folder / "profile", *WEBGL, SMALL, *options) as browser,
    ):
        browser.wait_for("Boolean(window.space?.rig)")
        yield browser


def distances_ms(browser: Page) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return how long after each click the jaw was open, milliseconds; clicks at which it did not open are left out."""
    clicks, opened = browser.evaluate("clicks"), browser.evaluate("opened")
    assert isinstance(clicks, list) and isinstance(opened, list)
    nearest = [min((each - click for each in opened), key=abs) for click in clicks]
    return np.array([each for each in nearest if abs(each) < 250])


def complaints(browser: Page) -> list[str]:
    """Return what the console complained about, without the driver's remarks on drawing in software."""
    return [each for each in browser.complaints if "GL Driver Message" not in each]
