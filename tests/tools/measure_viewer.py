"""Measures how far the face on the page of `live` is from its sound: ``python -m tests.tools.measure_viewer [PHOTO]``.

Plays the bundled line in Chromium, with the photo or a drawn head, and prints the distribution of the page's own
measure, and how many frames and pictures came. On a machine that is busy with something else pictures are left out.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from space_runtime.assets import LINE
from tests.support.browser.devtools import Page, page
from tests.support.real_server import child_environment

SHARES: Final = (0.01, 0.05, 0.5, 0.95, 0.99)


def play(viewer: Page) -> None:
    """Click, and wait until the line has been heard."""
    viewer.wait_for("window.space?.characters.get('Face')?.shown")
    viewer.click("#start")
    viewer.wait_for("window.space.playback.position() > 1")
    viewer.wait_for("window.space.playback.position() > 6.9")


def report(viewer: Page) -> None:
    """Print what was measured."""
    for share in SHARES:
        offset = viewer.evaluate(f"window.space.sync.quantile({share})")
        assert isinstance(offset, int | float)
        print(f"{share:5.0%} of the frames drawn: face ahead of the sound by at most {offset:6.1f} ms")
    print(viewer.evaluate("`${space.sync.offsets.length} drawn, ${space.stats.textures} pictures came`"))
    print(*viewer.complaints, sep="\n")


def main() -> None:
    """Start `live`, look at its page, and end it."""
    photo = ["--portrait", sys.argv[1]] if len(sys.argv) > 1 else []
    program = [sys.executable, "-m", "space_runtime", "live", str(LINE), *photo, "--to", "ws://127.0.0.1:0"]
    with (
        subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=child_environment()) as live,
        tempfile.TemporaryDirectory() as folder,
    ):
        try:
            assert live.stdout
            with page(live.stdout.readline().split()[1], Path(folder) / "profile") as viewer:
                play(viewer)
                report(viewer)
        finally:
            live.terminate()


if __name__ == "__main__":
    main()
