"""The reader process seen from the device: started, heard, restarted. Implements `Scale`.

Why a process: the pulses must stay under 50 us, and in an interpreter with busy threads they do not (docs/sources.md,
chip). The thread "scale" reads its pipe, makes readings of the samples and puts them on the loop's queue.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from matpi.config import ScaleConfig
from matpi.core.events import Noted, SensorLost
from matpi.core.text import Text
from matpi.drivers.scale.assembly import NAMES, Assembly
from matpi.drivers.scale.guard import Status
from matpi.drivers.scale.records import MESSAGE, FormatError, Inlet, Told
from matpi.ports import PutCounted

BACKOFF_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Before each further start. Chosen: at once, then less and less often."""
HARDWARE_RETRY_S: Final = 5.0
STEADY_S: Final = 10.0
"""A reader that lived this long is started at once again."""
NOTES_AT_ONCE: Final = 5
NOTE_EVERY_S: Final = 600.0
"""A reader that dies again and again is noted this rarely after the first few times: each note is a write, and cards
wear. Chosen.
"""
SILENT_S: Final = 3.0
"""The reader reports once a second even when its chips do not."""
BEGIN_S: Final = 15.0
"""To the first report. Chosen: it takes 0.2 s on x86-64; a small board with a slow card is 30 times slower."""
PAUSE_S: Final = 0.02
"""Between two looks at the pipe: readings come in twos and the thread wakes 50 times a second instead of 170."""
POLL_MS: Final = 200
END_S: Final = 1.0
ERRORS_MAX: Final = 2000
STARTING: Final = (Text("scale.reader_restarts"), Text("scale.wait"))
FAILED: Final = (Text("scale.cells_unusable"), Text("scale.run_doctor"))


@dataclass(frozen=True, slots=True)
class ChipReport:
    name: str
    rate_hz: float | None
    """Measured; None until known."""
    tally: Mapping[str, int]
    """Samples by status since the device started."""
    last_counts: int | None
    """Of the last believed sample of this reader."""
    noise_counts: float | None
    """Standard deviation of the believed samples of the last 2 s; None until known. With somebody on the mat it is
    the body's."""


@dataclass(frozen=True, slots=True)
class ReaderReport:
    alive: bool
    pid: int | None
    restarts: int
    scheduling: str
    """How the reader runs: "fifo 50", or what it got instead; "" until it told."""
    cpu_s: float
    """Processor time of the living reader."""
    dropped: int
    """Records nobody read in time."""
    trouble: str
    """Why there are no readings, if it is known; "" when there are."""
    chips: tuple[ChipReport, ...]


@dataclass(frozen=True, slots=True)
class _End:
    """Why a life of the reader ended."""

    why: str
    hardware: bool = False
    """A part does not answer; `why` is the sentence that says so."""


