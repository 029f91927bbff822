"""Acceptance of a network for the bundle: the limits of ``export/acceptance.toml``, and the goals beside them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from export.evaluation.results import Results, path_beside, read_results
from space_runtime.errors import BundleError, UsageError
from space_runtime.inference.manifest import sha256_of

LIMITS: Final = Path(__file__).parent.parent / "acceptance.toml"
KEYS: Final = frozenset({"at_least", "at_most", "goal", "around"})


class Verdict(StrEnum):
    """A measured number against its limit and goal."""

    OK = "ok"
    """The goal is reached."""
    SHORT = "short"
    """Good enough for a release, short of the goal."""
    FAILS = "fails"
    """Beyond the limit, or not measured."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number must be at least, or at most, ``bound``, and should reach ``goal``, which is no easier.

    around: where a number has a right value, what is limited (at most) is its distance from that.
    """

    block: str
    row: str
    column: str
    bound: float
    goal: float
    is_least: bool
    around: float | None = None

    @property
    def name(self) -> str:
        """The limited quantity in words."""
        return f"{self.block} {self.row} {self.column}".replace("_", " ")

    def value(self, results: Results) -> float | None:
        """Return the number that is limited, None where it was not measured."""
        return results.value(self.block, self.row, self.column)

    def verdict(self, results: Results) -> Verdict:
        """Return how the results stand."""
        value = self.value(results)
        if value is None or not self._reaches(value, self.bound):
            return Verdict.FAILS
        return Verdict.OK if self._reaches(value, self.goal) else Verdict.SHORT

    def shown(self, number: float) -> str:
        """Return a bound as text."""
        return self.worded(f"{number:g}")

    def worded(self, number: str) -> str:
        """Return a bound, given as text, with what it means."""
        sign = "≥" if self.is_least else "≤"
        return f"{sign} {number}" if self.around is None else f"{self.around:g} ± {number}"

    def _reaches(self, value: float, bound: float) -> bool:
        value = value if self.around is None else abs(value - self.around)
        return value >= bound if self.is_least else value <= bound


def read_limits(path: Path = LIMITS) -> tuple[Limit, ...]:
    """Return all limits. Raises `UsageError` on one that has no single bound or an unknown key."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        _limit(path, (block, row, column), facts)
        for block, rows in table.items()
        for row, columns in rows.items()
        for column, facts in columns.items()
    )


def accept(results: Results, limits: tuple[Limit, ...] | None = None) -> list[str]:
    """Return what a release may not be packed with, one phrase per failure; none means accepted."""
    failures = [limit for limit in limits or read_limits() if limit.verdict(results) is Verdict.FAILS]
    return [f"{limit.name} {_found(limit, results)}, {limit.shown(limit.bound)} is required" for limit in failures]


def check_recorded(network: Path, look_ahead: int) -> Results:
    """Return the record of a network that may be packed with a look-ahead in samples.

    Raises `BundleError` when there is none, when it belongs to another file or look-ahead, and when a limit is not
    kept.
    """
    results = read_results(path_beside(network))
    again = "measure it again with python -m export evaluate --record, or pack with --force"
    if results.sha256 != sha256_of(network):
        raise BundleError(f"{path_beside(network).name} was measured on another {network.name}; {again}")
    if results.look_ahead != look_ahead:
        told = f"{results.look_ahead} samples ahead, the bundle looks {look_ahead}"
        raise BundleError(f"{path_beside(network).name} was measured looking {told}; {again}")
    failures = accept(results)
    if failures:
        raise BundleError(f"{network.name} is not good enough to be packed: {'; '.join(failures)}; {again}")
    return results


def _limit(path: Path, names: tuple[str, str, str], facts: dict[str, float]) -> Limit:
    where = ".".join(names)
    if unknown := set(facts) - KEYS:
        raise UsageError(f"{path.name}: {where} has {min(unknown)!r}; known are {', '.join(sorted(KEYS))}")
    bounds = [key for key in ("at_least", "at_most") if key in facts]
    if len(bounds) != 1:
        raise UsageError(f"{path.name}: {where} needs either at_least or at_most")
    bound, is_least = float(facts[bounds[0]]), bounds[0] == "at_least"
    goal = float(facts.get("goal", bound))
    if (goal < bound) if is_least else (goal > bound):
        raise UsageError(f"{path.name}: the goal of {where} is easier than its limit; exchange them")
    around = facts.get("around")
    if around is not None and is_least:
        raise UsageError(f"{path.name}: {where} has around, which goes with at_most")
    return Limit(*names, bound, goal, is_least, around)


def _found(limit: Limit, results: Results) -> str:
    value = limit.value(results)
    return "was not measured" if value is None else f"is {value:g}"
