"""When the wall clock is believed."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from matpi.core.events import Event, Noted, WallClock
from matpi.drivers import clock as clock_module
from matpi.drivers.clock import (
    ASK_AGAIN_S,
    ASK_S,
    STA_UNSYNC,
    ClockWatch,
    KernelClock,
    SystemClock,
    battery_backed,
    boot_id,
    kernel_status,
)
from matpi.ports import Clock


@pytest.fixture
def board(tmp_path: Path) -> Path:
    model = tmp_path / "model"
    model.write_text("Raspberry Pi 4 Model B Rev 1.4\0")
    return model


def test_the_two_clocks() -> None:
    clock: Clock = SystemClock()
    before = time.monotonic(), time.time()
    assert before[0] <= clock.monotonic() <= time.monotonic()
    assert before[1] <= clock.utc() <= time.time()


def test_a_board_is_trusted_from_the_time_services_first_answer_on(tmp_path: Path, board: Path) -> None:
    answered = tmp_path / "synchronized"
    clock = SystemClock(synchronized=answered, board=board, kernel=lambda: False, rtc=tmp_path / "none")
    assert not clock.trusted()
    answered.touch()
    assert clock.trusted()
    answered.unlink()
    assert clock.trusted()


def test_or_when_the_kernel_says_so(tmp_path: Path, board: Path) -> None:
    words = iter([False, True])
    clock = SystemClock(
        synchronized=tmp_path / "absent", board=board, kernel=lambda: next(words), rtc=tmp_path / "none"
    )
    assert [clock.trusted() for _ in range(3)] == [False, True, True]


def test_a_desktop_is_trusted(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    assert SystemClock(synchronized=absent, board=absent, kernel=lambda: False).trusted()


def test_the_kernel_can_be_asked() -> None:
    status = kernel_status()
    assert status is None or status >= 0


@pytest.mark.parametrize(("status", "synchronised"), [(0, True), (0x2001, True), (STA_UNSYNC, False), (0x41, False)])
def test_the_kernels_own_answer_counts_and_no_program_is_started(status: int, synchronised: bool) -> None:
    opposite = ("echo", "no" if synchronised else "yes")
    assert KernelClock(lambda: status, opposite).synchronised() is synchronised


@pytest.mark.parametrize(
    ("timedated", "synchronised"),
    [
        (("echo", "yes"), True),
        (("echo", "no"), False),
        (("echo", "Failed to query server: yes"), False),
        (("false",), False),
        (("no-such-program",), False),
    ],
)
def test_where_the_kernel_refuses_timedated_is_asked(timedated: tuple[str, ...], synchronised: bool) -> None:
    assert KernelClock(lambda: None, timedated, count(step=ASK_S).__next__).synchronised() is synchronised


def test_timedated_is_not_asked_at_the_start_nor_all_the_time(tmp_path: Path) -> None:
    """Each answer takes time: the device would start late."""
    now, asked = 100.0, tmp_path / "asked"
    kernel = KernelClock(lambda: None, ("sh", "-c", f"echo >>{asked}; echo no"), lambda: now)
    for second in range(int(ASK_S + 1.5 * ASK_AGAIN_S)):
        now = 100.0 + second
        assert not kernel.synchronised()
        assert asked.exists() is (second >= ASK_S)
    assert asked.read_text() == "\n" * 2


def test_a_timedated_that_hangs_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "ANSWER_S", 0.05)
    assert not KernelClock(lambda: None, ("sleep", "60"), count(step=ASK_S).__next__).synchronised()


def test_the_boot_id(tmp_path: Path) -> None:
    file = tmp_path / "boot_id"
    file.write_text("5f1a\n")
    assert boot_id(file, lambda: 0.2) == "5f1a"
    assert boot_id(file, lambda: 28_800.4) == "5f1a+28800", "suspended, the monotonic clock is another one"
    absent = tmp_path / "absent"
    assert len(boot_id(absent)) == 36
    assert boot_id(absent) != boot_id(absent)


NOW_UTC = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


def rtc_at(folder: Path, name: str = "rtc0", **files: str) -> Path:
    device = folder / name
    device.mkdir()
    for file, text in ({"name": "rtc-ds1307 1-0068", "hctosys": "1", "since_epoch": str(int(NOW_UTC))} | files).items():
        (device / file).write_text(text + "\n")
    return folder


def test_a_clock_with_a_battery_that_set_the_time_is_believed_from_the_boot_on(tmp_path: Path, board: Path) -> None:
    rtc = tmp_path / "rtc"
    rtc.mkdir()
    clock = SystemClock(synchronized=tmp_path / "absent", board=board, kernel=lambda: False, rtc=rtc)
    assert not clock.trusted()
    rtc_at(rtc, since_epoch=str(int(time.time())))
    assert clock.trusted()


@pytest.mark.parametrize(
    ("files", "believed"),
    [
        ({}, True),
        ({"hctosys": "0"}, False),  # the kernel did not take the time from it
        ({"since_epoch": "4711"}, False),  # a Pi 5 without a battery counts from 1970
        ({"since_epoch": "1501837203"}, False),  # a chip that starts in 2017
        ({"since_epoch": "soon"}, False),
        ({"since_epoch": str(int(NOW_UTC) - 59)}, True),
        ({"since_epoch": str(int(NOW_UTC) + 61)}, False),
        ({"since_epoch": str(int(NOW_UTC) - 7200)}, False),  # timesyncd moved the system time on from it
        ({"battery_voltage": "3070082"}, True),
        ({"battery_voltage": "0"}, False),
        ({"battery_voltage": ""}, False),
    ],
)
def test_what_proves_a_battery(tmp_path: Path, files: dict[str, str], believed: bool) -> None:
    assert battery_backed(rtc_at(tmp_path, **files), NOW_UTC) is believed


def test_a_chip_that_knows_it_stopped_refuses_to_be_read(tmp_path: Path) -> None:
    (rtc_at(tmp_path) / "rtc0" / "since_epoch").unlink()
    assert not battery_backed(tmp_path, NOW_UTC)


def test_an_old_time_proves_nothing_even_when_the_system_agrees(tmp_path: Path) -> None:
    assert not battery_backed(rtc_at(tmp_path, since_epoch="4711"), 4712.0)


def test_any_of_two_will_do(tmp_path: Path) -> None:
    """A Pi 5's own without a battery, and a module on the header."""
    rtc_at(tmp_path, hctosys="0", since_epoch="100", battery_voltage="0")
    assert not battery_backed(tmp_path, NOW_UTC)
    assert battery_backed(rtc_at(tmp_path, "rtc1"), NOW_UTC)


