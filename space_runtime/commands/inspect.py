"""``space-runtime inspect``: what a model bundle holds, and where it came from."""

from __future__ import annotations

from space_runtime.commands.shared_options import BundleFolder, Debug
from space_runtime.errors import counted, one_line
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.manifest import Entry, Tensor


def inspect_command(
    bundle: BundleFolder = None,
    debug: Debug = False,
) -> None:
    """Check a bundle's hashes and list its files: size, tensors, states, licence, sources."""
    opened = load_bundle(bundle)
    manifest = opened.manifest
    total = sum(entry.n_bytes for entry in manifest.entries)
    print(one_line(f"{manifest.name} {manifest.version} in {opened.folder}"))
    print(f"{counted(len(manifest.entries), 'file')}, {total / 1e6:.2f} MB, every SHA-256 as the manifest says")
    print(f"{manifest.sample_rate} Hz, hop {manifest.hop} samples")
    for entry in manifest.entries:
        print("\n" + "\n".join(map(one_line, _describe(entry))))


def _describe(entry: Entry) -> list[str]:
    rows = [("purpose", entry.purpose), ("licence", entry.licence), ("sha256", entry.sha256)]
    rows += [("source", source) for source in entry.sources]
    rows += [("input", _tensor(tensor)) for tensor in entry.inputs]
    rows += [("output" if entry.inputs else "array", _tensor(tensor)) for tensor in entry.outputs]
    rows += [("state", f"{before} -> {after}") for before, after in entry.states]
    rows += [("setting", f"{key} = {value}") for key, value in entry.settings.items()]
    head = f"{entry.name}: {entry.file}, {entry.n_bytes / 1e6:.3f} MB"
    return [head, *(f"  {label:<8} {text}" for label, text in rows)]


def _tensor(tensor: Tensor) -> str:
    shape = ", ".join(str(size) for size in tensor.shape)
    return f"{tensor.name} ({shape}) {tensor.dtype}"
