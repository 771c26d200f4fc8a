"""Kill the whole device at a random moment, start it again, and compare the log with what was acknowledged.

`PYTHONPATH=. python -m tests.reliability.kills FOLDER [KILLS] [SEED]` prints one JSON line. Most kills hit a fork of
this process, in which the service's own `Appliance` runs (device.py). That spares half a second of imports a kill, and
minutes of waiting; what a kill can tear is real: the threads, SQLite, its files, `fsync`, the control socket, the
sending. The kill comes in real time: within milliseconds of a write that was asked for, at its acknowledgement, or
anywhere.
The same on whole processes, with the reader of the chips and the page, is in test_kills.py.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import random
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from matpi import cli
from matpi.control.address import socket_of
from matpi.control.client import Client
from matpi.core.effects import Calibrated, Checkpoint, Drop, Save, Write
from matpi.core.model import Acknowledgement, Calibration, EndReason, Memory, Session, Settings, Zero
from matpi.sim.board_reader import COUNTS_PER_KG, OFFSETS
from matpi.store import transfer
from matpi.store.db import Store
from matpi.store.migrations import steps
from tests.bench import NOON, Rows
from tests.reliability.device import Life, config_of, live
from tests.reliability.power import after_start, of_version
from tests.store.values import rating, session
from tests.upstream.conftest import SECRET

KINDS: Final = (
    *("start", "begin", "under_way", "end", "rating", "upstream", "migration") * 4,
    *("export", "import") * 3,
    "end",
)
"""What is under way when the kill comes, in a round."""
CHAIN: Final = 7  # kills on one log
WITHIN_S: Final = 60.0
CALIBRATION: Final = Calibration(OFFSETS[:2], (COUNTS_PER_KG, COUNTS_PER_KG))
THEIRS: Final = 12
RESUME_S, MARGIN_S, SHORT_S, CHECKPOINT_S = 300.0, 15.0, 30.0, 15.0
SPAN_S: Final = {"start": 11.0, "begin": 10.0, "under_way": 60.0, "end": 40.0, "rating": 8.0}
"""After the moment that the life is about, the kill comes within so many seconds of the device's time."""
WRITES: Final = {"start": 4, "begin": 2, "under_way": 3, "end": 2, "rating": 1}
"""Or with one of so many writes."""
LOWER_S: Final = (120.0, 120.0, 120.0, 300.0, 300.0, 300.0, 300.0)
"""Of the starter plan: what makes a day."""


# -- processes ---------------------------------------------------------------------------------------------------------


def fork(work: Callable[[], int]) -> int:
    """Run `work` in a child with nothing on standard input and output; return its id."""
    if pid := os.fork():
        return pid
    code = 99
    try:
        for fd in (0, 1):
            os.dup2(os.open(os.devnull, os.O_RDWR), fd)
        code = work()
    except BaseException:  # noqa: BLE001  whatever it is, it is shown
        traceback.print_exc()
    os._exit(code)


