"""The model and the head of NASA's portrait, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from space_runtime.head.model import FaceModel, load_model
from space_runtime.head.portrait_head import PortraitHead, head_of
from space_runtime.portrait.portrait import Portrait, open_portrait


@pytest.fixture(scope="session")
def model() -> FaceModel:
    return load_model()


@pytest.fixture(scope="session")
def nasa(photo: Path) -> Portrait:
    return open_portrait(photo)


@pytest.fixture(scope="session")
def made(nasa: Portrait) -> PortraitHead:
    return head_of(nasa)
