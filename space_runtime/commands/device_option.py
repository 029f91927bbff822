"""The option ``--device`` of every command that opens networks."""

from __future__ import annotations

from typing import Annotated

import typer

from space_runtime.inference.device import NAMES

DeviceName = Annotated[
    str, typer.Option("--device", help=f"Runs the networks: {', '.join(NAMES)}. auto: a GPU that works, else the CPU.")
]
