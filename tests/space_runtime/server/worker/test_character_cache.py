"""Laws of the characters that a worker keeps: what makes two of them one, and how long one stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from space_runtime.server.commands import CharacterSpec
from space_runtime.server.worker import character_cache
from space_runtime.server.worker.character_cache import CharacterCache
from tests.support.session_frames import BUNDLE


def test_the_bytes_of_a_picture_and_whether_it_is_drawn_make_a_character(photo: Path) -> None:
    """However the picture came; a face that was built for curves alone is built anew to be drawn."""
    cache, picture = CharacterCache(BUNDLE), photo.read_bytes()
    plain = cache.prepare(CharacterSpec(picture=picture))
    assert cache.prepare(CharacterSpec(file=photo)) == plain
    drawn = cache.prepare(CharacterSpec(picture=picture, generator=True))
    first, second = cache.find(plain), cache.find(drawn)
    assert first is not None and first.pictures is None
    assert second is not None and second.pictures is not None


def test_a_character_that_is_taken_stays_until_it_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(character_cache, "KEPT", 1)
    monkeypatch.setattr(CharacterCache, "_build", lambda cache, *_: cache.neutral)
    cache = CharacterCache(BUNDLE)
    taken = cache.prepare(CharacterSpec(picture=b"taken"))
    assert cache.take(taken)
    others = [cache.prepare(CharacterSpec(picture=bytes([n]))) for n in range(1, 4)]
    assert [cache.find(key) is not None for key in (taken, *others)] == [True, False, False, True]
    cache.release(taken)
    cache.prepare(CharacterSpec(picture=b"another"))
    assert cache.find(taken) is None
