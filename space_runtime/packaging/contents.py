"""Contents of the packaged server: named packages and the models. Whatever else is installed stays out."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import space_runtime

PROGRAM: Final = "space-server"
SITE: Final = Path(space_runtime.__file__).parents[1]
"""The folder that Python imports this project from."""
ENTRY: Final = SITE / "space_runtime" / "commands" / "packaged_server.py"
DATA: Final = (
    "space_runtime/models",
    "space_runtime/inference/eight_bit_product.onnx",
    "space_runtime/portrait/mean_mesh.npz",
    "space_runtime/rendering/warp/mouth_sprites.npz",
)
"""Files and folders of this project that are no modules."""

PACKAGES: Final = (
    *("space_runtime", "engine_bridge"),
    *("numpy", "onnxruntime", "zmq", "nacl", "msgpack", "soxr", "threadpoolctl"),
    *("soundfile", "_soundfile", "_soundfile_data", "cffi", "_cffi_backend", "typing_extensions"),
)
"""Whatever the server imports. Not typer, rich: its program reads its few options itself."""
PICTURE_PACKAGES: Final = ("cv2", "PIL")
NEVER: Final = ("av", "pillow_heif")
"""Packages whose wheels hold encoders under the GPL."""

UNUSED: Final = (
    *("readline", "_gdbm", "gdbm", "dbm", "_dbm"),  # under the GPL, or like it
    *("_ssl", "ssl", "_hashlib"),  # OpenSSL: hashes are Python's own, CURVE is libsodium's
    *("_bz2", "_lzma", "_uuid", "_decimal", "xml", "pyexpat", "_elementtree", "sqlite3", "_sqlite3"),
    *("tkinter", "_tkinter", "curses", "_curses", "unittest", "doctest", "pydoc", "lib2to3", "ensurepip", "idlelib"),
    *("distutils", "xmlrpc", "numpy.f2py", "numpy.testing", "numpy._core.tests", "pycparser"),
)
"""Modules that nothing here needs: less to load, to carry and to license."""

_UNWANTED: Final = re.compile(
    r"onnxruntime_providers_(cuda|tensorrt|rocm|migraphx|openvino)"  # GPUs: hundreds of MB, and drivers of their own
    r"|(^|[/\\])libonnxruntime\.(so|dylib)"  # the same as the Python extension once more
    r"|libcud|libnv|libcublas|libcurand|libcufft"
    r"|libmvec\.so"  # belongs to the C library of the player's machine
)


def excluded_modules(with_pictures: bool) -> list[str]:
    """Return the modules that stay out: of this environment, all packages but ours."""
    wanted = {*PACKAGES, *(PICTURE_PACKAGES if with_pictures else ())}
    return sorted({*packages_distributions(), *PICTURE_PACKAGES, *NEVER} - wanted) + list(UNUSED)


def is_wanted(library: str) -> bool:
    """Return whether a library, by its place in the folder, belongs inside."""
    return not _UNWANTED.search(library)


def data_files() -> list[tuple[str, str]]:
    """Return (file or folder, folder inside) of every datum."""
    return [(str(path), _folder(path)) for path in (SITE / name for name in DATA)]


def program_file() -> str:
    """Return the name of the program's file on this system."""
    return f"{PROGRAM}.exe" if sys.platform == "win32" else PROGRAM


def _folder(path: Path) -> str:
    return (path if path.is_dir() else path.parent).relative_to(SITE).as_posix()
