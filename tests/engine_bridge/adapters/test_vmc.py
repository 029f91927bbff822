"""VMC over OSC: equal to python-osc byte for byte, received by its dispatcher, axes one at a time."""

from __future__ import annotations

import math
import struct
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_bridge.adapters import osc
from engine_bridge.adapters.sink import face_of
from engine_bridge.adapters.vmc import PACKET_BYTES, Vmc, messages, packets_of, unity_rotation
from engine_bridge.adapters.vrm import Preset, expressions
from engine_bridge.protocol.arkit import ARKIT_NAMES
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.messages import Floats, Frame
from space_runtime.geometry import rotation_matrix
from tests.support.adapter_frames import RATE, frame, weights
from tests.support.udp_receiver import port_of, udp_socket

HALF = "2f564d432f4578742f426c656e642f56616c00002c73660041000000" + "3f000000"
BUNDLE = (
    "2362756e646c650000000000000000010000002" + "42f564d432f4578742f426c656e642f56616c0000"
    "2c7366004a61774f70656e003f000000"
    "0000001c2f564d432f4578742f426c656e642f4170706c79000000002c000000"
)
FULL = frame(np.linspace(0, 1, 52, dtype=np.float32), [0.1, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4], sample=8_000)

Argument = str | int | float


def received(shown: Frame, preset: Preset = Preset.ARKIT) -> list[tuple[str, tuple[Argument, ...]]]:
    """Return what python-osc's server makes of a frame sent through a real socket: (address, arguments) in order."""
    server_of = pytest.importorskip("pythonosc.osc_server", reason="needs python-osc (extra 'test')")
    dispatcher = pytest.importorskip("pythonosc.dispatcher", reason="needs python-osc (extra 'test')").Dispatcher()
    heard: list[tuple[str, tuple[Argument, ...]]] = []
    done = threading.Event()

    def note(address: str, *arguments: Argument) -> None:
        heard.append((address, arguments))
        if address.endswith("/Apply"):
            done.set()

    dispatcher.set_default_handler(note)
    with server_of.BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        sink = Vmc("127.0.0.1", server.server_address[1], preset)
        sink.send("Anna", shown, RATE)
        assert done.wait(5)
        sink.close()
        server.shutdown()
        thread.join()
    return heard


def values_in(heard: list[tuple[str, tuple[Argument, ...]]]) -> dict[str, float]:
    return {
        str(name): float(value)
        for address, (name, value) in ((a, v) for a, v in heard if a == "/VMC/Ext/Blend/Val")
        if value
    }


def test_the_golden_message_and_bundle() -> None:
    assert osc.message("/VMC/Ext/Blend/Val", "A", 0.5).hex() == HALF
    parts = [osc.message("/VMC/Ext/Blend/Val", "JawOpen", 0.5), osc.message("/VMC/Ext/Blend/Apply")]
    (bundle,) = osc.bundles(parts, PACKET_BYTES)
    assert bundle.hex() == BUNDLE
    assert len(bundle) == 88


arguments = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(width=32, allow_nan=False, allow_infinity=False),
    max_size=6,
)


@given(arguments)
def test_messages_equal_those_of_python_osc(values: list[Argument]) -> None:
    builder = pytest.importorskip("pythonosc.osc_message_builder", reason="needs python-osc (extra 'test')")
    expected = builder.OscMessageBuilder("/a/b")
    for value in values:
        expected.add_arg(value, "s" if isinstance(value, str) else "i" if isinstance(value, int) else "f")
    assert osc.message("/a/b", *values) == expected.build().dgram


def test_a_frames_packets_equal_those_of_python_osc() -> None:
    bundle = pytest.importorskip("pythonosc.osc_bundle_builder", reason="needs python-osc (extra 'test')")
    packet = pytest.importorskip("pythonosc.osc_bundle", reason="needs python-osc (extra 'test')")
    message = pytest.importorskip("pythonosc.osc_message", reason="needs python-osc (extra 'test')")
    parts = list(messages(face_of(FULL, RATE), Preset.ARKIT))
    made = osc.bundles(parts, PACKET_BYTES)
    for data, n in zip(made, (packet.OscBundle(data).num_contents for data in made), strict=True):
        expected = bundle.OscBundleBuilder(bundle.IMMEDIATELY)
        for each in parts[:n]:
            expected.add_content(message.OscMessage(each))
        assert data == expected.build().dgram
        parts = parts[n:]
    assert not parts


