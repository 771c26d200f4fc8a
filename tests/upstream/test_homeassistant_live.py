"""What is seen of the device, and how often it is sent: in virtual time."""

from __future__ import annotations

import json
import time
from math import inf
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from matpi.core.events import LogChanged, SettingWished, Wish, Wished
from matpi.core.model import Doubt
from matpi.upstream.mqtt import homeassistant
from matpi.upstream.mqtt.homeassistant import BEAT_EVERY_S
from matpi.upstream.mqtt.publisher import CHANGE_EVERY_S, DIAGNOSTICS_EVERY_S, ELAPSED_EVERY_S, Pace
from matpi.upstream.mqtt.state import Diagnostics, LiveState, Observer, happening
from tests.bench import NOON, Bench
from tests.upstream.mats import LYING


def edges() -> tuple[float | None, int]:
    return 80.0, 2


def look(bench: Bench) -> LiveState:
    return Observer().copy(bench.device, edges)


def test_from_an_empty_mat_to_a_session_and_after() -> None:
    bench = Bench()
    bench.up(30)
    empty = look(bench)
    assert (empty.phase, empty.occupied, empty.elapsed_s, empty.last, empty.tightness) == ("idle", False, 0, None, None)
    assert (empty.plan_day, empty.target_lower_min, empty.target_upper_min, empty.streak_days) == (1, 2, 5, 0)

    bench.lie(150)
    on = look(bench)
    assert (on.phase, on.occupied, on.done) == ("on_mat", True, True)
    assert 148 <= on.elapsed_s <= 150
    assert (on.today_min, on.today_since) == (0.0, "2026-03-15T04:00:00+00:00"), "from records only"
    assert on.lifetime_h == 0.0

    bench.up(5)
    away = look(bench)
    assert (away.phase, away.occupied) == ("away", True)
    assert away.elapsed_s in {149, 150}

    bench.up(30)
    bench.tap()
    bench.tap()
    bench.up(5)
    after = look(bench)
    assert not after.occupied
    assert after.elapsed_s == 0
    assert after.today_min == 2.5
    assert after.lifetime_h == 0.04
    assert after.streak_days == 1
    assert after.last is not None
    assert (after.last.reason, after.last.routine) == ("left", "plan")
    assert after.last.end == "2026-03-15T12:03:00+00:00"
    assert after.tightness == 2  # the device has asked by itself, and two taps are a 2


def test_totals_go_by_the_sessions_that_count_and_the_last_one_says_whether_it_does() -> None:
    bench = Bench()
    bench.up(30)
    bench.lie(150)
    bench.up(30)
    (one,) = bench.device.ledger.log.sessions
    for changes, counts in (({}, True), ({"doubt": Doubt.THING}, False), ({"yours": False}, False)):
        log = replace(bench.device.ledger.log, sessions=(replace(one, **changes),))
        bench.send(LogChanged(bench.t, log))
        seen = look(bench)
        assert seen.last is not None
        assert seen.last.counts is counts
        assert (seen.today_min, seen.lifetime_h, seen.streak_days) == ((2.5, 0.04, 1) if counts else (0.0, 0.0, 0))
        reported = json.loads(homeassistant.state_payload(seen))
        assert reported["last"]["counts"] is counts


def test_what_the_core_knows_of_the_diagnostics_is_filled_in() -> None:
    bench = Bench()
    bench.up(60)
    bench.ok = False
    bench.pass_s(1)
    reported = look(bench).diagnostics
    assert (reported.rate_hz, reported.outbox_depth, reported.rejected, reported.clock_trusted) == (80.0, 2, 10, True)
    assert reported.version == "test"


def test_settings_and_wishes_are_seen() -> None:
    bench = Bench(utc=NOON + 9.5 * 3600.0)
    bench.up(30)
    assert look(bench).nudge_due
    bench.send(SettingWished(bench.t, "nudge", False))
    bench.send(SettingWished(bench.t, "weekly_goal", 4))
    bench.send(Wished(bench.t, Wish.REST))
    seen = look(bench)
    assert (seen.nudge_due, seen.nudge_on, seen.weekly_goal, seen.rest_declared, seen.rest_day) == (
        False,
        False,
        4,
        True,
        True,
    )


def test_a_sensor_timeout_is_shown() -> None:
    bench = Bench()
    bench.up(30)
    bench.silent = True
    bench.pass_s(10)
    seen = look(bench)
    assert (seen.phase, seen.sensor_lost) == ("sensor_lost", True)


def test_nothing_undated_is_dated() -> None:
    bench = Bench(utc=None)
    bench.up(30)
    bench.lie(60)
    bench.up(30)
    seen = look(bench)
    assert seen.last is not None
    assert seen.last.end is None
    assert not seen.diagnostics.clock_trusted


