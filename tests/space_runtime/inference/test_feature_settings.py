"""The features' parameters in the manifest: the shipped bundle states this runtime's, another one's are refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest

from space_runtime import BundleError, load_bundle
from space_runtime.animation.stages import features
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.inference.feature_settings import FEATURES, FeatureSettings
from space_runtime.inference.manifest import read_manifest, write_manifest

SHIPPED = {
    "frame": 400,
    "frame_hop": 160,
    "n_fft": 512,
    "n_mels": 48,
    "lowest_hz": 60.0,
    "highest_hz": 7600.0,
    "pre_emphasis_hz": 500.0,
    "level_decay_db_per_s": 3.0,
    "level_smoothing": 0.1,
    "level_floor": 1e-7,
    "band_floor": 1e-6,
    "scale": 0.5,
    "offset": 3.0,
}
"""The settings that the embedded networks were trained on. Others need other networks."""

NAMES = [field.name for field in fields(FeatureSettings)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EMBEDDED, tmp_path / "bundle"))


def rewrite(folder: Path, **changes: object) -> None:
    """Change parameters in the manifest as a text; None takes one out."""
    path = folder / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"] = {k: v for k, v in {**document["features"], **changes}.items() if v is not None}
    path.write_text(json.dumps(document), encoding="utf-8")


def complaint(folder: Path) -> str:
    """The one sentence with which the bundle is refused."""
    with pytest.raises(BundleError) as refused:
        load_bundle(folder)
    message = str(refused.value)
    assert "\n" not in message and len(message) < 400
    return message


def test_the_shipped_bundle_states_what_its_networks_were_trained_on() -> None:
    document = json.loads((EMBEDDED / "manifest.json").read_text(encoding="utf-8"))
    assert document["features"] == SHIPPED
    assert (document["sample_rate"], document["hop"]) == (16_000, 320)
    assert asdict(load_bundle().manifest.features) == SHIPPED


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_trained_on_other_features_is_refused(copy: Path, name: str) -> None:
    """One sentence: which parameter, what the bundle says, what is expected, what to do."""
    ours = getattr(FEATURES, name)
    theirs = ours + 1 if isinstance(ours, int) else ours * 1.25
    write_manifest(replace(read_manifest(copy), features=replace(FEATURES, **{name: theirs})), copy)
    message = complaint(copy)
    assert f"{name} = {theirs}" in message and str(ours) in message and str(copy) in message
    assert "use a bundle made for this version" in message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["3.0", True, [], None], ids=["text", "true", "list", "missing"])
def test_a_parameter_that_is_no_number_is_refused(copy: Path, name: str, value: object) -> None:
    rewrite(copy, **{name: value})
    assert name in complaint(copy)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e400])
def test_a_parameter_that_is_not_finite_is_refused(copy: Path, value: float) -> None:
    rewrite(copy, offset=value)
    assert "offset" in complaint(copy)


def test_a_parameter_that_this_runtime_does_not_know_is_refused(copy: Path) -> None:
    rewrite(copy, deltas=2)
    assert "unknown feature 'deltas'" in complaint(copy)


@pytest.mark.parametrize("value", [None, [], "mel", {}])
def test_a_bundle_that_does_not_say_its_features_is_refused(copy: Path, value: object) -> None:
    path = copy / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"] = value
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "features" in complaint(copy)
    del document["features"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "features" in complaint(copy)


def test_the_features_are_computed_from_what_the_manifest_states() -> None:
    assert (features.FRAME, features.FRAME_HOP, features.N_FFT, features.N_MELS) == (400, 160, 512, 48)
    assert (features.LOWEST_HZ, features.HIGHEST_HZ, features.PRE_EMPHASIS_HZ) == (60.0, 7600.0, 500.0)
    assert pytest.approx(10**-0.3) == features.LEVEL_DECAY**100  # 3 dB in a second of 100 frames
    assert (features.LEVEL_SMOOTHING, features.LEVEL_FLOOR) == (0.1, 1e-7)
    assert np.float32(1e-6) == features.BAND_FLOOR
    assert (float(features.SCALE), float(features.OFFSET)) == (0.5, 3.0)
