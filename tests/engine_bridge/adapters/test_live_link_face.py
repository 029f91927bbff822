"""Live Link Face: golden bytes, an independent receiver, and what a decoder must survive."""

from __future__ import annotations

import hashlib
import struct
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_bridge.adapters.live_link_face import (
    NAMES,
    LiveLinkFace,
    Packet,
    decode,
    device_of,
    encode,
    time_code,
    values_of,
)
from engine_bridge.adapters.sink import face_of
from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.messages import Frame
from tests.support.adapter_frames import RATE, frame, weights
from tests.support.udp_receiver import port_of, udp_socket

GOLDEN = Packet(
    device="00000000-0000-0000-0000-00000000ABCD",
    subject="Face",
    frame=12_345,
    sub_frame=0.5,
    values=np.arange(61, dtype=np.float32) / np.float32(100),
)
GOLDEN_SHA256 = "51f8d6284436dfa8e2b91d4c702017d99f087a0ac9ae4bd78a2ed0fb2f4856dd"
NO_FACE_BYTES = 25 + 36 + 4


def sent(shown: Frame, name: str = "Face") -> dict[str, float]:
    """Return the values by name that a real socket receives."""
    with udp_socket() as opened:
        sink = LiveLinkFace("127.0.0.1", port_of(opened))
        sink.send(name, shown, RATE)
        values = decode(opened.recv(2048)).values
        sink.close()
    assert values is not None
    return dict(zip(NAMES, values.tolist(), strict=True))


def same(one: Packet, other: Packet) -> bool:
    """Return whether two packets are equal in every field."""
    (values, others), texts = (
        (one.values, other.values),
        [repr(replace(packet, values=None)) for packet in (one, other)],
    )
    return texts[0] == texts[1] and (values is others if values is None or others is None else (values == others).all())


def test_the_golden_packet() -> None:
    data = encode(GOLDEN)
    assert len(data) == 310
    assert hashlib.sha256(data).hexdigest() == GOLDEN_SHA256
    assert same(decode(data), GOLDEN)


packets = st.builds(
    Packet,
    device=st.text(min_size=1, max_size=40),
    subject=st.text(min_size=1, max_size=40),
    frame=st.integers(-(2**31), 2**31 - 1),
    sub_frame=st.floats(0, 1, exclude_max=True, width=32),
    numerator=st.integers(1, 2**31 - 1),
    denominator=st.integers(1, 2**31 - 1),
    values=st.none()
    | st.lists(st.floats(-4, 4, width=32), min_size=61, max_size=61).map(lambda values: np.array(values, np.float32)),
)


@given(packets)
def test_what_is_encoded_is_decoded(packet: Packet) -> None:
    assert same(decode(encode(packet)), packet)


def test_cut_anywhere_it_is_no_packet_except_where_the_face_begins() -> None:
    data = encode(GOLDEN)
    for n in range(len(data)):
        if n == NO_FACE_BYTES:
            assert decode(data[:n]).values is None
        else:
            with pytest.raises(WireError):
                decode(data[:n])


@given(st.binary(max_size=400) | st.binary(max_size=320).map(lambda tail: encode(GOLDEN)[:45] + tail))
def test_whatever_comes_is_a_packet_or_a_wire_error(data: bytes) -> None:
    try:
        packet = decode(data)
    except WireError:
        return
    assert encode(packet) == data


@given(st.integers(0, 309), st.integers(0, 7))
def test_a_flipped_bit_is_a_packet_or_a_wire_error(at: int, bit: int) -> None:
    data = bytearray(encode(GOLDEN))
    data[at] ^= 1 << bit
    with suppress(WireError):
        decode(bytes(data))


def broken(at: int, change: bytes) -> bytes:
    data = encode(GOLDEN)
    return data[:at] + change + data[at + len(change) :]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        broken(0, b"\x05"),
        broken(1, struct.pack(">i", -1)),
        broken(1, struct.pack(">i", 0)),
        broken(1, struct.pack(">i", 2**31 - 1)),
        broken(41, struct.pack(">i", -(2**31))),
        broken(45, b"\xff\xfe\xfd\xfc"),
        broken(53, struct.pack(">f", 1.0)),
        broken(53, struct.pack(">f", float("nan"))),
        broken(57, struct.pack(">i", 0)),
        broken(61, struct.pack(">i", -1)),
        broken(65, b"\x3c"),
        broken(66, struct.pack(">f", float("nan"))),
        broken(306, struct.pack(">f", float("inf"))),
        encode(GOLDEN) + b"\0",
        encode(GOLDEN) + bytes(4),
    ],
)
def test_bytes_that_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        decode(data)


@pytest.mark.parametrize(
    "packet",
    [
        replace(GOLDEN, subject=""),
        replace(GOLDEN, subject="x" * 256),
        replace(GOLDEN, subject="\ud800"),
        replace(GOLDEN, frame=2**31),
        replace(GOLDEN, sub_frame=1.0),
        replace(GOLDEN, denominator=0),
        replace(GOLDEN, values=np.zeros(52, np.float32)),
        replace(GOLDEN, values=np.full(61, np.nan, np.float32)),
    ],
)
def test_packets_that_do_not_fit_are_refused(packet: Packet) -> None:
    with pytest.raises(WireError):
        encode(packet)


