"""Devices that networks run on, by the names that people write, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

from space_runtime.errors import UsageError

AUTO: Final = "auto"
USUAL_BUILD: Final = "onnxruntime"
GPU_BUILD: Final = "onnxruntime-gpu"
"""Packages of ONNX Runtime, of which an environment can hold one: they write the same files."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device. name: as people write it. provider: ONNX Runtime's name of what runs networks there.

    memory: where ONNX Runtime leaves tensors that stay on the device. automatic: taken unasked where it works.
    drivers: shared libraries of which one must load, else the provider cannot work; none: not known beforehand.
    package: the build of ONNX Runtime that has the provider, where the usual one lacks it.
    """

    name: str
    provider: str
    memory: str = "cpu"
    automatic: bool = False
    drivers: tuple[str, ...] = ()
    package: str = ""


CPU: Final = Device("cpu", "CPUExecutionProvider")
DEVICES: Final = (
    Device("cuda", "CUDAExecutionProvider", "cuda", True, ("libcuda.so.1", "nvcuda.dll"), GPU_BUILD),
    Device("tensorrt", "TensorrtExecutionProvider", "cuda", False, ("libcuda.so.1", "nvcuda.dll"), GPU_BUILD),
    Device("migraphx", "MIGraphXExecutionProvider", automatic=True),
    Device("directml", "DmlExecutionProvider", automatic=True),
    Device("coreml", "CoreMLExecutionProvider"),
    Device("openvino", "OpenVINOExecutionProvider"),
    CPU,
)
"""All known devices, in the order in which `auto` tries those that are automatic. TensorRT first spends minutes on
every network; CoreML and OpenVINO also run on the processor, where they gain nothing sure."""
NAMES: Final = (AUTO, *(device.name for device in DEVICES))


def checked_name(name: str) -> str:
    """Return a device's name, or `AUTO`. Raises `UsageError` for any other."""
    if name not in NAMES:
        raise UsageError(f"unknown device {name!r:.40}; the known ones are {', '.join(NAMES)}")
    return name


def choose_device(name: str, providers: Collection[str], works: Callable[[Device], bool]) -> Device:
    """Return the device of a name; `AUTO`: the first automatic one that works, else the CPU.

    providers: those built into ONNX Runtime. works: tries a device. Raises `UsageError` for an unknown name and for a
    device that cannot be used here.
    """
    usable = (device for device in DEVICES if device.provider in providers and (device == CPU or works(device)))
    if checked_name(name) == AUTO:
        return next((device for device in usable if device.automatic), CPU)
    found = next((device for device in DEVICES if device.name == name), CPU)
    if found == CPU or (found.provider in providers and works(found)):
        return found
    raise UsageError(f"device {name!r} cannot be used: {_reason(found, providers)}; use {_any_of(usable)}")


def _reason(device: Device, providers: Collection[str]) -> str:
    if device.provider not in providers:
        way = f" (pip uninstall {USUAL_BUILD}, then pip install {device.package})" if device.package else ""
        return f"the installed ONNX Runtime lacks {device.provider}{way}"
    return f"{device.provider} does not start, its driver or libraries are missing"


def _any_of(devices: Iterable[Device]) -> str:
    return " or ".join([AUTO, *(device.name for device in devices)])
