"""What clients say about streams: begin, push, steer, interrupt, end."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ClientMessage, ErrorCode, Pace, Reason
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats
from space_runtime.errors import SpaceError
from space_runtime.server import log_events
from space_runtime.server.audio_buffer import AudioBuffer
from space_runtime.server.delivery import Delivery
from space_runtime.server.limits import MAX_LONG_WORK, Folders, Limits, Refusal
from space_runtime.server.session import BackgroundExecutor, Completion, SessionState
from space_runtime.server.stream import ENDLESS, UNDERRUN_STEP_S, WHOLE, LiveStream, place
from space_runtime.server.uploads import read_whole
from space_runtime.server.validation import controls_of, fade_s, pace_of, sound_format
from space_runtime.timebase import HOP, SAMPLE_RATE
from space_runtime.values import Controls

MAX_INDEX: Final = 1 << 31
"""Where a stream may begin: its frames' numbers have to fit 32 bits."""

MAX_CHANGES: Final = 64
"""Changes of a stream's controls that may lie ahead."""

Beginning = m.Start | m.Speak | m.Idle


class StreamHandlers:
    """Handles the messages of streams. settle: called when a seat's stream may have something to step, or less.

    Raises `Refusal` from every handler; what the refusal ends, the worker ends.
    """

    def __init__(
        self,
        limits: Limits,
        folders: Folders,
        clerk: BackgroundExecutor,
        ensemble: StreamBatch,
        delivery: Delivery,
        settle: Callable[[SessionState, float], None],
    ) -> None:
        self._limits = limits
        self._folders = folders
        self._clerk = clerk
        self._batch = ensemble
        self._delivery = delivery
        self._settle = settle
        self._handlers: dict[type, Callable[..., None]] = {
            m.Start: self._start,
            m.Audio: self._audio,
            m.Speak: self._speak,
            m.Idle: self._idle,
            m.Set: self._set,
            m.End: self._end,
            m.Interrupt: self._interrupt,
        }

    def handle(self, seat: SessionState, message: ClientMessage, now: float) -> None:
        """Take a message about a stream. Raises `Refusal`."""
        self._handlers[type(message)](seat, message, now)

    def finish(self, seat: SessionState, reason: Reason) -> None:
        """End a seat's stream at once and say so; frames that wait for credit come first, unless it was replaced."""
        stream = seat.stream
        if stream is None:
            return
        seat.stream, stream.over = None, True
        row, ledger = seat.row, self._delivery.ledger
        if reason in (Reason.REPLACED, Reason.CLOSED, Reason.FAILED):
            self._delivery.discard(seat)
        last = min(stream.n_wanted, self._batch.next_frame(row))
        index = stream.first_index + last
        finished = m.Finished(
            session=seat.session,
            stream=stream.number,
            reason=reason,
            sample=float(index * stream.sample_per_frame),
            frames=int(ledger.sent[row]) + self._delivery.n_waiting(seat),
            dropped=int(ledger.dropped[row]),
        )
        self._delivery.finished(seat, finished, float(last / stream.fps))
        log_events.stream_finished(finished, float(last / stream.fps))

    def look_after(self, seat: SessionState, now: float) -> None:
        """Replace by silence what sound lacks in front of later chunks, once playback is about to need it."""
        stream = seat.stream
        if stream is None or stream.intake is None or not stream.intake.has_gap:
            return
        if stream.lateness(stream.inside(stream.intake.next_sample), now) > -UNDERRUN_STEP_S:
            stream.intake.conceal(now)
            self._settle(seat, now)

    # Beginning a stream

    def _start(self, seat: SessionState, message: m.Start, now: float) -> None:
        sound = sound_format(message)
        first_index, origin = place(message.first_sample or 0, sound.rate, seat.settings.fps)
        if first_index > MAX_INDEX:
            raise Refusal(ErrorCode.BAD_VALUE, f"first_sample is {message.first_sample}, which is after any frame")
        intake = AudioBuffer(sound, round(origin))
        self._begin(seat, message, pace_of(message), sound.rate, intake, first_index, origin)

    def _speak(self, seat: SessionState, message: m.Speak, now: float) -> None:
        if (message.sound is None) == (message.asset is None):
            raise Refusal(ErrorCode.BAD_VALUE, "speak carries both a sound and an asset's name, or neither; send one")
        path = None if message.asset is None else self._folders.sound(message.asset)
        if self._clerk.n_waiting >= MAX_LONG_WORK:
            raise Refusal(ErrorCode.BUSY, f"{MAX_LONG_WORK} files wait to be read; send this one again later")
        stream = self._begin(seat, message, pace_of(message), SAMPLE_RATE, AudioBuffer(WHOLE))
        data, limit_s = message.sound, self._limits.clip_ms / 1e3

        def work() -> Completion:
            try:
                rate, samples = read_whole(data if path is None else path, limit_s)
            except (SpaceError, Refusal) as error:
                refusal = error if isinstance(error, Refusal) else Refusal(ErrorCode.BAD_SOUND, str(error))
                return Completion(lambda then: self._no_sound(seat, stream, refusal))
            return Completion(lambda then: self._whole_sound(seat, stream, rate, samples, then))

        self._clerk.submit(seat.session, work)

    def _idle(self, seat: SessionState, message: m.Idle, now: float) -> None:
        stream = self._begin(seat, message, Pace.LIVE, SAMPLE_RATE, None)
        self._clock_starts(seat, stream, now)
        self._settle(seat, now)

    def _begin(
        self,
        seat: SessionState,
        message: Beginning,
        pace: Pace,
        rate: int,
        intake: AudioBuffer | None,
        first_index: int = 0,
        origin: Fraction = Fraction(0),
    ) -> LiveStream:
        """Put a new stream in the place of the one before."""
        if message.stream <= seat.last_stream:
            raise Refusal(
                ErrorCode.BAD_VALUE, f"stream {message.stream} after {seat.last_stream}; stream numbers must rise"
            )
        controls = controls_of(message, Controls())
        self.finish(seat, Reason.REPLACED)
        track = ControlTrack.of(controls)
        stream = LiveStream(
            session=seat.session,
            number=message.stream,
            pace=pace,
            track=track,
            rate=rate,
            fps=seat.settings.fps,
            look_ahead=seat.character.look_ahead,
            playout_s=seat.settings.playout_s,
            intake=intake,
            first_index=first_index,
            origin=origin,
        )
        seat.stream, seat.last_stream = stream, message.stream
        self._batch.restart(seat.row, track)
        self._enter(seat, stream)
        log_events.stream_started(seat.session, stream.number, type(message).__name__.lower(), pace)
        return stream

    def _enter(self, seat: SessionState, stream: LiveStream) -> None:
        ledger, row = self._delivery.ledger, seat.row
        ledger.stream[row], ledger.sent[row], ledger.dropped[row] = stream.number, 0, 0
        ledger.first_seq[row] = ledger.seq[row]
        ledger.wanted[row] = stream.n_wanted
        ledger.first_index[row] = stream.first_index
        self._lay_grid(seat, stream)
        ledger.playout_s[row] = stream.playout_s if stream.pace is Pace.LIVE else float("inf")

    def _lay_grid(self, seat: SessionState, stream: LiveStream) -> None:
        ledger = self._delivery.ledger
        ledger.samples[seat.row], ledger.per_frames[seat.row] = stream.sample_per_frame.as_integer_ratio()

    def _clock_starts(self, seat: SessionState, stream: LiveStream, now: float) -> None:
        if stream.started_at is None:
            stream.started_at = now
            self._delivery.ledger.started_at[seat.row] = now

    # Sound

    def _audio(self, seat: SessionState, message: m.Audio, now: float) -> None:
        stream = self._current(seat, message.stream)
        if stream.intake is None or stream.intake.sound is WHOLE or stream.closing is not None:
            raise Refusal(ErrorCode.BAD_VALUE, f"stream {stream.number} takes no sound (any more); start another one")
        intake = stream.intake
        self._check_ahead(stream, intake, message.first_sample + len(message.pcm) // intake.sound.width)
        self._note_late(seat, stream, intake, now)
        intake.add(message.first_sample, message.pcm, now)
        self._clock_starts(seat, stream, now)
        self._settle(seat, now)

    def _check_ahead(self, stream: LiveStream, intake: AudioBuffer, end: int) -> None:
        ahead_s = (stream.inside(end) - intake.n_taken) / SAMPLE_RATE
        if ahead_s * 1e3 > self._limits.audio_ms:
            raise Refusal(
                ErrorCode.TOO_MUCH_SOUND,
                f"the chunk ends {ahead_s:.1f} s ahead of what has been animated; "
                f"at most {self._limits.audio_ms / 1e3:g} s wait, push it again later",
            )

    def _note_late(self, seat: SessionState, stream: LiveStream, intake: AudioBuffer, now: float) -> None:
        """Tell of an underrun when sound comes later than playback needs it, and later than ever before."""
        late_s = stream.lateness(stream.inside(intake.next_sample), now)
        if stream.pace is Pace.LIVE and late_s > stream.worst_late_s + UNDERRUN_STEP_S:
            stream.worst_late_s = late_s
            sample = float(intake.next_sample)
            event = m.Underrun(
                session=seat.session, stream=stream.number, sample=sample, late_ms=min(round(late_s * 1e3), 2**32 - 1)
            )
            self._delivery.event(seat, event)

    def _end(self, seat: SessionState, message: m.End, now: float) -> None:
        stream = self._current(seat, message.stream)
        if stream.intake is None or stream.intake.sound is WHOLE or stream.closing is not None:
            raise Refusal(ErrorCode.BAD_VALUE, f"stream {stream.number} needs no end; it has one, or is interrupted")
        self._check_ahead(stream, stream.intake, message.n_samples)
        self._clock_starts(seat, stream, now)
        stream.intake.finish(message.n_samples, now)
        self._close_at(seat, stream, stream.intake.n_pushed, Reason.END, now)

    def _whole_sound(self, seat: SessionState, stream: LiveStream, rate: int, samples: Floats, now: float) -> None:
        """A file has been decoded: its stream begins."""
        if stream.over or stream.intake is None:
            return
        stream.rate = rate
        self._lay_grid(seat, stream)
        self._clock_starts(seat, stream, now)
        steering, stream.steering = stream.steering, []
        for message in steering:
            self._set(seat, message, now)
        stream.intake.add_whole(samples, now)
        self._close_at(seat, stream, samples.size, stream.closing or Reason.END, now)

    def _no_sound(self, seat: SessionState, stream: LiveStream, refusal: Refusal) -> None:
        if not stream.over:
            self.fail(seat, refusal)

    def fail(self, seat: SessionState, refusal: Refusal) -> None:
        """Tell why a seat's stream cannot go on, and end it."""
        number = seat.stream.number if seat.stream else None
        self._delivery.refuse(seat, refusal, number)
        self.finish(seat, Reason.FAILED)

    # Steering

    def _set(self, seat: SessionState, message: m.Set, now: float) -> None:
        stream = self._current(seat, message.stream)
        fade = round(fade_s(message.fade_ms) * SAMPLE_RATE)
        animated, heard = self._animated(seat, stream), self._batch.n_steps(seat.row) * HOP - stream.look_ahead
        track = stream.track.since(min(animated, heard))  # nothing before it is asked for again
        at = max(stream.inside(message.at_sample), animated)
        controls = controls_of(message, _controls_before(track, at))
        if len(track.changes) + len(stream.steering) >= MAX_CHANGES:
            raise Refusal(ErrorCode.TOO_FAST, f"{MAX_CHANGES} changes of controls lie ahead; wait until some are over")
        if stream.unread:
            stream.steering.append(message)
            return
        stream.track = track.changed(at, controls, fade)
        self._batch.set_track(seat.row, stream.track)

    def _interrupt(self, seat: SessionState, message: m.Interrupt, now: float) -> None:
        stream = self._current(seat, message.stream)
        fade = round(fade_s(message.fade_ms) * SAMPLE_RATE)
        at = stream.inside(message.at_sample)
        if stream.intake:
            at = min(at, stream.intake.n_pushed)  # what has not come by now will not come
        at = max(at, self._animated(seat, stream))
        stream.track = stream.track.resting(at, fade)
        self._batch.set_track(seat.row, stream.track)
        self._clock_starts(seat, stream, now)
        at_rest = round(at + fade + SAMPLE_RATE / stream.fps) + 1
        self._close_at(seat, stream, at_rest, Reason.INTERRUPTED, now)

    def _animated(self, seat: SessionState, stream: LiveStream) -> int:
        """The sample at 16 kHz up to which frames have been made."""
        return round(self._batch.next_frame(seat.row) * SAMPLE_RATE / stream.fps)

    def _close_at(self, seat: SessionState, stream: LiveStream, n_samples: int, reason: Reason, now: float) -> None:
        stream.end_at(n_samples, reason)
        if stream.intake:
            stream.intake.close(now)
        self._delivery.ledger.wanted[seat.row] = min(stream.n_wanted, ENDLESS)
        self._settle(seat, now)

    def _current(self, seat: SessionState, number: int) -> LiveStream:
        if seat.stream is None or seat.stream.number != number:
            running = "none" if seat.stream is None else f"{seat.stream.number}"
            raise Refusal(ErrorCode.UNKNOWN_STREAM, f"stream {number} is not running ({running} is); start it first")
        return seat.stream


def _controls_before(track: ControlTrack, sample: int) -> Controls:
    """The controls that the last change before a sample asked for, whatever is to come after it."""
    earlier = [change.controls for change in track.changes if change.at_sample <= sample]
    return earlier[-1] if earlier else track.first
