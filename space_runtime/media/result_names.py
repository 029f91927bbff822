"""Names of the files that commands write: their endings say in which form."""

from __future__ import annotations

from pathlib import Path

from space_runtime.errors import UsageError


def check_ending(what: str, path: Path, *endings: str, example: str) -> None:
    """Raise `UsageError` for the name of a result that has none of these endings, or nothing before it.

    what: begins the sentence, ``the picture is written as PNG``. example: a name without an ending.
    """
    name = path.name.lower()
    if any(name.endswith(ending) and name != ending for ending in endings):
        return
    wanted = f"name a file that ends in {' or '.join(endings)}, as {example}{endings[0]}"
    raise UsageError(f"{what}; {wanted}, not {path}{' alone' if name in endings else ''}")
