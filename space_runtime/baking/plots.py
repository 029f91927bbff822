"""Pictures to judge a bake by: the main curves over the waveform, and a contact sheet of frames with their times."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Doubles, Floats, Pixels
from space_runtime.baking.clip import GrowingClip
from space_runtime.extras import cv2, without_warnings_of
from space_runtime.media.atomic_files import written_whole
from space_runtime.media.picture_sequence import encoded_png
from space_runtime.rig.shapes import LIP_PAIRS
from space_runtime.timebase import SAMPLE_RATE

MAX_POINTS: Final = 4_000
"""Points of a curve; a longer clip is thinned out."""


PANELS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("jaw and lips", ("jawOpen", "mouthClose")),
    ("rounding", ("mouthFunnel", "mouthPucker")),
    ("corners", ("mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight")),
    ("eyes", ("eyeBlinkLeft", "eyeBlinkRight")),
)


class Waveform:
    """The peaks of a sound, one per 10 ms, gathered as it passes."""

    STEP: Final = SAMPLE_RATE // 100

    def __init__(self) -> None:
        self._peaks = array("f")  # four bytes each: 29 MB for twenty hours, where a list of arrays would take 130
        self._rest = np.zeros(0, np.float32)

    def add(self, samples: Floats) -> None:
        """Take (n,) mono samples at 16 kHz."""
        samples = np.concatenate([self._rest, samples])
        whole = len(samples) // self.STEP * self.STEP
        self._peaks.frombytes(np.abs(samples[:whole]).reshape(-1, self.STEP).max(axis=1).astype(np.float32).tobytes())
        self._rest = samples[whole:].copy()  # a view would keep the block

    def peaks(self) -> tuple[Floats, Floats]:
        """Return times in seconds and the peaks, at most `MAX_POINTS` or so."""
        peaks = np.array(self._peaks, np.float32)
        step = max(1, len(peaks) // MAX_POINTS)
        thinned = np.maximum.reduceat(peaks, np.arange(0, len(peaks), step)) if len(peaks) else peaks
        return np.arange(len(thinned), dtype=np.float32) * np.float32(step / 100), thinned


class ContactSheet:
    """Evenly spaced small pictures of a stream whose length is not known beforehand, each over a close-up of the mouth.

    Keeps every ``stride``-th frame; when there are too many, every second one goes and the stride doubles.
    """

    COLUMNS: Final = 6
    LIMIT: Final = 36
    SIDE: Final = 256
    CLOSE_UP: Final = 112
    """Height of the close-up; it is as wide as the picture."""

    def __init__(self, mouth: tuple[float, float, float]) -> None:
        """Close up on ``mouth``: column and row of its middle and its width in a picture, pixels."""
        self._stride = 1
        self._kept: list[tuple[float, Pixels]] = []
        self._close_up = self._crop(*mouth)

    def add(self, frame_index: int, time_s: float, rgb: Pixels) -> None:
        """Take the picture of a frame."""
        if frame_index % self._stride:
            return
        if len(self._kept) == self.LIMIT:
            self._kept = self._kept[::2]
            self._stride *= 2
            if frame_index % self._stride:
                return
        small = cv2.resize(rgb, (self.SIDE, self.SIDE), interpolation=cv2.INTER_AREA)
        close = cv2.warpAffine(rgb, self._close_up, (self.SIDE, self.CLOSE_UP), flags=cv2.INTER_CUBIC)
        self._kept.append((time_s, np.vstack([small, close]).astype(np.uint8)))

    def write(self, path: Path) -> None:
        """Write the sheet as PNG. Raises `OutputError`."""
        tiles = [_labelled(picture, f"{time_s:.2f} s") for time_s, picture in self._kept]
        n_columns = min(self.COLUMNS, len(tiles)) or 1
        blank = np.full((self.SIDE + self.CLOSE_UP, self.SIDE, 3), 255, np.uint8)
        tiles += [blank] * (-len(tiles) % n_columns or (n_columns if not tiles else 0))
        rows = [np.hstack(tiles[start : start + n_columns]) for start in range(0, len(tiles), n_columns)]
        _write_png(np.vstack(rows).astype(np.uint8), path)

    def _crop(self, column: float, row: float, width: float) -> Doubles:
        """The affine map from the picture to a close-up 1.8 mouths wide."""
        scale = self.SIDE / (1.8 * width)
        return np.array([[scale, 0, self.SIDE / 2 - scale * column], [0, scale, self.CLOSE_UP / 2 - scale * row]])


def write_curves(clip: GrowingClip, waveform: Waveform, title: str, path: Path) -> None:
    """Write the main curves over the waveform as PNG. Raises `OutputError`."""
    with without_warnings_of("matplotlib"):  # of a home that it cannot write its cache of fonts to
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 10), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(PANELS) + 1, 1, sharex=True)
    axes[0].set_title(title)
    _draw_sound(axes[0], clip, waveform)
    step = max(1, clip.n_frames // MAX_POINTS)
    times, weights = clip.every("times_s", step), clip.every("blendshapes", step)
    for axis, (label, names) in zip(axes[1:], PANELS, strict=True):
        for name in names:
            axis.plot(times, weights[:, ARKIT_NAMES.index(name)], label=name, linewidth=1.2)
        axis.set_ylabel(label)
        axis.set_ylim(-0.02, 1.02)
        axis.legend(loc="upper right", fontsize="small", ncols=len(names))
        axis.grid(alpha=0.3)
    axes[-1].set_xlabel("seconds")
    axes[-1].set_xlim(0, float(max(clip.n_frames, 1) / clip.fps))
    with written_whole(path) as partial:
        figure.savefig(partial, format="png", metadata={"Software": None})


def _draw_sound(axis: object, clip: GrowingClip, waveform: Waveform) -> None:
    from matplotlib.axes import Axes

    assert isinstance(axis, Axes)
    times, peaks = waveform.peaks()
    axis.fill_between(times, -peaks, peaks, color="0.75", linewidth=0, label="sound")
    axis.set_ylabel("sound")
    axis.set_ylim(-1, 1)
    step = max(1, clip.n_frames // MAX_POINTS)
    gap_axis = axis.twinx()
    gap_axis.plot(clip.every("times_s", step), lip_gap(clip.every("landmarks", step)), color="tab:red", label="lip gap")
    gap_axis.set_ylabel("lip gap, eye-corner distances", color="tab:red")
    gap_axis.set_ylim(bottom=0)


def lip_gap(landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the (T,) mean height between the inner lips of (T, 78, 3) normalised landmarks."""
    upper, lower = ([pair[side] for pair in LIP_PAIRS] for side in (0, 1))
    gaps: NDArray[np.floating] = (landmarks[:, upper, 1] - landmarks[:, lower, 1]).mean(axis=1)
    return gaps


def _labelled(picture: Pixels, text: str) -> Pixels:
    labelled = picture.copy()
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(labelled, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, thickness, cv2.LINE_AA)
    return labelled


def _write_png(rgb: Pixels, path: Path) -> None:
    with written_whole(path) as partial:
        partial.write_bytes(encoded_png(rgb))
