"""Laws of what the packaged server carries, without making one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import space_runtime
from space_runtime.packaging.contents import data_files

ROOT: Final = Path(space_runtime.__file__).parent
UNREAD: Final = ("head", "assets")
"""Folders whose data no server reads."""


def test_every_array_and_network_that_a_server_may_read_is_carried() -> None:
    carried = [Path(name) for name, _ in data_files()]
    assert all(path.exists() for path in carried)
    data = [path for ending in ("npz", "onnx") for path in ROOT.rglob(f"*.{ending}")]
    needed = [path for path in data if path.relative_to(ROOT).parts[0] not in UNREAD]
    assert len(needed) > 10
    assert [path for path in needed if not any(path.is_relative_to(place) for place in carried)] == []
