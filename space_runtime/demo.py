"""The demo: the bundled line spoken by the NASA portrait of astronaut Eileen Collins that scikit-image carries.

``python -m space_runtime.demo FOLDER`` writes ``portrait.png``, the baked line and ``line.webp``, its moving picture,
there. Nothing is downloaded: the portrait, which is in the public domain, lies inside the installed scikit-image
(extra ``demo``).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from space_runtime import cli
from space_runtime.assets import LINE, write_portrait
from space_runtime.commands.report import explain
from space_runtime.errors import SpaceError
from space_runtime.media.atomic_files import prepare_folder
from space_runtime.media.moving_picture import write_webp

OPTIONS: Final = ("--emotion", "happy=0.5", "--seed", "3", "--formats", "mp4,npz,json", "--plot", "--overwrite")
WEBP_SIDE: Final = 400
"""Pixels of the moving picture."""


def main() -> None:
    """Bake the demo into the folder named on the command line, ``demo_out`` by default."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo_out")
    try:
        prepare_folder(folder)
        write_portrait(folder / "portrait.png")
        _bake(folder)
        write_webp(folder / "line.mp4", folder / "line.webp", WEBP_SIDE)
    except SpaceError as error:
        sys.exit(explain(error, debug=False))


def _bake(folder: Path) -> None:
    """Bake as the command does, with its progress bar; leave the program where the command failed."""
    portrait = str(folder / "portrait.png")
    sys.argv = ["space-runtime", "bake", str(LINE), "--portrait", portrait, "--out", str(folder), *OPTIONS]
    try:
        cli.main()
    except SystemExit as end:
        if end.code:
            raise


if __name__ == "__main__":
    main()
