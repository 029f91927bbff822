"""The queue before a slow painter: the newest two pictures of a stream wait, the oldest that waits is left out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Queue

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from space_runtime.animation.batch_state import NO_FRAMES, Frames
from space_runtime.server.session import SessionState
from space_runtime.server.stream import LiveStream
from space_runtime.server.texture_renderer import MAX_PENDING, TextureRenderer
from space_runtime.timebase import SAMPLE_RATE
from tests.support.inline_server import InlineServer

PATIENCE_S = 20.0


class SlowBrush:
    """Stands in for `pictures.draw`: every picture takes until the test lets go of it."""

    def __init__(self) -> None:
        self.begun: Queue[int] = Queue()
        self.free = threading.Semaphore(0)

    def draw(self, character: object, track: object, latents: object, frames: Frames, place: int) -> object:
        self.begun.put(int(frames.frame_index[place]))
        assert self.free.acquire(timeout=PATIENCE_S)
        return latents, np.zeros((4, 4, 3), np.uint8)

    def next(self) -> int:
        """Let the picture at hand be finished; return the next one that is begun."""
        self.free.release()
        return self.begun.get(timeout=PATIENCE_S)


def frame(index: int) -> Frames:
    """One frame of a neutral face."""
    blank = {
        name: np.zeros((1, *getattr(NO_FRAMES, name).shape[1:]), getattr(NO_FRAMES, name).dtype)
        for name in Frames.__slots__
    }
    return Frames(**{**blank, "frame_index": np.array([index]), "media_sample": np.array([index * 1600.0])})


@pytest.fixture
def speaker() -> tuple[SessionState, LiveStream]:
    server = InlineServer()
    client = server.client()
    session = client.open()
    client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    seat = server.worker.seats[session]
    assert seat.stream is not None
    return seat, seat.stream


@pytest.fixture
def brush(monkeypatch: pytest.MonkeyPatch) -> SlowBrush:
    brush = SlowBrush()
    monkeypatch.setattr("space_runtime.server.texture_renderer.draw", brush.draw)
    monkeypatch.setattr("space_runtime.server.texture_renderer.initial_latents", lambda _: np.zeros((1, 1), np.float32))
    return brush


@pytest.fixture
def painter(brush: SlowBrush) -> Iterator[TextureRenderer]:
    painter = TextureRenderer(lambda _: None)
    painter.start(lambda seat, stream, texture: None)
    yield painter
    brush.free.release(100)
    painter.stop()


def test_a_slow_painter_leaves_out_the_oldest_picture_that_waits(
    painter: TextureRenderer, brush: SlowBrush, speaker: tuple[SessionState, LiveStream]
) -> None:
    """A picture that is begun is finished; of the waiting ones the newest are drawn, in order, others counted."""
    seat, stream = speaker
    painter.show(seat, stream, frame(0), 0, 0.0)
    assert brush.begun.get(timeout=PATIENCE_S) == 0
    for index in range(1, 6):
        painter.show(seat, stream, frame(index), 0, 0.0)
    assert painter.n_skipped == 5 - MAX_PENDING
    assert [brush.next() for _ in range(MAX_PENDING)] == [4, 5]


def test_a_painter_that_keeps_up_leaves_nothing_out(
    painter: TextureRenderer, brush: SlowBrush, speaker: tuple[SessionState, LiveStream]
) -> None:
    seat, stream = speaker
    for index in range(4):
        painter.show(seat, stream, frame(index), 0, 0.0)
        assert brush.begun.get(timeout=PATIENCE_S) == index
        brush.free.release()
    assert painter.n_skipped == 0


def test_a_reader_without_credit_gets_no_pictures(
    painter: TextureRenderer, brush: SlowBrush, speaker: tuple[SessionState, LiveStream]
) -> None:
    seat, stream = speaker
    seat.waiting.append((7, b"a frame that waits"))
    painter.show(seat, stream, frame(0), 0, 0.0)
    assert painter.n_skipped == 1
    seat.waiting.clear()
    painter.show(seat, stream, frame(1), 0, 0.0)
    assert brush.begun.get(timeout=PATIENCE_S) == 1