@given(st.lists(st.binary(min_size=0, max_size=60).map(lambda b: b + bytes(-len(b) % 4)), max_size=40))
def test_bundles_keep_order_and_stay_below_the_limit(parts: list[bytes]) -> None:
    made = osc.bundles(parts, 100)
    found = []
    for bundle in made:
        assert len(bundle) <= 100
        assert bundle.startswith(osc.BUNDLE_HEAD)
        at = 16
        while at < len(bundle):
            (n,) = struct.unpack_from(">i", bundle, at)
            found.append(bundle[at + 4 : at + 4 + n])
            at += 4 + n
    assert found == parts


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e39, 2**31, "a\0b", "\ud800", True, None])
def test_what_osc_cannot_carry_is_refused(value: float) -> None:
    with pytest.raises(WireError):
        osc.message("/a", value)


def test_a_frame_has_the_known_sizes() -> None:
    without_eyes = face_of(frame(FULL.weights, [0.1, 0.2, 0.3]), RATE)
    assert [len(packet) for packet in packets_of(without_eyes, Preset.ARKIT)] == [1_380, 1_368]
    assert [len(packet) for packet in packets_of(face_of(FULL, RATE), Preset.ARKIT)] == [1_388, 1_384, 140]
    assert [len(packet) for packet in packets_of(face_of(FULL, RATE), Preset.VRM0)] == [952]


def test_python_osc_hears_the_frame_in_order() -> None:
    heard = received(FULL)
    assert [address for address, _ in heard[:6]] == [
        "/VMC/Ext/OK",
        "/VMC/Ext/T",
        "/VMC/Ext/Root/Pos",
        "/VMC/Ext/Bone/Pos",
        "/VMC/Ext/Bone/Pos",
        "/VMC/Ext/Bone/Pos",
    ]
    assert heard[0][1] == (1, 3, 0, 1)
    assert heard[1][1] == (0.5,)
    assert heard[2][1] == ("root", 0, 0, 0, 0, 0, 0, 1)
    assert [arguments[0] for _, arguments in heard[3:6]] == ["Head", "LeftEye", "RightEye"]
    assert {address for address, _ in heard[6:-1]} == {"/VMC/Ext/Blend/Val"}
    assert heard[-1] == ("/VMC/Ext/Blend/Apply", ())
    assert FULL.weights is not None
    names = [arguments[0] for _, arguments in heard[6:-1]]
    values = np.array([arguments[1] for _, arguments in heard[6:-1]], np.float32)
    assert names == [name[0].upper() + name[1:] for name in ARKIT_NAMES]
    assert np.array_equal(values, FULL.weights)


def test_one_weight_comes_out_under_its_own_name() -> None:
    for name in ("jawLeft", "jawRight", "mouthLeft", "mouthSmileLeft", "eyeBlinkRight", "tongueOut"):
        assert values_in(received(frame(weights(**{name: 0.75})))) == {name[0].upper() + name[1:]: 0.75}


Vector = tuple[float, float, float]


def unity_turned(quaternion: tuple[float, float, float, float], vector: Vector) -> Floats:
    """Return v turned by a quaternion; the formula is the same in left- and right-handed axes."""
    x, y, z, w = quaternion
    axis, v = np.array([x, y, z]), np.array(vector)
    turned: Floats = v + 2 * np.cross(axis, np.cross(axis, v) + w * v)
    return turned


def bone_in(heard: list[tuple[str, tuple[Argument, ...]]], bone: str) -> tuple[float, float, float, float]:
    (found,) = (arguments for address, arguments in heard if address == "/VMC/Ext/Bone/Pos" and arguments[0] == bone)
    assert found[1:4] == (0, 0, 0)
    x, y, z, w = (float(value) for value in found[4:])
    return x, y, z, w


FORWARD: Vector = (0.0, 0.0, 1.0)
RIGHT, UP = 0, 1
"""Unity's x is a character's own right, its y is up."""


def test_positive_yaw_turns_to_the_characters_left() -> None:
    head = bone_in(received(frame(head=[0.4, 0, 0])), "Head")
    assert head == pytest.approx((0, -math.sin(0.2), 0, math.cos(0.2)))
    assert unity_turned(head, FORWARD)[RIGHT] < -0.3


def test_positive_pitch_lowers_the_nose() -> None:
    head = bone_in(received(frame(head=[0, 0.4, 0])), "Head")
    assert head == pytest.approx((math.sin(0.2), 0, 0, math.cos(0.2)))
    assert unity_turned(head, FORWARD)[UP] < -0.3


def test_positive_roll_is_counter_clockwise_to_the_viewer() -> None:
    """The crown goes to the viewer's left, which is the character's right."""
    head = bone_in(received(frame(head=[0, 0, 0.4])), "Head")
    assert head == pytest.approx((0, 0, -math.sin(0.2), math.cos(0.2)))
    assert unity_turned(head, (0.0, 1.0, 0.0))[RIGHT] > 0.3


def test_the_left_eye_is_the_left_eye() -> None:
    heard = received(frame(eyes=[0.4, 0, 0, 0.4]))
    assert unity_turned(bone_in(heard, "LeftEye"), FORWARD)[RIGHT] < -0.3
    assert unity_turned(bone_in(heard, "RightEye"), FORWARD)[UP] < -0.3


