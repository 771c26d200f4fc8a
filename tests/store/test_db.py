"""What the store remembers."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs
from msgspec.structs import replace

from matpi import paths
from matpi.core.effects import Calibrated, Checkpoint, DateBoot, Drop, Save, Zeros
from matpi.core.model import (
    Acknowledgement,
    Calibration,
    DayRecord,
    EndReason,
    Log,
    Looser,
    Memory,
    Moment,
    Session,
    Settings,
    StopSign,
    Zero,
)
from matpi.errors import StoreError, UsageError
from matpi.paths import stored_zone
from matpi.store.db import Store
from matpi.store.tables import DIAGNOSTICS, Edit, StoredSession, Tally
from tests.store.values import UTC, edit_session, edits, rating, records, session, stop, undated


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "matpi.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened


def test_a_new_store_remembers_nothing(store: Store) -> None:
    assert store.load() == Memory()
    assert store.set_aside is None


def test_everything_comes_back_after_a_restart(path: Path) -> None:
    zero, before = Zero((0.1, -0.25)), Zero((0.0, 1e-9), by_hand=True)
    settings = Settings(
        zone="Europe/Berlin", bedtime=time(23, 15), nudge=False, rest_weekdays=frozenset({6, 2}), weekly_goal=3
    )
    day = DayRecord(date(2025, 11, 24), rest=True)
    calibration = Calibration((8_388_607, -12), (21_000.125, -9.5), approximate=True)
    with Store.open(path) as store:
        store.write(Save(session()))
        store.write(Checkpoint(session("s2", reason=None, on_mat_s=3.0)))
        store.write(Save(rating()))
        store.write(Save(stop()))
        store.write(Save(day))
        store.write(Save(Looser("s1", looser=True)))
        store.write(Save(Looser("s1", looser=False)))
        store.write(Save(Calibrated(calibration, Zero((0.0, 0.0)))))
        store.write(Save(Zeros(zero, before)))
        store.write(Save(Acknowledgement(some=True, utc=UTC)))
        store.write(Save(settings))
    with Store.open(path) as store:
        assert store.load() == Memory(
            log=Log((session(),), (rating(),), (stop(),), (day,), (Looser("s1", looser=False),)),
            open=session("s2", reason=None, on_mat_s=3.0),
            zero=zero,
            zero_before=before,
            calibration=calibration,
            acknowledgement=Acknowledgement(some=True, utc=UTC),
            settings=settings,
        )
        assert store.load().calibration == calibration


def test_the_newest_sessions_come_with_their_rating_and_without_the_deleted(store: Store, path: Path) -> None:
    for n in range(5):
        store.write(Save(session(f"s{n}", start_utc=UTC + n)))
    store.write(Save(session("late", start_utc=UTC - 9.0)))  # imported: the oldest, and the last to arrive
    store.write(Checkpoint(session("open", reason=None, start_utc=UTC + 9.0)))
    store.write(Save(rating(session_id="s3")))
    store.delete_session("s4", utc=UTC)
    with Store.open(path, read_only=True) as reader:
        before = reader.version()
        assert [(one.id, value) for one, value in reader.newest(3)] == [
            ("s2", None),
            ("s3", rating().value),
            ("open", None),
        ]
        assert [one.id for one, _ in reader.newest(99)] == ["late", "s0", "s1", "s2", "s3", "open"]
        assert reader.version() == before
        store.restore_session("s4")
        assert reader.version() != before


@pytest.mark.parametrize("reason", EndReason)
def test_every_end_reason_can_be_kept(store: Store, reason: EndReason) -> None:
    store.write(Save(session(reason=reason)))
    assert store.log().sessions[0].reason is reason


@pytest.mark.parametrize("moment", Moment)
def test_every_moment_can_be_kept(store: Store, moment: Moment) -> None:
    store.write(Save(rating(moment=moment)))
    assert store.log().ratings[0].moment is moment


def test_a_checkpoint_replaces_the_one_before_and_closing_ends_the_row(store: Store) -> None:
    store.write(Checkpoint(session(reason=None, span_s=3.0, on_mat_s=3.0)))
    store.write(Checkpoint(session(reason=None, span_s=18.0, on_mat_s=17.0)))
    assert store.load().open == session(reason=None, span_s=18.0, on_mat_s=17.0)
    store.write(Save(session()))
    assert store.load().open is None
    assert store.log().sessions == (session(),)


def test_a_checkpoint_that_comes_late_does_not_reopen(store: Store) -> None:
    store.write(Save(session()))
    store.write(Checkpoint(session(reason=None, on_mat_s=4.0)))
    assert store.load() == Memory(log=Log(sessions=(session(),)))


def test_open_and_closed_sessions_go_through_their_own_door(store: Store) -> None:
    with pytest.raises(StoreError, match="has ended"):
        store.write(Checkpoint(session()))
    with pytest.raises(StoreError, match="still open"):
        store.write(Save(session(reason=None)))
    assert store.sessions() == ()


def test_of_several_open_sessions_the_newest_stays_open(store: Store) -> None:
    for n in range(3):
        store.write(Checkpoint(session(f"s{n}", reason=None, start_utc=UTC + n)))
    memory = store.load()
    assert memory.open == session("s2", reason=None, start_utc=UTC + 2)
    assert [(s.id, s.reason) for s in memory.log.sessions] == [
        ("s0", EndReason.POWER_LOST),
        ("s1", EndReason.POWER_LOST),
    ]


def test_of_several_open_sessions_an_older_one_that_is_too_short_is_removed(store: Store) -> None:
    for n, on_mat_s in enumerate((29.0, 30.0, 3.0)):
        store.write(Checkpoint(session(f"s{n}", reason=None, start_utc=UTC + n, on_mat_s=on_mat_s)))
    memory = store.load(30.0)
    assert memory.open is not None
    assert memory.open.id == "s2"
    assert [(s.id, s.reason) for s in memory.log.sessions] == [("s1", EndReason.POWER_LOST)]


def test_a_dropped_session_is_gone_and_counted(store: Store) -> None:
    store.write(Checkpoint(session(reason=None)))
    store.write(Drop(Session, "s1", "short"))
    store.write(Drop(Session, "never stored", "short"))
    assert store.sessions() == ()
    assert records(store, DIAGNOSTICS) == [Tally("short", 2, "never stored")]


def test_a_closed_session_that_is_dropped_leaves_its_trace_and_can_come_back(store: Store) -> None:
    store.write(Save(session()))
    store.write(Drop(Session, "s1", "discarded"))
    assert store.log() == Log()
    assert store.sessions() == (StoredSession(session(), None, "discarded"),)
    store.write(Save(session()))
    assert store.sessions() == (StoredSession(session()),)


def test_a_rating_is_replaced_by_its_id(store: Store) -> None:
    store.write(Save(rating(value=7)))
    store.write(Save(rating(value=3)))
    assert store.log().ratings == (rating(value=3),)


def test_a_rating_may_speak_of_a_session_that_is_not_stored(store: Store) -> None:
    store.write(Save(rating(session_id="not here")))
    assert store.log().ratings[0].session_id == "not here"


def test_a_day_is_replaced(store: Store) -> None:
    store.write(Save(DayRecord(date(2025, 1, 2), rest=True)))
    store.write(Save(DayRecord(date(2025, 1, 2), snoozed=True)))
    assert store.log().days == (DayRecord(date(2025, 1, 2), snoozed=True),)


def test_a_day_that_says_nothing_else_is_kept(store: Store) -> None:
    """It switches the paused reminder on again."""
    store.write(Save(DayRecord(date(2025, 1, 2))))
    assert store.log().days == (DayRecord(date(2025, 1, 2)),)


def test_a_zero_without_one_before_forgets_the_older_undo(store: Store) -> None:
    store.write(Save(Zeros(Zero((1.0,)), Zero((2.0,)))))
    store.write(Save(Zeros(Zero((3.0,)), None)))
    memory = store.load()
    assert (memory.zero, memory.zero_before) == (Zero((3.0,)), None)


@pytest.mark.parametrize("kg", [(), (1.0,) * 5])
def test_a_zero_of_no_or_too_many_channels_is_refused_and_the_old_one_stays(
    store: Store, kg: tuple[float, ...]
) -> None:
    store.write(Save(Zeros(Zero((1.0,)), None)))
    with pytest.raises(StoreError, match="1 to 4 channels"):
        store.write(Save(Zeros(Zero(kg), None)))
    assert store.load().zero == Zero((1.0,))


def test_the_log_is_oldest_first_and_what_has_no_date_stays_in_its_place(store: Store) -> None:
    store.write(Save(session("b", start_utc=UTC + 10)))
    store.write(Save(undated("c", 50.0, boot_id="boot-b")))
    store.write(Save(session("d", start_utc=UTC + 20)))
    store.write(Save(session("a", start_utc=UTC)))
    assert [s.id for s in store.log().sessions] == ["a", "b", "c", "d"]


def test_deleting_keeps_the_row_with_its_trace(store: Store) -> None:
    store.write(Save(session()))
    store.delete_session("s1", utc=UTC + 5000, why="it was the cat")
    assert store.log() == Log()
    assert store.sessions() == (StoredSession(session(), UTC + 5000, "it was the cat"),)


def test_deleting_without_a_trusted_clock_still_deletes(store: Store) -> None:
    store.write(Save(session()))
    store.delete_session("s1")
    assert store.sessions() == (StoredSession(session(), None, "by hand"),)


def test_editing_keeps_what_was_before(store: Store) -> None:
    store.write(Save(session()))
    assert edit_session(store, "s1", utc=UTC + 9, on_mat_s=300, span_s=300.0) == session(
        on_mat_s=300.0, span_s=300.0, edited=True
    )
    edit_session(store, "s1", day=None, reason=EndReason.CAP)
    edited = session(on_mat_s=300.0, span_s=300.0, day=None, reason=EndReason.CAP, edited=True)
    assert store.log().sessions == (edited,)
    assert edits(store, "s1") == (
        Edit("s1", 1, UTC + 9, "span_s", "620.1", "300.0"),
        Edit("s1", 2, UTC + 9, "on_mat_s", "600.3", "300.0"),
        Edit("s1", 3, None, "reason", "left", "cap"),
        Edit("s1", 4, None, "day", "2025-11-24", None),
    )
    store.write(Save(session()))
    assert store.log().sessions == (edited,), "saving again must not undo an edit"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"on_mat_s": 700.0}, "within the span"),
        ({"on_mat_s": "600"}, "no value for 'on_mat_s'"),
        ({"routine": ""}, "no value for 'routine'"),
        ({"aways": True}, "no value for 'aways'"),
        ({"id": "other"}, "no 'id' to edit"),
        ({"span_s": float("inf")}, "out of bounds"),
        ({"aways": 2**70}, "out of bounds"),
    ],
)
def test_an_edit_that_makes_no_session_changes_nothing(store: Store, changes: dict[str, Any], says: str) -> None:
    store.write(Save(session()))
    with pytest.raises(UsageError, match=says):
        edit_session(store, "s1", **changes)
    assert store.sessions() == (StoredSession(session()),)
    assert edits(store, "s1") == ()


def test_unknown_open_and_deleted_sessions_are_not_edited_or_deleted(store: Store) -> None:
    store.write(Checkpoint(session("open", reason=None)))
    store.write(Save(session("gone")))
    store.delete_session("gone")
    for id_, says in (("open", "still going on"), ("gone", "There is no session"), ("x", "There is no session")):
        with pytest.raises(UsageError, match=says):
            store.delete_session(id_)
        with pytest.raises(UsageError, match=says):
            edit_session(store, id_, aways=0)


SPRING = 1_743_294_500.25
"""On 2025-03-30, 1900 s before the clocks of Berlin go forward."""


def test_what_a_boot_stored_without_a_clock_gets_its_date(store: Store) -> None:
    store.write(Save(undated("s1", 100.0)))
    store.write(Checkpoint(undated("s2", 5000.0, reason=None)))
    store.write(Save(undated("other", 100.0, boot_id="boot-b")))
    store.write(Save(session("dated", start_utc=SPRING + 100)))
    store.write(Save(rating(mono=730.0, utc=None, utc_offset_s=None, day=None)))
    store.write(Save(stop(mono=735.5, utc=None, utc_offset_s=None, day=None)))

    dating = DateBoot("boot-a", SPRING, zone=ZoneInfo("Europe/Berlin"), day_start=time(2, 30))
    store.write(dating)
    after = {entry.session.id: entry.session for entry in store.sessions()}
    first = session("s1", start_mono=100.0, start_utc=SPRING + 100, utc_offset_s=3600, day=date(2025, 3, 29))
    assert after["s1"] == first
    assert after["s2"] == session(
        "s2", start_mono=5000.0, start_utc=SPRING + 5000, utc_offset_s=7200, day=date(2025, 3, 30), reason=None
    )
    assert after["other"].start_utc is None
    assert after["dated"] == session("dated", start_utc=SPRING + 100)
    log = store.log()
    assert log.ratings == (rating(utc=SPRING + 730, utc_offset_s=3600, day=date(2025, 3, 29)),)
    assert log.stops == (stop(utc=SPRING + 735.5, utc_offset_s=3600, day=date(2025, 3, 29)),)
    before = store.load()
    store.write(structs.replace(dating, offset_utc=SPRING + 7))
    assert store.load() == before, "a date once given stays"


def test_a_record_is_dated_where_the_mat_was_then(store: Store) -> None:
    there: dict[str, Any] = {
        "zone": "Europe/Berlin",
        "day_start": time(2, 30),
        "utc_offset_s": 3600,
        "day": date(2025, 1, 1),
    }
    store.write(Save(session("s1", start_mono=100.0, start_utc=SPRING - 7e6, **there)))
    store.write(Save(session("of-old", start_mono=200.0, start_utc=SPRING - 7e6, utc_offset_s=3600)))
    store.write(Save(session("unknown", start_mono=300.0, start_utc=SPRING - 7e6, **{**there, "zone": "Mars/Olympus"})))
    store.write(Save(rating(mono=5000.0, utc=SPRING - 7e6, **there)))
    store.write(Save(stop(mono=5000.0, utc=SPRING - 7e6, **there)))
    store.write(DateBoot("boot-a", SPRING, zone=ZoneInfo("Asia/Tokyo"), day_start=time(12), zone_for=stored_zone))

    log = store.log()
    at = {s.id: (s.start_utc, s.utc_offset_s, s.day, s.zone, s.day_start) for s in log.sessions}
    assert at["s1"] == (SPRING + 100, 3600, date(2025, 3, 29), "Europe/Berlin", time(2, 30))
    assert at["of-old"] == (SPRING + 200, 3600, date(2025, 3, 29), None, None), "by its offset; days begin as here"
    assert at["unknown"] == (SPRING + 300, 3600, date(2025, 3, 29), "Mars/Olympus", time(2, 30)), "by its offset"
    later: dict[str, Any] = {"utc": SPRING + 5000, "utc_offset_s": 7200, "day": date(2025, 3, 30)}  # in summer time
    assert log.ratings == (replace(rating(mono=5000.0, **there), **later),)
    assert log.stops == (replace(stop(mono=5000.0, **there), **later),)


def test_an_unknown_zone_costs_no_look_through_all_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock's first time asks about the zone of each record of the boot: 365 took 3 s, the watchdog gives 20."""

    def too_slow() -> set[str]:
        raise AssertionError

    monkeypatch.setattr(paths, "available_timezones", too_slow)
    monkeypatch.setattr(paths, "system_zone", lambda: "UTC")
    assert str(stored_zone("US/Nowhere")) == "UTC"


