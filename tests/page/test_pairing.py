"""The way in: the code once, then a token that is stored as its hash; and out again."""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from matpi.errors import StoreError, UsageError
from matpi.page import app
from matpi.page.devices import DEVICES_MAX, NAME_MAX, Devices, devices_file
from tests.page.conftest import Page


def test_the_right_code_pairs_a_browser(make_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "PAIR_EVERY_S", 0.0)
    page = make_page()
    answer = page.post("/api/pair", {"code": "123456", "name": "Anna's phone"}, paired=False)

    assert (answer.status, answer.text) == (200, "{}")
    assert page.device.asked("pair") == [{"do": "pair", "code": "123456"}]
    token, *attributes = answer.headers["set-cookie"].split("; ")
    wanted = ["HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=strict"]
    assert sorted(attributes) == wanted
    secret = token.removeprefix("matpi=")
    assert len(secret) == 43, "256 bits in base64"
    devices = json.loads(page.get("/api/devices", cookie=token).text)
    assert [one["name"] for one in devices if one["this"]] == ["Anna's phone"]
    assert secret not in page.devices.path.read_text()
    assert stat.S_IMODE(page.devices.path.stat().st_mode) == 0o600

    page.post("/api/pair", {"code": "123456"}, paired=False, user_agent="Mozilla/5.0 " + "x" * 200)
    assert page.devices.all()[-1].name.startswith("Mozilla/5.0 xxx")
    assert len(page.devices.all()[-1].name) == NAME_MAX


def test_a_wrong_code_pairs_nobody_and_few_can_be_tried(make_page: Callable[..., Page]) -> None:
    page = make_page()
    page.device.replies["pair"] = {"error": "That is not the code; 4 tries are left.", "usage": False}
    before = page.devices.all()
    first = page.post("/api/pair", {"code": "000000"}, paired=False)
    assert (first.status, first.error) == (409, "That is not the code; 4 tries are left.")
    assert "set-cookie" not in first.headers

    begun = time.monotonic()
    answers = [page.post("/api/pair", {"code": f"{n:06}"}, paired=False).status for n in range(300)]
    passed = time.monotonic() - begun
    assert set(answers) <= {409, 429}
    assert answers.count(409) <= passed / app.PAIR_EVERY_S + 1
    assert len(page.device.asked("pair")) == 1 + answers.count(409)
    assert page.devices.all() == before


def test_a_code_is_worth_nothing_while_the_device_is_off(make_page: Callable[..., Page]) -> None:
    page = make_page(device=False)
    answer = page.post("/api/pair", {"code": "123456"}, paired=False)
    assert (answer.status, "does not answer" in answer.error) == (503, True)


def test_revoking_this_browser_takes_its_cookie(page: Page) -> None:
    token = page.devices.add("leaves")
    (own,) = [one.id for one in page.devices.all() if one.name == "leaves"]
    answer = page.post("/api/revoke", {"id": own}, cookie=f"matpi={token}")
    assert answer.status == 200
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert page.get("/api/devices").status == 200, "the other one is still paired"


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def devices(tmp_path: Path) -> Devices:
    return Devices(tmp_path / "state" / "devices.json")


def test_another_process_sees_a_change_at_once(devices: Devices) -> None:
    other = Devices(devices.path)
    token = devices.add("a phone")
    (found,) = other.all()
    assert other.find(token) == found
    assert other.find(token + "x") is None
    other.revoke(found.id)
    assert devices.find(token) is None
    with pytest.raises(UsageError, match="No browser of the id"):
        devices.revoke(found.id)


def test_the_one_unseen_for_longest_makes_room(devices: Devices, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1_000_000, 2_000_000, 10_000))
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    tokens = [devices.add(f"number {n}") for n in range(DEVICES_MAX)]
    first = devices.find(tokens[0])
    assert first is not None
    assert devices.is_due(first)
    devices.saw(first)
    devices.add("one more")

    assert len(devices.all()) == DEVICES_MAX
    assert devices.find(tokens[0]) is not None
    assert devices.find(tokens[1]) is None


