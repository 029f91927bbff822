"""Laws of the table of lines: what spreadsheets write is read, and all bad rows are told at once by their numbers."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from space_runtime import UsageError
from space_runtime.baking.manifest import Manifest, read_manifest
from space_runtime.baking.settings import LineSettings

DEFAULTS = LineSettings(
    portrait=None,
    emotion="sad=0.5",
    fps="30",
    seed=None,
    formats="json",
    channels="weights",
    plot=False,
    tail=0.3,
    mouth_strength=1.0,
    expression_strength=1.0,
    brow_strength=1.0,
    blinks=17.0,
    gaze="",
    saccade_strength=1.0,
    head="idle",
    head_strength=1.0,
    head_tempo=1.0,
)


def read(folder: Path, text: str | bytes) -> Manifest:
    path = folder / "lines.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_manifest(path, DEFAULTS)


FULL = """sound,out,emotion,intensity,seed,fps,formats,gaze,mouth_strength,plot,text
vo/a.wav,npc/hello,happy,0.7,5,60,"json,npz","10,-5",1.5,yes,"He said ""hm"", then left."
"""
FULL_SEMICOLONS = """sound;out;emotion;intensity;seed;fps;formats;gaze;mouth strength;plot
vo/a.wav;npc/hello;happy;0,7;5;60;json,npz;10,-5;"1,5";x
"""
FULL_TABS = """sound,out,emotion,seed,fps,formats,gaze,mouth_strength,plot,#mine
vo/a.wav,npc/hello,happy=0.7,5,60,json;npz,10;-5,1.5,1,?
""".replace(",", "\t").replace(";", ",")


def test_every_column_reaches_the_settings(tmp_path: Path) -> None:
    ((row,), faults) = ((manifest := read(tmp_path, FULL)).rows, manifest.faults)
    assert not faults
    assert (row.line.sound, row.line.place.as_posix()) == (tmp_path / "vo/a.wav", "npc/hello")
    assert row.settings == replace(
        DEFAULTS,
        emotion="happy=0.7",
        seed=5,
        fps="60",
        formats="json,npz",
        gaze="10,-5",
        mouth_strength=1.5,
        plot=True,
    )
    assert row.checked.fps == 60 and row.checked.controls.first.seed == 5


def test_a_row_directs_its_gaze_blinks_and_head(tmp_path: Path) -> None:
    (tmp_path / "looks.csv").write_text("time,x,y,z\n0,1,2,6\n1,,,\n")
    (tmp_path / "head.csv").write_text("time,yaw,pitch,roll\n0,0,0,0\n1,9,0,0\n")
    header = "sound,look_at,look_space,head_follow,eye_contact,blink_at,head_track"
    rows = 'vo/a.wav,looks.csv,character,0.5,1,"0.5,2:0.6",head.csv\nvo/a.wav,"1,0,6",,,,,\n'
    one, other = (row.checked.controls for row in read(tmp_path, f"{header}\n{rows}").rows)
    first = one.first
    assert first.look_at is not None and first.look_at.tolist() == [1, 2, 6] and first.look_space == "character"
    assert (first.head_follow, first.eye_contact, first.head_mode) == (0.5, 1.0, "given")
    assert [change.controls.look_at is None for change in one.changes] == [False, True, True]
    assert [round(blink.closure, 3) for blink in one.asked_blinks] == [1.0, 0.6]
    assert other.first.look_at is not None and other.first.look_space == "camera" and not other.changes


@pytest.mark.parametrize(
    "text",
    [
        FULL,
        FULL.replace("\n", "\r\n"),
        "\ufeff" + FULL,
        FULL.encode("utf-16"),
        FULL.encode("utf-16-be").join([b"\xfe\xff", b""]),
        "\r\n\r\n" + FULL + "\n,,,,,,,,,,\n  ,\n",
        FULL.replace("sound", "Sound").replace("mouth_strength", " Mouth-Strength "),
        FULL_SEMICOLONS,
        "sep=;\n" + FULL_SEMICOLONS.replace("vo/a.wav;npc/hello", "vo\\a.wav;npc\\hello.npz"),
        FULL_TABS,
    ],
)
def test_spreadsheets_write_it_in_many_ways(tmp_path: Path, text: str | bytes) -> None:
    (tmp_path / "vo").mkdir()
    (tmp_path / "vo" / "a.wav").touch()
    ((expected,), (row,)) = (read(tmp_path, FULL).rows, read(tmp_path, text).rows)
    assert (row.line, row.settings) == (expected.line, expected.settings)


def test_an_empty_cell_takes_the_option_of_the_call(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "sound,emotion,fps\na.wav,,\n").rows
    assert row.settings == DEFAULTS


def test_places_mirror_the_tree_below_the_table(tmp_path: Path) -> None:
    rows = read(tmp_path, f"sound\nnpc/hm.wav\n../far/hm.wav\n{tmp_path}/guard/hm.wav\n/x/hm.wav\nhm.take2.wav\n").rows
    assert [row.line.place.as_posix() for row in rows] == ["npc/hm", "hm", "guard/hm", "hm", "hm.take2"]


def test_files_that_a_row_names_count_from_the_table(tmp_path: Path) -> None:
    (tmp_path / "track.json").write_text('[{"at": 0, "emotion": {"happy": 1}}]')
    (row,) = read(tmp_path, "sound,emotion,portrait\na.wav,track.json,photos/p.jpg\n").rows
    assert row.settings.inputs() == [tmp_path / "track.json", tmp_path / "photos/p.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="only on Windows and macOS names keep one Unicode form")
def test_names_are_found_whatever_their_unicode_form(tmp_path: Path) -> None:
    (tmp_path / "cafe\u0301.wav").touch()
    (row,) = read(tmp_path, "sound\ncaf\u00e9.wav\n").rows
    assert row.line.sound.exists()


BAD = """sound,out,emotion,intensity,seed,fps,formats,gaze,head,tail,plot,channels
a.wav,,glad=1
,x
a.wav,../x
a.wav,/x
a.wav,C:\\x
a.wav,,happy=0.2,0.5
a.wav,,happy,much
a.wav,,,0.5
a.wav,,happy,1.5
a.wav,,,,1.5
a.wav,,,,,fast
a.wav,,,,,,avi
a.wav,,,,,,mp4
a.wav,,,,,,,"90,0"
a.wav,,,,,,,,spin
a.wav,,,,,,,,,nan
a.wav,,,,,,,,,,perhaps
a.wav,,,,,,,,,,,teeth
a.wav,,,,,,,,,,,,much,more
"a
b.wav",,sad
a.wav,,missing.json
fine.wav
"""
SAID = [
    "unknown emotion 'glad'",
    "names no sound",
    *["leaves the output folder"] * 3,
    "intensity '0.5' goes with one label",
    "intensity is 'much'; expected a number",
    "goes with one label in the column emotion, which says ''",
    "intensity outside 0…1",
    "seed is '1.5'; expected a whole number",
    "is not a number",
    "unknown format 'avi'",
    "mp4 shows a face",
    "outside ±35",
    "unknown head mode 'spin'",
    "tail is 'nan'",
    "expected yes or no",
    "unknown channel 'teeth'",
    "14 cells for 12 columns",
    "missing.json': there is no such file",
]


def test_a_misspelt_emotion_is_blamed_not_its_intensity(tmp_path: Path) -> None:
    (fault,) = read(tmp_path, "sound,emotion,intensity\na.wav,hapy,0.5\n").faults
    assert "unknown emotion 'hapy'; the known ones are " in fault and "intensity" not in fault


def test_missing_sounds_are_named_along_with_bad_rows_and_alone_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert read(tmp_path, "sound,seed\na.wav,1\ngone.wav,1\n").faults == ()
    bad, gone = read(tmp_path, "sound,seed\na.wav,1.5\ngone.wav,1\na.wav,2\n").faults
    assert "line 2: seed is '1.5'" in bad and "line 3: there is no sound " in gone and "gone.wav" in gone


def test_all_bad_rows_are_told_at_once_by_their_numbers(tmp_path: Path) -> None:
    for name in ("fine.wav", "a\nb.wav"):
        (tmp_path / name).touch()
    manifest = read(tmp_path, BAD)
    numbers = [*range(2, 21), 23]
    assert len(manifest.faults) == len(SAID)
    for number, said, fault in zip(numbers, SAID, manifest.faults, strict=True):
        assert fault.startswith(f"{tmp_path / 'lines.csv'} line {number}: "), fault
        assert said in fault
        assert "\n" not in fault.replace("a\nb.wav", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column named sound"),
        ("a.wav,happy\n", "no column named sound; its first row names the columns: sound, out, intensity, portrait"),
        ("sound,emotoin\na.wav,happy\n", "unknown column 'emotoin'"),
        ("sound,seed,Seed\na.wav,1,2\n", "has the column seed twice"),
        ("sound\n\n\n", "names no line"),
        ("sound,text\na.wav,\"he said\nb.wav,x\n", "line 2: the row is no CSV"),
        ("sound,text\na.wav,\"he\" said\n", "line 2: the row is no CSV"),
        ("sound,seed\n.\n", "sound '.' is a folder"),
        ("sound\nnowhere/..\n", "is a folder; write a sound a row"),
        ("sound\na\0b.wav\n", "which no file can be called"),
        (b"sound,text\na.wav,x\nb.wav,\xfcber\n", "not UTF-8 in line 3; save it as 'CSV UTF-8'"),
        (b"\xff\xfea", "not UTF-8"),
        ("sound,text\na.wav," + "x" * 200_000, "the row is no CSV"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_is_one_sentence(tmp_path: Path, text: str | bytes, said: str) -> None:
    try:
        (sentence,) = read(tmp_path, text).faults
    except UsageError as error:
        sentence = str(error)
    assert said in sentence


@given(
    st.binary(max_size=200)
    | st.text('sound,;\t"\n.wav\0\ufeff=0', max_size=80).map(lambda text: f"sound,seed{text}".encode())
)
@settings(max_examples=150)
def test_junk_is_a_table_or_one_sentence(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        try:
            faults = read(Path(folder), data).faults
        except UsageError as error:
            faults = (str(error),)
    assert all(fault and "Traceback" not in fault for fault in faults)


def test_a_table_that_is_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.csv", tmp_path / ("x" * 999)):
        with pytest.raises(UsageError, match="is no file"):
            read_manifest(path, DEFAULTS)
