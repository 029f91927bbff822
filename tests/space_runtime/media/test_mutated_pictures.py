"""Damaged pictures: each is decoded or refused in a sentence; none crashes, hangs, warns or takes memory."""

from __future__ import annotations

import pytest

from tests.space_runtime.media.test_mutated_sounds import MAX_MEMORY_KB, memory_kb
from tests.support.mutated_pictures import decoded, mutated, whole_files

N_FILES = 250
N_GROUPS = 5


@pytest.mark.parametrize("name", whole_files())
def test_undamaged_files_are_decoded(name: str) -> None:
    assert decoded(whole_files()[name], name) == "read"


@pytest.mark.parametrize("group", range(N_GROUPS))
def test_damaged_files_are_decoded_or_refused(
    group: int, recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    before = memory_kb()
    outcomes = {decoded(data, name) for name, data in map(mutated, range(group, N_FILES, N_GROUPS))}
    assert outcomes == {"read", "refused"}
    assert memory_kb() - before < MAX_MEMORY_KB
    assert not recwarn.list and capfd.readouterr() == ("", "")
