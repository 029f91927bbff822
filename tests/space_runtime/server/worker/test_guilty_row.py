"""Law: a stream that cannot be stepped ends its own session; everybody else misses nothing."""

from __future__ import annotations

import logging
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import ArrayLike

from engine_bridge.protocol import messages as m
from engine_bridge.protocol.messages import ErrorCode
from space_runtime.animation.batch import StreamBatch
from space_runtime.animation.batch_state import Frames
from space_runtime.server.commands import CharacterKey
from space_runtime.server.worker.character_cache import KEPT, NEUTRAL, CharacterCache
from space_runtime.server.worker.step_queue import MAX_BATCH
from space_runtime.server.worker.stream_handlers import StreamHandlers
from tests.support.inline_server import InlineServer
from tests.support.session_frames import BUNDLE, curves
from tests.support.sounds import speechlike
from tests.support.wire_client import CHUNK, WireClient

N_CHUNKS = 50
STEP = StreamBatch.step


def talk(server: InlineServer, clients: list[WireClient], guilty: int, from_chunk: int = 20) -> None:
    """Let all clients push the same sound, one in chunks twice as long; the guilty one's row fails from then on."""
    pcm = (speechlike(1.0)[:, 0] * 32_767).astype("<i2").tobytes()
    for client in clients:
        client.start(client.open(), 1)
    failing: set[int] = set()

    def step(batch: StreamBatch, rows: ArrayLike, hops: ArrayLike) -> Frames:
        if failing & set(np.asarray(rows).tolist()):
            raise ArithmeticError("a number at the edge")
        return STEP(batch, rows, hops)

    with patch.object(StreamBatch, "step", step):
        for n in range(N_CHUNKS):
            if n == from_chunk:
                failing.add(server.state_of(guilty).row)
            for number, client in enumerate(clients, 1):
                first, wide = n * CHUNK * 2, 2 if number == 1 else 1
                if n % wide == 0:
                    client.send_all(
                        m.Audio(
                            session=number, stream=1, first_sample=n * CHUNK, pcm=pcm[first : first + wide * CHUNK * 2]
                        )
                    )
            server.wait(0.02)
        for number, client in enumerate(clients, 1):
            client.end(number, 1, N_CHUNKS * CHUNK)


@pytest.mark.parametrize("guilty", [1, 2, 5])
def test_only_the_guilty_session_ends(guilty: int, caplog: pytest.LogCaptureFixture) -> None:
    server, calm = InlineServer(), InlineServer()
    clients, others = ([each.client() for _ in range(5)] for each in (server, calm))
    talk(calm, others, 1, N_CHUNKS + 1)
    with caplog.at_level(logging.ERROR):
        talk(server, clients, guilty)
    for number, (client, other) in enumerate(zip(clients, others, strict=True), 1):
        if number == guilty:
            assert client.last(m.Closed).reason == ErrorCode.INTERNAL
            continue
        assert not client.take(m.Closed) and not client.take(m.Error)
        done = client.last(m.Finished)
        assert (done.frames, done.dropped) == (30, 0)
        for mine, theirs in zip(client.frames(), other.frames(), strict=True):
            assert (mine.seq, mine.index) == (theirs.seq, theirs.index)
            assert np.allclose(curves(mine), curves(theirs), rtol=0, atol=1e-6)
    (record,) = caplog.records
    assert record.getMessage().endswith(f": {guilty}") and record.exc_info


def test_a_failure_between_steps_ends_one_session() -> None:
    server = InlineServer()
    clients = [server.client() for _ in range(3)]
    conceal = StreamHandlers.conceal_gaps

    def failing(handlers: StreamHandlers, state: object, now: float) -> object:
        if state is server.worker.sessions.by_number.get(2):
            raise ArithmeticError
        return conceal(handlers, state, now)  # type: ignore[arg-type]

    with patch.object(StreamHandlers, "conceal_gaps", failing):
        talk(server, clients, 2, N_CHUNKS + 1)
    assert [[closed.reason for closed in client.take(m.Closed)] for client in clients] == [[], ["internal"], []]
    assert all(clients[n].last(m.Finished).frames == 30 for n in (0, 2))


def test_a_failed_delivery_does_not_touch_the_other_batches_of_the_step() -> None:
    server = InlineServer()
    clients = [server.client() for _ in range(2)]
    real = server.worker.delivery.frames

    def failing(frames: Frames, heard_at: object, now: float) -> Frames:
        if 0 in frames.row.tolist() and frames.frame_index.max() > 10:
            raise ArithmeticError
        return real(frames, heard_at, now)  # type: ignore[arg-type]

    with patch.object(server.worker.delivery, "frames", failing):
        talk(server, clients, 1, N_CHUNKS + 1)
    reasons = [[closed.reason for closed in client.take(m.Closed)] for client in clients]
    assert reasons[0] == ["internal"]


def test_a_guilty_row_costs_few_steps() -> None:
    """Of a full batch, halves are stepped: not every row alone."""
    assert MAX_BATCH == 256
    server = InlineServer()
    clients = [server.client() for _ in range(16)]
    n_steps = 0

    def counted(batch: StreamBatch, rows: ArrayLike, hops: ArrayLike) -> Frames:
        nonlocal n_steps
        n_steps += 1
        if 7 in np.asarray(rows).tolist():
            raise ArithmeticError
        return STEP(batch, rows, hops)

    for client in clients:
        client.start(client.open(), 1)
    for number, client in enumerate(clients, 1):
        client.send_all(m.Audio(session=number, stream=1, first_sample=0, pcm=bytes(2 * CHUNK)))
    with patch.object(StreamBatch, "step", counted):
        server.run()
    assert n_steps == 1 + 2 * 4  # 16, and both halves of 16, 8, 4, 2


# The characters that sessions take and give back


def test_a_character_that_is_gone_is_not_in_use() -> None:
    cache, key = CharacterCache(BUNDLE), CharacterKey("0" * 64)
    assert cache.take(key) is None
    for n in range(KEPT + 10):
        cache._keep(CharacterKey(f"{n:064}"), cache.neutral)
    assert cache.find(key) is None, "it has been counted as in use and is never evicted"


def test_the_neutral_character_is_taken_and_given_back() -> None:
    server = InlineServer()
    characters = server.worker._sessions._characters
    before = characters._in_use[NEUTRAL]
    client = server.client()
    sessions = [client.open(), client.open()]
    assert characters._in_use[NEUTRAL] == before + 2
    for session in sessions:
        client.end_session(session)
    assert characters._in_use[NEUTRAL] == before
