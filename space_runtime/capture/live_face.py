"""A person in front of a camera, picture by picture: the rows that drive a face, known as soon as the picture is.

The person's rest is learned from the first second in which his face is seen, see `driver`; before that there are no
rows. Nothing looks ahead; smoothing is causal.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from space_runtime.arrays import Doubles, Floats, Pixels
from space_runtime.capture.causal_smoothing import CausalSmoothing
from space_runtime.capture.drive_rows import offsets, turned_from
from space_runtime.capture.driver import find_driver, solved
from space_runtime.capture.face_following import FaceFollower
from space_runtime.capture.face_rows import kept
from space_runtime.capture.head_pose import head_places, head_rotations, normalised_by_still, own_still
from space_runtime.capture.lids import blinked, open_share, shut_share, with_blinks
from space_runtime.capture.take import N_WEIGHTS
from space_runtime.geometry import N_LANDMARKS, fit_similarities, remove_pose
from space_runtime.rig.identity import RigIdentity
from space_runtime.rig.rig import Rig

CALIBRATION_S: Final = 1.0
"""Time for which a face is looked at before it drives."""
LEAST_PICTURES: Final = 8
"""Pictures of it, whatever time has passed."""
LID_PICTURES: Final = 300
"""Pictures whose blinks say how far this person's lids shut."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveRow:
    """A row of motion relative to the driver's rest. time_s: of its picture. The others are those of `DriveRows`."""

    time_s: float
    blendshapes: Floats
    head: Floats
    eyes_rad: Floats
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class _Rest:
    """The driver as the first second shows him. still: (n, 3) his still points, normalised."""

    identity: RigIdentity
    still: Floats
    weights: Floats
    head: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A face in a picture. landmarks: (78, 3) in pixels. still: (n, 3). head: (6,) as `Take` has it, absolute."""

    time_s: float
    landmarks: Floats
    still: Floats
    head: Doubles
    confidence: float


@dataclass(slots=True, eq=False)
class LiveFace:
    """Follows one driver. Keeps what has been seen of him: give it the pictures of one camera, in order."""

    follower: FaceFollower
    rig: Rig
    _rest: _Rest | None = None
    _looked_at: list[_Seen] = field(default_factory=list)
    _lids: deque[tuple[float, Doubles]] = field(default_factory=lambda: deque(maxlen=LID_PICTURES))
    _pose: CausalSmoothing = field(default_factory=lambda: CausalSmoothing(2.0, 8.0))
    _face: CausalSmoothing = field(default_factory=lambda: CausalSmoothing(3.0, 10.0))

    @property
    def is_calibrated(self) -> bool:
        """Return whether the driver's rest is known."""
        return self._rest is not None

    def row(self, time_s: float, rgb: Pixels) -> LiveRow | None:
        """Return the row of the next (h, w, 3) picture; None before the driver is known."""
        followed = self.follower.follow(rgb)
        if followed.begins:
            self._pose.reset()
            self._face.reset()
        seen = None if followed.face is None else _seen(time_s, followed.face.mesh, followed.face.confidence, rgb)
        if self._rest is None:
            self._look_at(seen)
            return None
        return nobody(time_s) if seen is None else self._driven(self._rest, seen)

    def _look_at(self, seen: _Seen | None) -> None:
        """Learn the driver's rest once he has been seen for long enough."""
        if seen is None:
            return
        self._looked_at.append(seen)
        lasts = seen.time_s - self._looked_at[0].time_s
        if lasts >= CALIBRATION_S and len(self._looked_at) >= LEAST_PICTURES:
            self._rest = _rest_of(self.rig, self._looked_at)
            self._looked_at = []

    def _driven(self, rest: _Rest, seen: _Seen) -> LiveRow:
        own = remove_pose(seen.landmarks, fit_similarities(rest.still, seen.still[None])[0])[None]
        weights, eyes = solved(self.rig, rest.identity, own)
        share = open_share(own, eyes, rest.identity)
        self._lids.append((seen.time_s, share[0]))
        times, shares = (np.array(part) for part in zip(*self._lids, strict=True))
        weights = blinked(weights, share, shut_share(shares, times))
        smooth = self._face.smoothed(seen.time_s, np.concatenate([weights[0], eyes.reshape(-1)]).astype(np.float64))
        pose = self._pose.smoothed(seen.time_s, seen.head).astype(np.float32)
        head, turned = turned_from(rest.head, pose[None], smooth[N_WEIGHTS:].reshape(1, 2, 2).astype(np.float32))
        shown = offsets(smooth[None, :N_WEIGHTS].astype(np.float32), rest.weights)
        return LiveRow(seen.time_s, shown[0], head[0], turned[0], seen.confidence)


def _seen(time_s: float, mesh: Floats, confidence: float, rgb: Pixels) -> _Seen:
    points = kept(mesh)
    landmarks, still = points[:N_LANDMARKS], points[N_LANDMARKS:]
    rotation = head_rotations(still[None])
    place = head_places(landmarks[None], rotation, (rgb.shape[1], rgb.shape[0]))
    return _Seen(time_s, landmarks, still, np.concatenate([rotation[0], place[0]]), confidence)


def _rest_of(rig: Rig, seen: list[_Seen]) -> _Rest:
    """Return the rest of a driver who has been looked at."""
    landmarks, still = np.stack([each.landmarks for each in seen]), np.stack([each.still for each in seen])
    heads, rows = np.stack([each.head for each in seen]), np.arange(len(seen))
    faces = normalised_by_still(landmarks, still, rows)
    driver = find_driver(rig, faces, heads[:, :3], rows)
    weights, eyes = solved(rig, driver.identity, faces)
    weights = with_blinks(weights, faces, eyes, driver.identity, np.array([each.time_s for each in seen]))
    return _Rest(
        identity=driver.identity,
        still=own_still(landmarks, still),
        weights=np.median(weights[driver.rest], axis=0).astype(np.float32),
        head=np.median(heads[driver.rest], axis=0).astype(np.float32),
    )


def nobody(time_s: float) -> LiveRow:
    """Return the row of a picture without the driver."""
    still = np.zeros((2, 2), np.float32)
    return LiveRow(time_s, np.zeros(N_WEIGHTS, np.float32), np.zeros(6, np.float32), still, 0.0)
