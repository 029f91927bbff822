"""The public callables of the Python API, each with arguments with which it works, for tests of wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from space_runtime import (
    BakeJob,
    Controls,
    ControlTrack,
    Drive,
    DriveRows,
    EmotionKey,
    EmotionTrack,
    MixedMotion,
    RecordedMotion,
    Resampler,
    Session,
    StreamBatch,
    Take,
    bake,
    bake_many,
    build_character,
    drive_motion,
    dub,
    emotion_vector,
    load_bundle,
    open_portrait,
    open_take,
    open_tracker,
    parse_emotion_track,
    read_emotion_track,
    still,
)
from tests.support import pictures
from tests.support.drives import driver, take_of
from tests.support.session_frames import BUNDLE
from tests.support.sounds import speechlike

Values = dict[str, object]


@dataclass(frozen=True)
class Public:
    """Something that callers may call, and arguments with which it works."""

    call: Callable[..., object]
    right: Callable[[], Values]


def _take() -> Values:
    head, eyes = np.zeros((2, 6), np.float32), np.zeros((2, 2, 2), np.float32)
    landmarks = np.zeros((2, 78, 3), np.float32)
    return {"samples": [0, 320], "landmarks": landmarks, "head": head, "eyes_rad": eyes, "lids": [0, 0]}


def _rows() -> Values:
    eyes, seen = np.zeros((2, 2, 2), np.float32), np.ones(2, np.float32)
    shown = {"blendshapes": np.zeros((2, 52)), "head": np.zeros((2, 6)), "eyes_rad": eyes, "confidence": seen}
    return {"samples": [0, 320], **shown}


def _drive() -> Values:
    return {"reference": "relative", "end": "hold"}


def _of_session(name: str) -> Callable[..., object]:
    def call(**arguments: object) -> object:
        session = Session(BUNDLE)
        found = getattr(session, name)(**arguments)
        return list(found) if isinstance(found, Iterator) else found

    return call


def _of_batch(name: str) -> Callable[..., object]:
    def call(**arguments: object) -> object:
        batch = StreamBatch(BUNDLE)
        batch.add(CHARACTER)
        return getattr(batch, name)(**arguments)

    return call


def _of_track(name: str) -> Public:
    return Public(getattr(ControlTrack(Controls()).changed(100, Controls(), 50), name), lambda: {"sample": 120.0})


CHARACTER: Final = build_character(BUNDLE)
CONTROLS: Final[Values] = {name: getattr(Controls(), name) for name in Controls.__slots__}
DRIVER: Final = take_of(driver(0.1))
GIVEN_HEAD: Final[Values] = {"head_track": np.zeros((2, 3)), "head_track_samples": [0, 320]}
KEY: Final = EmotionKey(0, emotion_vector({"happy": 1}))
HOPS: Final = speechlike(0.04)[:640].T
TRACKER: Final = open_tracker(BUNDLE)
JOB: Final[Values] = {
    "controls": Controls(),
    "portrait": None,
    "fps": 30,
    "formats": "npz",
    "channels": ("weights", "head"),
    "plot": False,
    "tail_s": 0.3,
}

PUBLIC: Final[dict[str, Public]] = {
    "Controls": Public(Controls, lambda: CONTROLS | GIVEN_HEAD),
    "emotion_vector": Public(emotion_vector, lambda: {"mix": {"happy": 0.5}}),
    "EmotionKey": Public(EmotionKey, lambda: {"at_ms": 0, "emotion": KEY.emotion, "fade_ms": 5}),
    "EmotionTrack": Public(EmotionTrack, lambda: {"keys": (KEY,)}),
    "EmotionTrack.over": Public(EmotionTrack((KEY,)).over, lambda: {"controls": Controls()}),
    "parse_emotion_track": Public(parse_emotion_track, lambda: {"text": "happy"}),
    "read_emotion_track": Public(read_emotion_track, lambda: {"path": "no.json"}),
    "ControlTrack": Public(
        ControlTrack, lambda: {"first": Controls(), "changes": (), "rest_sample": 100.0, "rest_fade": 10}
    ),
    "ControlTrack.of": Public(ControlTrack.of, lambda: {"controls": Controls()}),
    "ControlTrack.changed": Public(
        ControlTrack(Controls()).changed, lambda: {"at_sample": 100, "controls": Controls(), "fade": 10}
    ),
    "ControlTrack.resting": Public(ControlTrack(Controls()).resting, lambda: {"at_sample": 100, "fade": 10}),
    **{f"ControlTrack.{name}": _of_track(name) for name in ("at", "emotion_at", "style_at", "rest_factor", "steady")},
    "ControlTrack.since": _of_track("since"),
    "RecordedMotion": Public(RecordedMotion, _take),
    "RecordedMotion.of_frames": Public(RecordedMotion.of_frames, lambda: {"frames": Session().push(np.zeros(9600))}),
    "RecordedMotion.of_clip": Public(RecordedMotion.of_clip, lambda: {"path": "no.npz"}),
    "MixedMotion": Public(MixedMotion, lambda: {name: MixedMotion() for name in ("mouth", "face", "eyes", "head")}),
    "Take": Public(Take, lambda: _rows() | {"neutral_blendshapes": np.zeros(52), "neutral_head": np.zeros(6)}),
    "open_take": Public(open_take, lambda: {"path": "no.npz", "bundle": BUNDLE}),
    "DriveRows": Public(DriveRows, _rows),
    "DriveRows.begun_at": Public(DriveRows(**_rows()).begun_at, lambda: {"begin_s": 0.0}),  # type: ignore[arg-type]
    "drive_motion": Public(
        drive_motion, lambda: _drive() | {"driver": DRIVER, "portrait": None, "bundle": BUNDLE, "begin_s": 0.0}
    ),
    "Drive.of": Public(Drive.of, lambda: _drive() | {"take": DRIVER, "begin_s": 0.0}),
    "Resampler": Public(Resampler, lambda: {"rate_in": 48_000, "rate_out": 16_000, "n_channels": 2}),
    "Resampler.push": Public(lambda **given: Resampler(48_000, 16_000).push(**given), lambda: {"block": [0.0] * 99}),
    "load_bundle": Public(load_bundle, lambda: {"path": None, "device": "cpu"}),
    "Bundle.network": Public(BUNDLE.network, lambda: {"name": "face_mesh"}),
    "Bundle.arrays": Public(BUNDLE.arrays, lambda: {"name": "rig"}),
    "Bundle.settings": Public(BUNDLE.settings, lambda: {"name": "rig"}),
    "open_tracker": Public(open_tracker, lambda: {"bundle": BUNDLE}),
    "open_portrait": Public(
        open_portrait,
        lambda: {
            "path": "no.png",
            "tracker": TRACKER,
            "force": False,
            "landmarks": "no.json",
            "crop": "face",
            "size": 512,
            "transparent": False,
        },
    ),
    "build_character": Public(
        build_character, lambda: {"bundle": BUNDLE, "portrait": None, "fps": 30, "pictures": False}
    ),
    "Session": Public(
        Session,
        lambda: {
            "bundle": BUNDLE,
            "portrait": None,
            "controls": Controls(),
            "fps": 30,
            "pictures": False,
            "motion": None,
        },
    ),
    "Session.push": Public(_of_session("push"), lambda: {"samples": np.zeros(640), "sample_rate": 48_000}),
    "Session.push_batches": Public(_of_session("push_batches"), lambda: {"samples": [0.0], "sample_rate": 16_000}),
    "Session.set_controls": Public(
        _of_session("set_controls"), lambda: {"controls": Controls(), "at_sample": 5, "fade": 5}
    ),
    "Session.rest": Public(_of_session("rest"), lambda: {"at_sample": 5, "fade": 5}),
    "Session.pictures": Public(_of_session("pictures"), lambda: {"frames": Session().push_batches([0.0] * 9_600)[0]}),
    "StreamBatch": Public(StreamBatch, lambda: {"bundle": BUNDLE}),
    "StreamBatch.head": Public(lambda head: StreamBatch(BUNDLE, head), lambda: {"head": None}),
    "StreamBatch.add": Public(_of_batch("add"), lambda: {"character": CHARACTER, "track": Controls(), "motion": None}),
    "StreamBatch.remove": Public(_of_batch("remove"), lambda: {"row": 0}),
    "StreamBatch.restart": Public(
        _of_batch("restart"), lambda: {"row": 0, "track": ControlTrack(Controls()), "character": CHARACTER}
    ),
    "StreamBatch.set_track": Public(_of_batch("set_track"), lambda: {"row": 0, "track": ControlTrack(Controls())}),
    **{f"StreamBatch.{name}": Public(_of_batch(name), lambda: {"row": 0}) for name in ("track", "n_steps")},
    "StreamBatch.next_frame": Public(_of_batch("next_frame"), lambda: {"row": 0}),
    "StreamBatch.step": Public(_of_batch("step"), lambda: {"rows": [0], "hops": HOPS}),
    "bake": Public(
        bake,
        lambda: {
            "line": "line.wav",
            "folder": "out",
            "bundle": BUNDLE,
            "portrait": None,
            "controls": Controls(),
            "fps": 30,
            "formats": "npz",
            "channels": "weights",
            "plot": False,
            "progress": None,
        },
    ),
    "dub": Public(
        dub,
        lambda: {
            "video": "no.mp4",
            "line": "line.wav",
            "out": "out/dubbed.mp4",
            "bundle": BUNDLE,
            "controls": Controls(),
            "person": "largest",
            "length": "video",
            "progress": None,
        },
    ),
    "still": Public(
        still,
        lambda: {"portrait": pictures.portrait(), "controls": Controls(), "bundle": BUNDLE},
    ),
    "BakeJob": Public(BakeJob, lambda: {"sound": "line.wav", "target": "out/line", **JOB}),
    "bake_many": Public(
        bake_many,
        lambda: {
            "jobs": [BakeJob("line.wav", "out/many")],
            "bundle": BUNDLE,
            "n_workers": 1,
            "overwrite": False,
            "dry_run": False,
            "on_progress": None,
            "on_result": None,
        },
    ),
}
