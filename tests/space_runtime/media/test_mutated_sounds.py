"""Damaged sounds: each is read or refused in a sentence; none crashes, hangs or takes memory."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.mutated_sounds import mutated, read_all, whole_files

N_FILES = 300
N_GROUPS = 10
MAX_MEMORY_KB = 400_000


def memory_kb() -> int:
    """The memory of this process now, 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    return int(status.read_text().split("VmRSS:")[1].split()[0])


@pytest.mark.parametrize("name", whole_files())
def test_undamaged_files_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(whole_files()[name])
    assert read_all(tmp_path / name) == "read"


@pytest.mark.parametrize("group", range(N_GROUPS))
def test_damaged_files_are_read_or_refused(tmp_path: Path, group: int) -> None:
    before, outcomes = memory_kb(), set()
    for number in range(group, N_FILES, N_GROUPS):
        name, data = mutated(number)
        (tmp_path / name).write_bytes(data)
        outcomes.add(read_all(tmp_path / name))
    assert outcomes == {"read", "refused"}
    assert memory_kb() - before < MAX_MEMORY_KB, sys.platform
