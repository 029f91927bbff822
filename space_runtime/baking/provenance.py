"""The provenance of a clip: versions, hashes and settings, the ``metadata`` of every bake."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import fields
from enum import Enum, StrEnum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import numpy as np

from space_runtime.animation.track import ControlTrack
from space_runtime.arrays import Floats
from space_runtime.baking.jobs import BakeJob
from space_runtime.emotion import Emotion
from space_runtime.inference.bundle import Bundle
from space_runtime.inference.device import CPU
from space_runtime.media.audio_file import Sound
from space_runtime.portrait.portrait import Portrait
from space_runtime.style import Style
from space_runtime.values import Controls
from space_runtime.version import VERSION


def provenance(sound: Sound, digest: str, job: BakeJob, bundle: Bundle, track: ControlTrack) -> dict[str, object]:
    """Return everything that a clip depends on and nothing that changes from run to run: no path, no name, no clock.

    digest: SHA-256 of the sound's file. track: the job's controls, seeded.
    """
    return {
        **metadata_of_versions(),
        **metadata_of_bundle(bundle),
        "sound": {"sha256": digest, "sample_rate": sound.rate, "n_channels": sound.n_channels},
        "portrait": metadata_of_portrait(job.portrait),
        "settings": metadata_of_settings(job, track),
        **({"drive": job.drive.metadata()} if job.drive else {}),
    }


def metadata_of_versions() -> dict[str, object]:
    """Return the versions of the programs that the numbers of a clip depend on."""
    return {
        "space_runtime": VERSION,
        "numpy": np.__version__,
        "onnxruntime": installed("onnxruntime-gpu", "onnxruntime"),
    }


def metadata_of_bundle(bundle: Bundle) -> dict[str, object]:
    """Return the identity of a bundle, of its refiner where it has one, and its device where that is no CPU."""
    return {
        "bundle": _identity(bundle),
        **({"refiner": _identity(bundle.refiner)} if bundle.refiner else {}),
        **({} if bundle.device == CPU else {"device": bundle.device.name}),
    }


def _identity(bundle: Bundle) -> dict[str, object]:
    return {
        "name": bundle.manifest.name,
        "version": bundle.manifest.version,
        "sha256": {entry.file: entry.sha256 for entry in bundle.manifest.entries},
    }


def metadata_of_portrait(portrait: Portrait | None) -> dict[str, object] | None:
    """Return the identity of a portrait, and how its pictures are framed where that is not as usual.

    Its mesh counts where a person placed the landmarks.
    """
    if portrait is None:
        return None
    told: dict[str, object] = {"sha256": hashlib.sha256(portrait.image.tobytes()).hexdigest()}
    if portrait.stand_in is not None:
        told["mesh_sha256"] = hashlib.sha256(portrait.mesh.tobytes()).hexdigest()
    if portrait.whole is not None:
        told["whole_sha256"] = hashlib.sha256(portrait.whole.rgb.tobytes()).hexdigest()
    return told | ({"transparent": True} if portrait.transparent else {})


def metadata_of_settings(job: BakeJob, track: ControlTrack) -> dict[str, object]:
    """Return all settings of a clip by name, the strengths of a driver where there is one."""
    settings = {"fps": str(job.fps), "tail_s": job.tail_s, **_settings(track.first), **_changes(track)}
    return settings if job.drive else {name: value for name, value in settings.items() if name != "drive"}


def _settings(controls: Controls) -> dict[str, object]:
    """Every field of the controls by name: two clips of different settings never have equal metadata."""
    told = {_NAMES.get(field.name, field.name): _plain(getattr(controls, field.name)) for field in fields(controls)}
    if controls.head_track is None:
        del told["head_track_samples"]
    if not controls.head_offset.any():  # clips without one keep the metadata that they had
        del told["head_offset_rad"]
    return {**told, "emotion": _mix(Emotion, controls.emotion), "style": _mix(Style, controls.style)}


def _mix(labels: Iterable[StrEnum], values: Floats) -> dict[str, float]:
    """The values of a mixture by label, those that are not 0."""
    return {label.value: round(float(value), 6) for label, value in zip(labels, values, strict=True) if value}


_NAMES: Final = {"head_track": "head_track_rad", "head_offset": "head_offset_rad"}
"""Fields whose name in the metadata says the unit."""


def _plain(value: object) -> object:
    """A value as JSON has it; arrays rounded to six digits."""
    if isinstance(value, np.ndarray):
        return np.asarray(value, np.float64).round(6).tolist()
    return value.value if isinstance(value, Enum) else value


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


@cache
def installed(*names: str) -> str:
    """Return the version of the first of these distributions that is installed."""
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"
