"""The entry of ``space-runtime`` and ``python -m space_runtime``: Ctrl-C while the commands load is quiet too."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, which takes a moment to import."""
    try:
        from space_runtime import cli

        cli.main()
    except KeyboardInterrupt:
        print("space-runtime: stopped", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