def test_the_loop_shows_changes_at_once_and_the_rest_once_a_second() -> None:
    bench, seen, observer = Bench(), list[LiveState | None](), Observer()
    bench.up(30)
    seen.append(observer.turned(bench.device, bench.t, edges))
    for _ in range(100):  # ten seconds
        bench.pass_s(0.1)
        seen.append(observer.turned(bench.device, bench.t, edges))
    assert 10 <= len([state for state in seen if state is not None]) <= 11
    bench.kg = 45.0
    for _ in range(50):
        bench.pass_s(0.1)
        seen.append(observer.turned(bench.device, bench.t, edges))
    phases = [state.phase for state in seen if state is not None]
    assert phases.index("arriving") < phases.index("on_mat")
    bench.up(30)
    reported = [what for effect in bench.effects if (what := happening(effect)) is not None]
    assert [what.kind for what in reported] == ["session_started"]  # and under 30 s is no session in the end


def test_an_ended_session_is_reported_with_what_it_was() -> None:
    bench = Bench()
    bench.up(30)
    bench.lie(120)
    bench.up(30)
    reported = [what for effect in bench.effects if (what := happening(effect)) is not None]
    assert [what.kind for what in reported] == ["session_started", "session_ended"]
    ended = reported[1]
    assert (ended.reason, ended.counts) == ("left", True)
    assert ended.on_mat_s is not None
    assert 119 < ended.on_mat_s < 121


def test_a_look_costs_little() -> None:
    """Once a second in the loop, which has 12.5 ms between two readings."""
    bench = Bench()
    bench.up(30)
    bench.lie(120)
    observer = Observer()
    observer.copy(bench.device, edges)
    began = time.process_time()
    for _ in range(200):
        observer.copy(bench.device, edges)
    assert (time.process_time() - began) / 200 < 0.001


# -- how often --------------------------------------------------------------------------------------------------------


def sent(pace: Pace, state: LiveState, now: float) -> tuple[bool, bool]:
    return pace.take(state, now) if pace.due(state) <= now else (False, False)


def test_an_hour_on_the_mat_is_a_message_every_ten_seconds() -> None:
    pace, times = Pace(), []
    for second in range(3600):
        main, _ = sent(pace, replace(LYING, elapsed_s=second), float(second))
        times += [second] if main else []
    assert len(times) == 3600 / ELAPSED_EVERY_S


def test_nothing_new_is_nothing_to_send() -> None:
    pace = Pace()
    assert sent(pace, LYING, 0.0) == (True, True)
    assert pace.due(LYING) == inf
    assert Pace().due(None) == inf


def test_what_holds_is_said_again_each_minute_by_a_loop_that_turns() -> None:
    """Home Assistant lets the time on the mat expire, so that a loop that hangs leaves nobody lying there."""
    pace = Pace()
    times = [second for second in range(600) if sent(pace, replace(LYING), float(second))[0]]
    assert times == list(range(0, 600, int(BEAT_EVERY_S)))
    assert BEAT_EVERY_S * 2 < homeassistant.EXPIRE_S
    hung = replace(LYING)
    assert sent(pace, hung, 600.0)[0]
    assert not any(sent(pace, hung, float(second))[0] for second in range(601, 1200))


def test_a_change_goes_out_at_once_but_flutter_does_not_flood() -> None:
    pace = Pace()
    sent(pace, LYING, 0.0)
    assert sent(pace, replace(LYING, phase="away"), 5.0) == (True, False)
    fluttering = [sent(pace, replace(LYING, occupied=bool(n % 2)), 5.0 + n / 10)[0] for n in range(1, 101)]
    assert 5 <= sum(fluttering) <= 10.0 / CHANGE_EVERY_S


def test_diagnostics_go_out_once_a_minute() -> None:
    pace, times = Pace(), []
    for second in range(600):
        _, more = sent(pace, replace(LYING, diagnostics=Diagnostics(rejected=second)), float(second))
        times += [second] if more else []
    assert times == list(range(0, 600, int(DIAGNOSTICS_EVERY_S)))


CHANGES = st.fixed_dictionaries(
    {
        "elapsed_s": st.integers(0, 3),
        "phase": st.sampled_from(["idle", "on_mat"]),
        "diagnostics": st.builds(Diagnostics, rejected=st.integers(0, 2)),
    }
)


@given(changes=st.lists(st.tuples(st.floats(0.0, 30.0), CHANGES), max_size=30))
def test_what_was_shown_last_has_been_sent_after_a_while(changes: list[tuple[float, dict[str, Any]]]) -> None:
    """Whatever came in between, and however fast: nothing that holds stays untold."""
    pace, now, state = Pace(), 0.0, LYING
    known: dict[str, Any] = {}

    def step() -> None:
        main, more = sent(pace, state, now)
        if main:
            known.update({k: v for k, v in to_builtins(state).items() if k != "diagnostics"})
        if more:
            known["diagnostics"] = to_builtins(state)["diagnostics"]

    for gap_s, change in changes:
        now += gap_s
        state = replace(LYING, **change)
        step()
    while (due := pace.due(state)) < inf:
        now = max(now, due)
        step()
    if changes:
        assert known == to_builtins(state)
