"""Many streams stepped together: the only place where the state of streams is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime.animation import pipeline
from space_runtime.animation.batch_state import NO_FRAMES, Frames, FrameSchedule, NetworkOutput, Streams
from space_runtime.animation.control_batch import (
    NOWHERE,
    ControlBatch,
    EmotionBatch,
    controls_at,
    emotion_at,
    fixations_at,
)
from space_runtime.animation.pipeline import Character, IdentityGroup
from space_runtime.animation.stages.features import N_FEATURES
from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Doubles, Floats, Index, Longs
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import Bundle
from space_runtime.rig.rig import RigState
from space_runtime.soa import joined, n_bytes, put, some, take
from space_runtime.timebase import HOP
from space_runtime.values import Controls


@dataclass(slots=True, eq=False)
class _Kept:
    """What is kept of N rows.

    next_frame: (N,) index of the first frame not yet made. fps: (N, 2) numerator and denominator. neutral: (N, 78, 3).
    identity: (N,) equal numbers for equal identities. history: (N, K, 96) features, that of hop n at n modulo K.
    """

    streams: Streams
    rig: RigState
    next_frame: Longs
    fps: Longs
    neutral: Floats
    identity: Longs
    history: Floats
    emotion: EmotionBatch
    controls: ControlBatch


class StreamBatch:
    """Streams in rows, stepped together at a fraction of what they cost one by one.

    Laws: what a row answers depends on its own sound, character and track alone, up to 1e-6 in any weight; and a row
    stepped alone answers bit for bit what a `Session` does.

    bundle: an opened bundle, from which all characters are built.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._network = bundle.network("speech2landmarks")
        self._look_ahead = bundle.look_ahead()
        self._rig = pipeline.open_rig(bundle)
        self._kept: _Kept | None = None
        self._characters: list[Character | None] = []
        self._tracks: list[ControlTrack | None] = []
        self._free: list[int] = []
        self._eventful: set[int] = set()
        """The rows whose tracks change."""

    def add(self, character: Character, track: ControlTrack) -> int:
        """Return the row of a new stream; rows of removed streams are used again."""
        fresh = self._fresh(character, track)
        if not self._free:
            self._grow(fresh)
        row = self._free.pop()
        self._place(row, character, track, fresh)
        return row

    def remove(self, row: int) -> None:
        """Forget a stream."""
        self._character(row)
        self._characters[row] = self._tracks[row] = None
        self._eventful.discard(row)
        self._free.append(row)

    def restart(self, row: int, track: ControlTrack, character: Character | None = None) -> None:
        """Let a row begin as if new, with another character perhaps."""
        character = character or self._character(row)
        self._place(row, character, track, self._fresh(character, track))

    def set_track(self, row: int, track: ControlTrack) -> None:
        """Let a row follow another track from the next hop on; what it changes in the past applies at once."""
        self._character(row)
        self._follow(row, track)
        next_answer = (self.n_steps(row) + 1) * HOP - self._look_ahead
        put(self._all.emotion, np.array([row]), emotion_at(track, float(next_answer)))
        self._all.controls.until[row] = -np.inf

    def track(self, row: int) -> ControlTrack:
        """Return the track that a row follows."""
        self._character(row)
        track = self._tracks[row]
        assert track is not None
        return track

    def n_steps(self, row: int) -> int:
        """Return how many hops a row has heard."""
        self._character(row)
        return int(self._all.streams.n_steps[row])

    def next_frame(self, row: int) -> int:
        """Return the index of the first frame that a row has not yet answered."""
        self._character(row)
        return int(self._all.next_frame[row])

    def bytes_per_row(self) -> float:
        """Return the memory of a stream, without its character."""
        return n_bytes(self._all) / len(self._characters)

    def step(self, rows: Index, hops: Floats) -> Frames:
        """Hear one or more hops of some streams and return the frames that they complete.

        rows: (B,) distinct. hops: (B, n · 320) samples in −1…1. The frames stand in the order of ``rows``, those of one
        stream in the order of time.
        """
        kept = self._all
        alone = len(self._characters) == 1  # then states are handed over instead of copied
        at = _EVERYBODY if alone else rows
        streams, neutral = kept.streams if alone else take(kept.streams, rows), kept.neutral[at]
        emotion = self._emotion(rows, at, streams.n_steps, hops.shape[1] // HOP)

        def wishes(place: int, sample: float) -> Controls:
            return self.track(int(rows[place])).at(sample)

        streams, answers = pipeline.listen(self._network, neutral, streams, emotion, hops, self._look_ahead, wishes)
        if alone:
            kept.streams = streams
        else:
            put(kept.streams, rows, streams)
        due = pipeline.due(kept.fps[at], streams.n_steps, kept.next_frame[at], self._look_ahead)
        frames = NO_FRAMES if due is None else self._frames(rows, neutral, answers, due)
        self._remember(rows, answers)
        return frames

    def _frames(self, rows: Index, neutral: Floats, answers: NetworkOutput, due: FrameSchedule) -> Frames:
        """The frames that are complete now."""
        kept, alone = self._all, len(self._characters) == 1
        owners = rows[due.position]
        controls = self._controls(owners, due.media_sample)
        people = self._people(owners)
        told = pipeline.between_answers(answers, self._look_ahead, due)
        unposed_landmarks = pipeline.speak(people, controls, neutral, due, told)
        movers = owners[due.turn == 0]
        before = kept.rig if alone else take(kept.rig, movers)
        state, moved = pipeline.move(self._rig, people, before, controls, due, unposed_landmarks, told)
        if alone:
            kept.rig = state
        else:
            put(kept.rig, movers, state)
        kept.next_frame[owners] = due.frame_index + 1  # the last one of a stream stays
        return Frames(
            row=owners,
            frame_index=due.frame_index,
            media_sample=due.media_sample,
            landmarks=moved.landmarks,
            blendshapes=moved.weights,
            head_rotation_rad=moved.head.rotation_rad,
            head_translation=moved.head.translation,
            eye_rotation_rad=moved.eyes,
            speech=told.speech * controls.share,
            unposed_landmarks=unposed_landmarks,
            saccade_offset_rad=moved.saccade_offset_rad,
            lids=moved.lids,
            features=self._features(owners, answers, due),
        )

    def _people(self, owners: Index) -> list[IdentityGroup]:
        """Who the owners of the frames are, and which are the frames of each."""
        keys = self._all.identity[owners]
        if len(self._characters) == 1 or (keys == keys[0]).all():
            places = [np.arange(len(keys))]
        else:
            order = np.argsort(keys, kind="stable")
            places = np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)
        return [IdentityGroup(self._character(int(owners[some[0]])).identity, some) for some in places]

    def _features(self, owners: Index, answers: NetworkOutput, due: FrameSchedule) -> Floats:
        """(F, 96) features of the hops that the frames' media times lie in: of now, or of the last hops."""
        history = self._all.history
        hop = due.media_sample.astype(np.int64) // HOP
        features: Floats = history[owners, hop % history.shape[1]]
        place = hop - answers.n_steps[due.position]
        now = place >= 0
        if some(now):
            features[now] = answers.features[due.position[now], place[now]]
        return features

    def _remember(self, rows: Index, answers: NetworkOutput) -> None:
        history, n_hops = self._all.history, answers.features.shape[1]
        for hop in range(max(0, n_hops - history.shape[1]), n_hops):
            history[rows, (answers.n_steps + hop) % history.shape[1]] = answers.features[:, hop]

    def _emotion(self, rows: Index, at: Index | slice, n_steps: Longs, n_hops: int) -> Floats:
        """(B, n_hops, 8): the emotion at the media times of the answers to come."""
        known = self._all.emotion
        if not self._eventful:
            return known.emotion[at][:, None].repeat(n_hops, axis=1)
        since, until, first = known.since[at], known.until[at], (n_steps + 1) * HOP - self._look_ahead
        emotion: Floats = known.emotion[at][:, None].repeat(n_hops, axis=1)
        if ((since <= first) & (first + (n_hops - 1) * HOP < until)).all():
            return emotion
        samples = first[:, None] + np.arange(n_hops) * HOP
        stale = (samples < since[:, None]) | (samples >= until[:, None])
        for place, hop in np.argwhere(stale).tolist():
            row = int(rows[place])
            fresh = emotion_at(self.track(row), float(samples[place, hop]))
            put(known, np.array([row]), fresh)
            emotion[place, hop] = fresh.emotion[0]
        return emotion

    def _controls(self, owners: Index, samples: Doubles) -> ControlBatch:
        """The controls of (F,) frames at their media times."""
        known = self._all.controls
        controls = known if len(self._characters) == len(owners) == 1 else take(known, owners)
        stale = (samples < controls.since) | (samples >= controls.until)
        for place in np.flatnonzero(stale).tolist() if some(stale) else ():
            row = int(owners[place])
            fresh = controls_at(self.track(row), float(samples[place]))
            put(known, np.array([row]), fresh)
            if controls is not known:
                put(controls, np.array([place]), fresh)
        moved = samples >= controls.fixed_until
        last, until, fixations = -1, -math.inf, NOWHERE
        for place in np.flatnonzero(moved).tolist() if some(moved) else ():
            row, sample = int(owners[place]), float(samples[place])
            if row != last or sample >= until:  # else it is as in the frame before
                (fixations, until), last = fixations_at(self.track(row).at(sample), sample), row
            known.fixations[row] = controls.fixations[place] = fixations
            known.fixed_until[row] = controls.fixed_until[place] = until
        return controls

    @property
    def _all(self) -> _Kept:
        if self._kept is None:
            raise _no_stream(0)
        return self._kept

    def _character(self, row: int) -> Character:
        character = self._characters[row] if 0 <= row < len(self._characters) else None
        if character is None:
            raise _no_stream(row)
        return character

    def _fresh(self, character: Character, track: ControlTrack) -> _Kept:
        """One row that has heard nothing."""
        neutral = character.identity.neutral[None]
        return _Kept(
            streams=pipeline.initial_streams(self._network, neutral),
            rig=RigState.cold(1),
            next_frame=np.zeros(1, np.int64),
            fps=np.array([[character.fps.numerator, character.fps.denominator]], np.int64),
            neutral=neutral,
            identity=np.array([id(character.identity)], np.int64),
            history=np.zeros((1, self._look_ahead // HOP + 2, N_FEATURES), np.float32),
            emotion=emotion_at(track, float(HOP - self._look_ahead)),
            controls=controls_at(track, 0.0),
        )

    def _place(self, row: int, character: Character, track: ControlTrack, fresh: _Kept) -> None:
        self._characters[row] = character
        self._follow(row, track)
        put(self._all, np.array([row]), fresh)

    def _follow(self, row: int, track: ControlTrack) -> None:
        self._tracks[row] = track
        (self._eventful.add if track.changes else self._eventful.discard)(row)

    def _grow(self, fresh: _Kept) -> None:
        """Double the number of rows."""
        n_old = len(self._characters)
        n_new = max(1, n_old)
        empty = take(fresh, np.zeros(n_new, np.intp))
        self._kept = empty if self._kept is None else joined(self._kept, empty)
        self._characters += [None] * n_new
        self._tracks += [None] * n_new
        self._free += reversed(range(n_old, n_old + n_new))


_EVERYBODY: Final = slice(None)


def _no_stream(row: int) -> UsageError:
    return UsageError(f"row {row} has no stream; add one first")
