"""``python -m export``: makes, judges and packs the networks and tables of the embedded bundle."""

from __future__ import annotations

import os
import runpy
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Final

import typer

from export import pack as packing

ROOT: Final = Path(__file__).parent
MODELS: Final = ROOT.parent / "space_runtime" / "models"
SCRIPTS: Final = {
    "build-rig": "export.build_rig",
    "build-warp": "export.build_warp",
    "convert-face": "export.convert_face",
    "train-latents": "export.train_latents",
    "train-mouth": "export.train_mouth",
}
"""Commands that are modules with an own command line: `python -m export NAME …` is `python -m MODULE …`."""

Data = Annotated[Path, typer.Option(help="The folder with speech, talking heads and the face model.")]
Cache = Annotated[Path, typer.Option(help="Where prepared data and checkpoints are kept.")]
Threads = Annotated[int, typer.Option(help="CPU threads of the training.")]
DATA: Final = Path(os.environ.get("SPACE_DATA", "../shared/data"))
CACHE: Final = Path(".cache")
S2L: Final = "speech2landmarks"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.command()
def prepare(data: Data = DATA, cache: Cache = CACHE) -> None:
    """Synthesise and align speech, compute mel powers, motion and the teacher's labels: about 20 minutes."""
    from export.data.prepare import prepare as prepare_all

    prepare_all(data, cache)


@app.command()
def train(
    recipe: Path = ROOT / "recipes" / f"{S2L}.toml", data: Data = DATA, cache: Cache = CACHE, threads: Threads = 1
) -> None:
    """Train Speech2Landmarks, continuing from the last checkpoint in the cache."""
    import torch

    from export.train import read_recipe
    from export.train import train as run

    torch.set_num_threads(threads)
    run(read_recipe(recipe), data, cache, cache / S2L)


@app.command()
def export(data: Data = DATA, cache: Cache = CACHE, to: Path = MODELS / f"{S2L}.onnx") -> None:
    """Write the trained Speech2Landmarks as ONNX and check it against torch."""
    from export.speech import export_speech2landmarks

    done = export_speech2landmarks(cache / S2L, data, cache, to)
    typer.echo(
        f"{to}: {to.stat().st_size} bytes; largest difference to torch {done.parity:.1e}, by eight-bit weights "
        f"{done.rounding:.1e} outer-eye-corner distances"
    )


@app.command()
def evaluate(data: Data = DATA, cache: Cache = CACHE, network: Path = MODELS / f"{S2L}.onnx") -> None:
    """Print lip sync on unseen speakers, closures, silence, noise and loudness of an exported Speech2Landmarks."""
    from export.speech import evaluate_speech2landmarks

    facts = tomllib.loads(packing.PROVENANCE.read_text(encoding="utf-8"))[S2L]
    evaluate_speech2landmarks(network, facts["settings"]["look_ahead_samples"], data, cache)


@app.command()
def regraph(folder: Path = MODELS) -> None:
    """Rewrite the bundle's Speech2Landmarks for speed, its weights as they are, and pack the bundle."""
    from export.regraph import regraph as rewrite

    path = folder / f"{S2L}.onnx"
    difference = rewrite(path, path)
    packing.pack(folder)
    typer.echo(f"{path}: {path.stat().st_size} bytes; landmarks differ by {difference:.1e} from those before")


@app.command()
def pack(folder: Path = MODELS) -> None:
    """Write the bundle's manifest: hashes, tensors, provenance."""
    manifest = packing.pack(folder)
    typer.echo(f"{folder / 'manifest.json'}: {len(manifest.entries)} files")


def main() -> None:
    """Run a command of this file or one of `SCRIPTS`."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in SCRIPTS:
        app()
        return
    sys.argv = [name, *sys.argv[2:]]
    runpy.run_module(SCRIPTS[name], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
