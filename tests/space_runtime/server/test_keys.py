"""Keys, addresses and options of the server's commands: what is written, what is refused, in one sentence each."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from engine_bridge.client.transport import Curve
from engine_bridge.protocol.errors import BridgeError
from space_runtime.assets import LINE
from space_runtime.errors import OutputError, UsageError
from space_runtime.server import server
from space_runtime.server.keys import Keys, check_bind, load_keys, load_pair, make_keys
from space_runtime.server.observability.status_address import status_address
from tests.support.command_line import Call


@pytest.fixture(autouse=True)
def _serves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server that should have been refused end at once instead of serving for ever."""
    run = server.Server.run

    def stopped(self: server.Server) -> None:
        self.sockets.stop()
        run(self)

    monkeypatch.setattr(server.Server, "run", stopped)


KEYS = Keys(b"p" * 40, b"s" * 40, frozenset())


def test_keygen_writes_a_pair_of_which_the_secret_is_its_owners_alone(tmp_path: Path, call: Call) -> None:
    folder = tmp_path / "new" / "keys"
    done = call("keygen", "anna", "--folder", folder)
    public, secret = folder / "anna.key", folder / "anna.key_secret"
    assert (done.code, done.err, done.out.split()) == (0, "", [str(public), str(secret)])
    assert load_pair(secret)[0] in public.read_bytes() and load_pair(secret)[1] not in public.read_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert stat.S_IMODE(public.stat().st_mode) == 0o644


@pytest.mark.parametrize("there", ["anna.key", "anna.key_secret"])
def test_keygen_overwrites_nothing(tmp_path: Path, call: Call, there: str) -> None:
    (tmp_path / there).write_text("precious")
    done = call("keygen", "anna", "--folder", tmp_path)
    assert done.code == 2 and there in done.complaint
    assert "another name" in done.complaint and "--name" not in done.complaint
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize(
    "name", ["", "a/b", "..", ".", "../x", "/x", "con:", "nul", "CON.x", "com¹", "conin$", "a\u202eb", "a b"]
)
def test_keygen_wants_a_plain_name(tmp_path: Path, call: Call, name: str) -> None:
    done = call("keygen", name, "--folder", tmp_path)
    assert done.code == 2 and "plain name" in done.complaint and not list(tmp_path.iterdir())


