"""The golden vectors: one canonical message of every type and shape, and bytes that every reader must refuse.

``python tests/tools/golden_vectors.py`` writes them to ``engine_bridge/vectors``; a test compares what lies there
with them.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.messages import Floats, Message
from engine_bridge.protocol.motion_row import CONFIDENCE, ROW_NUMBERS, TIME
from engine_bridge.protocol.schema import SCHEMA
from engine_bridge.protocol.wire import encode

FOLDER = Path(__file__).parents[2] / "engine_bridge" / "vectors"


def ramp(n: int, low: float = 0.0, high: float = 1.0) -> Floats:
    """Return n float32 values from low to high; thirds and the like, so that rounding shows."""
    return np.linspace(low, high, n, dtype=np.float64).astype(np.float32)


def motion_rows(n: int) -> Floats:
    """Return n rows of motion, 1,600 samples apart."""
    rows = np.tile(ramp(ROW_NUMBERS, -0.9, 0.9), (n, 1))
    rows[:, TIME.first] = 1_600 * np.arange(n)
    rows[:, CONFIDENCE.first] = 1
    return rows.reshape(-1)


def messages() -> Iterator[tuple[str, Message]]:
    """Yield (name, message)."""
    yield "hello", m.Hello(versions=(1,), client="golden/1.0 ütf-8 — 顔")
    yield (
        "welcome",
        m.Welcome(
            version=1,
            server="space-runtime 0.1.0",
            bundle="space-default 0.1.0",
            look_ahead_s=0.12,
            weights=("jawOpen", "mouthClose"),
            emotions=("neutral", "happy"),
            outputs=tuple(m.Output),
            textures=tuple(m.TextureFormat),
            limits={"sessions": 1000, "message_bytes": 2**32, "audio_ms": 10_000},
            keypoints=21,
        ),
    )
    yield "open_least", m.Open(request=1, outputs=("weights",), fps=(30, 1), playout_ms=200, until=0)
    yield (
        "open_most",
        m.Open(
            request=2**32 - 1,
            outputs=tuple(m.Output),
            fps=(30_000, 1001),
            playout_ms=0,
            until=64,
            character="guards/anna.png",
            portrait=bytes(range(256)),
            texture="webp",
            lease_ms=5_000,
        ),
    )
    yield "opened", m.Opened(request=1, session=7, token=bytes(range(16)), look_ahead_s=0.12, lease_ms=10_000)
    yield "resume", m.Resume(request=3, token=b"\xff" * 16)
    yield "resumed", m.Resumed(request=3, session=7, stream=2, next_sample=2**40 + 1, seq=901)
    yield "start_least", m.Start(session=7, stream=1, rate=16_000, format="s16")
    yield (
        "start_most",
        m.Start(
            session=7,
            stream=2,
            rate=48_000,
            format="f32",
            channels=2,
            first_sample=144_000,
            pace="clip",
            seed=2**63 - 1,
            emotion={"happy": 0.7, "surprised": 0.25},
            mouth=1.5,
            expression=0.1,
            blinks=12.0,
            gaze=np.array([0.1, -0.2], np.float32),
            look_at=np.array([0.5, 0.25, 8.0], np.float32),
            head="keep",
            head_strength=0.5,
            brows=2.0,
            saccades=0.75,
            drive=np.array([1.0, 0.5, 1.0, 0.0, 2.0, 0.25], np.float32),
            look_space="camera",
            follow=0.25,
            eye_contact=1.0,
            blink=np.array([0.6, 2.5], np.float32),
            head_tempo=1.25,
            style={"articulate": 0.5, "orator": 0.25},
            head_offset=np.array([0.25, -0.125, 0.0], np.float32),
        ),
    )
    yield "audio", m.Audio(session=7, stream=1, first_sample=960, pcm=np.arange(-240, 240, dtype="<i2").tobytes())
    yield "audio_empty", m.Audio(session=7, stream=1, first_sample=0, pcm=b"")
    yield "audio_large", m.Audio(session=2**32 - 1, stream=9, first_sample=2**53, pcm=b"\x01\x80" * 33_000)
    yield "speak_bytes", m.Speak(session=7, stream=3, sound=b"RIFF\x00\x00\x00\x00WAVE", seed=0, emotion={})
    yield "speak_asset", m.Speak(session=7, stream=4, asset="lines/hello.wav", pace="live", mouth=1.0)
    yield "idle", m.Idle(session=7, stream=5, seed=11, gaze=np.zeros(0, np.float32), head="idle", head_strength=1.0)
    yield (
        "set",
        m.Set(session=7, stream=2, at_sample=72_000, fade_ms=250, emotion={"sad": 1.0}, blinks=0.0, saccades=0.0),
    )
    yield "motion", m.Motion(session=7, stream=2, at_sample=2**53, rows=motion_rows(2))
    yield "motion_none", m.Motion(session=7, stream=2, at_sample=0, rows=ramp(0))
    yield "end", m.End(session=7, stream=1, n_samples=48_000)
    yield "interrupt", m.Interrupt(session=7, stream=2, at_sample=96_000, fade_ms=200)
    yield "credit", m.Credit(session=7, until=128)
    yield "close", m.Close(session=7)
    yield "ping", m.Ping(nonce=0x0123456789ABCDEF)
    yield "pong", m.Pong(nonce=0)
    yield "started", m.Started(session=7, stream=1, sample=0.0)
    yield (
        "frame_all",
        m.Frame(
            session=7,
            stream=1,
            seq=2,
            index=2,
            sample=1066.6666666666667,
            speech=0.9,
            weights=ramp(52),
            head=ramp(6, -0.1, 0.1),
            eyes=ramp(4, -0.3, 0.3),
            landmarks=ramp(234, -0.9, 0.9),
            keypoints=ramp(63, -1.1, 1.1),
        ),
    )
    yield (
        "frame_no_keypoints",
        m.Frame(session=7, stream=1, seq=4, index=4, sample=2133.3333333333335, speech=0.25, keypoints=ramp(0)),
    )
    yield (
        "frame_weights",
        m.Frame(session=7, stream=1, seq=3, index=3, sample=1600.0, speech=0.0, weights=ramp(52, 1, 0)),
    )
    yield "frame_bare", m.Frame(session=0, stream=0, seq=0, index=0, sample=0.0, speech=1.0)
    yield (
        "texture_rgb",
        m.Texture(
            session=7,
            stream=1,
            index=3,
            sample=1600.0,
            format="rgb",
            width=4,
            height=2,
            pixels=bytes(range(24)),
        ),
    )
    yield "notice", m.Notice(session=7, stream=1, message="it has 2 sound tracks; number 2 is heard")
    yield "underrun", m.Underrun(session=7, stream=1, sample=16_000.5, late_ms=2_000)
    yield "finished", m.Finished(session=7, stream=1, reason="end", sample=48_000.0, frames=88, dropped=2)
    yield "closed", m.Closed(session=7, reason="")
    yield "error_least", m.Error(code="bad_message", message="12 bytes that are no message")
    yield "error_most", m.Error(code="bad_value", message="x" * 300, request=4, session=7, stream=1)
    yield "bye", m.Bye(reason="the server stops")


def refused() -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes that are no message)."""
    close = encode(m.Close(session=7))
    frame = encode(m.Frame(session=7, stream=1, seq=2, index=2, sample=0.0, speech=0.5, weights=ramp(52)))
    at = frame.index(b"\xc4\xd0") + 2
    kind, session = b"\xa4type", b"\xa7session\xce\x00\x00\x00\x07"
    yield "nothing", b""
    yield "no_map", b"\x93\x01\x02\x03"
    yield "empty_map", b"\x80"
    yield "trailing", close + b"\x00"
    yield "truncated", close[:-1]
    yield "unknown_type", b"\x82" + kind + b"\xa5dance" + session
    yield "type_is_number", b"\x82" + kind + b"\x01" + session
    yield "lacks_field", b"\x81" + kind + b"\xa5close"
    yield "same_key_twice", b"\x83" + kind + b"\xa5close" + session + session
    yield "key_is_number", b"\x83" + kind + b"\xa5close" + session + b"\x01\x02"
    yield "key_is_bytes", b"\x83" + kind + b"\xa5close" + session + b"\xc4\x01x\x02"
    start = encode(m.Start(session=7, stream=1, rate=8_000, format="s16", mouth=1.0))
    mouth = b"\xca" + struct.pack(">f", 1.0)
    yield "too_large_for_f32", start.replace(mouth, b"\xcb" + struct.pack(">d", 1e300))
    yield "negative", b"\x82" + kind + b"\xa5close\xa7session\xff"
    yield "too_large_for_u32", b"\x82" + kind + b"\xa5close\xa7session\xcf" + struct.pack(">Q", 2**32)
    yield "too_large_for_u64", b"\x82" + kind + b"\xa4ping\xa5nonce\xcf" + struct.pack(">Q", 2**63)
    late = encode(m.Audio(session=7, stream=1, first_sample=2**63 - 1, pcm=b"abcd"))
    yield "audio_too_late", late.replace(struct.pack(">Q", 2**63 - 1), struct.pack(">Q", 2**63))
    yield "float_for_whole", b"\x82" + kind + b"\xa5close\xa7session\xca" + struct.pack(">f", 7)
    yield "true_for_whole", b"\x82" + kind + b"\xa5close\xa7session\xc3"
    yield "text_for_bytes", b"\x83" + kind + b"\xa6resume\xa7request\x01\xa5token\xa4abcd"
    yield "bad_utf8", b"\x82" + kind + b"\xa3bye\xa6reason\xa2\xc3\x28"
    yield "nan_number", frame.replace(b"\xcb" + struct.pack(">d", 0.0), b"\xcb" + struct.pack(">d", float("nan")))
    yield "infinite_weight", frame[:at] + struct.pack("<f", float("inf")) + frame[at + 4 :]
    yield "too_few_weights", frame[: at - 1] + b"\xcc" + frame[at:-4]
    points = encode(m.Frame(session=7, stream=1, seq=2, index=2, sample=0.0, speech=0.5, keypoints=ramp(6)))
    yield "odd_keypoints", points[: points.index(b"\xc4\x18")] + b"\xc4\x14" + points[-24:-4]
    motion = encode(m.Motion(session=7, stream=2, at_sample=0, rows=motion_rows(1)))
    yield "part_of_a_row", motion[: motion.index(b"\xc5\x01\x00")] + b"\xc4\xfc" + motion[-256:-4]
    yield "odd_floats", frame[: at - 1] + b"\xcf" + frame[at:-1]
    yield "extension", b"\x83" + kind + b"\xa5close" + session + b"\xa1x\xd4\x01\x00"
    yield "never_used", b"\x83" + kind + b"\xa5close" + session + b"\xa1x\xc1"
    yield "deep", b"\x83" + kind + b"\xa5close" + session + b"\xa1x" + b"\x91" * 600 + b"\x01"
    yield "array_lies", b"\x83" + kind + b"\xa5close" + session + b"\xa1x\xdd\xff\xff\xff\xff"
    yield "map_lies", b"\xdf\xff\xff\xff\xff" + kind
    yield "text_lies", b"\x82" + kind + b"\xdb\xff\xff\xff\xff"
    yield "bytes_lie", b"\x83" + kind + b"\xa6resume\xa7request\x01\xa5token\xc6\xff\xff\xff\xff"


def as_json(message: Message) -> dict[str, object]:
    """Return a message as the twin that a person can read."""
    name = type(message).__name__.lower()
    document: dict[str, object] = {"type": name}
    for field in SCHEMA[name]:
        value = getattr(message, field.name)
        if value is None:
            continue
        if field.kind is FieldType.BIN:
            value = {"hex": bytes(value).hex()}
        elif field.kind is FieldType.FLOATS:
            value = [float(str(number)) for number in value]
        elif field.kind in (FieldType.STRS, FieldType.U32S):
            value = list(value)
        document[field.name] = value
    return document


def write(folder: Path) -> None:
    """Write every vector."""
    (folder / "refused").mkdir(parents=True, exist_ok=True)
    for name, message in messages():
        (folder / f"{name}.bin").write_bytes(encode(message))
        text = json.dumps(as_json(message), ensure_ascii=False, indent=1) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")
    for name, data in refused():
        (folder / "refused" / f"{name}.bin").write_bytes(data)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
