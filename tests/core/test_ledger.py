"""What the store has not confirmed: nothing is dropped, nothing is called saved too early."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import math
from datetime import date

import pytest
from msgspec.structs import replace

from matpi.core.clock import Clock
from matpi.core.effects import (
    Checkpoint,
    DateBoot,
    Drop,
    Effect,
    Note,
    Save,
    Write,
    Zeros,
)
from matpi.core.events import LogChanged
from matpi.core.ledger import RETRY_S, Ledger
from matpi.core.model import Acknowledgement, DayRecord, EndReason, Log, Memory, Moment, Rating, Session, StopSign, Zero
from tests.bench import NOON, Bench, zone_for

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


def made(log: Log | None = None) -> tuple[Ledger, list[Effect]]:
    """A ledger, and the effects that it asks for."""
    asked: list[Effect] = []
    memory = Memory(log=log or Log())
    clock = Clock(0.0, "b", memory, zone_for, lambda: "new", 0.0)
    return Ledger(memory, asked.append, clock), asked


def retried(ledger: Ledger, asked: list[Effect], t: float) -> list[Effect]:
    """What the ledger asks for again at `t`."""
    asked.clear()
    if t >= ledger.due:
        ledger.advance(t)
    return list(asked)


@pytest.mark.parametrize(("effect", "record_id"), PAIRS)
def test_a_record_waits_for_its_answer(effect: Write, record_id: str) -> None:
    ledger, _ = made()
    ledger.save(effect)
    assert not ledger.is_saved(record_id)
    assert ledger.saved(record_id)
    assert ledger.is_saved(record_id)
    assert not ledger.saved(record_id), "an answer to nothing"


@pytest.mark.parametrize(("effect", "record_id"), PAIRS)
def test_what_was_refused_is_asked_again_every_half_minute(effect: Write, record_id: str) -> None:
    ledger, asked = made()
    ledger.save(effect)
    ledger.refused(10.0, record_id, "full")
    assert asked[-1] == Note(10.0, "save_failed", "full")
    assert ledger.trouble == "full"
    assert retried(ledger, asked, 10.0 + RETRY_S - 0.1) == []
    assert retried(ledger, asked, 10.0 + RETRY_S) == [effect]
    ledger.refused(40.0, record_id, "full")
    assert not any(isinstance(effect, Note) for effect in asked), "no news"
    assert retried(ledger, asked, 70.0) == [effect]
    assert ledger.saved(record_id)
    assert ledger.trouble == ""
    assert retried(ledger, asked, 1000.0) == []


def test_several_that_failed_are_all_asked_again_in_their_order() -> None:
    ledger, asked = made()
    for effect, record_id in zip(RECORDS[:3], IDS[:3], strict=True):
        ledger.save(effect)
        ledger.refused(0.0, record_id, "full")
    assert retried(ledger, asked, RETRY_S) == RECORDS[:3]
    ledger.saved("r")
    assert retried(ledger, asked, 2 * RETRY_S) == [RECORDS[0], RECORDS[2]]


def test_a_refused_checkpoint_is_trouble_until_the_next_one_succeeds() -> None:
    ledger, _ = made()
    ledger.refused(0.0, "open", "full")
    assert ledger.trouble == "full"
    assert not ledger.saved("open")
    assert ledger.trouble == ""


def test_the_log_holds_each_record_once_and_the_newest() -> None:
    ledger, _ = made()
    ledger.save(Save(RATING))
    ledger.save(Save(replace(RATING, value=9)))
    ledger.save(Save(SESSION))
    assert [r.value for r in ledger.log.ratings] == [9]
    assert ledger.log.sessions == (SESSION,)


def test_a_changed_log_keeps_what_the_store_does_not_have_yet() -> None:
    ledger, asked = made()
    ledger.save(Save(SESSION))
    ledger.refused(0.0, "s", "full")
    ledger.save(Save(RATING))
    ledger.saved("r")
    ledger.replace_log(Log())
    assert ledger.log.sessions == (SESSION,)
    assert ledger.log.ratings == (), "what was saved and is not in the log any more was deleted"
    assert retried(ledger, asked, RETRY_S) == [Save(SESSION)]


def test_deleting_from_the_page_rolls_the_plan_back() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(150)
    bench.up(60)
    assert bench.device.plans.today.done
    bench.send(LogChanged(bench.t, Log()))
    assert not bench.device.plans.today.done
    assert bench.device.plans.today.today_s == 0.0


def test_dates_reach_what_waits_and_what_is_logged_of_this_boot_only() -> None:
    ledger, _ = made(Log(sessions=(replace(SESSION, id="old", boot_id="a"),)))
    for effect in RECORDS[:3]:
        ledger.save(effect)
    ledger.date(DateBoot("b", NOON - 200.0))
    old, new = ledger.log.sessions
    assert old.start_utc is None
    assert new.start_utc == NOON - 100
    assert new.day == date(2026, 3, 15)
    assert ledger.log.ratings[0].utc == NOON - 30
    assert ledger.log.stops[0].utc == NOON - 20
    waiting = ledger.waiting
    assert waiting["s"] == Save(new)
    assert waiting["r"] == Save(ledger.log.ratings[0])
    assert waiting["x"] == Save(ledger.log.stops[0])


def test_a_session_that_goes_on_after_all_is_not_dropped_by_a_late_retry() -> None:
    ledger, asked = made()
    ledger.save(Drop(Session, "s", "discarded"))
    ledger.refused(0.0, "s", "full")
    ledger.go_on("s")
    assert retried(ledger, asked, RETRY_S) == []
    ledger.save(Save(SESSION))
    ledger.go_on("s")
    assert not ledger.is_saved("s"), "only a drop is taken back"


def test_a_checkpoint_that_could_be_written_does_not_answer_for_the_session() -> None:
    ledger, asked = made()
    session = Session("a", "boot", 1.0, 100.0, 100.0, EndReason.LEFT)
    ledger.save(Save(session))
    assert Checkpoint(session).key != Save(session).key
    ledger.saved(Checkpoint(session).key)
    assert not ledger.is_saved("a")
    ledger.refused(5.0, Save(session).key, "full")
    assert retried(ledger, asked, 5.0 + RETRY_S) == [Save(session)]


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
    ledger, asked = made()
    ledger.save(save)
    ledger.refused(5.0, save.key, "full")
    assert retried(ledger, asked, 5.0 + RETRY_S) == [save]
    assert ledger.saved(save.key)
    assert ledger.due == math.inf
    assert not ledger.trouble
