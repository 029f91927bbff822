"""The record of an evaluation: numbers by block, row and column, and the SHA-256 of the file that they belong to.

It is written as JSON beside the network, as ``NAME.eval.json``.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from space_runtime.errors import BundleError
from space_runtime.media.atomic_files import written_whole

FORMAT: Final = 1
DIGITS: Final = 4

Measure = tuple[str, str]
"""Row and column of a number within its block, e.g. ("hq_female", "gap_r")."""

Table = dict[str, dict[str, float]]
"""Row → column → value."""


@dataclass(frozen=True, slots=True)
class Found:
    """The numbers that a block measured. missing: what could not be measured → why, in a sentence."""

    values: dict[Measure, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Results:
    """The numbers measured of the ONNX file with this SHA-256. missing: block → what was not measured → why.

    look_ahead: in samples, at which it was measured.

    trained_on: the rows of `export.data.summary`, where the cache has them. training: what the file says of it.
    """

    file: str
    sha256: str
    look_ahead: int
    blocks: dict[str, Table] = field(default_factory=dict)
    missing: dict[str, dict[str, str]] = field(default_factory=dict)
    trained_on: tuple[dict[str, str | float], ...] = ()
    training: dict[str, str] = field(default_factory=dict)

    def value(self, block: str, row: str, column: str) -> float | None:
        """Return a number, None where it was not measured."""
        return self.blocks.get(block, {}).get(row, {}).get(column)

    def adding(self, block: str, found: Found) -> Results:
        """Return these results with a block measured anew; what is no number counts as not measured."""
        table: Table = {}
        for (row, column), value in found.values.items():
            if math.isfinite(value):
                table.setdefault(row, {})[column] = round(float(value), DIGITS)
        missing = {name: why for name, why in self.missing.items() if name != block}
        return replace(
            self,
            blocks={**self.blocks, block: table},
            missing={**missing, block: found.missing} if found.missing else missing,
        )


def path_beside(network: Path) -> Path:
    """Return where the record of a network lies."""
    return network.with_suffix(".eval.json")


def write_results(results: Results, path: Path) -> None:
    """Write the record as JSON."""
    document = {
        "format": FORMAT,
        "file": results.file,
        "sha256": results.sha256,
        "look_ahead_samples": results.look_ahead,
        "blocks": results.blocks,
        "missing": results.missing,
        "trained_on": list(results.trained_on),
        "training": results.training,
    }
    with written_whole(path) as partial:
        partial.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_results(path: Path) -> Results:
    """Return a record. Raises `BundleError` when there is none or it is no record of this format."""
    again = "measure the network with python -m export evaluate --record"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']!r}")
        blocks = {
            block: {row: {name: float(value) for name, value in columns.items()} for row, columns in table.items()}
            for block, table in document["blocks"].items()
        }
        missing, trained_on = dict(document["missing"]), tuple(document["trained_on"])
        training = {str(name): str(value) for name, value in document.get("training", {}).items()}
        file, sha256, look_ahead = str(document["file"]), str(document["sha256"]), int(document["look_ahead_samples"])
        return Results(file, sha256, look_ahead, blocks, missing, trained_on, training)
    except FileNotFoundError:
        raise BundleError(f"{path} is missing, so nobody knows what the network is worth; {again}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{path} is no record of an evaluation ({error}); {again}") from None