def test_keygen_into_a_file_is_one_sentence(tmp_path: Path, call: Call) -> None:
    (tmp_path / "file").write_text("")
    done = call("keygen", "anna", "--folder", tmp_path / "file")
    assert done.code == OutputError.exit_code and "cannot be written" in done.complaint


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with the server's keys and, in ``clients``, anna's public one."""
    make_keys(tmp_path, "server")
    make_keys(tmp_path / "clients", "anna")
    (tmp_path / "clients" / "anna.key_secret").unlink()
    return tmp_path


def test_a_servers_keys_are_read(keys: Path) -> None:
    read = load_keys(keys / "server.key_secret", keys / "clients")
    assert len(read.public) == len(read.secret) == 40 and len(read.admitted) == 1


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"hello", b'curve\n    public-key = "short"\n', b'curve\n    public-key = ""\n']
)
def test_a_file_that_is_no_key_is_one_sentence(keys: Path, content: bytes) -> None:
    (keys / "clients" / "bad.key").write_bytes(content)
    with pytest.raises(UsageError, match="key"):
        load_keys(keys / "server.key_secret", keys / "clients")


@pytest.mark.skipif(sys.platform == "win32", reason="permission bits say nothing on Windows")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o777])
def test_a_secret_that_others_can_use_is_refused_everywhere(keys: Path, mode: int, call: Call) -> None:
    secret, public = keys / "server.key_secret", keys / "server.key"
    secret.chmod(mode)
    for words in (
        ("serve", "--http", 0, "--key", secret, "--clients", keys / "clients"),
        ("relay", "tcp://127.0.0.1:5", "--bind", "tcp://127.0.0.1:0", "--server-key", public, "--key", secret),
    ):
        done = call(*words)
        assert done.code == 2 and f"mode {mode:o}" in done.complaint and "chmod 600" in done.complaint
    with pytest.raises(BridgeError, match="chmod 600"):
        Curve.from_files(public, secret)
    for tight in (0o600, 0o400):
        secret.chmod(tight)
        assert load_keys(secret, keys / "clients").secret == Curve.from_files(public, secret).secret_key.encode()


@pytest.mark.parametrize(
    ("secret", "clients", "word"),
    [
        ("server.key", "clients", "no secret key"),
        ("missing.key_secret", "clients", "missing.key_secret"),
        ("server.key_secret", "nowhere", "no folder"),
        ("server.key_secret", "empty", "no public key"),
        ("clients", "clients", "no key file"),
        ("missing.key_secret", "clients", "there is no key file"),
    ],
)
def test_keys_that_cannot_be_used_are_one_sentence(
    keys: Path, secret: str, clients: str, word: str, call: Call
) -> None:
    (keys / "empty").mkdir()
    done = call("serve", "--http", 0, "--key", keys / secret, "--clients", keys / clients)
    assert done.code == 2 and word in done.complaint


@pytest.mark.parametrize(
    "address",
    ["tcp://127.0.0.1:5570", "tcp://localhost:5570", "tcp://[::1]:5570", "tcp://127.0.0.1:0"],
)
def test_loopback_needs_no_keys(address: str) -> None:
    check_bind(address, None, insecure=False)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://0.0.0.0:5570", "tcp://*:5570", "tcp://[::]:5570", "tcp://192.168.1.2:5570", "tcp://eth0:5570",
        "tcp://127.0.0.1.example.com:5570", "tcp://127.0.0.1@0.0.0.0:5570", "tcp://0.0.0.0;127.0.0.1:5570",
        "tcp://localhost.:5570", "tcp://2130706433:5570",
    ],
)  # fmt: skip
def test_other_machines_come_in_only_with_keys_or_when_really_meant(address: str) -> None:
    with pytest.raises(UsageError, match="--insecure"):
        check_bind(address, None, insecure=False)
    check_bind(address, KEYS, insecure=False)
    check_bind(address, None, insecure=True)


@pytest.mark.parametrize(
    "address",
    ["", "5570", "127.0.0.1:5570", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:70000", "tcp://:5570",
     "udp://127.0.0.1:5570", "ipc:///tmp/x", "tcp://127.0.0.1:x", "tcp://[::1:5570", "inproc://x"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        check_bind(address, KEYS, insecure=True)


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("--bind", "tcp://0.0.0.0:5570"), "--insecure"),
        (("--bind", "nonsense"), "no address"),
        (("--bind", "tcp://203.0.113.7:5570", "--insecure"), "cannot be bound"),
        (("--bind", "tcp://127.0.0.1:5570/path"), "no address"),
        (("--key", "server.key_secret"), "--clients"),
        (("--clients", "clients"), "--key"),
        (("--sessions", -1), "--sessions"),
        (("--sessions", 100_001), "--sessions"),
        (("--lease", "0.5"), "--lease"),
        (("--lease", "nan"), "--lease"),
        (("--portraits", "nowhere"), "--portraits"),
        (("--sounds", "nowhere"), "--sounds"),
        (("--bundle", "nowhere"), "nowhere"),
    ],
)
def test_options_that_cannot_be_meant_are_one_sentence(words: tuple[str | int, ...], word: str, call: Call) -> None:
    done = call("serve", "--http", 0, *map(str, words))
    assert done.code != 0 and word in done.complaint and "internal error" not in done.complaint


@pytest.mark.parametrize("http", ["0.0.0.0:0", "[::]:5571", "192.0.2.1:5571", "2130706433:0"])
def test_the_status_page_follows_the_rule_of_addresses(http: str, call: Call) -> None:
    with pytest.raises(UsageError, match="--insecure"):
        status_address(http, insecure=False)
    assert status_address(http, insecure=True)[1] == int(http.rpartition(":")[2])
    done = call("serve", "--bind", "tcp://127.0.0.1:0", "--http", http)
    assert done.code == 2 and "--insecure" in done.complaint


def test_the_status_page_stays_here_by_default() -> None:
    assert status_address("5571", insecure=False) == ("127.0.0.1", 5571)
    assert status_address("[::1]:0", insecure=False) == ("::1", 0)
    for wrong in ("", "-1", "65536", "x", "http://127.0.0.1:5571", "127.0.0.1"):
        with pytest.raises(UsageError, match="expected a port"):
            status_address(wrong, insecure=True)


@pytest.mark.parametrize("to", ["ws://0.0.0.0:0", "vmc://224.0.0.1", "llf://192.0.2.1/Face"])
def test_sinks_follow_the_rule_of_addresses(to: str, call: Call) -> None:
    for words in (
        ("serve", "--http", 0, "--bind", "tcp://127.0.0.1:0"),
        ("relay", "tcp://127.0.0.1:5570"),
        ("live", LINE),
    ):
        done = call(*words, "--to", to)
        assert done.code != 0 and "--insecure" in done.complaint