def test_seen_is_written_once_an_hour(make_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch) -> None:
    page = make_page()
    written = page.devices.path.stat().st_mtime_ns
    for _ in range(5):
        assert page.get("/api/devices").status == 200
    assert page.devices.path.stat().st_mtime_ns == written
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3700.0)
    assert page.get("/api/devices").status == 200
    assert page.devices.all()[0].seen_utc == now + 3700.0


def test_many_at_once_lose_nothing(devices: Devices) -> None:
    threads = [threading.Thread(target=Devices(devices.path).add, args=(f"number {n}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.id for one in devices.all()}) == 12


def test_a_damaged_file_pairs_nobody_and_is_kept(devices: Devices, caplog: pytest.LogCaptureFixture) -> None:
    damages = (b"", b"{", b"\xff\xfe", b'{"devices": 3}', b'{"devices": [{"id": 1}], "version": 1}', b"[]")
    for n, damaged in enumerate(damages, 1):
        token = devices.add("a phone")
        devices.path.write_bytes(damaged)
        caplog.clear()
        assert devices.find(token) is None
        assert devices.all() == ()
        (said,) = caplog.messages
        assert "was damaged and is kept as" in said
        kept = sorted(devices.path.parent.glob("*.damaged-*"))
        assert len(kept) == n
        assert damaged in {path.read_bytes() for path in kept}
    assert devices.find(devices.add("again")) is not None


def test_a_file_that_cannot_be_read_pairs_nobody_and_stays(devices: Devices, caplog: pytest.LogCaptureFixture) -> None:
    devices.path.mkdir(parents=True)
    with caplog.at_level(logging.ERROR):
        assert devices.all() == devices.all() == ()
    assert [("nobody is paired" in said) for said in caplog.messages] == [True]
    with pytest.raises(StoreError):
        devices.add("a phone")
    assert devices.path.is_dir()


def test_what_cannot_be_read_for_a_moment_is_not_written_over(
    devices: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices.add("a phone")
    (known,) = devices.all()

    def fail(_: Path) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", fail)
        with pytest.raises(StoreError, match=r"Cannot change the paired browsers in .*: the disk reports an error"):
            Devices(devices.path).add("another")
        with pytest.raises(StoreError):
            Devices(devices.path).revoke(known.id)
        Devices(devices.path).saw(known)
    assert Devices(devices.path).all() == (known,)


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(StoreError, match="a part of its path is a file"):
        Devices(tmp_path / "state" / "devices.json").add("a phone")


def test_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert devices_file(tmp_path / "mat.db") == tmp_path / "mat.db.page.json"
    monkeypatch.setenv("STATE_DIRECTORY", os.fspath(tmp_path / "state"))
    assert devices_file(tmp_path / "mat.db") == tmp_path / "state" / "devices.json"


def test_a_call_that_is_half_sent_when_its_browser_is_revoked_is_refused(make_page: Callable[..., Page]) -> None:
    page = make_page()
    where = urlsplit(page.url)
    (staying,) = page.devices.all()
    calls = {
        "/api/do": b'{"do": "people", "words": ["add", "Mallory"]}',
        "/api/import": b'{"format": "matpi"}',
        "/api/revoke": json.dumps({"id": staying.id}).encode(),
    }
    for path, body in calls.items():
        token = page.devices.add("leaves")
        leaving = page.devices.find(token)
        assert leaving is not None
        with socket.create_connection((where.hostname, where.port), timeout=30) as link:
            link.sendall(
                f"POST {path} HTTP/1.1\r\nHost: {where.netloc}\r\nCookie: matpi={token}\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body[:5]
            )
            assert page.get("/api/devices").status == 200  # the head has been taken by then
            page.devices.revoke(leaving.id)
            link.sendall(body[5:])
            answer = link.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 401 "), (path, answer)
        assert b"not paired" in answer
    assert page.device.asked("people") == page.device.asked("import") == []
    assert page.devices.all() == (staying,)


def test_a_damaged_list_that_cannot_be_renamed_is_reported_once(
    devices: Devices, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token = devices.add("a phone")
    devices.path.write_text("{damaged")

    def denied(*_: object) -> Path:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", denied)
    for _ in range(50):
        assert devices.find(token) is None
    assert len(caplog.records) == 1, caplog.text
