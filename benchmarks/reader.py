"""The reader of the load cells, as a process over emulated chips in real time. Prints one JSON line a figure.

    python -m benchmarks.reader [ACCEPTED]

Wrong: with two processes beside it that burn a core each, every accepted sample is checked. Each conversion's code
holds its number and a hash of it, so that a bit that was read wrong shows, and so does a conversion taken twice; two
chips at 80/s until ACCEPTED (10 000) were accepted, without real-time priority, and a while with it. CPU: what the
process uses without burners, the emulated chips included; their part is told, measured on read-outs with and without
them. Cold start: from starting the process to the first accepted sample, the chip's settling (400 ms at 10/s, 50 ms at
80/s) included. Memory is the resident set.
"""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from benchmarks.proof import proved
from matpi.drivers.scale.guard import Sample, Status
from matpi.drivers.scale.hx711 import GuardedHX711
from matpi.drivers.scale.pipe import MESSAGE, Inlet, JsonRecord
from matpi.sim.chip import Chip

ACCEPTED = 10_000
REALTIME_S = 10.0
AT_MOST_S = 120.0
CPU_S = 10.0
BURNERS = 2
STARTS = 5
READ_OUTS = 300
RATES_RUN = (1.07, 1.12)
BURN = "import sys, time\nend = time.monotonic() + float(sys.argv[1])\nwhile time.monotonic() < end: pass"


class Reader:
    """A child that runs `module`; ends with the `with` block."""

    def __init__(self, module: str = "matpi.sim.board_reader", **job: Any) -> None:
        self._inlet = Inlet()
        self.told: list[JsonRecord] = []
        self.begun = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, json.dumps({"chips": 2, "oscillator": RATES_RUN, **job})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def samples(self) -> Iterator[tuple[int, Sample]]:
        assert self._process.stdout is not None
        while data := os.read(self._process.stdout.fileno(), 65536):
            for record in self._inlet.feed(data):
                if isinstance(record, JsonRecord):
                    if record.kind == MESSAGE:
                        raise SystemExit(record.body["text"])
                    self.told.append(record)
                else:
                    yield record
        raise SystemExit("the reader has ended")

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found
        return int(found.group(1)) / 1024


@contextmanager
def burning(number: int, seconds: float) -> Iterator[None]:
    """So many processes that do nothing, as fast as they can; bounded in time, and ended whatever happens."""
    burners = [subprocess.Popen([sys.executable, "-S", "-c", BURN, str(seconds + 5)]) for _ in range(number)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def wrong(*, realtime: bool, accepted: int, seconds: float) -> dict[str, Any]:
    """Until so many were accepted or the time is over: what came, and what of the accepted was wrong."""
    statuses: Counter[str] = Counter()
    false = 0
    newest: dict[int, int] = {}
    with burning(BURNERS, seconds), Reader("benchmarks.proof", rate=80, realtime=realtime) as reader:
        until = time.monotonic() + seconds
        for chip, sample in reader.samples():
            statuses[sample.status.value] += 1
            if sample.status is Status.OK:
                number = proved(sample.counts, chip)
                # Numbers go round at 4096, 50 s: forward is less than half of that.
                if number is None or (chip in newest and not 0 < (number - newest[chip]) & 0xFFF < 2048):
                    false += 1
                else:
                    newest[chip] = number
            if statuses["ok"] >= accepted or time.monotonic() > until:
                break
        took_s = time.monotonic() - reader.begun
        scheduling = reader.told[-1].body["scheduling"] if reader.told else ""
    total = sum(statuses.values())
    return {
        "accepted": statuses["ok"],
        "rejected_percent": round(100 * (total - statuses["ok"]) / total, 2),
        "by_status": dict(statuses),
        "wrong": false,
        "burners": BURNERS,
        "scheduling": scheduling,
        "seconds": round(took_s, 1),
    }


def cpu() -> tuple[float, float]:
    """Percent of a core, and MB."""
    with Reader(rate=80, driver="adafruit") as reader:
        samples = reader.samples()
        for _ in range(200):
            next(samples)
        before, since = reader.cpu_seconds(), time.monotonic()
        for _, _sample in samples:
            if time.monotonic() - since > CPU_S:
                break
        return 100 * (reader.cpu_seconds() - before) / (time.monotonic() - since), reader.rss_mb()


class Wire:
    """A pin with nothing behind it: low to begin with, as if ready, then high."""

    def __init__(self) -> None:
        self.looks = 0

    @property
    def value(self) -> bool:
        self.looks += 1
        return self.looks % 28 != 2

    @value.setter
    def value(self, level: bool) -> None:
        pass


def emulator_percent() -> float:
    """Percent of a core that the emulated chips take at the rate of `cpu`: read-outs with them less those without."""

    def read_out_s(scale: GuardedHX711, *, bare: bool) -> float:
        spent = 0.0
        for _ in range(READ_OUTS):
            if bare:
                scale._data._pin.looks = 1  # type: ignore[attr-defined]  # noqa: SLF001
            else:
                while not scale.ready():
                    pass
            begin = time.perf_counter()
            scale._read_out()  # noqa: SLF001
            spent += time.perf_counter() - begin
            scale.look_at = 0.0
        return spent / READ_OUTS

    gc.disable()
    chip = Chip(lambda _t: 123456, 80, now=time.monotonic, access_s=0.0)
    emulated = read_out_s(GuardedHX711(chip.data, chip.clock, 80), bare=False)
    bare = read_out_s(GuardedHX711(Wire(), Wire(), 80), bare=True)
    gc.enable()
    return 100 * (emulated - bare) * 80 * sum(RATES_RUN)


def cold_start_s(rate: int) -> float:
    with Reader(rate=rate) as reader:
        for _, sample in reader.samples():
            if sample.status is Status.OK:
                return time.monotonic() - reader.begun
    raise SystemExit("no sample was accepted")


def main(accepted: int = ACCEPTED) -> None:
    patient = wrong(realtime=False, accepted=accepted, seconds=AT_MOST_S * max(1.0, accepted / ACCEPTED))
    print(json.dumps({"figure": "reader_wrong", "value": patient.pop("wrong"), "target": 0, **patient}))
    hurried = wrong(realtime=True, accepted=ACCEPTED, seconds=REALTIME_S)
    print(json.dumps({"figure": "reader_wrong_realtime", "value": hurried.pop("wrong"), "target": 0, **hurried}))
    percent, memory_mb = cpu()
    extra = {"target": 15.0, "emulated_chips_percent": round(emulator_percent(), 1)}
    print(json.dumps({"figure": "reader_cpu_percent", "value": round(percent, 1), **extra}))
    for rate, settling_s in ((10, 0.4), (80, 0.05)):
        times = sorted(cold_start_s(rate) for _ in range(STARTS))
        figure = {"figure": f"reader_cold_start_{rate}_s", "value": round(times[STARTS // 2], 3)}
        print(json.dumps({**figure, "worst": round(times[-1], 3), "settling_s": settling_s}))
    print(json.dumps({"figure": "reader_rss_mb", "value": round(memory_mb, 1)}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
