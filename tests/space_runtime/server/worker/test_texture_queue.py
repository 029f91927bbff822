"""The queue before a slow renderer: the newest two pictures of a stream wait, the oldest that waits is left out."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import TextureFormat
from space_runtime.animation.batch_state import NO_FRAMES, Frames
from space_runtime.animation.track import ControlTrack
from space_runtime.server.commands import ReportStatus
from space_runtime.server.limits import Folders
from space_runtime.server.worker.character_cache import NEUTRAL
from space_runtime.server.worker.texture_renderer import MAX_PENDING, MAX_PENDING_AHEAD, TextureJob, TextureRenderer
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls
from tests.support.inline_server import CHARACTERS, InlineServer

PATIENCE_S = 20.0


class SlowDrawing:
    """Stands in for `textures.draw`: every picture takes until the test lets go of it."""

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


def job(index: int, stream: int = 1) -> TextureJob:
    """The picture of one frame."""
    track = ControlTrack.of(Controls())
    return TextureJob(1, stream, NEUTRAL, TextureFormat.RGB, track, frame(index), index, index * 1600.0)


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> SlowDrawing:
    drawing = SlowDrawing()
    monkeypatch.setattr("space_runtime.server.worker.texture_renderer.draw", drawing.draw)
    monkeypatch.setattr(
        "space_runtime.server.worker.texture_renderer.initial_latents", lambda _: np.zeros((1, 1), np.float32)
    )
    return drawing


@pytest.fixture
def renderer(drawing: SlowDrawing) -> Iterator[TextureRenderer]:
    renderer = TextureRenderer(lambda _: None, CHARACTERS)
    renderer.start()
    yield renderer
    drawing.free.release(100)
    renderer.stop()


def test_a_slow_renderer_leaves_out_the_oldest_picture_that_waits(
    renderer: TextureRenderer, drawing: SlowDrawing
) -> None:
    """A picture that is begun is finished; of later ones the newest are drawn, in order, and the others are counted."""
    renderer.show(job(0))
    assert drawing.begun.get(timeout=PATIENCE_S) == 0
    for index in range(1, 6):
        renderer.show(job(index))
    assert renderer.n_skipped == 5 - MAX_PENDING
    assert [drawing.next() for _ in range(MAX_PENDING)] == [4, 5]


def test_pictures_of_frames_made_ahead_wait_in_order_and_are_left_out_when_late(
    renderer: TextureRenderer, drawing: SlowDrawing
) -> None:
    renderer.show(job(0))
    assert drawing.begun.get(timeout=PATIENCE_S) == 0
    for index in range(1, 11):
        due = -math.inf if index < 4 else math.inf
        renderer.show(replace(job(index), due=due, max_pending=MAX_PENDING_AHEAD))
    assert [drawing.next() for _ in range(7)] == list(range(4, 11))
    assert renderer.n_skipped == 3


def test_a_renderer_that_keeps_up_leaves_nothing_out(renderer: TextureRenderer, drawing: SlowDrawing) -> None:
    for index in range(4):
        renderer.show(job(index))
        assert drawing.begun.get(timeout=PATIENCE_S) == index
        drawing.free.release()
    assert renderer.n_skipped == 0


def test_of_a_stream_that_is_over_nothing_more_is_rendered(renderer: TextureRenderer, drawing: SlowDrawing) -> None:
    """A picture that is begun is finished, and leaves nothing behind."""
    renderer.show(job(0))
    assert drawing.begun.get(timeout=PATIENCE_S) == 0
    renderer.show(job(1))
    renderer.forget(1, 1)
    renderer.show(job(7, stream=2))
    assert drawing.next() == 7
    renderer.forget(1, 2)
    drawing.free.release()
    renderer.stop()
    assert renderer.is_idle and renderer.n_rendered == 2 and renderer.n_skipped == 0


def test_a_reader_without_credit_gets_no_pictures(photo: Path) -> None:
    server = InlineServer(folders=Folders(portraits=photo.parent))
    client = server.client()
    client.say(m.Open(request=1, outputs=("texture",), fps=(30, 1), playout_ms=500, until=3, character=photo.name))
    server.run()
    session = client.last(m.Opened).session
    client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16"))
    client.push_chunks(session, 1, bytes(2 * SAMPLE_RATE), 320, 2)
    shown = [job.index for job in server.textures.jobs]
    assert shown == [0, 1, 2]
    assert server.state_of(session).waiting and server.worker.n_skipped > 10
    server.port.post(ReportStatus(1))
    server.run()
    assert (server.reports[-1].textures_drawn, server.reports[-1].textures_skipped) == (0, server.worker.n_skipped)
    client.say(m.Credit(session=session, until=1_000))
    client.say(m.Audio(session=session, stream=1, first_sample=SAMPLE_RATE, pcm=bytes(2 * 3_200)))
    assert len(server.textures.jobs) > 3
    client.say(m.Interrupt(session=session, stream=1, at_sample=0, fade_ms=0))
    server.wait(1.0)
    assert server.textures.forgotten == [(session, 1)]


def test_no_picture_is_begun_while_frames_lag_and_they_come_back_afterwards(photo: Path) -> None:
    server = InlineServer(folders=Folders(portraits=photo.parent))
    client = server.client()
    session = client.open(outputs=("weights", "texture"), fps=(10, 1), character=photo.name)
    client.start(session)
    server.step_cost_s = 0.06
    client.push(session, 1, bytes(2 * 6_400))
    n_lagging, n_frames = len(server.textures.jobs), len(client.frames())
    server.step_cost_s = 0.0
    server.wait(0.5)
    client.push(session, 1, bytes(2 * 6_400), 6_400)
    server.wait(1.0)
    assert n_lagging <= 1 < n_frames and len(server.textures.jobs) >= n_lagging + 3
