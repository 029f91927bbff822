"""Optional packages, imported at their first use; a missing one is named with the extra that brings it.

Curves from a sound need none of them. ``from space_runtime.extras import av, cv2`` stands in place of ``import av``:
the import succeeds without the package, its first use raises `UsageError` with one sentence.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Final

from space_runtime.errors import UsageError

NEEDS: Final = {
    "av": "mp4, m4a and other sounds that FFmpeg alone can read need PyAV: pip install av (the extra 'video')",
    "cv2": "photos and pictures need OpenCV: pip install opencv-python-headless pillow (the extra 'portrait')",
    "PIL.Image": "pictures of these formats need Pillow: pip install pillow (the extra 'portrait')",
    "matplotlib": "drawing curves (--plot) needs Matplotlib: pip install matplotlib (the extra 'plot')",
    "prometheus_client": "the status page of a server needs prometheus-client: pip install prometheus-client (the "
    "extra 'server'), or serve without it: --http 0",
    "PyInstaller": "packaging the server needs PyInstaller: pip install pyinstaller (the extra 'package')",
}
"""Optional modules, each with the sentence for whoever lacks it."""


def is_packaged() -> bool:
    """Return whether this is the packaged program (`space_runtime.packaging`), into which nothing can be installed."""
    return bool(getattr(sys, "frozen", False))


def need(name: str) -> str:
    """Return the sentence for whoever lacks an optional module here."""
    if not is_packaged():
        return NEEDS[name]
    return f"{NEEDS[name].partition(':')[0]}, which this packaged server does not hold"


def is_installed(name: str) -> bool:
    """Return whether the optional module can be imported."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def require(name: str) -> None:
    """Raise `UsageError` with a sentence of `NEEDS` when the optional module is missing."""
    if not is_installed(name):
        raise UsageError(need(name))


@contextmanager
def without_warnings_of(library: str) -> Iterator[None]:
    """Leave out what a library logs below errors inside the block; standard error is the command's own."""
    logger = logging.getLogger(library)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


class OptionalModule(ModuleType):
    """A module that is imported when an attribute of it is first asked for, and then becomes a copy of it.

    needs: the optional module that it imports, if it is none itself.
    """

    def __init__(self, name: str, needs: str = "") -> None:
        super().__init__(name)
        self._needs = needs or name

    def __getattr__(self, attribute: str) -> object:
        """Return the attribute of the real module. Raises `UsageError` when that is not installed."""
        try:
            module = import_module(self.__name__)
        except ModuleNotFoundError as error:
            if error.name != self._needs.partition(".")[0]:
                raise
            raise UsageError(need(self._needs)) from None
        vars(self).update(vars(module))
        object.__setattr__(self, "__class__", ModuleType)  # plain now: a picture asks for thousands of attributes
        return getattr(module, attribute)


if TYPE_CHECKING:
    import av as av
    import cv2 as cv2
    from PIL import Image as Image
else:
    av, cv2, Image = OptionalModule("av"), OptionalModule("cv2"), OptionalModule("PIL.Image")
