"""Many streams stepped together: the only place where the state of streams is kept."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from space_runtime.animation import pipeline
from space_runtime.animation.batch_state import (
    NO_FRAMES,
    BatchState,
    Frames,
    FrameSchedule,
    HopOutput,
    IdentityGroup,
    features_at,
    places_by_key,
    remember,
)
from space_runtime.animation.control_batch import NO_SACCADES, ControlBatch, controls_at, fixations_at
from space_runtime.animation.fresh_row import fresh_row
from space_runtime.animation.head_motion import HeadMotion
from space_runtime.animation.hop_controls import HopControlBatch, HopControls, hop_controls_at
from space_runtime.animation.keypoint_rows import KeypointRows
from space_runtime.animation.motion_source import MotionSource
from space_runtime.animation.pipeline import Character, FrameOwners
from space_runtime.animation.speech import HopModels, completed_frames, run_hops, speech_motion
from space_runtime.animation.speech_head import open_head
from space_runtime.animation.stages.landmarks import knows_styles
from space_runtime.animation.stream_arguments import (
    checked_head,
    checked_hops,
    checked_rows,
    checked_source,
    checked_track,
    no_stream,
)
from space_runtime.animation.track import ControlTrack
from space_runtime.arguments import instance
from space_runtime.arrays import Doubles, Floats, Index, Longs
from space_runtime.inference.bundle import Bundle, bundle_or_embedded
from space_runtime.rig.rig import RigIdentity, RigState
from space_runtime.soa import joined, put, some, take
from space_runtime.timebase import HOP
from space_runtime.values import Controls


class StreamBatch:
    """Streams in rows, stepped together at a fraction of what they cost one by one.

    Laws: the frames of a row depend on its own sound, character and track alone, up to 1e-6 in any weight; and a row
    stepped alone gives bit for bit the frames of a `Session`.

    ::

        batch = StreamBatch()
        rows = [batch.add(build_character(fps=30), Controls(seed=seed)) for seed in range(8)]
        frames = batch.step(rows, sound)        # (8, n · 320) samples at 16 kHz; call it again as sound comes
        mine = frames.blendshapes[frames.row == rows[0]]

    bundle: from which all characters are built, None for the embedded one. head: of streams whose head moves by itself,
    None for that of the bundle.
    """

    def __init__(self, bundle: Bundle | None = None, head: HeadMotion | None = None) -> None:
        opened = bundle_or_embedded(bundle)
        moving = open_head(opened) if head is None else checked_head(head)
        self._models = HopModels(opened.network("speech2landmarks"), moving, opened.look_ahead())
        self._rig = pipeline.open_rig(opened)
        self._kept: BatchState | None = None
        self._characters: list[Character | None] = []
        self._tracks: list[ControlTrack | None] = []
        self._sources: dict[int, MotionSource] = {}
        """Of the rows whose motion is not, or not all, speech."""
        self._keypoints = KeypointRows()
        self._free: list[int] = []
        self._eventful: set[int] = set()
        """The rows whose tracks change."""

    def add(
        self,
        character: Character,
        track: ControlTrack | Controls | None = None,
        motion: MotionSource | None = None,
        keypoints: bool = False,
    ) -> int:
        """Return the row of a new stream; rows of removed streams are used again. motion: None for speech.

        keypoints: its frames get the picture generator's; raises `UsageError` for a character without `PictureParts`.
        """
        instance("the character", character, Character, "which build_character() builds")
        track = checked_track(track, self.knows_styles)
        motion = None if motion is None else checked_source("motion", motion)
        fresh = fresh_row(self._models, character, track)
        if not self._free:
            self._grow(fresh)
        row = self._free.pop()
        self._place(row, character, track, fresh)
        if keypoints:
            self._keypoints.begin(row, character)
        if motion is not None:
            self._sources[row] = motion
        return row

    def remove(self, row: int) -> None:
        """Forget a stream."""
        self._character(row)
        self._characters[row] = self._tracks[row] = None
        self._sources.pop(row, None)
        self._keypoints.remove(row)
        self._eventful.discard(row)
        self._free.append(row)

    def restart(self, row: int, track: ControlTrack, character: Character | None = None) -> None:
        """Let a row begin as if new, with another character perhaps; its source of motion stays."""
        known, track = self._character(row), checked_track(track, self.knows_styles)
        character = known if character is None else character
        instance("the character", character, Character, "which build_character() builds")
        self._place(row, character, track, fresh_row(self._models, character, track))
        self._keypoints.restart(row, character)

    def set_track(self, row: int, track: ControlTrack) -> None:
        """Let a row follow another track from the next hop on; what it changes in the past applies at once."""
        self._character(row)
        track = checked_track(track, self.knows_styles)
        self._follow(row, track)
        next_output = (self.n_steps(row) + 1) * HOP - self._models.look_ahead
        self._all.hop_controls.keep(row, self._hop_controls_at(track, float(next_output)))
        self._all.controls.until[row] = -np.inf

    def set_motion(self, row: int, motion: MotionSource | None) -> None:
        """Let a row follow another source of motion from the next frame on; None for speech."""
        self._character(row)
        if motion is None:
            self._sources.pop(row, None)
        else:
            self._sources[row] = checked_source("motion", motion)

    def identity(self, row: int) -> RigIdentity:
        """Return the identity of a row's character."""
        return self._character(row).identity

    def track(self, row: int) -> ControlTrack:
        """Return the track that a row follows."""
        self._character(row)
        track = self._tracks[row]
        assert track is not None
        return track

    @property
    def knows_styles(self) -> bool:
        """Return whether the bundle's network speaks in styles; otherwise a track that has one is refused."""
        return knows_styles(self._models.network)

    def n_steps(self, row: int) -> int:
        """Return how many hops a row has heard."""
        self._character(row)
        return int(self._all.streams.n_steps[row])

    def next_frame(self, row: int) -> int:
        """Return the index of the first frame that a row has not yet made."""
        self._character(row)
        return int(self._all.next_frame[row])

    def step(self, rows: ArrayLike, hops: ArrayLike) -> Frames:
        """Hear one or more hops of some streams and return the frames that they complete.

        rows: (B,) distinct. hops: (B, n · 320) samples in −1…1. The frames stand in the order of ``rows``, those of one
        stream in the order of time. Raises `UsageError` for other shapes, rows without a stream, and no sound.
        Whatever it raises, no row has moved on: the same hops may be heard again, by all or by some of the rows.
        """
        rows = checked_rows(rows)
        hops = checked_hops(hops, len(rows))
        for row in rows.tolist():
            self._character(row)
        try:
            return self._stepped(rows, hops)
        except Exception:
            self._all.controls.until[rows] = -np.inf  # what was worked out for later frames is worked out anew
            raise

    def _stepped(self, rows: Index, hops: Floats) -> Frames:
        """Work everything out first, keep it last: nothing has happened if it fails in between."""
        kept, alone = self._all, len(self._characters) == 1  # alone, states are handed over instead of copied
        at = slice(None) if alone else rows
        streams, neutral = kept.streams if alone else take(kept.streams, rows), kept.neutral[at]
        obeyed = self._hop_controls(rows, at, streams.n_steps, hops.shape[1] // HOP)

        def controls_of(place: int, sample: float) -> Controls:
            return self.track(int(rows[place])).at(sample)

        streams, outputs = run_hops(self._models, neutral, streams, obeyed, hops, controls_of)
        schedule = completed_frames(kept.fps[at], streams.n_steps, kept.next_frame[at], self._models.look_ahead)
        rig, frames = self._frames(rows, neutral, outputs, schedule) if schedule else (None, NO_FRAMES)
        frames = self._keypoints.driven(frames, self._character, self.track)
        if alone:
            kept.streams, kept.rig = streams, rig or kept.rig
        else:
            put(kept.streams, rows, streams)
        if rig and schedule and not alone:
            put(kept.rig, frames.row[schedule.turn == 0], rig)
        kept.next_frame[frames.row] = frames.frame_index + 1  # the last one of a stream stays
        remember(kept.history, rows, outputs)
        return frames

    def _frames(
        self, rows: Index, neutral: Floats, outputs: HopOutput, schedule: FrameSchedule
    ) -> tuple[RigState, Frames]:
        """The rig's state after the frames that are complete now, and these; of what is kept, only caches change."""
        kept, alone = self._all, len(self._characters) == 1
        owners = rows[schedule.position]
        controls = self._controls(owners, schedule.media_sample)
        groups = self._groups(owners)
        motion = speech_motion(self._models, groups, controls, outputs, schedule)
        for row in self._sources.keys() & set(owners.tolist()) if self._sources else ():
            own = np.flatnonzero(owners == row)
            put(motion, own, self._sources[row].at(take(motion, own), take(controls, own), schedule.media_sample[own]))
        before = kept.rig if alone else take(kept.rig, owners[schedule.turn == 0])
        features = features_at(kept.history, owners, outputs, schedule)
        return pipeline.animate(
            self._rig, FrameOwners(owners, groups, neutral, features), before, controls, schedule, motion
        )

    def _groups(self, owners: Index) -> list[IdentityGroup]:
        """The identities of frames whose rows are ``owners``, and the frames of each."""
        places = places_by_key(self._all.identity[owners])
        return [IdentityGroup(self._character(int(owners[own[0]])).identity, own) for own in places]

    def _hop_controls(self, rows: Index, at: Index | slice, n_steps: Longs, n_hops: int) -> HopControls:
        """(B, n_hops, …): what the hops to come obey."""
        known = self._all.hop_controls
        obeyed = known.obeyed.over_hops(at, n_hops)
        first = (n_steps + 1) * HOP - self._models.look_ahead
        if not self._eventful or known.steady(at, first, first + (n_hops - 1) * HOP):
            return obeyed
        samples = first[:, None] + np.arange(n_hops) * HOP
        stale = (samples < known.since[at][:, None]) | (samples >= known.until[at][:, None])
        for place, hop in np.argwhere(stale).tolist():
            row = int(rows[place])
            fresh = self._hop_controls_at(self.track(row), float(samples[place, hop]))
            known.keep(row, fresh)
            obeyed.overwrite(place, hop, fresh.obeyed)
        return obeyed

    def _hop_controls_at(self, track: ControlTrack, sample: float) -> HopControlBatch:
        return hop_controls_at(track, sample, self._models.look_ahead)

    def _controls(self, owners: Index, samples: Doubles) -> ControlBatch:
        """The controls of (F,) frames at their media times."""
        known = self._all.controls
        controls = known if len(self._characters) == len(owners) == 1 else take(known, owners)
        stale = (samples < controls.since) | (samples >= controls.until)
        for place in np.flatnonzero(stale).tolist() if some(stale) else ():
            row = int(owners[place])
            fresh = controls_at(self.track(row), float(samples[place]), self._character(row).view)
            put(known, np.array([row]), fresh)
            if controls is not known:
                put(controls, np.array([place]), fresh)
        posed = samples >= controls.fixed_until
        last, until, fixations = -1, -math.inf, NO_SACCADES
        for place in np.flatnonzero(posed).tolist() if some(posed) else ():
            row, sample = int(owners[place]), float(samples[place])
            if row != last or sample >= until:  # else it is as in the frame before
                (fixations, until), last = fixations_at(self.track(row), sample), row
            known.fixations[row] = controls.fixations[place] = fixations
            known.fixed_until[row] = controls.fixed_until[place] = until
        return controls

    @property
    def _all(self) -> BatchState:
        if self._kept is None:
            raise no_stream(0)
        return self._kept

    def _character(self, row: int) -> Character:
        known = isinstance(row, int | np.integer) and not isinstance(row, bool) and 0 <= row < len(self._characters)
        if not known or (character := self._characters[row]) is None:
            raise no_stream(row)
        return character

    def _place(self, row: int, character: Character, track: ControlTrack, fresh: BatchState) -> None:
        self._characters[row] = character
        self._follow(row, track)
        put(self._all, np.array([row]), fresh)

    def _follow(self, row: int, track: ControlTrack) -> None:
        self._tracks[row] = track
        (self._eventful.add if track.changes else self._eventful.discard)(row)

    def _grow(self, fresh: BatchState) -> None:
        """Double the number of rows."""
        n_old = len(self._characters)
        n_new = max(1, n_old)
        empty = take(fresh, np.zeros(n_new, np.intp))
        self._kept = empty if self._kept is None else joined(self._kept, empty)
        self._characters += [None] * n_new
        self._tracks += [None] * n_new
        self._free += reversed(range(n_old, n_old + n_new))
