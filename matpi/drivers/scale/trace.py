"""Read and write recorded traces, for `matpi record`, the recorder and `matpi replay`.

A trace is comma-separated text, plain or gzip. A recording of load cells begins with a comment: `# matpi recording` and
a JSON object (`About`) with calibration and zero. The next line, else the first, names the columns, in any order:

- `t_s`: seconds, uneven steps allowed, never decreasing. Equal times keep their order: coarse clocks make them.
- `kg_0` ... `kg_3`: one to four channels in kg from the calibrated reference; or `counts_0` ... `counts_3`:
  the chips' signed 24-bit codes, which need a calibration.
- `ok` (optional): 0 marks a reading its reader has flagged.
- `flag` (optional): why, as `guard.Status` names it; for people, not read.

Reading holds one line at a time.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, Literal, NamedTuple, Self

import msgspec

from matpi import paths
from matpi.core.events import Reading
from matpi.core.model import Calibration, Zero
from matpi.drivers.scale.guard import CODE_MAX, CODE_MIN
from matpi.errors import TraceError

Kind = Literal["kg", "counts"]

CHANNELS_MAX: Final = 4
LINE_BYTES: Final = 4096  # six columns of 25 digits take 160; a longer line is no trace
T_LIMIT_S: Final = 1e10  # 317 years: Unix seconds fit, Unix milliseconds do not
KG_LIMIT: Final = 1e4  # chosen so that no sum overflows; four 50 kg cells saturate at 391 kg
FLUSH_S: Final = 1.0  # what a power cut may cost a recording
FORMAT: Final = 1  # raised when an older reader would misread a recording; optional fields do not raise it
MARK: Final = b"# matpi recording "


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """The head of a recording; unknown fields are skipped."""

    format: int
    calibration: Calibration  # in use when the recording ended
    zero: Zero | None = None  # in use when it began; None: not found yet
    matpi: str = ""  # version that recorded
    start_utc: str | None = None  # wall clock of the first row, ISO 8601; None: the clock was not trusted
    rate: int | None = None  # of the chips by their jumper, samples/s

    def __post_init__(self) -> None:
        if not all(CODE_MIN <= code <= CODE_MAX for code in self.calibration.reference_counts):
            raise ValueError(f"a reference does not fit 24 bits, {CODE_MIN} to {CODE_MAX}")
        if self.zero is not None and not all(abs(kg) <= KG_LIMIT for kg in self.zero.kg):
            raise ValueError(f"the zero is no load of at most {KG_LIMIT:g} kg")


class _BadLineError(Exception):
    """What is wrong with a line, and what to do about it."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(f"{what}; {do}")


class _Columns(NamedTuple):
    t: int
    values: tuple[int, ...]
    ok: int | None
    width: int
    calibration: Calibration | None  # None: the values are kg


class Trace:
    """The readings of a trace, to be iterated once. A code at an end of the range is a flagged reading.

    `given` is a calibration for traces in counts; it replaces the one inside together with its zero.
    Raises TraceError with file and line: when made if there is no first reading, else after the readings before it.
    """

    def __init__(self, path: Path, given: Calibration | None = None) -> None:
        self.calibration = given  # the one in use; None: the trace is in kg
        self.zero: Zero | None = None
        readings = self._read(path)
        self._readings = chain((next(readings),), readings)

    def __iter__(self) -> Iterator[Reading]:
        return self._readings

    def _read(self, path: Path) -> Iterator[Reading]:
        number = 0
        try:
            with _opened(path) as file:
                header = file.readline(LINE_BYTES)
                number = 1
                if header.startswith(MARK):
                    about = _about(path, header)
                    if self.calibration is None:
                        self.calibration, self.zero = about.calibration, about.zero
                    header = file.readline(LINE_BYTES)
                    number = 2
                columns = _columns(path, number, header, self.calibration)
                self.calibration = columns.calibration
                self.zero = None if self.calibration is None else self.zero
                last = -math.inf
                while line := file.readline(LINE_BYTES):
                    number += 1
                    if line.isspace():
                        continue
                    reading = _reading(line, columns, last)
                    last = reading.t
                    yield reading
        except TraceError:
            raise
        except _BadLineError as error:
            raise TraceError(f"{path}, line {number}: {error}.") from error.__cause__
        except (EOFError, zlib.error) as error:
            why = "ends too early" if isinstance(error, EOFError) else "is damaged"
            raise TraceError(
                f"{path}: the gzip file {why} after line {number}; the lines before it are good, "
                f"`gzip -dc` can save them, or record again."
            ) from None
        except (OSError, ValueError) as error:
            raise TraceError(_cannot_open(path, error)) from error
        if last == -math.inf:
            raise TraceError(f"{path} names its columns but holds no reading; record again.")


