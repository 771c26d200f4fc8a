"""A day of random faults: the sessions are what happened, and memory, threads and handles stay flat."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from matpi.core.effects import Save
from matpi.core.model import Settings
from matpi.core.presence.signal import Signal
from matpi.core.recovery import Recovery
from matpi.errors import StoreError
from matpi.store.db import Store
from matpi.upstream.queue import Outbox
from tests.reliability import soak
from tests.reliability.disk import CAN_WATCH, Disk, Trouble
from tests.reliability.soak import Outage, Visit, bounds

ROOT = Path(__file__).parents[2]
LONG = int(os.environ.get("MATPI_FUZZ", "1")) > 1
HOURS, FAULTS = (24.0, 5000) if LONG else (2.0, 300)
GROWN_MB = 8.0
"""Resident memory from hour 2 to hour 24, with the hundred sessions of that time in the log."""

pytestmark = pytest.mark.skipif(not CAN_WATCH, reason="this Python has its SQLite linked in, where no call can be seen")


@pytest.mark.timeout(3600 if LONG else 300)
@pytest.mark.parametrize("seed", range(11, 15) if LONG else (3,))
def test_the_log_says_what_happened_and_nothing_grows(seed: int) -> None:
    # In a process of its own: what other tests have left in memory would be counted with it.
    words = [sys.executable, "-m", "tests.reliability.soak", "--hours", HOURS, "--faults", FAULTS, "--seed", seed]
    done = subprocess.run([*map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    print(figures)
    assert figures["faults"] >= FAULTS
    assert min(figures["kinds"].values()) > 0, figures["kinds"]
    assert figures["sessions"] > 8
    assert figures["live_view"] > 100
    assert_flat(figures["measured"])


def assert_flat(measured: list[dict[str, Any]]) -> None:
    early = [one for one in measured if one["t"] < 7300.0 and one is not measured[-1]]
    late = measured[-1]
    # The writer's thread begins with the first write after a start.
    assert len(late["threads"]) <= max(len(one["threads"]) for one in early), measured
    # 14 to 18, by which connections are open at that moment: no more than at any time before, and no trend.
    assert late["handles"] <= max(one["handles"] for one in measured[:-1]), measured
    half = len(measured) // 2
    first, second = (median(one["handles"] for one in part) for part in (measured[:half], measured[half:]))
    assert second <= first + 1, measured
    assert late["rss_mb"] - early[-1]["rss_mb"] <= GROWN_MB, measured


# -- the check can fail ------------------------------------------------------------------------------------------------


def test_a_session_that_is_not_taken_up_after_a_power_cut_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recovery, "close", lambda recovery, t, why: setattr(recovery, "left_open", None))
    monkeypatch.setattr(Recovery, "decide", lambda *_: None)
    _, wrong = soak.soak(1.0, 200, 3)
    assert any(" s of " in sentence or "open at the end" in sentence for sentence in wrong), wrong


def test_time_that_no_one_was_on_the_mat_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Signal, "rise_began", lambda _, onset, *__: onset - 5.0)
    _, wrong = soak.soak(0.6, 0, 1)
    assert any(" s of " in sentence or "invented" in sentence for sentence in wrong), wrong


def test_a_leak_is_noticed() -> None:
    at_rest = {"rss_mb": 60.0, "threads": ["MainThread", "control"], "handles": 14}
    flat: list[dict[str, Any]] = [{"t": 3600.0 * hour, **at_rest} for hour in range(1, 25)]
    assert_flat(flat)
    leaks: dict[str, Any] = {"rss_mb": 9.0, "threads": ["one more"], "handles": 1}
    for what, more in leaks.items():
        with pytest.raises(AssertionError):
            assert_flat([*flat[:-1], {**flat[-1], what: flat[-1][what] + more}])
    with pytest.raises(AssertionError):
        assert_flat([{**one, "handles": 14 + hour // 6} for hour, one in enumerate(flat)])


# -- the bounds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outages", "least_s", "most_s", "least", "most"),
    [
        ([], 300.0, 300.5, 1, 1),
        ([Outage(200.0, 230.0, power=False, blind=200.0)], 300.0, 300.5, 1, 1),  # cells silent for half a minute
        ([Outage(200.0, 290.0, power=False, blind=200.0)], 209.0, 300.5, 1, 2),  # for a minute and a half
        ([Outage(184.0, 250.0, power=True, blind=200.0)], 233.0, 251.5, 1, 2),  # power: less what had no checkpoint
        ([Outage(184.0, 250.0, power=True, blind=200.0, read_at=246.0)], 233.0, 255.5, 1, 2),  # and readings come late
        ([Outage(390.0, 430.0, power=False, blind=390.0)], 289.0, 300.5, 1, 1),  # got up unseen
        ([Outage(100.0, 380.0, power=True, blind=116.0)], 0.0, 37.5, 0, 2),  # what is left is too short
    ],
)
def test_what_must_be_stored_of_five_minutes(
    outages: list[Outage], least_s: float, most_s: float, least: int, most: int
) -> None:
    found = bounds(Visit([(100.0, 400.0)]), outages)
    assert max(0.0, found.least_s) == pytest.approx(least_s, abs=1.5)
    assert (found.least, found.most) == (least, most)
    assert found.most_s == pytest.approx(most_s)


def test_who_comes_back_unseen_is_timed_from_the_first_reading_on() -> None:
    found = bounds(Visit([(100.0, 200.0), (208.0, 400.0)]), [Outage(203.0, 221.0, power=False, blind=203.0)])
    assert found.least_s == pytest.approx(292.0 - 13.0, abs=3.0)


# -- what it has found -------------------------------------------------------------------------------------------------


def test_a_relay_that_opens_the_log_while_the_disk_fails_does_not_keep_the_writer_out(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    disk, relay = Disk(folder), Outbox(folder / "matpi.db", "house")
    with disk.watched():
        store = Store.open(folder / "matpi.db", sinks=("house",))
        disk.trouble = Trouble(errno.EIO, disk.calls)
        store.close()
        with suppress(StoreError):
            relay.sink_state()
        disk.trouble = None
        with Store.open(folder / "matpi.db") as store:
            store.write(Save(Settings(weekly_goal=6)))
            assert store.load().settings.weekly_goal == 6
        relay.close()
