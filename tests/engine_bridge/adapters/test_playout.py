"""Laws of playout: the order of the clock, the newest wins, nothing early, one sink harms no other, an end in time."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_bridge.adapters import SinkError
from engine_bridge.adapters import playout as playout_module
from engine_bridge.adapters.playout import (
    MAX_WAITING,
    MAX_WAITING_BYTES,
    Part,
    Playout,
    Showing,
    ShowingKind,
    Timetable,
    open_playout,
)
from engine_bridge.adapters.sink import Counts, Sink
from engine_bridge.protocol.messages import Frame, Texture
from tests.support.adapter_frames import frame
from tests.support.waiting import wait_for

PARTS = [Part("Anna"), Part("Bert")]


class Screen:
    """A sink that keeps what it is shown, and when. before: called with every frame."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.counts = Counts()
        self.shown: list[tuple[str, object]] = []
        self.shown_at: list[float] = []
        self.closed = False
        self._before = before

    def send(self, name: str, frame: Frame, rate: float) -> None:
        self._before()
        self._note(name, frame.index)

    def texture(self, name: str, texture: Texture) -> None:
        self._note(name, len(texture.pixels))

    def rest(self, name: str) -> None:
        self._note(name, "rest")

    def close(self) -> None:
        self.closed = True

    def _note(self, name: str, what: object) -> None:
        self.shown.append((name, what))
        self.shown_at.append(time.monotonic())


