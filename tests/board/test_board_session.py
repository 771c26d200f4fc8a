"""A session on the emulated board while parts fail: real drivers, real reader process, real time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matpi.config import Config, PresenceConfig
from matpi.core.device import Device
from matpi.core.effects import Calibrated, Effect, Save
from matpi.core.model import Calibration, Session, Zero
from matpi.drivers.clock import SystemClock
from matpi.errors import UsageError
from matpi.sim.board import Board
from matpi.sim.board_reader import COUNTS_PER_KG, OFFSETS
from matpi.sim.body import Act, Mat
from matpi.store.db import Store
from matpi.twin.board_world import BoardWorld
from matpi.twin.twin import Twin

CONFIG = Config(presence=PresenceConfig(min_session_s=5.0, away_s=2.0))
CALIBRATION = Calibration(OFFSETS[:2], (COUNTS_PER_KG, COUNTS_PER_KG))
WITHIN_S = 0.3


class Evening:
    """A board twin, and a second mat on which the same hands do the same: it knows the truth."""

    def __init__(self, folder: Path, *, calibrated: bool = False) -> None:
        """Calibrated, it has a zero to start from; else it looks for one for ten seconds."""
        self.store = folder / "log.db"
        if calibrated:
            with Store.open(self.store) as log:
                log.write(Save(Calibrated(CALIBRATION, Zero((0.0, 0.0)))))
        self.board = Board(CONFIG, kg=74.0, seed=3)
        self.twin = Twin(self.make)
        self.truth = Mat(kg=74.0, seed=3)
        self.touches: list[float] = []

    def make(self, watch: Callable[[Effect], None]) -> BoardWorld:
        self.world = BoardWorld(CONFIG, self.board, self.store, SystemClock(), "UTC", watch)
        return self.world

    def act(self, what: Act) -> None:
        t = time.monotonic()
        self.twin.act(what)
        self.truth.act(what, t)
        self.touches.append(t)

    def device(self) -> Device:
        assert self.world.device is not None
        return self.world.device

    def state(self) -> str:
        """ "" without power."""
        device = self.world.device
        return "" if device is None else device.stage.front.name

    def until(self, what: Callable[[], bool], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, f"waited {seconds:g} s in {self.state()}"
            time.sleep(0.02)

    def sessions(self) -> list[Session]:
        with Store.open(self.store, read_only=True) as log:
            return [entry.session for entry in log.sessions()]

    def true_length_s(self, on: float, off: float) -> float:
        """Between the first and the last moment with weight on the mat."""
        step = 0.005
        times = [on + step * n for n in range(int((off + 5.0 - on) / step))]
        loaded = [t for t in times if sum(self.truth.load_kg(t)) > 1.0]
        return loaded[-1] - loaded[0]


@pytest.fixture(params=[True], ids=["calibrated"])
def evening(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Evening]:
    one = Evening(tmp_path, calibrated=request.param)
    one.twin.start()
    try:
        one.until(lambda: one.device().presence.heard_at is not None and not one.device().presence.zero.seeking)
        yield one
    finally:
        one.twin.stop()


def test_panel_reader_and_chip_fail_in_a_session_and_it_is_one_and_right(evening: Evening) -> None:
    evening.act("lie_down")
    on = evening.touches[-1]
    evening.until(lambda: evening.state() == "ON_MAT")

    evening.twin.fault("panel", on=True)
    time.sleep(1.0)
    evening.twin.fault("reader", on=True)
    evening.until(lambda: evening.state() == "HOLDING")
    evening.until(lambda: evening.state() == "ON_MAT")
    evening.twin.fault("cell", on=True)
    evening.until(lambda: evening.state() == "HOLDING")
    evening.twin.fault("cell", on=False)
    evening.until(lambda: evening.state() == "ON_MAT")
    evening.twin.fault("panel", on=False)
    evening.until(lambda: evening.board.picture() is not None)

    time.sleep(2.0)
    evening.act("get_up")
    off = evening.touches[-1]
    evening.until(lambda: evening.state() not in {"ON_MAT", "AWAY"})
    evening.until(lambda: not any(one.is_open for one in evening.sessions()))  # what the state said is written next
    (session,) = evening.sessions()
    assert session.reason is not None
    assert str(session.reason) == "left"
    assert session.on_mat_s == pytest.approx(evening.true_length_s(on, off), abs=WITHIN_S)


def test_the_power_is_pulled_and_the_session_goes_on_after_the_boot(evening: Evening) -> None:
    evening.act("lie_down")
    evening.until(lambda: evening.state() == "ON_MAT")
    time.sleep(2.0)
    evening.twin.power(on=False)
    evening.until(lambda: evening.state() == "" and evening.board.picture() is None)
    evening.twin.power(on=True)
    evening.until(lambda: evening.state() == "ON_MAT")
    time.sleep(3.0)
    evening.act("get_up")
    evening.until(lambda: evening.state() not in {"ON_MAT", "AWAY"})
    evening.until(lambda: not any(one.is_open for one in evening.sessions()))  # what the state said is written next
    (session,) = evening.sessions()
    assert session.aways == 1


@pytest.mark.parametrize("evening", [False], indirect=True, ids=["new"])
def test_the_button_reaches_the_core_and_the_panel_answers(evening: Evening) -> None:
    evening.until(lambda: evening.board.picture() is None or evening.state() == "SAFETY")
    before = evening.board.panel_changes
    evening.twin.button(down=True)
    time.sleep(0.1)
    evening.twin.button(down=False)
    evening.until(lambda: evening.board.panel_changes != before)
    assert evening.board.picture() is not None


def test_time_is_real_on_the_board(tmp_path: Path) -> None:
    twin = Evening(tmp_path).twin
    with pytest.raises(UsageError, match="real time"):
        twin.warp(10)
    with pytest.raises(UsageError, match="real time"):
        twin.jump("21:00")
    with pytest.raises(UsageError, match="real time"):
        twin.next_day()
    twin.warp(1)
