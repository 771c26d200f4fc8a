"""The notifications over a real datagram socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from matpi.drivers.systemd import Notifier


class Manager:
    """The other end, as systemd holds it."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        words = []
        while True:
            try:
                words.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return words


@pytest.fixture(params=["path", "abstract"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Manager]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@matpi-{uuid4()}"
    manager = Manager(name.replace("@", "\0"))
    yield name, manager
    manager.socket.close()


def test_the_life_of_a_service(place: tuple[str, Manager]) -> None:
    name, manager = place
    notifier = Notifier.from_env({"NOTIFY_SOCKET": name})
    notifier.ready()
    notifier.status("on the mat,\n 12 min")
    notifier.status("on the mat, 12 min")
    notifier.watchdog()
    notifier.stopping()
    assert manager.heard() == ["READY=1", "STATUS=on the mat, 12 min", "STOPPING=1"]


def test_a_status_cannot_send_another_message(place: tuple[str, Manager]) -> None:
    name, manager = place
    Notifier(name.replace("@", "\0").encode()).status("lost\nMAINPID=1")
    assert manager.heard() == ["STATUS=lost MAINPID=1"]


def test_the_watchdog_is_fed_every_quarter_of_its_time(place: tuple[str, Manager]) -> None:
    name, manager = place
    t = 0.0
    notifier = Notifier.from_env({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000000"}, now=lambda: t)
    fed = []
    for tenth in range(301):
        t = tenth / 10
        notifier.watchdog()
        fed += [t] * len(manager.heard())
    assert fed == [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0]


def test_a_feed_that_failed_is_tried_at_the_next_turn(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    notifier = Notifier(address, 20.0, now=lambda: 1.0)
    notifier.watchdog()
    manager = Manager(address)
    notifier.watchdog()
    notifier.watchdog()
    assert manager.heard() == ["WATCHDOG=1"]
    manager.socket.close()


@pytest.mark.parametrize(
    ("pid", "fed"),
    [("", ["WATCHDOG=1"]), (str(os.getpid()), ["WATCHDOG=1"]), ("1", []), ("x", [])],
    ids=["none", "this", "another", "wrong"],
)
def test_a_watchdog_for_another_process_is_not_ours(place: tuple[str, Manager], pid: str, fed: list[str]) -> None:
    name, manager = place
    Notifier.from_env({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": pid}).watchdog()
    assert manager.heard() == fed


@pytest.mark.parametrize("micros", ["", "0", "-5", "soon", "1e6", "²"])
def test_a_strange_watchdog_time_is_none(micros: str) -> None:
    assert Notifier.from_env({"WATCHDOG_USEC": micros}).watchdog_s == 0.0


def test_children_inherit_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.setenv(name, "1")
    Notifier.from_env()
    code = "import os; print(*[n for n in os.environ if n.startswith(('NOTIFY', 'WATCHDOG'))])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []


@pytest.mark.parametrize("where", [None, "/nowhere/at/all", "x" * 200, "a\0b", "/dev/null"])
def test_a_missing_manager_stops_nothing(where: str | None) -> None:
    notifier = Notifier(where, 1.0)
    notifier.ready()
    notifier.status("here")
    notifier.watchdog()
    notifier.stopping()


def test_a_manager_that_does_not_read_does_not_hold_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matpi.drivers.systemd.SEND_S", 0.001)
    address = str(tmp_path / "notify")
    manager = Manager(address)
    t = 0.0
    notifier = Notifier(address, 1.0, now=lambda: t)
    for _ in range(600):  # more than the queue of a datagram socket is long
        t += 1.0
        notifier.watchdog()
    notifier.stopping()
    heard = manager.heard()
    assert set(heard) == {"WATCHDOG=1"}
    assert len(heard) < 600
    notifier.watchdog()
    assert manager.heard() == ["WATCHDOG=1"]
    manager.socket.close()
