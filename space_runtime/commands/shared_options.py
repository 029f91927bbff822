"""Options that several commands take: their types, names and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from space_runtime.inference.device import NAMES

BundleFolder = Annotated[Path | None, typer.Option("--bundle", help="Folder of another model bundle.")]
RefinerFolder = Annotated[
    Path | None,
    typer.Option("--refiner", help="Folder of a refiner of mouths, taught on own footage (python -m export refiner)."),
]
DeviceName = Annotated[
    str, typer.Option("--device", help=f"Runs the networks: {', '.join(NAMES)}. auto: a GPU that works, else the CPU.")
]
Landmarks = Annotated[
    Path | None,
    typer.Option(
        help="Landmarks placed on the photo, for drawings and faces that are not found; by default those beside it,"
        " NAME.landmarks.json. See the command landmarks."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Take a photo that looks unusable: covered, cut off …")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
