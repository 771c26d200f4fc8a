"""What changes in the log is queued in the same transaction, once a change, for each sink; and what becomes of it.

An id here is that of the record with its revision, as it stands in the body."""

from __future__ import annotations

import io
import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from matpi.core.effects import Checkpoint, DateBoot, Drop, Save
from matpi.core.model import Doubt, EndReason, Session
from matpi.errors import StoreError, UsageError
from matpi.store import file, members, migrations, outbox, transfer
from matpi.store.db import Store
from matpi.upstream import queue
from matpi.upstream.queue import ACKED_KEPT, Outbox
from tests.store.values import UTC, edit_session, import_json, rating, session, stop, undated

WINTER = timezone(timedelta(hours=1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "matpi.db"


def queued(store: Store, sink: str = "house") -> list[tuple[str, str, dict[str, Any]]]:
    """Id, kind and body of each row, oldest first."""
    with store.reading() as conn:
        found = conn.execute("SELECT kind, body FROM outbox WHERE sink = ? ORDER BY seq", (sink,)).fetchall()
    return [(id_of(body), kind, json.loads(body)) for kind, body in found]


def id_of(body: str | bytes) -> str:
    data = json.loads(body)["data"]
    return f"{data['id']}-{data['rev']}"


def delivered(path: Path, sink: str = "house") -> Iterator[tuple[str, str]]:
    """What a receiver that takes everything gets, id and kind."""
    box = Outbox(path, sink)
    while (due := box.due()) is not None:
        yield id_of(due.body), due.kind
        box.acked(due, UTC)
    box.close()


def ids(store: Store, sink: str = "house") -> list[str]:
    return [id_ for id_, _, _ in queued(store, sink)]


def test_with_no_sink_there_is_no_row_and_no_trigger(path: Path) -> None:
    with Store.open(path, sinks=()) as store:
        store.write(Save(session()))
        store.write(Save(rating()))
        for table in ("outbox", "sinks", "revisions"):
            assert store._conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        assert store._conn.execute("SELECT * FROM temp.sqlite_master").fetchall() == []


def test_a_session_is_told_in_these_fields_and_no_others(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session(load_kg=48.5, person="p1")))
        [(id_, kind, body)] = queued(store)
    assert (id_, kind) == ("s1-1", "session")
    assert body == {
        "type": "session",
        "timestamp": "2025-11-24T16:10:20Z",
        "data": {
            "id": "s1",
            "rev": 1,
            "start": "2025-11-24T17:00:00+01:00",
            "end": "2025-11-24T17:10:20+01:00",
            "day": "2025-11-24",
            "on_mat_s": 600.3,
            "span_s": 620.1,
            "reason": "left",
            "routine": "plan",
            "aways": 1,
            "edited": False,
            "person": "p1",
            "counts": True,
            "doubt": None,
            "yours": None,
        },
    }


def test_a_rating_and_a_stop_sign_are_told(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(rating(person="p1")))
        store.write(Save(stop()))
        (_, first, rated), (_, second, stopped) = queued(store)
    assert (first, second) == ("rating", "stop_sign")
    assert rated["data"] == {
        "id": "r1", "rev": 1, "at": "2025-11-24T17:10:40+01:00", "day": "2025-11-24", "value": 7, "moment": "after",
        "session": "s1", "person": "p1",
    }  # fmt: skip
    assert stopped["data"] == {
        "id": "w1", "rev": 1, "at": "2025-11-24T17:10:50+01:00", "day": "2025-11-24", "session": "s1", "person": None,
    }  # fmt: skip


def test_each_sink_gets_its_own_row(path: Path) -> None:
    with Store.open(path, sinks=("house", "cloud")) as store:
        store.write(Save(session()))
        assert ids(store, "house") == ids(store, "cloud") == ["s1-1"]


def test_what_is_under_way_is_nobodys_business_yet(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Checkpoint(session(reason=None)))
        store.write(Checkpoint(session(reason=None, on_mat_s=601.0)))
        store.write(Drop(Session, "s1", "too short"))
        assert queued(store) == []


def test_saving_the_same_again_is_no_revision(path: Path) -> None:
    """The device asks again for what it has no answer to; a load is not told, so a change of it is none either."""
    with Store.open(path, sinks=("house",)) as store:
        for _ in range(3):
            store.write(Save(session()))
            store.write(Save(rating()))
        store.write(Save(session(load_kg=50.0)))
        assert ids(store) == ["s1-1", "r1-1"]


def test_every_change_is_the_next_revision(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session()))
        told = queued(store)
        list(delivered(path))
        edit_session(store, "s1", routine="neck", utc=UTC)
        told += queued(store)[1:]
        list(delivered(path))
        store.delete_session("s1", utc=UTC + 3600)
        store.restore_session("s1")
        told += queued(store)[2:]
    assert [(id_, kind) for id_, kind, _ in told] == [
        ("s1-1", "session"), ("s1-2", "session"), ("s1-3", "session_deleted"), ("s1-4", "session"),
    ]  # fmt: skip
    assert (told[1][2]["data"]["routine"], told[1][2]["data"]["edited"]) == ("neck", True)
    assert told[2][2] == {
        "type": "session_deleted",
        "timestamp": "2025-11-24T17:00:00Z",
        "data": {"id": "s1", "rev": 3, "deleted": "2025-11-24T17:00:00Z"},
    }
    assert told[3][2]["data"] == {**told[1][2]["data"], "rev": 4}


