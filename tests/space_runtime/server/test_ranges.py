"""The one table of ranges: the server refuses what lies outside of any row, and no number of a client has no row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.client_ranges import CLIENT_RANGES
from engine_bridge.protocol.field_table import CONTROLS
from engine_bridge.protocol.field_types import FieldType
from engine_bridge.protocol.messages import ErrorCode, Message
from engine_bridge.protocol.schema import FROM_CLIENT, SCHEMA
from engine_bridge.protocol.server_ranges import RangeRow
from tests.support.inline_server import InlineServer
from tests.support.wire_client import OPENING

FREE = {"session", "stream", "request", "nonce", "versions"}
"""Numbers that are only compared or given back."""
LARGEST = {FieldType.U32: 2**32 - 1, FieldType.U64: 2**63 - 1, FieldType.U32S: 2**32 - 1}

SAID: dict[str, Message] = {
    "open": OPENING,
    "start": m.Start(session=1, stream=2, rate=16_000, format="s16"),
    "audio": m.Audio(session=1, stream=1, first_sample=0, pcm=b""),
    "motion": m.Motion(session=1, stream=1, at_sample=0, rows=np.zeros(64, np.float32)),
    "set": m.Set(session=1, stream=1, at_sample=0),
    "end": m.End(session=1, stream=1, n_samples=0),
    "interrupt": m.Interrupt(session=1, stream=1, at_sample=0, fade_ms=0),
    "credit": m.Credit(session=1, until=0),
}


def test_every_number_that_clients_say_has_a_range() -> None:
    numbers = {
        (name, field.name)
        for name in FROM_CLIENT
        for field in SCHEMA[name]
        if field.kind in LARGEST and field.name not in FREE | {row.key for row in CONTROLS}
    }
    assert numbers == {(row.message, row.field) for row in CLIENT_RANGES}


def outside(row: RangeRow) -> list[int]:
    """Return the numbers next to both ends of a range that a message can carry."""
    (kind,) = [field.kind for field in SCHEMA[row.message] if field.name == row.field]
    found = {int(row.low) - 1, int(row.high) + 1, LARGEST[kind]}
    return sorted(number for number in found if 0 <= number <= LARGEST[kind] and not row.low <= number <= row.high)


@pytest.mark.parametrize("row", CLIENT_RANGES, ids=lambda row: f"{row.message}.{row.field}")
def test_what_lies_outside_is_refused_in_a_sentence(row: RangeRow) -> None:
    server = InlineServer()
    client = server.client()
    client.open()
    client.start(1)
    for number in outside(row):
        value = (number, 1) if row.field == "fps" else number
        client.say(replace(SAID[row.message], **{row.field: value}))  # type: ignore[arg-type]  # the row names one of its fields
        error = client.last(m.Error)
        assert error.code == ErrorCode.BAD_VALUE and row.field in error.message and str(number) in error.message
        client.heard.clear()
        client.heard_at.clear()
    client.say(m.Ping(nonce=1))
    assert client.take(m.Pong) and len(server.gateway.sessions) == 1
