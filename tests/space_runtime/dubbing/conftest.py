"""A video of the NASA portrait that talks, made by the runtime itself, and lines to dub it with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime import Controls, Session, open_portrait
from space_runtime.arrays import Pixels
from space_runtime.assets import LINE
from space_runtime.portrait.portrait import Portrait
from tests.support.videos import even_times, write_video

FPS = 25
N_PICTURES = 30


@pytest.fixture(scope="session")
def talking(photo: Path) -> list[Pixels]:
    """Pictures of the portrait that says the beginning of the bundled line."""
    sound, rate = soundfile.read(LINE, frames=32_000, dtype="float32")
    session = Session(portrait=open_portrait(photo), controls=Controls(seed=1), fps=FPS, pictures=True)
    pictures = [frame.rgb for frame in [*session.push(sound, rate), *session.finish()][:N_PICTURES]]
    return [picture for picture in pictures if picture is not None]


@pytest.fixture(scope="session")
def film(talking: list[Pixels], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """These pictures as an .mp4 of 1.2 s with a tone."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    tone = 0.1 * np.sin(np.arange(48_000 * N_PICTURES // FPS) / 20)
    return write_video(path, talking, even_times(len(talking), FPS), tone.astype(np.float32))


@pytest.fixture(scope="session")
def actor(photo: Path) -> Portrait:
    return open_portrait(photo)
