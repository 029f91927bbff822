"""The mean of two trainings' weights."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs torch (extra 'export')")

import torch

from export.training.checkpoint import Checkpoint, Facts, load_checkpoint, save_checkpoint
from export.training.mix import mix
from space_runtime.errors import UsageError


def checkpoint(value: float, n: int = 3) -> Checkpoint:
    tensors = {"weight": torch.full((2, n), value)}
    facts = Facts(int(value), 7, "recipe", "data", "commit")
    return Checkpoint(facts, tensors, {"weight": torch.full((2, n), 10 * value)}, {"weight.first": torch.ones(n)})


@pytest.mark.parametrize(("share", "expected"), [(0.0, 20.0), (0.25, 17.5), (1.0, 10.0)])
def test_a_mix_has_its_share_of_the_earlier_average(tmp_path: Path, share: float, expected: float) -> None:
    save_checkpoint(checkpoint(1.0), tmp_path / "earlier")
    save_checkpoint(checkpoint(2.0), tmp_path / "later")
    mix(tmp_path / "later", tmp_path / "earlier", share, tmp_path / "mixed")
    mixed = load_checkpoint(tmp_path / "mixed")
    assert (mixed.average["weight"] == expected).all() and (mixed.weights["weight"] == expected).all()
    assert mixed.facts == checkpoint(2.0).facts


def test_what_cannot_be_mixed_is_refused_in_words(tmp_path: Path) -> None:
    save_checkpoint(checkpoint(1.0), tmp_path / "one")
    save_checkpoint(checkpoint(1.0, n=4), tmp_path / "wider")
    for share in (-0.1, 1.1):
        with pytest.raises(UsageError, match="expected a number from 0 to 1"):
            mix(tmp_path / "one", tmp_path / "one", share, tmp_path / "mixed")
    with pytest.raises(UsageError, match="different networks"):
        mix(tmp_path / "one", tmp_path / "wider", 0.5, tmp_path / "mixed")
    with pytest.raises(UsageError, match="no whole checkpoint"):
        mix(tmp_path / "one", tmp_path / "nowhere", 0.5, tmp_path / "mixed")
    assert not (tmp_path / "mixed").exists()