class Stage:
    """A playout whose thread has nothing to do until `go`: meanwhile a first frame holds it up."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._gate = threading.Event()
        self.playout = Playout([Screen(self._wait), *sinks])
        held = self.playout.enter("gate")
        self.playout.frame(0.0, held, frame(), 1.0)
        wait_for(lambda: not len(self.playout._waiting))

    def _wait(self) -> None:
        self._gate.wait(20.0)

    def go(self) -> None:
        self._gate.set()


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def playout(screen: Screen) -> Iterator[Playout]:
    opened = Playout([screen])
    yield opened
    opened.close()


def picture(n_bytes: int) -> Texture:
    return Texture(session=1, stream=1, index=0, sample=0.0, format="rgb", width=1, height=1, pixels=bytes(n_bytes))


# The timetable, under a clock that tests turn


def showing(
    order: int, due: float, part: Part = PARTS[0], kind: ShowingKind = ShowingKind.FRAME, size: int = 0
) -> Showing:
    return Showing(due, order, part, kind, lambda sink: None, size)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.floats(0, 10), st.sampled_from(PARTS), st.sampled_from(ShowingKind)),
        st.tuples(st.just("take"), st.floats(0, 10)),
        st.tuples(st.just("cut"), st.sampled_from(PARTS)),
    ),
    max_size=40,
)


@given(steps)
def test_what_is_taken_is_due_in_order_and_the_newest_of_its_kind(story: list[tuple[object, ...]]) -> None:
    table, waiting, now = Timetable(), list[Showing](), 0.0
    n_taken = n_cut = 0
    for order, (what, *rest) in enumerate(story):
        match what, rest:
            case "add", (float(due), Part() as part, ShowingKind() as kind):
                waiting.append(showing(order, due, part, kind))
                table.add(waiting[-1])
            case "cut", (Part() as part,):
                n_cut += sum(each.part is part for each in waiting)
                waiting = [each for each in waiting if each.part is not part]
                table.cut(part)
            case "take", (float(passed),):
                now += passed
                due_now = sorted(each for each in waiting if each.due <= now)
                newest = {(each.part, each.kind): each for each in due_now}
                taken = table.take(now)
                assert taken == sorted(newest.values())
                n_taken += len(taken)
                waiting = [each for each in waiting if each.due > now]
        assert len(table) == len(waiting)
        assert table.next_due == min((each.due for each in waiting), default=math.inf)
    assert n_taken + table.n_skipped + n_cut + len(table) == sum(what == "add" for what, *_ in story)


def test_what_waits_is_bounded_but_a_face_always_finds_its_rest() -> None:
    table = Timetable()
    for order in range(MAX_WAITING + 5):
        table.add(showing(order, 1.0))
    assert (len(table), table.n_dropped) == (MAX_WAITING, 5)
    table.add(showing(-1, 2.0, PARTS[1], ShowingKind.REST))
    assert [each.kind for each in table.take(5.0)] == [ShowingKind.FRAME, ShowingKind.REST]
    table.add(showing(0, 3.0))
    assert len(table) == 1


def test_pictures_that_wait_are_bounded_by_their_bytes() -> None:
    table, half = Timetable(), MAX_WAITING_BYTES // 2
    for order in range(3):
        table.add(showing(order, float(order), PARTS[order % 2], ShowingKind.TEXTURE, half))
    assert (len(table), table.n_dropped) == (2, 1)
    table.take(0.5)
    table.add(showing(3, 3.0, PARTS[0], ShowingKind.TEXTURE, half))
    table.cut(PARTS[0])
    table.add(showing(4, 4.0, PARTS[0], ShowingKind.TEXTURE, half))
    assert table.n_dropped == 1


# The thread


def test_frames_come_in_the_order_of_their_time_and_never_before_it(playout: Playout, screen: Screen) -> None:
    anna, begin = playout.enter("Anna"), time.monotonic()
    for index in (3, 1, 2, 0):
        playout.frame(begin + 0.1 + 0.05 * index, anna, frame(index=index), 16_000.0)
    playout.rest(begin + 0.3, anna)
    wait_for(lambda: ("Anna", "rest") in screen.shown)
    indices = [what for _, what in screen.shown[:-1]]
    assert indices == sorted(indices, key=str) and indices[-1] == 3  # a slow machine may skip some
    for (_, what), at in zip(screen.shown, screen.shown_at, strict=True):
        assert at >= begin + (0.3 if what == "rest" else 0.1 + 0.05 * int(str(what)))
    assert len(indices) + playout.n_skipped == 4


def test_after_a_stall_only_the_newest_frames_are_shown() -> None:
    screen = Screen()
    stage = Stage([screen])
    playout, begin = stage.playout, time.monotonic()
    anna, bert = playout.enter("Anna"), playout.enter("Bert")
    for index in range(50):
        playout.frame(begin - 1.0 + index / 100, anna, frame(index=index), 1.0)
        playout.frame(begin - 1.0 + index / 100, bert, frame(index=100 + index), 1.0)
        playout.texture(begin - 1.0 + index / 100, bert, picture(index))
    playout.rest(begin - 0.1, anna)
    stage.go()
    wait_for(lambda: len(screen.shown) >= 5)
    assert screen.shown == [("gate", 0), ("Anna", 49), ("Bert", 149), ("Bert", 49), ("Anna", "rest")]
    assert playout.n_skipped == 3 * 49
    playout.close()


def test_a_sink_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("broken")

    screen = Screen()
    playout = Playout([Screen(fail), screen])
    anna = playout.enter("Anna")
    for index in range(3):
        playout.frame(0.0, anna, frame(index=index), 1.0)
        wait_for(lambda index=index: ("Anna", index) in screen.shown)  # type: ignore[misc]
    playout.close()
    assert screen.shown[-1] == ("Anna", "rest") and screen.closed
    assert playout.n_failed == 3 and len(caplog.records) == 1


def test_at_the_end_whoever_is_awake_rests_and_nothing_that_waits_is_shown(playout: Playout, screen: Screen) -> None:
    anna, bert, calm = playout.enter("Anna"), playout.enter("Bert"), playout.enter("Calm")
    playout.frame(0.0, anna, frame(), 1.0)
    playout.frame(0.0, calm, frame(), 1.0)
    playout.rest(0.0, calm)
    playout.frame(time.monotonic() + 1e6, anna, frame(index=9), 1.0)
    playout.frame(time.monotonic() + 1e6, bert, frame(index=9), 1.0)
    playout.texture(math.inf, bert, picture(1))
    wait_for(lambda: len(screen.shown) == 3)
    playout.close()
    assert sorted(screen.shown, key=str) == [("Anna", "rest"), ("Anna", 0), ("Calm", "rest"), ("Calm", 0)]
    assert screen.shown[-1] == ("Anna", "rest") and screen.closed
    playout.frame(0.0, bert, frame(), 1.0)
    playout.close()
    assert len(screen.shown) == 4


def test_closing_takes_a_bounded_time_though_a_sink_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playout_module, "_CLOSING_S", 0.05)
    screen = Screen()
    stage = Stage([screen])
    stage.playout.close()
    assert screen.closed and not screen.shown
    stage.go()


def test_a_cut_line_rests_now_and_is_shown_no_more(playout: Playout, screen: Screen) -> None:
    anna, bert = playout.enter("Anna"), playout.enter("Bert")
    playout.frame(0.0, anna, frame(), 1.0)
    wait_for(lambda: screen.shown)
    later = time.monotonic() + 0.1
    playout.frame(later, anna, frame(index=1), 1.0)
    playout.rest(later, anna)
    playout.frame(later, bert, frame(index=2), 1.0)
    playout.cut(anna)
    wait_for(lambda: ("Bert", 2) in screen.shown)
    assert screen.shown == [("Anna", 0), ("Anna", "rest"), ("Bert", 2)]


def test_two_who_speak_at_a_time_have_two_names_and_a_name_is_free_after_its_rest(
    playout: Playout, screen: Screen
) -> None:
    first, second = playout.enter("people/Anna.png"), playout.enter("Anna")
    nameless, other = playout.enter(""), playout.enter("")
    assert [part.name for part in (first, second, nameless, other)] == ["Anna", "Anna 2", "Face", "Face 2"]
    playout.frame(0.0, first, frame(), 1.0)
    playout.rest(0.0, first)
    wait_for(lambda: ("Anna", "rest") in screen.shown)
    wait_for(lambda: "Anna" not in playout._playing)
    again = playout.enter("Anna")
    assert again.name == "Anna"
    playout.frame(0.0, again, frame(index=5), 1.0)
    playout.cut(first)  # it is over: whoever has the name now is not meant
    wait_for(lambda: ("Anna", 5) in screen.shown)
    assert playout.enter("Anna").name == "Anna 3"
    playout.cut(again)
    assert playout.enter("Anna").name == "Anna"


def test_addresses_are_all_opened_or_none() -> None:
    assert open_playout(()) is None
    first = open_playout(("ws://127.0.0.1:0", "llf://127.0.0.1:9"))
    assert first is not None
    port = first._sinks[0].port  # type: ignore[attr-defined]  # it is the WebSocket sink
    assert first.pages == (f"http://127.0.0.1:{port}/",)
    first.close()
    for _ in range(2):  # the port is free again
        with pytest.raises(SinkError, match="begins with"):
            open_playout((f"ws://127.0.0.1:{port}", "what://is.this"))