def test_an_answer_is_the_next_revision_for_those_who_have_the_record(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session(doubt=Doubt.UNKNOWN)))
        store.answer_session("s1", yours=True, utc=UTC)
        store.answer_session("s1", yours=True, utc=UTC)
        store.answer_session("s1", yours=False, utc=UTC)
        told = queued(store)
    assert [id_ for id_, _, _ in told] == ["s1-1", "s1-2", "s1-3"]
    said = [(body["data"]["counts"], body["data"]["doubt"], body["data"]["yours"]) for _, _, body in told]
    assert said == [(False, "unknown", None), (True, "unknown", True), (False, "unknown", False)]
    assert [body["data"]["edited"] for _, _, body in told] == [False, False, False]


def test_a_date_that_comes_later_is_a_revision(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(undated("s1", 100.0)))
        store.write(Save(rating(utc=None, utc_offset_s=None, day=None)))
        store.write(DateBoot("boot-a", UTC - 100.0, zone=WINTER))
        told = queued(store)
    assert [id_ for id_, _, _ in told] == ["s1-1", "r1-1", "s1-2", "r1-2"]
    assert told[0][2]["timestamp"] is told[0][2]["data"]["start"] is told[0][2]["data"]["day"] is None
    assert told[2][2]["data"]["start"] == "2025-11-24T17:00:00+01:00"


def test_an_estimated_date_is_sent_as_not_known_and_the_exact_one_is_a_revision(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        for offset_utc, estimated in ((UTC - 9e6, True), (UTC - 8e6, True), (UTC - 100.0, False)):
            store.write(Save(session("s1", start_mono=100.0, start_utc=100.0 + UTC - 9e6, estimated=True)))
            store.write(Save(rating(mono=750.0, utc=750.0 + UTC - 9e6, estimated=True)))
            store.write(Save(stop(mono=750.0, utc=750.0 + UTC - 9e6, estimated=True)))
            dating = DateBoot("boot-a", offset_utc, estimated, WINTER)
            store.write(dating)
        told = queued(store)
    assert [id_ for id_, _, _ in told] == ["s1-1", "r1-1", "w1-1", "s1-2", "r1-2", "w1-2"], "no revision of estimates"
    for _, _, body in told[:3]:
        data = body["data"]
        assert body["timestamp"] is data["day"] is data.get("start", data.get("at")) is None
        assert data.get("end") is None
    assert {body["data"]["day"] for _, _, body in told[3:]} == {"2025-11-24"}
    assert told[3][2]["data"]["start"] == "2025-11-24T17:00:00+01:00"


def test_what_a_power_cut_left_open_is_told_when_it_is_closed(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Checkpoint(session("s1", reason=None)))
        store.write(Checkpoint(session("s2", reason=None)))
        store.load()
        [(id_, _, body)] = queued(store)
    assert (id_, body["data"]["reason"]) == ("s1-1", "power_lost")


def test_a_row_that_is_gone_is_told_as_deleted_if_it_was_told_before(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(rating()))
        with store.writing() as conn:
            conn.execute("DELETE FROM ratings")
        assert [(id_, kind) for id_, kind, _ in queued(store)] == [("r1-2", "rating_deleted")]
    with Store.open(path, sinks=()) as store:
        store.write(Save(stop()))
    with Store.open(path, sinks=("house",)) as store, store.writing() as conn:
        conn.execute("DELETE FROM stops")
    with Store.open(path) as store:
        assert len(queued(store)) == 1


def test_a_sink_gets_what_is_recorded_from_its_beginning_on(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("s1")))
    with Store.open(path, sinks=("house", "late")) as store:
        store.write(Save(session("s2")))
        edit_session(store, "s1", routine="neck")
        edit_session(store, "s2", routine="neck")
        assert ids(store, "late") == ["s2-1", "s2-2"]
    with Store.open(path, sinks=("late",)) as store:
        store.write(Save(session("s3")))
        assert ids(store, "house") == ["s1-1", "s2-1", "s1-2", "s2-2"]
        assert [(s.name, s.enabled, s.due) for s in statuses(store)] == [("house", False, 4), ("late", True, 3)]


