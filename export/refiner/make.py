"""Trains a refiner of mouths on a studio's own films of people who agreed, measures it and packs it.

    python -m export refiner --films DIR --by "Studio" --footage "filmed 2026 with releases" --out OUT

A folder in DIR is a person, with any number of videos; a video directly in DIR is a person of its own. One person in
five (of a single one, the last fifth of the passages) is kept back and judged. Pairs and checkpoints lie in the cache;
what is interrupted goes on where it was. The result is used with `--refiner OUT`, and never by itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Final

import cv2
import torch
import typer
from rich.console import Console

from export.packing.pack import manifest_of
from export.refiner.judging import Worth, judge, table
from export.refiner.pairs import read_pairs
from export.refiner.people import passages_of, people_in, split
from export.refiner.training import Plan, export_refiner, train
from space_runtime.errors import BundleError, UsageError
from space_runtime.inference.bundle import REFINER, load_bundle
from space_runtime.inference.device import CPU
from space_runtime.inference.manifest import MANIFEST_NAME, Setting, read_manifest, write_manifest
from space_runtime.inference.network import load_network
from space_runtime.media.atomic_files import prepared_folder, writing
from space_runtime.portrait.portrait import open_tracker
from space_runtime.rendering.refiner import REVISION, RefinedGenerator
from space_runtime.rendering.warp.generator import load_warp_generator
from space_runtime.version import VERSION

FILE: Final = f"{REFINER}.onnx"
PURPOSE: Final = "Changes the drawn mouth of a portrait so that it looks as a filmed one"
FEW: Final = 20
"""People below which a refiner knows those who taught it and nobody else."""

Films = Annotated[Path, typer.Option(help="A folder of films: a folder, or a single video, for each person.")]
By = Annotated[str, typer.Option(help="Who trains it; stands in the manifest.")]
Footage = Annotated[str, typer.Option(help="Rights to the footage: consent, licence; stands in the manifest.")]
Out = Annotated[Path, typer.Option(help="The folder to write: refiner.onnx and manifest.json.")]
Others = Annotated[Path | None, typer.Option("--judge", help="A folder of other people's films, which teach nothing.")]
Cache = Annotated[Path, typer.Option(help="Where pairs and checkpoints are kept.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """The order for a refiner. films, others: folders of people; those of others teach nothing. by: who trains it.
    footage: the rights to it. out: the folder to write. cache: where pairs and checkpoints are kept."""

    films: Path
    by: str
    footage: str
    out: Path
    others: Path | None
    cache: Path


def main(
    films: Films,
    by: By,
    footage: Footage,
    out: Out,
    others: Others = None,
    cache: Cache = Path(".cache/refiner"),
    updates: Annotated[int, typer.Option(min=1, help="Updates of the training; more go on from the last.")] = 1500,
    bfloat16: Annotated[bool, typer.Option("--bfloat16", help="Less precise products: faster with AMX.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
) -> None:
    """Train a refiner of mouths on own films of people who agreed, measure it on what was kept back, and pack it."""
    make(Asked(films, by, footage, out, others, cache), Plan(n_updates=updates, bfloat16=bfloat16), threads)


def make(asked: Asked, plan: Plan, threads: int = 1) -> None:
    """Make a refiner, or go on where it was interrupted, and print its measures.

    Raises `UsageError` for films that are not there, an origin that is not told, a folder of something else and a
    checkpoint of another training; `MediaError` for films that cannot be read.
    """
    if not asked.by.strip() or not asked.footage.strip():
        raise UsageError("--by and --footage are empty; say who trains it and by which right the people were filmed")
    _check_out(asked.out)
    cv2.setNumThreads(1)
    torch.set_num_threads(threads)
    teaching, kept_back = split(people_in(asked.films))
    strangers = [one for person in people_in(asked.others) for one in passages_of(person)] if asked.others else []
    bundle = load_bundle(device=CPU.name)
    tracker = open_tracker(bundle)
    pairs = read_pairs(teaching, bundle, tracker, asked.cache / "pairs")
    n_people = len({passage.person for passage in teaching})
    print(f"{pairs.n} pairs, people: {n_people}, passages kept back: {len(kept_back)}", flush=True)
    network = train(plan, pairs, asked.cache / "checkpoint")
    with _unfinished(asked.out) as folder:
        export_refiner(network, folder / FILE)
        refined = RefinedGenerator(load_warp_generator(bundle), load_network(REFINER, folder / FILE))
        groups = {"kept back": kept_back, "others": strangers}
        judged = {name: judge(group, refined, tracker, name) for name, group in groups.items() if group}
        found = {name: one for name, one in judged.items() if one}
        numbers: dict[str, Setting] = {"people": n_people, "pairs": pairs.n, "updates": plan.n_updates}
        numbers |= {f"mouth_{name.replace(' ', '_')}": one.told("mouth") for name, one in found.items()}
        _pack(folder, asked, numbers)
    Console(width=150).print(table(found))
    print("\n".join(_said(asked.out, n_people, found)))


def _check_out(out: Path) -> None:
    """Raise `UsageError` where a folder holds something else than a refiner."""
    if not out.is_dir() or not any(out.iterdir()):
        return
    try:
        names = [entry.name for entry in read_manifest(out).entries]
    except BundleError:
        names = []
    if names != [REFINER]:
        raise UsageError(f"{out} holds something else than a refiner; name an empty folder with --out")


@contextmanager
def _unfinished(out: Path) -> Iterator[Path]:
    """Give a hidden folder beside ``out``; when the block ends, its files take their places, the manifest last."""
    with prepared_folder(out):
        with writing(out):
            folder = Path(mkdtemp(dir=out.absolute().parent, prefix=f".{out.name}-", suffix=".partial"))
        try:
            yield folder
            with writing(out):
                for name in (FILE, MANIFEST_NAME):
                    os.replace(folder / name, out / name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _pack(folder: Path, asked: Asked, numbers: dict[str, Setting]) -> None:
    by, footage = asked.by.strip(), asked.footage.strip()
    facts = {
        "file": FILE,
        "purpose": PURPOSE,
        "licence": footage,
        "sources": [f"Films of people ({numbers['people']}): {footage}"],
        "settings": {"revision": REVISION, "trained_by": by, **numbers},
    }
    write_manifest(manifest_of(folder, f"refiner by {by}", VERSION, {REFINER: facts}), folder)


def _said(out: Path, n_people: int, found: dict[str, Worth]) -> Iterator[str]:
    yield f"{out}: {(out / FILE).stat().st_size} bytes; use it with --refiner {out}"
    if n_people < FEW:
        few = f"{n_people} people" if n_people > 1 else "one person"
        yield f"note: taught by {few}; do not use it for other people's portraits, whose mouths it may make like theirs"
    for name, one in found.items():
        if one.after.likeness["mouth"].psnr_db < one.before.likeness["mouth"].psnr_db:
            yield f"note: mouths ({name}) are less like the films with it than without"


if __name__ == "__main__":
    typer.run(main)
