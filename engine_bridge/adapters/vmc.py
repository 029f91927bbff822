"""Virtual Motion Capture protocol over OSC: what VSeeFace, Warudo, VNyan, EVMC4U and VMC4UE listen to.

Specification: <https://protocol.vmc.info/english>. Quaternions are Unity's (left-handed, y up, faces +z): ours with x
turned round.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Final

from engine_bridge.adapters import osc
from engine_bridge.adapters.sink import Face
from engine_bridge.adapters.udp import UdpSink
from engine_bridge.adapters.vrm import Preset, expressions
from engine_bridge.protocol.errors import WireError

PORT: Final = 39_539
PACKET_BYTES: Final = 1_400
"""Packets stay below what Ethernet carries in one piece."""

Quaternion = tuple[float, float, float, float]
"""x, y, z, w; of length 1."""

_PLACE: Final = (0.0, 0.0, 0.0)
_READY: Final = osc.message("/VMC/Ext/OK", 1, 3, 0, 1)
"""Loaded, calibrated in the normal way, tracking."""
_ROOT: Final = osc.message("/VMC/Ext/Root/Pos", "root", *_PLACE, 0.0, 0.0, 0.0, 1.0)
_APPLY: Final = osc.message("/VMC/Ext/Blend/Apply")


def unity_rotation(yaw: float, pitch: float, roll: float) -> Quaternion:
    """Return our yaw, pitch, roll (``Ry(yaw) · Rx(pitch) · Rz(roll)``, radians, right-handed) in Unity's axes."""
    (sy, cy), (sx, cx), (sz, cz) = ((math.sin(angle / 2), math.cos(angle / 2)) for angle in (yaw, pitch, roll))
    x = cy * sx * cz + sy * cx * sz
    y = sy * cx * cz - cy * sx * sz
    z = cy * cx * sz - sy * sx * cz
    w = cy * cx * cz + sy * sx * sz
    return x, -y, -z, w


def messages(face: Face, preset: Preset) -> Iterator[bytes]:
    """Yield the OSC messages of a face: state, time, root, bones, values, and last of all Apply.

    Bones are sent without a place, which means at their parent: receivers have to take rotations only.
    """
    yield _READY
    yield osc.message("/VMC/Ext/T", face.seconds)
    yield _ROOT
    for bone, rotation in _bones(face):
        yield osc.message("/VMC/Ext/Bone/Pos", bone, *_PLACE, *rotation)
    if face.weights is not None:
        for name, value in expressions(face.weights, preset).items():
            yield _value_head(name) + osc.float32(value)
    yield _APPLY


def packets_of(face: Face, preset: Preset) -> list[bytes]:
    """Return the packets of a face, in order. Raises `WireError` when it shows neither weights nor head nor eyes."""
    if face.weights is None and face.head_rad is None and face.eyes_rad is None:
        raise WireError("a frame without weights, head and eyes; ask the server for one of them")
    return osc.bundles(messages(face, preset), PACKET_BYTES)


class Vmc(UdpSink):
    """Sends every frame as OSC bundles of at most 1,400 bytes: three with the 52 values, one with presets."""

    def __init__(self, host: str = "127.0.0.1", port: int = PORT, preset: Preset = Preset.ARKIT) -> None:
        """Send to (host, port), one character at a time: a receiver has one avatar.

        Raises `SinkError` when the address means nothing to this machine.
        """
        super().__init__(host, port, self._packets, one_face=True)
        self._preset = preset

    def _packets(self, _: str, face: Face) -> list[bytes]:
        return packets_of(face, self._preset)


def _bones(face: Face) -> Iterator[tuple[str, Quaternion]]:
    if face.head_rad is not None:
        yaw, pitch, roll = face.head_rad.tolist()
        yield "Head", unity_rotation(yaw, pitch, roll)
    if face.eyes_rad is not None:
        left_yaw, left_pitch, right_yaw, right_pitch = face.eyes_rad.tolist()
        yield "LeftEye", unity_rotation(left_yaw, left_pitch, 0)
        yield "RightEye", unity_rotation(right_yaw, right_pitch, 0)


@cache
def _value_head(name: str) -> bytes:
    """A value's message up to the value: always the same for the same name."""
    return osc.message("/VMC/Ext/Blend/Val", name, 0.0)[:-4]
