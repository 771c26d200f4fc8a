"""Who is let in: own names only, no other site's page, and nothing personal without pairing."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from matpi.page.app import HELLO_S, ROUTES
from tests.page.conftest import Page
from tests.web.client import ask

PERSONAL = [entry for entry in ROUTES.values() if not entry.open]


def port_of(page: Page) -> int:
    port = urlsplit(page.url).port
    assert port is not None
    return port


def test_own_names_and_addresses_are_welcome(page: Page) -> None:
    own, port = socket.gethostname(), port_of(page)
    first = own.partition(".")[0]
    for name in (own, own.upper(), first, f"{first}.local", f"{first}.local.", "localhost", "127.0.0.1", "[::1]"):
        for host in (name, f"{name}:{port}"):
            assert page.get("/api/devices", host=host).status == 200, host


def test_rebinding_is_refused(page: Page) -> None:
    port = port_of(page)
    foreign = ["evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "evil.local"]
    wrong = ["", "127.0.0.1:x", "::1", "127.0.0.1:1", f"localhost:{port + 1}", "[::1", "[]", "127.0.0.1 evil", "a@b"]
    elsewhere = ["192.168.99.4", f"10.1.2.3:{port}", "[fe80::1]", "0.0.0.0"]
    for host in foreign + wrong + elsewhere:
        for path in ("/", "/api/log", "/static/app.js", "/events"):
            answer = page.get(path, host=host)
            assert answer.status == 403, (host, path)
            assert ".local:" in answer.error
            assert "set-cookie" not in answer.headers


def test_a_request_without_or_with_two_hosts_is_refused(page: Page) -> None:
    where = urlsplit(page.url)
    for head in (b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"):
        with socket.create_connection((where.hostname, where.port), timeout=30) as raw:
            raw.sendall(head)
            assert raw.recv(4096).split()[1] in {b"400", b"403"}


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", ""])
def test_another_site_changes_and_reads_nothing(page: Page, origin: str) -> None:
    page.device.calls.clear()
    assert page.post("/api/do", {"do": "delete_everything", "sure": "delete everything"}, origin=origin).status == 403
    assert page.post("/api/pair", {"code": "123456"}, origin=origin, paired=False).status == 403
    assert page.get("/api/log", origin=origin).status == 403
    assert page.device.calls == []


def test_a_link_from_elsewhere_opens_the_page_and_nothing_else(page: Page) -> None:
    for site in ("cross-site", "same-site"):
        assert page.get("/", sec_fetch_site=site).status == 200
        for path in ("/api/log", "/events", "/static/app.js", "/export.json"):
            assert page.get(path, sec_fetch_site=site).status == 403, path
        assert page.post("/api/do", {"do": "zero"}, sec_fetch_site=site).status == 403
    for site in ("same-origin", "none"):
        assert page.get("/api/devices", sec_fetch_site=site).status == 200


def test_only_json_is_taken(page: Page) -> None:
    """What a form of another site can send without asking."""
    page.device.calls.clear()
    for path in ("/api/do", "/api/revoke", "/api/pair", "/api/import"):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            answer = page.ask("POST", path, '{"do": "zero"}', content_type=kind)
            assert answer.status == 415, (path, kind)
    assert page.device.calls == []


def test_the_unpaired_get_nothing_personal(page: Page) -> None:
    assert len(PERSONAL) == len(ROUTES) - 5
    for cookie in ("", "matpi=", "matpi=wrong", f"matpi={page.token}x", f"other={page.token}", "matpi=" + "a" * 5000):
        for entry in PERSONAL:
            path = entry.path.replace("{table}", "sessions").replace("{name}", "a.csv")
            headers = {"content-type": "application/json"} | ({"cookie": cookie} if cookie else {})
            answer = ask(page.url, entry.method, path, "{}" if entry.method == "POST" else None, headers)
            assert answer.status == 401, path
            assert list(json.loads(answer.text)) == ["error"]
            assert "not paired" in answer.error
    assert ask(page.url, "GET", "/nothing").status == 401
    for path in ("/", "/api/hello", "/static/app.js"):
        text = ask(page.url, "GET", path).text
        assert not any(secret in text for secret in ("s0", "the test", "2026-03-1", "Nobody on the mat"))


def test_the_unpaired_do_not_keep_the_device_busy(make_page: Callable[..., Page]) -> None:
    page = make_page()
    begun = time.monotonic()
    for _ in range(100):
        assert page.get("/api/hello", paired=False).status == 200
    assert len(page.device.asked("state")) <= 1 + (time.monotonic() - begun) / HELLO_S


def test_too_many_connections_are_refused_in_words_and_lock_out_no_other_address(
    make_page: Callable[..., Page],
) -> None:
    from matpi.page.access import BUSY_FROM
    from matpi.web.server import ADDRESS_MAX, CONNECTIONS_MAX

    page = make_page()
    where = urlsplit(page.url)
    at = (where.hostname, where.port)
    head = f"POST /api/do HTTP/1.1\r\nHost: {where.netloc}\r\nCookie: matpi={page.token}\r\n"
    begun = f"{head}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n".encode()
    asking = []

    def other() -> int:
        with socket.create_connection(at, timeout=30, source_address=("127.0.0.2", 0)) as link:
            link.sendall(
                f"GET /api/devices HTTP/1.1\r\nHost: {where.netloc}\r\nCookie: matpi={page.token}\r\n"
                "Connection: close\r\n\r\n".encode()
            )
            return int(link.makefile("rb").readline().split()[1])

    try:
        for n in range(BUSY_FROM):
            asking.append(socket.create_connection((where.hostname, where.port)))
            asking[-1].sendall(begun)  # an idle one would make room
            wait_for(lambda n=n: page.server.connections == n + 1)  # type: ignore[misc]
        answer = page.get("/api/devices")
        assert (answer.status, answer.error.startswith("Too many windows")) == (503, True)
        assert other() == 200
        asking += [socket.create_connection(at) for _ in range(3 * ADDRESS_MAX)]
        wait_for(lambda: page.server.connections <= ADDRESS_MAX)
        assert other() == 200
        for n in range(CONNECTIONS_MAX):  # no address has so many that an idle one makes room
            asking.append(socket.create_connection(at, source_address=(f"127.0.0.{3 + n // 50}", 0)))
        wait_for(lambda: page.server.connections == CONNECTIONS_MAX)
    finally:
        for one in asking:
            one.close()
    wait_for(lambda: page.server.connections < BUSY_FROM)
    assert page.get("/api/devices").status == 200


def wait_for(holds: Callable[[], bool], timeout_s: float = 30.0) -> None:
    until = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)
