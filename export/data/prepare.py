"""Everything that training needs, made once into the cache: synthetic speech, alignments, mel powers, motion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from export.data import corpora
from export.data.motion_space import fit_motion_space, load_motion_space, save_motion_space

DEV_CLIPS = 60
"""The last filmed sentences of grid_s1 are kept for calibration and never trained on."""
DEV_SYNTHETIC = 200
"""So are the last synthetic utterances, for the closures."""


def prepare(data: Path, cache: Path) -> None:
    """Make what is missing in ``cache`` from ``data``. Synthesis and alignment need their programs; see the README."""
    cache.mkdir(parents=True, exist_ok=True)
    if not (cache / "synth" / "index.jsonl").exists():
        from export.data.synth import synthesise_corpus

        synthesise_corpus(data, cache)
    if not (cache / "aligned_speech.jsonl").exists():
        from export.data import align  # needs pocketsphinx

        for name in ("grid_s1", "grid_others"):
            align.align_grid(data, cache, name)
        align.align_speech(data, cache)
    prepare_corpora(data, cache)


def prepare_corpora(data: Path, cache: Path) -> None:
    """Write the corpora ``filmed``, ``synthetic`` and ``recorded``, the motion space and the teacher's motion."""
    if not (cache / "motion_space.npz").exists():
        talks = corpora.aligned_talks(data, cache, "grid_s1")[:-DEV_CLIPS]
        save_motion_space(fit_motion_space(talks), cache / "motion_space.npz")
    space = load_motion_space(cache / "motion_space.npz")
    made: dict[str, Callable[[], Iterable[corpora.Row]]] = {
        "filmed": lambda: corpora.filmed_rows(data, cache, space),
        "synthetic": lambda: corpora.synthetic_rows(cache),
        "recorded": lambda: corpora.recorded_rows(data, cache),
    }
    for name, rows in made.items():
        path = cache / f"{name}.npz"
        if not path.exists():
            corpora.write_corpus(path, rows())
    if not (cache / "taught_recorded.npz").exists():
        from export.data.teacher import teach

        teach(cache)
