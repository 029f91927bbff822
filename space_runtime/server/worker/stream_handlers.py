"""Handlers of clients' messages about streams, one per type: begin, push, steer, interrupt, end, give credit."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode, Pace, Reason
from engine_bridge.protocol.motion_row import ROW_NUMBERS, rows_fault
from space_runtime.animation.track import ControlTrack
from space_runtime.server.commands import DecodedSound, RefusedSound
from space_runtime.server.limits import Folders, Limits, Refusal
from space_runtime.server.validation import controls_of, fade_s, pace_of, sound_format
from space_runtime.server.worker.audio_buffer import AudioBuffer
from space_runtime.server.worker.background import BackgroundExecutor, DecodeSound
from space_runtime.server.worker.delivery import Delivery
from space_runtime.server.worker.drive_buffer import row_times
from space_runtime.server.worker.file_budget import FileBudget
from space_runtime.server.worker.file_sound import FileSound
from space_runtime.server.worker.session import SessionState
from space_runtime.server.worker.stream import UNDERRUN_STEP_S, WHOLE, Stream, place
from space_runtime.server.worker.stream_lifecycle import StreamLifecycle, StreamPlan
from space_runtime.timebase import SAMPLE_RATE
from space_runtime.values import Controls

MAX_INDEX: Final = 1 << 31
"""The last frame at which a stream may begin: its frames' numbers have to fit 32 bits."""

MAX_PRODUCT: Final = 1 << 61
"""Flow control multiplies a frame's number and the samples between frames, as a fraction, in 64 bits."""

MAX_CHANGES: Final = 64
"""Changes of a stream's controls that may lie ahead."""


class Change(StrEnum):
    """The change that a handler has made to a session."""

    NOTHING = "nothing"
    STREAM = "stream"
    """A stream has begun; its sound is yet to come."""
    CONTROLS = "controls"
    SOUND = "sound"
    """There may be something to step: sound, or silence without end."""
    END = "end"
    """The end of the stream is known."""
    CREDIT = "credit"


STEPPABLE: Final = frozenset({Change.SOUND, Change.END, Change.CREDIT})
"""Changes after which a stream may have something to step, or be over."""


