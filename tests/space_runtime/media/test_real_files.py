"""Files as recorders, editors and people leave them: chunks beside the sound, odd names, files that change."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import soundfile

from space_runtime.arrays import Floats
from space_runtime.errors import MediaError
from space_runtime.media.audio_file import Sound, open_sound
from tests.support.sound_files import mux, wav
from tests.support.sound_variants import LINE, RATE

PLAIN: Final = wav(LINE, RATE)
FORM, DATA = PLAIN[12:36], PLAIN[36:]


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(*parts: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, parts))) + b"WAVE" + b"".join(parts)


def extensible(n_channels: int, mask: int) -> bytes:
    form = struct.pack("<HHIIHHHHI", 0xFFFE, n_channels, RATE, RATE * 2 * n_channels, 2 * n_channels, 16, 22, 16, mask)
    form += bytes.fromhex("0100000000001000800000aa00389b71")
    samples = np.repeat((LINE * 32767).astype("<i2")[:, None], n_channels, axis=1)
    return riff(chunk(b"fmt ", form), chunk(b"data", samples.tobytes()))


SAMPLER: Final = struct.pack("<15I", 0, 0, 20_833, 60, 0, 0, 0, 1, 0, 0, 0, 1_000, 20_000, 0, 0)
BROADCAST: Final = bytes(338) + struct.pack("<Q", 3_600 * RATE) + bytes(256)
"""A bext chunk whose recording began an hour after midnight."""
ID3: Final = b"ID3\3\0\0\0\0\x0f\x76" + bytes(2_038)
WHOLE_FILES: Final[dict[str, bytes]] = {
    "loop points": riff(FORM, DATA, chunk(b"smpl", SAMPLER)),
    "cue points": riff(FORM, DATA, chunk(b"cue ", struct.pack("<III4sIII", 1, 1, 1_000, b"data", 0, 0, 1_000))),
    "time reference": riff(FORM, chunk(b"bext", BROADCAST), DATA),
    "iXML of odd length": riff(FORM, DATA, chunk(b"iXML", b"<BWFXML/>")),
    "ID3 inside": riff(FORM, chunk(b"id3 ", ID3), DATA),
    "ID3 in front": ID3 + PLAIN,
    "LIST of odd length": riff(FORM, chunk(b"LIST", b"INFOabc"), DATA),
    "LIST that names data": riff(FORM, chunk(b"LIST", b"INFOdata" + struct.pack("<I", 9) + b"RIFFxWAVE"), DATA),
    "sound before its format": riff(DATA, FORM),
    "something behind": PLAIN + b"something else",
    "zeros behind": PLAIN + bytes(5_000),
    "wrong bytes per second": PLAIN[:28] + struct.pack("<I", 7) + PLAIN[32:],
    "more speakers than channels": extensible(1, 0x3F),
    "fewer speakers than channels": extensible(2, 0x4),
    "speakers that do not exist": extensible(2, 0x8000_0003),
}
NAMES: Final = (
    "neu\nzeile",
    "umläut 日本 😀",
    "-dash",
    "concat:a|b",
    "file:x",
    "pipe:0",
    "a%03d",
    "'quote\"",
    "x?y=1#z",
)


def read(sound: Sound) -> Floats:
    return np.concatenate(list(sound.blocks()))


@pytest.mark.parametrize("kind", WHOLE_FILES)
def test_what_stands_beside_the_sound_does_not_change_it(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.wav").write_bytes(WHOLE_FILES[kind])
    heard = read(open_sound(tmp_path / "a.wav"))
    assert len(heard) == len(LINE)
    assert np.allclose(heard[:, 0], LINE, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", ["wav", "mp4"])
def test_a_name_is_a_name(tmp_path: Path, name: str, ending: str) -> None:
    path = tmp_path / f"{name}.{ending}"
    if ending == "wav":
        path.write_bytes(PLAIN)
    else:
        mux(tmp_path / "plain.mp4", "aac", [(0.0, LINE)], RATE)
        (tmp_path / "plain.mp4").rename(path)
    assert len(read(open_sound(path))) == pytest.approx(len(LINE), abs=0.02 * RATE)


def test_a_name_of_several_lines_makes_no_second_line(tmp_path: Path) -> None:
    (tmp_path / "one\ntwo\x1b[2J.wav").write_text("no sound")
    with pytest.raises(MediaError) as refused:
        open_sound(tmp_path / "one\ntwo\x1b[2J.wav")
    assert str(refused.value).isprintable()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", Path(os.devnull)):
        with pytest.raises(MediaError, match="pipe or a device"):
            open_sound(path)


def cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 4)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(999))


def while_read(path: Path, change: Callable[[Path], object]) -> Sound:
    soundfile.write(path, np.tile(LINE, 4), RATE)
    sound = open_sound(path)
    for place, _ in enumerate(sound.blocks()):
        if place == 0:
            change(path)
    return sound


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "ogg"])
def test_a_file_that_is_cut_off_while_it_is_read_is_no_short_sound(tmp_path: Path, ending: str) -> None:
    with pytest.raises(MediaError, match=r"cut short|truncated"):
        while_read(tmp_path / f"a.{ending}", cut_off)


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "ogg"])
def test_a_file_that_grows_while_it_is_read_is_heard_and_told(tmp_path: Path, ending: str) -> None:
    assert "grew" in while_read(tmp_path / f"a.{ending}", grow).notes[0]


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_a_file_that_is_gone_before_it_is_read_says_so(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, LINE, RATE)
    sound = open_sound(path)
    path.unlink()
    with pytest.raises(MediaError, match="removed"):
        read(sound)


@pytest.mark.parametrize("text", ['{"error": "quota exceeded"}', "<!DOCTYPE html><html></html>", "Not Found"])
@pytest.mark.parametrize("ending", ["wav", "mp3", "ogg", "m4a"])
def test_an_answer_of_a_server_that_was_saved_as_a_sound_is_refused(tmp_path: Path, text: str, ending: str) -> None:
    (tmp_path / f"a.{ending}").write_text(text)
    with pytest.raises(MediaError, match="not a sound that can be read"):
        open_sound(tmp_path / f"a.{ending}")
