"""The steps of docs/live.md for other machines work as they are printed, between two machines."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.real_server import child_environment

OWN_NETWORK = ["unshare", "--map-root-user", "--net"]


def can_make_networks() -> bool:
    """Return whether this system lets us make network namespaces and a cable between them."""
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    cable = [*OWN_NETWORK, "ip", "link", "add", "one", "type", "veth", "peer", "name", "other"]
    return subprocess.run(cable, capture_output=True).returncode == 0


@pytest.mark.skipif(not can_make_networks(), reason="needs network namespaces, which this system does not allow")
def test_the_steps_work_as_printed_between_two_machines(tmp_path: Path) -> None:
    command = [*OWN_NETWORK, sys.executable, "-m", "tests.docs.other_machines", str(tmp_path)]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "a session is open" in done.stdout