def statuses(store: Store) -> tuple[queue.SinkStatus, ...]:
    with store.reading() as conn:
        return queue.statuses(conn)


def test_a_command_that_knows_no_config_writes_for_the_same_sinks(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session()))
    with Store.open(path) as store:
        store.delete_session("s1")
        assert ids(store) == ["s1-2"]


def test_what_could_not_be_kept_is_not_queued(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        twice = "INSERT INTO stops (id, boot_id, mono) VALUES ('w1', 'b', 1.0), ('w1', 'b', 1.0)"
        with pytest.raises(StoreError), store.writing() as conn:
            conn.execute(twice)
        assert queued(store) == []
        store.write(Save(stop()))
        assert ids(store) == ["w1-1"]


@pytest.mark.parametrize("strange", ["a b", "x\r\nevil: 1", "ü", "a" * 200, "a.b", "../x", "#"])
def test_an_id_of_an_import_is_fit_for_a_header(path: Path, strange: str) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session(strange)))
        edit_session(store, strange, routine="neck")
        box = Outbox(path, "house")
        one = box.due()
        assert one is not None
        box.acked(one, UTC)
        two = box.due()
        assert two is not None
        box.close()
    first, second = one.id, two.id
    assert json.loads(one.body)["data"]["id"] == strange
    assert first.removesuffix("-1") == second.removesuffix("-2")
    assert len(first) == 34
    assert set(first) <= set("0123456789abcdef-")


@pytest.mark.parametrize("changes", [{"span_s": 9e14}, {"start_utc": 7_258_118_400.0, "span_s": 1e12}])
def test_a_time_beyond_the_calendar_keeps_no_session_from_being_saved(path: Path, changes: dict[str, Any]) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session(**changes)))
        [(_, _, body)] = queued(store)
    assert body["data"]["end"] is None


# -- the relay's side --------------------------------------------------------------------------------------------------


def test_the_oldest_is_due_until_it_is_acknowledged_or_refused(path: Path) -> None:
    with Store.open(path, sinks=("house", "other")) as store:
        for n in range(1, 4):
            store.write(Save(session(f"s{n}")))
        box = Outbox(path, "house")
        first = box.due()
        assert first is not None
        assert (id_of(first.body), first.kind, statuses(store)[0].attempts) == ("s1-1", "session", 0)
        box.failed(first, "no network; wait.", UTC)
        again = box.due()
        assert again is not None
        assert (again.id, statuses(store)[0].attempts, again.body) == (first.id, 1, first.body)
        assert box.sink_state().not_before_utc == UTC
        box.acked(first, UTC)
        second = box.due()
        assert second is not None
        assert id_of(second.body) == "s2-1"
        box.refused(second, "too odd; look.")
        third = box.due()
        assert third is not None
        assert id_of(third.body) == "s3-1"
        house, other = statuses(store)
        box.close()
    assert (house.due, house.refused, house.acked, house.acked_utc) == (1, 1, 1, UTC)
    assert (house.last_error, house.not_before_utc) == ("too odd; look.", None)
    assert (other.due, other.acked, other.last_error) == (3, 0, "")


