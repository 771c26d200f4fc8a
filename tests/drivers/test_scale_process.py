"""The device's side of the reader: readings made of samples, words for what is lost, and restarts."""

from __future__ import annotations

import json
import queue
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest

from matpi.config import ChannelConfig, ScaleConfig, SpiConfig
from matpi.core.events import Counted, Event, Noted, SensorLost
from matpi.drivers.scale import process
from matpi.drivers.scale.assembly import LOST_S, NAMES, Assembly
from matpi.drivers.scale.guard import Counts, Sample, Status
from matpi.drivers.scale.process import ReaderScale, command_for
from matpi.words import ENGLISH, LINE

PERIOD_S = 1 / 80


def assembly(chips: int = 2, rate: int = 80) -> Assembly:
    made = Assembly(NAMES[chips], rate)
    made.begin(0.0)
    return made


def sample(t: float, counts: int = 0, status: Status = Status.OK) -> Sample:
    return Sample(t, Counts(counts), status)


# -- readings ----------------------------------------------------------------------------------------------------------


def test_a_reading_has_a_fresh_sample_of_each_chip_and_the_newest_time() -> None:
    whole = assembly()
    assert whole.add(0, sample(1.000, 10)) is None
    assert whole.add(1, sample(1.001, 20)) == Counted(1.001, (10, 20))
    assert whole.add(1, sample(1.013, 21)) is None  # not with the old sample of the other
    assert whole.add(0, sample(1.014, 11)) == Counted(1.014, (11, 21))


def test_of_a_faster_chip_the_newest() -> None:
    whole = assembly()
    whole.add(1, sample(1.000, 20))
    whole.add(1, sample(1.011, 21))
    assert whole.add(0, sample(1.012, 10)) == Counted(1.012, (10, 21))


def test_samples_far_apart_make_no_reading() -> None:
    whole = assembly()
    whole.add(0, sample(1.0, 10))
    assert whole.add(1, sample(1.0 + 2.1 * PERIOD_S, 20)) is None
    assert whole.add(0, sample(1.0 + 2.2 * PERIOD_S, 11)) == Counted(1.0 + 2.2 * PERIOD_S, (11, 20))


def test_time_always_increases() -> None:
    whole = assembly(1)
    assert whole.add(0, sample(1.0, 10)) is not None
    assert whole.add(0, sample(1.0, 11)) is None
    assert whole.add(0, sample(0.9, 12)) is None


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OK])
def test_a_flagged_sample_never_enters_and_delays_no_reading(status: Status) -> None:
    whole = assembly()
    assert whole.add(0, sample(1.0, 999, status)) is None  # nothing to go with it yet
    whole.add(0, sample(1.001, 10))
    whole.add(1, sample(1.002, 20))
    whole.add(0, sample(1.010, 11))
    assert whole.add(0, sample(1.011, 8_388_607, status)) == Counted(1.011, (10, 20), ok=False, flag=status)
    assert whole.add(1, sample(1.012, 21)) == Counted(1.012, (11, 21))
    assert whole.channels[0].tally == {status: 2, Status.OK: 2}


# -- losses ------------------------------------------------------------------------------------------------------------


def feed(whole: Assembly, chip: int, statuses: Sequence[Status], start: float, end: float) -> None:
    number = round((end - start) / PERIOD_S)
    for n in range(number):
        whole.add(chip, sample(start + n * PERIOD_S, 5, statuses[n % len(statuses)]))


@pytest.mark.parametrize(
    ("statuses", "what", "do"),
    [
        ([], "foot chip silent", "check its wires"),
        ([Status.NOT_READY], "foot chip silent", "check its wires"),
        ([Status.DESYNC], "foot chip stuck", "check its data wire"),
        ([Status.SATURATED], "foot overloaded", "check its wires"),
        ([Status.GLITCH, Status.STALE, Status.STALE], "foot chip disturbed", "check its wires"),
        ([Status.STALE], "foot chip disturbed", "check its wires"),
    ],
)
def test_a_lost_chip_is_named_once_with_what_to_do(statuses: list[Status], what: str, do: str) -> None:
    whole = assembly()
    feed(whole, 0, [Status.OK], 0.0, 3.0)
    if statuses:
        feed(whole, 1, statuses, 0.0, 3.0)
    assert whole.due(LOST_S) is None
    lost = whole.due(LOST_S + 0.1)
    assert lost is not None
    assert (ENGLISH.say(lost.what), ENGLISH.say(lost.do)) == (what, do)
    assert "foot" in lost.why
    assert whole.due(2.5) is None
    whole.add(0, sample(3.1))
    whole.add(1, sample(3.11))
    assert whole.trouble == ""
    assert whole.due(4.0) is None
    assert whole.due(6.0) is not None  # anew


