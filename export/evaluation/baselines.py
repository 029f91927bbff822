"""Simpler systems on the same films: loudness, phones by a free phone loop, Rhubarb Lip Sync and HeadAudio.

The last two are optional packages of the Node registry, run as they come and never shipped: ``npm install --prefix
.cache/baselines rhubarb-lip-sync-wasm @met4citizen/headaudio``. Shapes and phones become openings, widths and jaw
drops by hand-made tables, smoothed over 100 ms. The output of a system is kept in the cache.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from export.data.motion.films import Talk
from export.data.phonetics import SHAPES, Shape
from export.data.speech.phones import CLASSES, classes_of
from export.evaluation.metrics import SIGNALS
from space_runtime.arrays import Floats
from space_runtime.errors import SpaceError
from space_runtime.media.atomic_files import written_whole
from space_runtime.timebase import SAMPLE_RATE

Cue = tuple[float, float, str]
"""Start and end in seconds, name of the shape."""

PACKAGES: Final = {"rhubarb": "rhubarb-lip-sync-wasm", "headaudio": "@met4citizen/headaudio"}
FINE_HZ: Final = 200
SMOOTHING_S: Final = 0.1
PHONE_LOOP: Final = {"lw": 2.0, "pip": 0.3, "beam": 1e-10, "pbeam": 1e-10}
"""Weights of the free phone loop, as pocketsphinx's manual gives them."""

RHUBARB: Final[dict[str, Shape]] = {
    "X": (0.0, 0.0, 0.0),
    "A": (0.0, 0.0, 0.1),
    "B": (0.2, 0.4, 0.2),
    "C": (0.55, 0.2, 0.5),
    "D": (1.0, 0.1, 1.0),
    "E": (0.5, -0.5, 0.5),
    "F": (0.2, -1.0, 0.3),
    "G": (0.1, 0.0, 0.2),
    "H": (0.5, 0.1, 0.5),
}
HEADAUDIO: Final[dict[str, Shape]] = {
    "0": (1.0, 0.1, 1.0),
    "1": (0.6, 0.4, 0.5),
    "2": (0.4, 0.5, 0.3),
    "3": (0.6, -0.6, 0.6),
    "4": (0.2, -1.0, 0.3),
    "5": (0.0, 0.0, 0.1),
    "6": (0.2, 0.3, 0.1),
    "7": (0.35, 0.1, 0.3),
    "8": (0.35, 0.1, 0.3),
    "9": (0.1, 0.0, 0.2),
    "10": (0.4, 0.1, 0.4),
    "11": (0.35, 0.1, 0.3),
    "12": (0.3, -0.4, 0.3),
    "13": (0.25, -0.5, 0.2),
    "14": (0.0, 0.0, 0.0),
}
"""Its visemes in their order: aa E I O U PP SS TH DD FF kk nn RR CH, silence."""


class Unavailable(SpaceError):
    """A system that is not installed here: its row is left out and says why."""


def loudness(talks: list[Talk], cache: Path) -> list[Mapping[str, Floats]]:
    """Return the simplest prediction: the square root of the RMS as every signal."""
    del cache
    return [dict.fromkeys(SIGNALS, _loudness(talk)) for talk in talks]


def phone_table(talks: list[Talk], cache: Path) -> list[Mapping[str, Floats]]:
    """Return what Rhubarb does in principle: phones by a free loop → a table, without its rules of animation."""
    try:
        import pocketsphinx
    except ImportError:
        raise Unavailable("pocketsphinx is not installed; pip install pocketsphinx") from None
    model = pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")
    decoder = pocketsphinx.Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", lm=None, allphone=model, **PHONE_LOOP)
    return [_signals(_phones(decoder, talk.pcm), SHAPES, talk) for talk in talks]


def rhubarb(talks: list[Talk], cache: Path) -> list[Mapping[str, Floats]]:
    """Return Rhubarb Lip Sync's nine shapes (phonetic recognition of the sound alone)."""
    return [
        _signals(cues, RHUBARB, talk) for cues, talk in zip(_cached_cues("rhubarb", talks, cache), talks, strict=True)
    ]


def given_rhubarb(talks: list[Talk], folder: Path) -> tuple[list[Talk], list[Mapping[str, Floats]]]:
    """Return the talks for which a folder has cues of Rhubarb 1.14 itself (time, shape, until the next), and these."""
    heard = [talk for talk in talks if (folder / f"{talk.clip}.tsv").exists()]
    return heard, [_signals(_read_cues(folder / f"{talk.clip}.tsv"), RHUBARB, talk) for talk in heard]


