"""The real outbox under a relay in virtual time: a week offline, lost answers, lost marks, restarts at any moment."""

from __future__ import annotations

import json
import random
import shutil
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from matpi.core.effects import DateBoot, Save
from matpi.core.text import Text
from matpi.store.db import Store
from matpi.store.outbox import delivery_id
from matpi.upstream.queue import Outbox, statuses
from matpi.upstream.relay import Relay
from matpi.upstream.sink import Delivery, LaterError
from tests.store.values import UTC as THEN
from tests.store.values import edit_session, rating, session, stop, undated
from tests.upstream.fakes import StillClock

DAY = 86_400.0
OFFLINE = LaterError("nothing answers", "look at the network", Text("upstream.not_reached"))


class House:
    """An idempotent receiver: the newest revision of each record, as docs/dev/upstream.md has it."""

    needs_clock = False

    def __init__(self, chance: random.Random, *, fails: float = 0.0) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.bodies: dict[str, bytes] = {}
        self.arrivals: list[str] = []
        self._chance, self.fails = chance, fails

    def deliver(self, delivery: Delivery, utc: float | None) -> None:
        if self._chance.random() < self.fails:
            raise OFFLINE
        assert self.bodies.setdefault(delivery.id, delivery.body) == delivery.body, "one id, one body"
        self.arrivals.append(delivery.id)
        reported = json.loads(delivery.body)
        if reported["data"]["rev"] > self.records.get(reported["data"]["id"], {"rev": 0})["rev"]:
            self.records[reported["data"]["id"]] = {"type": reported["type"], **reported["data"]}
        if self._chance.random() < self.fails:
            raise OFFLINE  # the answer got lost

    def close(self) -> None: ...


class Mat:
    """A device with its log and its relay, in virtual time."""

    def __init__(self, path: Path, house: House, clock: StillClock, seed: int) -> None:
        self.path, self.house, self.clock, self.seed = path, house, clock, seed
        self.start()

    def start(self) -> None:
        self.store = Store.open(self.path, sinks=("house",))
        self.box = Outbox(self.path, "house")
        draw = random.Random(self.seed).random
        self.relay = Relay("house", self.house, self.box, self.clock, draw=draw, poll_every_s=600.0)

    def stop(self) -> None:
        self.box.close()
        self.store.close()

    def run(self, seconds: float) -> None:
        end = self.clock.t + seconds
        while self.clock.t < end:
            self.clock.t = min(end, self.clock.t + max(self.relay.turn(), 1e-3))


def test_seven_days_offline_with_restarts_then_everything_once_and_in_order(tmp_path: Path) -> None:
    house = House(random.Random(1), fails=1.0)
    mat = Mat(tmp_path / "matpi.db", house, StillClock(), 1)
    wanted = []
    for day in range(7):
        for n in range(3):
            mat.store.write(Save(session(f"d{day}n{n}")))
            mat.store.write(Save(rating(f"r{day}n{n}")))
            wanted += [delivery_id("sessions", f"d{day}n{n}", 1), delivery_id("ratings", f"r{day}n{n}", 1)]
            mat.run(DAY / 3)
        mat.stop()
        mat.start()
    assert house.arrivals == []
    with mat.store.reading() as conn:
        [status] = statuses(conn)
    assert (status.due, status.acked, status.refused) == (42, 0, 0)
    assert status.attempts > 200
    assert status.last_error == "nothing answers; look at the network."
    house.fails = 0.0
    mat.run(3700.0)
    assert house.arrivals == wanted
    with mat.store.reading() as conn:
        [status] = statuses(conn)
    assert (status.due, status.acked, status.last_error) == (0, 42, "")
    mat.stop()


