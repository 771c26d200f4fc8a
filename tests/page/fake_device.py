"""A control socket for the tests of the page: answers by a table, and streams the states that it is given."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from pathlib import Path
from typing import Any

STATE: dict[str, Any] = {
    "utc": 1773604800.0,
    "local": "2026-03-15T21:00:00+01:00",
    "today": "2026-03-15",
    "trusted": True,
    "language": "en",
    "front": "IDLE",
    "session": None,
    "spoken": "Nobody on the mat.",
}


class FakeDevice:
    """Listens at `path` from when it is made until `stop`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.replies: dict[str, Any] = {"state": {"said": [], "data": STATE}}
        """By request: an answer, or bytes that are sent as they are; others are answered with `said` "Done."."""
        self.calls: list[dict[str, Any]] = []
        self.live: list[socket.socket] = []
        self.links: set[socket.socket] = set()
        self.connected = 0
        self.changed = threading.Condition()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(32)
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._open = False
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in tuple(self.links):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def show(self, **changes: Any) -> None:
        """Send a state to all that listen."""
        with self.changed:
            listening = tuple(self.live)
        for link in listening:
            with contextlib.suppress(OSError):  # it has just left
                link.sendall(json.dumps(STATE | changes).encode() + b"\n")

    def wait_for_live(self, count: int, timeout_s: float = 20.0) -> int:
        """How many streams there are once there are `count`, or after the timeout."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.live) == count, timeout_s)
            return len(self.live)

    def asked(self, name: str) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["do"] == name]

    def _accept(self) -> None:
        while self._open:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self.connected += 1
            self.links.add(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link, link.makefile("rb") as lines, contextlib.suppress(OSError):
            for line in lines:
                call = json.loads(line)
                self.calls.append(call)
                if call["do"] == "live":
                    with self.changed:  # who has heard of the first state is in the list
                        link.sendall(json.dumps(STATE).encode() + b"\n")
                        self.live.append(link)
                        self.changed.notify_all()
                    continue
                reply = self.replies.get(call["do"], {"said": ["Done."], "data": {}})
                link.sendall(reply if isinstance(reply, bytes) else json.dumps(reply).encode() + b"\n")
        self.links.discard(link)
        with self.changed:
            if link in self.live:
                self.live.remove(link)
                self.changed.notify_all()
