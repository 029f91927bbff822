"""A queue in which owners take turns, however much each of them has put into it."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Items of owners: an owner's leave in order, and after one of them another owner's turn comes."""

    def __init__(self) -> None:
        self._of: OrderedDict[bytes, deque[Item]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many items wait."""
        return sum(map(len, self._of.values()))

    def count(self, owner: bytes) -> int:
        """Return how many items of an owner wait."""
        return len(self._of.get(owner, ()))

    def put(self, owner: bytes, item: Item) -> None:
        """Let an item wait."""
        self._of.setdefault(owner, deque()).append(item)

    def take(self, wanted: Callable[[Item], bool]) -> Item | None:
        """Return the next item that is wanted, None if none is."""
        for owner, items in self._of.items():
            item = next(filter(wanted, items), None)
            if item is not None:
                items.remove(item)
                self._of.move_to_end(owner)
                self._forget_empty(owner)
                return item
        return None

    def remove(self, unwanted: Callable[[Item], bool]) -> None:
        """Forget items."""
        for owner, items in list(self._of.items()):
            self._of[owner] = deque(item for item in items if not unwanted(item))
            self._forget_empty(owner)

    def _forget_empty(self, owner: bytes) -> None:
        if not self._of[owner]:
            del self._of[owner]
