"""Serve the control socket: one JSON object a line each way, a thread a connection, until it is closed."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from matpi.control.client import short
from matpi.control.door import Door
from matpi.control.requests import all as requests
from matpi.errors import MatpiError, UsageError

_log = logging.getLogger(__name__)
LINE_MAX: Final = 32 << 20  # bytes: an export of ten years of three sessions a day has 5 MB
CLIENTS_MAX: Final = 16  # chosen: the page has two, a terminal one
IDLE_S: Final = 300.0  # a connection that asks nothing, or takes no answer, for so long is closed
RETRY_S: Final = 0.2  # chosen: until a descriptor may be free again
SEND_S: Final = 5.0  # chosen: who takes nothing for so long is gone


class ControlServer:
    """Serves a door at `path` from `start` to `stop`. Trouble with the socket is reported, never raised."""

    def __init__(self, door: Door, path: Path, report: Callable[[str], None] = lambda _: None) -> None:
        self._door, self.path, self._report = door, path, report
        self._listener: socket.socket | None = None
        self._links: set[socket.socket] = set()
        self._lock = threading.Lock()  # guards `_links`
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)

    def start(self) -> None:
        """Bind and serve. A socket that a power cut has left is replaced; the log's lock says that no one has it."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if self.path.is_socket():
                self.path.unlink()
            before = os.umask(0o117)  # the owner and the group: the socket is never open for others, not for an instant
            try:
                with short(self.path) as name:
                    listener.bind(name)
            finally:
                os.umask(before)
            listener.listen(CLIENTS_MAX)
        except OSError as error:
            listener.close()
            self._report(f"commands and page cannot reach the device: {self.path} ({error.strerror or error})")
            return
        self._door.open()
        self._listener = listener
        self._thread.start()

    def stop(self) -> None:
        """Close the socket and every connection. Waits for nothing: its threads end within a second."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with contextlib.suppress(OSError):
            self.path.unlink()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        listener.close()
        self._door.close()
        with self._lock:
            links = tuple(self._links)
        for link in links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while (listener := self._listener) is not None:
            try:
                link, _ = listener.accept()
            except OSError as error:
                if error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ECONNABORTED}:
                    time.sleep(RETRY_S)
                    continue
                return
            with self._lock:
                full = len(self._links) >= CLIENTS_MAX
                if not full:
                    self._links.add(link)
            if full:
                _send(link, _refused(MatpiError(f"{CLIENTS_MAX} clients are connected already; close one.")))
                link.close()
                continue
            threading.Thread(target=self._serve, args=(link,), name="control client", daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        link.settimeout(IDLE_S)
        try:
            with link.makefile("rb") as lines:
                while line := lines.readline(LINE_MAX + 1):
                    if len(line) > LINE_MAX:
                        _send(link, _refused(UsageError(f"A request has at most {LINE_MAX >> 20} MiB.")))
                        return
                    if not self._answer(link, line):
                        return
        except OSError:
            pass  # it is gone
        finally:
            link.close()
            with self._lock:
                self._links.discard(link)

    def _answer(self, link: socket.socket, line: bytes) -> bool:
        """Answer a request. Return False when the connection is over."""
        try:
            request = requests.request_of(line)
            match request:
                case requests.Live():
                    return self._stream(link, self._door.live())
                case requests.Counts():
                    return self._stream(link, self._door.counts())
                case _:
                    done = self._door.perform(request)
                    return _send(link, {"said": done.said, "data": dict(done.data)})
        except MatpiError as error:
            return _send(link, _refused(error))
        except Exception as bug:  # noqa: BLE001  the device goes on
            _log.error("a request failed: %r", bug)  # not what it has: a name or a code does not belong into a log
            _log.debug("how it came to this", exc_info=True)
            sentence = f"matpi failed at this request ({type(bug).__name__}); `journalctl -u matpi` says more."
            return _send(link, {"error": sentence, "usage": False})

    def _stream(self, link: socket.socket, messages: Iterator[Mapping[str, Any] | None]) -> bool:
        with contextlib.closing(messages):  # type: ignore[type-var]
            for message in messages:
                if self._listener is None or _is_gone(link) or (message is not None and not _send(link, message)):
                    return False
        return False


def _refused(error: MatpiError) -> dict[str, Any]:
    return {"error": str(error), "usage": isinstance(error, UsageError)}


def _send(link: socket.socket, message: Mapping[str, Any]) -> bool:
    """Send a line. Return False when the client takes it no more."""
    try:
        link.settimeout(SEND_S)
        link.sendall(msgspec.json.encode(message) + b"\n")
        link.settimeout(IDLE_S)
    except OSError:
        return False
    return True


def _is_gone(link: socket.socket) -> bool:
    """Return whether the client has closed its end; what it sends during a stream is dropped."""
    link.setblocking(False)
    try:
        return link.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        link.settimeout(IDLE_S)
