"""The option ``--refiner`` of `bake`, `still`, `serve` and `bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RefinerFolder = Annotated[
    Path | None,
    typer.Option("--refiner", help="Folder of a refiner of mouths, taught on own footage (python -m export refiner)."),
]
