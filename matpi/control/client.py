"""Ask a running device by its control socket."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from matpi.control.address import socket_of
from matpi.errors import DeviceOffError, MatpiError, StoreError, UsageError

ANSWER_S: Final = 60.0
"""The longest wait for an answer. Chosen: an import of ten years on a slow card takes seconds."""
UNSURE: Final = "look whether it was done before you repeat it"


class Reply(Struct, frozen=True):
    """What the device has answered: sentences for a person, and what a program needs."""

    said: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


class Client:
    """Asks the device at a control socket, one connection a request."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_there(self) -> bool:
        """Return whether a device listens. Raises StoreError where this user may not ask it."""
        try:
            with closing(self._connect(1.0)):
                return True
        except DeviceOffError:
            return False

    def ask(self, request: msgspec.Struct | Mapping[str, Any], timeout_s: float = ANSWER_S) -> Reply:
        """Return the answer. Raises DeviceOffError, and MatpiError with what the device has refused."""
        with self._asked(request, timeout_s, f"The device has ended before it answered; {UNSURE}.") as lines:
            answer = next(lines)
        return Reply(tuple(answer.get("said", ())), answer.get("data", {}))

    def stream(self, request: msgspec.Struct | Mapping[str, Any], timeout_s: float | None = None) -> Iterator[Any]:
        """Yield what the device sends, without an end. Raises as `ask`, also when the device ends."""
        with self._asked(request, timeout_s, "The device has ended; try again once it runs.") as lines:
            yield from lines

    @contextmanager
    def _asked(
        self, request: msgspec.Struct | Mapping[str, Any], timeout_s: float | None, ended: str
    ) -> Iterator[Iterator[Any]]:
        try:
            line = msgspec.json.encode(request) + b"\n"
        except UnicodeEncodeError:
            raise UsageError(
                "This has letters that are not UTF-8; write it in a terminal with UTF-8, such as `LANG=C.UTF-8`."
            ) from None
        try:
            with closing(self._connect(timeout_s)) as link:
                with suppress(BrokenPipeError, ConnectionResetError):  # refused before it was read: why follows
                    link.sendall(line)
                with link.makefile("rb") as lines:
                    yield self._answers(lines, ended)
        except TimeoutError:
            raise DeviceOffError(
                f"The device does not answer at {self.path}; {UNSURE}, and see `matpi doctor`."
            ) from None
        except OSError as error:
            if isinstance(error, MatpiError):
                raise
            raise DeviceOffError(f"The device has closed its control socket ({error.strerror}); {UNSURE}.") from None

    def _answers(self, lines: Any, ended: str) -> Iterator[Any]:
        while (line := lines.readline()).endswith(b"\n"):  # a device that is killed may leave half a line
            answer = json.loads(line)
            if "error" in answer:
                raise (UsageError if answer.get("usage") else MatpiError)(answer["error"])
            yield answer
        raise DeviceOffError(ended)

    def _connect(self, timeout_s: float | None) -> socket.socket:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(timeout_s)
        try:
            with short(self.path) as name:
                link.connect(name)
        except PermissionError:
            link.close()
            raise StoreError(
                f"The running device may not be asked by this user ({self.path}); join its group with "
                "`sudo usermod -aG matpi NAME` and log in again, or use sudo."
            ) from None
        except OSError:
            link.close()
            raise DeviceOffError(f"No device is running with the control socket {self.path}; start it.") from None
        except BaseException:
            link.close()
            raise
        return link


@contextmanager
def short(path: Path) -> Iterator[str]:
    """Yield a name of the socket that fits into the 108 bytes that the kernel has for one."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def device_of(log: Path) -> Client | None:
    """Return the running device of this log; None: there is none. Raises StoreError where it may not be asked."""
    client = Client(socket_of(log))
    try:
        return client if client.is_there() else None
    except StoreError:
        if os.access(log, os.R_OK):
            raise
        return None  # what is wrong with the log itself is the better reason
