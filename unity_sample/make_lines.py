"""Bakes the lines of the sample: ``python unity_sample/make_lines.py``, in the environment of the runtime.

Each sound of ``Assets/Lines`` gets a clip for each emotion, ``NAME_EMOTION.spaceclip.bytes``; `.bytes`, so that Unity takes
the file for data as it is.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

LINES = Path(__file__).parent / "Assets" / "Lines"
EMOTIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised", "contempt")
"""In the order of the keys 1 to 8."""


def bake(sound: Path, emotion: str, folder: Path) -> bytes:
    """Return the clip of a sound."""
    words = [sys.executable, "-m", "space_runtime", "bake", sound, "--formats", "spaceclip", "--emotion", f"{emotion}=0.8"]
    subprocess.run([*words, "--channels", "weights,head,eyes", "--seed", "7", "--out", folder], check=True)
    return (folder / f"{sound.stem}.spaceclip").read_bytes()


def main() -> None:
    """Bake all."""
    for sound in sorted(LINES.glob("*.wav")):
        for emotion in EMOTIONS:
            with tempfile.TemporaryDirectory() as folder:
                clip = bake(sound, emotion, Path(folder))
            (LINES / f"{sound.stem}_{emotion}.spaceclip.bytes").write_bytes(clip)


if __name__ == "__main__":
    main()
