"""docs/dev/upstream.md holds: its receiver is run as it stands there, its example is what the device sends."""

from __future__ import annotations

import base64
import json
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from matpi.core.effects import Save
from matpi.core.model import EndReason, Session
from matpi.store.db import Store
from matpi.upstream.config import WebhookConfig
from matpi.upstream.queue import Outbox
from matpi.upstream.sink import Delivery, LaterError
from matpi.upstream.webhook import Webhook
from tests.store.values import edit_session, rating, session, stop

PAGE = (Path(__file__).parents[2] / "docs" / "dev" / "upstream.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@contextmanager
def receiver(folder: Path, secret: Path, instead: tuple[str, str] = ("", "")) -> Iterator[str]:
    """The page's receiver in a process of its own, with a word of it changed; its address."""
    (folder / "receiver.py").write_text(block("python").replace(*instead), encoding="utf-8")
    (folder / "house.secret").write_bytes(secret.read_bytes())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "receiver.py", "127.0.0.1", str(port)], cwd=folder, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    pytest.fail("the receiver of the page does not start")


def stored(folder: Path) -> dict[str, tuple[int, str, Any]]:
    conn = sqlite3.connect(folder / "records.db")
    rows = conn.execute("SELECT kind || ' ' || id, rev, type, data FROM records ORDER BY rowid").fetchall()
    conn.close()
    return {row[0]: (row[1], row[2], json.loads(row[3])) for row in rows}


def test_the_receiver_has_thirty_lines() -> None:
    code = [line for line in block("python").splitlines() if line.strip()]
    assert len(code) <= 30


def test_the_receiver_stores_each_record_once_and_its_newest_revision(
    tmp_path: Path, home: WebhookConfig, secret_file: Path
) -> None:
    with Store.open(tmp_path / "matpi.db", sinks=("house",)) as store:
        store.write(Save(session()))
        store.write(Save(rating("s1")))
        edit_session(store, "s1", routine="neck")
        store.write(Save(stop()))
        box = Outbox(store.path, "house")
        with receiver(tmp_path, secret_file) as url:
            sink = Webhook(msgspec.structs.replace(home, url=url))
            sent = []
            while (due := box.due()) is not None:
                sink.deliver(due, time.time())
                box.acked(due, None)
                sent.append(due)
                if due.kind == "stop_sign":
                    with store.writing() as conn:
                        conn.execute("DELETE FROM stops")
            for again in (sent[0], sent[0], sent[2]):  # their answers were lost
                sink.deliver(again, time.time())
            sink.deliver(Delivery(0, "t-1", "test", b'{"type":"test","timestamp":null,"data":{}}'), time.time())
        box.close()
    assert {id_: (rev, kind) for id_, (rev, kind, _) in stored(tmp_path).items()} == {
        "session s1": (2, "session"), "rating s1": (1, "rating"), "stop_sign w1": (2, "stop_sign_deleted"),
    }  # fmt: skip
    assert stored(tmp_path)["session s1"][2]["routine"] == "neck"


def test_the_receiver_accepts_no_one_else(tmp_path: Path, home: WebhookConfig, secret_file: Path) -> None:
    with receiver(tmp_path, secret_file) as url:
        secret_file.write_text("whsec_" + base64.b64encode(bytes(32)).decode())
        sink = Webhook(msgspec.structs.replace(home, url=url))
        record = Delivery(1, "s1-1", "session", b'{"type":"session","data":{"id":"s1","rev":1}}')
        with pytest.raises(LaterError, match="HTTP 401"):
            sink.deliver(record, time.time())
        secret_file.write_bytes((tmp_path / "house.secret").read_bytes())
        with pytest.raises(LaterError, match="HTTP 401"):
            sink.deliver(record, time.time() - 3600.0)
        sink.deliver(record, time.time())
    assert list(stored(tmp_path)) == ["session s1"]


