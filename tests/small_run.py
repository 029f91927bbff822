"""The small run of ``python run.py test``: pytest's option ``--small`` and the tests that it leaves out.

It says of the runtime and its Python clients whether they work here, in minutes and without PyTorch, compilers, .NET or
a browser. Everything else is left out by the start of its name, with the reason that is printed at the end of the run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]

LEFT_OUT: Final[dict[str, tuple[str, ...]]] = {
    "training and evaluation (PyTorch)": ("tests/export",),
    "clients in C# and C++ (.NET, compilers)": ("tests/engine_bridge/csharp", "tests/engine_bridge/cpp"),
    "pages in a browser (Chromium)": (
        "tests/engine_bridge/adapters/test_viewer_sync.py",
        "tests/engine_bridge/adapters/test_websocket_browser.py",
        "tests/engine_bridge/web/test_example_page.py",
        "tests/docs/test_web_docs.py",
        "tests/docs/test_web_page.py",
    ),
    "servers that are killed, overloaded, attacked or relayed": (
        "tests/space_runtime/server/test_faults.py",
        "tests/space_runtime/server/test_shutdown.py",
        "tests/space_runtime/server/test_extreme_values.py",
        "tests/space_runtime/server/observability/test_status.py",
        "tests/space_runtime/server/relay",
        "tests/space_runtime/server/transport",
        "tests/space_runtime/server/worker/test_keypoints.py",
        "tests/space_runtime/server/worker/test_sink_output.py",
    ),
    "live sources of sound": ("tests/space_runtime/live",),
    "the commands and programs of the documents": (
        "tests/docs/test_docs.py::test_a_command_runs",
        "tests/docs/test_docs.py::test_a_python_example_runs",
        "tests/docs/test_live_docs.py",
        "tests/docs/test_other_machines.py",
        "tests/docs/test_python_docs.py",
    ),
    "slow single ones": (
        "tests/engine_bridge/protocol/test_new_row.py::test_cpp_has_them",
        "tests/engine_bridge/protocol/test_new_row.py::test_csharp_has_them",
        "tests/space_runtime/rig/test_rig.py::test_known_weights",
        "tests/space_runtime/rig/test_rig.py::test_the_solve",
        "tests/space_runtime/commands/test_bad_input.py::test_a_disk_that_fills_up",
        "tests/space_runtime/commands/test_cli.py::test_bench",
        "tests/space_runtime/media/test_image_file.py::test_orientation_of_avif_and_heic_is_undone",
    ),
}
"""The reasons for leaving tests out, each with the starts of their names."""


def reason_of(name: str) -> str | None:
    """Return what a test or a file of tests belongs to that the small run leaves out, None for what it runs."""
    return next((reason for reason, starts in LEFT_OUT.items() if name.startswith(starts)), None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--small``."""
    parser.addoption("--small", action="store_true", help="leave out what `python run.py test --all` has beyond it")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out whole folders and files, without importing them."""
    if not config.getoption("--small") or not collection_path.is_relative_to(ROOT):
        return None
    return True if reason_of(collection_path.relative_to(ROOT).as_posix()) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out single tests."""
    if config.getoption("--small"):
        left_out = [item for item in items if reason_of(item.nodeid)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not reason_of(item.nodeid)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out."""
    if config.getoption("--small"):
        terminalreporter.write_line(f"left out of this small run: {'; '.join(LEFT_OUT)}; python run.py test --all")
