"""With nothing switched on: no socket, no library for one, no thread, no row. The device as it runs, on its board."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

RUN = """
import json, os, signal, socket, sys, threading, time

sockets = []

def heard(event, given):
    if "AF_UNIX" in str(given) or given[1:2] == (socket.AF_UNIX,) or isinstance(given[-1], str):
        return  # the control socket, which no network reaches
    if event in {"socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"}:
        sockets.append([event, str(given)])

sys.addaudithook(heard)
from matpi.cli import run

seen = {}

def look():
    from matpi.store.db import Store
    deadline = time.monotonic() + 60.0
    while not any(thread.name == "scale" for thread in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(2.0)
    seen["threads"] = sorted(thread.name for thread in threading.enumerate())
    seen["modules"] = sorted(name for name in sys.modules if name.split(".")[0] in {"ssl", "http", "paho", "matpi"})
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=look, name="look", daemon=True).start()
code = run(["run", "--board", "--store", sys.argv[1], *sys.argv[2:]])
print(json.dumps({"code": code, "sockets": sockets, **seen}))
"""


def lived(path: Path, *words: str) -> dict[str, Any]:
    """What a device that ran for two seconds had opened, loaded and started."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path), *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
        check=True,
    )
    reported: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert reported["code"] == 0, done.stderr
    assert "scale" in reported["threads"]
    return reported


def test_the_default_opens_no_socket_loads_nothing_of_it_and_writes_no_row(tmp_path: Path) -> None:
    reported = lived(tmp_path / "matpi.db")
    assert reported["sockets"] == []
    assert not [name for name in reported["threads"] if name.startswith(("relay", "mqtt"))]
    loaded = {name for name in reported["modules"] if name.split(".")[0] in {"ssl", "http", "paho"}}
    assert not loaded
    ours = {name for name in reported["modules"] if name.startswith("matpi.upstream.")}
    assert ours == {"matpi.upstream.config"}
    conn = sqlite3.connect(tmp_path / "matpi.db")
    for table in ("sinks", "outbox", "revisions"):
        assert conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    conn.close()


def test_the_watching_sees_what_a_sink_opens(tmp_path: Path) -> None:
    """The test above could fail: with a table in the config the same device has a thread, and its library."""
    config = tmp_path / "matpi.toml"
    config.write_text('[[upstream.webhook]]\nurl = "https://house.example/"\nsecret = "house"\n')
    reported = lived(tmp_path / "matpi.db", "--config", str(config))
    assert "relay webhook" in reported["threads"]
    assert {"ssl", "http.client", "matpi.upstream.webhook"} <= set(reported["modules"])
