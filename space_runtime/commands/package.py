"""``space-runtime package``: the server as a folder that a game ships."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from space_runtime.commands.shared_options import Debug
from space_runtime.packaging.build import build_package
from space_runtime.packaging.licences import FOLDER, LIST


def package_command(
    out: Annotated[Path, typer.Option(help="The folder to write, new or an earlier package.")] = Path("space-server"),
    pictures: Annotated[
        bool, typer.Option("--pictures", help="With OpenCV: portraits and textures too, and 175 MB more.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Write the server as one folder for machines without Python, with all licences; for this system alone."""
    made = build_package(out, pictures)
    print(f"{made.program}: {made.n_bytes / 1e6:.0f} MB in all, licences in {made.program.parent / FOLDER / LIST}")
