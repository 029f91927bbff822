"""Laws of the pictures to judge a bake by: evenly spaced frames of any length of stream, peaks however sound is cut."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime.animation.batch_state import blank_frames
from space_runtime.arrays import Pixels
from space_runtime.baking.clip import GrowingClip
from space_runtime.baking.plots import MAX_POINTS, ContactSheet, Waveform, lip_gap, write_curves

MOUTH = (256.0, 300.0, 80.0)


def pictures(n: int) -> Iterator[Pixels]:
    """Pictures as bright as their index modulo 251."""
    for k in range(n):
        yield np.full((512, 512, 3), k % 251, np.uint8)


@pytest.mark.parametrize("n_frames", [1, 5, 36, 37, 200])
def test_a_sheet_shows_evenly_spaced_frames_from_the_first(tmp_path: Path, n_frames: int) -> None:
    sheet = ContactSheet(MOUTH)
    for index, picture in enumerate(pictures(n_frames)):
        sheet.add(index, index / 30, picture)
    sheet.write(tmp_path / "sheet.png")
    written = cv2.imread(str(tmp_path / "sheet.png"))
    assert written is not None
    height, width = ContactSheet.SIDE + ContactSheet.CLOSE_UP, ContactSheet.SIDE
    tiles = [
        written[row + height // 2, column + width // 2, 0]
        for row in range(0, written.shape[0], height)
        for column in range(0, written.shape[1], width)
    ]
    shown = [int(tile) for tile in tiles if tile != 255]
    stride = shown[1] - shown[0] if len(shown) > 1 else 1
    assert shown == list(range(0, n_frames, stride))
    assert min(n_frames, ContactSheet.LIMIT // 2) <= len(shown) <= ContactSheet.LIMIT


def test_the_close_up_shows_the_mouth(tmp_path: Path) -> None:
    picture = np.zeros((512, 512, 3), np.uint8)
    column, row, width = (round(value) for value in MOUTH)
    cv2.ellipse(picture, (column, row), (width // 2, 10), 0, 0, 360, (255, 255, 255), -1)
    sheet = ContactSheet(MOUTH)
    sheet.add(0, 0.0, picture)
    sheet.write(tmp_path / "sheet.png")
    read = cv2.imread(str(tmp_path / "sheet.png"), cv2.IMREAD_GRAYSCALE)
    assert read is not None
    rows, columns = np.nonzero(read[ContactSheet.SIDE :] > 127)
    assert abs(rows.mean() - ContactSheet.CLOSE_UP / 2) < 2
    assert abs(columns.mean() - ContactSheet.SIDE / 2) < 2
    assert 0.5 < np.ptp(columns) / ContactSheet.SIDE < 0.6


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 5_000), max_size=6))
def test_how_sound_is_cut_does_not_change_the_waveform(cuts: list[int]) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 5_000).astype(np.float32)
    whole, pieces = Waveform(), Waveform()
    whole.add(samples)
    for piece in np.split(samples, sorted(cuts)):
        pieces.add(piece)
    assert np.array_equal(whole.peaks()[1], pieces.peaks()[1])
    assert whole.peaks()[1].max() == np.abs(samples[: 5_000 // Waveform.STEP * Waveform.STEP]).max()


def test_the_peaks_of_twenty_hours_fit_into_40_mb() -> None:
    waveform, block, n_blocks = Waveform(), np.zeros(1_600, np.float32), 36_000
    tracemalloc.start()
    try:
        for _ in range(n_blocks):  # one hour in tenths of a second
            waveform.add(block)
        hour = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(waveform.peaks()[0]) >= MAX_POINTS
    assert 20 * hour < 40_000_000


def test_a_long_waveform_is_thinned_without_losing_its_peak() -> None:
    waveform = Waveform()
    samples = np.zeros(Waveform.STEP * MAX_POINTS * 3, np.float32)
    samples[12_345] = 0.9
    waveform.add(samples)
    times, peaks = waveform.peaks()
    assert len(times) == len(peaks) <= 2 * MAX_POINTS
    assert peaks.max() == np.float32(0.9)
    assert abs(times[peaks.argmax()] - 12_345 / 16_000) < 0.05


def test_the_lip_gap_is_the_height_between_the_inner_lips() -> None:
    landmarks = np.zeros((2, 78, 3), np.float32)
    landmarks[1, [61, 62, 63], 1] = 0.1
    assert lip_gap(landmarks).tolist() == pytest.approx([0, 0.1])


@pytest.mark.parametrize("n_frames", [0, 1, 40])
def test_curves_are_drawn_for_any_length(tmp_path: Path, n_frames: int) -> None:
    with GrowingClip(tmp_path, Fraction(30)) as clip:
        clip.add_frames(replace(blank_frames(n_frames), frame_index=np.arange(n_frames)))
        write_curves(clip, Waveform(), "line", tmp_path / "curves.png")
    assert cv2.imread(str(tmp_path / "curves.png")) is not None
