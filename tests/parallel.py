"""Tests on several cores, by pytest-xdist: what stays together in one process, what begins first, what runs alone.

A process gets whole files, so that what a file makes for all its tests is made once; files that compile the same
programs are one unit. Long units begin first; otherwise one of them could be the last, beside an idle core. Tests that
play sound and pictures in real time come in the end, when nothing else runs.
"""

from __future__ import annotations

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

ALONE: Final = "alone"
TOGETHER: Final = {
    ALONE: (
        "tests/engine_bridge/csharp/test_csharp.py",
        "tests/space_runtime/live/test_live_browser.py",
        "tests/space_runtime/live/test_lost_server.py",
        "tests/space_runtime/live/test_page_loop.py",
        "tests/space_runtime/server/test_attacks.py",
        "tests/space_runtime/server/test_files_in_children.py",
    ),
    "C#": ("tests/engine_bridge/csharp/",),
    "C++": ("tests/engine_bridge/cpp/", "tests/engine_bridge/unreal/"),
}
"""Units of several files, each with the starts of their names; the first that fits counts."""

FIRST: Final = ("C++", "tests/docs/test_docs.py", "C#")
"""The units that last longest, in this order before all others."""


def unit_of(name: str) -> str:
    """Return the unit of a test, by its name: of those that `TOGETHER` joins, or else its file."""
    joined = (unit for unit, starts in TOGETHER.items() if name.startswith(starts))
    return next(joined, name.partition("::")[0])


class ByUnit(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives units to processes."""

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        for other in self.nodes:  # the last one may have waited for this one
            self._reschedule(other)

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _reschedule(self, node: WorkerController) -> None:
        if not node.shutting_down and not self._waits(node):
            super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if not self._waits(node):
            self.workqueue.move_to_end(min(self.workqueue, key=_place), last=False)
            super()._assign_work_unit(node)

    def _waits(self, node: WorkerController) -> bool:
        """Return whether what is left has to wait for others; ends the process, but not the last one."""
        if list(self.workqueue) != [ALONE]:
            return False
        others = [other for other in self.nodes if other is not node]
        if not all(other.shutting_down for other in others):
            node.shutdown()
        return any(self._pending_of(self.assigned_work[other]) for other in others)


def _place(unit: str) -> int:
    return len(FIRST) + (unit == ALONE) if unit not in FIRST else FIRST.index(unit)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByUnit:
    """Let parallel runs go by units."""
    return ByUnit(config, log)
