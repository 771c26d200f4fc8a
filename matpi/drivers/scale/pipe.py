"""Encode and decode the records on the pipe from the reader process.

Each record begins with 16 bytes, little-endian: kind, chip, status (its place in STATUSES), a spare byte, a signed
32-bit number, and monotonic seconds as a double. A sample's number is its counts; a report and a message are followed
by that many bytes of JSON. No record is longer than PIPE_BUF, so that the kernel takes it whole or not at all.
"""

from __future__ import annotations

import json
import os
import select
import struct
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from matpi.drivers.scale.guard import CODE_MAX, CODE_MIN, STATUSES, Counts, Sample

HEAD: Final = struct.Struct("<BBBxid")
SAMPLE, REPORT, MESSAGE = 1, 2, 3
LONGEST: Final = select.PIPE_BUF - HEAD.size
WAITING: Final = 2000  # records held back: 12 s of two chips at 80/s; the parent kills a reader without readings sooner


class JsonRecord(NamedTuple):
    """A report or a message."""

    t: float
    kind: int  # REPORT or MESSAGE
    body: dict[str, Any]


class FormatError(ValueError):
    """The bytes from the pipe are no records."""


def sample_record(chip: int, sample: Sample) -> bytes:
    return HEAD.pack(SAMPLE, chip, STATUSES.index(sample.status), sample.counts, sample.t)


def json_record(kind: int, t: float, body: Mapping[str, Any]) -> bytes:
    """Encode a report or a message. Raises ValueError when it is too long for one write."""
    text = json.dumps(body, separators=(",", ":")).encode()
    if len(text) > LONGEST:
        raise ValueError(f"a record of {len(text)} bytes does not go through the pipe in one piece")
    return HEAD.pack(kind, 0, 0, len(text), t) + text


class Outlet:
    """The writing end; never blocks. While the pipe is full, the oldest records are dropped and counted."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self.dropped = 0
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()

    def put(self, record: bytes) -> None:
        """Write a record as soon as the pipe takes it. Raises BrokenPipeError without a reading end."""
        self._waiting.append(record)
        while len(self._waiting) > WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self.flush()

    def flush(self) -> None:
        waiting = self._waiting
        while waiting:
            try:
                os.write(self._descriptor, waiting[0])
            except BlockingIOError:
                return
            waiting.popleft()


class Inlet:
    """The reading end: bytes in, in any pieces, records out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, Sample] | JsonRecord]:
        """Yield each complete record: (chip, sample), or a report or message. Raises FormatError."""
        data = self._rest + data
        at, size = 0, HEAD.size
        try:
            while at + size <= len(data):
                kind, chip, status, number, t = HEAD.unpack_from(data, at)
                if kind == SAMPLE:
                    if not CODE_MIN <= number <= CODE_MAX:
                        raise FormatError(f"counts of more than 24 bits: {number}")
                    at += size
                    yield chip, Sample(t, Counts(number), STATUSES[status])
                    continue
                if kind not in {REPORT, MESSAGE} or not 0 <= number <= LONGEST:
                    raise FormatError(f"record of unknown kind {kind}, length {number}")
                if at + size + number > len(data):
                    break
                body = json.loads(data[at + size : at + size + number])
                at += size + number
                if not isinstance(body, dict):
                    raise FormatError(f"a report that is a {type(body).__name__}")
                yield JsonRecord(t, kind, body)
        except (IndexError, UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
            raise FormatError(f"broken record: {error}") from error
        finally:
            self._rest = data[at:]