def test_a_checkpoint_that_does_not_know_the_date_yet_keeps_it(store: Store) -> None:
    store.write(Checkpoint(undated("s1", 100.0, reason=None, on_mat_s=3.0)))
    store.write(DateBoot("boot-a", UTC))
    store.write(Save(undated("s1", 100.0)))
    (kept,) = store.log().sessions
    assert (kept.start_utc, kept.utc_offset_s, kept.day, kept.on_mat_s) == (UTC + 100, 0, date(2025, 11, 24), 600.3)


def test_dating_is_all_or_nothing(store: Store) -> None:
    store.write(Save(undated("s1", 1.0)))
    store.write(Save(rating(utc=None, day=None)))

    class Fails(tzinfo):
        def utcoffset(self, at: datetime | None) -> timedelta:
            return timedelta(0)

        def dst(self, at: datetime | None) -> timedelta:
            return timedelta(0)

        def tzname(self, at: datetime | None) -> str:
            return "nowhere"

        def fromutc(self, at: datetime) -> datetime:
            if at.timestamp() > UTC + 100:
                raise LookupError("no such zone")
            return at

    with pytest.raises(LookupError):
        store.write(DateBoot("boot-a", UTC, zone=Fails()))
    assert store.log().sessions[0].start_utc is None


def test_unusable_settings_stand_at_their_default_and_are_told(store: Store, path: Path) -> None:
    store.write(Save(Settings(weekly_goal=7, zone="Asia/Tokyo")))
    with sqlite3.connect(path) as other:
        other.execute("UPDATE settings SET value = '12' WHERE key = 'weekly_goal'")
        other.execute("UPDATE settings SET value = 'maybe' WHERE key = 'nudge'")
        other.execute("INSERT INTO settings VALUES ('colour', 'red')")
    other.close()
    memory = store.load()
    assert memory.settings == Settings(zone="Asia/Tokyo")
    assert len(memory.doubts) == 2
    assert all(key in " ".join(memory.doubts) for key in ("`weekly_goal`", "`nudge`"))
    store.write(Save(Settings(weekly_goal=4)))
    memory = store.load()
    assert (memory.settings, memory.doubts) == (Settings(weekly_goal=4), ())
    with store.reading() as conn:  # of a newer matpi, perhaps, and so left alone
        assert conn.execute("SELECT value FROM settings WHERE key = 'colour'").fetchone() == ("red",)


