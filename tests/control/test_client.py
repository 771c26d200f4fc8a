"""The client: what it says when the device has taken a request and its answer does not come."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from matpi.cli import run
from matpi.control.address import beside
from matpi.control.client import Client
from matpi.errors import DeviceOffError


@contextmanager
def device(log: Path, takes: Callable[[socket.socket], None]) -> Iterator[Path]:
    """Listen as the device of `log`; each connection is handed to `takes`."""

    def accept() -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with link:
                takes(link)

    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(beside(log)))
        listener.listen()
        threading.Thread(target=accept, daemon=True).start()
        yield beside(log)
        listener.shutdown(socket.SHUT_RDWR)


def test_an_answer_that_does_not_come_leaves_it_open_whether_it_was_done(tmp_path: Path) -> None:
    enough = threading.Event()

    def hang(link: socket.socket) -> None:
        link.recv(4096)
        enough.wait(30)

    def end(link: socket.socket) -> None:
        link.recv(4096)

    request = {"do": "people", "words": ["add", "Anna"]}
    for name, takes in (("hang.db", hang), ("end.db", end)):
        with device(tmp_path / name, takes) as path, pytest.raises(DeviceOffError, match="look whether it was done"):
            Client(path).ask(request, timeout_s=0.3)
    enough.set()


def test_letters_that_are_not_utf_8_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[bytes] = []
    with device(tmp_path / "log.db", lambda link: asked.append(link.recv(4096))):
        assert run(["people", "add", "\udcc3nna", "--store", str(tmp_path / "log.db")]) == 2
    assert capsys.readouterr().err.startswith("matpi: This has letters that are not UTF-8; ")
    assert not any(asked)
