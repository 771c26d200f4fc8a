"""The page's process is killed while a person is on the mat: the session is one, and as long as it was."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from matpi.config import Config, PresenceConfig
from matpi.core.effects import Calibrated, Save
from matpi.core.model import Acknowledgement, Calibration, Session, Zero
from matpi.drivers.clock import SystemClock
from matpi.page.devices import Devices, devices_file
from matpi.sim.board import Board
from matpi.sim.board_reader import COUNTS_PER_KG, OFFSETS
from matpi.sim.body import Mat
from matpi.store.db import Store
from matpi.twin.board_world import BoardWorld
from matpi.twin.twin import Twin
from tests.web.client import listening

CONFIG = Config(presence=PresenceConfig(min_session_s=5.0, away_s=2.0))
CALIBRATION = Calibration(OFFSETS[:2], (COUNTS_PER_KG, COUNTS_PER_KG))
KILLS = 5
"""benchmarks/web_session.py kills it 50 times."""


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60.0
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def stored(log: Path) -> list[Session]:
    with Store.open(log, read_only=True) as store:
        return [entry.session for entry in store.sessions()]


def kill_a_page(log: Path, token: str) -> None:
    """Serve, see the live state of the device, and be killed with the stream open."""
    command = [sys.executable, "-m", "matpi", "page", "--store", str(log), "--port", "0", "--host", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as page:
        try:
            assert page.stdout is not None
            url = page.stdout.readline().rpartition(" ")[2].strip()
            with listening(url, {"cookie": f"matpi={token}"}) as stream:
                kind, state = stream.message()
                assert (kind, state["front"]) == ("state", "ON_MAT")
                page.kill()
        finally:
            page.kill()


def test_a_page_that_is_killed_again_and_again_costs_the_session_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    log, worlds = tmp_path / "log.db", []
    with Store.open(log) as store:
        store.write(Save(Calibrated(CALIBRATION, Zero((0.0, 0.0)))))
        store.write(Save(Acknowledgement(some=False, utc=time.time())))
    token = Devices(devices_file(log)).add("the test")
    board = Board(CONFIG, kg=74.0, seed=3)

    def make(watch: Callable[..., None]) -> BoardWorld:
        worlds.append(BoardWorld(CONFIG, board, log, SystemClock(), "UTC", watch))
        return worlds[-1]

    def front() -> str:
        device = worlds[-1].device
        return "" if device is None else device.stage.front.name

    twin, truth = Twin(make), Mat(kg=74.0, seed=3)
    twin.start()
    try:
        until(lambda: (device := worlds[-1].device) is not None and device.presence.heard_at is not None)
        on = time.monotonic()
        twin.act("lie_down")
        truth.act("lie_down", on)
        until(lambda: front() == "ON_MAT")
        for _ in range(KILLS):
            kill_a_page(log, token)
        off = time.monotonic()
        twin.act("get_up")
        truth.act("get_up", off)
        until(lambda: front() not in {"ON_MAT", "AWAY"})
        until(lambda: not any(one.is_open for one in stored(log)))
    finally:
        twin.stop()
    (session,) = stored(log)
    times = [on + 0.005 * n for n in range(int((off + 5.0 - on) / 0.005))]
    loaded = [t for t in times if sum(truth.load_kg(t)) > 1.0]
    assert session.on_mat_s == pytest.approx(loaded[-1] - loaded[0], abs=0.3)
    assert session.aways == 0
