"""The log as a change gives it to the device: the same log, of the records that are known already."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from matpi.control.log_view import sharing
from matpi.core.model import EndReason, Log, Moment, Rating, Session

DAY = date(2026, 3, 15)


def log(minutes: int = 10) -> Log:
    sessions = (Session("s0", "b", 1.0, 600.0, 600.0, EndReason.LEFT, 0.0, 0, DAY),)
    changed = Session("s1", "b", 900.0, 60.0 * minutes, 60.0 * minutes, EndReason.LEFT, 900.0, 0, DAY)
    return Log((*sessions, changed), (Rating("r0", "b", 1.0, 5, Moment.AFTER, "s0", 700.0, 0, DAY),))


def test_equal_records_are_the_known_ones_and_others_the_new_ones() -> None:
    known, new = log(), replace(log(minutes=12), stops=())
    shared = sharing(new, known)
    assert shared == new
    assert shared.sessions[0] is known.sessions[0]
    assert shared.ratings[0] is known.ratings[0]
    assert shared.sessions[1] is new.sessions[1]
    assert shared.sessions[1] != known.sessions[1]


def test_what_is_gone_stays_gone() -> None:
    assert sharing(Log(), log()) == Log()
    assert sharing(log(), Log()) == log()
