"""Laws of heads that a studio trains on its own footage: known style in, the same style out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from export.data.motion.filmed_head import FilmedHead
from export.data.motion.head_simulation import head_inputs, simulate
from export.data.motion.recorded_heads import FPS, read_recorded_heads
from export.training.fit_head_style import fit, main
from space_runtime.animation.head_style import HeadStyle
from space_runtime.capture.take import Take, write_take
from space_runtime.errors import UsageError
from space_runtime.timebase import SAMPLE_RATE
from tests.support.session_frames import BUNDLE
from tests.support.sounds import bundled_line

LINE = np.tile(bundled_line(), 8)
SHIPPED = HeadStyle.of_bundle(BUNDLE)
CALM = replace(SHIPPED, speech=0.5 * SHIPPED.speech, pause=0.5 * SHIPPED.pause, posture=0.5 * SHIPPED.posture)


def record(folder: Path, style: HeadStyle, seeds: tuple[int, ...], confidence: float = 1.0) -> None:
    """Takes of heads in a style, with their sounds."""
    n = int(len(LINE) / SAMPLE_RATE * FPS)
    tracks = simulate(style, head_inputs(BUNDLE, LINE), seeds, FPS, n)
    for seed, track in zip(seeds, tracks, strict=True):
        head = np.zeros((n, 6), np.float32)
        head[:, :3] = track
        still = np.zeros((n, 52), np.float32)
        sure = np.full(n, confidence, np.float32)
        rest = np.zeros(52, np.float32), np.zeros(6, np.float32)
        samples = np.arange(n) * SAMPLE_RATE / FPS
        write_take(Take(samples, still, head, np.zeros((n, 2, 2), np.float32), sure, *rest), folder / f"{seed}.npz")
        soundfile.write(folder / f"{seed}.wav", LINE, SAMPLE_RATE)


def test_the_style_that_made_takes_is_learnt_from_them(tmp_path: Path) -> None:
    """Fits a minute of two heads, six times: seconds. Single bands of so little footage scatter; their means do not."""
    record(tmp_path, CALM, (1, 2))
    learnt = fit([FilmedHead.of(BUNDLE, film) for film in read_recorded_heads(tmp_path)])
    assert np.median(learnt.speech / SHIPPED.speech) == pytest.approx(0.5, rel=0.15)
    assert np.median(learnt.pause / SHIPPED.pause) == pytest.approx(0.5, rel=0.35)
    assert np.median(learnt.speech / CALM.speech, 1) == pytest.approx(np.ones(3), rel=0.3)


def test_footage_that_teaches_nothing_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither videos nor takes"):
        read_recorded_heads(tmp_path)
    record(tmp_path, SHIPPED, (1,), confidence=0.0)
    with pytest.raises(UsageError, match="shows a face in 0% of its pictures"):
        read_recorded_heads(tmp_path)
    (tmp_path / "1.wav").unlink()
    with pytest.raises(UsageError, match=r"has no sound beside it; put 1\.wav there"):
        read_recorded_heads(tmp_path)


def test_the_command_writes_a_style(tmp_path: Path) -> None:
    record(tmp_path, SHIPPED, (1,))
    main(films=tmp_path, to=tmp_path / "style.npz")
    with np.load(tmp_path / "style.npz") as written:
        assert written["speech"].shape == SHIPPED.speech.shape
