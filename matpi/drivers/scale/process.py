"""Start, hear and restart the reader process. Implements `Scale`.

A process of its own, because an interpreter with busy threads holds pulses for over 50 us (docs/dev/sources.md, chip).
The thread "scale" reads its pipe and puts readings on the loop's queue.
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
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from matpi.config import ScaleConfig
from matpi.core.events import Counted, Noted, SensorLost
from matpi.core.text import Text
from matpi.drivers.facts import ChipFacts, ScaleFacts
from matpi.drivers.scale.assembly import NAMES, Assembly
from matpi.drivers.scale.guard import Status
from matpi.drivers.scale.pipe import MESSAGE, FormatError, Inlet, JsonRecord
from matpi.ports import PART_RETRY_S, PutCounted

BACKOFF_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0)  # before each further start; chosen
STEADY_S: Final = 10.0  # the backoff begins again after a reader that lived this long
NOTES_AT_ONCE: Final = 5
NOTE_EVERY_S: Final = 600.0  # chosen: after the first deaths one note in so long, for each is a write to the card
SILENT_S: Final = 3.0  # the reader reports once a second even when its chips give nothing
BEGIN_S: Final = 15.0  # to the first report; chosen: 0.2 s on x86-64, a small board with a slow card is 30 times slower
PAUSE_S: Final = 0.045  # between two reads of the pipe: thread and loop wake 22 times a second instead of 170
POLL_MS: Final = 200
AHEAD_S: Final = 1.0  # both processes read one clock; chosen: what is further ahead is no time
END_S: Final = 1.0
ERRORS_MAX: Final = 2000
STARTING: Final = (Text("scale.reader_restarts"), Text("scale.wait"))
FAILED: Final = (Text("scale.cells_unusable"), Text("scale.run_doctor"))


Heard = Counted | Noted | SensorLost


class _End(Struct, frozen=True):
    """Why a reader ended. `hardware`: a part does not answer, and `why` is the sentence for it."""

    why: str
    hardware: bool = False


class ReaderScale:
    """The reader started by `command`, of `channels` chips at `rate`.

    `greeting` is sent to each reader as it starts, for an emulated board. Call `start` and `stop` once each. Whatever
    happens to the reader becomes events; nothing is raised.
    """

    def __init__(
        self,
        command: Sequence[str],
        channels: int,
        rate: int,
        *,
        now: Callable[[], float] = time.monotonic,
        greeting: Callable[[], Sequence[Mapping[str, Any]]] = tuple,
    ) -> None:
        self._command = list(command)
        self._greeting = greeting
        self._now = now
        self._assembly = Assembly(NAMES[channels], rate)
        self._put: PutCounted = lambda _: None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()  # over all below: `report`, `send` and `kill` are called from any thread
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = 0
        self._reported: ScaleFacts | None = None  # by this reader, last
        self._failure = ""  # reported, and not yet over
        self._noted_at = -NOTE_EVERY_S
        self._heard: list[Heard] = []  # from the reader, and not yet on the queue

    def start(self, put: PutCounted) -> None:
        self._put = put
        self._thread = threading.Thread(target=self._work, name="scale", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the reader; it has ended when this returns."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def send(self, line: Mapping[str, Any]) -> None:
        """Send a line of JSON to the reader of an emulated board; lost while there is none."""
        with self._lock:
            self._write([line])

    def kill(self) -> None:
        """Kill the reader, as if it had crashed."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def report(self) -> ScaleFacts:
        """Return the reader's state. From any thread."""
        with self._lock:
            process = self._process
            return replace(
                self._reported or ScaleFacts(cpu_s=0.0),
                alive=process is not None and process.poll() is None,
                pid=None if process is None else process.pid,
                restarts=self._restarts,
                trouble=self._failure or self._assembly.trouble,
                chips=tuple(
                    ChipFacts(
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
            self._report_end(t, end)
            delay_s = PART_RETRY_S if end.hardware else BACKOFF_S[min(step, len(BACKOFF_S) - 1)]
            if self._stopping.wait(delay_s):
                return
            step += 1
            with self._lock:
                self._restarts += 1

    def _report_end(self, t: float, end: _End) -> None:
        """Report the loss at once; a part that stays broken only once."""
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
        """Start a reader and serve it until it has ended."""
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            return _End(f"The reader of the load cells cannot be started ({error}); install matpi again.")
        with self._lock:
            self._process, self._reported = process, None
            self._write(self._greeting())
        try:
            end = self._listen(process)
        finally:
            self._pass_on()
            with self._lock:
                self._process = None
            _finish(process)
        return end or _End(f"The reader of the load cells ended ({_manner(process.returncode)}); it is restarted.")

    def _write(self, lines: Sequence[Mapping[str, Any]]) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # it has just died
                self._process.stdin.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def _pass_on(self) -> None:
        """Put what was heard. Nothing else is to be done before the next wait, so that the loop wakes once for all."""
        for event in self._heard:
            self._put(event)
        self._heard.clear()

    def _listen(self, process: subprocess.Popen[bytes]) -> _End | None:
        """Read until the pipe closes or nothing comes for too long. None: no reason is known."""
        out, errors = (pipe.fileno() for pipe in (process.stdout, process.stderr) if pipe is not None)
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
                lost = self._assembly.due(t) if self._reported else None  # before its first report nothing is due
            if lost is not None:
                self._heard.append(lost)
            self._pass_on()
            self._stopping.wait(PAUSE_S)
        return None

    def _hear(self, inlet: Inlet, data: bytes) -> _End | None:
        """Take the events of the records. Return the reason when the reader reports why it ends."""
        for record in inlet.feed(data):
            t = record.t if isinstance(record, JsonRecord) else record[1].t
            if not 0.0 <= t <= self._now() + AHEAD_S:
                raise FormatError(f"a record of {t:g} s")  # the core would wait until then
            if isinstance(record, JsonRecord):
                if record.kind == MESSAGE:
                    return _End(str(record.body["text"]), hardware=bool(record.body.get("hardware")))
                self._take_report(record)
                continue
            chip, sample = record
            with self._lock:
                reading = self._assembly.add(chip, sample)
            if reading is not None:
                if reading.ok:
                    self._failure = ""
                self._heard.append(reading)
        return None

    def _take_report(self, record: JsonRecord) -> None:
        with self._lock:
            if self._reported is None:
                self._assembly.begin(record.t)
            body = record.body
            notes = self._assembly.rates(record.t, body["rates"])
            self._reported = ScaleFacts(
                scheduling=str(body.get("scheduling", "")),
                cpu_s=float(body.get("cpu_s", 0.0)),
                dropped=int(body.get("dropped", 0)),
            )
        self._heard += notes


def command_for(scale: ScaleConfig) -> list[str]:
    """Return the command of the real reader; its job is `scale` as JSON.

    With driver = "sim" the reader is matpi.sim.board_reader instead.
    """
    return [sys.executable, "-m", "matpi.drivers.scale.reader", msgspec.json.encode(scale).decode()]


def _complained(complaint: bytes) -> _End | None:
    """Return the last line from stderr as the reason: there an interpreter reports why it cannot start."""
    lines = complaint.decode(errors="replace").strip().splitlines()
    return _End(f"The reader of the load cells ended ({lines[-1][:200]}); it is restarted.") if lines else None


def _finish(process: subprocess.Popen[bytes]) -> None:
    """Terminate the reader, kill it after END_S, and close its pipes."""
    process.terminate()
    with process:  # closes the pipes and waits
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _manner(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