class StreamHandlers:
    """Handles the messages of streams.

    handlers: by type of message; each takes (session, message, time), returns the change that it made, or raises
    `Refusal`; what the refusal ends, the caller ends.
    """

    def __init__(
        self,
        limits: Limits,
        folders: Folders,
        executor: BackgroundExecutor,
        budget: FileBudget,
        delivery: Delivery,
        lifecycle: StreamLifecycle,
    ) -> None:
        self._limits = limits
        self._folders = folders
        self._executor = executor
        self._budget = budget
        self._delivery = delivery
        self._lifecycle = lifecycle
        self.handlers: dict[type, Callable[..., Change]] = {
            m.Start: self._start,
            m.Audio: self._audio,
            m.Speak: self._speak,
            m.Idle: self._idle,
            m.Set: self._set,
            m.Motion: self._motion,
            m.End: self._end,
            m.Interrupt: self._interrupt,
            m.Credit: self._credit,
        }

    def take_sound(self, state: SessionState, sound: DecodedSound, now: float) -> Change:
        """Take a part of a file; with the first one its stream begins. Nothing happens if the stream is over."""
        stream = state.stream
        if stream is None or stream.number != sound.stream or stream.audio is None or stream.file is None:
            return Change.NOTHING
        stream.file.is_asked = False
        stream.file.took_s += sound.took_s
        if not sound.first:
            stream.set_rate(sound.rate)
            stream.start_clock(now)
            steering, stream.steering = stream.steering, []
            for message in steering:
                self.handlers[type(message)](state, message, now)
            for note in sound.notes:
                self._delivery.notice(state, stream.number, note)
        stream.audio.add_part(sound.samples, sound.n_samples, now)
        if not stream.audio.lacks:
            stream.file = None
        if not sound.first:
            stream.end_at(sound.n_samples, stream.closing or Reason.END, now)
            return Change.END
        return Change.SOUND

    def read_on(self, state: SessionState, stream: Stream) -> None:
        """Ask for the next part of a stream's file."""
        file, audio = stream.file, stream.audio
        assert file and audio
        file.is_asked = True
        self._executor.submit(
            DecodeSound(
                session=state.number,
                stream=stream.number,
                owner=state.owner,
                source=file.source,
                first=audio.n_pushed,
                n_samples=file.n_part,
                limit_s=self._limits.clip_ms / 1e3,
                work_s=self._limits.work_ms / 1e3 - file.took_s,
            )
        )

    def refuse_sound(self, state: SessionState, refused: RefusedSound) -> None:
        """End the stream of a file that cannot be used, unless it is over."""
        if state.stream and state.stream.number == refused.stream:
            self._lifecycle.fail(state, Refusal(refused.code, refused.text))

    def conceal_gaps(self, state: SessionState, now: float) -> Change:
        """Replace by silence what sound lacks in front of later chunks, once playback is about to need it."""
        stream = state.stream
        if stream is None or stream.audio is None or not stream.audio.has_gap:
            return Change.NOTHING
        if stream.lateness(stream.inside(stream.audio.next_sample), now) > -UNDERRUN_STEP_S:
            stream.audio.conceal(now)
            return Change.SOUND
        return Change.NOTHING

    # Beginning a stream

    def _start(self, state: SessionState, message: m.Start, now: float) -> Change:
        sound = sound_format(message)
        first_index, origin = place(message.first_sample or 0, sound.rate, state.settings.fps)
        if first_index > MAX_INDEX or first_index * (sound.rate / state.settings.fps).numerator > MAX_PRODUCT:
            raise Refusal(ErrorCode.BAD_VALUE, f"first_sample is {message.first_sample}, which is after any frame")
        audio = AudioBuffer(sound, round(origin))
        self._lifecycle.begin(state, message, StreamPlan(pace_of(message), sound.rate, audio, first_index, origin))
        return Change.STREAM

    def _speak(self, state: SessionState, message: m.Speak, now: float) -> Change:
        if (message.sound is None) == (message.asset is None):
            raise Refusal(ErrorCode.BAD_VALUE, "speak carries both a sound and an asset's name, or neither; send one")
        source = message.sound or b"" if message.asset is None else self._folders.sound(message.asset)
        file = FileSound(source)
        self._budget.check(state.owner, file.n_bytes)
        stream = self._lifecycle.begin(state, message, StreamPlan(pace_of(message), SAMPLE_RATE, AudioBuffer(WHOLE)))
        stream.file = file
        self.read_on(state, stream)
        return Change.STREAM

    def _idle(self, state: SessionState, message: m.Idle, now: float) -> Change:
        stream = self._lifecycle.begin(state, message, StreamPlan(Pace.LIVE, SAMPLE_RATE, None))
        stream.start_clock(now)
        return Change.SOUND

    # Sound

    def _audio(self, state: SessionState, message: m.Audio, now: float) -> Change:
        stream = _current(state, message.stream)
        audio = stream.audio
        if audio is None or stream.takes_file or stream.closing is not None:
            raise Refusal(ErrorCode.BAD_VALUE, f"stream {message.stream} takes no sound (any more); start another one")
        self._check_ahead(stream, audio, message.first_sample + len(message.pcm) // audio.width)
        self._note_late(state, stream, audio, now)
        audio.add(message.first_sample, message.pcm, now)
        while audio.notes:
            self._delivery.notice(state, stream.number, audio.notes.pop(0))
        stream.start_clock(now)
        return Change.SOUND

    def _check_ahead(self, stream: Stream, audio: AudioBuffer, end: int) -> None:
        ahead_s = (stream.inside(end) - audio.n_taken) / SAMPLE_RATE
        if ahead_s * 1e3 > self._limits.audio_ms:
            raise Refusal(
                ErrorCode.TOO_MUCH_SOUND,
                f"the chunk ends {ahead_s:.1f} s ahead of what has been animated; "
                f"at most {self._limits.audio_ms / 1e3:g} s wait, push it again later",
            )

    def _note_late(self, state: SessionState, stream: Stream, audio: AudioBuffer, now: float) -> None:
        """Tell of an underrun when sound comes later than playback needs it, and later than ever before."""
        if stream.pace is not Pace.LIVE:
            return
        late_s = stream.lateness(stream.inside(audio.next_sample), now)
        if late_s > stream.worst_late_s + UNDERRUN_STEP_S:
            stream.worst_late_s = late_s
            late_ms = min(round(late_s * 1e3), 2**32 - 1)
            event = m.Underrun(
                session=state.number, stream=stream.number, sample=float(audio.next_sample), late_ms=late_ms
            )
            self._delivery.event(state, event)

    def _end(self, state: SessionState, message: m.End, now: float) -> Change:
        stream = _current(state, message.stream)
        audio = stream.audio
        if audio is None or stream.takes_file or stream.closing is not None:
            raise Refusal(ErrorCode.BAD_VALUE, f"stream {message.stream} needs no end; it has one, or is interrupted")
        self._check_ahead(stream, audio, message.n_samples)
        stream.start_clock(now)
        audio.finish(message.n_samples, now)
        stream.end_at(audio.n_pushed, Reason.END, now)
        return Change.END

    # Steering

    def _set(self, state: SessionState, message: m.Set, now: float) -> Change:
        stream = _current(state, message.stream)
        fade = round(fade_s(message.fade_ms) * SAMPLE_RATE)
        animated = stream.animated()
        track = stream.track.since(min(animated, stream.stepped()))  # nothing before it is asked for again
        at = max(stream.inside(message.at_sample), animated)
        controls = controls_of(message, _controls_before(track, at), stream.batch.knows_styles)
        if sum(change.at_sample + change.fade > animated for change in track.changes) >= MAX_CHANGES:
            raise Refusal(ErrorCode.TOO_FAST, f"{MAX_CHANGES} changes of controls lie ahead; wait until some are over")
        if stream.is_unread:
            _check_unread(stream)
            stream.steering.append(message)
        else:
            stream.set_track(track.changed(at, controls, fade))
        return Change.CONTROLS

    def _motion(self, state: SessionState, message: m.Motion, now: float) -> Change:
        stream = _current(state, message.stream)
        rows = message.rows.reshape(-1, ROW_NUMBERS)
        if fault := rows_fault(rows):
            raise Refusal(ErrorCode.BAD_VALUE, fault)
        if stream.is_unread:
            _check_unread(stream)
            stream.steering.append(message)
        else:
            stream.follow(message.at_sample + row_times(rows), rows)
        return Change.NOTHING

    def _interrupt(self, state: SessionState, message: m.Interrupt, now: float) -> Change:
        stream = _current(state, message.stream)
        fade = round(fade_s(message.fade_ms) * SAMPLE_RATE)
        at = stream.inside(message.at_sample)
        if stream.audio:
            at = min(at, max(stream.audio.n_pushed, stream.audio.n_stated))  # what has not come by now will not come
        at = max(at, stream.animated())
        stream.set_track(stream.track.resting(at, fade))
        stream.start_clock(now)
        at_rest = round(at + fade + SAMPLE_RATE / state.settings.fps) + 1
        stream.end_at(at_rest, Reason.INTERRUPTED, now)
        return Change.END

    def _credit(self, state: SessionState, message: m.Credit, now: float) -> Change:
        self._delivery.grant(state, message.until)
        return Change.CREDIT


def _current(state: SessionState, number: int) -> Stream:
    """Return the stream of that number. Raises `Refusal` if another one runs, or none."""
    stream = state.stream
    if stream is None or state.flow.stream.item(state.row) != number:
        running = "none" if stream is None else f"{stream.number}"
        raise Refusal(ErrorCode.UNKNOWN_STREAM, f"stream {number} is not running ({running} is); start it first")
    return stream


def _check_unread(stream: Stream) -> None:
    """Raise `Refusal` when too much waits for the rate of a file."""
    if len(stream.steering) >= MAX_CHANGES:
        raise Refusal(ErrorCode.TOO_FAST, f"{MAX_CHANGES} messages wait until the file is read; send the others then")


def _controls_before(track: ControlTrack, sample: int) -> Controls:
    """Return the controls that the last change before a sample asked for, whatever is to come after it."""
    earlier = [change.controls for change in track.changes if change.at_sample <= sample]
    return earlier[-1] if earlier else track.first
