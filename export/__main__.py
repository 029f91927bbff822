"""``python -m export``: makes, judges and packs the networks and tables of the embedded bundle."""

from __future__ import annotations

import logging
import os
import runpy
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from export.packing import pack as packing
from space_runtime.errors import SpaceError, UsageError
from space_runtime.inference.bundle import EMBEDDED

ROOT: Final = Path(__file__).parent
SCRIPTS: Final = {
    "build-rig": "export.rig.build_rig",
    "build-warp": "export.rig.build_warp",
    "convert-face": "export.onnx.convert_face",
    "draw-portraits": "export.evaluation.portraits.made_portraits",
    "fit": "export.rig.fit",
    "head-model": "export.head.build_head_model",
    "judge-dub": "export.evaluation.judge_dub",
    "judge-drive": "export.evaluation.judge_drive",
    "judge-heads": "export.evaluation.judge_heads",
    "judge-tracking": "export.evaluation.judge_tracking",
    "mouth-sprites": "export.head.build_mouth_sprites",
    "refiner": "export.refiner.make",
    "sheet": "export.evaluation.portraits.sheet",
    "poses": "export.training.fit_head_style",
    "train-folds": "export.training.train_folds",
    "train-latents": "export.training.train_latents",
    "train-mouth-cover": "export.training.train_mouth_cover",
    "train-voice-emotion": "export.training.train_voice_emotion",
}
"""Commands that are modules with an own command line: `python -m export NAME …` is `python -m MODULE …`."""

Data = Annotated[Path, typer.Option(help="The folder with speech, talking heads and the face model.")]
Cache = Annotated[Path, typer.Option(help="Where prepared data and checkpoints are kept.")]
Threads = Annotated[int, typer.Option(help="CPU threads of the training.")]
RecipeFile = Annotated[Path, typer.Argument(help="The recipe, a TOML file.")]
DATA: Final = Path(os.environ.get("SPACE_DATA", "../shared/data"))
CACHE: Final = Path(".cache")
S2L: Final = "speech2landmarks"
RECIPE: Final = ROOT / "recipes" / f"{S2L}.toml"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def make(recipe: RecipeFile = RECIPE, data: Data = DATA, cache: Cache = CACHE, threads: Threads = 2) -> None:
    """Prepare, train, export, evaluate, pack: everything, from nothing or from where it was interrupted.

    The network lies in the cache until it is accepted: one that fails leaves the bundle as it was.
    """
    from export.recipes.recipe import read_recipe

    wanted, told = read_recipe(recipe).batch.look_ahead_samples, packing.look_ahead()
    if wanted != told:
        raise UsageError(
            f"{recipe.name} looks {wanted} samples ahead and {packing.PROVENANCE.name} says {told}; make them agree"
        )
    network = cache / S2L / f"{S2L}.onnx"
    prepare(recipe, data, cache)
    train(recipe, data, cache, threads)
    export(data, cache, network)
    evaluate(data, cache, network, record=True)
    packing.adopt(network, EMBEDDED)
    pack()


@app.command()
def prepare(recipe: RecipeFile = RECIPE, data: Data = DATA, cache: Cache = CACHE) -> None:
    """Make what a recipe learns from: synthetic speech, alignments, mel powers, motion, the teacher's labels."""
    import torch

    from export.data.prepare import prepare as prepare_all
    from export.data.summary import summarise, table
    from export.recipes.recipe import read_recipe

    torch.set_num_threads(1)  # a teacher is too narrow for two, which wait for one another
    plan = read_recipe(recipe).corpora
    prepare_all(plan, data, cache)
    Console(width=150).print(table(summarise(plan, data, cache)))


@app.command()
def train(
    recipe: RecipeFile = RECIPE,
    data: Data = DATA,
    cache: Cache = CACHE,
    threads: Threads = 2,
    run: Annotated[str, typer.Option(help="Folder in the cache for the checkpoints.")] = S2L,
    start: Annotated[Path | None, typer.Option(help="Begin with the weights of this exported network.")] = None,
    rounded: Annotated[bool, typer.Option(help="Hear the last layer's state in eight bits, as exported.")] = False,
) -> None:
    """Train Speech2Landmarks, continuing from the last checkpoint in the cache."""
    import torch

    from export.recipes.recipe import read_recipe
    from export.training.train import read_materials
    from export.training.train import train as run_training

    torch.set_num_threads(1)  # every share of a batch has its own thread
    plan = read_recipe(recipe)
    run_training(plan, read_materials(plan, data, cache), cache / run, threads, start, rounded)


@app.command()
def mix(
    share: Annotated[float, typer.Option(help="How much of the earlier training's weights, 0 to 1.")],
    earlier: Annotated[str, typer.Option(help="Folder in the cache with the checkpoint of the earlier training.")],
    later: Annotated[str, typer.Option(help="Folder in the cache with the one that began from it.")],
    to: Annotated[str, typer.Option(help="Folder in the cache for the mix.")],
    cache: Cache = CACHE,
) -> None:
    """Write the mean of the weights of two trainings, the second of which began from the first."""
    from export.training.mix import mix as mix_checkpoints

    mix_checkpoints(cache / later, cache / earlier, share, cache / to)


