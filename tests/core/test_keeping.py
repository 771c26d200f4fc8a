"""What the store has not confirmed: nothing is dropped, nothing is called saved too early."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest

from matpi.core.effects import (
    Checkpoint,
    DateBoot,
    Drop,
    Save,
    Write,
    Zeros,
)
from matpi.core.events import LogChanged
from matpi.core.keeping import RETRY_S, Keeper
from matpi.core.model import Acknowledgement, DayRecord, EndReason, Log, Moment, Rating, Session, StopSign, Zero
from tests.bench import NOON, Bench

SESSION = Session("s", "b", start_mono=100.0, span_s=60.0, on_mat_s=60.0, reason=EndReason.LEFT)
RATING = Rating("r", "b", mono=170.0, value=3, moment=Moment.AFTER, session_id="s")
STOP = StopSign("x", "b", mono=180.0, session_id="s")
RECORDS: list[Save | Drop] = [
    Save(SESSION),
    Save(RATING),
    Save(STOP),
    Drop(Session, "s", "discarded"),
]
IDS = ["s", "r", "x", "s"]
PAIRS = list(zip(RECORDS, IDS, strict=True))


@pytest.mark.parametrize(("effect", "record_id"), PAIRS)
def test_a_record_waits_for_its_answer(effect: Write, record_id: str) -> None:
    keeper = Keeper(Log())
    keeper.keep(effect)
    assert not keeper.is_saved(record_id)
    assert keeper.saved(record_id)
    assert keeper.is_saved(record_id)
    assert not keeper.saved(record_id), "an answer to nothing"


@pytest.mark.parametrize(("effect", "record_id"), PAIRS)
def test_what_was_refused_is_asked_again_every_half_minute(effect: Write, record_id: str) -> None:
    keeper = Keeper(Log())
    keeper.keep(effect)
    assert keeper.refused(10.0, record_id, "full")
    assert keeper.trouble == "full"
    assert keeper.retry(10.0 + RETRY_S - 0.1) == []
    assert keeper.retry(10.0 + RETRY_S) == [effect]
    assert not keeper.refused(40.0, record_id, "full"), "no news"
    assert keeper.retry(70.0) == [effect]
    assert keeper.saved(record_id)
    assert keeper.trouble == ""
    assert keeper.retry(1000.0) == []


def test_several_that_failed_are_all_asked_again_in_their_order() -> None:
    keeper = Keeper(Log())
    for effect, record_id in zip(RECORDS[:3], IDS[:3], strict=True):
        keeper.keep(effect)
        keeper.refused(0.0, record_id, "full")
    assert keeper.retry(RETRY_S) == RECORDS[:3]
    keeper.saved("r")
    assert keeper.retry(2 * RETRY_S) == [RECORDS[0], RECORDS[2]]


def test_a_refused_checkpoint_is_trouble_until_the_next_one_succeeds() -> None:
    keeper = Keeper(Log())
    assert keeper.refused(0.0, "open", "full")
    assert keeper.trouble == "full"
    assert not keeper.saved("open")
    assert keeper.trouble == ""


def test_the_log_holds_each_record_once_and_the_newest() -> None:
    keeper = Keeper(Log())
    keeper.keep(Save(RATING))
    keeper.keep(Save(replace(RATING, value=9)))
    keeper.keep(Save(SESSION))
    assert [r.value for r in keeper.log.ratings] == [9]
    assert keeper.log.sessions == (SESSION,)


def test_a_changed_log_keeps_what_the_store_does_not_have_yet() -> None:
    keeper = Keeper(Log())
    keeper.keep(Save(SESSION))
    keeper.refused(0.0, "s", "full")
    keeper.keep(Save(RATING))
    keeper.saved("r")
    keeper.take_log(Log())
    assert keeper.log.sessions == (SESSION,)
    assert keeper.log.ratings == (), "what was saved and is not in the log any more was deleted"
    assert keeper.retry(RETRY_S) == [Save(SESSION)]


def test_deleting_from_the_page_rolls_the_plan_back() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(150)
    bench.up(60)
    assert bench.device.plan.done
    bench.send(LogChanged(bench.t, Log()))
    assert not bench.device.plan.done
    assert bench.device.plan.today_s == 0.0


def test_dates_reach_what_waits_and_what_is_logged_of_this_boot_only() -> None:
    keeper = Keeper(Log(sessions=(replace(SESSION, id="old", boot_id="a"),)))
    for effect in RECORDS[:3]:
        keeper.keep(effect)
    keeper.date(DateBoot("b", NOON - 200.0))
    old, new = keeper.log.sessions
    assert old.start_utc is None
    assert new.start_utc == NOON - 100
    assert new.day == date(2026, 3, 15)
    assert keeper.log.ratings[0].utc == NOON - 30
    assert keeper.log.stops[0].utc == NOON - 20
    waiting = keeper.waiting
    assert waiting["s"] == Save(new)
    assert waiting["r"] == Save(keeper.log.ratings[0])
    assert waiting["x"] == Save(keeper.log.stops[0])


def test_a_session_that_goes_on_after_all_is_not_dropped_by_a_late_retry() -> None:
    keeper = Keeper(Log())
    keeper.keep(Drop(Session, "s", "discarded"))
    keeper.refused(0.0, "s", "full")
    keeper.goes_on("s")
    assert keeper.retry(RETRY_S) == []
    keeper.keep(Save(SESSION))
    keeper.goes_on("s")
    assert not keeper.is_saved("s"), "only a drop is taken back"


def test_a_checkpoint_that_could_be_written_does_not_answer_for_the_session() -> None:
    keeper = Keeper(Log())
    session = Session("a", "boot", 1.0, 100.0, 100.0, EndReason.LEFT)
    keeper.keep(Save(session))
    assert Checkpoint(session).key != Save(session).key
    keeper.saved(Checkpoint(session).key)
    assert not keeper.is_saved("a")
    keeper.refused(5.0, Save(session).key, "full")
    assert keeper.retry(5.0 + RETRY_S) == [Save(session)]


@pytest.mark.parametrize(
    "save",
    [
        Save(DayRecord(date(2026, 3, 15), snoozed=True)),
        Save(Zeros(Zero((1.0, 2.0)), None)),
        Save(Acknowledgement(some=False)),
        DateBoot("boot", 1000.0),
    ],
)
def test_whatever_could_not_be_written_is_asked_for_again(save: Write) -> None:
    keeper = Keeper(Log())
    keeper.keep(save)
    assert keeper.refused(5.0, save.key, "full")
    assert keeper.retry(5.0 + RETRY_S) == [save]
    assert keeper.saved(save.key)
    assert keeper.retry_due == math.inf
    assert not keeper.trouble
