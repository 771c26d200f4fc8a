"""The screen's thread over the emulated panel: steps in virtual time, and the thread itself paced by events."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable

import pytest
from PIL import Image

from matpi.core.brightness import Brightness
from matpi.core.events import Event, PanelBack, PanelLost
from matpi.drivers.oled import LEVELS, REFRESH_S, Panel, PanelThread
from matpi.ports import Screen
from matpi.sim.panel import PanelChip
from tests.drivers.test_oled import Driver, every_driver, frame, level, picture

BRIGHT, DIM = Brightness.BRIGHT, Brightness.DIM


class Rig:
    """One chip that stays, opened again and again; steps at the time that `t` says."""

    def __init__(self, driver: Driver = "ssd1306") -> None:
        self.t = 100.0
        self.chip = PanelChip(driver)
        self.openings = 0
        self.reported: list[Event] = []
        self.panel = Panel(driver, serial=self.serial)
        self.thread = PanelThread(self.panel, self.reported.append, now=lambda: self.t, threaded=False)

    def serial(self) -> PanelChip:
        self.openings += 1
        return self.chip.plug()

    def until(self, t: float) -> None:
        """Let everything happen that is due by `t`."""
        while (wait_s := self.thread.step()) is not None and self.t + wait_s <= t:
            self.t += wait_s
        self.t = t


def test_it_is_a_screen_that_waits_for_its_first_frame() -> None:
    rig = Rig()
    screen: Screen = rig.thread
    assert rig.thread.step() is None
    screen.show(picture(), BRIGHT)
    assert rig.chip.transfers == 0
    rig.until(101.0)
    assert rig.chip.image.tobytes() == picture().tobytes()
    assert (rig.thread.drawn, rig.reported) == (1, [])


def test_the_latest_frame_wins_and_the_others_are_not_drawn() -> None:
    rig = Rig()
    for n in range(5):
        rig.thread.show(frame(n), BRIGHT)
    rig.thread.off()
    rig.thread.show(frame(9), DIM)
    rig.until(101.0)
    assert rig.chip.image.tobytes() == frame(9).tobytes()
    assert rig.thread.drawn == 1


def test_the_same_frame_is_no_frame() -> None:
    rig = Rig()
    for _ in range(3):
        rig.thread.show(picture(), BRIGHT)
        rig.until(rig.t + 1.0)
    assert rig.thread.drawn == 1


def test_the_frame_is_the_one_that_was_shown_not_what_is_drawn_on_it_later() -> None:
    rig = Rig()
    image = picture()
    rig.thread.show(image, BRIGHT)
    image.paste(1, (0, 0, 128, 64))
    rig.until(101.0)
    assert rig.chip.image.tobytes() == picture().tobytes()


@every_driver
def test_what_a_killed_program_left_goes_with_the_first_frame(driver: Driver) -> None:
    rig = Rig(driver)
    before = Panel(driver, serial=lambda: rig.chip)
    before.show(frame(1), BRIGHT)
    rig.thread.off()
    rig.until(101.0)
    assert rig.chip.image.getbbox() is None
    before.show(frame(2), BRIGHT)
    rig.thread.show(picture(), DIM)
    rig.until(102.0)
    assert rig.chip.image.tobytes() == picture().tobytes()


@every_driver
@pytest.mark.parametrize("power", ["gone", "kept"])
def test_lost_in_the_middle_of_a_frame_and_back(driver: Driver, power: str) -> None:
    rig = Rig(driver)
    rig.thread.show(frame(1), BRIGHT)
    rig.until(101.0)
    rig.chip.lose_in = 1
    rig.thread.show(frame(2), DIM)
    rig.until(123.0)
    assert rig.reported == [PanelLost(101.0)]
    assert rig.thread.trouble is not None
    assert "four wires" in rig.thread.trouble
    assert rig.openings == 1 + 4  # at 106, 111, 116, 121
    if power == "gone":
        rig.chip.replug()
    rig.chip.lost, rig.chip.lose_in = False, None
    rig.until(130.0)
    assert rig.reported == [PanelLost(101.0), PanelBack(126.0)]
    assert rig.chip.image.tobytes() == frame(2).tobytes()
    assert level(rig.chip) == LEVELS[driver][DIM]
    assert not rig.chip.snowed
    assert (rig.thread.drawn, str(rig.thread.trouble)) == (2, "None")


@every_driver
def test_absent_at_the_start_and_plugged_in_later(driver: Driver) -> None:
    rig = Rig(driver)
    rig.chip.lost = True
    rig.thread.show(frame(1), BRIGHT)
    rig.until(101.0)
    assert rig.reported == [PanelLost(100.0)]
    for n in range(2, 6):
        rig.thread.show(frame(n), DIM)
        rig.until(rig.t + 0.5)
    assert rig.openings == 1  # no try for each frame
    rig.chip.replug()
    rig.until(106.0)
    assert rig.reported == [PanelLost(100.0), PanelBack(105.0)]
    assert rig.chip.image.tobytes() == frame(5).tobytes()
    assert rig.thread.drawn == 1


@every_driver
def test_lost_in_its_own_start_up(driver: Driver) -> None:
    rig = Rig(driver)
    rig.chip.lose_in = 2
    rig.thread.show(picture(), DIM)
    rig.until(101.0)
    rig.chip.replug()
    rig.until(106.0)
    assert rig.reported == [PanelLost(100.0), PanelBack(105.0)]
    assert rig.chip.image.tobytes() == picture().tobytes()
    assert not rig.chip.snowed


@every_driver
def test_unplugged_and_plugged_in_between_two_frames_shows_the_old_picture_again(driver: Driver) -> None:
    """No transfer fails then: the panel answers, dark."""
    rig = Rig(driver)
    rig.thread.show(picture(), DIM)
    rig.until(101.0)
    rig.chip.replug()
    assert rig.chip.image.getbbox() is None
    rig.until(116.0)
    assert rig.chip.image.tobytes() == picture().tobytes()
    assert (rig.reported, rig.thread.drawn) == ([], 1)


@every_driver
def test_a_picture_that_changes_each_second_does_not_keep_a_panel_whose_power_blinked_dark(driver: Driver) -> None:
    rig = Rig(driver)
    for n in range(40):
        if n == 5:
            rig.chip.replug()
        image = picture()
        image.putpixel((n, 30), 255 - int(image.getpixel((n, 30))))  # type: ignore[arg-type]
        rig.thread.show(image, DIM)
        rig.until(101.0 + n)
        if not 5 <= n < 5 + REFRESH_S:
            assert rig.chip.image.tobytes() == image.tobytes()
            assert level(rig.chip) == LEVELS[driver][DIM]


def test_a_panel_lost_under_a_constant_picture_is_noticed() -> None:
    rig = Rig()
    rig.thread.show(picture(), BRIGHT)
    rig.until(101.0)
    rig.chip.lost = True
    rig.until(116.0)
    assert rig.reported == [PanelLost(115.0)]
    rig.chip.replug()
    rig.until(121.0)
    assert rig.reported[1:] == [PanelBack(120.0)]
    assert rig.chip.image.tobytes() == picture().tobytes()


def test_a_dark_panel_is_left_alone() -> None:
    rig = Rig()
    rig.thread.show(picture(), BRIGHT)
    rig.thread.off()
    rig.until(101.0)
    before = rig.chip.transfers
    assert rig.thread.step() is None
    rig.until(1000.0)
    assert rig.chip.transfers == before


def test_lost_while_it_should_go_dark_it_goes_dark_when_it_is_back() -> None:
    rig = Rig()
    rig.thread.show(picture(), BRIGHT)
    rig.until(101.0)
    rig.chip.lost = True
    rig.thread.off()
    rig.until(102.0)
    rig.chip.lost = False
    assert rig.chip.image.tobytes() == picture().tobytes()
    rig.until(107.0)
    assert rig.chip.image.getbbox() is None
    assert rig.reported == [PanelLost(101.0), PanelBack(106.0)]


def test_a_fault_in_the_driver_is_reported_and_does_not_end_the_screen() -> None:
    rig = Rig()
    faults = iter([ValueError("bytes must be in range(0, 256)")])
    serial = rig.serial

    def once() -> PanelChip:
        for fault in faults:
            raise fault
        return serial()

    rig.panel._make_serial = once
    rig.thread.show(picture(), BRIGHT)
    rig.until(101.0)
    assert rig.thread.trouble is not None
    assert "ValueError: bytes must be in range" in rig.thread.trouble
    rig.until(106.0)
    assert rig.reported == [PanelLost(100.0), PanelBack(105.0)]
    assert rig.chip.image.tobytes() == picture().tobytes()


class SlowChip(PanelChip):
    """Each transfer says that it has begun and waits for leave."""

    def __init__(self) -> None:
        super().__init__("ssd1306")
        self.begun = threading.Semaphore(0)
        self.leave = threading.Semaphore(0)

    def _transfer(self, length: int) -> None:
        self.begun.release()
        assert self.leave.acquire(timeout=30.0)
        super()._transfer(length)

    def let(self, transfers: Iterable[int]) -> None:
        for _ in transfers:
            assert self.begun.acquire(timeout=30.0)
            self.leave.release()


START_UP = range(6)  # NOP, registers, contrast, an empty frame in two, on
FRAME = range(3)  # brightness, window, pixels


def test_a_storm_of_frames_over_a_slow_bus_draws_the_first_and_the_last() -> None:
    chip = SlowChip()
    reported: list[Event] = []
    thread = PanelThread(Panel("ssd1306", serial=lambda: chip), reported.append)
    thread.show(frame(0), BRIGHT)
    chip.let(START_UP)
    assert chip.begun.acquire(timeout=30.0)  # in the middle of frame 0
    for n in range(1, 1000):
        thread.show(frame(n % 7 + 10), BRIGHT if n % 2 else DIM)
    thread.show(picture(), DIM)
    chip.leave.release()
    chip.let(range(2))
    chip.let(FRAME)
    assert chip.begun.acquire(blocking=False) is False
    chip.leave.release(100)
    assert thread.stop()
    assert (thread.drawn, reported) == (2, [])
    assert chip.image.getbbox() is None


def started(rig: Rig) -> PanelThread:
    return PanelThread(rig.panel, rig.reported.append)


@pytest.mark.parametrize("blank", [True, False])
def test_the_thread_blanks_the_panel_or_leaves_the_last_frame_and_ends(blank: bool) -> None:
    rig = Rig()
    thread = started(rig)
    thread.show(frame(1), BRIGHT)
    thread.show(picture(), BRIGHT)
    assert thread.stop(30.0, blank=blank)
    assert rig.chip.image.tobytes() == (Image.new("1", (128, 64)) if blank else picture()).tobytes()
    assert rig.chip.closed


def test_a_program_that_never_drew_blanks_what_the_one_before_left() -> None:
    rig = Rig()
    Panel("ssd1306", serial=rig.chip.plug).show(picture(), BRIGHT)
    assert started(rig).stop(30.0)
    assert rig.chip.image.getbbox() is None


def test_stop_does_not_wait_for_a_bus_that_hangs() -> None:
    chip = SlowChip()
    thread = PanelThread(Panel("ssd1306", serial=lambda: chip), lambda _: None)
    thread.show(picture(), BRIGHT)
    assert chip.begun.acquire(timeout=30.0)
    assert thread.stop(0.0) is False
    thread.show(frame(1), BRIGHT)
    chip.leave.release(100)
    assert thread.stop(30.0)
    assert not chip.lit


def test_stop_without_a_start() -> None:
    assert Rig().thread.stop()


def test_the_splash_waits_for_no_luma_in_the_main_thread() -> None:
    code = (
        "import sys\n"
        "from matpi.drivers.oled import Panel, PanelThread\n"
        "PanelThread(Panel(), print)\n"
        "print(*[name for name in sys.modules if name.split('.')[0] in {'luma', 'PIL', 'smbus2'}])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []
