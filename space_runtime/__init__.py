"""SPACE runtime: speech in, facial animation out.

::

    from space_runtime import Controls, Session, bake, open_portrait

    bake("line.wav", "out")                              # curves to out/line.npz
    portrait = open_portrait("photo.jpg")
    bake("line.wav", "out", portrait=portrait, fps=29.97, formats="mp4,npz")

    session = Session(controls=Controls(emotion={"happy": 0.7}))     # live: push sound, get frames
    frames = session.push(samples, sample_rate=48_000) + session.finish()
    jaw = [frame.blendshapes[ARKIT_NAMES.index("jawOpen")] for frame in frames]

Without a bundle the embedded one is opened, once a process; `load_bundle` opens others. Every argument that does not
fit ends in a `SpaceError` whose text says what to do. `StreamBatch` steps many streams together.
"""

from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.landmark_names import LANDMARK_NAMES
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.emotion_track import EmotionKey, EmotionTrack, parse_emotion_track, read_emotion_track
from space_runtime.animation.motion_source import MixedMotion, MotionSource, RecordedMotion
from space_runtime.animation.pipeline import build_character
from space_runtime.animation.session import Session
from space_runtime.animation.track import ControlTrack
from space_runtime.baking.bake import bake
from space_runtime.baking.batch import bake_many
from space_runtime.baking.jobs import BakeJob, BakeResult
from space_runtime.errors import BundleError, MediaError, OutputError, SpaceError, UsageError
from space_runtime.inference.bundle import Bundle, load_bundle
from space_runtime.media.resampling import Resampler
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker
from space_runtime.values import Controls, Emotion, Frame, HeadMode, emotion_vector
from space_runtime.version import VERSION

__version__ = VERSION

__all__ = [
    "ARKIT_NAMES",
    "LANDMARK_NAMES",
    "BakeJob",
    "BakeResult",
    "Bundle",
    "BundleError",
    "ControlTrack",
    "Controls",
    "Emotion",
    "EmotionKey",
    "EmotionTrack",
    "Frame",
    "HeadMode",
    "MediaError",
    "MixedMotion",
    "MotionSource",
    "OutputError",
    "Portrait",
    "RecordedMotion",
    "Resampler",
    "Session",
    "SpaceError",
    "StreamBatch",
    "UsageError",
    "__version__",
    "bake",
    "bake_many",
    "build_character",
    "emotion_vector",
    "load_bundle",
    "open_portrait",
    "open_tracker",
    "parse_emotion_track",
    "read_emotion_track",
]
