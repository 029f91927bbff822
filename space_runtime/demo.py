"""The demo: the bundled line spoken by the NASA portrait of astronaut Eileen Collins that scikit-image carries.

``python -m space_runtime.demo FOLDER`` writes ``portrait.png`` and the baked line there. Nothing is downloaded: the
picture, which is in the public domain, lies inside the installed scikit-image (extra ``demo``).
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

OPTIONS: Final = ("--emotion", "happy=0.5", "--seed", "3", "--formats", "mp4,npz,json", "--plot")


def main() -> None:
    """Bake the demo into the folder named on the command line, ``demo_out`` by default."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo_out")
    portrait = folder / "portrait.png"
    try:
        prepare_folder(folder)
        write_portrait(portrait)
    except SpaceError as error:
        sys.exit(explain(error, debug=False))
    sys.argv = ["space-runtime", "bake", str(LINE), "--portrait", str(portrait), "--out", str(folder), *OPTIONS]
    cli.main()


if __name__ == "__main__":
    main()
