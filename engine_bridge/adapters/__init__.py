"""Adapters carry frames to what engines, avatar programs and browsers already understand.

One seam for all: `open_sink` takes an address and gives a `Sink`; whoever has frames hands them over. May import the
protocol; knows nothing of the runtime.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine_bridge.adapters.address import Address, parse
from engine_bridge.adapters.live_link_face import PORT as LIVE_LINK_FACE_PORT
from engine_bridge.adapters.live_link_face import LiveLinkFace
from engine_bridge.adapters.sink import Counts, Sink, SinkError
from engine_bridge.adapters.vmc import PORT as VMC_PORT
from engine_bridge.adapters.vmc import Vmc
from engine_bridge.adapters.vrm import Preset
from engine_bridge.protocol.loopback import is_allowed_host

if TYPE_CHECKING:
    from engine_bridge.adapters.web_player import WebPlayer

__all__ = ["WEB_SOCKET_PORT", "Counts", "Sink", "SinkError", "is_web_socket", "open_player", "open_sink"]

WEB_SOCKET_PORT: Final = 8_765


def open_sink(url: str, allow_insecure: bool = False) -> Sink:
    """Return an open sink: ``llf://HOST:PORT/SUBJECT``, ``vmc://HOST:PORT?preset=vrm0`` or ``ws://HOST:PORT``.

    Without a host it is this machine, without a port the protocol's usual one, without a subject every character is one
    of its own name; presets are arkit (the default), vrm0 and vrm1; ``ws`` listens, and takes ``origin=`` for pages of
    other web sites. allow_insecure: other machines too, which can then read and send frames without encryption.
    Raises `SinkError` with one sentence for every other address, and when the port cannot be had.
    """
    address = _checked(url, allow_insecure)
    return _OPENERS[address.scheme](address)


def is_web_socket(url: str) -> bool:
    """Return whether a sink's address is ``ws://…``, which listens and has a page."""
    return parse(url).scheme == _WS


def open_player(url: str, name: str, allow_insecure: bool = False) -> WebPlayer:
    """Return an open sink at a ``ws://`` address whose page plays the sound of the character ``name`` too.

    It takes ``speaker=`` for web sites whose pages may connect and send sound too, as the viewer may. Raises
    `SinkError` like `open_sink`.
    """
    address = _checked(url, allow_insecure)
    speakers = address.options_of(_SPEAKER)
    if "null" in speakers:
        raise SinkError(f"{url!r}: every web site can show a page whose site is null; name the one that may speak")
    try:  # here, because asyncio and websockets take 0.1 s that others need not wait
        from engine_bridge.adapters.web_player import WebPlayer
    except ModuleNotFoundError as error:
        raise _lacks(address, error) from None
    return WebPlayer(name, address.host, *_listening(address, _ORIGIN, _SPEAKER), speakers)


def _checked(url: str, allow_insecure: bool) -> Address:
    address = parse(url)
    if address.scheme not in _OPENERS:
        known = ", ".join(f"{scheme}://" for scheme in _OPENERS)
        raise SinkError(f"{url!r} is no address of a sink; it begins with one of {known}")
    if not is_allowed_host(address.host, allow_insecure):
        raise SinkError(
            f"{url!r} is not this machine alone, and sinks have neither encryption nor keys; name 127.0.0.1, "
            "or say --insecure (allow_insecure=True) in a network that you trust"
        )
    return address


def _live_link_face(address: Address) -> Sink:
    address.check_options()
    return LiveLinkFace(address.host, _target_port(address, LIVE_LINK_FACE_PORT), address.path or None)


def _vmc(address: Address) -> Sink:
    address.check_no_path()
    address.check_options("preset")
    preset = address.option("preset", Preset.ARKIT)
    if preset not in set(Preset):
        raise SinkError(f"{address.url!r} asks for the preset {preset!r}; there are {', '.join(Preset)}")
    return Vmc(address.host, _target_port(address, VMC_PORT), Preset(preset))


def _web_socket(address: Address) -> Sink:
    try:  # here as well
        from engine_bridge.adapters.websocket import WebSocket
    except ModuleNotFoundError as error:
        raise _lacks(address, error) from None
    return WebSocket(address.host, *_listening(address, _ORIGIN))


def _listening(address: Address, *options: str) -> tuple[int, tuple[str, ...]]:
    """Return the port of a ``ws`` address, and the web sites that these options name."""
    address.check_no_path()
    address.check_options(*options)
    port = WEB_SOCKET_PORT if address.port is None else address.port
    return port, address.options_of(*options)


def _lacks(address: Address, error: ModuleNotFoundError) -> SinkError:
    return SinkError(f"{address.url!r} needs the package {error.name}: pip install {error.name}")


def _target_port(address: Address, usual: int) -> int:
    if address.port == 0:
        raise SinkError(f"{address.url!r} has port 0, to which nothing can be sent; {address.scheme} uses {usual}")
    return usual if address.port is None else address.port


_WS: Final = "ws"
_ORIGIN, _SPEAKER = "origin", "speaker"
_OPENERS: Final[dict[str, Callable[[Address], Sink]]] = {
    "llf": _live_link_face,
    "vmc": _vmc,
    _WS: _web_socket,
}
