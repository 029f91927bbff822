"""Breaches of the wire protocol or of a budget, which end a connection."""

from __future__ import annotations


class BreachError(Exception):
    """A peer has broken the protocol or gone over a budget, and is cut off; the text says by what."""
