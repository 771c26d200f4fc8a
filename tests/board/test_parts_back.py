"""The button, the light and the chime are used from the moment their pins are there, not only at the start."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from matpi.config import ChimeConfig, Config
from matpi.core.effects import ChimeKind, Save
from matpi.core.events import Wish, Wished
from matpi.core.model import Acknowledgement
from matpi.core.views import Idle, Off
from matpi.drivers.clock import SystemClock
from matpi.drivers.oled import Panel
from matpi.errors import HardwareError
from matpi.service.appliance import Appliance
from matpi.service.parts import light_up
from matpi.sim.board import Board
from matpi.store.db import Store
from matpi.store.tables import DIAGNOSTICS
from matpi.words import ENGLISH
from tests.store.values import records

CONFIG = Config(chime=ChimeConfig(driver="gpio", pin=12))


class LateHeader:
    """A board whose GPIO chip is not there before `there` is set."""

    def __init__(self) -> None:
        self.board = Board(CONFIG)
        self.there = False

    def panel(self) -> Panel | None:
        return self.board.panel()

    def scale(self) -> Any:
        return self.board.scale()

    def pins(self) -> Any:
        if not self.there:
            raise HardwareError("The GPIO pins cannot be used: lgpio (no /dev/gpiochip0).")
        return self.board.pins()


class Running:
    def __init__(self, folder: Path) -> None:
        self.parts = LateHeader()
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.appliance = Appliance(
            CONFIG,
            self.parts,
            folder / "log.db",
            SystemClock(),
            screen=light_up(self.parts, self.inbox.put),
            inbox=self.inbox,
            boot_id="b",
            zone="UTC",
        )
        self.thread = threading.Thread(target=self.live, daemon=True)
        self.thread.start()

    def live(self) -> None:
        """The log belongs to the thread that opens it."""
        try:
            self.appliance.start()
            self.appliance.run()
        finally:
            self.appliance.close()

    def notice(self) -> str | None:
        device = self.appliance.device
        shown = None if device is None or device.display.shown is None else device.display.shown.view
        notice = shown.notice if isinstance(shown, Idle) else None
        return None if notice is None else ENGLISH.say(notice)

    def press(self) -> None:
        self.parts.board.button(down=True)
        time.sleep(0.1)
        self.parts.board.button(down=False)

    def stop(self) -> None:
        self.appliance.ask_to_stop()
        self.thread.join(30.0)
        assert not self.thread.is_alive()


def until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr("matpi.drivers.gpio.PART_RETRY_S", 0.2)
    with Store.open(tmp_path / "log.db") as log:
        log.write(Save(Acknowledgement(some=False, utc=time.time())))
    one = Running(tmp_path)
    try:
        yield one
    finally:
        one.stop()


def test_what_was_not_there_at_the_start_works_without_a_restart(running: Running, tmp_path: Path) -> None:
    until(lambda: running.notice() == "light does not work")
    assert running.appliance.status()["lost"] == ["lamp_lost", "chime_lost", "button_lost"]
    assert "light does not work; chime does not work; button does not work" in running.appliance.status_line()
    running.inbox.put(Wished(time.monotonic() + 1.0, Wish.IDENTIFY))  # a light wanted while there is no lamp to show it
    running.parts.there = True
    until(lambda: running.parts.board.header.duty(CONFIG.lamp.pin) > 0.0)
    until(lambda: running.appliance.status()["lost"] == [])
    running.appliance._chime.ring(ChimeKind.PHASE)
    wire = running.parts.board.pins().pin(CONFIG.chime.pin)
    until(lambda: bool(wire.state))
    device = running.appliance.device
    assert device is not None
    until(lambda: device.display.shown is not None and isinstance(device.display.shown.view, Off))
    running.press()
    until(lambda: device.display.shown is not None and not isinstance(device.display.shown.view, Off))
    assert running.notice() is None
    running.stop()
    with Store.open(tmp_path / "log.db", read_only=True) as log:
        noted = {tally.kind: tally.count for tally in records(log, DIAGNOSTICS)}
    parts = ("button", "lamp", "chime")
    assert {kind: noted.get(kind) for part in parts for kind in (f"{part}_lost", f"{part}_back")} == {
        f"{part}_{how}": 1 for part in parts for how in ("lost", "back")
    }
    assert not [thread for thread in threading.enumerate() if thread.name in parts]
