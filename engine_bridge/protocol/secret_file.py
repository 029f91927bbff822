"""The rule that a secret key file is its owner's alone; clients, servers and relays share it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

FOREIGN: Final = stat.S_IRWXG | stat.S_IRWXO
"""Permissions of anybody but the owner, none of which a secret file may have: the rule of ssh."""


def exposure_of(file: str | Path) -> str:
    """Return what is wrong with the permissions of a secret file and what to do, empty when only its owner can read it.

    On Windows permission bits say nothing: always empty there, and the folder's access list has to guard the file.
    Raises `OSError` when there is no such file.
    """
    mode = stat.S_IMODE(Path(file).stat().st_mode)
    if os.name == "nt" or not mode & FOREIGN:
        return ""
    return f"others than its owner can use it (mode {mode:03o}); run `chmod 600 {file}`, or make a new pair with keygen"
