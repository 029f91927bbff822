"""The lips of a container are those of what a player plays: a slice of ``python -m tests.tools.container_variants``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.container_variants import compare


@pytest.mark.parametrize("name", ["late.mp4", "gap.webm", "late_edit.mp4", "twice_rates.ogg", "understated.flac"])
def test_lips_move_when_a_player_plays_the_sound(tmp_path: Path, name: str) -> None:
    row = compare(name, tmp_path)
    assert row.line.is_small, row
    assert row.player is None or row.player.is_small, row
