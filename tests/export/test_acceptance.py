"""Acceptance as laws: what limits refuse, what a record must say, what a bundle may be packed with."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="needs the extra 'export'")
pytest.importorskip("onnx", reason="needs the extra 'export'")

from export import __main__ as commands
from export.evaluation import blocks, report
from export.evaluation.acceptance import Limit, Verdict, accept, read_limits
from export.evaluation.results import Found, Results, path_beside, read_results, write_results
from export.packing import pack as packing
from export.packing.model_card import CARD_NAME, card, results_of
from space_runtime.errors import BundleError, UsageError
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.inference.manifest import read_manifest, sha256_of

LIMITS = (
    Limit("lip_sync", "ours", "gap_r", 0.7, 0.8, is_least=True),
    Limit("articulation", "en", "false", 0.03, 0.02, is_least=False),
    Limit("lip_sync", "ours", "gap_lag_ms", 40, 20, is_least=False, around=0),
)


def results_with(gap_r: float, false: float, lag_ms: float = 0.0) -> Results:
    found = Found({("ours", "gap_r"): gap_r, ("ours", "gap_lag_ms"): lag_ms})
    results = Results("speech2landmarks.onnx", "00", 1600).adding("lip_sync", found)
    return results.adding("articulation", Found({("en", "false"): false}))


def test_good_results_are_accepted_and_bad_ones_named() -> None:
    assert accept(results_with(0.75, 0.01), LIMITS) == []
    (failure,) = accept(results_with(0.65, 0.01), LIMITS)
    assert failure == "lip sync ours gap r is 0.65, ≥ 0.7 is required"
    assert len(accept(results_with(0.65, 0.5, -90), LIMITS)) == 3
    assert "was not measured" in accept(Results("f", "00", 1600), LIMITS)[0]


def test_early_is_as_wrong_as_late() -> None:
    assert LIMITS[2].verdict(results_with(1, 0, -30)) is LIMITS[2].verdict(results_with(1, 0, 30)) is Verdict.SHORT


@pytest.mark.parametrize(
    ("gap_r", "verdict"),
    [(0.69, Verdict.FAILS), (0.7, Verdict.SHORT), (0.8, Verdict.OK), (float("nan"), Verdict.FAILS)],
)
def test_verdicts(gap_r: float, verdict: Verdict) -> None:
    assert LIMITS[0].verdict(results_with(gap_r, 0.0)) is verdict


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        ("at_most = 1, at_leats = 2", "at_leats"),
        ("goal = 1", "at_least or at_most"),
        ("at_least = 2, goal = 1", "easier"),
    ],
)
def test_limits_that_make_no_sense_are_refused(tmp_path: Path, facts: str, complaint: str) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(f"[block.row]\ncolumn = {{ {facts} }}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=complaint):
        read_limits(path)


def test_every_limit_belongs_to_a_block_that_exists() -> None:
    assert {limit.block for limit in read_limits()} <= set(blocks.BLOCKS) == set(report.TITLES)


def test_results_survive_writing_and_reading(tmp_path: Path) -> None:
    results = results_with(0.7251, 0.01).adding("rest", Found({}, {"silero": "not here"}))
    write_results(results, tmp_path / "r.json")
    assert read_results(tmp_path / "r.json") == results


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "blocks": {"a": 3}}'])
def test_garbage_is_no_record(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.json").write_text(content, encoding="utf-8")
    with pytest.raises(BundleError, match="record"):
        read_results(tmp_path / "r.json")


def test_tables_show_every_number_and_every_reason() -> None:
    results = results_with(0.7251, 0.011).adding("rest", Found({}, {"silero": "not here"}))
    text = report.as_markdown(results)
    assert "0.725" in text and "1.10%" in text and "not here" in text


# Packing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))


def perfect(network: Path) -> Results:
    """A record that keeps every limit."""
    results = Results(network.name, sha256_of(network), packing.look_ahead())
    for block in {limit.block for limit in read_limits()}:
        mine = [limit for limit in read_limits() if limit.block == block]
        values = {(one.row, one.column): one.goal if one.around is None else one.around for one in mine}
        results = results.adding(block, Found(values))
    return results


def test_packing_asks_for_a_record_of_this_very_file(folder: Path) -> None:
    network = folder / "speech2landmarks.onnx"
    path_beside(network).unlink(missing_ok=True)
    with pytest.raises(BundleError, match=r"eval\.json is missing"):
        packing.pack(folder)
    write_results(dataclasses.replace(perfect(network), sha256="0" * 64), path_beside(network))
    with pytest.raises(BundleError, match="another speech2landmarks"):
        packing.pack(folder)
    write_results(dataclasses.replace(perfect(network), look_ahead=800), path_beside(network))
    with pytest.raises(BundleError, match="was measured looking 800 samples ahead, the bundle looks 1600"):
        packing.pack(folder)
    write_results(perfect(network), path_beside(network))
    assert packing.pack(folder).entry("speech2landmarks").sha256 == sha256_of(network)


def test_a_network_that_fails_is_named_and_packed_by_force_alone(folder: Path) -> None:
    network = folder / "speech2landmarks.onnx"
    bad = Found({("grid_nine", "gap_r"): 0.1})
    write_results(perfect(network).adding("lip_sync", bad), path_beside(network))
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(BundleError, match=r"gap r is 0\.1, ≥ "):
        packing.pack(folder)
    assert (folder / "manifest.json").read_bytes() == before
    packing.pack(folder, force=True)
    assert "0.100" in (folder / CARD_NAME).read_text(encoding="utf-8")


def test_making_everything_leaves_the_bundle_alone_until_the_network_is_accepted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quality = {"lip_sync": 0.1}
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def made(data: Path, cache: Path, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / "speech2landmarks.onnx", to)

    def measured(data: Path, cache: Path, network: Path, record: bool) -> None:
        results = perfect(network)
        for block, gap_r in quality.items():
            results = results.adding(block, Found({("grid_nine", "gap_r"): gap_r}))
        write_results(results, path_beside(network))

    for name, step in {"prepare": None, "train": None, "export": made, "evaluate": measured}.items():
        monkeypatch.setattr(commands, name, step or (lambda *_: None))
    monkeypatch.setattr(commands, "EMBEDDED", folder)
    monkeypatch.setattr(commands, "pack", lambda: packing.pack(folder))
    with pytest.raises(BundleError, match=r"not good enough"):
        commands.make(data=tmp_path, cache=tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    quality.clear()
    commands.make(data=tmp_path, cache=tmp_path)
    assert read_results(folder / "speech2landmarks.eval.json") == perfect(folder / "speech2landmarks.onnx")


def test_a_recipe_with_another_look_ahead_than_the_bundle_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    text = commands.RECIPE.read_text(encoding="utf-8")
    recipe = tmp_path / "other.toml"
    recipe.write_text(text.replace("look_ahead_samples = 1600", "look_ahead_samples = 800"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"other\.toml looks 800 samples ahead and bundle\.toml says 1600"):
        commands.make(recipe, tmp_path, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_the_shipped_network_is_the_one_that_was_measured() -> None:
    manifest = read_manifest(EMBEDDED)
    results = results_of(manifest, EMBEDDED)
    assert results is not None
    assert accept(results) == []
    assert (EMBEDDED / CARD_NAME).read_text(encoding="utf-8") == card(manifest, results)
