"""CURVE keys: who the server is, who may come in. Files are those of ZeroMQ's own certificate format (zmq.auth)."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import zmq
import zmq.auth
from zmq.utils import z85

from engine_bridge.protocol.loopback import is_allowed_host, is_loopback_host
from engine_bridge.protocol.secret_file import exposure_of
from space_runtime.errors import OutputError, UsageError
from space_runtime.media.atomic_files import prepare_folder


@dataclass(frozen=True, slots=True)
class Keys:
    """A server's own key pair and the public keys that it admits, all as Z85 text.

    clients: the folder of the admitted keys, read again when it changes (`allow_list`); None: they stay as they are.
    """

    public: bytes
    secret: bytes
    admitted: frozenset[bytes]
    clients: Path | None = None


def make_keys(folder: Path, name: str) -> tuple[Path, Path]:
    """Write ``NAME.key`` (public) and ``NAME.key_secret`` into ``folder``; return both.

    The secret file can be read by its owner alone. Raises `UsageError` when one of them exists, `OutputError`.
    """
    public, secret = folder / f"{name}.key", folder / f"{name}.key_secret"
    for path in (public, secret):
        if path.exists():
            raise UsageError(f"{path} exists; choose another name, or remove it first (which locks its holder out)")
    before = os.umask(0o077)
    try:
        prepare_folder(folder)
        zmq.auth.create_certificates(folder, name)
        public.chmod(0o644)
    except OSError as error:
        raise OutputError(f"the keys cannot be written to {folder} ({error.strerror}); choose another folder") from None
    finally:
        os.umask(before)
    return public, secret


def load_keys(secret_file: Path, clients: Path) -> Keys:
    """Return a server's keys from its secret file and the folder of its clients' public keys. Raises `UsageError`."""
    public, secret = load_pair(secret_file)
    if not clients.is_dir():
        raise UsageError(f"{clients} is no folder; name the folder that holds the clients' public keys (*.key)")
    admitted = frozenset(load_public(path) for path in sorted(clients.glob("*.key")))
    if not admitted:
        raise UsageError(f"{clients} holds no public key (*.key), so that nobody could come in; copy one there")
    return Keys(public, secret, admitted, clients)


def load_pair(secret_file: Path) -> tuple[bytes, bytes]:
    """Return (public, secret) of a secret file that its owner alone can read. Raises `UsageError`."""
    public, secret = _load(secret_file)
    if secret is None:
        raise UsageError(f"{secret_file} holds no secret key; name the file that ends in .key_secret")
    exposure = exposure_of(secret_file)
    if exposure:
        raise UsageError(f"{secret_file} is a secret key, and {exposure}")
    return public, secret


def load_public(file: Path) -> bytes:
    """Return the public key in a file. Raises `UsageError`."""
    return _load(file)[0]


def _load(file: Path) -> tuple[bytes, bytes | None]:
    if not file.exists():
        raise UsageError(f"there is no key file {file}; check the name, or make it with `space-runtime keygen`")
    try:
        public, secret = zmq.auth.load_certificate(file)
        for key in (public, secret or public):
            if len(key) != 40 or len(z85.decode(key)) != 32:
                raise ValueError("a key has 40 characters")
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise UsageError(
            f"{file} is no key file ({error}); make one with `space-runtime keygen`, or check the name"
        ) from None
    return public, secret


def host_of(address: str) -> str:
    """Return the host of ``tcp://HOST:PORT``. Raises `UsageError` for anything else."""
    try:
        parsed = urlparse(address)
        if parsed.scheme == "tcp" and parsed.port is not None and not parsed.path and parsed.hostname:
            return parsed.hostname
    except ValueError:
        pass
    raise UsageError(f"{address!r} is no address; write for example tcp://127.0.0.1:5570")


def is_loopback(address: str) -> bool:
    """Return whether only this machine can reach an address. Raises `UsageError` when it is none."""
    return is_loopback_host(host_of(address))


def check_bind(address: str, keys: Keys | None, insecure: bool) -> None:
    """Raise `UsageError` when an address cannot be used, or would let strangers in."""
    if not is_allowed_host(host_of(address), insecure, keys is not None):
        raise UsageError(
            f"{address} can be reached from other machines; give --key and --clients (space-runtime keygen), "
            "or say --insecure if really everybody may come in"
        )
