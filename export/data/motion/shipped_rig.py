"""The rig inside the package, whatever network lies beside it."""

from __future__ import annotations

from space_runtime.inference.bundle import EMBEDDED, Bundle
from space_runtime.inference.manifest import read_manifest
from space_runtime.rig.rig import Rig


def shipped_rig() -> Rig:
    """Return the embedded bundle's rig. A network that was just exported need not be in the manifest yet."""
    return Rig.from_arrays(Bundle(EMBEDDED, read_manifest(EMBEDDED)).arrays("rig"))
