"""A model bundle on disk, opened: hashes checked, networks and arrays loaded by name when they are first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from space_runtime.errors import BundleError
from space_runtime.manifest import Entry, Manifest, Setting, read_manifest, sha256_of
from space_runtime.ort import Network, load_network

EMBEDDED = Path(__file__).parent / "models"
"""The bundle inside the package."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """An opened bundle. Networks are shared by everybody who asks for them: they hold no state."""

    folder: Path
    manifest: Manifest
    _networks: dict[str, Network] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Return whether the bundle has an entry of that name."""
        return any(entry.name == name for entry in self.manifest.entries)

    def network(self, name: str) -> Network:
        """Return the network of that name. Raises `BundleError` when it is missing or a tensor of it is."""
        if name not in self._networks:
            entry = self.manifest.entry(name)
            network = load_network(name, self.folder / entry.file)
            _check_tensors(entry, network)
            self._networks[name] = network
        return self._networks[name]

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Return the arrays of an npz entry by their names. Raises `BundleError` when one of them is missing."""
        entry = self.manifest.entry(name)
        try:
            with np.load(self.folder / entry.file, allow_pickle=False) as archive:
                return {tensor.name: archive[tensor.name] for tensor in entry.outputs}
        except (OSError, ValueError, KeyError) as error:
            raise BundleError(f"{entry.file} of the bundle is damaged ({error}); reinstall the bundle") from None

    def settings(self, name: str) -> dict[str, Setting]:
        """Return the settings of an entry."""
        return self.manifest.entry(name).settings

    def setting(self, name: str, key: str) -> int:
        """Return one whole-number setting of an entry. Raises `BundleError` when it is missing."""
        value = self.settings(name).get(key)
        if not isinstance(value, int):
            raise BundleError(f"{name!r} of the bundle lacks the setting {key!r}; use a bundle made for this version")
        return value


def load_bundle(path: Path | None = None) -> Bundle:
    """Return the bundle in the folder ``path``, or the embedded one.

    Every file's SHA-256 is compared with the manifest. Raises `BundleError` naming the file that is missing or differs.
    """
    folder = path or EMBEDDED
    manifest = read_manifest(folder)
    for entry in manifest.entries:
        _check_file(folder, entry)
    return Bundle(folder, manifest)


def _check_file(folder: Path, entry: Entry) -> None:
    path = folder / entry.file
    if not path.is_file():
        raise BundleError(f"the bundle in {folder} lacks {entry.file}; reinstall the bundle")
    actual = sha256_of(path)
    if actual != entry.sha256:
        raise BundleError(
            f"{path} has SHA-256 {actual[:12]}… but the manifest says {entry.sha256[:12]}…; reinstall the bundle"
        )


def _check_tensors(entry: Entry, network: Network) -> None:
    expected = {tensor.name for tensor in entry.inputs} | {tensor.name for tensor in entry.outputs}
    missing = sorted(expected - set(network.inputs) - set(network.outputs))
    if missing:
        raise BundleError(f"network {entry.name!r} lacks the tensor {missing[0]!r}; use a bundle made for this version")
