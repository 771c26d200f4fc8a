"""What the relay does with every answer, in virtual time: nothing is lost, nothing overtakes, nobody is pestered."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from matpi.core.text import Text
from matpi.upstream.relay import SHOW_AFTER_S, Relay, Trouble
from matpi.upstream.sink import MOST_ASKED_S, Delivery, DisabledError, LaterError, RefusedError, SinkState
from tests.upstream.fakes import UTC, FakeDeliveries, FakeSink, StillClock

HOUR, DAY = 3600.0, 86_400.0
LOOK_S = 120.0
"""Instead of every 5 s: weeks pass here."""
OFFLINE = LaterError("nothing answers", "look at the network", Text("upstream.not_reached"))


class Bench:
    def __init__(self, rows: int = 0, *, trusted: bool = True, needs_clock: bool = False) -> None:
        self.clock = StillClock(trusted=trusted)
        self.box = FakeDeliveries()
        self.box.add(rows)
        self.sink = FakeSink(self.clock, needs_clock=needs_clock)
        self.reported: list[Trouble | None] = []
        self.relay = self.restarted()

    def restarted(self) -> Relay:
        draw = random.Random(5).random
        self.relay = Relay(
            "house", self.sink, self.box, self.clock, self.reported.append, draw=draw, poll_every_s=LOOK_S
        )
        return self.relay

    def run(self, seconds: float) -> None:
        """Turn as the thread does, for so long."""
        end = self.clock.t + seconds
        while self.clock.t < end:
            wait_s = self.relay.turn()
            self.clock.t = min(end, self.clock.t + wait_s) if wait_s else self.clock.t + 1e-6

    def answers(self, error: Exception | None) -> None:
        def answer(_: Delivery) -> None:
            if error is not None:
                raise error

        self.sink.answer = answer


def ids(first: int, last: int) -> list[str]:
    return [f"s{n}-1" for n in range(first, last + 1)]


def test_what_waits_is_sent_at_once_in_order_and_once() -> None:
    bench = Bench(20)
    bench.run(1.0)
    assert bench.sink.took == ids(1, 20)
    bench.run(HOUR)
    assert len(bench.sink.tried_at) == 20


def test_seven_days_offline_then_everything_once_and_in_order() -> None:
    bench = Bench()
    bench.answers(OFFLINE)
    for _ in range(7 * 3):
        bench.box.add()
        bench.run(DAY / 3)
    tries = len(bench.sink.tried_at)
    assert bench.sink.took == []
    assert set(bench.box.state.values()) == {"due"}
    # A wait is half an hour on average once the ceiling is reached.
    assert 250 < tries < 500
    bench.answers(None)
    bench.run(HOUR)
    assert bench.sink.took == ids(1, 21)
    assert len(bench.sink.tried_at) == tries + 21
    assert bench.box.due() is None


def test_the_head_is_tried_alone_while_it_waits() -> None:
    bench = Bench(3)
    bench.answers(OFFLINE)
    bench.run(HOUR)
    assert [bench.box.attempts[seq] > 5 for seq in (1, 2, 3)] == [True, False, False]


def test_waits_grow_and_stay_under_an_hour() -> None:
    bench = Bench(1)
    bench.answers(OFFLINE)
    bench.run(5 * DAY)
    at = bench.sink.tried_at
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert max(gaps) <= HOUR + 1e-6
    assert all(gap <= 5.0 * 2**n + 1e-6 for n, gap in enumerate(gaps[:10]))
    assert sum(gaps[-50:]) / 50 == pytest.approx(HOUR / 2, rel=0.25)


def test_what_comes_new_does_not_shorten_a_wait() -> None:
    bench = Bench(1)
    bench.answers(OFFLINE)
    bench.run(HOUR)
    tries = len(bench.sink.tried_at)
    bench.box.add(50)
    assert bench.relay.turn() > 0.0
    assert len(bench.sink.tried_at) == tries


def test_who_asks_for_time_gets_it() -> None:
    bench = Bench(1)
    bench.answers(LaterError("too many", "wait", Text("upstream.answers", status=429), retry_after_s=7200.0))
    bench.run(7199.0)
    assert len(bench.sink.tried_at) == 1
    bench.run(2.0)
    assert len(bench.sink.tried_at) == 2


def test_a_wait_that_was_asked_for_holds_over_a_restart() -> None:
    bench = Bench(1)
    bench.answers(LaterError("too many", "wait", Text("upstream.answers", status=429), retry_after_s=7200.0))
    bench.run(10.0)
    bench.restarted()
    bench.run(7180.0)
    assert len(bench.sink.tried_at) == 1
    bench.run(20.0)
    assert len(bench.sink.tried_at) == 2


def test_a_wait_that_was_asked_for_holds_when_the_clock_is_trusted_late() -> None:
    bench = Bench(1, needs_clock=True)
    bench.answers(LaterError("too many", "wait", Text("upstream.answers", status=429), retry_after_s=7200.0))
    bench.run(10.0)
    bench.clock.is_trusted = False
    bench.restarted()
    bench.run(600.0)
    bench.clock.is_trusted = True
    bench.run(7200.0 - 620.0)
    assert len(bench.sink.tried_at) == 1
    bench.run(30.0)
    assert len(bench.sink.tried_at) == 2


def test_our_own_wait_ends_with_a_restart() -> None:
    bench = Bench(1)
    bench.answers(OFFLINE)
    bench.run(DAY)
    bench.answers(None)
    bench.restarted()
    bench.relay.turn()
    assert bench.sink.took == ids(1, 1)


def test_a_wall_clock_that_jumped_back_years_stops_no_sink() -> None:
    bench = Bench(1)
    bench.box.sink = SinkState(not_before_utc=UTC + 10 * 365 * DAY)
    bench.run(MOST_ASKED_S + 10.0)
    assert bench.sink.took == ids(1, 1)


def test_a_refused_one_is_stored_and_reported_and_the_next_has_its_turn() -> None:
    bench = Bench(3)

    def answer(delivery: Delivery) -> None:
        if delivery.seq == 2:
            raise RefusedError(
                "it will not have it (HTTP 400)", "look at its log", Text("upstream.answers", status=400)
            )

    bench.sink.answer = answer
    bench.run(1.0)
    assert bench.sink.took == ["s1-1", "s3-1"]
    assert bench.box.state == {1: "acked", 2: "refused", 3: "acked"}
    assert bench.box.why[2] == "it will not have it (HTTP 400); look at its log."
    reported = bench.reported[0]
    assert reported is not None
    assert reported.short == Text("upstream.answers", status=400)
    bench.answers(None)
    bench.box.ask_again()
    bench.run(LOOK_S + 1.0)
    assert bench.sink.took == ["s1-1", "s3-1", "s2-1"]
    assert bench.reported[-1] is None


def test_a_receiver_that_wants_no_more_is_left_alone_until_the_user_asks() -> None:
    bench = Bench(3)
    bench.answers(
        DisabledError("it wants nothing more (HTTP 410)", "run `matpi upstream retry`", Text("upstream.ended"))
    )
    bench.run(7 * DAY)
    bench.box.add()
    bench.restarted()
    bench.run(7 * DAY)
    assert len(bench.sink.tried_at) == 1
    # After the restart it is reported again.
    assert [trouble and trouble.short for trouble in bench.reported] == [Text("upstream.ended")] * 2
    bench.answers(None)
    bench.box.ask_again()
    bench.run(LOOK_S + 1.0)
    assert bench.sink.took == ids(1, 4)


def test_a_request_of_the_user_ends_the_wait() -> None:
    bench = Bench(1)
    bench.answers(OFFLINE)
    bench.run(DAY)
    bench.answers(None)
    bench.box.ask_again()
    bench.run(LOOK_S + 1.0)
    assert bench.sink.took == ids(1, 1)


def test_nothing_is_sent_before_the_clock_is_trusted() -> None:
    bench = Bench(2, trusted=False, needs_clock=True)
    bench.run(DAY)
    assert bench.sink.tried_at == []
    bench.clock.is_trusted = True
    bench.run(LOOK_S + 1.0)
    assert bench.sink.took == ids(1, 2)
    assert all(utc is not None for utc in bench.sink.utcs)


def test_who_needs_no_clock_is_served_without_one() -> None:
    bench = Bench(1, trusted=False)
    bench.run(1.0)
    assert bench.sink.took == ids(1, 1)
    assert bench.sink.utcs == [None]


def test_a_short_outage_is_not_reported_a_long_one_once_and_its_end() -> None:
    bench = Bench(1)
    bench.answers(OFFLINE)
    bench.run(SHOW_AFTER_S / 2)
    assert bench.reported == []
    bench.run(2 * DAY)
    assert bench.reported == [Trouble("nothing answers; look at the network.", Text("upstream.not_reached"))]
    bench.answers(None)
    bench.run(HOUR)
    assert bench.reported[1:] == [None]


@pytest.mark.parametrize("drawn", [0.0, 0.5, 1.0])
def test_a_long_outage_is_reported_after_a_quarter_of_an_hour_whenever_the_next_try_is(drawn: float) -> None:
    bench = Bench(1)
    bench.relay = Relay(
        "house", bench.sink, bench.box, bench.clock, bench.reported.append, draw=lambda: drawn, poll_every_s=5.0
    )
    bench.answers(OFFLINE)
    bench.run(SHOW_AFTER_S - 1.0)
    assert bench.reported == []
    bench.run(7.0)
    assert [trouble and trouble.short for trouble in bench.reported] == [Text("upstream.not_reached")]


def test_another_trouble_is_reported_as_well() -> None:
    """A refused record, then a receiver that is gone: the panel says what holds now."""
    bench = Bench(2)
    answers = iter([RefusedError("it will not have it", "look at its log", Text("upstream.answers", status=400))])

    def answer(_: Delivery) -> None:
        raise next(answers, LaterError("its certificate has expired", "renew it", Text("upstream.certificate")))

    bench.sink.answer = answer
    bench.run(DAY)
    assert [trouble and trouble.short for trouble in bench.reported] == [
        Text("upstream.answers", status=400),
        Text("upstream.certificate"),
    ]
    bench.answers(DisabledError("it wants nothing more", "ask", Text("upstream.ended")))
    bench.run(DAY)
    assert [trouble and trouble.short for trouble in bench.reported][2:] == [Text("upstream.ended")]
    bench.answers(None)
    bench.box.ask_again()
    bench.run(LOOK_S + 1.0)
    assert bench.reported[3:] == [None]


def test_a_full_disk_sends_nothing_twice() -> None:
    """The receiver has it, the mark cannot be written: only the mark is tried again."""
    bench = Bench(2)
    bench.box.disk_full = True
    bench.run(HOUR)
    assert bench.sink.took == ids(1, 1)
    bench.box.disk_full = False
    bench.run(LOOK_S + 1.0)
    assert bench.sink.took == ids(1, 2)
    assert set(bench.box.state.values()) == {"acked"}


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (RefusedError("no", "look", Text("upstream.answers", status=400)), "refused"),
        (DisabledError("gone", "ask", Text("upstream.ended")), "due"),
    ],
)
def test_a_full_disk_does_not_ask_for_a_second_refusal(error: Exception, state: str) -> None:
    bench = Bench(1)
    bench.answers(error)
    bench.box.disk_full = True
    bench.run(HOUR)
    bench.box.disk_full = False
    bench.run(HOUR)
    assert len(bench.sink.tried_at) == 1
    assert bench.box.state[1] == state


@pytest.mark.parametrize("error", [ValueError("oh"), OSError(5, "odd"), RecursionError()])
def test_a_defect_of_the_sink_loses_nothing_and_is_retried(error: Exception) -> None:
    bench = Bench(1)
    bench.answers(error)
    bench.run(HOUR)
    assert bench.box.state == {1: "due"}
    assert "report this" in bench.box.why[1]
    bench.answers(None)
    bench.run(HOUR)
    assert bench.sink.took == ids(1, 1)


def test_a_mistake_around_the_delivery_is_reported_and_does_not_end_the_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(1)
    with monkeypatch.context() as patched:
        patched.setattr(bench.box, "due", lambda: 1 / 0)
        bench.run(HOUR)
    assert [trouble and trouble.short for trouble in bench.reported] == [Text("upstream.own_error")]
    bench.run(HOUR)
    assert bench.sink.took == ids(1, 1)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_it_answers_all_arrive_in_order_or_stay_stored(seed: int) -> None:
    """Random answers, restarts and full disks for two weeks; then it takes everything."""
    chance = random.Random(seed)
    bench = Bench()
    refused: set[str] = set()

    def answer(delivery: Delivery) -> None:
        kind = chance.choice(["ok", "ok", "later", "refused", "asked", "bug"])
        if kind == "later":
            raise OFFLINE
        if kind == "asked":
            raise LaterError(
                "busy", "wait", Text("upstream.answers", status=503), retry_after_s=chance.uniform(-10.0, 10**6)
            )
        if kind == "refused":
            refused.add(delivery.id)
            raise RefusedError("no", "look", Text("upstream.answers", status=400))
        if kind == "bug":
            raise KeyError(delivery.id)

    bench.sink.answer = answer
    does: list[Callable[[], object]] = [
        bench.restarted,
        bench.box.add,
        lambda: setattr(bench.box, "disk_full", chance.random() < 0.3),
    ]
    for _ in range(60):
        chance.choice(does)()
        bench.run(chance.uniform(0.0, DAY / 4))
    bench.box.disk_full = False
    bench.answers(None)
    bench.run(2 * DAY)
    assert bench.box.due() is None
    everything = [row.id for row in bench.box.rows]
    kept = {row.id for row in bench.box.rows if bench.box.state[row.seq] == "refused"}
    took = [delivery for delivery in everything if delivery in bench.sink.took]
    assert set(bench.sink.took) | kept == set(everything)
    assert kept <= refused
    firsts = list(dict.fromkeys(bench.sink.took))
    assert firsts == took
