"""Laws of learning folds: a planted fold is found again, and few strange portraits do not change it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("typer", reason="needs typer")

from export.training.train_folds import SIDE, Samples, layout, slope
from tests.support import pictures


@pytest.mark.parametrize("n_strange", [0, 6])
def test_a_planted_fold_is_found_again(n_strange: int) -> None:
    rng = np.random.default_rng(5)
    planted = rng.normal(0, 0.2, (12, 12)).astype(np.float32)
    smiles = rng.uniform(0, 1, 120)
    logs = smiles[:, None, None] * planted + rng.normal(0, 0.05, (120, 12, 12))
    logs[:n_strange] += rng.choice([-2, 2], (n_strange, 12, 12))
    where = np.ones((12, 12), bool)
    where[0] = False
    found = slope(Samples(logs.astype(np.float32), smiles), where)
    assert np.abs(found[1:] - planted[1:]).max() < 0.1 and not found[0].any()


def test_the_layout_is_alike_on_both_sides() -> None:
    mesh = pictures.portrait().normalised
    shape = np.concatenate([mesh, mesh * (-1, 1, 1)])
    places = layout(shape.astype(np.float64))
    assert np.allclose(np.sort(places[:, 0]), np.sort(SIDE - places[:, 0]), atol=1e-3)
