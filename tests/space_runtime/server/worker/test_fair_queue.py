"""Laws of a queue in which owners take turns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from space_runtime.server.worker.fair_queue import FairQueue

OWNERS = (b"anna", b"bert", b"cleo")
PUTS = st.lists(st.sampled_from(OWNERS), max_size=30)


def taken(queue: FairQueue[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
    items = []
    while (item := queue.take(lambda _: True)) is not None:
        items.append(item)
    return items


@given(PUTS)
def test_an_owners_items_leave_in_order_and_nobody_waits_for_more_than_one_of_each_other(puts: list[bytes]) -> None:
    queue: FairQueue[tuple[bytes, int]] = FairQueue()
    for number, owner in enumerate(puts):
        queue.put(owner, (owner, number))
    left, order = {owner: puts.count(owner) for owner in OWNERS}, taken(queue)
    for owner in OWNERS:
        assert [n for of, n in order if of == owner] == [n for n, of in enumerate(puts) if of == owner]
    since = dict.fromkeys(OWNERS, 0)
    for owner, _ in order:
        left[owner] -= 1
        for other in OWNERS:
            since[other] = 0 if other == owner or not left[other] else since[other] + 1
            assert since[other] < len(OWNERS)
    assert len(order) == len(puts) and not len(queue)


def test_what_is_not_wanted_now_lets_others_pass_and_keeps_its_place() -> None:
    queue: FairQueue[str] = FairQueue()
    for owner, item in ((b"anna", "a1"), (b"anna", "a2"), (b"bert", "b1")):
        queue.put(owner, item)
    assert queue.count(b"anna") == 2
    assert queue.take(lambda item: item[0] != "a") == "b1"
    assert queue.take(lambda item: item == "a2") == "a2"
    assert queue.take(lambda item: item == "none") is None
    queue.remove(lambda item: item == "a1")
    assert not len(queue) and queue.count(b"anna") == 0
