"""The one place that runs networks: ONNX Runtime sessions with fixed, reproducible settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read on import: else it stores a device id and sends usage home

import onnxruntime

from space_runtime.errors import BundleError

Tensor = NDArray[np.generic]

onnxruntime.set_default_logger_severity(3)

VERSION: Final[str] = onnxruntime.__version__
PROVIDERS: Final = ("CPUExecutionProvider",)
"""What networks run on: the same bits on every run."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A loaded network. ``run`` is pure: equal inputs of equal shape give equal bits on one machine's CPU."""

    name: str
    inputs: dict[str, tuple[int | str, ...]]
    outputs: tuple[str, ...]
    _session: onnxruntime.InferenceSession

    def run(self, feeds: Mapping[str, Tensor], outputs: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Return the named outputs by name, by default all; what only others need is still computed."""
        names = self.outputs if outputs is None else outputs
        return dict(zip(names, self._session.run(list(names), dict(feeds)), strict=True))

    def state_size(self, name: str) -> int:
        """Return the length of a state input's last axis. Raises `BundleError` when it is not fixed."""
        size = self.inputs[name][-1]
        if not isinstance(size, int):
            raise BundleError(f"network {self.name!r} has a state of free size; use a bundle made for this version")
        return size


def available_providers() -> tuple[str, ...]:
    """Return what the installed ONNX Runtime could run networks on."""
    return tuple(onnxruntime.get_available_providers())


def load_network(name: str, path: Path, threads: int = 1) -> Network:
    """Return the network in ``path``, on the CPU with ``threads`` threads. Raises `BundleError` if it does not load."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Without it, sums of eight-bit products overflow on processors that lack VNNI, and lips stay open.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=list(PROVIDERS))
    except Exception as error:
        raise BundleError(f"network {name!r} in {path} does not load ({error}); reinstall the bundle") from error
    inputs = {value.name: tuple(value.shape) for value in session.get_inputs()}
    return Network(name, inputs, tuple(value.name for value in session.get_outputs()), session)
