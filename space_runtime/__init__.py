"""SPACE runtime: speech in, facial animation out.

::

    from space_runtime import Session, bake, load_bundle, open_portrait, open_tracker

    bundle = load_bundle()                          # the embedded networks, hashes checked
    portrait = open_portrait(Path("photo.jpg"), open_tracker(bundle))   # or None: a neutral face, curves only
    session = Session(bundle, portrait)             # live: push sound, get frames
    frames = session.push(samples) + session.finish()
    bake(Path("line.wav"), Path("out"), bundle=bundle, portrait=portrait, formats=("mp4", "npz"))
"""

from space_runtime.animation.emotion_track import EmotionKey, EmotionTrack, parse_emotion_track, read_emotion_track
from space_runtime.animation.motion_source import MixedMotion, MotionSource, RecordedMotion
from space_runtime.animation.session import Session
from space_runtime.animation.track import ControlTrack
from space_runtime.baking.bake import bake
from space_runtime.errors import BundleError, MediaError, OutputError, SpaceError, UsageError
from space_runtime.inference.bundle import Bundle, load_bundle
from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker
from space_runtime.values import Controls, Emotion, Frame, HeadMode, emotion_vector

__all__ = [
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
    "Session",
    "SpaceError",
    "UsageError",
    "bake",
    "emotion_vector",
    "load_bundle",
    "open_portrait",
    "open_tracker",
    "parse_emotion_track",
    "read_emotion_track",
]
