"""The reader: its loop in virtual time, its pipe, and its life as a process."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import count

import pytest

from benchmarks.proof import proof_code, proved
from matpi.drivers.scale.guard import Counts, Sample, Status, Taken
from matpi.drivers.scale.hx711 import GuardedHX711
from matpi.drivers.scale.pipe import (
    HEAD,
    LONGEST,
    MESSAGE,
    REPORT,
    WAITING,
    FormatError,
    Inlet,
    JsonRecord,
    Outlet,
    json_record,
    sample_record,
)
from matpi.drivers.scale.reader import Parent, serve
from matpi.sim.chip import Chip, VirtualTime

PINS = {"driver": "adafruit", "rate": 80, "channels": [{"data": 23, "clock": 24}]}


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        try:
            os.close(descriptor)
        except OSError:
            assert True  # closed by the test


def a_sample(n: int = 7) -> Sample:
    return Sample(n * 0.5, Counts(n), Status.OK)


# -- records -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 7, 16, 23, 1000])
def test_records_come_out_as_they_went_in_however_the_pipe_cuts_them(cut: int) -> None:
    samples = [(n % 4, Sample(n / 3, Counts((-1) ** n * n * 4711), list(Status)[n % 6])) for n in range(20)]
    stream = b"".join(sample_record(*one) for one in samples[:9])
    stream += json_record(REPORT, 5.25, {"rates": [None, 93.5]})
    stream += b"".join(sample_record(*one) for one in samples[9:])
    inlet = Inlet()
    got = [one for at in range(0, len(stream), cut) for one in inlet.feed(stream[at : at + cut])]
    assert got == [*samples[:9], JsonRecord(5.25, REPORT, {"rates": [None, 93.5]}), *samples[9:]]


@pytest.mark.parametrize(
    "stream",
    [b"Traceback (most recent call last):", HEAD.pack(1, 0, 77, 0, 0.0), HEAD.pack(2, 0, 0, 3, 0.0) + b"{x}"],
)
def test_what_is_no_record_is_refused(stream: bytes) -> None:
    with pytest.raises(FormatError):
        list(Inlet().feed(stream))


def test_a_record_too_long_for_one_piece_is_refused() -> None:
    with pytest.raises(ValueError, match="one piece"):
        json_record(MESSAGE, 0.0, {"text": "x" * LONGEST})


def test_a_full_pipe_never_blocks_and_loses_the_oldest(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    outlet = Outlet(writing)
    number = 65536 // HEAD.size + WAITING + 123
    for n in range(number):
        outlet.put(sample_record(0, a_sample(n)))
    assert outlet.dropped == 123
    inlet, got = Inlet(), []
    while select.select([reading], [], [], 0)[0]:
        got += [record[1] for record in inlet.feed(os.read(reading, 65536)) if not isinstance(record, JsonRecord)]
        outlet.flush()
    assert len(got) == number - 123
    assert [sample.counts for sample in got] == sorted(sample.counts for sample in got)
    assert got[-1] == a_sample(number - 1)


# -- the loop ----------------------------------------------------------------------------------------------------------


def _proof(numbers: Iterator[int], chip: int, _t: float) -> float:
    return proof_code(next(numbers), chip)


class Bench:
    """Chips under `serve` in virtual time; what came through the pipe."""

    def __init__(
        self, pipe: tuple[int, int], oscillators: tuple[float, ...], rate: int = 80, *, proofs: bool = False
    ) -> None:
        self.time = VirtualTime(100.0)
        self.reading, writing = pipe
        self.outlet = Outlet(writing)
        self.chips = [
            Chip(
                partial(_proof, count(1), at) if proofs else partial(self._load, at),
                rate,
                now=self.time,
                spend=self.time.sleep,
                oscillator=oscillator,
                taps=1 if proofs else 4,
            )
            for at, oscillator in enumerate(oscillators)
        ]
        self.scales = [
            GuardedHX711(chip.data, chip.clock, rate, now=self.time, sleep=self.time.sleep) for chip in self.chips
        ]
        self.samples: list[tuple[int, Sample]] = []
        self.reported: list[JsonRecord] = []
        self._inlet = Inlet()

    @staticmethod
    def _load(at: int, _t: float) -> float:
        return 1000 + at

    def run(self, seconds: float, sleep: Callable[[float], None] | None = None) -> None:
        until = self.time() + seconds

        def goes_on() -> bool:
            while select.select([self.reading], [], [], 0)[0]:
                for record in self._inlet.feed(os.read(self.reading, 65536)):
                    if isinstance(record, JsonRecord):
                        self.reported.append(record)
                    else:
                        self.samples.append(record)
            return self.time() < until

        sleep = sleep or self.time.sleep
        serve(self.scales, self.outlet, goes_on, now=self.time, sleep=sleep, scheduling="fifo 50")

    def of(self, chip: int) -> list[Sample]:
        return [sample for at, sample in self.samples if at == chip]


@pytest.mark.parametrize("rate", [10, 80])
def test_each_conversion_of_each_chip_is_taken(pipe: tuple[int, int], rate: int) -> None:
    bench = Bench(pipe, (1.0, 1.07, 1.12, 1.17), rate)
    bench.run(200 / rate)
    for at, oscillator in enumerate((1.0, 1.07, 1.12, 1.17)):
        assert {(sample.counts, sample.status) for sample in bench.of(at)} == {(1000 + at, Status.OK)}
        assert len(bench.of(at)) == pytest.approx(bench.chips[at].conversions, abs=1)
        assert bench.chips[at].conversions >= 200 * oscillator - 5
    times = [sample.t for _, sample in bench.samples]
    assert times == sorted(times)


def test_two_chips_take_few_wake_ups(pipe: tuple[int, int]) -> None:
    """As late as a quiet machine wakes: at most 1.3 for a conversion, and no sample is lost."""
    bench = Bench(pipe, (1.07, 1.12))
    chance, wakes = random.Random(1), 0
    sleep = bench.time.sleep

    def late(seconds: float) -> None:
        nonlocal wakes
        wakes += 1
        sleep(seconds + chance.expovariate(1 / 40e-6))

    bench.run(1.0)
    bench.samples.clear()
    bench.run(20.0, late)
    assert wakes / 20.0 < 1.3 * 80 * (1.07 + 1.12)
    assert {sample.status for _, sample in bench.samples} == {Status.OK}
    assert len(bench.samples) == pytest.approx(20 * 80 * (1.07 + 1.12), abs=4)


@pytest.mark.parametrize("oscillators", [(1.07, 1.12), (0.95, 1.17), (1.0, 1.0)])
def test_stalls_and_late_wake_ups_of_any_length_let_nothing_wrong_through(
    pipe: tuple[int, int], oscillators: tuple[float, ...]
) -> None:
    bench = Bench(pipe, oscillators, proofs=True)
    chance = random.Random(7)
    sleep = bench.time.sleep

    def spend(seconds: float) -> None:
        sleep(seconds + (chance.random() < 3e-4) * chance.choice((45e-6, 55e-6, 70e-6, 1e-3, 5e-3, 9e-3, 12e-3)))

    def late(seconds: float) -> None:
        sleep(seconds + chance.expovariate(1 / 3e-4))
        sleep((chance.random() < 0.02) * chance.choice((2e-3, 4e-3, 8e-3, 11e-3, 12e-3, 13e-3, 25e-3, 60e-3)))

    for chip in bench.chips:
        chip._spend = spend
    bench.run(15.0, late)
    newest = [0] * len(oscillators)
    for at, sample in bench.samples:
        if sample.status is Status.OK:
            number = proved(sample.counts, at)
            assert number is not None
            assert number > newest[at]
            newest[at] = number
    dropped = sum(sample.status is not Status.OK for _, sample in bench.samples)
    assert 0.02 < dropped / len(bench.samples) < 0.3


class Stalls(GuardedHX711):
    """Hangs at the end of a read-out, after the last look at DOUT."""

    until = 0.0

    def _read_out(self) -> Taken | None:
        taken = super()._read_out()
        self._sleep(self.until - self._now())
        return taken


def test_a_stall_after_the_last_look_at_dout_lets_nothing_wrong_through() -> None:
    """DOUT was high before the stall, not after it: no sample may lean on that, also none two conversions later."""
    period = 1 / 80
    for late in range(50):
        time, ends, numbers = VirtualTime(100.0), [0.0], count(1)

        def source(t: float, ends: list[float] = ends, numbers: Iterator[int] = numbers) -> float:
            ends.append(t)
            return proof_code(next(numbers), 0)

        chip = Chip(source, 80, now=time, spend=time.sleep, taps=1)
        guarded = Stalls(chip.data, chip.clock, 80, now=time, sleep=time.sleep)
        for _ in range(40):
            guarded.read()
        begin = ends[-1] + period
        guarded.until = begin + 1.93 * period
        for at in (0.01, 1.94, 2.9, 3.95 + late * 1e-3):
            time.sleep(begin + at * period - time())
            sample = guarded.poll()
            assert sample is not None
            assert sample.status is not Status.OK or proved(sample.counts, 0), late


def test_wake_ups_that_come_late_cost_few_samples(pipe: tuple[int, int]) -> None:
    """A busy board without real-time priority: each wake-up 3 to 7 ms late, of 12.5 ms a conversion."""
    for late_s in (3.75e-3, 5e-3, 6.25e-3):
        bench = Bench(pipe, (1.0, 1.12), proofs=True)
        bench.run(2.0)
        bench.samples.clear()
        sleep = bench.time.sleep
        bench.run(10.0, lambda seconds: sleep(seconds + late_s))  # noqa: B023  called before the next round
        for at in (0, 1):
            good = [sample for sample in bench.of(at) if sample.status is Status.OK]
            assert all(proved(sample.counts, at) for sample in good)
            assert len(good) > 0.6 * len(bench.of(at)) > 400, late_s


def test_a_report_at_once_and_one_a_second(pipe: tuple[int, int]) -> None:
    bench = Bench(pipe, (1.0, 1.1))
    bench.run(3.5)
    assert [reported.t for reported in bench.reported] == pytest.approx([100.0, 101.0, 102.0, 103.0], abs=0.02)
    body = bench.reported[-1].body
    assert body["scheduling"] == "fifo 50"
    assert body["rates"] == [pytest.approx(80, rel=0.01), pytest.approx(88, rel=0.01)]
    assert len(bench.of(0)) == pytest.approx(276, abs=5)
    assert body["dropped"] == 0


def test_a_chip_without_samples_costs_the_other_nothing_and_is_reported_repeatedly(pipe: tuple[int, int]) -> None:
    bench = Bench(pipe, (1.0, 1.0))
    bench.chips[0].unplugged = True
    bench.run(2.0)
    assert {sample.status for sample in bench.of(0)} == {Status.NOT_READY}
    assert len(bench.of(0)) == pytest.approx(2.0 / 0.125, abs=1)
    assert {sample.status for sample in bench.of(1)} == {Status.OK}
    assert len(bench.of(1)) == pytest.approx(156, abs=2)


# -- the parent --------------------------------------------------------------------------------------------------------


def test_the_parent_is_heard_line_by_line_until_it_is_gone(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    heard: list[object] = []
    parent = Parent(reading, heard.append)
    assert parent.listen()
    os.write(writing, b'{"act": "sit"}\n{"we')
    assert parent.listen()
    os.write(writing, b'igh": 60}\n')
    assert parent.listen()
    assert heard == [{"act": "sit"}, {"weigh": 60}]
    os.close(writing)
    assert not parent.listen()


# -- the process -------------------------------------------------------------------------------------------------------


def child(job: str, module: str = "matpi.drivers.scale.reader") -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module, job],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )


NO_HEADER = "There is no GPIO header here" if find_spec("lgpio") else "lgpio is not there"
"""On a desktop computer, with Debian's python3-lgpio or without."""


