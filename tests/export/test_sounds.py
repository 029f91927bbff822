"""The corpus of sounds that are not speech: usable, repeatable, resumable, and what evaluation hears of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from export.data.noise import music, sounds
from export.data.noise.score import ARRANGEMENTS, CHOIRS, VOICES, Layout, compose
from export.data.summary import _sounds
from space_runtime.errors import UsageError
from space_runtime.timebase import SAMPLE_RATE

HAS_MUSIC = shutil.which("fluidsynth") is not None and any(font.exists() for font in music.SOUND_FONTS)
needs_fluidsynth = pytest.mark.skipif(not HAS_MUSIC, reason="fluidsynth or fluid-soundfont-gm is not installed")
KINDS = [*sounds.NOISES, *(pytest.param(kind, marks=needs_fluidsynth) for kind in sounds.PLAYED)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_usable_and_repeats_by_seed(kind: str) -> None:
    first, again, other = (sounds.make_sound(kind, 10, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first.shape == (10 * SAMPLE_RATE,)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert 0.09 < np.abs(first).max() < 0.9  # −20 to −1 dBFS: heard, never clipped
    assert np.sqrt(np.mean(first**2)) > 3e-4
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_any_seed_gives_sound(kind: str) -> None:
    """More than one draw of each kind: rare branches are finite and heard as well."""
    for seed in range(1 if kind in sounds.PLAYED else 3):
        pcm = sounds.make_sound(kind, 4, np.random.default_rng([seed, 77]))
        assert 0.09 < np.abs(pcm).max() < 0.9  # a NaN fails, too


@pytest.mark.parametrize(
    ("kind", "low_hz", "high_hz", "share"),
    [("rumble", 5, 300, 0.9), ("birds", 1500, 8000, 0.9), ("breath", 200, 8000, 0.35), ("mains_hum", 40, 2500, 0.6)],
)
def test_energy_lies_where_the_kind_has_it(kind: str, low_hz: float, high_hz: float, share: float) -> None:
    """Before room and level, averaged over six seeds."""
    shares = []
    for seed in range(6):
        power = np.abs(np.fft.rfft(sounds.NOISES[kind](10 * SAMPLE_RATE, np.random.default_rng(seed)))) ** 2
        hz = np.fft.rfftfreq(10 * SAMPLE_RATE, 1 / SAMPLE_RATE)
        shares.append(power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum())
    assert np.mean(shares) > share


def test_pieces_differ_and_have_notes_throughout() -> None:
    written = set()
    for seed in range(20):
        score = compose(20, np.random.default_rng(seed))
        notes = [message for track in score.tracks for message in track if message.type == "note_on"]
        assert score.length >= 20
        assert len(notes) >= 3
        assert all(0 <= message.note <= 127 and 1 <= message.velocity <= 127 for message in notes)
        written.add(tuple(str(message) for message in notes))
    assert len(written) == 20


@pytest.mark.parametrize("arrangements", [ARRANGEMENTS, CHOIRS])
def test_a_piece_sings_only_where_a_voice_may_be_heard(arrangements: tuple[Layout, ...]) -> None:
    """A choir of a sound font is made of people: no mouth may learn to stay shut at it."""
    for seed in range(200):
        score = compose(20, np.random.default_rng(seed), arrangements)
        programs = {m.program for track in score.tracks for m in track if m.type == "program_change" and m.channel != 9}
        assert bool(programs & set(VOICES)) == (arrangements is CHOIRS)


def test_training_hears_no_choir() -> None:
    planned = [row.kind for group in sounds.GROUPS if group != sounds.CHOIR for _, row in sounds._planned(group, 1, 30)]
    assert sounds.MUSIC in planned
    assert sounds.CHOIR not in planned


def test_the_table_of_data_names_the_licence_of_the_sound_font(tmp_path: Path) -> None:
    rows = [
        sounds.Sound(f"{n}.flac", group, kind, 1, 30.0, "")
        for n, (group, kind) in enumerate((("instruments", sounds.MUSIC), ("noise", "wind")))
    ]
    (tmp_path / "sounds").mkdir()
    text = "".join(json.dumps(asdict(row)) + "\n" for row in rows)
    (tmp_path / "sounds" / "index.jsonl").write_text(text, encoding="utf-8")
    licences = {row.source.split(",")[0]: row.licence for row in _sounds(tmp_path)}
    assert licences == {"instruments": music.LICENCE, "noise": "made here"}


def test_corpus_is_repeatable_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    index = sounds.make_sounds(whole, 5, 0, 0.7, 0.1)
    sounds.make_sounds(broken, 5, 0, 0.1)  # the run that stopped: its files are the beginning of the longer one
    (kept,) = broken.glob("*.flac")
    kept_at = kept.stat().st_mtime_ns
    sounds.make_sounds(broken, 5, 0, 0.7, 0.1)
    assert kept.stat().st_mtime_ns == kept_at
    assert index == whole / "index.jsonl"
    assert {p.name: p.read_bytes() for p in whole.iterdir()} == {p.name: p.read_bytes() for p in broken.iterdir()}


def test_index_tells_the_truth(tmp_path: Path) -> None:
    sounds.make_sounds(tmp_path, 5, 0, 0.7)
    rows = sounds.read_index(tmp_path)
    assert {row.file for row in rows} == {path.name for path in tmp_path.glob("*.flac")}
    assert sum(row.seconds for row in rows) >= 42
    for row in rows:
        info = soundfile.info(tmp_path / row.file)
        assert (info.samplerate, info.channels, info.subtype) == (SAMPLE_RATE, 1, "PCM_16")
        assert info.frames == round(row.seconds * SAMPLE_RATE)
        assert sounds.SHORTEST_S <= row.seconds <= sounds.LONGEST_S
        assert row.seed == 5
        assert row.licence


def test_seeds_of_training_and_evaluation_share_nothing() -> None:
    trained, judged = (
        sounds.make_sound("wind", 2, np.random.default_rng([seed, 1, 0, 1]))
        for seed in (sounds.TRAINING_SEED, sounds.EVALUATION_SEED)
    )
    assert abs(np.corrcoef(trained, judged)[0, 1]) < 0.2


@pytest.mark.parametrize(("missing", "package"), [("program", "fluidsynth"), ("font", "fluid-soundfont-gm")])
def test_what_is_missing_is_named(missing: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None if missing == "program" else "fluidsynth")
    monkeypatch.setattr(music, "SOUND_FONTS", (tmp_path / "font.sf2",))
    with pytest.raises(UsageError, match=f"install Debian's package {package}$"):
        sounds.make_sounds(tmp_path / "out", 1, 1, 0)
    assert not (tmp_path / "out").exists()


def test_command_line_makes_a_corpus(tmp_path: Path) -> None:
    import typer

    app = typer.Typer()
    app.command()(sounds.main)
    called = CliRunner().invoke(app, [str(tmp_path), "--seed", "7", "--music", "0", "--noise", "0.1"])
    assert called.exit_code == 0
    assert [row.seed for row in sounds.read_index(tmp_path)] == [7]