def test_a_chip_plugged_in_again_is_not_called_disturbed_while_it_settles() -> None:
    whole = assembly()
    feed(whole, 0, [Status.OK], 0.0, 3.0)
    whole.add(1, sample(0.1, 0, Status.NOT_READY))
    assert whole.due(2.5) is not None
    whole.add(1, sample(2.6, 0, Status.STALE))
    assert whole.due(2.61) is None


def test_all_chips_without_samples_is_a_matter_of_power() -> None:
    whole = assembly()
    lost = whole.due(2.0)
    assert lost is not None
    assert (ENGLISH.say(lost.what), ENGLISH.say(lost.do)) == ("load cells silent", "check power and wires")


@pytest.mark.parametrize("chips", [1, 2, 3, 4])
@pytest.mark.parametrize("status", [None, *Status])
def test_the_words_fit_a_line_of_the_panel(chips: int, status: Status | None) -> None:
    whole = assembly(chips)
    for at, channel in enumerate(whole.channels):
        for off in (False, True):
            channel.rate_off = off
            if status is not None:
                whole.add(at, sample(1.0, 0, status))
            found = channel.diagnosis()
            assert max(len(ENGLISH.say(text)) for text in (found.what, found.do)) <= LINE


def test_a_rate_out_of_bounds_is_noted_once_per_change_and_named_when_nothing_is_believed() -> None:
    whole = assembly()
    assert whole.rates(1.0, [85.0, None]) == []
    (note,) = whole.rates(2.0, [85.0, 11.2])
    assert (note.kind, note.t) == ("rate", 2.0)
    assert note.text == (
        "The foot chip gives 11.2 samples/s where 80 are set; check the RATE jumper of its board, or rate in [scale]."
    )
    assert whole.rates(3.0, [85.0, 11.3]) == []
    feed(whole, 0, [Status.OK], 0.0, 3.0)
    whole.add(1, sample(2.9, 0, Status.STALE))
    lost = whole.due(3.0)
    assert lost is not None
    assert (ENGLISH.say(lost.what), ENGLISH.say(lost.do)) == ("foot chip wrong rate", "check its RATE jumper")
    assert whole.rates(4.0, [85.0, 90.0]) == []
    assert len(whole.rates(5.0, [106.0, 69.0])) == 2


def test_noise_is_known_after_some_samples_and_a_step_is_not_noise() -> None:
    whole = assembly(1)
    for n in range(7):
        whole.add(0, sample(n, n % 3))
    assert whole.channels[0].noise_counts is None
    for n in range(7, 160):
        whole.add(0, sample(n, (1000, 1010, 990)[n % 3] + (100_000 if n > 120 else 0)))
    assert whole.channels[0].noise_counts == pytest.approx(15, abs=1)


# -- the process -------------------------------------------------------------------------------------------------------


