"""The stages of a client's connection."""

from __future__ import annotations

from enum import StrEnum


class Link(StrEnum):
    """The stages of a connection."""

    DOWN = "down"
    DIALLING = "dialling"
    GREETING = "greeting"
    UP = "up"
    USELESS = "useless"
    """The server does not speak this version; there is no use in trying again."""