def test_who_asks_gets_the_refused_and_the_disabled_going(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("s1")))
        store.write(Save(session("s2")))
        box = Outbox(path, "house")
        for marked in (box.refused, box.disabled):
            due = box.due()
            assert due is not None
            marked(due, "gone; ask.")
        assert box.sink_state().disabled == statuses(store)[0].last_error == "gone; ask."
        with queue.changing(path) as conn:  # a connection of another process, beside the writer
            assert queue.ask_again(conn, "house")
            assert not queue.ask_again(conn, "nobody")
        assert (box.sink_state().disabled, box.sink_state().asked) == ("", 1)
        due = box.due()
        assert due is not None
        assert id_of(due.body) == "s1-1"
        box.close()


def test_what_has_arrived_goes_in_time_and_what_has_not_stays(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        for n in range(ACKED_KEPT + 30):
            store.write(Save(stop(f"w{n}")))
        box = Outbox(path, "house")
        refused = box.due()
        assert refused is not None
        box.refused(refused, "no; look.")
        for _ in range(ACKED_KEPT + 20):
            due = box.due()
            assert due is not None
            box.acked(due, None)
        [status] = statuses(store)
        assert (status.acked, status.refused, status.due) == (ACKED_KEPT + 20, 1, 9)
        assert len(queued(store)) == ACKED_KEPT + 1 + 9
        assert ids(store)[0] == "w0-1"
        box.close()


def test_a_number_is_never_used_again(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(stop("w1")))
        with store.writing() as conn:
            conn.execute("DELETE FROM outbox")
        store.write(Save(stop("w2")))
        assert store._conn.execute("SELECT seq FROM outbox").fetchall() == [(2,)]


def test_all_of_the_past_is_queued_once_when_somebody_asks(path: Path) -> None:
    with Store.open(path, sinks=()) as store:
        store.write(Save(session("s1")))
        store.write(Save(session("s2")))
        store.delete_session("s2")
        store.write(Save(rating()))
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("s3")))
        for queued_now in (1 + 1, 0):
            assert queue.send_all(path, "house") == queued_now
        assert ids(store) == ["s3-1", "s1-1", "r1-1"]
        edit_session(store, "s1", routine="neck")
        store.restore_session("s2")
        assert ids(store)[3:] == ["s1-2", "s2-1"], "from now on it is told of these as well"


def test_a_receiver_that_lost_everything_gets_all_of_it_again(path: Path) -> None:
    count = ACKED_KEPT + 20
    with Store.open(path, sinks=("house",)) as store:
        for n in range(count):
            store.write(Save(stop(f"w{n}")))
        first = list(delivered(path))
        assert queue.send_all(path, "house") == count
        assert list(delivered(path)) == first
        assert len(first) == count


def test_the_past_is_queued_in_parts_between_which_the_device_writes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PART", 2)
    with Store.open(path, sinks=()) as store:
        for n in range(5):
            store.write(Save(stop(f"w{n}")))
    with Store.open(path, sinks=("house",)) as store:
        monkeypatch.setattr(time, "sleep", lambda _: store.write(Save(session(f"s{len(ids(store))}"))))
        assert queue.send_all(path, "house") == 5
        assert ids(store) == [
            f"{one}-1" for one in ("s0", "s1", "w0", "w1", "s4", "w2", "w3", "s7", "w4", "s9")
        ]  # fmt: skip


def test_nothing_is_queued_for_a_sink_that_the_device_does_not_know(path: Path) -> None:
    """Rows of nobody would be in the way of the next version of the log."""
    with Store.open(path, sinks=()) as store:
        store.write(Save(session()))
        with pytest.raises(UsageError, match="not been started with never"):
            queue.send_all(path, "never")
        assert queued(store, "never") == []
        with pytest.raises(StoreError), queue.changing(path) as conn:
            conn.execute("INSERT INTO outbox (sink, id, kind, body) VALUES ('never', 'x-1', 'session', '{}')")
        assert store._conn.execute("PRAGMA foreign_key_check").fetchall() == []


def test_what_is_older_than_the_sink_stays_here_when_it_is_touched(path: Path) -> None:
    """The first name takes over the log so far; who is told from now on must not get the whole past for that."""
    with Store.open(path, sinks=()) as store:
        for n in range(3):
            store.write(Save(session(f"old{n}")))
        store.write(Save(rating("r0", session_id="old0")))
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("new")))
        with store.writing() as conn:
            members.add(conn, "Anna", "p1")
        assert ids(store) == ["new-1", "new-2"]
        edit_session(store, "old1", routine="neck")
        store.delete_session("old2")
        assert ids(store) == ["new-1", "new-2"]
        assert {entry.session.person for entry in store.sessions()} == {"p1"}


def test_a_session_under_way_when_the_sink_comes_is_told(path: Path) -> None:
    with Store.open(path, sinks=()) as store:
        store.write(Checkpoint(session("s1", reason=None)))
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("s1")))
        assert ids(store) == ["s1-1"]


def test_an_import_is_told_to_nobody_until_somebody_asks(path: Path) -> None:
    export = io.BytesIO()
    with Store.open(path.with_name("other.db"), sinks=()) as other:
        other.write(Save(session("1")))
        other.write(Save(session("2")))
        other.write(Save(rating("1", session_id="1")))
        transfer.export_json(other, export)
    export.seek(0)
    with Store.open(path, sinks=("house",)) as store:
        assert import_json(store, export).sessions == 2
        assert queued(store) == []
        assert queue.send_all(path, "house") == 3
        assert list(delivered(path)) == [("1-1", "session"), ("2-1", "session"), ("1-1", "rating")]


def test_a_session_and_a_rating_of_one_id_are_two_deliveries(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("1")))
        store.write(Save(rating("1")))
        store.write(Save(stop("1")))
        assert [kind for _, kind, _ in queued(store)] == ["session", "rating", "stop_sign"]
    ours = "0f3c" * 8
    assert outbox.delivery_id("sessions", ours, 2) == f"{ours}-2"
    assert len({outbox.delivery_id(table, "1", 1) for table in outbox.TABLES}) == 3


@pytest.mark.parametrize("between", [(), ("other",)])
def test_who_was_out_of_the_config_hears_what_changed_of_what_it_has(path: Path, between: tuple[str, ...]) -> None:
    with Store.open(path, sinks=("house",)) as store:
        for n in range(1, 5):
            store.write(Save(session(f"s{n}")))
        assert len(list(delivered(path))) == 4
    with Store.open(path, sinks=between) as store:
        edit_session(store, "s1", routine="neck")
        store.delete_session("s2")
        store.delete_session("s3")
        store.write(Save(session("meanwhile")))
    with Store.open(path, sinks=("house", *between)) as store:
        assert list(delivered(path)) == [("s1-2", "session"), ("s2-2", "session_deleted"), ("s3-2", "session_deleted")]
        store.restore_session("s3")
        edit_session(store, "meanwhile", routine="neck")
        assert list(delivered(path)) == [("s3-3", "session")]
    with Store.open(path, sinks=("house", *between)) as store:
        assert list(delivered(path)) == []


def test_what_was_deleted_before_it_arrived_does_not_leave_the_house(path: Path) -> None:
    with Store.open(path, sinks=("house", "other")) as store:
        store.write(Save(session("s1")))
        store.write(Save(rating("r1", session_id="s1")))
        store.write(Save(session("s2")))
        assert [id_ for id_, _ in delivered(path, "other")] == ["s1-1", "r1-1", "s2-1"]
        box = Outbox(path, "house")
        under_way = box.due()
        assert under_way is not None
        store.delete_session("s1")
        box.acked(under_way, UTC)
        box.close()
        assert list(delivered(path)) == [
            ("s2-1", "session"), ("s1-2", "session_deleted"), ("r1-2", "rating_deleted"),
        ]  # fmt: skip
        assert [id_ for id_, _ in delivered(path, "other")] == ["s1-2", "r1-2"]


def test_what_is_said_of_a_deleted_session_is_told_when_that_comes_back(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("s1")))
        store.delete_session("s1")
        store.write(Save(rating("r1", session_id="s1")))
        assert list(delivered(path)) == [("s1-2", "session_deleted")]
        store.restore_session("s1")
        assert list(delivered(path)) == [("s1-3", "session"), ("r1-1", "rating")]


