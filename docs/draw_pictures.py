"""Draws the pictures of the documentation anew: ``python docs/draw_pictures.py``, after a change that shows.

The demo's moving picture, its frames and curves, the eight emotions, the page of `live` and the example of the web
modules in Chromium while they speak.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from space_runtime import Controls, Emotion, Session, emotion_vector, load_bundle, open_portrait, open_tracker
from space_runtime.assets import LINE
from space_runtime.baking.plots import lip_gap
from space_runtime.media.audio_file import open_sound

DOCS: Final = Path(__file__).parent
FPS: Final = Fraction(30)
LABEL: Final = 26
QUALITY: Final = 50
"""Of the demo's moving picture, which a README loads: under 1.5 MB."""
VIEWER: Final = "ws://127.0.0.1:8790"
SHOWN: Final = "window.space.characters.get('Face')?.shown?.weights"
SPEAKING: Final = (
    f"{SHOWN}.jawOpen > 0.25 && {SHOWN}.mouthClose < 0.1 && window.space.playback.position() > 1 "
    "&& Math.abs(window.space.sync.offsets.at(-1)) < 20"
)
"""A wide open mouth, in step."""
WEB_SPEAKING: Final = (
    "space.player?.seconds > 1 && space.rig.values.get('jawOpen') > 0.25 && space.rig.values.get('mouthClose') < 0.1 "
    "&& space.rig.values.get('eyeBlinkLeft') < 0.2 && (space.player.pause(), true)"
)
FACE: Final = (118, 122, 394, 398)
"""The place of the face in the demo's pictures: left, upper, right, lower."""


def draw_demo(folder: Path) -> Path:
    """Bake the demo; its moving picture, frames and curves go to the documentation. Returns the portrait."""
    subprocess.run([sys.executable, "-m", "space_runtime", "demo", str(folder)], check=True)
    moving = Image.open(folder / "line.webp")
    moving.seek(1)
    moving.load()  # only then it says how long a frame lasts
    frame_ms = moving.info["duration"]
    moving.seek(0)
    moving.save(DOCS / "demo.webp", save_all=True, quality=QUALITY, method=4, duration=frame_ms, loop=0)
    frames, curves = (Image.open(folder / f"line_{name}.png") for name in ("frames", "curves"))
    frames.resize((frames.width * 3 // 4, frames.height * 3 // 4), Image.Resampling.LANCZOS).save(
        DOCS / "demo_frames.jpg", quality=88
    )
    curves.resize((1120, 700), Image.Resampling.LANCZOS).save(DOCS / "demo_curves.png", optimize=True)
    return folder / "portrait.png"


def draw_emotions(photo: Path) -> None:
    """Draw every emotion at full strength at rest, where lips meet, and where they are widest apart."""
    bundle = load_bundle()
    portrait = open_portrait(photo, open_tracker(bundle))
    sound = np.concatenate([*open_sound(LINE).speech_blocks()])
    columns = []
    moments: list[int] = []
    for emotion in Emotion:
        calm = Controls(emotion=emotion_vector({emotion: 1.0}), blinks_per_minute=0, head_strength=0, seed=3)
        session = Session(bundle, portrait, calm, FPS, pictures=True)
        frames = session.push(sound) + session.finish()
        moments = moments or _moments(lip_gap(np.stack([frame.landmarks for frame in frames])))
        faces = [Image.fromarray(rgb).crop(FACE) for frame in frames if (rgb := frame.rgb) is not None]
        columns.append((emotion.name.lower(), [faces[n] for n in moments]))
    side = FACE[2] - FACE[0]
    sheet = Image.new("RGB", (side * 4, (side * 3 + LABEL) * 2), "white")
    for n, (name, column) in enumerate(columns):
        left, upper = n % 4 * side, n // 4 * (side * 3 + LABEL)
        text = ImageDraw.Draw(sheet)
        text.text((left + side / 2, upper + LABEL / 2), name, "black", ImageFont.load_default(18), "mm")
        for row, face in enumerate(column):
            sheet.paste(face, (left, upper + LABEL + row * side))
    sheet.save(DOCS / "emotions.jpg", quality=86)


def _moments(gap: NDArray[np.floating]) -> list[int]:
    """Frames at rest, in the middle of the longest closure within speech, and of the widest opening.

    The middle, as other emotions close up to a frame later than the one that is measured.
    """
    spoken = np.flatnonzero(gap > 0.3 * gap.max())
    closed = np.flatnonzero(gap < 0.01 * gap.max())
    closed = closed[(closed > spoken[0]) & (closed < spoken[-1])]
    longest = max(np.split(closed, np.flatnonzero(np.diff(closed) > 1) + 1), key=len)
    return [0, int(longest[len(longest) // 2]), int(gap.argmax())]


def draw_viewer(photo: Path) -> None:
    """Photograph the page of `live` while it speaks the bundled line with the portrait."""
    sys.path.insert(0, str(DOCS.parent))
    from tests.support.browser.devtools import page  # the tests drive a real browser, too

    live = (sys.executable, "-m", "space_runtime", "live", str(LINE), "--portrait", str(photo), "--to", VIEWER)
    with subprocess.Popen(live, stdout=subprocess.PIPE) as speaking, tempfile.TemporaryDirectory() as folder:
        try:
            assert speaking.stdout and speaking.stdout.readline()
            with page(VIEWER.replace("ws", "http"), Path(folder) / "profile") as viewer:
                viewer.wait_for("window.space?.stats.textures > 9")
                viewer.click("#start")
                viewer.wait_for(SPEAKING)
                viewer.screenshot(Path(folder) / "viewer.png")
        finally:
            speaking.terminate()
        Image.open(Path(folder) / "viewer.png").convert("RGB").save(DOCS / "viewer.jpg", quality=88)


def draw_web(photo: Path) -> None:
    """Photograph the example of the web modules while a head made of the portrait speaks the bundled line."""
    sys.path.insert(0, str(DOCS.parent))
    from tests.support.browser import example_site as site
    from tests.support.browser.devtools import page

    with tempfile.TemporaryDirectory() as folder:
        example = site.copy_modules(Path(folder) / "site")
        run = (sys.executable, "-m", "space_runtime")
        subprocess.run([*run, "portrait", str(photo), "--glb", str(example / "npc.glb")], check=True)
        shutil.copy(LINE, example / "hello.flac")
        bake = ("bake", "hello.flac", "--formats", "spaceclip", "--seed", "2", "--out", ".")
        subprocess.run([*run, *bake], cwd=example, check=True)
        with site.served(example.parent) as address:
            url = f"{address}/example/?sound=hello.flac"
            with page(url, Path(folder) / "profile", *site.WEBGL, "--window-size=900,760") as browser:
                browser.wait_for("Boolean(window.space?.rig)")
                browser.click("#baked")
                browser.wait_for(WEB_SPEAKING)
                browser.screenshot(Path(folder) / "web.png")
        Image.open(Path(folder) / "web.png").convert("RGB").save(DOCS / "web.jpg", quality=88)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        portrait = draw_demo(Path(made))
        draw_emotions(portrait)
        draw_viewer(portrait)
        draw_web(portrait)
