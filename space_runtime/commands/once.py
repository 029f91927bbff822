"""Commands that refuse an option given twice: the last one would win without a word."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from typer.core import TyperCommand

from space_runtime.errors import UsageError

if TYPE_CHECKING:
    from typer._click.core import Context


class OnceCommand(TyperCommand):
    """A command whose options are given once each, those that take many values and switches aside."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse the words of a call. Raises `UsageError` for a repeated option."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for param, times in Counter(order).items():
            if times > 1 and param.nargs == 1 and not param.multiple and not getattr(param, "is_flag", False):
                raise UsageError(
                    f"{max(param.opts, key=len)} is given {times} times; give it once, with one value for all"
                )
        return super().parse_args(ctx, args)
