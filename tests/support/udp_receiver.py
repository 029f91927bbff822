"""Receivers of UDP packets: a plain socket, and one whose Live Link Face packets pylivelinkface decodes, each timed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import pytest

from engine_bridge.adapters.live_link_face import NAMES
from space_runtime.arrays import Floats
from tests.support.waiting import wait_for

JAW = NAMES.index("JawOpen")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A packet. at: when it came. seconds: its media time. values: (61,)."""

    at: float
    name: str
    seconds: float
    values: Floats

    @property
    def is_neutral(self) -> bool:
        return not self.values.any()


@contextmanager
def udp_socket(timeout_s: float = 5.0) -> Generator[socket.socket, None, None]:
    """Yield a UDP socket on a free port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(timeout_s)
        yield opened


def port_of(opened: socket.socket) -> int:
    """Return the port of a socket."""
    port: int = opened.getsockname()[1]
    return port


class UdpReceiver:
    """Keeps every packet of Live Link Face that comes, until the end of the ``with``."""

    def __init__(self) -> None:
        self._decode = pytest.importorskip(
            "pylivelinkface", reason="needs pylivelinkface (extra 'test')"
        ).PyLiveLinkFace.decode
        self.seen: list[Seen] = []
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(udp_socket(timeout_s=0.05))
        self.port = port_of(self._socket)
        self._over = False
        self._thread = threading.Thread(target=self._receive, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._thread.join()
        self._stack.close()

    def url(self, subject: str = "") -> str:
        return f"llf://127.0.0.1:{self.port}/{subject}"

    def of(self, name: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.name == name]

    def names(self) -> set[str]:
        return {seen.name for seen in self.seen}

    def wait_for_rest(self, name: str) -> list[Seen]:
        """Everything seen of a subject, once it has moved and come to rest."""
        wait_for(lambda: self.n_rests(name))
        return self.of(name)

    def n_rests(self, name: str) -> int:
        """Return the number of times that a subject has come to rest. A line's first frame may be neutral as well."""
        return sum(after.is_neutral and not before.is_neutral for before, after in pairwise(self.of(name)))

    def _receive(self) -> None:
        while not self._over:
            try:
                data = self._socket.recv(4_096)
            except TimeoutError:
                continue
            at = time.monotonic()
            found, face = self._decode(data)
            assert found
            sub_frame = np.float32(face._sub_frame)
            seconds = (face._frames + float(sub_frame)) / face.fps
            self.seen.append(Seen(at, face.name, seconds, np.array(face._blend_shapes, np.float32)))