@app.command()
def export(
    data: Data = DATA,
    cache: Cache = CACHE,
    to: Path = EMBEDDED / f"{S2L}.onnx",
    run: Annotated[str, typer.Option(help="Folder in the cache with the checkpoint.")] = S2L,
) -> None:
    """Write the trained Speech2Landmarks as ONNX and check it against torch."""
    from export.training.steps import export_speech2landmarks

    done = export_speech2landmarks(cache / run, data, cache, to)
    typer.echo(
        f"{to}: {to.stat().st_size} bytes; largest difference to torch {done.parity:.1e}, by eight-bit weights "
        f"{done.rounding:.1e} outer-eye-corner distances; look-ahead {done.look_ahead} samples"
    )
    if done.look_ahead != (told := packing.look_ahead()):
        typer.echo(f"{packing.PROVENANCE.name} says {told} samples; change it before you pack", err=True)


@app.command()
def evaluate(
    data: Data = DATA,
    cache: Cache = CACHE,
    network: Path = EMBEDDED / f"{S2L}.onnx",
    results: Annotated[
        Path | None, typer.Option(help="Where tables and pictures go; by default into the cache.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Measure this block alone; may be given several times.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Write the record that packing asks for.")] = False,
    look_ahead: Annotated[int | None, typer.Option(help="In samples; by default as the bundle has it.")] = None,
    portrait: Annotated[bool, typer.Option("--portrait", help="Measure the pictures of portraits instead.")] = False,
    films: Annotated[Path | None, typer.Option(help="With --portrait: a folder of films that are acted again.")] = None,
    portraits: Annotated[Path | None, typer.Option(help="With --portrait: a folder of photos.")] = None,
    every: Annotated[int, typer.Option(min=1, help="With --portrait: take every so manieth photo.")] = 8,
) -> None:
    """Measure an exported Speech2Landmarks: lip sync, closures, rest, noise, emotion, cost; tables and pictures.

    With --portrait the picture generator is measured: films acted again, turns, a folder of portraits, cost.
    """
    if portrait:
        from export.evaluation.portraits.run import evaluate_portraits, judging_of

        judging = judging_of(data, cache, films, portraits, every)
        evaluate_portraits(judging, results or cache / "evaluation", only or (), record, Console(width=150))
        return
    from export.evaluation.evaluated_model import Sources
    from export.evaluation.run import evaluate_to

    ahead = packing.look_ahead() if look_ahead is None else look_ahead
    folder = results or cache / "evaluation"
    evaluate_to(Sources(network, data, cache), ahead, folder, only or (), record, Console(width=150))


@app.command()
def compare(
    recipe: RecipeFile = RECIPE,
    data: Data = DATA,
    cache: Cache = CACHE,
    threads: Threads = 2,
    updates: Annotated[int, typer.Option(help="Updates of each short training.")] = 500,
    question: Annotated[
        list[str] | None, typer.Option(help="memory, look-ahead or data; may be given several times.")
    ] = None,
) -> None:
    """Train kinds of memory, look-aheads and mixtures of data side by side for a short while; print their worth."""
    import torch

    from export.recipes.recipe import read_recipe
    from export.training.compare import QUESTIONS, candidates, table
    from export.training.compare import compare as run_all
    from export.training.train import read_materials

    torch.set_num_threads(1)
    plan = read_recipe(recipe)
    recipes = candidates(plan, updates, question or QUESTIONS)
    found = list(run_all(recipes, read_materials(plan, data, cache), data, cache, threads))
    Console(width=150).print(table(found))


@app.command()
def regraph(folder: Path = EMBEDDED) -> None:
    """Rewrite the bundle's Speech2Landmarks for speed, its weights as they are, and pack; evaluate it afterwards."""
    from export.onnx.graph_rewrite import rewrite_graph as rewrite

    path = folder / f"{S2L}.onnx"
    difference = rewrite(path, path)
    packing.pack(folder, force=True)  # its record is of the file before
    typer.echo(f"{path}: {path.stat().st_size} bytes; landmarks differ by {difference:.1e} from those before")


@app.command()
def pack(
    folder: Path = EMBEDDED,
    force: Annotated[bool, typer.Option("--force", help="Pack networks that fail their acceptance, too.")] = False,
) -> None:
    """Write the bundle's manifest (hashes, tensors, provenance) and its model card."""
    manifest = packing.pack(folder, force=force)
    typer.echo(f"{folder / 'manifest.json'}: {len(manifest.entries)} files")


def main() -> None:
    """Run a command of this file or one of `SCRIPTS`; what is wrong with the call or the data is told in one line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        if name not in SCRIPTS:
            app()
            return
        sys.argv = [name, *sys.argv[2:]]
        runpy.run_module(SCRIPTS[name], run_name="__main__", alter_sys=True)
    except SpaceError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except FileNotFoundError as error:
        what = f"{error.filename} is missing" if error.filename else str(error)
        typer.echo(f"error: {what}; export/README.md says where the data come from and what makes which file", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        typer.echo(f"error: {error.name} is not installed; export/README.md says what to install", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
