"""The plug is pulled on the device and on the receiver, at any moment, again and again: nothing lost, nothing doubled.

`kill -9` proves the order of what is done: record and outbox in one transaction, the receiver's commit before its
answer, the mark after it. what the kernel holds survives it; tests/reliability/ tells of power itself.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from matpi.store.db import Store
from matpi.store.outbox import delivery_id
from matpi.upstream.queue import statuses
from tests.upstream.conftest import SECRET

ROOT = Path(__file__).parents[2]
KILLS, SESSIONS = 50, 500
BOOT_S = 0.2  # so that the receiver, which takes as long to start, is killed as often meanwhile

RECEIVER = """
import sqlite3, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

log = sqlite3.connect(sys.argv[2])
log.execute("CREATE TABLE IF NOT EXISTS records (n INTEGER PRIMARY KEY, id TEXT NOT NULL)")
log.execute("CREATE TABLE IF NOT EXISTS arrivals (id TEXT NOT NULL)")

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        id_ = self.headers["webhook-id"]
        with log:
            if not log.execute("SELECT 1 FROM records WHERE id = ?", (id_,)).fetchone():
                log.execute("INSERT INTO records (id) VALUES (?)", (id_,))
            log.execute("INSERT INTO arrivals VALUES (?)", (id_,))
        self.send_response(204)
        self.end_headers()

HTTPServer.allow_reuse_address = True
server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print("up", flush=True)
server.serve_forever()
"""


class House:
    """The receiver's process: killed and started again by a thread until it has been so often enough."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = int(taken.getsockname()[1])
        self.log = folder / "received.db"
        self.kills = 0
        self._chance = chance
        self._done = threading.Event()
        self._process = self._started()
        self._thread = threading.Thread(target=self._kill, daemon=True)

    def start_killing(self) -> None:
        self._thread.start()

    def leave_alone(self) -> None:
        self._done.set()
        self._thread.join(20.0)

    def end(self) -> None:
        with self._process as process:
            process.kill()

    def _started(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", RECEIVER, str(self.port), str(self.log)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    def _kill(self) -> None:
        while self.kills < KILLS and not self._done.wait(self._chance.uniform(0.0, 0.15)):
            self.end()
            self.kills += 1
            self._process = self._started()


def test_killed_fifty_times_on_either_side_nothing_is_lost_or_doubled(tmp_path: Path, secret_file: Path) -> None:
    assert SECRET in secret_file.read_text()
    chance = random.Random(50)
    house = House(tmp_path, random.Random(51))
    path, saved, kills, done = tmp_path / "matpi.db", [], 0, False
    words = [sys.executable, "-m", "tests.upstream.killed", str(path), f"http://127.0.0.1:{house.port}/"]
    words += [str(secret_file), str(SESSIONS)]
    devices = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert devices.stdin is not None
    assert devices.stdout is not None
    house.start_killing()
    begun = time.monotonic()
    try:
        while not done and time.monotonic() - begun < 100.0:
            time.sleep(BOOT_S)
            print(file=devices.stdin, flush=True)
            up, pid = devices.stdout.readline().split()
            assert up == "up"
            lines: list[str] = []
            if kills < KILLS or (house.kills < KILLS and kills < 2 * KILLS):
                # So few that the sessions last as long as the kills do.
                lines += [devices.stdout.readline() for _ in range(chance.randrange(SESSIONS // KILLS // 2))]
                time.sleep(chance.uniform(0.0, 0.02))  # real time: a real process between two instructions
                os.kill(int(pid), signal.SIGKILL)
                kills += 1
            else:
                house.leave_alone()
            lines += iter(devices.stdout.readline, "ended\n")
            saved += re.findall(r"^saved (s\d+)$", "".join(lines), re.MULTILINE)
            done = "done\n" in lines
    finally:
        house.end()
        with devices:
            devices.kill()
    assert done
    assert kills >= KILLS
    assert house.kills == KILLS
    wanted = [f"s{n}" for n in range(1, SESSIONS + 1)]
    with Store.open(path) as store:
        assert [entry.session.id for entry in store.sessions()] == wanted
        with store.reading() as conn:
            [status] = statuses(conn)
    assert set(saved) <= set(wanted)
    assert (status.due, status.refused, status.acked) == (0, 0, SESSIONS)
    conn = sqlite3.connect(house.log)
    records = [id_ for (id_,) in conn.execute("SELECT id FROM records ORDER BY n")]
    (arrivals,) = conn.execute("SELECT count(*) FROM arrivals").fetchone()
    conn.close()
    assert records == [delivery_id("sessions", id_, 1) for id_ in wanted], "lost 0, doubled 0, in order"
    assert arrivals >= SESSIONS
    print(f"{kills} kills of the device, {house.kills} of the receiver, {arrivals - SESSIONS} sent twice")
