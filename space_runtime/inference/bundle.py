"""A model bundle on disk, opened: hashes checked, networks and arrays loaded by name when they are first asked for."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from space_runtime.arguments import StrPath, instance, path_of, shown, text_of
from space_runtime.errors import BundleError
from space_runtime.inference.device import AUTO, CPU, Device
from space_runtime.inference.feature_settings import FEATURES, FeatureSettings
from space_runtime.inference.manifest import Entry, Manifest, Setting, read_manifest, sha256_of
from space_runtime.inference.network import Network, load_network, open_device

log = logging.getLogger(__name__)

REFINER: Final = "refiner"
"""The one entry of a refiner's bundle, which a studio makes beside the bundle of networks."""
REQUIRED: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    name: (frozenset(inputs.split()), frozenset(outputs.split()))
    for name, inputs, outputs in (
        ("face_detector", "picture", "boxes keypoints scores"),
        ("face_mesh", "picture", "mesh confidence"),
        ("person_matte", "picture", "matte"),
        ("rig", "", "mean tracker identities shapes"),
        ("speech2landmarks", "features neutral emotion state_in", "landmarks speech closure state_out"),
        ("head_style", "", "speech pause posture keep bow beat"),
        ("landmarks2latents", "landmarks features portrait_keypoints emotion state_in", "keypoints state_out"),
        ("warp", "", "triangles mesh_from_keypoints"),
        ("voice_emotion", "", "mean scale weights bias arousal labels measures"),
        (REFINER, "drawn photo", "change"),
    )
}
"""The tensors of every entry that this runtime feeds and reads."""

ON_CPU: Final = frozenset({"speech2landmarks"})
"""Networks of eight-bit products. GPU providers have no kernels for them: each would travel to the CPU and back."""

MIN_LOOK_AHEAD: Final = 1
"""Samples: the sound at a frame's own time must be in."""
MAX_LOOK_AHEAD: Final = 16_000
"""Samples: nobody waits longer than a second for a face."""

EMBEDDED = Path(__file__).parents[1] / "models"
"""The bundle inside the package."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """An opened bundle. Networks are shared by everybody who asks for them: they hold no state.

    device: of all networks but those `ON_CPU`. refiner: the bundle of mouths' refiner, None for none.
    """

    folder: Path
    manifest: Manifest
    device: Device = CPU
    _networks: dict[str, Network] = field(default_factory=dict)
    refiner: Bundle | None = None

    def network(self, name: str) -> Network:
        """Return the network of that name. Raises `BundleError` when it is missing or a tensor of it is."""
        if text_of("the network", name) not in self._networks:
            entry = self.manifest.entry(name)
            _check_required(entry)
            device = CPU if name in ON_CPU else self.device
            network = load_network(name, self.folder / entry.file, device)
            log.debug("network %s runs on %s", name, device.name)
            _check_tensors(entry, network)
            self._networks[name] = network
        return self._networks[name]

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Return the arrays of an npz entry by their names. Raises `BundleError` when one of them is missing."""
        entry = self.manifest.entry(text_of("the entry", name))
        _check_required(entry)
        try:
            with np.load(self.folder / entry.file, allow_pickle=False) as archive:
                return {tensor.name: archive[tensor.name] for tensor in entry.outputs}
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise BundleError(f"{entry.file} of the bundle is damaged ({error}); reinstall the bundle") from None

    def settings(self, name: str) -> dict[str, Setting]:
        """Return the settings of an entry."""
        return self.manifest.entry(text_of("the entry", name)).settings

    def look_ahead(self) -> int:
        """Return Speech2Landmarks' look-ahead in samples. Raises `BundleError` when it is missing or absurd."""
        value = self.settings("speech2landmarks").get("look_ahead_samples")
        if type(value) is not int or not MIN_LOOK_AHEAD <= value <= MAX_LOOK_AHEAD:
            raise BundleError(
                f"the bundle's look_ahead_samples is {shown(value)}; expected a whole number within "
                f"{MIN_LOOK_AHEAD}…{MAX_LOOK_AHEAD}, "
                "use a bundle made for this version"
            )
        return value


