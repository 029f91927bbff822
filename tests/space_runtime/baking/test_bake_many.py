"""Laws of baking again: what has not changed is left alone, what was edited is never lost, nothing stale stays."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from space_runtime import BakeJob, BakeResult, Controls, OutputError, bake, bake_many, load_bundle
from space_runtime.baking import line as baking_line
from space_runtime.baking.cache import read_record, record_path
from space_runtime.baking.jobs import Outcome
from tests.support.files import contents, refuse_to_open
from tests.support.sounds import speechlike

BUNDLE = load_bundle()
HAPPY, SAD = (Controls(emotion={label: 1.0}, seed=1) for label in ("happy", "sad"))


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A sound of 0.2 s."""
    path = tmp_path / "hello.wav"
    soundfile.write(path, speechlike(0.2), 16_000)
    return path


def job_of(sound: Path, controls: Controls = HAPPY, formats: str = "npz,json", **settings: object) -> BakeJob:
    target = sound.parent / "out" / sound.stem
    return BakeJob(sound, target, controls=controls, formats=formats, **settings)  # type: ignore[arg-type]  # of a test


def run(*jobs: BakeJob, overwrite: bool = False, dry_run: bool = False) -> BakeResult:
    """The outcome of the last job."""
    return bake_many(jobs, bundle=BUNDLE, overwrite=overwrite, dry_run=dry_run)[-1]


def test_the_bytes_are_those_of_bake(sound: Path, tmp_path: Path) -> None:
    assert run(job_of(sound, plot=True)).outcome is Outcome.BAKED
    bake(sound, tmp_path / "alone", bundle=BUNDLE, controls=HAPPY, formats="npz,json", plot=True)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")
    assert len(contents(tmp_path / "out")) == 3


def test_what_has_not_changed_is_left_alone(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(job_of(sound))
    monkeypatch.setattr(baking_line, "write_results", lambda *_: pytest.fail("it was baked again"))
    again = run(job_of(sound))
    assert (first.outcome, first.reason) == (Outcome.BAKED, "first bake")
    assert (again.outcome, again.reason) == (Outcome.UNCHANGED, "nothing has changed")
    assert (again.files, again.sound_s) == (first.files, first.sound_s)
    assert first.sound_s == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"controls": SAD}, "other settings"),
        ({"fps": 60}, "other settings"),
        ({"tail_s": 0.0}, "other settings"),
        ({"channels": "weights"}, "other channels"),
    ],
)
def test_other_settings_are_baked(sound: Path, changed: dict[str, object], reason: str) -> None:
    run(job_of(sound))
    before = contents(sound.parent / "out")
    result = run(job_of(sound, **changed))  # type: ignore[arg-type]  # settings of a test
    after = contents(sound.parent / "out")
    assert (result.outcome, result.reason) == (Outcome.BAKED, reason)
    assert all(before[name] != after[name] for name in before)


def test_another_sound_under_the_same_name_is_baked(sound: Path) -> None:
    run(job_of(sound, Controls()))
    soundfile.write(sound, speechlike(0.2, seed=1), 16_000)
    assert run(job_of(sound, Controls())).reason == "another sound, other settings"  # the seed comes from the sound


def test_another_line_of_the_same_name_takes_the_place_with_a_word(sound: Path, tmp_path: Path) -> None:
    run(job_of(sound))
    (tmp_path / "npc").mkdir()
    soundfile.write(tmp_path / "npc" / "hello.wav", speechlike(0.2, seed=1), 16_000)
    other = BakeJob(tmp_path / "npc" / "hello.wav", tmp_path / "out" / "hello")
    assert "out/hello has the results of another line of this name" in run(other).notes[0].replace(os.sep, "/")
    assert run(other).notes == ()


