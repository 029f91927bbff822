"""Makes the binary files of the sample: ``python unity_sample/make_assets.py``, in the environment of the runtime.

The head, from the portrait of ``space_runtime/assets``, and for each sound of ``Assets/Lines`` a clip for each emotion,
``NAME_EMOTION.spaceclip.bytes``. With `.bytes` at its end Unity takes a file for data as it is.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "unity_sample" / "Assets"
PORTRAIT = ROOT / "space_runtime" / "assets" / "portrait.png"
EMOTIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised", "contempt")
"""In the order of the keys 1 to 8."""


def run(*words: object) -> None:
    """Run ``space-runtime``."""
    subprocess.run([sys.executable, "-m", "space_runtime", *map(str, words)], check=True, cwd=ROOT)


def make_head(folder: Path) -> None:
    """Write the head of the portrait."""
    run("portrait", PORTRAIT, "--glb", folder / "npc.glb")
    (ASSETS / "Npc" / "npc.glb.bytes").write_bytes((folder / "npc.glb").read_bytes())


def bake(sound: Path, emotion: str, folder: Path) -> None:
    """Write the clip of a sound in an emotion."""
    options = ["--formats", "spaceclip", "--channels", "weights,head,eyes", "--seed", "7"]
    run("bake", sound, *options, "--emotion", f"{emotion}=0.8", "--out", folder)
    clip = (folder / f"{sound.stem}.spaceclip").read_bytes()
    (ASSETS / "Lines" / f"{sound.stem}_{emotion}.spaceclip.bytes").write_bytes(clip)


def main() -> None:
    """Make all."""
    with tempfile.TemporaryDirectory() as folder:
        make_head(Path(folder))
        for sound in sorted((ASSETS / "Lines").glob("*.wav")):
            for emotion in EMOTIONS:
                bake(sound, emotion, Path(folder))


if __name__ == "__main__":
    main()
