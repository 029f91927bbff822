"""The meshes of a video's face, kept in a temporary file: hours of video need no memory."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from types import TracebackType
from typing import Final, Self

import numpy as np

from space_runtime.arrays import Doubles, Floats
from space_runtime.dubbing.picture import TrackedFace
from space_runtime.geometry import estimate_pose, landmarks_from_mesh
from space_runtime.media.atomic_files import writing

N_POINTS: Final = 478
ROW_BYTES: Final = N_POINTS * 3 * 4
KERNEL: Final[Doubles] = np.array([0.05, 0.25, 0.4, 0.25, 0.05])
"""Weights of a mesh and its neighbours in time: calms the tracker without lag."""
POSE_KERNEL: Final[Doubles] = np.array([1, 6, 15, 20, 15, 6, 1]) / 64
"""The same for the head's pose, by which the new mouth is placed; it may not tremble on the face."""


class MeshStore:
    """Meshes by the number of their picture. Use as a context manager, which deletes the file."""

    def __init__(self) -> None:
        """Begin an empty store."""
        with writing(Path(gettempdir())):
            self._file = TemporaryFile(prefix="space-dub-")  # noqa: SIM115 closed by __exit__
        self._stretches: list[int] = []
        self._n_stretches = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # what could not be written is said already
            self._file.close()

    def __len__(self) -> int:
        return len(self._stretches)

    def append(self, mesh: Floats | None, continues: bool) -> None:
        """Keep the next picture's (478, 3) mesh, None for a picture without the face. continues: no cut before it.

        Raises `OutputError` when the disk is full.
        """
        if mesh is None:
            self._stretches.append(-1)
            row = bytes(ROW_BYTES)
        else:
            self._n_stretches += not (continues and self._stretches and self._stretches[-1] >= 0)
            self._stretches.append(self._n_stretches)
            row = mesh.astype(np.float32).tobytes()
        with writing(Path(gettempdir())):
            self._file.write(row)
            self._file.flush()

    def faces(self) -> list[int]:
        """Return the numbers of the pictures that show the face."""
        return [k for k, stretch in enumerate(self._stretches) if stretch >= 0]

    def mesh(self, k: int) -> Floats:
        """Return the (478, 3) mesh of picture k as it was tracked."""
        self._file.seek(k * ROW_BYTES)
        return np.frombuffer(self._file.read(ROW_BYTES), np.float32).reshape(N_POINTS, 3)

    def face(self, k: int) -> TrackedFace | None:
        """Return the calmed face of picture k, None where there is none. Nothing is taken from beyond a cut."""
        if not 0 <= k < len(self) or self._stretches[k] < 0:
            return None
        pose = estimate_pose(landmarks_from_mesh(self._mean(k, POSE_KERNEL)))
        return TrackedFace(self._mean(k, KERNEL), pose)

    def _mean(self, k: int, kernel: Doubles) -> Floats:
        """Return the weighted mean around picture k; symmetric even at the ends of a stretch, so that nothing lags."""
        reach = next(n for n in range(len(kernel) // 2, -1, -1) if self._joined(k - n, k + n))
        weights = kernel[len(kernel) // 2 - reach : len(kernel) // 2 + reach + 1]
        meshes = np.stack([self.mesh(n) for n in range(k - reach, k + reach + 1)])
        return np.asarray(np.tensordot(weights / weights.sum(), meshes, 1), np.float32)

    def _joined(self, first: int, last: int) -> bool:
        inside = first >= 0 and last < len(self)
        return inside and self._stretches[first] == self._stretches[last] >= 0