def killed(pid: int) -> int:
    """Kill it; return its exit code, negative if the kill came in time."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Receiver(BaseHTTPRequestHandler):
    """Stores what comes, then says so to the killer, then answers."""

    protocol_version = "HTTP/1.1"
    out = -1

    def do_POST(self) -> None:
        size = int(self.headers["content-length"])
        body = self.rfile.read(size)
        if len(body) < size:
            return  # the device was killed in the middle
        os.write(self.out, b"%b %b\n" % (self.headers["webhook-id"].encode(), base64.b64encode(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@dataclass
class Chain:
    """One chain of kills: a log, what it must have, and the person, who may lie on the mat all the while."""

    folder: Path
    chance: random.Random
    port: int
    arrivals: int
    """A pipe from the receiver."""
    utc: float = NOON
    t: float = 100.0
    boot: int = 0
    lies: bool = False
    known: dict[str, Any] = field(default_factory=dict)
    received: dict[str, bytes] = field(default_factory=dict)
    imported: bool = False
    figures: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)
    took_s: dict[str, float] = field(default_factory=dict)
    """How long a command takes that is not killed."""

    @property
    def log(self) -> Path:
        return self.folder / "matpi.db"

    def prepare(self) -> None:
        with Store.open(self.log, sinks=("house",)) as log:
            log.write(Save(Settings(zone="UTC")))
            log.write(Save(Calibrated(CALIBRATION, Zero((0.0, 0.0)))))
            log.write(Save(Acknowledgement(some=False, utc=NOON - 86_400)))
        self.known = stored(self.log)
        (self.folder / "secret").write_text(SECRET)
        (self.folder / "secret").chmod(0o600)
        with Store.open(self.folder / "theirs.db") as log:
            for n in range(THEIRS):
                at = NOON - 40 * 86_400 - 1200 * n
                log.write(Save(session(f"t{n}", boot_id="theirs", start_utc=at, day=date(2026, 2, 3))))
                log.write(Save(rating(f"q{n}", session_id=f"t{n}", utc=at + 700, day=date(2026, 2, 3))))
            transfer.export_json(log, self.folder / "theirs.json")

    # -- a life

    def run(self, kind: str) -> None:
        """Let the device live with `kind`, kill it there, and judge what is left."""
        number = {"import": "command", "export": "command"}.get(kind, kind)
        life = Life(number, self.t, self.utc, f"boot-{self.boot}", self.lies)
        out, into = os.pipe()
        answers, answer = os.pipe()

        def be() -> int:
            os.close(out)
            os.close(answer)
            return live(life, config_of(self.port, self.folder / "secret"), self.log, into, answers)

        left = sorted((one for one in self.known["sessions"].values() if one.is_open), key=lambda one: one.start_utc)
        soon = bool(left) and self.utc - left[-1].end_utc < RESUME_S - MARGIN_S
        seen = Seen(self, kind, life, [(one, soon and self.lies and one is left[-1]) for one in left])
        pid = fork(be)
        os.close(into)
        os.close(answers)
        try:
            seen.follow(out, answer)
        finally:
            code = killed(pid)
            seen.drain(out)
            os.close(out)
            os.close(answer)
            if seen.command:
                seen.command_code = killed(seen.command)
            self.story.append(f"{seen.kind}: {seen.life}, {len(seen.writes)} writes, {seen.acked} acknowledged")
        assert not seen.failed, seen.failed
        assert code == (0 if kind == "quiet" else -signal.SIGKILL), f"it ended by itself: {code}"
        self.judge(seen)
        self.utc += seen.t - self.t
        self.t, self.lies = seen.t, seen.lies

    def judge(self, seen: Seen) -> None:
        """Compare the log with what was acknowledged."""
        now = stored(self.log)
        theirs = [now["sessions"].pop(id_) for id_ in list(now["sessions"]) if id_.startswith("t")]
        numbers = [now["ratings"].pop(id_) for id_ in list(now["ratings"]) if id_.startswith("q")]
        assert len(theirs) == len(numbers), "half an import"
        assert len(theirs) in (
            {THEIRS} if self.imported or (seen.kind == "import" and seen.command_code == 0) else {0, THEIRS}
        ), "an import is lost"
        self.imported = bool(theirs)
        rows = Kept(seen.at_start)
        after = [rows.state()]
        for write in seen.writes:
            rows.commit(write)
            after.append(rows.state())
        if now not in after[seen.acked :] and not (now == self.known and not seen.acked):
            what = "lost" if now in after[: seen.acked] else "torn"
            raise AssertionError(f"{what}: {difference(after[-1], now)}")
        self.known = now
        spans = sorted((one.start_utc, one.end_utc, one.id) for one in now["sessions"].values())
        for (_, end, one), (start, _, other) in pairwise(spans):
            assert start >= end - 1.0, f"{one} and {other} are of the same time"
        spans_s: dict[str, float] = {}
        for write in seen.writes:
            if isinstance(write, Checkpoint):
                since = write.session.span_s - spans_s.get(write.session.id, write.session.span_s)
                assert since <= CHECKPOINT_S + 1.0, f"{since} s without a checkpoint: {write}"
                spans_s[write.session.id] = write.session.span_s
        if seen.kind == "export":
            self.judge_export(seen)
        if seen.settled:
            self.judge_left_open(seen)

    def judge_export(self, seen: Seen) -> None:
        """An export that was reported is whole, with all that was acknowledged before it; else it is not there."""
        if not seen.target.exists():
            assert seen.command_code != 0, "an export is lost"
            return
        has = {one["id"] for one in json.loads(seen.target.read_text())["sessions"]}
        assert has >= seen.had, "an export lacks a session"

    def judge_left_open(self, seen: Seen) -> None:
        """The session that the kill before left open goes on, or is closed at its last checkpoint."""
        for before, goes_on in seen.left_open:
            now: Session | None = self.known["sessions"].get(before.id)
            if before is not seen.left_open[-1][0]:
                assert now == (before.closed(EndReason.POWER_LOST) if before.on_mat_s >= SHORT_S else None), now
                self.figures["closed"] += 1
            elif before.on_mat_s < SHORT_S and not goes_on:
                assert now is None, "a short session was stored"
                self.figures["dropped"] += 1
            elif goes_on:
                short = any(isinstance(one, Drop) and one.key == before.id for one in seen.writes)
                assert short or now is not None, f"it did not go on: {before}"
                assert now is None or (now.on_mat_s >= before.on_mat_s and now.reason in {None, EndReason.LEFT}), now
                most_s = before.on_mat_s + seen.t - seen.life.t + 1.0
                assert now is None or now.on_mat_s <= most_s, f"the time without the device counts: {before} {now}"
                self.figures["went_on"] += 1
            else:
                assert now is not None, f"it was not closed: {before}"
                assert (now.reason, now.on_mat_s) == (EndReason.POWER_LOST, before.on_mat_s), now
                self.figures["closed"] += 1

    def judge_plan(self, seen: Seen, t: float) -> None:
        """Compare the plan with the sessions: what the device answers by its control socket."""
        state = Client(socket_of(self.log)).ask({"do": "state"}).data
        utc = seen.life.utc + t - seen.life.t
        today = datetime.fromtimestamp(utc - 4 * 3600, UTC).date()
        going_on = {one.id for one, goes_on in seen.left_open if goes_on}
        running = state["session"]
        now = rows_after(seen.at_start, seen.writes)["sessions"].values()
        by_day: Counter[date] = Counter()
        for one in now:
            if one.reason is not None:
                by_day[one.day] += one.on_mat_s
        expected = by_day[today] + (running["on_mat_s"] if running else 0.0)
        assert abs(state["plan"]["today_s"] - expected) < 0.3, f"{state['plan']} {expected}"
        day = 1
        for on in sorted(by_day):
            if on < today and by_day[on] >= LOWER_S[day - 1]:
                day += 1
        assert state["plan"]["day"] == day, f"day {state['plan']['day']} of the plan, not {day}"
        if going_on and not seen.settled:
            assert running is not None, f"{seen.left_open} does not go on in {state['front']}: {seen.writes}"
            assert running["id"] in going_on, f"{going_on} does not go on, but {running}"

    # -- beside a life

    def command(self, seen: Seen) -> None:
        words = {
            "export": ["export", "--store", str(self.log), str(seen.target)],
            "import": ["import", "--store", str(self.log), str(self.folder / "theirs.json")],
        }

        def run() -> int:
            os.dup2(os.open(os.devnull, os.O_RDWR), 2)  # it may say that the device has ended
            return cli.run(words[seen.kind])

        seen.command = fork(run)

    def receive(self, id_: bytes, body: bytes) -> None:
        before = self.received.setdefault(id_.decode(), body)
        assert before == body, f"two contents of one id: {base64.b64decode(before)!r} {base64.b64decode(body)!r}"

    def judge_received(self) -> None:
        """All that was acknowledged has arrived in the end, as it is, and nothing else."""
        newest: dict[str, dict[str, Any]] = {}
        revisions = set[tuple[str, int]]()
        for body in self.received.values():
            data = json.loads(base64.b64decode(body))["data"]
            revision = data["id"], data["rev"]
            assert revision not in revisions, f"sent twice, under two ids: {data}"
            revisions.add(revision)
            if data["rev"] > newest.get(data["id"], {"rev": 0})["rev"]:
                newest[data["id"]] = data
        assert set(newest) == {*self.known["sessions"], *self.known["ratings"]}
        for id_, one in self.known["sessions"].items():
            assert newest[id_]["on_mat_s"] == round(one.on_mat_s, 1)
        for id_, one in self.known["ratings"].items():
            assert newest[id_]["value"] == one.value
        self.figures["arrived"] += len(newest)

    # -- between two lives

    def gap(self, kind: str) -> None:
        """Let time pass without the device: it is restarted at once, or after a while, or on another day."""
        new_day = kind == "rating" or self.chance.random() < 0.2
        if new_day:
            gap_s = self.chance.uniform(18.0, 26.0) * 3600
            self.lies = False
        elif self.chance.random() < 0.6:
            gap_s = self.chance.uniform(0.5, 150.0)
        else:
            gap_s = self.chance.uniform(RESUME_S + MARGIN_S, 3000.0)
        if self.lies and self.chance.random() < 0.25:
            self.lies = False
        self.utc += gap_s
        self.t += gap_s
        if new_day or self.chance.random() < 0.3:  # the power was off
            self.boot, self.t = self.boot + 1, self.chance.uniform(5.0, 30.0)


@dataclass
class Seen:
    """What came from a life until it was killed."""

    chain: Chain
    kind: str
    life: Life
    left_open: list[tuple[Session, bool]]
    """What the kill before has left open, and whether it goes on."""
    writes: list[Write] = field(default_factory=list)
    acked: int = 0
    """So many of them are acknowledged."""
    settled: bool = False
    failed: str = ""
    ended: bool = False
    command: int = 0
    command_code: int | None = None

    def __post_init__(self) -> None:
        chain = self.chain
        self.t, self.lies = self.life.t, self.life.lies
        self.target = chain.folder / f"export-{len(chain.story)}.json"
        self.had = {one.id for one in chain.known["sessions"].values() if not one.is_open}
        # A kill while the device decides about one left open leaves two: the start closes all but the newest.
        sessions = dict(chain.known["sessions"])
        for one, _ in self.left_open[:-1]:
            del sessions[one.id]
            if one.on_mat_s >= SHORT_S:
                sessions[one.id] = one.closed(EndReason.POWER_LOST)
        self.at_start = {**chain.known, "sessions": sessions}
        self._kill_at = self._at_t = float("inf")  # in real and in the device's time
        self._at_write, self._at_once = sys.maxsize, False
        self._gone, self._rest = False, b""

    def follow(self, out: int, answer: int) -> None:
        """Return when the kill is due."""
        until = time.monotonic() + WITHIN_S
        while (now := time.monotonic()) < self._kill_at and not self.ended and not self.failed:
            assert now < until, f"no moment came in {self.kind}"
            ready, _, _ = select.select([out, self.chain.arrivals], [], [], min(self._kill_at, until) - now)
            if self.chain.arrivals in ready:
                self._arrived()
            if out in ready:
                got = os.read(out, 65536)
                *lines, self._rest = (self._rest + got).split(b"\n")
                for line in lines:
                    self._take(line.decode(), answer)
                self.ended = self.ended or not got

    def drain(self, out: int) -> None:
        """Take what it reported before the kill came: on a busy machine that is more than was read by then."""
        while got := os.read(out, 65536):
            self._rest += got
        for line in self._rest.decode().split("\n")[:-1]:  # the last may be cut
            if line.startswith(("write ", "acked ", "time ")):
                self._take(line, -1)

    def _take(self, line: str, answer: int) -> None:
        word, _, given = line.partition(" ")
        match word:
            case "write":
                self.writes.append(pickle.loads(base64.b64decode(given)))
                if len(self.writes) >= self._at_write and not self._at_once:
                    self._soon(6.0)
            case "acked":
                self.acked = max(self.acked, int(given))
                if self.acked >= self._at_write:
                    self._soon(0.0)
            case "time":
                self.t, self.lies = float(given.split()[0]), given.endswith("1")
                if self.t >= self._at_t:
                    self._soon(3.0)
            case "settled":
                self.chain.judge_plan(self, float(given))
                self.settled = True
                os.write(answer, b"1")
            case "go":
                self._go(float(given))
            case "failed":
                self.failed = given
            case _:
                pass

    def _soon(self, within_ms: float) -> None:
        self._kill_at = min(self._kill_at, time.monotonic() + self.chain.chance.uniform(0.0, within_ms / 1000.0))

    def _go(self, t: float) -> None:
        """Draw the moment of the kill."""
        chain, chance = self.chain, self.chain.chance
        self._gone = True
        if self.kind in {"export", "import"}:
            chain.command(self)
            self._kill_at = time.monotonic() + chance.uniform(0.0, 1.2 * chain.took_s[self.kind])
        elif self.kind == "upstream":
            pass  # when something has arrived
        else:
            how = chance.randrange(3)
            self._at_t = t + SPAN_S[self.kind] * (chance.random() if how == 0 else 1.0)
            if how:
                self._at_write = len(self.writes) + chance.randint(1, WRITES[self.kind])
                self._at_once = how == 2

    def _arrived(self) -> None:
        for line in os.read(self.chain.arrivals, 65536).splitlines():
            self.chain.receive(*line.split(b" "))
        if self._gone and self.kind == "upstream":
            self._soon(4.0)


class Kept(Rows):
    """What the log must have after writes, without what the device does not ask the log for."""

    def __init__(self, known: dict[str, Any]) -> None:
        super().__init__(Memory())
        self.__dict__.update({name: dict(value) if isinstance(value, dict) else value for name, value in known.items()})

    def state(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in STORED}
        return {name: dict(value) if isinstance(value, dict) else value for name, value in state.items()}


STORED: Final = (
    "sessions",
    "ratings",
    "stops",
    "days",
    "looser",
    "zero",
    "zero_before",
    "calibration",
    "acknowledgement",
)


def stored(path: Path) -> dict[str, Any]:
    """Return what a start would find, without starting: the kill's log of writes stays as it is."""
    with Store.copied(path) as log:
        memory = log.load()
        sessions = {entry.session.id: entry.session for entry in log.sessions() if entry.deleted_why is None}
    assert not memory.doubts, memory.doubts
    rows = Rows(memory)
    rows.sessions = sessions
    return {name: getattr(rows, name) for name in STORED}


