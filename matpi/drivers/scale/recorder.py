"""Hold the last ten minutes of raw counts in memory, and write them to a file on request.

`take` is called by the thread "scale". Files are written by the thread "recorder" from a copy, so that neither the loop
nor the readings wait for a disk.
"""

from __future__ import annotations

import math
import os
import queue
import threading
from array import array
from bisect import bisect_left
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from matpi import __version__, paths
from matpi.core.events import Counted, Noted
from matpi.core.model import Calibration, Zero
from matpi.drivers.scale.assembly import RATE_BOUNDS
from matpi.drivers.scale.guard import STATUSES, Status
from matpi.drivers.scale.trace import FORMAT, About, TraceWriter
from matpi.errors import MatpiError, TraceError
from matpi.ports import Clock, Put

FOLDER: Final = "recordings"
SPAN_S: Final = 600.0
FILES_MAX: Final = 20  # 10 MB of the card at most: four emulated chips at 80/s make 0.5 MB each, packed (measured)
STOP_S: Final = 10.0  # systemd kills the service 15 s after SIGTERM (TimeoutStopSec)
ZEROS_MAX: Final = 64  # the device stores its zero less than once a minute


class Recorder:
    """A ring of the last SPAN_S of counts in under 2 MB, written to `recordings/` beside `log`.

    `rate` is samples/s as the jumpers are set. `calibration` and `zero` are in use from the start. `put` gets a Noted
    for each file, or the reason why there is none.
    """

    def __init__(
        self, log: Path, rate: int, calibration: Calibration, zero: Zero | None, clock: Clock, boot_id: str, put: Put
    ) -> None:
        self._folder = log.with_name(FOLDER)
        self._rate, self._clock, self._boot_id, self._put = rate, clock, boot_id, put
        self._lock = threading.Lock()  # over the next five
        self._calibration = calibration
        self._zeros: deque[tuple[float, Zero | None]] = deque([(-math.inf, zero)], maxlen=ZEROS_MAX)
        # Room for the fastest oscillator of this rate. Flagged samples make rows of their own and shorten the span.
        self._rows = round(SPAN_S * RATE_BOUNDS[rate][1])
        kinds = ["d", "b", *("i" * len(calibration.counts_per_kg))]  # time, status, a column a channel
        self._columns: tuple[array[Any], ...] = tuple(array(kind, [0]) * self._rows for kind in kinds)
        self._taken = 0
        self.result = ""  # where the last file is, or why there is none, in a sentence; "" before the first
        self._requests: queue.SimpleQueue[Future[Path] | None] = (
            queue.SimpleQueue()
        )  # its put is safe in a signal handler
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Wait until every requested file is written, for at most STOP_S."""
        self._requests.put(None)
        if self._thread.ident is not None:
            self._thread.join(STOP_S)

    def take(self, sample: Counted) -> None:
        """Add a row. Raises ValueError when it has another number of channels, or an unknown flag."""
        status = STATUSES.index(Status.OK if sample.ok else Status(sample.flag))
        with self._lock:
            at = self._taken % self._rows
            for column, value in zip(self._columns, (sample.t, status, *sample.counts), strict=True):
                column[at] = value
            self._taken += 1

    def use_zero(self, t: float, zero: Zero) -> None:
        """Record that `zero` is in use from `t` on."""
        with self._lock:
            self._zeros.append((t, zero))

    def use_calibration(self, calibration: Calibration, zero: Zero) -> None:
        """Replace both. The rows before are replayed with them too: a recording has one calibration."""
        with self._lock:
            self._calibration = calibration
            self._zeros.clear()
            self._zeros.append((-math.inf, zero))

    def save(self) -> Future[Path]:
        """Request a file; the answer is its path. From any thread, and from a signal handler."""
        asked: Future[Path] = Future()
        self._requests.put(asked)
        return asked

    # -- the thread ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (asked := self._requests.get()) is not None:
            try:
                path = self._write()
            except (MatpiError, OSError, ValueError) as error:  # ValueError: a calibration or zero out of all bounds
                why = str(error)
                if isinstance(error, OSError):
                    why = f"{self._folder} cannot be written ({error.strerror}); check that folder and the disk."
                kind, text = "recording_failed", f"The last {SPAN_S / 60:g} minutes could not be saved: {why}"
                asked.set_exception(TraceError(text))
            else:
                asked.set_result(path)
                kind, text = "recorded", f"The last {SPAN_S / 60:g} minutes are saved in {path}."
            self.result = text
            self._put(Noted(self._clock.monotonic(), kind, text))

    def _write(self) -> Path:
        """Write a file and return its path. Raises OSError and TraceError, leaving no file behind."""
        with self._lock:
            at, full = self._taken % self._rows, self._taken >= self._rows
            times, statuses, *channels = (
                column[at:] + column[:at] if full else column[:at] for column in self._columns
            )
            calibration, zeros = self._calibration, tuple(self._zeros)
        now = self._clock.monotonic()
        first = bisect_left(times, now - SPAN_S)
        start = times[first] if first < len(times) else now
        offset_utc = self._clock.utc() - now if self._clock.trusted() else None
        about = About(
            FORMAT,
            calibration,
            zero=next((zero for t, zero in reversed(zeros) if t <= start), zeros[0][1]),
            matpi=__version__,
            start_utc=None if offset_utc is None else datetime.fromtimestamp(start + offset_utc, UTC).isoformat(),
            rate=self._rate,
        )
        self._make_room()
        unfinished = self._folder / "unfinished.gz"  # renamed when complete; one left by a power cut is overwritten
        try:
            with TraceWriter(unfinished, len(channels), "counts", about=about, overwrite=True) as trace:
                for row in range(first, len(times)):
                    status = STATUSES[statuses[row]]
                    flag = "" if status is Status.OK else status
                    trace.write(times[row], tuple(channel[row] for channel in channels), not flag, flag)
            self._share(unfinished, 0o640)
            path = self._free_name(now, offset_utc)
            unfinished.rename(path)
            paths.sync_folder(self._folder)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()  # it would take the last room of a full disk
            raise
        return path

    def _make_room(self) -> None:
        """Make the folder, and remove the oldest files over FILES_MAX less one."""
        if not self._folder.exists():
            self._folder.mkdir()
            self._share(self._folder, 0o750)
            paths.sync_folder(self._folder.parent)
        newest_last = sorted(self._folder.glob("*.csv.gz"), key=lambda path: path.stat().st_mtime)
        for path in newest_last[: 1 - FILES_MAX]:
            path.unlink()

    def _free_name(self, now: float, offset_utc: float | None) -> Path:
        """Return a name with the date, without a trusted clock with the boot and the seconds since."""
        if offset_utc is None:
            stem = f"boot-{self._boot_id[:8]}-{now:.0f}s"
        else:
            stem = datetime.fromtimestamp(now + offset_utc, UTC).strftime("%Y%m%dT%H%M%SZ")
        names = (self._folder / f"{stem}{f'-{n}' if n > 1 else ''}.csv.gz" for n in count(1))
        return next(path for path in names if not path.exists())

    def _share(self, path: Path, mode: int) -> None:
        """Set `mode` whatever the umask and, as root, the owner of the log's folder: the log may be missing."""
        path.chmod(mode)
        if os.geteuid() == 0:
            owner = self._folder.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
