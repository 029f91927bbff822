"""Laws of the pipe to a child: what goes in comes out; other bytes give a value or an error."""

from __future__ import annotations

import io
import random
from contextlib import suppress

import numpy as np
import pytest

from space_runtime.file_reader import requests as r
from space_runtime.file_reader.packing import pack, receive, send, unpack
from space_runtime.geometry import HeadPose
from space_runtime.portrait.portrait import Portrait
from tests.support.pictures import portrait

SAID = [
    r.ReadSound(1 << 40 | 7, b"RIFF", "", 0, 80_000, 300.0),
    r.DropSound(3),
    r.ReadPicture(b"\x89PNG", "the portrait", False),
    r.SoundPart(44_100, 9, np.arange(9, dtype=np.float32), ("a note", "another")),
    r.Refused("bad_sound", "the sound is none"),
    r.Failed("Traceback"),
    r.Done(),
    r.NotOpen(),
]
NOT_TAKEN = (ValueError, KeyError, TypeError)


@pytest.mark.parametrize("value", SAID, ids=lambda value: type(value).__name__)
def test_what_is_said_arrives(value: object) -> None:
    arrived = unpack(pack(value))
    assert type(arrived) is type(value) and pack(arrived) == pack(value)


def test_a_portrait_arrives_whole() -> None:
    arrived = unpack(pack(r.TrackedPicture(portrait())))
    assert isinstance(arrived, r.TrackedPicture)
    assert isinstance(arrived.portrait, Portrait) and isinstance(arrived.portrait.pose, HeadPose)
    assert np.array_equal(arrived.portrait.image, portrait().image) and arrived.portrait.image.flags.writeable
    assert pack(arrived) == pack(r.TrackedPicture(portrait()))


@pytest.mark.parametrize("value", SAID, ids=lambda value: type(value).__name__)
def test_damaged_bytes_give_a_value_or_an_error(value: object) -> None:
    rng, data = random.Random(5), pack(value)
    for _ in range(300):
        damaged = bytearray(data[: rng.randrange(1, len(data) + 1)])
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        with suppress(*NOT_TAKEN):
            unpack(bytes(damaged))


def test_a_pipe_that_ends_gives_nothing_and_one_that_promises_too_much_an_error() -> None:
    pipe = io.BytesIO()
    send(pipe, r.DropSound(3))
    whole = pipe.getvalue()
    for end in range(len(whole)):
        assert receive(io.BytesIO(whole[:end])) is None
    with pytest.raises(ValueError, match="a message of"):
        receive(io.BytesIO(b"\xff\xff\xff\xff" + bytes(9)))
