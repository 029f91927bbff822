"""A server that returns what comes, whatever it is."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Self

import zmq


class Echo:
    """A ROUTER in a thread of its own. heard: parts of every message. silent: hears but does not return anything."""

    def __init__(self) -> None:
        self.heard: list[list[bytes]] = []
        self.silent = False
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.linger = 0
        self.address = f"tcp://127.0.0.1:{self._router.bind_to_random_port('tcp://127.0.0.1')}"
        self._over = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._thread.join()
        self._router.close()
        self._context.term()

    def _run(self) -> None:
        while not self._over:
            if self._router.poll(20):
                route, *parts = self._router.recv_multipart()
                self.heard.append(parts)
                if not self.silent:
                    with suppress(zmq.ZMQError):
                        self._router.send_multipart([route, *parts])
