"""Bakes every variant of `tests.support.sound_variants` and compares its lips with those of what FFmpeg plays.

``python -m tests.tools.container_variants [NAME …]`` prints, in milliseconds, how far the lips and the length of the
baked clip are off those of FFmpeg's default playback (``ffmpeg -af aresample=async=1:first_pts=0``, beside the picture)
and off those of the raw line. Where FFmpeg leaves out or misplaces what is glued on, it plays each part by itself.

Ends with code 1 where both are off by more than 20 ms: decoders add silence of up to a frame that the raw line does not
have, and FFmpeg does not play some damaged headers. Without the program ``ffmpeg`` only the raw line is compared.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from space_runtime.arrays import Floats
from space_runtime.baking.bake import bake
from space_runtime.values import Controls
from tests.support.sound_variants import RATE, VARIANTS, Glued

FPS: Final = 100
LIMIT_MS: Final = 20.0
INNER_LIPS: Final = ((61, 67), (62, 66), (63, 65))
"""Landmarks of the inner lips, upper and lower."""
HAS_FFMPEG: Final = shutil.which("ffmpeg") is not None


@dataclass(frozen=True, slots=True)
class Difference:
    """Milliseconds by which a baked clip's lips come later than another's, and by which it is longer."""

    lips_ms: float
    length_ms: float

    @property
    def is_small(self) -> bool:
        """True if both are within the limit."""
        return abs(self.lips_ms) <= LIMIT_MS and abs(self.length_ms) <= LIMIT_MS


@dataclass(frozen=True, slots=True)
class Row:
    """The outcome of a variant. player: against what FFmpeg plays, None where it plays nothing."""

    name: str
    player: Difference | None
    line: Difference

    @property
    def is_right(self) -> bool:
        """True if the clip is that of what FFmpeg plays, or of the whole line."""
        return self.line.is_small or (self.player is not None and self.player.is_small)


def compare(name: str, folder: Path) -> Row:
    """Make a variant in a folder, bake it, and compare it."""
    make, samples = VARIANTS[name]
    make(folder / name)
    soundfile.write(folder / "line.wav", samples, RATE, subtype="FLOAT")
    baked, line = gap(folder / name, folder), gap(folder / "line.wav", folder)
    player = _against_player(baked, [folder / name], folder)
    if isinstance(make, Glued) and not (player and player.is_small):
        player = _against_player(baked, make.write_parts(folder / name), folder)
    return Row(name, player, difference(baked, line))


def gap(path: Path, folder: Path) -> Floats:
    """Return the (T,) mean distance of the inner lips of a sound's clip, at 100 frames a second."""
    (clip,) = bake(path, folder, fps=FPS, controls=Controls(seed=1), tail_s=0)
    landmarks = np.load(clip)["landmarks"]
    pairs = [landmarks[:, up, 1] - landmarks[:, down, 1] for up, down in INNER_LIPS]
    return np.asarray(np.mean(pairs, axis=0), np.float32)


def difference(baked: Floats, truth: Floats) -> Difference:
    """Compare two curves of 100 frames a second; the peak of their correlation is found between frames."""
    a, b = baked - baked.mean(), truth - truth.mean()
    size = 2 * max(len(a), len(b))
    matches = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)
    best = int(matches.argmax())
    before, at, after = matches[best - 1], matches[best], matches[(best + 1) % size]
    lag = best - (size if best > size // 2 else 0) + 0.5 * (before - after) / (before - 2 * at + after)
    return Difference(float(lag) * 1000 / FPS, (len(baked) - len(truth)) * 1000 / FPS)


def _against_player(baked: Floats, files: Iterable[Path], folder: Path) -> Difference | None:
    """Compare a clip with what FFmpeg plays of files, one after another; None where it plays nothing."""
    parts = [_played(file) for file in files] if HAS_FFMPEG else []
    if not parts or not all(len(part) for part in parts):
        return None
    soundfile.write(folder / "played.wav", np.concatenate(parts), RATE, subtype="FLOAT")
    return difference(baked, gap(folder / "played.wav", folder))


def _played(path: Path) -> Floats:
    """Return the (n,) samples that FFmpeg plays, at `RATE`."""
    result = path.with_name("alone.wav")
    beside = ("-map", "0:v?", "-c:v", "copy", "-f", "null", "-")
    heard = ("-af", "aresample=async=1:first_pts=0", "-ar", str(RATE), "-c:a", "pcm_f32le", str(result))
    result.unlink(missing_ok=True)
    command = ["ffmpeg", "-nostdin", "-v", "quiet", "-y", "-i", f"file:{path}", *beside, *heard]
    subprocess.run(command, timeout=60, check=False)
    if not result.exists() or not result.stat().st_size:
        return np.zeros(0, np.float32)
    return np.asarray(soundfile.read(result, dtype="float32")[0], np.float32)


def main() -> int:
    """Print the table; return the exit code."""
    rows: list[Row] = []
    print(f"{'':<22}{'lips and length against FFmpeg':>32}{'against the raw line':>26}")
    for name in sys.argv[1:] or VARIANTS:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(compare(name, Path(folder)))
        print(
            f"{name:<22}{_text(rows[-1].player):>32}{_text(rows[-1].line):>26}{'' if rows[-1].is_right else '  WRONG'}"
        )
    n_player = sum(row.player is not None and row.player.is_small for row in rows)
    n_right = sum(row.is_right for row in rows)
    print(f"{n_right} of {len(rows)} right: {n_player} as FFmpeg plays them, {n_right - n_player} as the whole line")
    return 0 if n_right == len(rows) else 1


def _text(difference: Difference | None) -> str:
    return "nothing" if difference is None else f"{difference.lips_ms:+.1f} {difference.length_ms:+.0f}"


if __name__ == "__main__":
    sys.exit(main())