def test_another_version_is_baked(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(job_of(sound))
    monkeypatch.setattr("space_runtime.baking.provenance.VERSION", "99")
    result = run(job_of(sound))
    assert (result.outcome, result.reason) == (Outcome.BAKED, "other versions of the programs")


def test_only_what_is_missing_is_baked(sound: Path) -> None:
    run(job_of(sound, formats="npz"))
    npz = sound.parent / "out" / "hello.npz"
    os.utime(npz, (0, 0))
    result = run(job_of(sound))
    assert (result.outcome, result.reason) == (Outcome.BAKED, "no json yet")
    assert npz.stat().st_mtime == 0
    assert run(job_of(sound)).outcome is Outcome.UNCHANGED


def test_hand_edits_are_never_lost_silently(sound: Path) -> None:
    run(job_of(sound))
    edited = sound.parent / "out" / "hello.json"
    edited.write_text(edited.read_text() + " ")
    for controls in (HAPPY, SAD):
        before = contents(sound.parent / "out")
        result = run(job_of(sound, controls))
        assert isinstance(result.error, OutputError)
        assert "hello.json was changed by hand since the last bake; move it away, or" in str(result.error)
        assert contents(sound.parent / "out") == before
    assert run(job_of(sound, SAD), overwrite=True).outcome is Outcome.BAKED
    assert "sad" in edited.read_text() and run(job_of(sound, SAD)).outcome is Outcome.UNCHANGED


def test_a_file_from_elsewhere_is_never_lost_silently(sound: Path) -> None:
    out = sound.parent / "out"
    out.mkdir()
    (out / "hello.json").write_text("a dialogue")
    result = run(job_of(sound))
    assert "hello.json is there already, and no bake on record wrote it" in str(result.error)
    assert contents(out) == {"hello.json": b"a dialogue"}
    assert run(job_of(sound), overwrite=True).outcome is Outcome.BAKED


def test_an_edit_during_the_bake_is_not_lost(sound: Path) -> None:
    run(job_of(sound))
    edited = sound.parent / "out" / "hello.json"

    def edit(job: BakeJob, done_s: float, total_s: float | None) -> None:
        if done_s > 0:
            edited.write_text("mine")

    (result,) = bake_many([job_of(sound, SAD)], bundle=BUNDLE, on_progress=edit)
    assert edited.read_text() == "mine"
    assert "hello.json was changed meanwhile" in str(result.error)


def test_results_whose_record_was_lost_are_recognised_by_their_bytes(sound: Path) -> None:
    bake(sound, sound.parent / "out", bundle=BUNDLE, controls=HAPPY, formats="npz,json")
    assert run(job_of(sound)).outcome is Outcome.UNCHANGED
    for damaged in (
        b"",
        b"{",
        b"[]",
        b'{"line": "", "origin": 1, "sound_s": 1, "results": {}}',
        b"\xff",
        b"[" * 99_999,
    ):
        record_path(job_of(sound).target).write_bytes(damaged)
        assert read_record(job_of(sound).target) is None
        assert run(job_of(sound)).outcome is Outcome.UNCHANGED


def test_stale_siblings_are_removed_with_a_word(sound: Path, caplog: pytest.LogCaptureFixture) -> None:
    run(job_of(sound, HAPPY, "json"))
    planned = run(job_of(sound, SAD, "npz"), dry_run=True)
    assert contents(sound.parent / "out").keys() == {"hello.json"}
    with caplog.at_level(logging.WARNING):
        result = run(job_of(sound, SAD, "npz"))
    assert planned.removed == result.removed == (sound.parent / "out" / "hello.json",)
    assert contents(sound.parent / "out").keys() == {"hello.npz"}
    assert "hello.json was of an earlier bake from other settings, and is removed" in caplog.text


def test_siblings_of_the_same_settings_stay(sound: Path) -> None:
    run(job_of(sound, HAPPY, "json"))
    assert run(job_of(sound, HAPPY, "npz")).removed == ()
    assert contents(sound.parent / "out").keys() == {"hello.json", "hello.npz"}
    assert run(job_of(sound, SAD, "npz")).removed == (sound.parent / "out" / "hello.json",)


def test_stale_siblings_that_were_edited_or_are_unknown_stay_and_are_named(sound: Path) -> None:
    run(job_of(sound, HAPPY, "json"))
    edited = sound.parent / "out" / "hello.json"
    edited.write_text("mine")
    result = run(job_of(sound, SAD, "npz"))
    assert result.outcome is Outcome.BAKED
    assert "hello.json is of another bake and was changed by hand; it stays" in result.notes[0]
    other = sound.with_name("other.wav")
    sound.rename(other)
    (sound.parent / "out" / "other.mp4").write_bytes(b"?")
    assert "other.mp4 is there too" in run(job_of(other, SAD, "npz")).notes[0]


def test_a_dry_run_writes_nothing_and_says_why(sound: Path) -> None:
    result = run(job_of(sound), dry_run=True)
    assert (result.outcome, result.reason) == (Outcome.PLANNED, "first bake")
    assert not (sound.parent / "out").exists()
    (sound.parent / "out").mkdir()
    (sound.parent / "out" / "hello.json").write_text("mine")
    assert "it stays unless the bake gives the same bytes" in run(job_of(sound), dry_run=True).notes[0]
    (sound.parent / "out" / "hello.json").unlink()
    run(job_of(sound))
    assert run(job_of(sound), dry_run=True).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("n_before", [0, 1])
def test_a_kill_between_two_results_leaves_nothing_that_looks_edited(
    sound: Path, n_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(job_of(sound, HAPPY))
    replaced, original = [0], os.replace

    def killed(source: Path, target: Path) -> None:
        replaced[0] += Path(target).parent.name == "out"
        if replaced[0] > n_before:
            raise SystemExit
        original(source, target)

    monkeypatch.setattr(os, "replace", killed)
    task = baking_line.Task(BUNDLE, overwrite=False, dry_run=False)
    with pytest.raises(SystemExit):
        task.bake(BakeResult(0, job_of(sound, SAD), Outcome.STOPPED), lambda *_: None)
    monkeypatch.undo()
    assert run(job_of(sound, SAD)).outcome is Outcome.BAKED


def test_a_failing_line_harms_no_other_and_the_order_is_kept(tmp_path: Path) -> None:
    jobs = []
    for n in range(6):
        path = tmp_path / f"{n}.wav"
        soundfile.write(path, speechlike(0.1, seed=n) if n % 3 else np.full(800, np.nan), 16_000, "FLOAT")
        jobs.append(job_of(path))
    seen: list[int] = []
    results = bake_many(jobs, bundle=BUNDLE, n_workers=3, on_result=lambda result: seen.append(result.index))
    assert [result.index for result in results] == sorted(seen) == [*range(6)]
    assert [result.outcome for result in results] == [Outcome.FAILED, Outcome.BAKED, Outcome.BAKED] * 2
    assert "NaN" in str(results[0].error)
    assert len(contents(tmp_path / "out")) == 8
    assert not list((tmp_path / "out").glob(".bake-*"))


def test_a_failed_bake_keeps_the_former_results(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(job_of(sound, HAPPY))
    before = contents(sound.parent / "out")

    def full(*_: object) -> float:
        raise OutputError("the disk is full")

    monkeypatch.setattr(baking_line, "write_results", full)
    assert run(job_of(sound, SAD)).outcome is Outcome.FAILED
    assert contents(sound.parent / "out") == before
    assert run(job_of(sound, HAPPY)).outcome is Outcome.UNCHANGED


def test_an_interrupt_hands_over_what_is_done(tmp_path: Path) -> None:
    jobs = []
    for n in range(5):
        soundfile.write(tmp_path / f"{n}.wav", speechlike(0.1, seed=n), 16_000)
        jobs.append(job_of(tmp_path / f"{n}.wav"))
    results: list[BakeResult] = []

    def stop_at_the_third(result: BakeResult) -> None:
        results.append(result)
        if len(results) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bake_many(jobs, bundle=BUNDLE, on_result=stop_at_the_third)
    assert [result.outcome for result in results[:3]] == [Outcome.BAKED] * 3
    left = {name.split(".")[0] for name in contents(tmp_path / "out")}
    assert left == {str(result.index) for result in results if result.outcome is Outcome.BAKED}
    assert not list((tmp_path / "out").glob(".bake-*"))


def test_a_result_that_cannot_be_read_is_one_sentence(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(job_of(sound))
    refuse_to_open(monkeypatch, "hello.npz")
    result = run(job_of(sound))
    assert isinstance(result.error, OutputError)
    assert "hello.npz cannot be read" in str(result.error)


def test_records_say_nothing_about_the_machine(sound: Path) -> None:
    run(job_of(sound))
    text = record_path(job_of(sound).target).read_text()
    assert str(sound.parent) not in text
    assert json.loads(text)["results"].keys() == {"json", "npz"}


@pytest.mark.parametrize("name", ["台詞" * 35, "x" * 240, "a.b.c", "Ünïcode"])
def test_long_and_foreign_names_work(sound: Path, name: str) -> None:
    line = sound.rename(sound.with_name(f"{name}.wav"))
    for outcome in (Outcome.BAKED, Outcome.UNCHANGED):
        result = run(job_of(line))
        assert (result.outcome, result.error) == (outcome, None)


def test_channels_can_be_left_out(sound: Path) -> None:
    run(job_of(sound, channels="weights,head"))
    told = json.loads((sound.parent / "out" / "hello.json").read_text())
    with np.load(sound.parent / "out" / "hello.npz") as clip:
        assert set(clip) == set(told)
    assert "blendshapes" in told and "head_rotation_rad" in told and "times_s" in told
    assert not {"landmarks", "eye_rotation_rad"} & set(told)
    all_of_it = bake(sound, sound.parent / "all", bundle=BUNDLE, controls=HAPPY, formats="json")[0]
    assert (sound.parent / "out" / "hello.json").stat().st_size < all_of_it.stat().st_size * 0.7
    whole = json.loads(all_of_it.read_text())
    assert {key: whole[key] for key in told} == told


def test_no_jobs_are_no_work() -> None:
    assert bake_many([]) == ()