@pytest.mark.parametrize(
    ("job", "hardware", "words"),
    [
        (json.dumps(PINS), True, NO_HEADER),
        ('{"driver": "spi", "rate": 80, "spi": [{"bus": 9, "device": 2}]}', True, "spidev"),
        ("no JSON", False, "JSONDecodeError"),
        ("{}", False, "KeyError"),
    ],
)
def test_what_it_cannot_do_is_one_sentence_through_the_pipe_and_no_traceback(
    job: str, hardware: bool, words: str
) -> None:
    if hardware and (os.path.exists("/dev/gpiochip0") or os.path.exists("/dev/spidev9.2")):  # noqa: PTH110
        pytest.skip("this machine has the part")
    process = child(job)
    out, errors = process.communicate(timeout=60)
    (reported,) = Inlet().feed(out)
    assert isinstance(reported, JsonRecord)
    assert reported.kind == MESSAGE
    assert (reported.body["hardware"], process.returncode, errors) == (hardware, 1, b"")
    assert words in reported.body["text"]
    assert "\n" not in reported.body["text"]


@pytest.mark.parametrize("way", ["stdin ends", "SIGTERM"])
def test_it_ends_with_its_parent_and_when_asked_to(way: str) -> None:
    process = child('{"rate": 80, "chips": 1}', "matpi.sim.board_reader")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.read(1)  # it runs
    begin = time.monotonic()
    if way == "SIGTERM":
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    process.communicate(timeout=30)  # closes stdin; reads on, as a parent would
    assert process.returncode == 0
    assert time.monotonic() - begin < 10.0


def test_it_imports_little() -> None:
    """16 MB resident (measured on x86-64) stand on it."""
    reported = subprocess.run(
        [sys.executable, "-c", "import sys, matpi.drivers.scale.reader; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = {name if name.startswith("matpi.core") else name.split(".")[0] for name in reported.stdout.split()}
    assert not loaded & {"msgspec", "transitions", "PIL", "gpiozero", "subprocess", "threading", "asyncio", "logging"}
    assert not {name for name in loaded if name.startswith("matpi.core")}
