"""Sinks that send every frame as a few UDP packets to one address and never hear back."""

from __future__ import annotations

import socket
from collections.abc import Callable

from engine_bridge.adapters.sink import Counts, Face, SinkError, SpeakerLock, at_rest, face_of
from engine_bridge.protocol.errors import WireError
from engine_bridge.protocol.messages import Frame, Texture


class UdpSink:
    """A `Sink` of packets.

    A frame counts as sent when all its packets have left this machine. Whether anyone heard them cannot be known,
    except that most systems tell when nobody listens on a port, at the packet after: a frame during which they say so
    counts as unsent.
    """

    def __init__(self, host: str, port: int, packets: Callable[[str, Face], list[bytes]], one_face: bool) -> None:
        """Prepare to send to (host, port).

        packets: the packets of a character's face; raises `WireError` when nothing can be shown of it.
        one_face: only one character can be seen there at a time.

        Raises `SinkError` when the address means nothing to this machine.
        """
        self._packets_of = packets
        self.counts = Counts()
        self._where = f"{host}:{port}"
        self._socket = _socket_to(host, port)
        self._floor = SpeakerLock() if one_face else None
        self._last: dict[str, tuple[Frame, float]] = {}

    def send(self, name: str, frame: Frame, rate: float) -> None:
        """Send a frame; see `Sink`."""
        if self._floor and not self._floor.admits(name):
            self.counts.fail(f"{self._where} shows {self._floor.holder!r}; {name!r} has to wait until it has finished")
            return
        if self._send(name, frame, rate):
            self._last[name] = frame, rate

    def texture(self, name: str, texture: Texture) -> None:
        """Do nothing: these receivers have a face of their own."""

    def rest(self, name: str) -> None:
        """Send the neutral face; see `Sink`."""
        last = self._last.pop(name, None)
        if last is None or (self._floor and not self._floor.leave(name)):
            return
        frame, rate = last
        self._send(name, at_rest(frame, rate), rate)

    def close(self) -> None:
        """Close the socket; see `Sink`."""
        self._socket.close()

    def _send(self, name: str, frame: Frame, rate: float) -> bool:
        """Send a frame's packets, count it once, and return whether they left this machine."""
        try:
            refused = [self._is_refused(packet) for packet in self._packets_of(name, face_of(frame, rate))]
        except (WireError, OSError) as error:
            self.counts.fail(f"{self._where}: {error}")
            return False
        if any(refused):
            self.counts.fail(f"nothing listens on {self._where}")
        else:
            self.counts.sent += 1
        return True

    def _is_refused(self, packet: bytes) -> bool:
        """Send one packet; return whether the system says that nobody listened to the one before.

        It says so in place of sending, and the packet does not go out: so it is sent again.
        """
        try:
            self._socket.send(packet)
        except (ConnectionRefusedError, ConnectionResetError):
            self._socket.send(packet)
            return True
        return False


def _socket_to(host: str, port: int) -> socket.socket:
    """Return a socket that never blocks, connected to (host, port)."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        opened = socket.socket(family, kind, protocol)
    except (OSError, ValueError, OverflowError) as error:
        raise SinkError(f"{host}:{port} is no address of a machine ({error}); check the name") from None
    try:
        opened.setblocking(False)
        opened.connect(address)
    except OSError as error:
        opened.close()
        raise SinkError(f"{host}:{port} cannot be reached from here ({error}); check the address") from None
    return opened