def test_an_independent_receiver_reads_every_name_and_value() -> None:
    library = pytest.importorskip("pylivelinkface", reason="needs pylivelinkface (extra 'test')")
    shown = frame(np.linspace(0, 1, 52, dtype=np.float32), [0.1, -0.2, 0.3], [0.11, 0.12, -0.13, -0.14], sample=4_000)
    with udp_socket() as opened:
        sink = LiveLinkFace("127.0.0.1", port_of(opened), "Anna")
        sink.send("session 3", shown, RATE)
        found, face = library.PyLiveLinkFace.decode(opened.recv(2048))
        sink.close()
    assert found
    assert face.name == "Anna"
    assert (face._frames, face.fps, face._denominator) == (15, 60, 1)
    assert [shape.name for shape in sorted(library.FaceBlendShape, key=lambda shape: shape.value)] == list(NAMES)
    values = values_of(face_of(shown, RATE))
    assert [face.get_blendshape(shape) for shape in library.FaceBlendShape] == [
        values[NAMES.index(shape.name)] for shape in library.FaceBlendShape
    ]


def test_one_weight_comes_out_under_its_own_name() -> None:
    for name in ARKIT_NAMES:
        values = sent(frame(weights(**{name: 0.75})))
        assert {key: value for key, value in values.items() if value} == {name[0].upper() + name[1:]: 0.75}


AXES = ("HeadYaw", "HeadPitch", "HeadRoll")


@pytest.mark.parametrize(("axis", "sign"), [(0, 1), (1, -1), (2, 1)])
def test_the_head_turns_one_axis_at_a_time_with_the_documented_sign(axis: int, sign: int) -> None:
    angles = [0.0, 0.0, 0.0]
    angles[axis] = 0.25
    values = sent(frame(head=angles))
    assert {key: value for key, value in values.items() if value} == {AXES[axis]: sign * 0.25}


@pytest.mark.parametrize(
    ("eye", "name", "sign"),
    [(0, "LeftEyeYaw", -1), (1, "LeftEyePitch", 1), (2, "RightEyeYaw", -1), (3, "RightEyePitch", 1)],
)
def test_each_eye_turns_with_the_documented_sign(eye: int, name: str, sign: int) -> None:
    angles = [0.0, 0.0, 0.0, 0.0]
    angles[eye] = 0.25
    values = sent(frame(eyes=angles))
    assert {key: value for key, value in values.items() if value} == {name: sign * 0.25}


def test_eye_angles_agree_with_look_weights_as_in_a_recording_of_the_app() -> None:
    """NeuroSync_Player, Angry/MySlate_165_iPhone_cal.csv, 19:17:26:04.674: the eyes look to the face's right and up."""
    values = sent(frame(weights(eyeLookInLeft=0.0823, eyeLookUpLeft=0.1936), eyes=[-0.0494, -0.0777, -0.0436, -0.0777]))
    recorded = {"EyeLookInLeft": 0.0823, "EyeLookUpLeft": 0.1936, "LeftEyeYaw": 0.0494, "LeftEyePitch": -0.0777}
    for name, value in recorded.items():
        assert values[name] == pytest.approx(value)


def test_values_are_clamped() -> None:
    values = sent(frame(weights(jawOpen=1.2, mouthClose=-0.1), [9.0, -9.0, 0.0], [9.0, 0.0, 0.0, 0.0]))
    assert values["JawOpen"] == 1
    assert values["MouthClose"] == 0
    assert values["HeadYaw"] == pytest.approx(np.pi / 2)
    assert values["HeadPitch"] == pytest.approx(np.pi / 2)
    assert values["LeftEyeYaw"] == pytest.approx(-np.pi / 2)


@given(st.floats(0, 1e6))
def test_the_time_code_is_the_media_time(seconds: float) -> None:
    number, sub_frame = time_code(seconds)
    assert 0 <= np.float32(sub_frame) < 1
    assert (number + sub_frame) / 60 == pytest.approx(seconds, abs=1e-8)


@pytest.mark.parametrize("fps", [24, 25, 30, 30_000 / 1001, 60])
def test_the_time_code_never_runs_back_within_a_stream(fps: float) -> None:
    codes = [time_code(index / fps) for index in range(2_000)]
    assert codes == sorted(codes)


def test_a_subject_keeps_its_device_and_names_do_not_share_one() -> None:
    assert device_of("Face") == device_of("Face") == "64107638-d132-58f6-9df3-e18435979509"
    assert device_of("Anna") != device_of("Face")
    assert len(device_of("アンナ")) == 36


def test_without_a_subject_every_character_is_its_own() -> None:
    with udp_socket() as opened:
        sink = LiveLinkFace("127.0.0.1", port_of(opened))
        for name in ("Anna", "アンナ"):
            sink.send(name, frame(weights(jawOpen=0.5)), RATE)
        packets = [decode(opened.recv(2048)) for _ in range(2)]
        sink.close()
    assert [packet.subject for packet in packets] == ["Anna", "アンナ"]
    assert len({packet.device for packet in packets}) == 2
