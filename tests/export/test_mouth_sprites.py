"""The sprites of the mouth: what is kept is what the face model gives, and it is a whole mouth."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from export.head.build_mouth_sprites import sprites
from space_runtime.head.model import load_model
from space_runtime.rendering.warp.mouth_sprites import SPRITES, load_sprites


def test_the_file_is_what_the_face_model_gives() -> None:
    made = sprites(load_model())
    with np.load(SPRITES) as kept:
        assert set(kept.files) == set(made)
        for name in kept.files:
            np.testing.assert_allclose(kept[name].astype(float), made[name], atol=2 if "planes" in name else 1e-4)


def test_rows_are_whole_and_symmetric_and_meet() -> None:
    for row in (load_sprites().upper, load_sprites().lower):
        half = row.arch.shape[0] // 2
        assert (np.diff(row.arch[half - 100 : half + 100, 0]) > 0).all()
        np.testing.assert_allclose(row.arch[:, 0], -row.arch[::-1, 0], atol=0.02)
        teeth = np.asarray(row.planes[..., 0].max(0) > 128)
        assert teeth[half - 150 : half + 150].all()
    assert load_sprites().upper.bottom < 0 < load_sprites().lower.top
