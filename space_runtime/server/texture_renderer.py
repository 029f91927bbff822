"""Pictures beside curves: drawn on a thread of their own, dropped when they lag, never in the way of a frame."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import TextureFormat
from space_runtime.animation.batch_state import Frames
from space_runtime.animation.pipeline import Character
from space_runtime.animation.textures import draw, initial_latents
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.server.session import Command, Completion, SessionState
from space_runtime.server.stream import LiveStream
from space_runtime.soa import take

log = logging.getLogger(__name__)

Deliver = Callable[[SessionState, LiveStream, m.Texture], None]

STOP_S: Final = 5.0
MAX_PENDING: Final = 2
"""Pictures of a stream that may wait; of more the oldest are left out."""
TIDY_S: Final = 1.0
"""How soon the streams that are over are forgotten when there is nothing to draw."""

_ENCODINGS: Final = {
    TextureFormat.JPEG: (".jpg", "IMWRITE_JPEG_QUALITY", 90),
    TextureFormat.WEBP: (".webp", "IMWRITE_WEBP_QUALITY", 85),
}
"""File ending, OpenCV's name of the option for the quality, quality."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One picture to draw."""

    seat: SessionState
    character: Character
    track: ControlTrack
    frame: Frames
    index: int
    sample: float


class TextureRenderer:
    """Draws for one worker. post: hands finished pictures back to it. n_drawn, n_skipped: pictures."""

    def __init__(self, post: Callable[[Command], None]) -> None:
        self.n_drawn = self.n_skipped = 0
        self._post = post
        self._deliver: Deliver | None = None
        self._pending: dict[LiveStream, deque[Job]] = {}
        self._latents: dict[LiveStream, Floats] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="space-painter", daemon=True)

    def start(self, deliver: Deliver) -> None:
        """Begin. deliver: called in the worker's thread with every picture."""
        self._deliver = deliver
        self._thread.start()

    def stop(self) -> None:
        """End after the picture at hand; return when it is done. A process must not end in the middle of one: native
        code that loses its thread aborts the whole."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_S)

    def show(self, seat: SessionState, stream: LiveStream, frames: Frames, place: int, now: float) -> None:
        """Draw a frame when its turn comes; none for a client that has no credit left."""
        if seat.waiting:
            self.n_skipped += 1
            return
        index = stream.first_index + int(frames.frame_index[place])
        job = Job(
            seat,
            seat.character,
            stream.track,
            take(frames, np.array([place])),
            index,
            float(index * stream.sample_per_frame),
        )
        with self._changed:
            jobs = self._pending.setdefault(stream, deque())
            jobs.append(job)
            if len(jobs) > MAX_PENDING:
                jobs.popleft()
                self.n_skipped += 1
            self._changed.notify()

    def _run(self) -> None:
        while (found := self._next()) is not None:
            stream, job = found
            try:
                self._paint(stream, job)
            except Exception:
                log.exception("a picture failed; its stream goes on without it")

    def _next(self) -> tuple[LiveStream, Job] | None:
        """Wait for a picture to draw, streams in turn; None at the end."""
        with self._changed:
            while not self._stopped:
                for stream in [s for s in self._latents if s.over]:
                    del self._latents[stream]
                while self._pending:
                    stream, jobs = next(iter(self._pending.items()))
                    del self._pending[stream]
                    if stream.over:
                        continue
                    job = jobs.popleft()
                    if jobs:
                        self._pending[stream] = jobs
                    return stream, job
                self._changed.wait(TIDY_S if self._latents else None)
        return None

    def _paint(self, stream: LiveStream, job: Job) -> None:
        latents = self._latents.get(stream)
        if latents is None:
            latents = initial_latents(job.character)
        self._latents[stream], rgb = draw(job.character, job.track, latents, job.frame, 0)
        texture = encode_texture(job, stream, rgb)
        self.n_drawn += 1
        deliver = self._deliver
        if deliver:
            self._post(Completion(lambda now: deliver(job.seat, stream, texture)))


def encode_texture(job: Job, stream: LiveStream, rgb: Pixels) -> m.Texture:
    """Return the message of a picture."""
    kind = job.seat.settings.texture or TextureFormat.RGB
    height, width = rgb.shape[:2]
    return m.Texture(
        session=job.seat.session,
        stream=stream.number,
        index=job.index,
        sample=job.sample,
        format=kind,
        width=width,
        height=height,
        pixels=encode_pixels(rgb, kind),
    )


def encode_pixels(rgb: Pixels, kind: TextureFormat) -> bytes:
    """Return the bytes of an (h, w, 3) picture in a format."""
    if kind is TextureFormat.RGB:
        return rgb.tobytes()
    ending, option, quality = _ENCODINGS[kind]
    whole, data = cv2.imencode(ending, np.ascontiguousarray(rgb[..., ::-1]), [getattr(cv2, option), quality])
    if not whole:
        raise ValueError(f"OpenCV cannot write {kind}")
    return bytes(data.tobytes())
