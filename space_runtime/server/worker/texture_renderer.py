"""Pictures beside curves: rendered on a thread of their own, dropped when they lag, never in the way of a frame."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import Pace, TextureFormat
from space_runtime.animation.batch_state import Frames
from space_runtime.animation.pipeline import Character
from space_runtime.animation.textures import draw, initial_latents, render
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats, Pixels
from space_runtime.extras import cv2
from space_runtime.rendering.generator import State
from space_runtime.server.commands import CharacterKey, Command, RenderedTexture
from space_runtime.server.worker.character_cache import CharacterCache
from space_runtime.server.worker.session import SessionState
from space_runtime.server.worker.stream import Stream
from space_runtime.soa import take
from space_runtime.timebase import SAMPLE_RATE

log = logging.getLogger(__name__)

STOP_S: Final = 5.0
MAX_PENDING: Final = 2
"""Pictures of a stream that may wait; of more the oldest are left out."""
MAX_PENDING_AHEAD: Final = 64
"""The same for a stream of pace `clip`, whose frames are made ahead: two seconds of them."""

_ENCODINGS: Final = {
    TextureFormat.JPEG: (".jpg", "IMWRITE_JPEG_QUALITY", 90),
    TextureFormat.WEBP: (".webp", "IMWRITE_WEBP_QUALITY", 85),
}
"""File ending, OpenCV's name of the option for the quality, quality."""


@dataclass(frozen=True, slots=True, eq=False)
class TextureJob:
    """One picture to render, as plain data. frame: one. index, sample: its number and media sample on the wire.

    keypoints: (K, 3) that drive it, where the session gets them too; None where the renderer is to find them.
    due: time of the server's clock when a player that plays at once shows it; it is left out after that.
    max_pending: pictures of its stream that may wait.
    """

    session: int
    stream: int
    character: CharacterKey
    format: TextureFormat
    track: ControlTrack
    frame: Frames
    index: int
    sample: float
    keypoints: Floats | None = None
    due: float = math.inf
    max_pending: int = MAX_PENDING


def texture_job(state: SessionState, stream: Stream, frames: Frames, place: int) -> TextureJob:
    """Return the job of frame ``place`` of ``frames``."""
    index = stream.first_index + int(frames.frame_index[place])
    is_ahead = stream.pace is Pace.CLIP
    due = stream.started_at + float(frames.media_sample[place]) / SAMPLE_RATE + state.settings.playout_s
    return TextureJob(
        session=state.number,
        stream=stream.number,
        character=state.character,
        format=state.settings.texture or TextureFormat.RGB,
        track=stream.track,
        frame=take(frames, np.array([place])),
        index=index,
        sample=float(index * stream.samples_per_frame),
        keypoints=frames.keypoints[place] if state.settings.keypoints else None,
        due=due if is_ahead else math.inf,
        max_pending=MAX_PENDING_AHEAD if is_ahead else MAX_PENDING,
    )


class TextureSink(Protocol):
    """Renders pictures of frames, elsewhere and later. n_rendered, n_skipped: pictures so far."""

    @property
    def n_rendered(self) -> int:
        """Pictures rendered."""
        ...

    @property
    def n_skipped(self) -> int:
        """Pictures left out because rendering lagged behind."""
        ...

    def show(self, job: TextureJob) -> None:
        """Render a picture; it is left out when rendering lags behind."""
        ...

    def forget(self, session: int, stream: int) -> None:
        """Render nothing more of a stream."""
        ...


_StreamKey = tuple[int, int]


class TextureRenderer:
    """Renders for one worker and posts pictures back to it. n_rendered, n_skipped: pictures."""

    def __init__(self, post: Callable[[Command], None], characters: CharacterCache) -> None:
        self.n_rendered = self.n_skipped = 0
        self._post = post
        self._characters = characters
        self._pending: dict[_StreamKey, deque[TextureJob]] = {}
        self._latents: dict[_StreamKey, State] = {}
        self._at_hand: _StreamKey | None = None
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="space-textures", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the picture at hand; return when it is done. A process must not end in the middle of one: native
        code that loses its thread aborts the whole."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_S)

    @property
    def is_idle(self) -> bool:
        """Return whether no stream is left."""
        return not (self._pending or self._latents)

    def show(self, job: TextureJob) -> None:
        """Render a picture when its turn comes."""
        with self._changed:
            jobs = self._pending.setdefault((job.session, job.stream), deque())
            jobs.append(job)
            if len(jobs) > job.max_pending:
                jobs.popleft()
                self.n_skipped += 1
            self._changed.notify()

    def forget(self, session: int, stream: int) -> None:
        """Render nothing more of a stream; the picture at hand is finished."""
        key = session, stream
        with self._changed:
            self._pending.pop(key, None)
            self._latents.pop(key, None)
            if self._at_hand == key:
                self._at_hand = None

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._render(job)
            except Exception:
                log.exception("a picture failed; its stream goes on without it")

    def _next(self) -> TextureJob | None:
        """Wait for a picture to render, streams in turn; None at the end."""
        with self._changed:
            while not self._stopped:
                if self._pending:
                    key, jobs = next(iter(self._pending.items()))
                    del self._pending[key]
                    job = jobs.popleft()
                    while jobs and job.due < time.monotonic():
                        job = jobs.popleft()
                        self.n_skipped += 1
                    if jobs:
                        self._pending[key] = jobs
                    self._at_hand = key
                    return job
                self._changed.wait()
        return None

    def _render(self, job: TextureJob) -> None:
        key, character = (job.session, job.stream), self._characters.find(job.character)
        if character is None:  # its last session is closed
            return
        latents = self._latents.get(key)
        if latents is None:
            latents = initial_latents(character)
        latents, rendered = render_job(job, character, latents)
        with self._changed:
            if self._at_hand == key:
                self._latents[key] = latents
        self._post(rendered)
        self.n_rendered += 1


def render_job(job: TextureJob, character: Character, latents: State) -> tuple[State, RenderedTexture]:
    """Return (new state of the stream's latents, the picture)."""
    if job.keypoints is None:
        latents, rgb = draw(character, job.track, latents, job.frame, 0)
    else:
        rgb = render(character, job.keypoints)
    return latents, RenderedTexture(job.session, texture_of(job, rgb))


def texture_of(job: TextureJob, rgb: Pixels) -> m.Texture:
    """Return the message of a picture."""
    height, width = rgb.shape[:2]
    return m.Texture(
        session=job.session,
        stream=job.stream,
        index=job.index,
        sample=job.sample,
        format=job.format,
        width=width,
        height=height,
        pixels=encode_pixels(rgb, job.format),
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
