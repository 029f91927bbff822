"""Loads the C# client and its probe into this process when imported. Only for files that ``test_csharp.py`` starts."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

import pytest

from tests.engine_bridge.csharp import dotnet

if reason := dotnet.missing():
    pytest.skip(reason, allow_module_level=True)

dotnet.load(dotnet.compile_core(), dotnet.compile_with_core("Space.Tests", sorted(dotnet.PROBE.glob("*.cs"))))

System: Final[ModuleType] = import_module("System")
Space: Final[ModuleType] = import_module("SpaceRuntime")
Protocol: Final[ModuleType] = import_module("SpaceRuntime.Protocol")
Transport: Final[ModuleType] = import_module("SpaceRuntime.Transport")
Probe = import_module("SpaceTests").Probe


def allocated() -> int:
    """Return the bytes that all threads have allocated so far."""
    return int(System.GC.GetTotalAllocatedBytes(True))


def collections() -> int:
    """Return how often the oldest generation was collected."""
    return int(System.GC.CollectionCount(2))