def headaudio(talks: list[Talk], cache: Path) -> list[Mapping[str, Floats]]:
    """Return HeadAudio's fifteen visemes with its own model and settings."""
    found = _cached_cues("headaudio", talks, cache)
    return [_signals(cues, HEADAUDIO, talk) for cues, talk in zip(found, talks, strict=True)]


def _read_cues(path: Path) -> list[Cue]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    starts = [(float(time), shape) for time, shape in rows] + [(1e3, "X")]
    return [(start, end, shape) for (start, shape), (end, _) in pairwise(starts)]


def _loudness(talk: Talk) -> Floats:
    half = round(SAMPLE_RATE / talk.fps / 2)
    padded = np.pad(talk.pcm, half)
    centres = np.round(np.arange(len(talk.landmarks)) * SAMPLE_RATE / talk.fps).astype(int)
    power = [float(np.mean(padded[c : c + 2 * half] ** 2)) if c < len(talk.pcm) else 0.0 for c in centres]
    return np.sqrt(np.sqrt(np.array(power, np.float32)))


def _signals(cues: list[Cue], table: Mapping[str, Shape], talk: Talk) -> dict[str, Floats]:
    """Return the signals at the film's frames: shapes in their time, smoothed over `SMOOTHING_S`."""
    track = np.zeros((round(len(talk.pcm) / SAMPLE_RATE * FINE_HZ) + 1, len(SIGNALS)))
    for start, end, name in cues:
        track[round(start * FINE_HZ) : round(end * FINE_HZ)] = [table[name][i] for i in (0, 1, 2)]
    size = round(SMOOTHING_S * FINE_HZ)
    frames = np.arange(len(talk.landmarks)) / talk.fps * FINE_HZ
    smooth = [np.convolve(column, np.ones(size) / size, "same") for column in track.T]
    return {
        name: np.interp(frames, np.arange(len(track)), column).astype(np.float32)
        for name, column in zip(SIGNALS, smooth, strict=True)
    }


def _phones(decoder: object, pcm: Floats) -> list[Cue]:
    samples = (pcm / (np.abs(pcm).max() + 1e-9) * 0.9 * 32767).astype(np.int16).tobytes()
    decoder.start_utt()  # type: ignore[attr-defined]
    decoder.process_raw(samples, full_utt=True)  # type: ignore[attr-defined]
    decoder.end_utt()  # type: ignore[attr-defined]
    cues: list[Cue] = []
    for segment in decoder.seg():  # type: ignore[attr-defined]
        classes = classes_of(segment.word, "arpabet") or (CLASSES.index("sil"),)
        bounds = np.linspace(segment.start_frame, segment.end_frame + 1, len(classes) + 1) / 100
        parts = zip(classes, pairwise(bounds), strict=True)
        cues += [(float(start), float(end), CLASSES[kind]) for kind, (start, end) in parts]
    return cues


def _cached_cues(system: str, talks: list[Talk], cache: Path) -> list[list[Cue]]:
    """Return the cues of a package for every talk, from the cache where they are there."""
    path = cache / "baselines" / f"{system}.json"
    known: dict[str, list[Cue]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    keys = [hashlib.sha256(talk.pcm.tobytes()).hexdigest() for talk in talks]
    new = [(key, talk) for key, talk in zip(keys, talks, strict=True) if key not in known]
    if new:
        cues = _run(system, cache / "baselines" / "node_modules" / PACKAGES[system], [talk.pcm for _, talk in new])
        known |= zip((key for key, _ in new), cues, strict=True)
        with written_whole(path) as partial:
            partial.write_text(json.dumps(known), encoding="utf-8")
    return [[(start, end, str(name)) for start, end, name in known[key]] for key in keys]


def _run(system: str, package: Path, sounds: list[Floats]) -> list[list[Cue]]:
    node = shutil.which("node")
    if node is None or not package.is_dir():
        what = "node is not installed" if node is None else f"the package {PACKAGES[system]} is not in the cache"
        raise Unavailable(f"{what}; see export/README.md, Baselines")
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{row:04d}.raw" for row in range(len(sounds))]
        for file, pcm in zip(files, sounds, strict=True):
            file.write_bytes((np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes())
        script = Path(__file__).with_name("visemes.mjs")
        done = subprocess.run([node, script, system, package, *files], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != len(sounds):
        raise Unavailable(f"{PACKAGES[system]} failed ({done.stderr.strip()[-200:]})")
    return [json.loads(line) for line in lines]