def test_diagnostics_are_counted_by_kind_and_take_any_text(store: Store) -> None:
    store.count("glitch", "first")
    store.count("glitch", "bytes \udcff that are no text")
    store.count("desync", "")
    assert records(store, DIAGNOSTICS) == [Tally("desync", 1, ""), Tally("glitch", 2, "bytes ? that are no text")]


def test_a_value_that_no_row_can_hold_is_a_store_error(store: Store) -> None:
    with pytest.raises(StoreError):
        store.write(Save(session(start_mono=float("nan"))))
    with pytest.raises(StoreError, match="cannot be stored"):
        store.write(Save(session(aways=2**70)))
    with pytest.raises(StoreError, match="cannot be stored"):
        store.write(Save(session("\udcff")))
    store.write(Save(session()))
    assert store.log().sessions == (session(),)


def test_a_closed_store_says_so(path: Path) -> None:
    store = Store.open(path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.load()


def test_only_the_thread_that_opened_it_may_use_it(store: Store) -> None:
    caught: list[Exception] = []

    def use() -> None:
        try:
            store.log()
        except StoreError as error:
            caught.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "thread" in str(caught[0])


def test_what_was_said_of_a_deleted_session_counts_when_it_is_restored(store: Store) -> None:
    store.write(Save(session()))
    store.write(Save(rating()))
    store.write(Save(rating("r2", session_id=None)))
    store.write(Save(stop()))
    store.write(Save(stop("w2", session_id="never stored")))
    store.write(Save(Looser("s1", looser=False)))
    store.write(Save(Looser("s2", looser=True)))
    store.delete_session("s1")
    log = store.log()
    assert ([r.id for r in log.ratings], [s.id for s in log.stops]) == (["r2"], ["w2"])
    assert log.looser == (Looser("s2", looser=True),)
    assert [r.id for r in store.ratings()] == ["r1", "r2"]
    store.restore_session("s1")
    log = store.log()
    assert (len(log.ratings), len(log.stops), len(log.looser)) == (2, 2, 2)


def test_a_stop_sign_that_is_taken_back_leaves_a_trace_in_the_diagnostics(store: Store) -> None:
    store.write(Save(stop()))
    for _ in range(2):
        store.write(Drop(StopSign, "w1", "stop_taken_back"))
    assert store.log().stops == ()
    assert [(t.kind, t.count) for t in records(store, DIAGNOSTICS)] == [("stop_taken_back", 1)]


def test_what_was_said_of_a_deleted_session_is_told_as_deleted_and_again_when_it_is_back(tmp_path: Path) -> None:
    with Store.open(tmp_path / "matpi.db", sinks=("hub",)) as store:

        def told() -> list[tuple[str, str]]:
            with store.reading() as conn:
                return conn.execute("SELECT kind, id FROM outbox ORDER BY seq").fetchall()

        store.write(Save(session()))
        store.write(Save(rating()))
        store.write(Save(stop()))
        first = [kind for kind, _ in told()]
        store.delete_session("s1", utc=UTC)
        gone = [kind for kind, _ in told()]
        store.restore_session("s1")
        store.write(Drop(StopSign, "w1", "stop_taken_back"))
        back = [kind for kind, _ in told()]
    assert first == ["session", "rating", "stop_sign"]
    assert sorted(gone[-3:]) == ["rating_deleted", "session_deleted", "stop_sign_deleted"]
    assert back[-1] == "stop_sign_deleted"
    assert {"session", "rating"} <= set(back)


def test_dating_a_boot_makes_no_second_record_of_a_damaged_id(tmp_path: Path) -> None:
    """A flipped bit in an id does not match as text; the date is set in the row that is there, or in none."""
    path = tmp_path / "log.db"
    with Store.open(path) as log:
        log.write(Save(Session("abc", "b1", 100.0, 600.0, 600.0, EndReason.LEFT)))
    with sqlite3.connect(path) as conn:
        conn.execute("UPDATE sessions SET id = CAST(x'61ff63' AS TEXT)")
    with Store.open(path) as log:
        log.write(DateBoot("b1", 1_773_576_000.0))
        assert len(log.load().log.sessions) == 1


def test_a_constraint_with_a_flipped_bit_is_told_in_a_sentence(path: Path) -> None:
    """SQLite finds it at the first write only, and its message is no text."""
    Store.open(path).close()
    path.write_bytes(path.read_bytes().replace(b"abs(", b"\xe2bs("))
    with Store.open(path) as store, pytest.raises(StoreError, match="is damaged"):
        store.write(Save(session("s")))
