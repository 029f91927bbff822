"""The limits that an operator writes into a file: read, or refused in one sentence."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from space_runtime.errors import UsageError
from space_runtime.server.limits import Limits
from space_runtime.server.limits_file import RANGES, read_limits
from tests.support.real_server import serving_process


def test_every_limit_has_a_range_in_which_its_default_lies() -> None:
    assert list(RANGES) == [field.name for field in fields(Limits)]
    assert all(low <= getattr(Limits(), name) <= high for name, (low, high) in RANGES.items())


def test_the_defaults_are_no_looser_than_the_field_s_strictest() -> None:
    limits = Limits()
    assert (limits.clip_ms, limits.audio_ms, limits.work_ms) == (300_000, 10_000, 300_000)
    assert limits.counts()["sessions_per_client"] == limits.sessions // 2


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text("clip_ms = 600_000\naudio_ms = 30_000  # more\nsessions_per_client = 7\n")
    limits = read_limits(file, Limits(sessions=9))
    assert (limits.clip_ms, limits.audio_ms, limits.share, limits.sessions) == (600_000, 30_000, 7, 9)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("clip_s = 3", "no limit"),
        ("[serve]\nclip_ms = 300", "no limit"),
        ("clip_ms = 0", "clip_ms"),
        ("clip_ms = 1e5", "whole number"),
        ("clip_ms = true", "whole number"),
        ("clip_ms = nan", "whole number"),
        ("clip_ms = 99999999999999999999", "clip_ms"),
        ("clip_ms", "TOML"),
        ("\0", "TOML"),
    ],
)
def test_what_is_no_limit_is_one_sentence(tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=word):
        read_limits(file, Limits())


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_what_is_no_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no file of limits"):
        read_limits(tmp_path / name, Limits())


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process can be read on Linux alone")
def test_a_server_raises_its_own_limit_of_descriptors_to_its_connections(tmp_path: Path) -> None:
    import resource

    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 400), hard))
    try:
        (tmp_path / "limits.toml").write_text("connections = 500")
        options = ("--sessions", "2", "--limits", str(tmp_path / "limits.toml"))
        with serving_process(tmp_path / "log", *options) as (process, _):
            (line,) = re.findall(r"Max open files +(\d+)", Path(f"/proc/{process.pid}/limits").read_text())
            assert int(line) >= min(500, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