def load_bundle(path: StrPath | None = None, device: str = AUTO, refiner: StrPath | None = None) -> Bundle:
    """Return the bundle in the folder ``path``, or the embedded one, its networks on a device of that name.

    refiner: the folder of a refiner of mouths, which `python -m export refiner` makes; pictures are drawn with it.
    Every file's SHA-256 is compared with the manifest, and the features of its training with those of this runtime.
    Raises `BundleError` naming the file that is missing or differs, or the parameter that does, and `UsageError` for a
    device that is unknown or cannot be used here; see `choose_device`.
    """
    chosen = open_device(text_of("device", device))
    folder = EMBEDDED if path is None else path_of("the bundle's folder", path)
    opened = _opened(folder, chosen)
    return opened if refiner is None else replace(opened, refiner=_refiner(path_of("the refiner", refiner), chosen))


def _refiner(folder: Path, device: Device) -> Bundle:
    opened = _opened(folder, device)
    if all(entry.name != REFINER for entry in opened.manifest.entries):
        raise BundleError(f"the bundle in {folder} has no refiner; name a folder that python -m export refiner made")
    return opened


def _opened(folder: Path, chosen: Device) -> Bundle:
    manifest = read_manifest(folder)
    _check_features(folder, manifest.features)
    for entry in manifest.entries:
        _check_file(folder, entry)
    log.debug("bundle %s %s: networks run on %s (%s)", manifest.name, manifest.version, chosen.name, chosen.provider)
    return Bundle(folder, manifest, chosen)


@cache
def _embedded() -> Bundle:
    return load_bundle()


def bundle_or_embedded(bundle: Bundle | None) -> Bundle:
    """Return a bundle as callers give it; None opens the embedded one, once a process. Raises `UsageError`."""
    return _embedded() if bundle is None else instance("the bundle", bundle, Bundle, "which load_bundle() opens")


def _check_features(folder: Path, stated: FeatureSettings) -> None:
    for name in (known.name for known in fields(FeatureSettings)):
        theirs, ours = getattr(stated, name), getattr(FEATURES, name)
        if theirs != ours:
            raise BundleError(
                f"the bundle in {folder} was trained on features with {name} = {theirs}, but this runtime has {ours}; "
                "use a bundle made for this version"
            )


def _check_file(folder: Path, entry: Entry) -> None:
    path = folder / entry.file
    if not path.is_file():
        raise BundleError(f"the bundle in {folder} lacks {entry.file}; reinstall the bundle")
    try:
        n_bytes, actual = path.stat().st_size, ""
        if n_bytes == entry.n_bytes:  # a file of another length is not read, it may have no end
            actual = sha256_of(path)
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
    if n_bytes != entry.n_bytes:
        raise BundleError(
            f"{path} has {n_bytes:,} bytes but the manifest says {shown(entry.n_bytes)}; reinstall the bundle"
        )
    if actual != entry.sha256:
        raise BundleError(
            f"{path} has SHA-256 {actual[:12]}… but the manifest says {entry.sha256[:12]}…; reinstall the bundle"
        )


def _check_required(entry: Entry) -> None:
    inputs, outputs = REQUIRED.get(entry.name, (frozenset(), frozenset()))
    missing = (inputs - {t.name for t in entry.inputs}) | (outputs - {t.name for t in entry.outputs})
    if missing:
        raise BundleError(
            f"{entry.name!r} of the bundle lacks the tensor {min(missing)!r}; use a bundle made for this version"
        )


def _check_tensors(entry: Entry, network: Network) -> None:
    """Compare the manifest's tensors with those of the file: names, and the fixed parts of the inputs' shapes."""
    for tensor in entry.inputs:
        actual = network.inputs.get(tensor.name)
        if actual is None or not _agree(tensor.shape, actual):
            raise BundleError(
                f"network {entry.name!r} has {actual} where its manifest says {tensor.name!r} {tensor.shape}; "
                "use a bundle made for this version"
            )
    missing = {tensor.name for tensor in entry.outputs} - set(network.outputs)
    if missing:
        raise BundleError(
            f"network {entry.name!r} lacks the tensor {min(missing)!r}; use a bundle made for this version"
        )


def _agree(stated: tuple[int | str, ...], actual: tuple[int | str, ...]) -> bool:
    """Return True if two shapes have the same rank and the same fixed numbers."""
    fixed = [value if isinstance(value, int) else None for value in stated]
    return fixed == [value if isinstance(value, int) else None for value in actual]
