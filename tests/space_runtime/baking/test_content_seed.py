"""Laws of the seed of a bake: it comes from the sound unless it is given, and stands in the metadata."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from space_runtime import Controls, bake, load_bundle
from space_runtime.animation.track import ControlTrack
from tests.support.sounds import speechlike

BUNDLE = load_bundle()


def baked(folder: Path, sound: Path, controls: Controls | ControlTrack | None) -> tuple[int, bytes]:
    """The seed that the metadata name, and the clip."""
    (path,) = bake(sound, folder, bundle=BUNDLE, controls=controls)
    with np.load(path) as clip:
        return json.loads(str(clip["metadata"]))["settings"]["seed"], path.read_bytes()


def test_two_lines_have_two_seeds_and_one_line_repeats(tmp_path: Path) -> None:
    one, other = tmp_path / "one.wav", tmp_path / "other.wav"
    soundfile.write(one, speechlike(0.4), 16_000)
    soundfile.write(other, speechlike(0.4, seed=1), 16_000)
    seed, clip = baked(tmp_path / "a", one, None)
    assert baked(tmp_path / "b", other, None)[0] != seed
    assert baked(tmp_path / "c", one.rename(tmp_path / "renamed.wav"), None) == (seed, clip)
    one = tmp_path / "renamed.wav"
    assert baked(tmp_path / "d", one, Controls(seed=seed)) == (seed, clip)
    assert baked(tmp_path / "e", one, Controls(seed=0))[0] == 0
    changed = ControlTrack.of(Controls()).changed(4_000, Controls(mouth_strength=0.5))
    seeds = {changed.seeded(seed).at(sample).seed for sample in (0, 5_000)}
    assert seeds == {seed} == {baked(tmp_path / "f", one, changed)[0]}