class ReaderScale:
    """`command` starts the reader of `channels` chips at `rate`; `names` of the chips from the head end.

    What `greeting` gives is sent to each reader as it starts: an emulated board hears there what lies on the mat.
    `start` and `stop` once each. Whatever happens to the reader is told as events, never raised.
    """

    def __init__(
        self,
        command: Sequence[str],
        channels: int,
        rate: int,
        *,
        now: Callable[[], float] = time.monotonic,
        names: Sequence[str] | None = None,
        greeting: Callable[[], Sequence[Mapping[str, Any]]] = tuple,
    ) -> None:
        self._command = list(command)
        self._greeting = greeting
        self._now = now
        self._assembly = Assembly(NAMES[channels] if names is None else names, rate)
        self._put: PutCounted = lambda _: None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()  # over all below: the thread works, anybody asks for a report
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = 0
        self._facts: dict[str, Any] = {}
        self._failure = ""  # told, and not yet over
        self._noted_at = -NOTE_EVERY_S

    def start(self, put: PutCounted) -> None:
        self._put = put
        self._thread = threading.Thread(target=self._work, name="scale", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The reader has ended when this returns."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def send(self, line: Mapping[str, Any]) -> None:
        """One line of JSON to the reader of an emulated board; lost when there is none just now."""
        with self._lock:
            self._say([line])

    def kill(self) -> None:
        """As if the reader had crashed: a fault to try."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def report(self) -> ReaderReport:
        """How the reader does. From any thread."""
        with self._lock:
            process, facts = self._process, self._facts
            return ReaderReport(
                alive=process is not None and process.poll() is None,
                pid=None if process is None else process.pid,
                restarts=self._restarts,
                scheduling=facts.get("scheduling", ""),
                cpu_s=facts.get("cpu_s", 0.0),
                dropped=facts.get("dropped", 0),
                trouble=self._failure or self._assembly.trouble,
                chips=tuple(
                    ChipReport(
                        name=channel.name,
                        rate_hz=channel.rate_hz,
                        tally={status.value: channel.tally[status] for status in Status},
                        last_counts=channel.counts[-1] if channel.counts else None,
                        noise_counts=channel.noise_counts,
                    )
                    for channel in self._assembly.channels
                ),
            )

    # -- the thread ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        step = 0
        while True:
            begun = self._now()
            end = self._live()
            if self._stopping.is_set():
                return
            t = self._now()
            if t - begun > STEADY_S:
                step = 0
            self._tell(t, end)
            delay_s = HARDWARE_RETRY_S if end.hardware else BACKOFF_S[min(step, len(BACKOFF_S) - 1)]
            if self._stopping.wait(delay_s):
                return
            step += 1
            with self._lock:
                self._restarts += 1

    def _tell(self, t: float, end: _End) -> None:
        """The loss at once; a part that stays broken only once."""
        if not end.hardware and (self._restarts < NOTES_AT_ONCE or t - self._noted_at >= NOTE_EVERY_S):
            self._noted_at = t
            self._put(Noted(t, "reader_died", end.why))
        if end.why == self._failure:
            return
        if end.hardware:
            self._put(Noted(t, "scale_failed", end.why))
        self._failure = end.why
        self._put(SensorLost(t, end.why, *(FAILED if end.hardware else STARTING)))

    def _live(self) -> _End:
        """One life of the reader, from its start until it has ended."""
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            return _End(f"The reader of the load cells cannot be started ({error}); install matpi again.")
        with self._lock:
            self._process, self._facts = process, {}
            self._say(self._greeting())
        try:
            end = self._listen(process)
        finally:
            with self._lock:
                self._process = None
            _finish(process)
        return end or _End(f"The reader of the load cells ended ({_manner(process.returncode)}); it is restarted.")

    def _say(self, lines: Sequence[Mapping[str, Any]]) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # it has just died
                self._process.stdin.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def _listen(self, process: subprocess.Popen[bytes]) -> _End | None:
        """Until the reader closes its pipe, or falls silent. None when it did not say why."""
        out, errors = _descriptor(process.stdout), _descriptor(process.stderr)
        poll = select.poll()
        poll.register(out, select.POLLIN)
        poll.register(errors, select.POLLIN)
        inlet, complaint, end = Inlet(), b"", None
        heard_at, patience_s = self._now(), BEGIN_S
        while not self._stopping.is_set():
            readable = {descriptor for descriptor, _ in poll.poll(POLL_MS)}
            if errors in readable:
                text = os.read(errors, 4096)
                complaint = (complaint + text)[-ERRORS_MAX:]
                if not text:
                    poll.unregister(errors)
            if out in readable:
                data = os.read(out, 65536)
                if not data:
                    return end or _complained(complaint)
                heard_at, patience_s = self._now(), SILENT_S
                try:
                    end = self._hear(inlet, data) or end
                except (FormatError, LookupError, TypeError, ValueError) as error:
                    return _End(f"The reader of the load cells wrote nonsense ({error}); it is restarted.")
            t = self._now()
            if t - heard_at > patience_s:
                return _End(f"The reader of the load cells was silent for {patience_s:g} s; it is restarted.")
            with self._lock:
                lost = self._assembly.due(t) if self._facts else None  # before its first report nothing is due
            if lost is not None:
                self._put(lost)
            self._stopping.wait(PAUSE_S)
        return None

    def _hear(self, inlet: Inlet, data: bytes) -> _End | None:
        """Put what follows from the records; the reason when the reader says why it ends."""
        for record in inlet.feed(data):
            if isinstance(record, Told):
                if record.kind == MESSAGE:
                    return _End(str(record.body.get("text")), hardware=bool(record.body.get("hardware")))
                self._told_report(record)
                continue
            chip, sample = record
            with self._lock:
                reading = self._assembly.add(chip, sample)
            if reading is not None:
                if reading.ok:
                    self._failure = ""
                self._put(reading)
        return None

    def _told_report(self, record: Told) -> None:
        with self._lock:
            if not self._facts:
                self._assembly.begin(record.t)
            notes = self._assembly.rates(record.t, record.body["rates"])
            body = record.body
            self._facts = {
                "scheduling": str(body.get("scheduling", "")),
                "cpu_s": float(body.get("cpu_s", 0.0)),
                "dropped": int(body.get("dropped", 0)),
            }
        for note in notes:
            self._put(note)


def command_for(scale: ScaleConfig) -> list[str]:
    """The call of the real reader. Not for driver = "sim", whose reader is matpi.sim.board_reader."""
    job: dict[str, Any] = {"driver": scale.driver, "rate": scale.rate}
    if scale.driver == "spi":
        job["spi"] = [{"bus": chip.bus, "device": chip.device} for chip in scale.spi]
    else:
        job["channels"] = [{"data": chip.data, "clock": chip.clock} for chip in scale.channels]
    return [sys.executable, "-m", "matpi.drivers.scale.reader", json.dumps(job)]


def _descriptor(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise RuntimeError("the reader was started without its pipes")
    return stream.fileno()


def _complained(complaint: bytes) -> _End | None:
    """The last line of what it wrote to stderr, in one sentence; an interpreter that cannot start says it there."""
    lines = complaint.decode(errors="replace").strip().splitlines()
    return _End(f"The reader of the load cells ended ({lines[-1][:200]}); it is restarted.") if lines else None


def _finish(process: subprocess.Popen[bytes]) -> None:
    """It ends when its stdin does, or when asked to; else it is made to."""
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _manner(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
