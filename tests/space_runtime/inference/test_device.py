"""The choice of a device: by name, by what ONNX Runtime is built with, and by what works here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from space_runtime import UsageError, load_bundle
from space_runtime.inference import bundle as bundles
from space_runtime.inference import network
from space_runtime.inference.device import AUTO, CPU, DEVICES, NAMES, Device, choose_device
from tests.support.command_line import Call

BY_NAME = {device.name: device for device in DEVICES}
EVERYTHING = tuple(device.provider for device in DEVICES)


def only(*names: str) -> Callable[[Device], bool]:
    """A machine on which these devices work."""
    return lambda device: device.name in names


@pytest.mark.parametrize(
    ("name", "working", "chosen"),
    [
        (AUTO, (), "cpu"),
        (AUTO, ("cuda",), "cuda"),
        (AUTO, ("tensorrt", "openvino", "coreml"), "cpu"),
        (AUTO, ("directml", "migraphx"), "migraphx"),
        ("cpu", ("cuda",), "cpu"),
        ("cuda", ("cuda", "tensorrt"), "cuda"),
        ("tensorrt", ("cuda", "tensorrt"), "tensorrt"),
    ],
)
def test_a_name_chooses_a_device_that_works(name: str, working: tuple[str, ...], chosen: str) -> None:
    assert choose_device(name, EVERYTHING, only(*working)) == BY_NAME[chosen]


def test_what_is_not_built_in_is_never_tried() -> None:
    def tried(device: Device) -> bool:
        raise AssertionError(device)

    assert choose_device(AUTO, (CPU.provider,), tried) == CPU
    with pytest.raises(
        UsageError, match=r"lacks CUDAExecutionProvider \(.*pip install onnxruntime-gpu\); use auto or cpu"
    ):
        choose_device("cuda", (CPU.provider,), tried)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=f"'gpu'.* {', '.join(NAMES)}"):
        choose_device("gpu", EVERYTHING, only())


def test_a_device_that_does_not_start_is_refused_with_those_that_do() -> None:
    with pytest.raises(UsageError, match=r"'cuda' cannot be used: .*does not start.*; use auto or openvino or cpu"):
        choose_device("cuda", EVERYTHING, only("openvino"))


def test_a_driver_that_is_not_there_is_not_tried_further(capfd: pytest.CaptureFixture[str]) -> None:
    network.works.cache_clear()
    assert not network.works(Device("toy", "CUDAExecutionProvider", drivers=("libno_such_driver.so.7",)))
    assert network.works(CPU)
    assert capfd.readouterr() == ("", "")


def test_a_bundle_says_what_its_networks_run_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = Device("toy", CPU.provider)
    monkeypatch.setattr(bundles, "open_device", lambda name: toy)
    with caplog.at_level(logging.DEBUG, "space_runtime.inference"):
        bundle = load_bundle(device="toy")
        placed = {name: bundle.network(name).device for name in ("speech2landmarks", "landmarks2latents")}
    assert placed == {"speech2landmarks": CPU, "landmarks2latents": toy}
    assert "networks run on toy (CPUExecutionProvider)" in caplog.text
    assert "network speech2landmarks runs on cpu" in caplog.text


def test_commands_refuse_a_device_in_one_sentence(call: Call, line: Path, tmp_path: Path) -> None:
    for words in (("bake", line, "--out", tmp_path / "out"), ("serve",), ("bench",), ("doctor",), ("bench", "serve")):
        done = call(*words, "--device", "abacus")
        assert done.code == 2
        assert "'abacus'" in done.complaint and "cpu" in done.complaint
    assert not (tmp_path / "out").exists()


def test_a_bake_on_the_cpu_says_nothing_new(call: Call, line: Path, tmp_path: Path) -> None:
    for name in (AUTO, "cpu"):
        assert call("bake", line, "--formats", "npz", "--out", tmp_path / name, "--device", "cpu").code == 0
    assert (tmp_path / AUTO / "line.npz").read_bytes() == (tmp_path / "cpu" / "line.npz").read_bytes()