def test_the_receiver_survives_clients_that_send_nothing_or_too_much(
    tmp_path: Path, home: WebhookConfig, secret_file: Path
) -> None:
    """Its ten seconds are cut to a moment here."""
    quick = ("timeout = 10", "timeout = 0.2")
    assert quick[0] in block("python")
    with receiver(tmp_path, secret_file, quick) as url:
        port = int(url.rsplit(":", 1)[1].strip("/"))
        sink = Webhook(msgspec.structs.replace(home, url=url, timeout_s=5.0))
        record = Delivery(1, "s1-1", "session", b'{"type":"session","data":{"id":"s1","rev":1}}')
        with socket.create_connection(("127.0.0.1", port), 5.0):  # silent, and there first
            sink.deliver(record, time.time())
        for length in (b"-1", b"65537", b"9" * 30):
            assert b" 413 " in said(port, b"POST / HTTP/1.1\r\ncontent-length: " + length + b"\r\n\r\n")
        assert said(port, b"POST / HTTP/1.1\r\ncontent-length: 65536\r\n\r\nx") == b"", "given up in time"
        for odd in (b"POST / HTTP/1.1\r\n\r\n", b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"\0\r\n\r\n"):
            said(port, odd)
        sink.deliver(record, time.time())
    assert list(stored(tmp_path)) == ["session s1"]


def said(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5.0) as line:
        line.sendall(request)
        return line.recv(100)


def test_the_receiver_takes_the_first_secret_and_none_that_is_no_secret(
    tmp_path: Path, home: WebhookConfig, secret_file: Path
) -> None:
    right = secret_file.read_text()
    secret_file.write_text("\n" + right + "whsec_" + base64.b64encode(bytes(32)).decode() + "\n")
    with receiver(tmp_path, secret_file) as url:
        secret_file.write_text(right)
        record = Delivery(1, "s1-1", "session", b'{"type":"session","data":{"id":"s1","rev":1}}')
        Webhook(msgspec.structs.replace(home, url=url)).deliver(record, time.time())
    for text in ("", "\n\n", "whsec_\n", "whsec_c2hvcnQ=\n"):
        (tmp_path / "house.secret").write_text(text)
        ended = subprocess.run(
            [sys.executable, "receiver.py", "127.0.0.1", "0"],
            cwd=tmp_path,
            check=False,
            stderr=subprocess.PIPE,
            text=True,
            timeout=20,
        )
        assert ended.returncode == 1
        assert "house.secret has no usable secret" in ended.stderr


def test_the_example_is_what_is_sent(tmp_path: Path) -> None:
    example = json.loads(block("json"))
    made = Session(
        id="5f0c6f3a",
        boot_id="b",
        start_mono=1.0,
        span_s=620.1,
        on_mat_s=600.3,
        reason=EndReason.LEFT,
        start_utc=1_773_602_400.0,
        utc_offset_s=3600,
        day=date(2026, 3, 15),
        aways=1,
    )
    with Store.open(tmp_path / "matpi.db", sinks=("house",)) as store:
        store.write(Save(made))
        box = Outbox(store.path, "house")
        due = box.due()
        box.close()
    assert due is not None
    assert json.loads(due.body) == example
    assert due.body.decode() == block("json").strip()


def test_every_field_is_in_the_table(tmp_path: Path) -> None:
    reported = set(
        re.findall(r"`(?:data\.)?(\w+)`", "".join(re.findall(r"^\| `(?:data\.|timestamp).*?\|", PAGE, re.MULTILINE)))
    )
    with Store.open(tmp_path / "matpi.db", sinks=("house",)) as store:
        store.write(Save(session()))
        store.write(Save(rating(session_id=None)))
        store.write(Save(stop()))
        store.write(Save(session("s2")))
        store.delete_session("s1")
        bodies = [json.loads(body) for (body,) in store._conn.execute("SELECT body FROM outbox")]
        kinds = {kind for (kind,) in store._conn.execute("SELECT kind FROM outbox")}
    assert {field for body in bodies for field in body["data"]} | {"timestamp"} == reported
    assert all(f"`{kind}`" in PAGE for kind in kinds)
