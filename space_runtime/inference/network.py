"""The one place that runs networks: ONNX Runtime sessions with fixed, reproducible settings."""

from __future__ import annotations

import ctypes
import io
import os
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read on import: else it stores a device id and sends usage home

import onnxruntime

from space_runtime.arrays import Floats, Pixels
from space_runtime.errors import BundleError
from space_runtime.inference.device import AUTO, CPU, Device, choose_device
from space_runtime.inference.eight_bit import MODEL, PRECISE, is_exact

Tensor = NDArray[np.generic]

ERRORS, FATAL = 3, 4
"""ONNX Runtime's levels: the least that it writes to standard error."""
onnxruntime.set_default_logger_severity(ERRORS)

VERSION: Final[str] = onnxruntime.__version__


@dataclass(frozen=True, slots=True, eq=False)
class DeviceTensor:
    """A tensor in a device's memory: fed to networks of that device without a copy."""

    _value: onnxruntime.OrtValue

    def numpy(self) -> Tensor:
        """Return its numbers; copied from the device if that has a memory of its own."""
        return np.asarray(self._value.numpy())


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A loaded network. Runs are pure: equal inputs of equal shape give equal bits on one machine's CPU."""

    name: str
    inputs: dict[str, tuple[int | str, ...]]
    outputs: tuple[str, ...]
    device: Device
    _session: onnxruntime.InferenceSession

    def run(self, feeds: Mapping[str, Tensor], outputs: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Return the named outputs by name, by default all; what only others need is still computed."""
        names = self.outputs if outputs is None else outputs
        return dict(zip(names, self._session.run(list(names), dict(feeds)), strict=True))

    def run_on_device(
        self, feeds: Mapping[str, Tensor | DeviceTensor], outputs: Sequence[str] | None = None
    ) -> dict[str, DeviceTensor]:
        """Return the named outputs, by default all, in the device's memory; bound inputs there are not copied.

        For large tensors that stay from run to run (a portrait's appearance, states). On the CPU `run` is faster.
        """
        names = self.outputs if outputs is None else outputs
        binding = self._session.io_binding()
        for name, value in feeds.items():
            if isinstance(value, DeviceTensor):
                binding.bind_ortvalue_input(name, value._value)
            else:
                binding.bind_cpu_input(name, np.ascontiguousarray(value))
        for name in names:
            binding.bind_output(name, self.device.memory)
        self._session.run_with_iobinding(binding)
        return {name: DeviceTensor(value) for name, value in zip(names, binding.get_outputs(), strict=True)}

    def place(self, values: Tensor) -> DeviceTensor:
        """Return a copy of the values in the device's memory, for `run_on_device`."""
        copy = np.array(values, order="C")  # on the CPU a device tensor is a view of its array
        return DeviceTensor(onnxruntime.OrtValue.ortvalue_from_numpy(copy, self.device.memory))

    def state_size(self, name: str) -> int:
        """Return the length of a state input's last axis. Raises `BundleError` when it is not fixed."""
        size = self.inputs[name][-1]
        if not isinstance(size, int):
            raise BundleError(f"network {self.name!r} has a state of free size; use a bundle made for this version")
        return size


def available_providers() -> tuple[str, ...]:
    """Return the providers that the installed ONNX Runtime is built with; not all must work here."""
    return tuple(onnxruntime.get_available_providers())


def open_device(name: str = AUTO) -> Device:
    """Return the device of a name, tried; see `choose_device`. Raises `UsageError`."""
    return choose_device(name, available_providers(), works)


@lru_cache(maxsize=16)
def works(device: Device) -> bool:
    """Return whether networks load on a device, tried once per process."""
    if device.drivers and not any(map(_loads, device.drivers)):
        return False  # trying would take 0.1 s, and lines of errors that nobody asked for
    if device.memory == "cuda" and hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(io.StringIO()):  # CUDA's libraries out of Python packages, if they are installed
            onnxruntime.preload_dlls()
    onnxruntime.set_default_logger_severity(FATAL)
    try:
        session = onnxruntime.InferenceSession(
            str(MODEL), _options(False), providers=[device.provider], enable_fallback=0
        )
    except Exception:
        return False
    finally:
        onnxruntime.set_default_logger_severity(ERRORS)
    return device.provider in session.get_providers()


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


@lru_cache(maxsize=1)
def needs_precision() -> bool:
    """Return whether eight-bit sums overflow on this processor unless `PRECISE` is set; tried once per process."""
    session = onnxruntime.InferenceSession(str(MODEL), _options(False), providers=[CPU.provider])

    def product(rows: Pixels) -> Floats:
        return np.asarray(session.run(["sum"], {"x": rows})[0], np.float32)

    return not is_exact(product)


def load_network(name: str, path: Path, device: Device = CPU, precise: bool | None = None) -> Network:
    """Return the network in ``path`` on a device, on one thread where that is the CPU.

    precise: sets `PRECISE`; None sets it where the processor needs it. Raises `BundleError` if it does not load.
    """
    options = _options(needs_precision() if precise is None else precise)
    providers = list(dict.fromkeys((device.provider, CPU.provider)))
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
    except Exception as error:
        raise BundleError(
            f"network {name!r} in {path} does not load on {device.name} ({error}); reinstall the bundle"
        ) from error
    inputs = {value.name: tuple(value.shape) for value in session.get_inputs()}
    return Network(name, inputs, tuple(value.name for value in session.get_outputs()), device, session)


def _options(precise: bool) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry(PRECISE, "1" if precise else "0")
    return options