class Device:
    """A ReaderScale and what it put."""

    def __init__(self, command: Sequence[str], rate: int = 80, **how: Any) -> None:
        self.events: queue.SimpleQueue[Event | Counted] = queue.SimpleQueue()
        self.scale = ReaderScale(command, 2, rate, **how)
        self.scale.start(self.events.put)

    def until(self, wanted: Callable[[Event | Counted], bool], within_s: float = 60.0) -> list[Event | Counted]:
        """Everything up to the first event that is wanted."""
        end = time.monotonic() + within_s
        got: list[Event | Counted] = []
        while not (got and wanted(got[-1])):
            try:
                got.append(self.events.get(timeout=max(0.01, end - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"not within {within_s} s, only {[e for e in got if not is_ok(e)]}") from None
        return got


def is_ok(event: Event | Counted) -> bool:
    return isinstance(event, Counted) and event.ok


def is_lost(event: Event | Counted) -> bool:
    return isinstance(event, SensorLost)


def board(**job: Any) -> list[str]:
    return [sys.executable, "-m", "matpi.sim.board_reader", json.dumps({"rate": 80, "chips": 2, **job})]


def saying(code: str) -> list[str]:
    """A reader of another kind."""
    return [sys.executable, "-c", code]


@pytest.fixture
def run() -> Iterator[Callable[..., Device]]:
    devices: list[Device] = []

    def begin(*args: Any, **how: Any) -> Device:
        devices.append(Device(*args, **how))
        return devices[-1]

    yield begin
    for device in devices:
        device.scale.stop()
        assert not device.scale.report().alive


def test_readings_come_in_order_and_the_report_describes_the_reader(run: Callable[..., Device]) -> None:
    device = run(board(offsets=[100_000, -200_000]))
    deadline = time.monotonic() + 20
    while device.scale.report().chips[1].rate_hz is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    readings = [event for event in device.until(is_ok) if isinstance(event, Counted)]
    while not device.events.empty():
        readings += [event for event in [device.events.get()] if isinstance(event, Counted)]
    good = [reading for reading in readings if reading.ok]
    times = [reading.t for reading in readings]
    assert times == sorted(set(times))
    assert all(abs(good[-1].counts[at] - offset) < 2000 for at, offset in enumerate((100_000, -200_000)))
    report = device.scale.report()
    assert (report.alive, report.restarts, report.dropped, report.trouble) == (True, 0, 0, "")
    assert report.scheduling
    assert [chip.name for chip in report.chips] == ["head", "foot"]
    for chip in report.chips:
        assert set(chip.tally) == {status.value for status in Status}
        assert chip.tally["ok"] > 20
        assert chip.last_counts is not None
        assert chip.noise_counts is not None
        assert 10 < chip.noise_counts < 500


def test_a_killed_reader_is_reported_at_once_and_readings_go_on(run: Callable[..., Device]) -> None:
    greeting = [{"weigh": 50, "t": time.monotonic()}, {"act": "stand", "t": time.monotonic() - 60}]
    device = run(board(), greeting=lambda: greeting)
    device.until(is_ok)
    device.scale.kill()
    killed_at = time.monotonic()
    *_, noted, lost = device.until(is_lost)
    assert isinstance(noted, Noted)
    assert (noted.kind, noted.text) == (
        "reader_died",
        "The reader of the load cells ended (SIGKILL); it is restarted.",
    )
    assert isinstance(lost, SensorLost)
    assert ENGLISH.say(lost.what) == "reader restarts"
    assert lost.t - killed_at < 0.5
    reading = device.until(is_ok)[-1]
    assert isinstance(reading, Counted)
    # Who stands on the mat stood there before the reader began.
    assert sum(reading.counts) > 40 * 43_000 - 200_000
    assert device.scale.report().restarts == 1


def test_an_unplugged_chip_is_named_and_its_return_needs_no_event(run: Callable[..., Device]) -> None:
    device = run(board())
    device.until(is_ok)
    device.scale.send({"chip": 0, "unplugged": True})
    lost = device.until(is_lost)[-1]
    assert isinstance(lost, SensorLost)
    assert ENGLISH.say(lost.what) == "head chip silent"
    assert device.scale.report().trouble == lost.why
    device.scale.send({"chip": 0, "unplugged": False})
    # Where two processes have no priority, the first samples may be disturbed: another loss.
    assert lost.what not in [event.what for event in device.until(is_ok) if isinstance(event, SensorLost)]
    assert device.scale.report().trouble == ""


SENTENCE = "There is no GPIO header here; run this on a Raspberry Pi."
REFUSING = (
    "import os, sys, time; from matpi.drivers.scale.pipe import *; "
    f"os.write(1, json_record(MESSAGE, time.monotonic(), {{'hardware': True, 'text': {SENTENCE!r}}})); sys.exit(1)"
)


def test_a_part_that_is_not_there_is_reported_once_however_often_it_is_tried(
    run: Callable[..., Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PART_RETRY_S", 0.05)
    device = run(saying(REFUSING))
    noted, lost = device.until(is_lost)
    assert isinstance(noted, Noted)
    assert isinstance(lost, SensorLost)
    assert (noted.kind, noted.text, lost.why) == ("scale_failed", SENTENCE, SENTENCE)
    assert ENGLISH.say(lost.what) == "load cells unusable"
    while device.scale.report().restarts < 3:
        time.sleep(0.02)
    assert device.events.empty()
    assert device.scale.report().trouble == SENTENCE


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("print('hello, I am no reader at all')", "wrote nonsense"),
        ("import time; time.sleep(60)", "silent for 1 s"),
    ],
)
def test_however_it_ends_it_is_one_sentence_and_another_start(
    code: str, words: str, run: Callable[..., Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "BEGIN_S", 1)
    device = run(saying(code))
    noted, lost = device.until(is_lost)
    assert isinstance(noted, Noted)
    assert isinstance(lost, SensorLost)
    assert noted.kind == "reader_died"
    assert words in noted.text
    assert "\n" not in noted.text
    again = device.until(lambda event: isinstance(event, Noted))[-1]
    assert again.t - noted.t < 6
    assert device.scale.report().restarts >= 1


STUCK = (
    "import os, time; from matpi.drivers.scale.pipe import *; "
    "os.write(1, json_record(REPORT, time.monotonic(), {'rates': [None, None]})); time.sleep(60)"
)


def test_a_reader_without_output_is_killed(run: Callable[..., Device], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SILENT_S", 0.3)
    device = run(saying(STUCK))
    noted = device.until(lambda event: isinstance(event, Noted))[-1]
    assert isinstance(noted, Noted)
    assert "silent for 0.3 s" in noted.text


@pytest.mark.parametrize(
    "record",
    [
        "HEAD.pack(SAMPLE, 200, 0, 5, time.monotonic())",
        "HEAD.pack(SAMPLE, 0, 99, 5, time.monotonic())",
        "HEAD.pack(77, 0, 0, 5, time.monotonic())",
        "json_record(REPORT, time.monotonic(), {})",
        "json_record(REPORT, time.monotonic(), {'rates': [None] * 3})",
        "json_record(REPORT, time.monotonic(), {'rates': [None, None], 'cpu_s': []})",
        "HEAD.pack(REPORT, 0, 0, 2, time.monotonic()) + b'[]'",
        "HEAD.pack(REPORT, 0, 0, 4000, time.monotonic()) + b'[' * 4000",
        "HEAD.pack(MESSAGE, 0, 0, 1, time.monotonic()) + bytes([255])",
    ],
)
def test_well_formed_nonsense_ends_that_reader_and_not_the_thread(run: Callable[..., Device], record: str) -> None:
    words = f"import os, time; from matpi.drivers.scale.pipe import *; os.write(1, {record}); time.sleep(60)"
    device = run(saying(words))
    device.until(lambda event: isinstance(event, Noted) and "nonsense" in event.text)
    device.until(lambda event: isinstance(event, Noted) and "nonsense" in event.text)
    assert device.scale.report().restarts >= 1


def test_a_program_that_is_not_there_is_a_sentence(run: Callable[..., Device]) -> None:
    device = run(["/nonexistent/python"])
    lost = device.until(is_lost)[-1]
    assert isinstance(lost, SensorLost)
    assert "cannot be started" in lost.why


def test_stop_ends_the_reader_soon_even_one_that_does_not_listen() -> None:
    device = Device(saying("import time; time.sleep(60)"))
    while not device.scale.report().alive:
        time.sleep(0.01)
    begin = time.monotonic()
    device.scale.stop()
    assert time.monotonic() - begin < 10.0
    assert not device.scale.report().alive
    assert device.events.empty()


# -- the command -------------------------------------------------------------------------------------------------------


def job_of(scale: ScaleConfig) -> ScaleConfig:
    python, dash_m, module, job = command_for(scale)
    assert (python, dash_m, module) == (sys.executable, "-m", "matpi.drivers.scale.reader")
    return msgspec.json.decode(job, type=ScaleConfig)


def test_the_command_carries_the_pins_or_the_buses() -> None:
    pins = ScaleConfig(rate=10, channels=(ChannelConfig(data=5, clock=6),))
    assert job_of(pins) == pins
    buses = ScaleConfig(driver="spi", spi=(SpiConfig(bus=0), SpiConfig(bus=1, device=2)))
    assert job_of(buses) == buses
