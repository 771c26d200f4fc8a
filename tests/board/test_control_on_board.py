"""The control socket of the whole appliance, over the emulated board: real drivers, real threads, real time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from matpi.config import Config, PresenceConfig
from matpi.control.address import beside
from matpi.control.client import Client, device_of
from matpi.core.effects import Calibrated, Save
from matpi.core.model import Acknowledgement, Calibration, Zero
from matpi.drivers.clock import SystemClock
from matpi.errors import DeviceOffError, MatpiError
from matpi.sim.board import Board
from matpi.sim.board_reader import COUNTS_PER_KG, OFFSETS
from matpi.store.db import Store
from matpi.twin.board_world import BoardWorld
from matpi.twin.twin import Twin
from tests.control.rig import after_restart, remembered

CONFIG = Config(presence=PresenceConfig(min_session_s=3.0, away_s=2.0))


class Mat:
    """A twin with the emulated board, and its socket."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.db"
        with Store.open(self.path) as log:
            calibration = Calibration(OFFSETS[:2], (COUNTS_PER_KG, COUNTS_PER_KG))
            log.write(Save(Calibrated(calibration, Zero((0.0, 0.0)))))
            log.write(Save(Acknowledgement(some=False, utc=time.time() - 1000.0)))
        self.board = Board(CONFIG, kg=74.0, seed=3)
        self.twin = Twin(self._world)
        self.client = Client(beside(self.path))

    def _world(self, watch: Callable[[Any], None]) -> BoardWorld:
        self.world = BoardWorld(CONFIG, self.board, self.path, SystemClock(), "UTC", watch)
        return self.world

    def state(self) -> Any:
        return self.client.ask({"do": "state"}).data

    def until(self, what: Callable[[], Any], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, self.state()
            time.sleep(0.05)


@pytest.fixture
def mat(tmp_path: Path) -> Iterator[Mat]:
    one = Mat(tmp_path)
    one.twin.start()
    try:
        one.until(lambda: one.world.device is not None and one.world.device.presence.heard_at is not None)
        yield one
    finally:
        one.twin.stop()


def test_a_session_is_watched_rated_and_corrected_while_the_device_runs(mat: Mat) -> None:
    client = mat.client
    counts = client.stream({"do": "counts"}, timeout_s=30.0)
    samples = [next(counts) for _ in range(30)]
    assert all(len(sample["counts"]) == 2 for sample in samples)
    assert any(sample["ok"] for sample in samples)  # under load some are flagged
    assert all(0.0 < two["t"] - one["t"] < 1.0 for one, two in pairwise(samples))
    counts.close()  # type: ignore[attr-defined]
    mat.until(lambda: mat.state()["front"] == "IDLE" and not mat.state()["silent"])
    assert client.ask({"do": "identify"}).said == ()
    client.ask({"do": "people", "words": ["add", "Anna"]})
    mat.twin.act("lie_down")
    mat.until(lambda: mat.state()["session"])
    client.ask({"do": "settings", "set": {"bedtime": "21:15", "language": "de"}})
    assert mat.state()["language"] == "de"
    with pytest.raises(MatpiError, match="the mat is not empty"):
        client.ask({"do": "calibrate", "weight_kg": 74.0})
    with pytest.raises(MatpiError, match="A session is under way"):
        client.ask({"do": "delete_everything", "sure": "delete everything"})
    mat.until(lambda: mat.state()["session"]["on_mat_s"] > 4.0)
    mat.twin.act("get_up")
    mat.until(lambda: mat.state()["front"] in {"DONE", "FELT_WRONG", "RATING"})
    client.ask({"do": "rate", "value": 4})
    assert mat.state()["rated"] == 4
    with Store.open(mat.path, read_only=True) as log:
        (session,) = (entry.session for entry in log.sessions())
    assert client.ask({"do": "edit_session", "id": session.id, "set": {"minutes": "2"}}).said
    recording = client.ask({"do": "record"}).data["name"]
    assert (mat.path.parent / "recordings" / recording).stat().st_size > 100
    appliance = mat.world.appliance
    assert appliance is not None
    assert appliance.device is not None
    known, stored = remembered(appliance.device), after_restart(mat.path)
    assert known == stored
    assert [one.on_mat_s for one in known["log"].sessions] == [120.0]


def test_without_power_there_is_no_device_and_with_it_there_is_one_again(mat: Mat) -> None:
    live = mat.client.stream({"do": "live"}, timeout_s=30.0)
    next(live)
    mat.twin.power(on=False)
    with pytest.raises(DeviceOffError):
        list(live)
    mat.until(lambda: device_of(mat.path) is None)
    mat.twin.power(on=True)
    mat.until(lambda: device_of(mat.path) is not None)
    assert mat.state()["front"]
