"""Runs in the guest: `write` changes the log through the control socket until it is stopped, `read` prints the log.

`write` says each change before it is asked for (do) and once the device has answered (ack), each with the record it
is about and the value it then has; "gone" once it is deleted.
"""

import json
import random
import socket
import sqlite3
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

LOG = Path("/var/lib/matpi/matpi.db")
OLDEST = datetime(2025, 1, 1, tzinfo=UTC)


class Device:
    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("/run/matpi/control.sock")
        self.answers = self.socket.makefile("rb")

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        self.socket.sendall(json.dumps({"do": do, **fields}).encode() + b"\n")
        answer = json.loads(self.answers.readline())
        if "error" in answer:
            raise SystemExit(f"refused: {do}: {answer['error']}")
        data: dict[str, Any] = answer["data"]
        return data


def session(start: datetime) -> tuple[str, str]:
    """Return an export with a session of ten minutes; one with records would not take the settings of the device."""
    utc, id_ = start.timestamp(), uuid.uuid4().hex
    fields = {
        "id": id_, "boot_id": "b1", "start_mono": 5.0, "start_utc": utc, "utc_offset_s": 0, "day": str(start.date()),
        "span_s": 600.0, "on_mat_s": 600.0, "reason": "left", "aways": 0, "routine": "plan", "edited": False,
        "deleted_utc": None, "deleted_why": None, "load_kg": 46.12, "person": None, "doubt": None, "yours": None,
        "estimated": False, "counts": True,
    }  # fmt: skip
    lists = ("edits", "ratings", "stops", "days", "people", "looser", "diagnostics", "answers")
    single = ("zero", "zero_before", "calibration", "acknowledgement", "settings")
    document = {"format": "matpi", "version": 5, "sessions": [fields]}
    return id_, json.dumps({**document, **{name: [] for name in lists}, **dict.fromkeys(single)})


def write(seed: int, count: int) -> None:
    """Make `count` changes; 0: until the end."""
    device, random_ = Device(), random.Random(seed)
    known: list[str] = []
    n = 0
    with sqlite3.connect(f"file:{LOG}?mode=ro", uri=True) as log:
        (sessions,) = log.execute("SELECT count(*) FROM sessions").fetchone()

    def change(name: str, value: object, do: str, **fields: Any) -> None:
        say("do", name, value)
        device.ask(do, **fields)
        say("ack", name, value)

    while n < count or not count:
        n += 1
        kind = random_.random() if known else 0.0
        if kind < 0.4:
            value = random_.randint(1, 10)
            id_ = device.ask("rate", value=value)["id"]
            say("ack", f"ratings/{id_}", value)
            known.append(id_)
        elif kind < 0.6:
            id_, value = random_.choice(known), random_.randint(1, 10)
            change(f"ratings/{id_}", value, "edit_rating", id=id_, set={"value": str(value)})
        elif kind < 0.7:
            id_ = known.pop(random_.randrange(len(known)))
            change(f"ratings/{id_}", "gone", "delete_rating", id=id_)
        elif kind < 0.8:
            minutes = random_.randint(30, 180)
            change("settings/nudge", minutes, "settings", set={"nudge_before_bed_min": str(minutes)})
        else:
            # An hour apart, from four in the morning on: none overlaps another, none crosses where a day begins.
            day, hour = divmod(sessions, 16)
            sessions += 1
            id_, document = session(OLDEST + timedelta(days=day, hours=4 + hour))
            change(f"sessions/{id_}", 600, "import", document=document)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def read() -> None:
    """Print what the log holds, whether SQLite finds it sound, and the names beside it, as a JSON line."""
    with sqlite3.connect(f"file:{LOG}?mode=ro", uri=True) as log:
        values = {f"ratings/{id_}": value for id_, value in log.execute("SELECT id, value FROM ratings")}
        values |= {f"sessions/{id_}": int(s) for id_, s in log.execute("SELECT id, on_mat_s FROM sessions")}
        nudge = log.execute("SELECT value FROM settings WHERE key = 'nudge_before_bed_min'").fetchone()
        if nudge:
            values["settings/nudge"] = int(nudge[0])
        sent = [json.loads(body) for (body,) in log.execute("SELECT body FROM outbox ORDER BY seq")]
        queued = {f"ratings/{body['data']['id']}": body["data"].get("value") for body in sent}
        (sound,) = log.execute("PRAGMA integrity_check").fetchone()
    files = sorted(path.name for path in LOG.parent.iterdir())
    say(json.dumps({"values": values, "queued": queued, "integrity": sound, "files": files}))


def start() -> None:
    """Open the log as the device does when it starts, and `read` it. Runs in the environment of what is installed."""
    from matpi.core.model import Settings  # only here: the other words run without matpi
    from matpi.store.writer import PatientStore

    store = PatientStore(LOG, monotonic=time.monotonic, first_settings=Settings(zone="UTC"))
    doubts = store.load().doubts
    if store.trouble or doubts:
        raise SystemExit(f"refused: {store.trouble} {doubts}")
    store.close()
    read()


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(*map(int, sys.argv[2:]))
    else:
        {"read": read, "start": start}[sys.argv[1]]()
