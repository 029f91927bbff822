"""``python -m export judge-dub``: the last sentences of a filmed woman, each dubbed with another of her sentences."""

from __future__ import annotations

import time
from dataclasses import astuple, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from export.evaluation.dub_measures import DubMeasures, measure
from space_runtime.arrays import Floats, Pixels
from space_runtime.capture.face_following import FaceFollower
from space_runtime.dubbing.dub import VOICE, dub
from space_runtime.dubbing.lower_face import lower_face
from space_runtime.dubbing.mesh_store import MeshStore
from space_runtime.dubbing.spoken_face import SpokenFace
from space_runtime.dubbing.video_person import follow_person
from space_runtime.inference.bundle import Bundle, load_bundle
from space_runtime.media.audio_file import open_sound
from space_runtime.media.video_reader import open_video
from space_runtime.portrait.portrait import open_tracker

SENTENCES: Final = 10
ACCEPTED: Final = "≥ 0.9", "0.8…1.2", "1", "≥ 45", "≤ 1.05", "about 1", "≤ 1.05", "≤ 1.1"
"""What each of `DubMeasures` shall be."""
ON_SHEET: Final = 8


def judged(video: Path, line: Path, out: Path, bundle: Bundle) -> DubMeasures:
    """Return the measures of a video that was dubbed to ``out``."""
    tracker, reader = open_tracker(bundle), open_video(video)
    with MeshStore() as store:
        person = follow_person(reader, FaceFollower(tracker), store, lambda what, done, whole: None)
        face = SpokenFace(bundle, person.portrait, person.rest, open_sound(line), reader.fps, VOICE, lambda block: None)
        speaking: list[Floats] = [face.at(at) for at, _ in reader.frames()]
        lower = lower_face(person.rest, np.asarray(bundle.arrays("warp")["triangles"], np.int32))
        return measure(video, out, speaking, store, lower, tracker)


def sheet(video: Path, out: Path) -> Pixels:
    """Return pictures of the source over those of the result, spread over the video."""
    rows = []
    for path in (video, out):
        pictures = [picture.rgb for picture in open_video(path).pictures()]
        rows.append(np.hstack([pictures[round(k)] for k in np.linspace(0, len(pictures) - 1, ON_SHEET)]))
    return np.vstack(rows)


def main(
    data: Annotated[Path, typer.Option(help="The folder with talking heads.")] = Path("../shared/data"),
    sheets: Annotated[Path | None, typer.Option(help="Keep the videos and contact sheets in this folder.")] = None,
) -> None:
    """Print the acceptance table of dubbing."""
    videos = sorted((data / "talking_heads" / "video").glob("*.mp4"))[-SENTENCES:]
    bundle = load_bundle()
    table = Table("sentence", *(field.name for field in fields(DubMeasures)), "pictures/s", "per CPU s")
    rows = []
    with TemporaryDirectory() as scratch:
        folder = sheets or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for video, other in zip(videos, [*videos[1:], videos[0]], strict=True):
            out, began, worked = folder / f"{video.stem}_{other.stem}.mp4", time.perf_counter(), time.process_time()
            counts = dub(video, other, out, bundle=bundle, length="video").counts
            took_s = np.array([time.perf_counter() - began, time.process_time() - worked])
            rows.append((*astuple(judged(video, other, out, bundle)), *(counts.n_dubbed / took_s)))
            table.add_row(video.stem, *(f"{value:.3f}" for value in rows[-1]))
            if sheets:
                cv2.imwrite(str(out.with_suffix(".png")), sheet(video, out)[..., ::-1])
    table.add_row("mean", *(f"{value:.3f}" for value in np.nanmean(rows, 0)))
    table.add_row("accepted", *ACCEPTED, "", "")
    Console(width=150).print(table)


if __name__ == "__main__":
    typer.run(main)
