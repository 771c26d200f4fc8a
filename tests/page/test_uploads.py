"""An import: an export as it is, a backup as the export that it would make; nothing else, and nothing too large."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matpi.page import uploads
from matpi.store.db import Store, image
from matpi.store.incoming import read
from matpi.store.transfer import take
from tests.page.conftest import Page

BINARY: dict[str, Any] = {"content_type": "application/octet-stream"}


def test_what_was_exported_comes_in_again(page: Page, tmp_path: Path) -> None:
    for path in ("/export.json", "/backup.db"):
        page.device.calls.clear()
        whole = _bytes(page, path)
        answer = page.ask("POST", "/api/import", whole, **BINARY)
        assert (answer.status, json.loads(answer.text)["said"]) == (200, ["Done."])
        (call,) = page.device.asked("import")
        assert call["person"] is None
        export = tmp_path / f"{path[1:]}.json"
        export.write_text(call["document"])
        with Store.open(tmp_path / f"{path[1:]}.log") as empty:
            done = take(empty, read(export))
            assert (done.sessions, done.ratings) == (3, 3), path


def _bytes(page: Page, path: str) -> bytes:
    from urllib.request import Request, urlopen

    with urlopen(Request(page.url.rstrip("/") + path, headers=page.cookie)) as answer:
        return bytes(answer.read())


def test_what_is_no_backup_is_refused_in_a_sentence(page: Page, tmp_path: Path) -> None:
    page.device.calls.clear()
    whole = image(page.log)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as conn:
        conn.execute("CREATE TABLE recipes (name)")
    conn.close()
    damaged = bytearray(whole)
    damaged[4096 * 2 : 4096 * 4] = b"\xaa" * 8192
    for body in (whole[:5000], bytes(damaged), foreign.read_bytes(), b"SQLite format 3\0", b"\xff\xfe", b"PK\3\4\xff"):
        answer = page.ask("POST", "/api/import", body, **BINARY)
        assert answer.status in {409, 503}, body[:20]
        assert answer.error.endswith("."), answer.error
        assert "/tmp" not in answer.error
        assert not re.search(r"matpi-page-\w+", answer.error)
    assert page.device.asked("import") == []


def test_what_the_device_refuses_is_shown_in_its_words(page: Page) -> None:
    page.device.replies["import"] = {"error": "line 1, field format: no export; nothing was imported.", "usage": False}
    answer = page.ask("POST", "/api/import", "{}", content_type="application/json")
    assert (answer.status, answer.error) == (409, "line 1, field format: no export; nothing was imported.")
    del page.device.replies["import"]


def test_a_file_that_is_too_large_is_refused(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    page.device.calls.clear()
    monkeypatch.setattr(uploads, "IMPORT_MAX_BYTES", 2_000_000)
    monkeypatch.setattr(uploads, "IN_MEMORY_BYTES", 100_000)
    answer = page.ask("POST", "/api/import", b" " * 2_000_001, **BINARY)
    assert (answer.status, answer.error.startswith("The file is larger than")) == (413, True)
    assert page.ask("POST", "/api/import", b" " * 2_000_000, **BINARY).status == 200
    assert [len(call["document"]) for call in page.device.asked("import")] == [2_000_000]


def test_an_export_that_is_larger_than_a_running_device_takes_is_refused(page: Page) -> None:
    from matpi.control.requests.transfer import BESIDE_MAX

    assert uploads.EXPORT_MAX_BYTES == BESIDE_MAX
    page.device.calls.clear()
    answer = page.ask("POST", "/api/import", b" " * (BESIDE_MAX + 1), **BINARY)
    assert (answer.status, "stop the device" in answer.error) == (409, True)
    assert page.device.asked("import") == []
    assert page.ask("POST", "/api/import", b" " * BESIDE_MAX, **BINARY).status == 200


def test_one_import_at_a_time(make_page: Callable[..., Page]) -> None:
    page = make_page()
    page.device.replies["import"] = b""  # no answer
    first = threading.Thread(target=page.ask, args=("POST", "/api/import", "{}"), kwargs=BINARY)
    first.start()
    try:
        while not page.device.asked("import"):
            pass
        answer = page.ask("POST", "/api/import", "{}", **BINARY)
        assert (answer.status, answer.error) == (409, "Another import is under way; try again when it is done.")
    finally:
        page.device.stop()
        first.join()


def test_an_upload_that_breaks_off_leaves_the_next_one_alone(page: Page) -> None:
    import socket
    from urllib.parse import urlsplit

    page.device.calls.clear()
    where = urlsplit(page.url)
    with socket.create_connection((where.hostname, where.port)) as half:
        half.sendall(
            f"POST /api/import HTTP/1.1\r\nHost: localhost\r\nCookie: matpi={page.token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{".encode()
        )
    while (answer := page.ask("POST", "/api/import", "{}", content_type="application/json")).status == 409:
        pass  # until the page has seen that it is gone
    assert answer.status == 200
    assert len(page.device.asked("import")) == 1
