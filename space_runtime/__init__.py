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

Names are imported when they are first asked for: child processes and the packaged server need few of them, and begin
sooner.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from space_runtime.version import VERSION

if TYPE_CHECKING:
    from engine_bridge.protocol.arkit import ARKIT_NAMES
    from engine_bridge.protocol.landmark_names import LANDMARK_NAMES
    from space_runtime.animation.batch import StreamBatch
    from space_runtime.animation.driven_motion import drive_motion
    from space_runtime.animation.emotion_track import EmotionKey, EmotionTrack, parse_emotion_track, read_emotion_track
    from space_runtime.animation.motion_source import MixedMotion, MotionSource, RecordedMotion
    from space_runtime.animation.pipeline import build_character
    from space_runtime.animation.session import Session
    from space_runtime.animation.track import ControlTrack
    from space_runtime.baking.bake import bake
    from space_runtime.baking.batch import bake_many
    from space_runtime.baking.drive import Drive
    from space_runtime.baking.jobs import BakeJob, BakeResult
    from space_runtime.baking.still import still
    from space_runtime.capture.drive_rows import DriveEnd, DriveReference, DriveRows
    from space_runtime.capture.recordings import open_take
    from space_runtime.capture.take import Take
    from space_runtime.dubbing.drawing import DubCounts, DubLength
    from space_runtime.dubbing.dub import DubReport, dub
    from space_runtime.emotion import Emotion, emotion_vector
    from space_runtime.errors import BundleError, MediaError, OutputError, SpaceError, UsageError
    from space_runtime.inference.bundle import Bundle, load_bundle
    from space_runtime.media.resampling import Resampler
    from space_runtime.portrait.portrait import Portrait, open_portrait, open_tracker
    from space_runtime.style import Style
    from space_runtime.values import Controls, Frame, HeadMode

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
    "Drive",
    "DriveEnd",
    "DriveReference",
    "DriveRows",
    "DubCounts",
    "DubLength",
    "DubReport",
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
    "Style",
    "Take",
    "UsageError",
    "__version__",
    "bake",
    "bake_many",
    "build_character",
    "drive_motion",
    "dub",
    "emotion_vector",
    "load_bundle",
    "open_portrait",
    "open_take",
    "open_tracker",
    "parse_emotion_track",
    "read_emotion_track",
    "still",
]

_HOMES: Final = {
    "engine_bridge.protocol.arkit": "ARKIT_NAMES",
    "engine_bridge.protocol.landmark_names": "LANDMARK_NAMES",
    "space_runtime.animation.batch": "StreamBatch",
    "space_runtime.animation.driven_motion": "drive_motion",
    "space_runtime.animation.emotion_track": "EmotionKey EmotionTrack parse_emotion_track read_emotion_track",
    "space_runtime.animation.motion_source": "MixedMotion MotionSource RecordedMotion",
    "space_runtime.animation.pipeline": "build_character",
    "space_runtime.animation.session": "Session",
    "space_runtime.animation.track": "ControlTrack",
    "space_runtime.baking.bake": "bake",
    "space_runtime.baking.batch": "bake_many",
    "space_runtime.baking.drive": "Drive",
    "space_runtime.baking.jobs": "BakeJob BakeResult",
    "space_runtime.baking.still": "still",
    "space_runtime.capture.drive_rows": "DriveEnd DriveReference DriveRows",
    "space_runtime.capture.recordings": "open_take",
    "space_runtime.capture.take": "Take",
    "space_runtime.dubbing.drawing": "DubCounts DubLength",
    "space_runtime.dubbing.dub": "DubReport dub",
    "space_runtime.emotion": "Emotion emotion_vector",
    "space_runtime.errors": "BundleError MediaError OutputError SpaceError UsageError",
    "space_runtime.inference.bundle": "Bundle load_bundle",
    "space_runtime.media.resampling": "Resampler",
    "space_runtime.portrait.portrait": "Portrait open_portrait open_tracker",
    "space_runtime.style": "Style",
    "space_runtime.values": "Controls Frame HeadMode",
}
"""The modules that the names come from."""
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Return a public name from its module, and keep it here. Raises AttributeError."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, whether imported yet or not."""
    return sorted({*globals(), *__all__})
