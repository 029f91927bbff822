"""Tracks faces for training with the runtime's own tracker: videos frame by frame, photos as portraits.

::

    python -m export.data.motion.track videos ../shared/data/talking_heads/video OUT.npz
    python -m export.data.motion.track portraits ../shared/data/portraits OUT.npz

The first writes one array per video, named as its file: (n, 478, 3) meshes in picture pixels and the project's axes,
NaN where no face is found; and ``fps``, (n_videos,) in the order of ``names``. The second writes ``names`` and
``meshes``, (n, 478, 3) in the pixels of the portrait's square, and into a second file, ``OUT_crops.npz``, ``names`` and
``images``, (n, 512, 512, 3).
The results are scratch: they show people and are never committed.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import MediaError
from space_runtime.inference.network import load_network
from space_runtime.portrait.portrait import VIEWS, Portrait, open_portrait, refine
from space_runtime.portrait.tracking import FaceTracker

log = logging.getLogger("track")


def tracker_of(folder: Path) -> FaceTracker:
    """Return the tracker made of the networks in a bundle's folder; the manifest is not needed."""
    names = ("face_detector", "face_mesh", "person_matte")
    detector, mesh, matte = (load_network(name, folder / f"{name}.onnx") for name in names)
    return FaceTracker(detector, mesh, matte)


def frames_of(video: Path) -> Iterator[Pixels]:
    """Yield the (h, w, 3) RGB frames of a video."""
    with av.open(str(video)) as container:
        for picture in container.decode(video=0):
            yield picture.to_ndarray(format="rgb24").astype(np.uint8, copy=False)


def frame_rate(video: Path) -> float:
    """Return the frames per second that a video states."""
    with av.open(str(video)) as container:
        return float(container.streams.video[0].average_rate or 25)


def track_video(video: Path, tracker: FaceTracker) -> Floats:
    """Return (n, 478, 3) meshes; each frame is looked at several times around the previous frame's face."""
    meshes: list[Floats] = []
    near: Floats | None = None
    for rgb in frames_of(video):
        face = tracker.track(rgb, near)
        near = None if face is None else refine(rgb, tracker, face.mesh)
        meshes.append(np.full((478, 3), np.nan, np.float32) if near is None else near)
    return np.stack(meshes)


def track_videos(folder: Path, out: Path, tracker: FaceTracker) -> None:
    """Track every mp4 of a folder into one npz."""
    videos = sorted(folder.glob("*.mp4"))
    tracks: dict[str, Floats] = {}
    for video in videos:
        tracks[video.stem] = track_video(video, tracker)
        log.info(
            "%s: %d frames, %d lost",
            video.stem,
            len(tracks[video.stem]),
            int(np.isnan(tracks[video.stem][:, 0, 0]).sum()),
        )
    rates = np.array([frame_rate(video) for video in videos], np.float32)
    np.savez(out, names=np.array([*tracks]), fps=rates, **tracks)  # type: ignore[arg-type]  # no clip is "allow_pickle"


def track_portraits(folder: Path, out: Path, tracker: FaceTracker) -> None:
    """Track every jpg of a folder; those that the runtime refuses are named and left out."""
    portraits: dict[str, Portrait] = {}
    for photo in sorted(folder.glob("*.jpg")):
        try:
            portraits[photo.stem] = open_portrait(photo, tracker)
        except MediaError as error:
            log.warning("left out: %s", error)
    meshes = np.stack([portrait.mesh for portrait in portraits.values()])
    np.savez(out, names=np.array([*portraits]), meshes=meshes)
    crops = out.with_name(f"{out.stem}_crops.npz")
    np.savez(crops, names=np.array([*portraits]), images=np.stack([portrait.image for portrait in portraits.values()]))
    log.info("%d portraits, %d views each", len(portraits), len(VIEWS))


def main() -> None:
    """Read the command line and track."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description="Track faces for training.")
    parser.add_argument("kind", choices=("videos", "portraits"))
    parser.add_argument("folder", type=Path, help="videos (mp4) or photos (jpg)")
    parser.add_argument("out", type=Path, help="the npz to write")
    parser.add_argument("--models", type=Path, default=Path("space_runtime/models"), help="folder of the networks")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    work = {"videos": track_videos, "portraits": track_portraits}[options.kind]
    work(options.folder, options.out, tracker_of(options.models))


if __name__ == "__main__":
    main()
