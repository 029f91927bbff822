"""Writes ``MODEL_CARD.md`` of a bundle: what its networks are for, what taught them, what they are worth and are not.

It is made from the manifest, the record of the evaluation and the limits alone, so it can be checked against them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from export.evaluation import report
from export.evaluation.acceptance import Verdict, read_limits
from export.evaluation.results import Results, path_beside, read_results
from space_runtime.errors import BundleError
from space_runtime.inference.manifest import Entry, Manifest

CARD_NAME: Final = "MODEL_CARD.md"
JUDGED: Final = "speech2landmarks"
INTENDED: Final = """\
Facial animation from speech: lips, jaw and expression of a talking portrait, or of a rig with the 52 ARKit shapes, live
or baked, for games, films, assistants and teaching. Any language, any voice, 16 kHz mono."""
NOT_INTENDED: Final = """\
- Deceiving: showing a real person saying what he or she never said, without consent or without saying so.
- Judging people: emotions are set by the caller. What `voice_emotion.npz` guesses of a line suggests how a character
  may look; it says nothing about what somebody feels. Nothing here recognises who speaks.
- Reading lips, judging pronunciation, medical use: lips look plausible, they are no measurement of a mouth."""
KNOWN: Final = """\
- Three filmed people taught how a mouth moves; other people's habits of opening and rounding are missing.
- Film with clear rights shows English alone. Other languages are known from sound with phone times: closures, contact
  and rounding are measured in them, the size of their motion is not.
- Emotions are displacements after EMFACS with the shapes of ICT-FaceKit, not learned from film.
- The speakers of the row *real english* are new to the network; sentences of the rows of languages are, their synthetic
  voices are not.
- Cries were measured as made of recordings (*barks*, below): no real laugh or scream was heard.
- People who speak freely before other cameras (*strangers*) are followed less well than those of GRID, whose one
  grammar hides faults: another clip's prediction scores 0.3 there."""
HOW: Final = """\
`python -m export evaluate` runs the ONNX file through the runtime's own stages. *Lip sync:* people who taught it
nothing: 24 clips of 7 groups of strangers who speak freely, nine people of GRID with a sentence each, ten sentences of
another; three mouth signals from tracked landmarks, drift of 2 s removed, Pearson's r at the best lag within ±200 ms,
mean over speakers; chance: the same for the predictions of other clips; outliers: clips below half of their set's r.
*Articulation:* sentences that training never speaks, in ten languages, synthesised with exact phone times; closed means
within 10 % of the speaker's own range over rest, 20 ms of grace; the films, which have a frame every 40 ms, are judged
with 40 ms. *Rest:* shares of the range of speech; sounds are made from a seed that training never uses. *Barks:* cries
are made of recorded vowels by WORLD, changed voices by WORLD and filters. *Cost:* seconds of one core."""


def card(manifest: Manifest, results: Results | None) -> str:
    """Return the card of a bundle; without results it says that nobody measured."""
    parts = [
        f"# Model card: {manifest.name} {manifest.version}",
        "Written by `python -m export pack` from the manifest and the record of the evaluation.",
        "## Files\n\n" + _files(manifest),
        f"## Intended use\n\n{INTENDED}",
        f"## Not intended\n\n{NOT_INTENDED}",
        "## What taught them\n\n" + "\n\n".join(_sources(entry) for entry in manifest.entries),
        *([_training(results)] if results and results.trained_on else []),
        f"## What {JUDGED} is worth\n\n" + _worth(manifest, results),
        f"## Limits\n\n{_short_of(results)}{KNOWN}",
        f"## How it was measured\n\n{HOW}",
        *([report.as_markdown(results, level=3).rstrip()] if results else []),
    ]
    return "\n\n".join(parts) + "\n"


def write_card(manifest: Manifest, folder: Path) -> Path:
    """Write the card of the bundle in ``folder`` and return its path."""
    path = folder / CARD_NAME
    path.write_text(card(manifest, results_of(manifest, folder)), encoding="utf-8")
    return path


def results_of(manifest: Manifest, folder: Path) -> Results | None:
    """Return the record of the bundle's Speech2Landmarks; None when there is none of this very file."""
    entry = manifest.entry(JUDGED)
    try:
        results = read_results(path_beside(folder / entry.file))
    except BundleError:
        return None
    return results if results.sha256 == entry.sha256 else None


def _files(manifest: Manifest) -> str:
    lines = ["| file | what it does | licence | MB |", "| --- | --- | --- | --- |"]
    lines += [f"| `{e.file}` | {e.purpose} | {e.licence} | {e.n_bytes / 1e6:.1f} |" for e in manifest.entries]
    return "\n".join(lines)


def _sources(entry: Entry) -> str:
    return "\n".join([f"`{entry.file}`", "", *(f"- {source}" for source in entry.sources)])


def _training(results: Results) -> str:
    lines = ["| corpus | source | hours | speakers | languages | licence |", "| --- | --- | --- | --- | --- | --- |"]
    columns = ("corpus", "source", "hours", "speakers", "languages", "licence")
    for row in results.trained_on:
        cells = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in (row[c] for c in columns)]
        lines.append(f"| {' | '.join(cells)} |")
    parts = [f"## Sound and film that taught {JUDGED}, augmentation not counted", "\n".join(lines)]
    if results.training:
        facts = {name: results.training.get(name, "") or "unknown" for name in ("step", "seed", "data", "commit")}
        stated = (
            "{step} updates, seed {seed}, SHA-256 of the corpora `{data}`; the last of them by commit `{commit}` and "
        )
        stated += "this recipe (export/README.md, *Four trainings*: which were by another; what it gives from nothing):"
        parts += [stated.format(**facts), f"```toml\n{results.training.get('recipe', '').strip()}\n```"]
    return "\n\n".join(parts)


def _worth(manifest: Manifest, results: Results | None) -> str:
    if results is None:
        return "Nobody has measured this file."
    settings = manifest.entry(JUDGED).settings
    asked = f"SHA-256 `{results.sha256}`, look-ahead {settings.get('look_ahead_samples')} samples at 16 kHz."
    return asked + "\n\n" + report.markdown_of(report.verdicts(results), 3)


def _short_of(results: Results | None) -> str:
    if results is None:
        return ""
    short = [limit for limit in read_limits() if limit.verdict(results) is not Verdict.OK]
    lines = [
        f"- Short of its goal: {limit.name} is {report.shown(limit.column, limit.value(results))}, "
        f"the goal is {report.bound_shown(limit, limit.goal)}."
        for limit in short
    ]
    return "\n".join([*lines, ""]) if lines else ""