angles = st.floats(-1.5, 1.5)


@given(angles, angles, angles)
def test_unity_rotation_is_ours_seen_with_x_turned_round(yaw: float, pitch: float, roll: float) -> None:
    quaternion = unity_rotation(yaw, pitch, roll)
    assert math.hypot(*quaternion) == pytest.approx(1)
    ours = rotation_matrix(np.array([yaw, pitch, roll], np.float32)).astype(np.float64)
    flip = np.diag([-1.0, 1.0, 1.0])
    unity = np.stack([unity_turned(quaternion, axis) for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1))], axis=1)
    assert np.allclose(unity, flip @ ours @ flip, atol=1e-6)


def test_parts_that_were_not_asked_for_are_left_out() -> None:
    assert [a for a, _ in received(frame(head=[0, 0, 0]))] == [
        "/VMC/Ext/OK",
        "/VMC/Ext/T",
        "/VMC/Ext/Root/Pos",
        "/VMC/Ext/Bone/Pos",
        "/VMC/Ext/Blend/Apply",
    ]
    with pytest.raises(WireError):
        packets_of(face_of(frame(), RATE), Preset.ARKIT)


@pytest.mark.parametrize(
    ("preset", "names"),
    [
        (Preset.VRM0, "A I U E O Blink_L Blink_R LookUp LookDown LookLeft LookRight Joy Angry Sorrow"),
        (
            Preset.VRM1,
            "aa ih ou ee oh blinkLeft blinkRight lookUp lookDown lookLeft lookRight happy angry sad surprised",
        ),
    ],
)
def test_presets_go_out_in_one_packet_under_their_names(preset: Preset, names: str) -> None:
    heard = received(FULL, preset)
    assert [arguments[0] for address, arguments in heard if address == "/VMC/Ext/Blend/Val"] == names.split()
    assert len(packets_of(face_of(FULL, RATE), preset)) == 1


@given(st.lists(st.floats(0, 1, width=32), min_size=52, max_size=52), st.sampled_from(Preset))
def test_presets_stay_within_bounds_and_vowels_do_not_add_up_beyond_one(values: list[float], preset: Preset) -> None:
    found = expressions(np.array(values, np.float32), preset)
    assert all(0 <= value <= 1 for value in found.values())
    for vowels in ("AIUEO", ("aa", "ih", "ou", "ee", "oh")):
        assert sum(found.get(vowel, 0) for vowel in vowels) <= 1 + 1e-6


@pytest.mark.parametrize(
    ("face", "strongest"),
    [
        ({"jawOpen": 0.5}, "A"),
        ({"jawOpen": 0.5, "mouthStretchLeft": 0.9, "mouthStretchRight": 0.9}, "E"),
        ({"jawOpen": 0.05, "mouthStretchLeft": 0.6, "mouthStretchRight": 0.6}, "I"),
        ({"jawOpen": 0.5, "mouthFunnel": 0.8}, "O"),
        ({"jawOpen": 0.1, "mouthPucker": 0.8}, "U"),
        ({"eyeBlinkLeft": 0.7}, "Blink_L"),
        ({"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5}, "LookLeft"),
        ({"eyeLookInLeft": 0.5, "eyeLookOutRight": 0.5}, "LookRight"),
        ({"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8}, "Joy"),
        ({"mouthFrownLeft": 0.8, "mouthFrownRight": 0.8}, "Sorrow"),
        ({"browDownLeft": 0.8, "browDownRight": 0.8}, "Angry"),
    ],
)
def test_a_face_is_the_preset_that_it_looks_like(face: dict[str, float], strongest: str) -> None:
    found = expressions(weights(**face), Preset.VRM0)
    assert max(found, key=lambda name: found[name]) == strongest
    assert found[strongest] >= 0.3


@pytest.mark.parametrize("preset", Preset)
def test_a_neutral_face_and_lips_shut_over_an_open_jaw_show_nothing(preset: Preset) -> None:
    assert not any(expressions(weights(), preset).values())
    if preset is not Preset.ARKIT:
        assert not any(expressions(weights(jawOpen=0.4, mouthClose=0.4), preset).values())


def test_apply_is_last_whatever_there_is() -> None:
    for shown in (FULL, frame(weights()), frame(eyes=[0, 0, 0, 0])):
        assert list(messages(face_of(shown, RATE), Preset.ARKIT))[-1] == osc.message("/VMC/Ext/Blend/Apply")


def test_the_real_socket_gets_every_packet() -> None:
    with udp_socket() as opened:
        sink = Vmc("127.0.0.1", port_of(opened))
        sink.send("Anna", FULL, RATE)
        assert [opened.recv(2048) for _ in range(3)] == packets_of(face_of(FULL, RATE), Preset.ARKIT)
        assert sink.counts.sent == 1
        sink.close()
