"""Laws of ``--force``: a photo that looks unusable is refused in one sentence, and taken when the user insists."""

from __future__ import annotations

from pathlib import Path

import pytest

from space_runtime.errors import MediaError
from space_runtime.server.commands import CharacterSpec
from space_runtime.server.worker.character_cache import CharacterCache
from tests.support import pictures
from tests.support.command_line import Call
from tests.support.covered_faces import drawn, mask
from tests.support.session_frames import BUNDLE


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures.save(tmp_path_factory.mktemp("photos") / "masked.jpg", drawn(mask))


def test_a_bake_refuses_and_takes_a_masked_face(masked: Path, tmp_path: Path, line: Path, call: Call) -> None:
    words = ("bake", line, "--portrait", masked, "--formats", "json", "--out", tmp_path / "out")
    refused = call(*words)
    assert refused.code != 0 and not (tmp_path / "out").exists()
    assert refused.complaint.endswith(
        "something covers the mouth, in masked.jpg; use a photo that shows the lips, or take it as it is "
        "(--force, in Python force=True)"
    )
    taken = call(*words, "--force")
    assert taken.code == 0 and "masked.jpg: something covers the mouth" in taken.err


def test_a_server_refuses_and_takes_a_masked_face(masked: Path) -> None:
    spec = CharacterSpec(None, masked.read_bytes(), False)
    with pytest.raises(MediaError, match="something covers the mouth"):
        CharacterCache(BUNDLE).prepare(spec)
    assert CharacterCache(BUNDLE, force=True).prepare(spec)


def test_live_does_not_force_another_server(call: Call, line: Path) -> None:
    done = call("live", line, "--server", "tcp://127.0.0.1:5555", "--force", "--to", "vmc://127.0.0.1:39539")
    assert done.code == 2 and "--force is a choice of the server's" in done.err
