"""Files with several tracks or several files in them: what players play is heard, and a sentence says what is not."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest
from av.stream import Disposition

from space_runtime.arrays import Floats
from space_runtime.media.audio_file import open_sound
from tests.support.sound_variants import LINE, RATE, encoded, filmed, glued

TONE: Final = np.asarray(0.3 * np.sin(2 * np.pi * 440 * np.arange(len(LINE)) / RATE), np.float32)
OTHER: Final = "another file is glued"


def write_tracks(path: Path, tracks: Sequence[tuple[Floats, bool]]) -> None:
    """Write tracks, some of them the default, in order."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in tracks]
        for stream, (_, is_default) in zip(streams, tracks, strict=True):
            stream.disposition = Disposition.default if is_default else Disposition(0)
        for first in range(0, len(LINE), 1024):
            for stream, (samples, _) in zip(streams, tracks, strict=True):
                part = (samples[None, first : first + 1024] * 32767).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
                frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), first
                container.mux(stream.encode(frame))


def heard(path: Path) -> tuple[Floats, tuple[str, ...]]:
    sound = open_sound(path)
    return np.concatenate(list(sound.blocks()))[:, 0], sound.notes


@pytest.mark.parametrize("default", [0, 1, 2])
def test_the_default_track_is_heard_and_told(tmp_path: Path, default: int) -> None:
    sounds = [LINE if place == default else TONE for place in range(3)]
    write_tracks(tmp_path / "film.mkv", [(samples, place == default) for place, samples in enumerate(sounds)])
    samples, notes = heard(tmp_path / "film.mkv")
    assert np.corrcoef(samples[: len(LINE)], LINE[: len(samples)])[0, 1] > 0.99
    assert notes == (f"it has 3 sound tracks; number {default + 1} is heard",)


def test_a_track_of_a_film_is_heard_without_its_picture(tmp_path: Path) -> None:
    filmed("aac")(tmp_path / "film.mp4")
    samples, notes = heard(tmp_path / "film.mp4")
    assert abs(len(samples) - len(LINE)) < 0.02 * RATE
    assert not notes


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.flv", "aac"), ("a.tta", "tta")])
def test_a_file_behind_another_that_players_do_not_play_is_told(tmp_path: Path, name: str, codec: str) -> None:
    one = encoded(codec)
    one(tmp_path / f"one_{name}")
    glued(one, one)(tmp_path / name)
    alone, twice = heard(tmp_path / f"one_{name}"), heard(tmp_path / name)
    assert len(alone[0]) == len(twice[0])
    assert not alone[1]
    assert any(note.startswith(OTHER) for note in twice[1])


def test_a_fragmented_file_is_one_file(tmp_path: Path) -> None:
    encoded("aac", options={"movflags": "frag_keyframe+empty_moov"})(tmp_path / "a.mp4")
    assert not heard(tmp_path / "a.mp4")[1]
