"""``space-runtime suggest-emotion``: what a voice sounds like, phrase by phrase, and an emotion track to start from."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer

from space_runtime.commands.shared_options import BundleFolder, Debug
from space_runtime.emotion import Emotion
from space_runtime.errors import UsageError, counted, one_line
from space_runtime.inference.bundle import load_bundle
from space_runtime.media.atomic_files import prepared_file, same_place, written_whole
from space_runtime.media.audio_file import open_sound
from space_runtime.voice.emotion import Phrase, VoiceEmotion, VoiceModel, phrases, suggest

FADE_S: Final = 0.3
"""Seconds in which a suggested emotion comes."""
Guess = tuple[Phrase, VoiceEmotion]


def suggest_emotion_command(
    line: Annotated[Path, typer.Argument(help="Sound file: WAV, FLAC, OGG, Opus, MP3, m4a …", metavar="LINE")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write an emotion track for bake --emotion.")
    ] = None,
    bundle: BundleFolder = None,
    debug: Debug = False,
) -> None:
    """Guess the emotion of a voice, phrase by phrase. It only suggests: no other command follows it unasked."""
    if json_file is not None and same_place(json_file, line):
        raise UsageError(f"the track would overwrite the line {line}; name another file with --json")
    with prepared_file(json_file) if json_file else nullcontext():
        guesses = _told(line, VoiceModel.from_bundle(load_bundle(bundle)))
        if json_file is not None:
            track = emotion_track(guesses)
            with written_whole(json_file) as partial:
                partial.write_text(json.dumps(track, indent=1) + "\n", encoding="utf-8")
            print(one_line(f"{json_file}: {_summary(track)}"))


def _told(line: Path, model: VoiceModel) -> list[Guess]:
    """Print the guesses of a line as they are made, and return them."""
    guesses = []
    for phrase in phrases(open_sound(line).speech_blocks()):
        guess = suggest(model, phrase.pcm)
        guesses.append((phrase, guess))
        print(describe(phrase, guess))
    if not any(guess.label for _, guess in guesses):
        print("no voice long enough to guess an emotion; at least half a second of speech is needed")
    return guesses


def describe(phrase: Phrase, guess: VoiceEmotion) -> str:
    """Return a line of text: times, arousal, label and confidence."""
    first_s, end_s = phrase.seconds
    times = f"{first_s:8.2f} –{end_s:8.2f} s  "
    if guess.label is None:
        return f"{times}no voice"
    named = f"{guess.label.value} {guess.confidence:.2f}"
    return f"{times}arousal {guess.arousal:+.2f}  {named if guess.sure else f'unsure ({named})'}"


def emotion_track(guesses: list[Guess]) -> list[dict[str, object]]:
    """Return the entries of an emotion track: where a confident guess begins, its label with its confidence.

    Unsure phrases are neutral (an empty mix). Entries stand where something changes alone; the first one at 0 s.
    """
    entries: list[dict[str, object]] = []
    latest: dict[str, float] | None = None
    for phrase, guess in guesses:
        mix = mix_of(guess)
        if mix == latest:
            continue
        at = 0.0 if latest is None else round(phrase.seconds[0], 2)
        entries.append({"at": at, "emotion": mix, "fade": 0.0 if latest is None else FADE_S})
        latest = mix
    return entries or [{"at": 0.0, "emotion": {}, "fade": 0.0}]


def _summary(track: list[dict[str, object]]) -> str:
    """The content of the file, and the commands that take it."""
    if not any(entry["emotion"] for entry in track):
        return "neutral throughout, no other emotion was sure enough"
    return f"{counted(len(track), 'key')}; space-runtime bake and live take it with --emotion"


def mix_of(guess: VoiceEmotion) -> dict[str, float]:
    """Return the emotion that a guess suggests: nothing unless it is sure, and as strong as it is sure."""
    if guess.label is None or guess.label is Emotion.NEUTRAL or not guess.sure:
        return {}
    return {guess.label.value: round(guess.confidence, 1)}