def read_calibration(path: Path) -> Calibration:
    """Read {"reference_counts": [...], "counts_per_kg": [...]}, a number a channel. Raises TraceError."""
    try:
        with path.open("rb") as file:
            raw = file.read((1 << 16) + 1)
    except (OSError, ValueError) as error:
        raise TraceError(_cannot_open(path, error)) from error
    form = '{"reference_counts": [0, 0], "counts_per_kg": [42950.0, 42950.0]}'
    try:
        given = msgspec.json.decode(raw, type=_CalibrationFile)
        return Calibration(given.reference_counts, given.counts_per_kg)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise TraceError(f"{path} is no calibration: {error}; write it as {form}.") from error


class TraceWriter:
    """Write a trace, gzip when the name ends in .gz. Times are rounded to 1 us, loads to 0.1 g.

    With `about` it is a recording: in counts, with a head and a column `flag`. A power cut costs at most FLUSH_S.
    Raises TraceError when the file exists (unless `overwrite`) or cannot be made, and when the disk is full.
    """

    def __init__(
        self,
        path: Path,
        channels: int,
        kind: Kind = "kg",
        *,
        about: About | None = None,
        overwrite: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 1 <= channels <= CHANNELS_MAX:
            raise ValueError(f"a trace has 1 to {CHANNELS_MAX} channels: {channels}")
        self.path = path
        self.readings = 0
        self._kind = kind
        self._last = ["flag"] if about is not None else []
        self._channels = channels
        self._now = now
        try:
            self._raw = path.open("wb" if overwrite else "xb")
        except FileExistsError:
            raise TraceError(f"{path} exists already; choose another name, or give --overwrite.") from None
        except (OSError, ValueError) as error:
            raise TraceError(f"{path} cannot be made ({_why(error)}); choose another name or folder.") from error
        # No name and no time in the header: equal readings make equal files.
        packed = path.suffix == ".gz"
        self._file: BinaryIO | gzip.GzipFile = gzip.GzipFile("", "wb", 6, self._raw, mtime=0) if packed else self._raw
        self._flushed = -math.inf
        self._is_stored = path.is_file()  # a pipe or a terminal cannot be synchronised
        try:
            if about is not None:
                self._put((MARK + msgspec.json.encode(about)).decode())
            self._put(",".join(["t_s", *(f"{kind}_{n}" for n in range(channels)), "ok", *self._last]))
        except TraceError:
            with suppress(TraceError):
                self.close()
            if path.is_file():  # no device such as /dev/full
                path.unlink()  # without a header it is no trace, and its name would be taken
            raise

    def write(self, t: float, values: tuple[float, ...], ok: bool = True, flag: str = "") -> None:
        """Write one reading, kg or counts a channel. A nan of a flagged reading is written as 0."""
        if len(values) != self._channels:
            raise ValueError(f"{len(values)} values for {self._channels} channels")
        if not ok:
            values = tuple(value if math.isfinite(value) else 0 for value in values)
        if not all(map(math.isfinite, (t, *values))):
            raise ValueError(f"times and loads must be finite: {t}, {values}")
        form = ".4f" if self._kind == "kg" else ".0f"
        why = [flag] if self._last else []
        self._put(",".join([f"{t:.6f}", *(format(value, form) for value in values), "1" if ok else "0", *why]))
        self.readings += 1

    def close(self) -> None:
        try:
            if self._file is not self._raw:
                self._file.close()
            self._raw.flush()
            if self._is_stored:
                os.fsync(self._raw.fileno())
            self._raw.close()
        except OSError as error:
            with suppress(OSError):  # frees the file
                self._raw.close()
            raise TraceError(self._stopped(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, line: str) -> None:
        try:
            self._file.write(line.encode() + b"\n")
            if (now := self._now()) - self._flushed >= FLUSH_S:
                self._file.flush()  # of a gzip file: to the end of a block, and the file below it
                if self._is_stored:
                    os.fsync(self._raw.fileno())
                    if self._flushed == -math.inf:
                        paths.sync_folder(self.path.parent)  # or a power cut takes the new name away
                self._flushed = now
        except OSError as error:
            raise TraceError(self._stopped(error)) from error

    def _stopped(self, error: OSError) -> str:
        what = f"{self.path}: recording stopped after {self.readings} readings ({_why(error)})"
        return f"{what}; make room or choose another disk."


class _CalibrationFile(msgspec.Struct, forbid_unknown_fields=True):
    reference_counts: tuple[Annotated[int, msgspec.Meta(ge=CODE_MIN, le=CODE_MAX)], ...]
    counts_per_kg: tuple[float, ...]


class _Unpacked(io.RawIOBase):
    """What is packed in a gzip file, up to the byte where it is damaged.

    gzip.open gives nothing of the 8 KiB in which it finds damage: minutes of a recording that a power cut has ended.
    """

    def __init__(self, packed: BinaryIO) -> None:
        self._packed, self._zip, self._out = packed, zlib.decompressobj(31), b""
        self._error: zlib.error | None = None

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._packed.close()
        super().close()

    def readinto(self, into: Any) -> int:
        while not self._out:
            if self._error is not None:
                raise self._error
            data = read = self._packed.read(1024)
            if self._zip.eof:  # zeros may follow, and another member
                data = (self._zip.unused_data + read).lstrip(b"\0")
                if data:
                    self._zip = zlib.decompressobj(31)
                elif read:
                    continue
                else:
                    return 0
            if not data:
                raise EOFError
            before = self._zip.copy()
            try:
                self._out = self._zip.decompress(data)
            except zlib.error as error:
                self._error = error
                with suppress(zlib.error):
                    for at in range(len(data)):
                        self._out += before.decompress(data[at : at + 1])
        size = min(len(into), len(self._out))
        into[:size], self._out = self._out[:size], self._out[size:]
        return size


def _opened(path: Path) -> BinaryIO | io.BufferedReader:
    raw = path.open("rb")
    magic = raw.peek(2)[:2]
    if magic == b"\x1f\x8b":
        return io.BufferedReader(_Unpacked(raw))
    if path.suffix == ".gz" and magic:
        raw.close()
        raise TraceError(f"{path} is named .gz but is not gzip; give it the right name, or record again.")
    return raw


def _about(path: Path, header: bytes) -> About:
    try:
        about = msgspec.json.decode(header.removeprefix(MARK), type=About)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _BadLineError(f"the calibration inside cannot be read ({error})", "record again") from error
    if about.format > FORMAT:
        raise TraceError(f"{path} was recorded by a newer matpi ({about.matpi}); replay it with that version.")
    return about


def _columns(path: Path, number: int, header: bytes, calibration: Calibration | None) -> _Columns:
    if not header:
        raise TraceError(f"{path} is empty; record again.")
    known = ["t_s", "ok", "flag", *(f"{kind}_{n}" for kind in ("kg", "counts") for n in range(CHANNELS_MAX))]
    expected = f"line {number} must name the columns, such as t_s,kg_0,kg_1,ok"
    try:
        names = [name.strip() for name in header.decode("utf-8-sig").split(",")]
    except UnicodeDecodeError:
        raise TraceError(f"{path} is not text; {expected}.") from None
    for name in names:
        if name not in known:
            shown = name[:40].encode("unicode_escape").decode()
            raise _BadLineError(f'"{shown}" is no column of a trace', expected)
        if names.count(name) > 1:
            raise _BadLineError(f"the column {name} is there twice", "take one out")
    kinds = {name.partition("_")[0] for name in names} - {"t", "ok", "flag"}
    if "t_s" not in names or len(kinds) != 1:
        raise _BadLineError("a trace has t_s and either kg or counts", expected)
    kind = kinds.pop()
    channels = sum(name.startswith(kind) for name in names)
    wanted = [f"{kind}_{n}" for n in range(channels)]
    for name in wanted:
        if name not in names:
            raise _BadLineError(f"the column {name} is missing", "channels are numbered without a gap")
    if kind == "kg":
        calibration = None
    elif calibration is None:
        raise TraceError(f"{path} is in counts; give the calibration of that mat with --calibration.")
    elif (calibrated := len(calibration.reference_counts)) != channels:
        raise TraceError(f"{path} has {channels} channels and the calibration has {calibrated}; give that mat's own.")
    ok = names.index("ok") if "ok" in names else None
    return _Columns(names.index("t_s"), tuple(map(names.index, wanted)), ok, len(names), calibration)


def _reading(line: bytes, columns: _Columns, last: float) -> Reading:
    fields = line.split(b",")
    if len(fields) != columns.width:
        if len(line) == LINE_BYTES:
            raise _BadLineError(f"the line is longer than {LINE_BYTES} characters", "this is no trace")
        cut = "" if line.endswith(b"\n") else "; the recording was cut there"
        raise _BadLineError(f"{columns.width} fields are expected, {len(fields)} found{cut}", "take the line out")
    try:
        t = float(fields[columns.t])
        ok = columns.ok is None or bool((b"0", b"1").index(fields[columns.ok].strip()))
        if columns.calibration is not None:
            counts = tuple([int(fields[at]) for at in columns.values])
        else:
            kg = tuple([float(fields[at]) for at in columns.values])
    except ValueError:
        shown = line.strip()[:60].decode("ascii", "backslashreplace").encode("unicode_escape").decode()
        raise _BadLineError(f'not all of "{shown}" are numbers', "correct the line or take it out") from None
    # Python's digit separator, which float() takes.
    if any(b"_" in fields[at] for at in (columns.t, *columns.values)):
        raise _BadLineError("numbers are written without _", "correct the line")
    if not abs(t) <= T_LIMIT_S:
        raise _BadLineError(f"{t:g} is no time in seconds", f"give t_s in seconds, up to {T_LIMIT_S:g}")
    if t < last:
        raise _BadLineError(f"the time runs backwards, from {last:g} to {t:g} s", "sort the file by t_s")
    if columns.calibration is not None:
        if not CODE_MIN <= min(counts) <= max(counts) <= CODE_MAX:
            raise _BadLineError(f"{counts} does not fit 24 bits with a sign", f"give {CODE_MIN} to {CODE_MAX}")
        return Reading(t, columns.calibration.kg(counts), ok and not {CODE_MIN, CODE_MAX}.intersection(counts))
    for value in kg:
        if not abs(value) <= KG_LIMIT:
            raise _BadLineError(f"{value:g} is no load in kg", f"give at most {KG_LIMIT:g}, or take the line out")
    return Reading(t, kg, ok)


def _why(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)


def _cannot_open(path: Path, error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path}: there is no such file; check the name."
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; name a file in it."
    if isinstance(error, PermissionError):
        return f"{path} may not be read by this user; change its owner or mode."
    return f"{path!s} cannot be read ({_why(error)}); check the name and the disk."
