"""``python -m export judge-tracking``: what `space-runtime track` sees of drawn heads whose motion is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from time import process_time
from typing import Annotated, Final

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from export.evaluation.drawn_head import Camera, DrawnHead, Shown
from export.evaluation.known_motion import KnownMotion, known_motion
from space_runtime.arrays import Doubles, Pixels, Reals
from space_runtime.assets import PORTRAIT
from space_runtime.capture.take import Take
from space_runtime.capture.video_take import take_of_video
from space_runtime.geometry import euler_angles, rotation_matrix
from space_runtime.head.npc_glb import HEAD
from space_runtime.media.atomic_files import written_whole
from space_runtime.media.video import VideoWriter
from space_runtime.media.video_reader import open_video
from space_runtime.portrait.portrait import open_portrait
from space_runtime.rig.shapes import SHAPE
from space_runtime.timebase import SAMPLE_RATE

FPS: Final = 30
CAMERA: Final = Camera((720, 1280), 60.0, 1_100.0)
OTHERS: Final = ("020328.jpg", "020106.jpg")
"""Portraits of the data beside NASA's: other shapes and other skin."""
JUDGED: Final = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight")
TOLD: Final = ("browInnerUp", "browDownLeft", "browOuterUpLeft", "mouthPucker")
FAST: Final = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight")
"""Shapes by which a lag is measured: they move within a tenth of a second."""
MOST_LAG: Final = 2.0
"""Pictures by which a signal is shifted to find its lag."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A head. name. motion: what it did. angles: (T, 3) relative to facing the camera. take: what was seen.

    speed: pictures a second of processor time.
    """

    name: str
    motion: KnownMotion
    angles: Doubles
    take: Take
    speed: float

    def errors_deg(self) -> Doubles:
        """Return (3,) mean errors of yaw, pitch, roll."""
        return np.asarray(np.degrees(np.abs(self.take.head[:, :3] - self.angles)).mean(0))

    def likeness(self, shape: str) -> float:
        """Return the correlation of a weight with what was done."""
        return float(np.corrcoef(self.take.blendshapes[:, SHAPE[shape]], self.motion.weights[:, SHAPE[shape]])[0, 1])

    def lag_ms(self, shape: str) -> float:
        """Return by how much a weight comes too late."""
        seen, done = self.take.blendshapes[:, SHAPE[shape]], self.motion.weights[:, SHAPE[shape]]
        return lag(seen, done) * 1_000 / FPS


def lag(late: Reals, early: Reals) -> float:
    """Return by how many rows one signal follows another: where they correlate most, between rows too."""
    shifts = np.arange(-MOST_LAG, MOST_LAG + 0.01, 0.02)
    rows, inner = np.arange(len(late)), slice(3, -3)
    alike = [np.corrcoef(np.interp(rows + shift, rows, late)[inner], early[inner])[0, 1] for shift in shifts]
    return float(shifts[int(np.argmax(alike))])


def facing(head: DrawnHead, motion: KnownMotion) -> Doubles:
    """Return (T, 3) angles relative to facing the camera: to the line from between the eyes to it."""
    angles = np.empty((len(motion.times_s), 3))
    camera = np.array([0, 0, CAMERA.distance_cm])
    for row, (rotation, shift) in enumerate(zip(motion.rotation_rad, motion.shift_cm, strict=True)):
        turn = rotation_matrix(rotation)
        x, y, z = camera - (turn @ (head.middle - HEAD) + HEAD - head.middle + shift)
        towards = np.array([np.arctan2(x, z), -np.arctan2(y, np.hypot(x, z)), 0], np.float32)
        angles[row] = euler_angles(rotation_matrix(towards).T @ turn)
    return angles


def pictures(head: DrawnHead, motion: KnownMotion) -> Iterator[Pixels]:
    """Yield the pictures of a head that moves, before colours out of focus."""
    rng = np.random.default_rng(3)
    colours = rng.integers(60, 200, (9, 16, 3)).astype(np.uint8)
    behind = np.asarray(cv2.resize(colours, CAMERA.size[::-1], interpolation=cv2.INTER_CUBIC), np.uint8)
    columns = motion.weights, motion.rotation_rad, motion.shift_cm, motion.eyes_rad
    for weights, rotation, shift, eyes in zip(*columns, strict=True):
        yield head.draw(Shown(weights, rotation, shift, eyes), CAMERA, behind)


def judge(portrait: Path, seed: int, seconds: float, cache: Path) -> Judged:
    """Return what was seen of a portrait's head. The video is drawn once and kept: a second takes half a minute."""
    head = DrawnHead.of_portrait(open_portrait(portrait, force=True))
    motion = known_motion(np.arange(round(seconds * FPS)) / FPS, seed)
    video = cache / f"{portrait.stem}-{seed}-{seconds:g}.mp4"
    if not video.exists():
        video.parent.mkdir(parents=True, exist_ok=True)
        with (
            written_whole(video) as partial,
            VideoWriter(partial, Fraction(FPS), CAMERA.size[::-1], SAMPLE_RATE, 1) as writer,
        ):
            for picture in pictures(head, motion):
                writer.add_picture(picture)
            writer.finish()
    begin = process_time()
    take = take_of_video(open_video(video))
    return Judged(portrait.stem, motion, facing(head, motion), take, take.n_rows / (process_time() - begin))


def main(
    data: Annotated[Path, typer.Option(help="The folder with portraits.")] = Path("../shared/data"),
    cache: Annotated[Path, typer.Option(help="Where the drawn videos are kept.")] = Path(".cache/judge-tracking"),
    seconds: Annotated[float, typer.Option(help="Length of each video.")] = 8.0,
) -> None:
    """Print what tracking sees of heads whose motion is known."""
    portraits = [PORTRAIT, *(data / "portraits" / name for name in OTHERS)]
    heads = [judge(portrait, seed, seconds, cache) for seed, portrait in enumerate(portraits, 1)]
    table = Table("measure", "accepted", *(head.name for head in heads), "mean")
    for name, accepted, numbers in _rows(heads):
        table.add_row(name, accepted, *(f"{number:.2f}" for number in numbers), f"{np.mean(numbers):.2f}")
    Console(width=110).print(table)


def _rows(heads: list[Judged]) -> Iterator[tuple[str, str, list[float]]]:
    for row, angle in enumerate(("yaw", "pitch", "roll")):
        yield f"mean error of {angle}, degrees", "≤ 2", [float(head.errors_deg()[row]) for head in heads]
    for shape in JUDGED + TOLD:
        accepted = "≥ 0.9" if shape in JUDGED else ""
        yield f"correlation of {shape}", accepted, [head.likeness(shape) for head in heads]
    for shape in FAST:
        yield f"lag of {shape}, ms", "0 ± 5", [head.lag_ms(shape) for head in heads]
    yield "pictures a second of one core", "≥ 60", [head.speed for head in heads]


if __name__ == "__main__":
    typer.run(main)
