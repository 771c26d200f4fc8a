"""The chime on the emulated board: wired when asked for, silent when not, and no reason for the rest to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matpi.config import ChimeConfig, Config, PresenceConfig
from matpi.core.effects import Chime, ChimeKind
from matpi.drivers.clock import SystemClock
from matpi.loop import Loop
from matpi.service.appliance import Appliance
from matpi.sim.board import Board
from matpi.twin.board_world import BoardWorld


@contextmanager
def running(config: Config, folder: Path) -> Iterator[tuple[Appliance, Any]]:
    board = Board(config, kg=74.0, seed=3)
    world = BoardWorld(config, board, folder / "log.db", SystemClock(), "UTC")
    world.power_on()
    try:
        assert world.appliance is not None
        yield world.appliance, board.pins()
    finally:
        world.shut_down()


def within(seconds: float, what: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def loop_of(appliance: Appliance) -> Loop:
    assert appliance.loop is not None
    return appliance.loop


def test_a_cue_reaches_the_piezo_within_a_fifth_of_a_second_and_ends(tmp_path: Path) -> None:
    config = Config(chime=ChimeConfig(driver="gpio", pin=12), presence=PresenceConfig())
    with running(config, tmp_path) as (appliance, pins):
        wire = pins.pin(12)
        assert wire.state == 0.0
        loop_of(appliance)._perform(Chime(ChimeKind.PHASE), time.monotonic())
        assert within(0.2, lambda: bool(wire.state))
        assert within(1.0, lambda: not wire.state)


def test_without_a_piezo_nothing_rings_and_nothing_breaks(tmp_path: Path) -> None:
    with running(Config(), tmp_path) as (appliance, _):
        assert appliance._chime._thread.ident is None, "no thread waits for one"
        assert loop_of(appliance)._perform(Chime(ChimeKind.ENOUGH), time.monotonic()) is None
