"""The demo's moving picture: all pictures of the video, at their times, in their colours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from space_runtime.errors import MediaError
from space_runtime.media.moving_picture import read_video, write_webp
from space_runtime.media.video import VideoWriter

COLOURS = ((200, 40, 40), (40, 180, 60), (50, 60, 210))


def video(path: Path, n_pictures: int, fps: Fraction) -> Path:
    """A video of single-coloured pictures, 64×64."""
    with VideoWriter(path, fps, (64, 64), 16_000, 1) as writer:
        for n in range(n_pictures):
            writer.add_picture(np.full((64, 64, 3), COLOURS[n % len(COLOURS)], np.uint8))
        writer.add_sound(np.zeros((16_000 * n_pictures // 30, 1), np.float32))
        writer.finish()
    return path


@pytest.mark.parametrize("fps", [Fraction(30), Fraction(30_000, 1001), Fraction(25)])
def test_no_picture_is_lost_and_no_time_drifts(fps: Fraction, tmp_path: Path) -> None:
    n_pictures = 61
    write_webp(read_video(video(tmp_path / "line.mp4", n_pictures, fps)), tmp_path / "line.webp", 32)
    with Image.open(tmp_path / "line.webp") as moving:
        assert (getattr(moving, "n_frames", 0), moving.size) == (n_pictures, (32, 32))
        shown_ms, colours = 0, []
        for n in range(n_pictures):
            moving.seek(n)
            moving.load()
            shown_ms += int(moving.info["duration"])
            colours.append(np.asarray(moving.convert("RGB")).mean(axis=(0, 1)))
    assert abs(shown_ms - float(n_pictures * 1000 / fps)) <= 1
    for n, colour in enumerate(colours):
        assert np.abs(colour - COLOURS[n % len(COLOURS)]).max() < 12


def test_a_single_picture_does_not_move(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no moving picture"):
        write_webp(read_video(video(tmp_path / "line.mp4", 1, Fraction(30))), tmp_path / "line.webp", 32)
