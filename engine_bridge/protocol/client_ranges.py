"""The ranges of the numbers in a client's messages: what lies outside is refused by the server (`bad_value`).

Controls have theirs in `field_table`; numbers that are only compared or given back (sessions, streams, requests,
nonces) may be anything that their type holds. ``python -m tests.tools.generate_protocol`` writes PROTOCOL.md's table
from it.
"""

from __future__ import annotations

from typing import Final

from engine_bridge.protocol.messages import Message
from engine_bridge.protocol.server_ranges import LAST_SAMPLE, RangeRow

LAST_SEQ: Final = 2**32 - 1
LAST_TIME: Final = 2**63 - 1
"""After all sound: a change that never comes, an end that is too far ahead."""
LONGEST_LEASE_MS: Final = 3_600_000
LONGEST_PLAYOUT_MS: Final = 60_000

CLIENT_RANGES: Final = (
    RangeRow("open", "fps", 0, LAST_SEQ),
    RangeRow("open", "playout_ms", 0, LONGEST_PLAYOUT_MS),
    RangeRow("open", "until", 0, LAST_SEQ),
    RangeRow("open", "lease_ms", 1, LONGEST_LEASE_MS),
    RangeRow("start", "rate", 4_000, 192_000),
    RangeRow("start", "channels", 1, 8),
    RangeRow("start", "first_sample", 0, LAST_SAMPLE),
    RangeRow("audio", "first_sample", 0, LAST_TIME),
    RangeRow("set", "at_sample", 0, LAST_TIME),
    RangeRow("set", "fade_ms", 0, 10_000),
    RangeRow("motion", "at_sample", 0, LAST_SAMPLE),
    RangeRow("end", "n_samples", 0, LAST_TIME),
    RangeRow("interrupt", "at_sample", 0, LAST_TIME),
    RangeRow("interrupt", "fade_ms", 0, 10_000),
    RangeRow("credit", "until", 0, LAST_SEQ),
)
"""In the order of messages and fields."""

_ROWS: Final = {row.message: [each for each in CLIENT_RANGES if each.message == row.message] for row in CLIENT_RANGES}


def range_fault(message: Message) -> str:
    """Return a sentence about the first number of a client's message outside its range; empty if none is."""
    for row in _ROWS.get(type(message).__name__.lower(), ()):
        value: object = getattr(message, row.field)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int) and not row.low <= number <= row.high:
                return f"{row.field} is {number}; expected {row.low}…{row.high}"
    return ""
