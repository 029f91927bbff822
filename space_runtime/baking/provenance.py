"""The provenance of a clip: versions, hashes and settings, the ``metadata`` of every bake."""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from space_runtime.animation.track import ControlTrack
from space_runtime.inference.bundle import Bundle
from space_runtime.inference.device import CPU
from space_runtime.media.audio_file import Sound
from space_runtime.portrait.portrait import Portrait
from space_runtime.values import Controls, Emotion
from space_runtime.version import VERSION


def provenance(
    sound: Sound, portrait: Portrait | None, bundle: Bundle, track: ControlTrack, fps: Fraction
) -> dict[str, object]:
    """Return everything that a clip depends on and nothing that changes from run to run: no path, no name, no clock."""
    return {
        "space_runtime": VERSION,
        "numpy": np.__version__,
        "onnxruntime": _installed("onnxruntime-gpu", "onnxruntime"),
        "bundle": {
            "name": bundle.manifest.name,
            "version": bundle.manifest.version,
            "sha256": {entry.file: entry.sha256 for entry in bundle.manifest.entries},
        },
        "sound": {"sha256": sound.sha256(), "sample_rate": sound.rate, "n_channels": sound.n_channels},
        "portrait": None if portrait is None else {"sha256": hashlib.sha256(portrait.image.tobytes()).hexdigest()},
        **({} if bundle.device == CPU else {"device": bundle.device.name}),
        "settings": {"fps": str(fps), **_settings(track.first), **_changes(track)},
    }


def _settings(controls: Controls) -> dict[str, object]:
    def numbers(values: NDArray[np.floating] | None) -> object:
        return None if values is None else np.asarray(values, np.float64).round(6).tolist()

    mix = zip(Emotion, controls.emotion, strict=True)
    return {
        "emotion": {label.value: round(float(value), 6) for label, value in mix if value},
        "mouth_strength": controls.mouth_strength,
        "expression_strength": controls.expression_strength,
        "brow_strength": controls.brow_strength,
        "blinks_per_minute": controls.blinks_per_minute,
        "blink_samples": controls.blink_samples,
        "gaze_rad": numbers(controls.gaze_rad),
        "look_at": numbers(controls.look_at),
        "saccade_strength": controls.saccade_strength,
        "head_mode": controls.head_mode.value,
        "head_strength": controls.head_strength,
        "head_track_rad": numbers(controls.head_track),
        **({} if controls.head_track is None else {"head_track_samples": numbers(controls.head_track_samples)}),
        "seed": controls.seed,
    }


def _changes(track: ControlTrack) -> dict[str, object]:
    """The changes of a track: of each the settings that differ from those before it. Times in samples."""
    told: list[object] = []
    before = _settings(track.first)
    for change in track.changes:
        after = _settings(change.controls)
        new = {name: value for name, value in after.items() if value != before[name]}
        told.append({"at_sample": change.at_sample, "fade": change.fade, **new})
        before = after
    rest = {} if track.rest_sample == math.inf else {"rest": {"at_sample": track.rest_sample, "fade": track.rest_fade}}
    return {**({"changes": told} if told else {}), **rest}


def _installed(*names: str) -> str:
    """The version of the first of these distributions that is installed."""
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"
