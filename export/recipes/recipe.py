"""Recipes: every number that decides what Speech2Landmarks learns from and how, read from one TOML file."""

from __future__ import annotations

import math
import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from space_runtime.animation.stages.features import FRAME_HOP
from space_runtime.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class CorporaPlan:
    """The data to make and learn from.

    n_sentences: in a part of synthetic speech, a few minutes of one voice. n_flite … n_espeak: parts of each voice.
    n_voices: other voices in which every filmed sentence is heard. music_minutes, noise_minutes: sounds that are no
    speech. own_spread: the share, 0…1, by which the size of every filmed person's motion becomes that of all.
    """

    n_sentences: int
    n_flite: int
    n_festival: int
    n_festival_en: int
    n_espeak: int
    n_voices: int
    music_minutes: float
    noise_minutes: float
    own_spread: float = 0.0


MOVING: Final = ("filmed", "synthetic", "recorded", "vocal", "cut", "effort")
"""Corpora with known motion, in the order of their sequences in a batch."""


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Sequences per batch from each source, their length in steps, and the look-ahead in samples."""

    n_filmed: int
    n_synthetic: int
    n_recorded: int
    n_vocal: int
    n_sounds: int
    n_steps: int
    look_ahead_samples: int
    n_cut: int = 0
    n_effort: int = 0

    def n_of(self, corpus: str) -> int:
        """Return the sequences from one of the corpora `MOVING`."""
        number: int = getattr(self, f"n_{corpus}")
        return number

    @property
    def n_moving(self) -> int:
        """Sequences at the start of a batch whose motion is known: filmed, or labelled by the teacher."""
        return sum(map(self.n_of, MOVING))

    @property
    def n_rows(self) -> int:
        """Sequences in a batch."""
        return self.n_moving + self.n_sounds


@dataclass(frozen=True, slots=True)
class PhoneticShares:
    """The share of the targets of `export.data.phonetics` in the motion, 0…1: of lip gap, mouth width and jaw drop.

    jaw_with_lips: how far the jaw follows the lip gap beside what it was filmed doing, in units of their spreads.
    width_later_frames: 10 ms frames by which the mouth's width, filmed and expected, comes later.
    """

    lip_gap: float = 0.0
    mouth_width: float = 0.0
    jaw_drop: float = 0.0
    jaw_with_lips: float = 0.0
    width_later_frames: int = 0


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weights of the terms in the total."""

    points: float
    signals: float
    velocity: float
    classes: float
    closure: float
    speech: float
    tongue: float = 0.0


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """The kind of memory layers, one of `KINDS`, and their sizes."""

    width: int
    n_layers: int
    kind: str = "gru"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe file, parsed. text: as it was read, for the checkpoint."""

    seed: int
    n_updates: int
    learning_rate: float
    last_learning_rate: float
    warm_up: int
    weight_decay: float
    average_decay: float
    log_every: int
    save_every: int
    corpora: CorporaPlan
    network: NetworkPlan
    batch: BatchPlan
    phonetics: PhoneticShares
    losses: LossWeights
    text: str


N_SHARES: Final = 2
"""A batch is worked out in this many shares, on as many threads as there are; each needs a face that moves."""
KINDS: Final = ("gru", "lstm", "convolution", "attention")
_LEAST: Final = dict.fromkeys(
    ("n_updates", "log_every", "save_every", "width", "n_layers", "n_sentences", "noise_minutes"), 1
) | {"n_steps": 20}
"""Numbers without which there is nothing to train (a sequence's first steps have no loss); the others may be 0, none is
negative."""
_MOST: Final = {
    "own_spread": 1,
    "lip_gap": 1,
    "mouth_width": 1,
    "jaw_drop": 1,
    "jaw_with_lips": 1,
    "width_later_frames": 20,
}
"""The most that a number may be, where there is a limit."""
_TABLES: Final[dict[str, type[DataclassInstance]]] = {
    "corpora": CorporaPlan,
    "network": NetworkPlan,
    "batch": BatchPlan,
    "phonetics": PhoneticShares,
    "losses": LossWeights,
}


def read_recipe(path: Path) -> Recipe:
    """Return the recipe in a TOML file. Raises `UsageError` when it is missing or says what no recipe does."""
    try:
        return parse_recipe(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"the recipe {path} cannot be read ({why}); name a file of export/recipes") from None


def parse_recipe(text: str, name: str = "the recipe") -> Recipe:
    """Return the recipe in a text; ``name`` names it in messages. Raises `UsageError` like `read_recipe`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} is no valid TOML ({error}); correct it") from None
    for section, kind in _TABLES.items():
        part = table.get(section, {})
        if not isinstance(part, dict):
            raise UsageError(f"{name} has a value where [{section}] belongs; make it a table")
        table[section] = kind(**_checked(part, kind, f"{name} [{section}]"))
    if (n_moving := table["batch"].n_moving) < N_SHARES:
        wanted = f"expected {N_SHARES} or more of {', '.join(f'n_{corpus}' for corpus in MOVING)} together"
        raise UsageError(f"{name} [batch] has {n_moving} sequences with motion; {wanted}")
    if (ahead := table["batch"].look_ahead_samples) % FRAME_HOP:
        wanted = f"expected a multiple of {FRAME_HOP}, that is of 10 ms"
        raise UsageError(f"{name} [batch] has look_ahead_samples = {ahead}; {wanted}")
    return Recipe(**_checked(table, Recipe, name), text=text)


def _checked(table: dict[str, Any], kind: type[DataclassInstance], where: str) -> dict[str, Any]:
    """Return a table whose names are the fields of a dataclass and whose numbers are numbers."""
    known = {field.name: field.type for field in fields(kind) if field.name != "text"}
    silent = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    table = silent | table
    for key in table:
        if key not in known:
            raise UsageError(f"{where} has the unknown key {key!r}; known are {', '.join(known)}")
    for key, expected in known.items():
        if key not in table:
            raise UsageError(f"{where} lacks the key {key!r}; add it")
        value = table[key]
        if expected == "str" and value not in KINDS:
            raise UsageError(f"{where} has {key} = {value!r}; expected one of {', '.join(KINDS)}")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if expected in {"int", "float"} and (not is_number or (expected == "int" and not isinstance(value, int))):
            raise UsageError(f"{where} has {key} = {value!r}; expected a {'whole ' * (expected == 'int')}number")
        if is_number and not _LEAST.get(key, 0) <= value < math.inf:
            raise UsageError(f"{where} has {key} = {value!r}; expected a number from {_LEAST.get(key, 0)} on")
        if key in _MOST and value > _MOST[key]:
            raise UsageError(f"{where} has {key} = {value!r}; expected a number from 0 to {_MOST[key]}")
    return table
