"""Live Link Face over UDP, version 6: what the phone app sends and Unreal's Live Link listens to.

Layout (big-endian) and rules of Unreal's listener: docs/adapters.md. Head and eyes are radians; which way each turns is
in `HEAD_SIGNS` and `EYE_SIGNS`.
"""

from __future__ import annotations

import math
import struct
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from engine_bridge.adapters.sink import Face
from engine_bridge.adapters.udp import UdpSink
from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.errors import WireError, counted
from engine_bridge.protocol.messages import Floats

PORT: Final = 11_111
VERSION: Final = 6
TIME_CODE_FPS: Final = 60

NAMES: Final[tuple[str, ...]] = (
    *(name[0].upper() + name[1:] for name in ARKIT_NAMES),
    "HeadYaw",
    "HeadPitch",
    "HeadRoll",
    "LeftEyeYaw",
    "LeftEyePitch",
    "LeftEyeRoll",
    "RightEyeYaw",
    "RightEyePitch",
    "RightEyeRoll",
)
"""The 61 values of a packet, in its order."""

HEAD_SIGNS: Final[Floats] = np.array([1, -1, 1], np.float32)
"""Our yaw, pitch, roll to HeadYaw, HeadPitch, HeadRoll: positive is to the character's left, *up*, counter-clockwise
to the viewer."""
EYE_SIGNS: Final[Floats] = np.array([-1, 1, -1, 1], np.float32)
"""Our eyes to the app's: positive yaw is to the character's *right*, positive pitch down. The app's eyes turn the other
way than its head."""

_N: Final = len(NAMES)
_AT_HEAD: Final = NAMES.index("HeadYaw")
_AT_EYES: Final = [NAMES.index(name) for name in ("LeftEyeYaw", "LeftEyePitch", "RightEyeYaw", "RightEyePitch")]
_LENGTH: Final = struct.Struct(">i")
_TIME: Final = struct.Struct(">ifii")
_VALUES: Final = struct.Struct(f">B{_N}f")
_MAX_TEXT: Final = 255


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Packet:
    """One packet.

    device: identity of the sender; 36 characters, or some receivers cannot read it.
    subject: the name that is picked in Unreal.
    frame, sub_frame: time code; 0 ≤ sub_frame < 1.
    numerator, denominator: frames a second of the time code.
    values: (61,) float32 in the order of `NAMES`; None: no face in view.
    """

    device: str
    subject: str
    frame: int
    sub_frame: float
    numerator: int = TIME_CODE_FPS
    denominator: int = 1
    values: Floats | None


def encode(packet: Packet) -> bytes:
    """Return the bytes of a packet. Raises `WireError` when a field does not fit."""
    _check(packet)
    values = packet.values
    try:
        time = _TIME.pack(packet.frame, packet.sub_frame, packet.numerator, packet.denominator)
        face = b"" if values is None else _VALUES.pack(_N, *values.tolist())
    except (struct.error, OverflowError) as error:
        raise WireError(f"a Live Link Face packet that does not fit its format ({error})") from None
    return bytes([VERSION]) + _text(packet.device) + _text(packet.subject) + time + face


def decode(data: bytes) -> Packet:
    """Return the packet in ``data``. Raises `WireError` for everything that is none."""
    if not data or data[0] != VERSION:
        size = counted(len(data), "byte that is", "bytes that are")
        raise WireError(f"{size} no Live Link Face packet of version {VERSION}")
    device, at = _read_text(data, 1)
    subject, at = _read_text(data, at)
    if len(data) - at not in (_TIME.size, _TIME.size + _VALUES.size):
        raise WireError(f"a Live Link Face packet of {counted(len(data), 'byte')}, which is not the length it claims")
    frame, sub_frame, numerator, denominator = _TIME.unpack_from(data, at)
    packet = Packet(
        device=device,
        subject=subject,
        frame=frame,
        sub_frame=sub_frame,
        numerator=numerator,
        denominator=denominator,
        values=_read_values(data, at + _TIME.size),
    )
    _check(packet)
    return packet


