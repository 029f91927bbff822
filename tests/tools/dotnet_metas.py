"""The ``.meta`` files of the Unity package and of the sample: ``python tests/tools/dotnet_metas.py`` writes those
that are missing, and takes those away whose file is gone.

An installed package is read-only, so Unity cannot make them itself. A GUID is the MD5 of the package's name and the
path in it: the same on every machine, and never that of another file. One that has been published must stay; so a file
that is moved keeps its ``.meta``, which this leaves alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parents[2] / "engine_bridge" / "csharp" / "com.spaceruntime.face"
SAMPLE: Final = Path(__file__).resolve().parents[2] / "unity_sample" / "Assets"
NAMES: Final = {PACKAGE: PACKAGE.name, SAMPLE: "unity_sample/Assets"}
"""The text before the path in what is hashed into the GUID of a file of each folder."""

_EXTERNAL: Final = "  externalObjects: {}\n"
_END: Final = "  userData: \n  assetBundleName: \n  assetBundleVariant: \n"
_SCRIPT: Final = "  serializedVersion: 2\n  defaultReferences: []\n  executionOrder: 0\n  icon: {instanceID: 0}\n"
_SOUND: Final = """AudioImporter:
  externalObjects: {}
  serializedVersion: 6
  defaultSettings:
    loadType: 0
    sampleRateSetting: 0
    sampleRateOverride: 44100
    compressionFormat: 0
    quality: 1
    conversionMode: 0
  platformSettingOverrides: {}
  forceToMono: 0
  normalize: 1
  preloadAudioData: 1
  loadInBackground: 0
  ambisonic: 0
  3D: 0
"""
"""Decompressed on load: a speaker reads its samples."""
_SHADER: Final = "  defaultTextures: []\n  nonModifiableTextures: []\n"
_IMPORTERS: Final = {
    ".cs": f"MonoImporter:\n{_EXTERNAL}{_SCRIPT}{_END}",
    ".asmdef": f"AssemblyDefinitionImporter:\n{_EXTERNAL}{_END}",
    ".md": f"TextScriptImporter:\n{_EXTERNAL}{_END}",
    ".txt": f"TextScriptImporter:\n{_EXTERNAL}{_END}",
    ".json": f"TextScriptImporter:\n{_EXTERNAL}{_END}",
    ".bytes": f"TextScriptImporter:\n{_EXTERNAL}{_END}",
    ".wav": f"{_SOUND}{_END}",
    ".shader": f"ShaderImporter:\n{_EXTERNAL}{_SHADER}{_END}",
    ".mat": f"NativeFormatImporter:\n{_EXTERNAL}  mainObjectFileID: 2100000\n{_END}",
    ".anim": f"NativeFormatImporter:\n{_EXTERNAL}  mainObjectFileID: 7400000\n{_END}",
}
_FOLDER: Final = f"folderAsset: yes\nDefaultImporter:\n{_EXTERNAL}{_END}"
_MANIFEST: Final = f"PackageManifestImporter:\n{_EXTERNAL}{_END}"
_DEFAULT: Final = f"DefaultImporter:\n{_EXTERNAL}{_END}"


def guid(path: Path) -> str:
    """Return the GUID of a file or folder of the package or the sample."""
    root = next(each for each in NAMES if each in path.parents)
    name = f"{NAMES[root]}/{path.relative_to(root).as_posix()}"
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def meta_of(path: Path) -> Path:
    """Return where the ``.meta`` of a file or folder belongs."""
    return path.with_name(path.name + ".meta")


def assets(root: Path = PACKAGE) -> Iterator[Path]:
    """Yield everything that Unity wants a ``.meta`` for: no dot-files, no folders that end in ``~``."""
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") or part.endswith("~") for part in path.relative_to(root).parts)
        if path.suffix != ".meta" and not hidden:
            yield path


def text(path: Path) -> str:
    """Return what the ``.meta`` of a file or folder says."""
    if path.is_dir():
        importer = _FOLDER
    elif path == PACKAGE / "package.json":
        importer = _MANIFEST
    else:
        importer = _IMPORTERS.get(path.suffix, _DEFAULT)
    return f"fileFormatVersion: 2\nguid: {guid(path)}\n{importer}"


def stray(root: Path = PACKAGE) -> list[Path]:
    """Return every ``.meta`` whose file is gone."""
    wanted = {meta_of(path) for path in assets(root)}
    return [path for path in sorted(root.rglob("*.meta")) if path not in wanted]


def main() -> None:
    """Write and take away."""
    for root in NAMES:
        for path in stray(root):
            path.unlink()
        for path in assets(root):
            if not meta_of(path).exists():
                meta_of(path).write_text(text(path), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
