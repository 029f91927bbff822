"""The public names of the package: each is there, from where type checkers look for it, and costs nothing before."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import space_runtime
from tests.support.real_server import child_environment


def test_each_name_comes_from_where_type_checkers_look_for_it() -> None:
    tree = ast.parse(Path(space_runtime.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    checked = {
        (node.module, alias.name) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert {name for _, name in checked} == {*space_runtime.__all__} - {"__version__"}
    for home, name in checked:
        assert home and getattr(space_runtime, name) is getattr(import_module(home), name)


def test_a_name_that_is_none_is_refused_as_everywhere() -> None:
    with pytest.raises(AttributeError, match="module 'space_runtime' has no attribute 'nothing'"):
        _ = space_runtime.nothing
    assert {*space_runtime.__all__} <= {*dir(space_runtime)}


def test_importing_the_package_imports_no_numbers_and_no_networks() -> None:
    script = "import sys, space_runtime; print('numpy' in sys.modules, space_runtime.Emotion.HAPPY)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=child_environment())
    assert done.stdout == "False happy\n", done.stderr
