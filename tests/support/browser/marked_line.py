"""A line with clicks in its sound and flashes in its pictures at the same media times: measures what a page shows."""

from __future__ import annotations

import io
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from PIL import Image

from engine_bridge.adapters.web_player import WebPlayer
from engine_bridge.protocol.messages import Texture
from tests.support.adapter_frames import frame, weights

RATE: Final = 16_000
SECONDS: Final = 4.0
MARKS_S: Final = (0.7, 1.2, 1.7, 2.2, 2.7, 3.2)
MARK_S: Final = 0.2
"""Length of a flash."""
DELAY_S: Final = 0.25
JITTER_S: Final = 0.08
"""The most by which a frame comes too late."""


def is_marked(seconds: float) -> bool:
    return any(mark <= seconds < mark + MARK_S for mark in MARKS_S)


def marked_sound() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    sound = np.zeros(int(SECONDS * RATE), np.float32)
    for mark in MARKS_S:
        sound[round(mark * RATE) :][:80] = 0.9
    return sound


def picture(index: int, seconds: float) -> Texture:
    file = io.BytesIO()
    Image.new("L", (64, 64), 255 if is_marked(seconds) else 0).convert("RGB").save(file, "JPEG")
    return Texture(
        session=0,
        stream=0,
        index=index,
        sample=seconds * RATE,
        format="jpeg",
        width=64,
        height=64,
        pixels=file.getvalue(),
    )


@contextmanager
def speaking(player: WebPlayer) -> Iterator[None]:
    """Speak the line to the pages of a player: sound at once, 60 frames and 30 pictures a second when they are due."""
    thread = threading.Thread(target=_speak, args=(player,))
    thread.start()
    yield
    thread.join()


def _speak(player: WebPlayer) -> None:
    chance, begun_at = random.Random(4), time.monotonic()
    player.begin("marked", RATE, True, DELAY_S)
    for start in range(0, int(SECONDS * RATE), RATE // 10):
        player.sound(start, marked_sound()[start : start + RATE // 10])
    player.end(SECONDS)
    for index in range(int(SECONDS * 60)):
        seconds = index / 60
        late = chance.uniform(0, JITTER_S) if index else 0.0
        time.sleep(max(0.0, begun_at + seconds + late - time.monotonic()))
        jaw = 1.0 if is_marked(seconds) else 0.0
        player.send("Anna", frame(weights(jawOpen=jaw), [0.0, 0.0, 0.0], sample=seconds * RATE, index=index), RATE)
        if index % 2 == 0:
            player.texture("Anna", picture(index // 2, seconds))
    player.over(cut=False)
