"""Laws of baking: it equals the live session bit for bit, tells its progress, and never harms its input."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine_bridge.formats.clip import COLUMNS
from space_runtime import Controls, Emotion, Session, UsageError, bake, emotion_vector, load_bundle
from space_runtime.media.audio_file import open_sound
from tests.support.sounds import speechlike

BUNDLE = load_bundle()
CONTROLS = Controls(emotion=emotion_vector({Emotion.HAPPY: 0.6}), seed=3)


@pytest.mark.parametrize("fps", [Fraction(30), Fraction(24_000, 1_001), 60])
def test_bake_equals_live(tmp_path: Path, line: Path, fps: Fraction | int) -> None:
    bake(line, tmp_path, bundle=BUNDLE, controls=CONTROLS, fps=fps)
    session = Session(BUNDLE, controls=CONTROLS, fps=Fraction(fps))
    samples = np.concatenate(list(open_sound(line).speech_blocks()))
    frames = [frame for piece in np.array_split(samples, 17) for frame in session.push(piece)] + session.finish(0.3)
    with np.load(tmp_path / "line.npz") as clip:
        assert clip["times_s"].tolist() == [float(frame.media_sample / 16_000) for frame in frames]
        for column in COLUMNS[1:]:
            live = np.array([getattr(frame, column.key) for frame in frames])
            assert np.array_equal(clip[column.key], live), column.key


def test_progress_reaches_the_end_step_by_step(tmp_path: Path) -> None:
    seen: list[tuple[float, float | None]] = []
    line = tmp_path / "longer.wav"
    soundfile.write(line, speechlike(3.6, 16_000), 16_000)
    bake(line, tmp_path / "out", bundle=BUNDLE, progress=lambda done_s, total_s: seen.append((done_s, total_s)))
    done = [done_s for done_s, _ in seen]
    assert done == sorted(done)
    assert len(done) > 3
    assert seen[-1][0] == seen[-1][1] == pytest.approx(3.6)


def test_what_the_progress_raises_ends_the_bake_and_leaves_nothing(tmp_path: Path, line: Path) -> None:
    def stop(done_s: float, total_s: float | None) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        bake(line, tmp_path / "out", bundle=BUNDLE, progress=stop)
    assert not (tmp_path / "out").exists()


def test_it_returns_the_files_it_wrote(tmp_path: Path, line: Path) -> None:
    files = bake(line, tmp_path / "out", bundle=BUNDLE, formats="json,npz", plot=True)
    assert set(files) == set((tmp_path / "out").iterdir())
    assert all(path.stat().st_size > 0 for path in files)


def test_impossible_calls_are_refused_before_any_work(tmp_path: Path, line: Path) -> None:
    for formats, said in (("mp4", "portrait"), (("npz", "fbx"), "unknown format 'fbx'"), ((), "no format")):
        with pytest.raises(UsageError, match=said):
            bake(line, tmp_path / "out", bundle=BUNDLE, formats=formats)
    odd = line.rename(tmp_path / "line.json")
    with pytest.raises(UsageError, match="overwrite the line itself"):
        bake(odd, tmp_path, bundle=BUNDLE, formats="json")
    assert not (tmp_path / "out").exists()
