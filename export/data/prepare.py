"""Everything that training needs, made once into the cache and kept: `prepare` reads as the list of it.

speech, films ─align─▶ phone times ─┬▶ motion space ─▶ filmed (own voice + others) ─▶ teacher ─┐
texts ─synthesise─▶ parts of speech ┴▶ synthetic, recorded (mel powers, labels) ───────────────┴▶ taught motion
seeds ─▶ sounds that are no speech
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
import soundfile

from export.data import corpora, effort, synth, vocal
from export.data.corpora import Corpus, read_corpus, read_parts, write_corpus
from export.data.motion.filmed_rows import filmed_rows
from export.data.motion.films import HEADS, film_sound, sound_file, without_drift
from export.data.motion.motion_space import MotionSpace, fit_motion_space, load_motion_space, save_motion_space
from export.data.motion.people import PEOPLE, Filmed, filmed, kept_back, scales_of, sentences_of, taught
from export.data.noise import sounds
from export.data.store import N_PROCESSES, kept, key_of
from export.recipes.recipe import MOVING, CorporaPlan
from space_runtime.arrays import Floats
from space_runtime.errors import UsageError

log = logging.getLogger("prepare")
FILMS: Final = tuple(dict.fromkeys(person.film for person in PEOPLE))
TOLD: Final = tuple(dict.fromkeys(person.film for person in PEOPLE if person.has_text))
"""The films with a text."""
NEEDED: Final = (
    "speech/manifest.jsonl",
    "speech/alignments.jsonl",
    "face_model/ict_facekit.npz",
    *(f"{HEADS}/{film}.{ending}" for film in FILMS for ending in ("npz", "json")),
)
DESCRIBED: Final = ("file", "source", "speaker", "language", "licence", "seconds")
"""The manifest's entry of every recording."""
TAUGHT: Final = tuple(name for name in MOVING if name != "filmed")
"""Corpora whose motion the teacher says."""
TALKS_AT_ONCE: Final = 40
Rows = Callable[[Path, Path], Iterable[corpora.Row]]  # of the data and the cache


def prepare(plan: CorporaPlan, data: Path, cache: Path) -> None:
    """Make what is missing in ``cache`` from ``data``.

    Synthesis and alignment need their programs, see the README. Raises `UsageError` when data are missing.
    """
    check_data(data)
    check_programs()
    cache.mkdir(parents=True, exist_ok=True)
    sounds.make_sounds(cache / "sounds", sounds.TRAINING_SEED, plan.music_minutes, plan.noise_minutes)
    make_synthetic(plan, data, cache)
    align_all(data, cache)
    make_recorded(data, cache)
    make_vocal(data, cache)
    make_effort(data, cache)
    make_sounds_corpus(cache)
    make_filmed(plan, data, cache)
    make_taught(plan, cache)


