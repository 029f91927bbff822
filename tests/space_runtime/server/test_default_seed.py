"""The seed of streams that are begun without one: sessions and lines differ, the same ones repeat, a given one wins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine_bridge.protocol import messages as m
from space_runtime.arrays import Floats
from space_runtime.server.limits import Folders
from tests.support.inline_server import InlineServer
from tests.support.wire_client import WireClient


def client_of(server: InlineServer) -> WireClient:
    """A client that leaves seeds to the server."""
    client = server.client()
    client.seed = None
    return client


def heads(client: WireClient, session: int, stream: int = 1, seed: int | None = None) -> Floats:
    """Return the (n, 6) head motion of an idle second."""
    client.say(m.Idle(session=session, stream=stream, seed=seed))
    client.transport.wait(1.0)
    return np.stack([frame.head for frame in client.frames(stream, session) if frame.head is not None])


def same(first: Floats, second: Floats) -> bool:
    n = min(len(first), len(second))
    assert n >= 10
    return bool(np.array_equal(first[:n], second[:n]))


def test_sessions_of_one_connection_and_of_two_do_not_sway_in_unison() -> None:
    server = InlineServer()
    anna, bert = client_of(server), client_of(server)
    motions = [heads(anna, anna.open()), heads(anna, anna.open()), heads(bert, bert.open())]
    assert not any(same(motions[a], motions[b]) for a, b in ((0, 1), (0, 2), (1, 2)))


def test_two_lines_of_a_session_begin_differently() -> None:
    client = client_of(InlineServer())
    session = client.open()
    assert not same(heads(client, session, 1), heads(client, session, 2))


@pytest.mark.parametrize("anew", [True, False])
def test_the_same_session_sways_alike_opened_again_and_on_another_server(anew: bool) -> None:
    server = InlineServer()
    client = client_of(server)
    others, session = [client.open(), client.open()], client.open()
    before = heads(client, session)
    if anew:
        client = client_of(InlineServer())
        others = [client.open(), client.open()]
    else:
        client.end_session(session)
    assert len(others) == 2 and same(before, heads(client, client.open()))


def test_faces_of_two_names_differ_and_one_repeats(photo: Path, tmp_path: Path) -> None:
    for name in ("anna.png", "bert.png"):
        (tmp_path / name).write_bytes(photo.read_bytes())
    motions = []
    for names in (("anna.png", "bert.png"), ("bert.png", "anna.png")):
        client = client_of(InlineServer(folders=Folders(portraits=tmp_path)))
        motions.append({name: heads(client, client.open(character=name)) for name in names})
    assert not same(motions[0]["anna.png"], motions[0]["bert.png"])
    assert all(same(motions[0][name], motions[1][name]) for name in motions[0])


def test_a_given_seed_repeats_in_any_session() -> None:
    client = client_of(InlineServer())
    assert same(heads(client, client.open(), 1, 7), heads(client, client.open(), 5, 7))
