"""Fewer keys lose no closure of a spoken line: where the lips meet in the landmarks, they meet in the curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from engine_bridge.formats.keys import minima
from engine_bridge.formats.unity_anim_reader import read_anim
from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime import bake
from space_runtime.assets import LINE
from space_runtime.baking.plots import lip_gap


def test_closures_of_a_line_stay_in_the_curves(tmp_path: Path) -> None:
    sound, rate = soundfile.read(LINE, frames=80_000)
    soundfile.write(tmp_path / "line.wav", sound, rate)
    bake(tmp_path / "line.wav", tmp_path, fps=60, formats="anim,npz")
    with np.load(tmp_path / "line.npz") as clip:
        times, weights, gap = clip["times_s"], clip["blendshapes"], lip_gap(clip["landmarks"])
    curves = read_anim((tmp_path / "line.anim").read_bytes()).curves
    read = np.stack([curve.curve.at(times) for curve in curves], axis=1)
    n_keys = sum(len(curve.curve.values) for curve in curves)
    assert n_keys < 0.5 * weights.size
    opening = [ARKIT_NAMES.index(name) for name in ("jawOpen", "mouthClose")]
    shut = minima(weights[:, opening[0]] - weights[:, opening[1]].astype(np.float64))
    assert shut.sum() > 5
    of_mouth = [k for k, name in enumerate(ARKIT_NAMES) if name.startswith(("jaw", "mouth"))]
    assert np.abs(read[shut][:, of_mouth] - weights[shut][:, of_mouth]).max() < 1e-4
    closed = minima(gap) & (gap < np.quantile(gap, 0.25))
    assert closed.sum() > 3
    before, after = (values[closed][:, opening[0]] - values[closed][:, opening[1]] for values in (weights, read))
    assert np.abs(after - before).max() < 0.01  # of a mouth that opens to 1