def check_data(data: Path) -> None:
    """Raise `UsageError` that names what of the data is missing or broken and what to do.

    Recordings are looked for, but read only when they are aligned: one that is broken is left out there, and named.
    """
    if not data.is_dir():
        raise UsageError(f"the data folder {data} is missing; name it with --data or SPACE_DATA")
    missing = [name for name in NEEDED if not (data / name).is_file()]
    missing += [f"talking_heads/{film}.opus" for film in FILMS if sound_file(data, film) is None]
    if not missing:
        missing += [f"speech/{file}" for file in _recordings(data) if not (data / "speech" / file).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more files are" if len(missing) > 1 else " is"
        raise UsageError(f"{data / missing[0]}{more} missing; restore them, or take their lines out of the manifest")
    for path in (*(data / name for name in NEEDED), *(film_sound(data, film) for film in FILMS)):
        _check_file(path)


def _check_file(path: Path) -> None:
    """Raise `UsageError` when a file is not what its ending says."""
    try:
        if path.suffix == ".npz":
            np.load(path).close()
        elif path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".jsonl":
            for line in path.read_text(encoding="utf-8").splitlines():
                json.loads(line)
        else:
            soundfile.info(path)
    except (OSError, EOFError, ValueError, BadZipFile, soundfile.SoundFileError) as error:
        raise UsageError(f"{path} is broken ({error}); restore it") from None


def check_programs() -> None:
    """Raise `UsageError` that names the first program or package without which nothing is spoken or aligned."""
    for program in ("flite", "festival", "espeak-ng", "fluidsynth"):
        if shutil.which(program) is None:
            raise UsageError(f"the program {program} is missing; export/README.md says which packages to install")
    for package in ("pocketsphinx", "pyworld"):
        if find_spec(package) is None:
            raise UsageError(f"the Python package {package} is missing; export/README.md says how to install it")


def _recordings(data: Path) -> list[str]:
    manifest = data / "speech" / "manifest.jsonl"
    files = []
    for number, line in enumerate(manifest.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            file, *_ = (str(row[name]) for name in DESCRIBED)
        except (ValueError, KeyError, TypeError):
            wanted = f"a JSON object with {', '.join(DESCRIBED)}"
            raise UsageError(f"line {number} of {manifest} is not {wanted}; repair or remove it") from None
        files.append(file)
    return files


def parts_of(plan: CorporaPlan) -> list[synth.Part]:
    """Return the parts of synthetic speech that a plan asks for."""
    n_parts = {"flite": plan.n_flite, "festival": plan.n_festival, "espeak": plan.n_espeak}
    return synth.plan(n_parts | {"festival-en": plan.n_festival_en}, plan.n_sentences)


def synthetic_files(plan: CorporaPlan, cache: Path) -> list[Path]:
    """Return the files of the synthetic parts, made or not."""
    return [cache / "synth" / part.file for part in parts_of(plan)]


def make_synthetic(plan: CorporaPlan, data: Path, cache: Path) -> None:
    """Speak the missing parts, as many at a time as there are processes."""
    folder = cache / "synth"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [part for part in parts_of(plan) if not (folder / part.file).exists()]
    if missing:
        log.info("speaking %d parts", len(missing))
        with ProcessPoolExecutor(N_PROCESSES) as pool:
            list(pool.map(partial(synth.make_part, data=data, folder=folder), missing))


def align_all(data: Path, cache: Path) -> None:
    """Find the phone times of the films and of the English recordings."""
    from export.data import align  # needs pocketsphinx

    for name in TOLD:
        sources = (align.VERSION, film_sound(data, name), data / "talking_heads" / f"{name}.json")
        kept(cache / f"aligned_{name}.jsonl", sources, partial(align.align_grid, data, name))
    manifest = data / "speech" / "manifest.jsonl"
    recordings = sorted((data / "speech").rglob("*.opus"))
    kept(cache / "aligned_speech.jsonl", (align.VERSION, manifest, *recordings), partial(align.align_speech, data))


def make_recorded(data: Path, cache: Path) -> Path:
    """Write the corpus of real recordings."""
    sources: list[str | Path] = ["2", cache / "aligned_speech.jsonl", data / "speech" / "alignments.jsonl"]
    sources += [data / "speech" / file for file in _recordings(data)]
    return _kept_corpus("recorded", sources, corpora.recorded_rows, data, cache)


def make_vocal(data: Path, cache: Path) -> None:
    """Write the corpora of cries, held vowels and lines in changed voices, and of vowels alone."""
    sources = (vocal.VERSION, cache / "aligned_speech.jsonl", data / "speech" / "alignments.jsonl")
    _kept_corpus("vocal", sources, vocal.vocal_rows, data, cache)
    _kept_corpus("cut", sources, vocal.cut_rows, data, cache)


def make_effort(data: Path, cache: Path) -> Path:
    """Write the corpus of lines with another effort."""
    sources = (effort.VERSION, cache / "aligned_speech.jsonl", data / "speech" / "alignments.jsonl")
    return _kept_corpus("effort", sources, effort.effort_rows, data, cache)


def _kept_corpus(name: str, sources: Iterable[str | Path], rows: Rows, data: Path, cache: Path) -> Path:
    """Write the corpus of a name with the rows that are made of the data, if its sources have changed."""
    return kept(cache / f"{name}.npz", sources, lambda path: write_corpus(path, rows(data, cache)))


def make_sounds_corpus(cache: Path) -> Path:
    """Write the corpus of sounds that are no speech, kind after kind."""
    index = cache / "sounds" / "index.jsonl"
    rows = sorted(sounds.read_index(index.parent), key=lambda row: sounds.KINDS.index(row.kind))
    files = [(row.file, sounds.KINDS.index(row.kind)) for row in rows]
    made = corpora.sound_rows(index.parent, files)
    return kept(cache / "sounds.npz", ("3", index), lambda path: write_corpus(path, made))


def make_filmed(plan: CorporaPlan, data: Path, cache: Path) -> None:
    """Write the motion space, the filmed sentences for training and those of the first person that are kept back."""
    tracked = [data / HEADS / f"{film}.{ending}" for film in FILMS for ending in ("npz", "json")]
    films: list[str | Path] = ["2", *(cache / f"aligned_{film}.jsonl" for film in TOLD), *tracked]
    space_path, own = cache / "motion_space.npz", plan.own_spread
    kept(space_path, (*films, str(own)), lambda path: save_motion_space(_fit_space(own, data, cache), path))
    sources = (*films, space_path)
    kept(cache / "filmed_kept.npz", sources, lambda path: write_corpus(path, _kept_rows(data, cache)))
    rows = partial(_parallel_rows, plan.n_voices, data, cache)
    kept(cache / "filmed.npz", (*sources, str(plan.n_voices)), lambda path: write_corpus(path, rows()))


def _fit_space(own_spread: float, data: Path, cache: Path) -> MotionSpace:
    """Return directions of motion that all people's films share in equally, on the first one's face."""
    everyone = [filmed(person, data, cache) for person in PEOPLE]
    scales = scales_of(everyone, own_spread)
    sized = [replace(each, scale=scale) for each, scale in zip(everyone, scales, strict=True)]
    return fit_motion_space([_fast_motion(each) for each in sized], everyone[0].rest, scales)


def _fast_motion(person: Filmed) -> Floats:
    """Return (T, 78, 3) offsets of every second frame of a person's sentences, without drift."""
    parts = [without_drift(person.moved(talk, phones), talk.fps)[::2] for talk, phones in person.sentences]
    return np.concatenate(parts)


def _kept_rows(data: Path, cache: Path) -> Iterator[corpora.Row]:
    """Yield the first person's sentences that never teach."""
    first, space = PEOPLE[0], load_motion_space(cache / "motion_space.npz")
    whole = filmed(first, data, cache, space.scales[0])
    never = replace(whole, sentences=kept_back(first, sentences_of(first, data, cache)))
    yield from filmed_rows(never, 0, space, 0, slice(None))


def _parallel_rows(n_voices: int, data: Path, cache: Path) -> Iterator[corpora.Row]:
    """Yield `filmed_rows` of all people, some dozen sentences at a time in every process."""
    counts = [len(taught(person, sentences_of(person, data, cache))) for person in PEOPLE]
    jobs = [(who, start) for who, n in enumerate(counts) for start in range(0, n, TALKS_AT_ONCE)]
    with ProcessPoolExecutor(N_PROCESSES) as pool:
        for rows in pool.map(partial(_some_rows, n_voices=n_voices, data=data, cache=cache), jobs):
            yield from rows


def _some_rows(job: tuple[int, int], n_voices: int, data: Path, cache: Path) -> list[corpora.Row]:
    who, start = job
    space = load_motion_space(cache / "motion_space.npz")
    whole = filmed(PEOPLE[who], data, cache, space.scales[who])
    return list(filmed_rows(whole, who, space, n_voices, slice(start, start + TALKS_AT_ONCE)))


def _teach(cache: Path, path: Path) -> None:
    from export.data import teacher

    found = teacher.teach(cache, path)
    log.info("teacher, r on kept sentences: %s", ", ".join(f"{value:.2f}" for value in found.values()))


def make_taught(plan: CorporaPlan, cache: Path) -> None:
    """Let the teacher learn from the film and say how the speakers who were not filmed would move."""
    from export.data import teacher

    film = cache / "filmed.npz"
    kept(cache / "teacher.safetensors", (teacher.VERSION, film), partial(_teach, cache))
    for name in TAUGHT:
        files = _files(name, plan, cache)
        sources: list[str | Path] = [teacher.VERSION, cache / "teacher.safetensors", *_names_or_contents(files)]
        kept(cache / f"taught_{name}.npy", sources, partial(_label, name, files, cache))


def _names_or_contents(files: list[Path]) -> list[str | Path]:
    """A synthetic part's name is a hash of what it holds."""
    return [path.name if path.parent.name == "synth" else path for path in files]


def _label(name: str, files: list[Path], cache: Path, path: Path) -> None:
    from export.data import teacher

    teacher.label(read_parts(name, files), cache, path)


def _files(name: str, plan: CorporaPlan, cache: Path) -> list[Path]:
    return synthetic_files(plan, cache) if name == "synthetic" else [cache / f"{name}.npz"]


def read_all(plan: CorporaPlan, cache: Path) -> dict[str, Corpus]:
    """Return the corpora of training by name: filmed, those of `TAUGHT`, sounds."""
    read = {name: read_corpus(cache / f"{name}.npz") for name in ("filmed", "sounds")}
    read["filmed"] = replace(read["filmed"], n_voices=1 + plan.n_voices)
    for name in TAUGHT:
        plain = read_parts(name, _files(name, plan, cache))
        motion = np.load(cache / f"taught_{name}.npy", mmap_mode="r")
        read[name] = replace(plain, motion=motion)
    return read


def data_hash(plan: CorporaPlan, cache: Path) -> str:
    """Return one SHA-256 over all that training reads, for the checkpoint."""
    parts = [path.name for path in synthetic_files(plan, cache)]
    made = [cache / f"{name}.npz" for name in (*MOVING, "sounds") if name != "synthetic"]
    return key_of([*parts, *made, cache / "teacher.safetensors"])