def test_no_rtc_at_all(tmp_path: Path) -> None:
    assert not battery_backed(tmp_path / "absent", NOW_UTC)


class FakeClock:
    """`lag_s` passes between any two readings of the monotonic clock."""

    def __init__(self) -> None:
        self.t = 100.0
        self.offset_s = NOW_UTC
        self.trust = False
        self.lag_s = 0.0

    def monotonic(self) -> float:
        self.t += self.lag_s
        return self.t

    def utc(self) -> float:
        return self.t + self.offset_s

    def trusted(self) -> bool:
        return self.trust


class Watched:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.slept_s = 0.0
        self.watch = ClockWatch(self.clock, self.got_one, slept_s=lambda: self.slept_s)
        self.got: list[Event] = []

    def got_one(self, event: Event) -> None:
        self.got.append(event)

    def run(self, seconds: int) -> list[Event]:
        """Poll once a second; return the events."""
        reported: list[Event] = []
        for _ in range(seconds):
            self.clock.t += 1.0
            reported += self.watch.poll()
        return reported


def test_reported_at_the_start_and_once_a_minute() -> None:
    watched = Watched()
    assert watched.watch.poll() == [WallClock(100.0, NOW_UTC + 100.0, trusted=False)]
    assert [event.t for event in watched.run(180)] == [160.0, 220.0, 280.0]