def time_code(seconds: float) -> tuple[int, float]:
    """Return (frame, sub-frame) of a media time; the sub-frame stays below 1 when it is rounded to float32."""
    frame = math.floor(seconds * TIME_CODE_FPS)
    sub_frame = float(np.float32(seconds * TIME_CODE_FPS - frame))
    return (frame + 1, 0.0) if sub_frame >= 1 else (frame, sub_frame)


@lru_cache(256)
def device_of(subject: str) -> str:
    """Return the 36-character device id of a subject: always the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"space-runtime:{subject!a}"))


def values_of(face: Face) -> Floats:
    """Return the (61,) values of a face. Raises `WireError` when it shows neither weights nor head nor eyes."""
    if face.weights is None and face.head_rad is None and face.eyes_rad is None:
        raise WireError("a frame without weights, head and eyes; ask the server for one of them")
    values = np.zeros(_N, np.float32)
    if face.weights is not None:
        values[: len(ARKIT_NAMES)] = face.weights
    if face.head_rad is not None:
        values[_AT_HEAD : _AT_HEAD + 3] = face.head_rad * HEAD_SIGNS
    if face.eyes_rad is not None:
        values[_AT_EYES] = face.eyes_rad * EYE_SIGNS
    return values


class LiveLinkFace(UdpSink):
    """Sends every frame as one packet of 306 bytes plus the subject's name."""

    def __init__(self, host: str = "127.0.0.1", port: int = PORT, subject: str | None = None) -> None:
        """Send to (host, port). subject: None makes every character a subject of its own name.

        Raises `SinkError` when the address means nothing to this machine.
        """
        super().__init__(host, port, self._packets, one_face=subject is not None)
        self._subject = subject

    def _packets(self, name: str, face: Face) -> list[bytes]:
        subject = self._subject or name
        frame, sub_frame = time_code(face.seconds)
        packet = Packet(
            device=device_of(subject), subject=subject, frame=frame, sub_frame=sub_frame, values=values_of(face)
        )
        return [encode(packet)]


def _check(packet: Packet) -> None:
    """Raise `WireError` unless the times and values mean something."""
    if not 0 <= packet.sub_frame < 1 or packet.numerator <= 0 or packet.denominator <= 0:
        raise WireError(
            f"a Live Link Face time code with sub-frame {packet.sub_frame} of {packet.numerator}/{packet.denominator}"
        )
    values = packet.values
    if values is not None and (values.shape != (_N,) or not np.isfinite(values).all()):
        raise WireError(f"Live Link Face values of shape {values.shape}; expected {_N} finite numbers")


def _text(text: str) -> bytes:
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise WireError(f"{text!r:.40} cannot be written as UTF-8") from None
    if not 0 < len(raw) <= _MAX_TEXT:
        raise WireError(f"{text!r:.40} has {counted(len(raw), 'byte')}; a name here has 1…{_MAX_TEXT}")
    return _LENGTH.pack(len(raw)) + raw


def _read_text(data: bytes, at: int) -> tuple[str, int]:
    """Return the text at ``at`` and where it ends."""
    start = at + _LENGTH.size
    if start > len(data):
        raise WireError("a Live Link Face packet that ends within a name")
    (n,) = _LENGTH.unpack_from(data, at)
    if not 0 < n <= min(_MAX_TEXT, len(data) - start):
        raise WireError(f"a Live Link Face packet with a name of {counted(n, 'byte')}")
    try:
        return data[start : start + n].decode(), start + n
    except UnicodeDecodeError:
        raise WireError("a Live Link Face packet with a name that is no UTF-8") from None


def _read_values(data: bytes, at: int) -> Floats | None:
    if at == len(data):
        return None
    if data[at] != _N:
        raise WireError(f"a Live Link Face packet of {counted(data[at], 'value')}; expected {_N}")
    return np.frombuffer(data, ">f4", _N, at + 1).astype(np.float32)