def test_what_was_refused_and_then_deleted_is_not_tried_again(path: Path) -> None:
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("s1")))
        box = Outbox(path, "house")
        due = box.due()
        assert due is not None
        box.refused(due, "no; look.")
        box.close()
        store.delete_session("s1")
        with queue.changing(path) as conn:
            queue.ask_again(conn, "house")
        assert list(delivered(path)) == [("s1-2", "session_deleted")]


def test_another_log_in_its_place_is_not_marked(path: Path) -> None:
    """The log was set aside as damaged while a record of it was on its way: its number is another record now."""
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("old")))
    box = Outbox(path, "house")
    old = box.due()
    assert old is not None
    file.set_aside(path)
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session("new")))
        box.acked(old, UTC)
        box.refused(old, "no; look.")
        box.failed(old, "no network; wait.", None)
        [status] = statuses(store)
        assert (status.due, status.refused, status.acked, status.attempts, status.last_error) == (1, 0, 0, 0, "")
        new = box.due()
        assert new is not None
        assert (new.seq, id_of(new.body)) == (old.seq, "new-1")
        box.acked(new, UTC)
        assert statuses(store)[0].acked == 1
    box.close()


def test_a_sink_that_is_gone_can_be_forgotten(path: Path) -> None:
    with Store.open(path, sinks=("house", "other")) as store:
        store.write(Save(session("s1")))
        with pytest.raises(UsageError, match="still sends to house"), queue.changing(path) as conn:
            queue.forget(conn, "house")
    with Store.open(path, sinks=("other",)) as store:
        with queue.changing(path) as conn:
            assert queue.forget(conn, "house") == 1
            assert queue.forget(conn, "house") is None
        assert [status.name for status in statuses(store)] == ["other"]
        assert (ids(store, "house"), ids(store, "other")) == ([], ["s1-1"])
    with Store.open(path, sinks=("house", "other")) as store:
        assert ids(store, "house") == []
        edit_session(store, "s1", routine="neck")
        assert (ids(store, "house"), ids(store, "other")) == ([], ["s1-1", "s1-2"])


@pytest.mark.parametrize("what", ["none", "text", "older"])
def test_there_is_no_outbox_to_change(path: Path, what: str) -> None:
    match what:
        case "text":
            path.write_text("x" * 5000)
        case "older":
            conn = sqlite3.connect(path)
            conn.executescript(migrations.steps()[0].read_text())
            conn.close()
    with pytest.raises(StoreError), queue.changing(path):
        pass


def test_a_relay_without_a_log_is_told_so_and_finds_it_later(path: Path) -> None:
    box = Outbox(path, "house")
    with pytest.raises(StoreError):
        box.due()
    assert not path.exists()
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session()))
        assert box.due() is not None
    path.rename(path.with_name("aside.db"))
    with Store.open(path, sinks=("house",)) as store:
        assert box.due() is None
        box.close()


# -- older logs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(1, len(migrations.steps())))
def test_an_older_log_gets_its_outbox_and_keeps_everything(tmp_path: Path, version: int) -> None:
    path = tmp_path / "old.db"
    conn = sqlite3.connect(path)
    for step in migrations.steps()[:version]:
        conn.executescript(step.read_text())
    conn.execute(
        "INSERT INTO sessions (id, boot_id, start_mono, start_utc, utc_offset_s, day, span_s, on_mat_s, reason, aways,"
        " routine, edited) VALUES ('s1', 'boot-a', 100.5, ?, 3600, '2025-11-24', 620.1, 600.3, 'left', 1, 'plan', 0)",
        (UTC,),
    )
    conn.execute("INSERT INTO ratings (id, boot_id, mono, value, moment) VALUES ('r1', 'b', 1.0, 7, 'day')")
    conn.commit()
    conn.close()
    with Store.open(path, sinks=("house",)) as store:
        assert store.log().sessions == (session(),)
        assert [rating.value for rating in store.log().ratings] == [7]
        assert queued(store) == []
        edit_session(store, "s1", reason=EndReason.CAP)
        assert queued(store) == []
        assert queue.send_all(path, "house") == 2
        assert ids(store) == ["s1-1", "r1-1"]