def test_trust_is_reported_at_once_both_ways() -> None:
    watched = Watched()
    watched.watch.poll()
    watched.run(10)
    watched.clock.trust = True
    assert watched.run(5) == [WallClock(111.0, NOW_UTC + 111.0, trusted=True)]
    watched.clock.trust = False
    assert watched.run(5) == [WallClock(116.0, NOW_UTC + 116.0, trusted=False)]


def test_a_step_while_the_trust_is_asked_for_gives_the_time_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """timedated answers within seconds, in which the time service may have set the clock."""
    watched = Watched()
    watched.clock.offset_s = 0.0
    watched.watch.poll()

    def stepped() -> bool:
        watched.clock.t, watched.clock.offset_s = 104.0, NOW_UTC
        return True

    monkeypatch.setattr(watched.clock, "trusted", stepped)
    assert watched.watch.poll()[0] == WallClock(104.0, NOW_UTC + 104.0, trusted=True)


@pytest.mark.parametrize(("step_s", "reported"), [(3600.2, "+3600.2 s"), (-3600.2, "-3600.2 s"), (0.51, "+0.5 s")])
def test_a_step_is_reported_at_once_and_noted(step_s: float, reported: str) -> None:
    watched = Watched()
    watched.watch.poll()
    watched.clock.offset_s += step_s
    assert watched.run(30) == [
        WallClock(101.0, 101.0 + (NOW_UTC + step_s), trusted=False),
        Noted(101.0, "clock_step", f"The wall clock stepped by {reported}."),
    ]


def test_a_suspended_machine_is_no_step() -> None:
    watched = Watched()
    watched.watch.poll()
    watched.clock.offset_s += 28_800.0
    watched.slept_s = 28_800.0
    assert watched.run(30) == [WallClock(101.0, 101.0 + NOW_UTC + 28_800.0, trusted=False, slept=True)]
    watched.clock.offset_s += 3600.0
    assert [type(event) for event in watched.run(30)] == [WallClock, Noted], "a step after it is one"


def test_small_steps_add_up() -> None:
    watched = Watched()
    watched.watch.poll()
    reported: list[Event] = []
    for _ in range(2):
        watched.clock.offset_s += 0.3
        reported += watched.run(1)
    assert [type(event) for event in reported] == [WallClock, Noted]


def test_a_slewed_second_is_no_step() -> None:
    watched = Watched()
    watched.watch.poll()
    reported: list[Event] = []
    for _ in range(2000):
        watched.clock.offset_s += 500e-6  # the fastest adjtime slews
        reported += watched.run(1)
    assert {type(event) for event in reported} == {WallClock}
    assert len(reported) == 2000 // 60


def test_a_machine_too_busy_to_read_both_clocks_at_once_invents_no_step() -> None:
    watched = Watched()
    watched.watch.poll()
    watched.clock.lag_s = 3.0
    reported = watched.run(10)
    assert {type(event) for event in reported} <= {WallClock}
    watched.clock.lag_s = 0.0
    assert not [event for event in watched.run(120) if isinstance(event, Noted)]


def test_the_thread_begins_with_the_time_and_ends() -> None:
    watched = Watched()
    watched.watch = ClockWatch(watched.clock, watched.got_one, every_s=0.0, minute_s=0.0)
    second = threading.Event()
    put = watched.got_one

    def seen(event: Event) -> None:
        put(event)
        if len(watched.got) > 1:
            second.set()

    watched.watch._put = seen
    watched.watch.start()
    assert isinstance(watched.got[0], WallClock)
    assert second.wait(30.0)
    watched.watch.stop()
    assert not watched.watch._thread.is_alive()


def test_stop_without_a_start() -> None:
    ClockWatch(FakeClock(), lambda _: None).stop()