def rows_after(known: dict[str, Any], writes: list[Write]) -> dict[str, Any]:
    rows = Kept(known)
    for write in writes:
        rows.commit(write)
    return rows.state()


def difference(wanted: dict[str, Any], got: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {wanted[name]} but {got[name]}" for name in STORED if wanted[name] != got[name])


# -- all of it ---------------------------------------------------------------------------------------------------------


def receive(server: HTTPServer, out: int) -> int:
    Receiver.out = out
    server.serve_forever()
    return 0


def command_times(folder: Path) -> dict[str, float]:
    """Measure commands without a device, beside which they take about as long."""
    chain = Chain(folder, random.Random(0), 0, 0)
    chain.prepare()
    took_s = {}
    for kind in ("import", "export"):
        seen = Seen(chain, kind, Life(kind, 0.0, NOON, "", lies=False), [])
        began = time.monotonic()
        chain.command(seen)
        assert os.waitpid(seen.command, 0)[1] == 0
        took_s[kind] = time.monotonic() - began
    return took_s


def migrations(folder: Path, chance: random.Random, kills: int, figures: Counter[str]) -> None:
    """Kill starts on a log of an older matpi, two each; then it is as if there had been no kill."""
    for n in range(kills // 2):
        here, version = folder / f"old{n}", chance.randrange(1, len(steps()))
        here.mkdir()
        of_version(version, here)
        shutil.copytree(here, whole := folder / f"whole{n}")
        began = time.monotonic()
        wanted = after_start(whole)
        took_s = time.monotonic() - began
        for _ in range(2):
            pid = fork(lambda: 0 if after_start(here) else 1)  # noqa: B023
            time.sleep(chance.uniform(0.0, 1.2 * took_s))
            figures["too_late"] += killed(pid) == 0
            figures["migration"] += 1
        assert after_start(here) == wanted, f"migrated from {version} otherwise than without kills"


def run(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so often; return the figures. Raises AssertionError with the story of the chain."""
    chance = random.Random(seed)
    arrivals, out = os.pipe()
    figures: Counter[str] = Counter()
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:  # the port is held from here on
        port = server.server_port
        house = fork(partial(receive, server, out))
    try:
        (folder / "times").mkdir()
        took_s = command_times(folder / "times")
        kinds = (KINDS * -(-kills // len(KINDS)))[:kills]
        migrations(folder, chance, kinds.count("migration"), figures)
        others = [kind for kind in kinds if kind != "migration"]
        chance.shuffle(others)
        for n in range(0, len(others), CHAIN):
            (folder / f"chain{n}").mkdir()
            chain = Chain(folder / f"chain{n}", chance, port, arrivals, figures=figures, took_s=took_s)
            chain.prepare()
            try:
                for kind in others[n : n + CHAIN]:
                    chain.gap(kind)
                    chain.run(kind)
                    figures[kind] += 1
                chain.gap("quiet")
                chain.run("quiet")
                chain.judge_received()
            except AssertionError as error:
                raise AssertionError("\n".join((f"seed {seed}, chain {n}", *chain.story, str(error)))) from error
    finally:
        killed(house)
        os.close(out)
        os.close(arrivals)
    return dict(figures)


def main(folder: Path, kills: int = len(KINDS), seed: int = 15) -> int:
    began = time.monotonic()
    figures = run(folder, kills, seed)
    used = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = round(sum(one.ru_utime + one.ru_stime for one in used), 1)
    print(
        json.dumps({"kills": kills, "seed": seed, **figures, "s": round(time.monotonic() - began, 1), "cpu_s": cpu_s})
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *map(int, sys.argv[2:])))
