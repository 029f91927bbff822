"""Wrong calls of the public Python API: each ends in one sentence of our own, none in an error from inside."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from space_runtime import BundleError, MediaError, OutputError, SpaceError, UsageError
from space_runtime.assets import PORTRAIT
from tests.support.public_calls import PUBLIC, Values
from tests.support.session_frames import BUNDLE

pytestmark = pytest.mark.usefixtures("own_folder")

WRONG: Final[tuple[tuple[str, Values, type[SpaceError], str], ...]] = (
    ("bake", {"line": None}, UsageError, "the line is None; expected a path"),
    ("bake", {"line": b"line.wav"}, UsageError, "the line is b'line.wav'; expected a path"),
    ("bake", {"line": ""}, UsageError, "that is not empty"),
    ("bake", {"line": "a\0b"}, UsageError, "which no file can be called"),
    ("bake", {"line": "."}, MediaError, "is a folder, not a sound"),
    ("bake", {"line": "nowhere.wav"}, MediaError, "does not exist"),
    ("bake", {"folder": 7}, UsageError, "the folder is 7; expected a path"),
    ("bake", {"folder": "line.wav"}, OutputError, "cannot be written"),
    ("bake", {"bundle": "models"}, UsageError, "expected a Bundle, which load_bundle() opens"),
    ("bake", {"portrait": "photo.jpg"}, UsageError, "expected a Portrait, which open_portrait() opens"),
    ("bake", {"controls": {"emotion": {}}}, UsageError, "expected a Controls or a ControlTrack"),
    ("bake", {"fps": -30}, UsageError, "frame rate -30 is outside 1…240"),
    ("bake", {"fps": float("nan")}, UsageError, "frame rate nan is not a number"),
    ("bake", {"formats": "avi"}, UsageError, "unknown format 'avi'"),
    ("bake", {"formats": None}, UsageError, "formats is None; expected a list"),
    ("bake", {"formats": [1]}, UsageError, "a format is 1; expected text"),
    ("bake", {"formats": ()}, UsageError, "no format is named"),
    ("bake", {"formats": "mp4"}, UsageError, "needs a portrait"),
    ("bake", {"channels": "teeth"}, UsageError, "unknown channel 'teeth'"),
    ("BakeJob", {"target": "out/.."}, UsageError, "names no file"),
    ("BakeJob", {"formats": "mp4"}, UsageError, "needs a portrait"),
    ("BakeJob", {"tail_s": 11}, UsageError, "tail_s is 11, outside 0…10"),
    ("bake_many", {"jobs": ["line.wav"]}, UsageError, "a job is 'line.wav'; expected a BakeJob"),
    ("bake_many", {"n_workers": 0}, UsageError, "n_workers is 0, outside 1…256"),
    ("bake_many", {"on_result": 5}, UsageError, "on_result is 5; expected a function"),
    ("bake", {"plot": "yes"}, UsageError, "plot is 'yes'; expected True or False"),
    ("bake", {"progress": 5}, UsageError, "progress is 5; expected a function"),
    ("load_bundle", {"path": "nowhere"}, BundleError, "no bundle in nowhere"),
    ("load_bundle", {"path": 5}, UsageError, "the bundle's folder is 5; expected a path"),
    ("load_bundle", {"refiner": "nowhere"}, BundleError, "no bundle in nowhere"),
    ("load_bundle", {"refiner": 5}, UsageError, "the refiner is 5; expected a path"),
    ("load_bundle", {"device": "abacus"}, UsageError, "unknown device 'abacus'"),
    ("load_bundle", {"device": None}, UsageError, "device is None; expected text"),
    ("open_portrait", {"path": "."}, MediaError, "cannot be read"),
    ("open_portrait", {"path": np.zeros((9, 9, 3), np.uint8)}, UsageError, "expected a path"),
    ("open_portrait", {"tracker": BUNDLE}, UsageError, "expected a FaceTracker, which open_tracker() opens"),
    ("open_portrait", {"path": PORTRAIT}, MediaError, "there is no landmarks file no.json"),
    ("open_portrait", {"path": PORTRAIT, "landmarks": 5}, UsageError, "landmarks is 5; expected a path"),
    ("open_tracker", {"bundle": "x"}, UsageError, "expected a Bundle"),
    ("Session", {"bundle": "x"}, UsageError, "expected a Bundle"),
    ("Session", {"fps": "fast"}, UsageError, "frame rate 'fast' is not a number"),
    ("Session", {"fps": True}, UsageError, "frame rate True is not a number"),
    ("Session", {"pictures": 1}, UsageError, "pictures is 1; expected True or False"),
    ("Session", {"pictures": True}, UsageError, "pictures need a portrait"),
    ("Session", {"motion": "speech"}, UsageError, "expected a source of motion"),
    ("Session.push", {"samples": None}, UsageError, "the sound is None"),
    ("Session.push", {"samples": ["a"]}, UsageError, "expected an array of real numbers"),
    ("Session.push", {"samples": np.zeros(9, object)}, UsageError, "of the type object"),
    ("Session.push", {"samples": np.zeros(9, complex)}, UsageError, "of the type complex128"),
    ("Session.push", {"samples": [[0.0], [0.0, 1.0]]}, UsageError, "rows of one length"),
    ("Session.push", {"samples": np.zeros((2, 100))}, UsageError, "the sound has the shape (2, 100)"),
    ("Session.push", {"samples": 0.5}, UsageError, "the sound has the shape ()"),
    ("Session.push", {"samples": [float("nan")]}, UsageError, "NaN or values beyond ±64"),
    ("Session.push", {"samples": [12_000, 1]}, UsageError, "whose scale is unknown"),
    ("Session.push", {"sample_rate": -1}, UsageError, "sample_rate is -1, outside 4000…768000"),
    ("Session.push", {"sample_rate": None}, UsageError, "sample_rate is None; expected a number"),
    ("Session.push", {"sample_rate": 44_100.5}, UsageError, "expected a whole number"),
    ("Session.set_controls", {"controls": None}, UsageError, "controls is None; expected a Controls"),
    ("Session.set_controls", {"at_sample": -1}, UsageError, "at_sample is -1"),
    ("Session.set_controls", {"fade": float("nan")}, UsageError, "fade is nan"),
    ("Session.rest", {"fade": "1s"}, UsageError, "fade is '1s'; expected a number"),
    ("Session.pictures", {"frames": []}, UsageError, "expected a Frames"),
    ("Controls", {"emotion": {"glad": 1}}, UsageError, "unknown emotion 'glad'"),
    ("Controls", {"emotion": {"happy": 2}}, UsageError, "the intensity of happy is 2, outside 0…1"),
    ("Controls", {"emotion": {"happy": None}}, UsageError, "the intensity of happy is None; expected a number"),
    ("Controls", {"emotion": "happy"}, UsageError, "emotion is 'happy'"),
    ("Controls", {"emotion": [1, 0]}, UsageError, "emotion has the shape (2,); expected (8,)"),
    ("Controls", {"mouth_strength": "strong"}, UsageError, "mouth_strength is 'strong'; expected a number"),
    ("Controls", {"mouth_strength": float("nan")}, UsageError, "mouth_strength is nan, outside 0…2"),
    ("Controls", {"blinks_per_minute": -1}, UsageError, "blinks_per_minute is -1, outside 0…120"),
    ("Controls", {"blink_samples": 5}, UsageError, "blink_samples is 5; expected a list"),
    ("Controls", {"blink_samples": [None]}, UsageError, "a time in blink_samples is None"),
    ("Controls", {"gaze_rad": (0.7, 0)}, UsageError, "is outside ±35 degrees"),
    ("Controls", {"gaze_rad": "10,-5"}, UsageError, "expected an array of real numbers"),
    ("Controls", {"look_at": (1, 2)}, UsageError, "look_at has the shape (2,); expected (3,)"),
    (
        "Controls",
        {"head_mode": "nod"},
        UsageError,
        "head_mode is 'nod'; expected one of keep, idle, speech, listen, given",
    ),
    ("Controls", {"head_mode": "given", "head_track": None, "head_track_samples": None}, UsageError, "without a track"),
    ("Controls", {"head_track": np.zeros((2, 4))}, UsageError, "head_track has the shape (2, 4)"),
    ("Controls", {"head_track_samples": [5, 5]}, UsageError, "do not rise"),
    ("Controls", {"seed": 0.5}, UsageError, "seed is 0.5; expected a whole number"),
    ("emotion_vector", {"mix": [1]}, UsageError, "expected a Mapping"),
    ("EmotionKey", {"at_ms": "1s"}, UsageError, "at_ms is '1s'; expected a number"),
    ("EmotionTrack", {"keys": [None]}, UsageError, "expected an EmotionKey"),
    ("EmotionTrack", {"keys": ()}, UsageError, "has 0 keys"),
    ("parse_emotion_track", {"text": 5}, UsageError, "the emotion track is 5; expected text"),
    ("parse_emotion_track", {"text": "happy=much"}, UsageError, "no number after '='"),
    ("read_emotion_track", {"path": "nowhere.json"}, UsageError, "there is no such file"),
    ("ControlTrack", {"first": None}, UsageError, "expected a Controls"),
    ("ControlTrack", {"changes": [1]}, UsageError, "expected a tuple"),
    ("ControlTrack.at", {"sample": None}, UsageError, "sample is None; expected a number"),
    ("RecordedMotion", {"landmarks": np.zeros((2, 68, 3))}, UsageError, "expected (2, 78, 3)"),
    ("RecordedMotion", {"samples": [5, 5]}, UsageError, "do not rise"),
    ("RecordedMotion.of_frames", {"frames": [1]}, UsageError, "expected a Frame"),
    ("RecordedMotion.of_clip", {"path": "line.wav"}, UsageError, "is no baked clip"),
    ("MixedMotion", {"mouth": 3}, UsageError, "mouth is 3; expected a source of motion"),
    ("Resampler", {"rate_in": 0}, UsageError, "rate_in is 0, outside 4000…768000"),
    ("Resampler", {"n_channels": 0}, UsageError, "n_channels is 0"),
    ("Resampler.push", {"block": np.zeros((5, 2))}, UsageError, "the block has the shape (5, 2); expected (n,)"),
    ("StreamBatch.add", {"character": None}, UsageError, "expected a Character, which build_character() builds"),
    ("StreamBatch.step", {"rows": [7]}, UsageError, "row 7 has no stream"),
    ("StreamBatch.step", {"rows": [0, 0]}, UsageError, "name a stream twice"),
    ("StreamBatch.step", {"hops": np.zeros((1, 100))}, UsageError, "hops have the shape (1, 100)"),
    ("StreamBatch.step", {"hops": np.full((1, 320), np.nan)}, UsageError, "what is no sound"),
    ("StreamBatch.head", {"head": 5}, UsageError, "expected a motion of heads"),
)


@pytest.mark.parametrize(
    ("name", "changed", "error", "words"), WRONG, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(WRONG)]
)
def test_a_wrong_call_says_what_is_wrong(name: str, changed: Values, error: type[SpaceError], words: str) -> None:
    public = PUBLIC[name]
    with pytest.raises(error) as caught:
        public.call(**(public.right() | changed))
    assert words in str(caught.value) and type(caught.value) is error
