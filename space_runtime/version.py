"""The version of this package: the one place that it is written."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
