"""``python -m export draw-portraits``: a folder of portraits that the project makes itself, of heads of chance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from export.evaluation.portraits.made_heads import draw_look
from export.evaluation.portraits.made_looks import LOOKS
from space_runtime.errors import counted
from space_runtime.media.atomic_files import prepare_folder, written_whole
from space_runtime.media.picture_sequence import encoded_png


def main(
    to: Annotated[Path, typer.Option(help="The folder to write into.")] = Path(".cache/portraits/made"),
    only: Annotated[list[str] | None, typer.Option(help="This portrait alone; may be given several times.")] = None,
) -> None:
    """Draw the portraits that are missing in a folder: diverse ages, skins, lights, turns and styles; of nobody."""
    prepare_folder(to)
    for look in LOOKS:
        path = to / f"{look.name}.png"
        if path.exists() or (only and look.name not in only):
            continue
        with written_whole(path) as partial:
            partial.write_bytes(encoded_png(draw_look(look)))
    typer.echo(f"{to}: {counted(len(list(to.glob('*.png'))), 'portrait')}")


if __name__ == "__main__":
    typer.run(main)