def test_a_year_of_records_in_the_outbox_is_half_a_megabyte(tmp_path: Path) -> None:
    path = tmp_path / "matpi.db"
    with Store.open(path, sinks=("house",)) as store:
        with store.writing() as conn:
            (pages_before,) = conn.execute("PRAGMA page_count").fetchone()
        for n in range(3 * 365):
            store.write(Save(session(f"{n:032x}")))
        with store.writing() as conn:
            size = sum(len(body) + 120 for (body,) in conn.execute("SELECT body FROM outbox"))
            (pages,) = conn.execute("PRAGMA page_count").fetchone()
    assert size < 600_000
    # Sessions, their outbox rows, the index over both and the revisions.
    assert (pages - pages_before) * 4096 < 1_500_000


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_cut_off_the_receiver_ends_up_with_what_the_log_has(tmp_path: Path, seed: int) -> None:
    """Saved, edited, deleted, dated; delivered, answers lost; stopped, killed, and marks lost in a power cut."""
    chance = random.Random(seed)
    house = House(chance, fails=0.4)
    clock = StillClock()
    mat = Mat(tmp_path / "matpi.db", house, clock, seed)
    made: list[str] = []

    def save() -> None:
        made.append(f"s{len(made)}")
        new = undated(made[-1], 100.0) if chance.random() < 0.3 else session(made[-1])
        mat.store.write(Save(new))
        if chance.random() < 0.3:
            mat.store.write(Save(rating(f"r{made[-1]}")))
            mat.store.write(Save(stop(f"w{made[-1]}")))

    def change() -> None:
        kept = [entry.session.id for entry in mat.store.sessions() if entry.deleted_why is None]
        gone = [entry.session.id for entry in mat.store.sessions() if entry.deleted_why is not None]
        if kept and chance.random() < 0.6:
            edit_session(mat.store, chance.choice(kept), routine=chance.choice(["plan", "neck", "feet"]))
        elif kept and chance.random() < 0.6:
            mat.store.delete_session(chance.choice(kept), utc=THEN)
        elif gone:
            mat.store.restore_session(chance.choice(gone))

    def date_it() -> None:
        mat.store.write(DateBoot("boot-a", THEN - 100.0, zone=timezone(timedelta(hours=1))))

    def restart() -> None:
        mat.stop()
        mat.start()

    def kill() -> None:
        """The process is gone: nothing is closed, what is in the files stays."""
        copied(mat.path, tmp_path / "left")
        mat.stop()
        replaced(tmp_path / "left", mat.path)
        mat.start()

    def power_cut() -> None:
        """Everything the log has answered for is there; what the relay marked since may not be."""
        copied(mat.path, tmp_path / "left")
        mat.run(chance.uniform(0.0, 7200.0))
        mat.stop()
        replaced(tmp_path / "left", mat.path)
        mat.start()

    for _ in range(80):
        chance.choice([save, save, change, date_it, restart, kill, power_cut])()
        mat.run(chance.uniform(0.0, 3600.0))
    house.fails = 0.0
    mat.run(2 * DAY)
    assert mat.box.depth() == 0
    log = mat.store.log()
    reported = {id_: record["type"] for id_, record in house.records.items()}
    here = {entry.session.id: entry for entry in mat.store.sessions()}
    assert {id_ for id_, kind in reported.items() if kind == "session"} == {s.id for s in log.sessions}
    assert {id_ for id_, kind in reported.items() if kind == "session_deleted"} == set(here) - {
        s.id for s in log.sessions
    }
    assert {id_ for id_, kind in reported.items() if kind == "rating"} == {r.id for r in log.ratings}
    assert {id_ for id_, kind in reported.items() if kind == "stop_sign"} == {s.id for s in log.stops}
    for one in log.sessions:
        record = house.records[one.id]
        assert (record["routine"], record["edited"]) == (one.routine, one.edited)
        assert (record["day"] is None) == (one.day is None)
        assert (record["start"] is None) == (one.start_utc is None)
    firsts = list(dict.fromkeys(house.arrivals))
    with mat.store.reading() as conn:
        order = {id_: seq for seq, id_ in conn.execute("SELECT seq, id FROM outbox")}
    seqs = [order[id_] for id_ in firsts if id_ in order]
    assert seqs == sorted(seqs), "nothing overtakes"
    mat.stop()


def copied(path: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        if not file.name.endswith((".lock", "-shm")):
            shutil.copy(file, folder)


def replaced(folder: Path, path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        if not file.name.endswith(".lock"):
            file.unlink()
    for file in folder.iterdir():
        shutil.copy(file, path.parent)
