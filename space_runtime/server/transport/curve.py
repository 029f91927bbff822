"""CURVE, the encryption of ZeroMQ, at the server's end: who comes in proves a key. Knows no sockets.

Source: https://rfc.zeromq.org/spec/26/. All cryptography is libsodium's: Curve25519, XSalsa20, Poly1305. A connection
keeps its short-term keys itself, so that the cookie of the protocol is only compared.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Final

from nacl.bindings import (
    crypto_box,
    crypto_box_afternm,
    crypto_box_beforenm,
    crypto_box_keypair,
    crypto_box_open,
    crypto_box_open_afternm,
)
from nacl.exceptions import CryptoError
from zmq.utils import z85

from space_runtime.server.transport.errors import BreachError
from space_runtime.server.transport.frames import COMMAND, MORE, frame
from space_runtime.server.transport.zmtp import OWN_METADATA, READY, Metadata, parsed_metadata

HELLO: Final = b"\x05HELLO"
WELCOME: Final = b"\x07WELCOME"
INITIATE: Final = b"\x08INITIATE"
MESSAGE: Final = b"\x07MESSAGE"
HELLO_BYTES: Final = 200
COOKIE_BYTES: Final = 96
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 8
LONG_NONCE_BYTES: Final = 16
MAC_BYTES: Final = 16
MESSAGE_HEAD: Final = len(MESSAGE) + NONCE_BYTES
INNER_MORE: Final = 1
INNER_COMMAND: Final = 2


class Curve:
    """One connection to a server with that key pair, in bytes.

    is_admitted: returns whether a public key, as Z85 text, comes in. refusal: the command that tells a peer whose key
    is not admitted.
    """

    name = b"CURVE"
    hides_flags = True
    refusal = b"\x05ERROR\x03400"

    def __init__(self, secret: bytes, public: bytes, is_admitted: Callable[[bytes], bool]) -> None:
        self.key = b""
        self.metadata: Metadata | None = None
        self._secret, self._public = secret, public
        self._is_admitted = is_admitted
        self._own_public, self._own_secret = crypto_box_keypair()
        self._cookie = secrets.token_bytes(COOKIE_BYTES)
        self._peer = b""
        self._shared = b""
        self._heard = self._said = 0

    def answer(self, command: bytes) -> bytes:
        """Take HELLO, answer WELCOME; take INITIATE, answer READY."""
        try:
            return self._initiated(command) if self._peer else self._welcomed(command)
        except (CryptoError, ValueError, TypeError):  # the last two: keys and texts of a wrong length
            raise BreachError("a handshake of CURVE that does not decrypt") from None

    def opened(self, flags: int, body: bytes) -> tuple[int, bytes]:
        """Return flags and body of a message of the peer."""
        if len(body) < MESSAGE_HEAD + MAC_BYTES + 1 or not body.startswith(MESSAGE):
            raise BreachError("a frame that is no message of CURVE")
        nonce = self._heard_nonce(body[len(MESSAGE) : MESSAGE_HEAD])
        try:
            plain = crypto_box_open_afternm(body[MESSAGE_HEAD:], b"CurveZMQMESSAGEC" + nonce, self._shared)
        except CryptoError:
            raise BreachError("a message of CURVE that does not decrypt") from None
        inner = plain[0]
        return bool(inner & INNER_MORE) * MORE | bool(inner & INNER_COMMAND) * COMMAND, plain[1:]

    def sealed(self, flags: int, body: bytes) -> bytes:
        """Return a frame with a message to the peer."""
        inner = bool(flags & MORE) * INNER_MORE | bool(flags & COMMAND) * INNER_COMMAND
        nonce = self._next_nonce()
        box = crypto_box_afternm(bytes([inner]) + body, b"CurveZMQMESSAGES" + nonce, self._shared)
        return frame(0, MESSAGE + nonce + box)

    def _welcomed(self, command: bytes) -> bytes:
        """Take HELLO: the peer's short-term key, and the proof that it knows this server's key."""
        if len(command) != HELLO_BYTES or not command.startswith(HELLO + b"\x01\x00"):
            raise BreachError("a command other than HELLO of CURVE 1.0")
        peer, nonce, box = command[80:112], self._heard_nonce(command[112:120]), command[120:]
        if crypto_box_open(box, b"CurveZMQHELLO---" + nonce, peer, self._secret) != bytes(64):
            raise BreachError("a HELLO that signs something else")
        self._peer = peer
        long_nonce = secrets.token_bytes(LONG_NONCE_BYTES)
        box = crypto_box(self._own_public + self._cookie, b"WELCOME-" + long_nonce, peer, self._secret)
        return WELCOME + long_nonce + box

    def _initiated(self, command: bytes) -> bytes:
        """Take INITIATE: the peer's own key, and the proof (the vouch) that it is the same peer's."""
        at = len(INITIATE) + COOKIE_BYTES
        cookie = command[len(INITIATE) : at]
        if not command.startswith(INITIATE) or not hmac.compare_digest(cookie, self._cookie):
            raise BreachError("a command other than INITIATE with the cookie of this connection")
        nonce = self._heard_nonce(command[at : at + NONCE_BYTES])
        self._shared = crypto_box_beforenm(self._peer, self._own_secret)
        plain = crypto_box_open_afternm(command[at + NONCE_BYTES :], b"CurveZMQINITIATE" + nonce, self._shared)
        key, vouch = plain[:KEY_BYTES], plain[KEY_BYTES : KEY_BYTES + 96]
        vouched = crypto_box_open(
            vouch[LONG_NONCE_BYTES:], b"VOUCH---" + vouch[:LONG_NONCE_BYTES], key, self._own_secret
        )
        if not hmac.compare_digest(vouched, self._peer + self._public):
            raise BreachError("a vouch for another connection")
        return self._admitted(z85.encode(key), plain[KEY_BYTES + 96 :])

    def _admitted(self, key: bytes, metadata: bytes) -> bytes:
        """Let a proven key in; answer READY, or the refusal, after which the handshake is not over."""
        if not self._is_admitted(key):
            return self.refusal
        self.key, self.metadata = key, parsed_metadata(metadata)
        nonce = self._next_nonce()
        return READY + nonce + crypto_box_afternm(OWN_METADATA, b"CurveZMQREADY---" + nonce, self._shared)

    def _heard_nonce(self, nonce: bytes) -> bytes:
        """Return a nonce of the peer, which has to be larger than every one before."""
        number = int.from_bytes(nonce, "big")
        if len(nonce) != NONCE_BYTES or number <= self._heard:
            raise BreachError("a nonce that was used before")
        self._heard = number
        return nonce

    def _next_nonce(self) -> bytes:
        self._said += 1
        return self._said.to_bytes(NONCE_BYTES, "big")
