"""The event streams: one connection to the device for all, only while a page listens; and how they end."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from matpi.page import link
from matpi.web.listeners import MAX_LISTENERS, Patience
from tests.page.conftest import Page
from tests.page.fake_device import STATE, FakeDevice
from tests.page.test_access import wait_for


def test_all_pages_share_one_connection_and_an_idle_page_has_none(page: Page) -> None:
    before = page.device.connected
    with page.listening() as one, page.listening() as other:
        for stream in (one, other):
            assert stream.message() == ("state", STATE)
        page.device.show(kg=41.0)
        for stream in (one, other):
            assert stream.message() == ("state", STATE | {"kg": 41.0})
        with page.listening() as late:
            assert late.message() == ("state", STATE | {"kg": 41.0}), "a new page waits for no change"
        assert page.device.connected == before + 1
    assert page.device.wait_for_live(0) == 0
    time.sleep(0.1)
    assert page.device.connected == before + 1


def test_the_ninth_stream_is_refused_in_words(page: Page) -> None:
    with ExitStack() as pages:
        for _ in range(MAX_LISTENERS):
            pages.enter_context(page.listening()).message()
        answer = page.get("/events")
        assert (answer.status, answer.error) == (503, "8 pages are open already; close one of them.")
    assert page.device.wait_for_live(0) == 0
    with page.listening() as again:
        assert again.message() == ("state", STATE)


def test_a_revoked_browser_hears_no_more(page: Page) -> None:
    token = page.devices.add("a guest")
    (guest,) = [one.id for one in page.devices.all() if one.name == "a guest"]
    with page.listening({"cookie": f"matpi={token}"}) as guests, page.listening() as own:
        for stream in (guests, own):
            stream.message()
        since = time.monotonic()
        page.devices.revoke(guest)  # as another process does it
        guests.response.read()
        assert time.monotonic() - since < Patience().heartbeat_s
        page.device.show(kg=1.0)
        assert own.message() == ("state", STATE | {"kg": 1.0})


def test_a_page_hears_that_the_device_is_off_and_that_it_is_back(make_page: Callable[..., Page]) -> None:
    page = make_page()
    page.server.link._retry_s = 0.05
    with page.listening() as stream:
        assert stream.message() == ("state", STATE)
        page.device.stop()
        assert stream.message() == ("off", {"error": link.OFF})
        again = FakeDevice(page.device.path)
        assert stream.message() == ("state", STATE)
        again.stop()
        assert stream.message() == ("off", {"error": link.OFF})


def test_without_a_device_the_rest_answers(make_page: Callable[..., Page]) -> None:
    page = make_page(device=False)
    with page.listening() as stream:
        assert stream.message() == ("off", {"error": link.OFF})
    assert page.get("/api/log").status == 200
    assert page.get("/api/hello").text.endswith('"running":false}')
    answer = page.post("/api/do", {"do": "zero"})
    assert (answer.status, answer.error) == (503, link.OFF)


def test_a_device_that_answers_nonsense_is_one_sentence(page: Page) -> None:
    for reply in (b"\n", b"[]\n", b"{\n", b"\xff\n", b"x" * 2_000_000 + b"\n"):
        page.device.replies["identify"] = reply
        answer = page.post("/api/do", {"do": "identify"})
        assert (answer.status, answer.error) == (503, link.OFF), reply[:10]


def test_a_page_that_reads_nothing_is_dropped_and_its_connection_too(make_page: Callable[..., Page]) -> None:
    page = make_page(patience=Patience(stuck_s=1.0, farewell_s=1))
    where = urlsplit(page.url)
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect((where.hostname, where.port))
        stuck.sendall(f"GET /events HTTP/1.1\r\nHost: localhost\r\nCookie: matpi={page.token}\r\n\r\n".encode())
        assert page.device.wait_for_live(1) == 1
        until = time.monotonic() + 60
        while page.device.live and time.monotonic() < until:
            page.device.show(spoken="x" * 500_000)
            time.sleep(0.01)
        assert page.device.wait_for_live(0) == 0
        wait_for(lambda: page.server.connections == 0)


def test_a_page_that_reads_no_answer_is_dropped(make_page: Callable[..., Page]) -> None:
    page = make_page(patience=Patience(stuck_s=1.0, farewell_s=1))
    where = urlsplit(page.url)
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect((where.hostname, where.port))
        wanted = f"GET /backup.db HTTP/1.1\r\nHost: localhost\r\nCookie: matpi={page.token}\r\n\r\n".encode()
        stuck.sendall(wanted * 100)
        wait_for(lambda: page.server.connections == 1)
        wait_for(lambda: page.server.connections == 0, 60.0)


def test_slow_and_half_open_requests_are_closed(make_page: Callable[..., Page]) -> None:
    limit_s = 0.5
    page = make_page(patience=Patience(request_s=limit_s, farewell_s=1))
    where = urlsplit(page.url)
    head = f"POST /api/import HTTP/1.1\r\nHost: localhost\r\nCookie: matpi={page.token}\r\n"
    body = f"{head}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n".encode()
    for begun in (b"", b"GET / HT", b"GET / HTTP/1.1\r\n", body, body + b'{"a": '):
        since = time.monotonic()
        with socket.create_connection((where.hostname, where.port), timeout=60) as half:
            half.sendall(begun)
            while half.recv(1 << 16):
                pass
        assert time.monotonic() - since >= limit_s * 0.9, begun
    with socket.create_connection((where.hostname, where.port), timeout=60) as slow:
        slow.sendall(body)
        since = time.monotonic()
        slow.settimeout(0.05)
        while True:  # a byte at a time
            try:
                slow.sendall(b" ")
                if not slow.recv(100):
                    break
            except TimeoutError:
                assert time.monotonic() - since < 30
            except OSError:
                break
    assert page.device.asked("import") == []


def test_two_hundred_half_open_and_idle_connections_keep_no_paired_browser_out(make_page: Callable[..., Page]) -> None:
    page = make_page()
    where = urlsplit(page.url)
    whole = b"GET /api/hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with page.listening() as stream, ExitStack() as held:
        stream.message()
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: loc", whole):
            for _ in range(200):
                one = held.enter_context(socket.create_connection((where.hostname, where.port), timeout=60))
                one.sendall(begun)
            for _ in range(5):
                since = time.monotonic()
                assert asked_from("127.0.0.2", page) == 200, begun
                assert time.monotonic() - since < Patience().request_s / 2, begun
        page.device.show(kg=7.0)
        assert stream.message() == ("state", STATE | {"kg": 7.0}), "an open page is none of them"


def asked_from(address: str, page: Page) -> int:
    """Return the status of a paired browser at another address."""
    link = HTTPConnection(urlsplit(page.url).netloc, timeout=30, source_address=(address, 0))
    link.request("GET", "/api/devices", headers={"cookie": f"matpi={page.token}"})
    status = link.getresponse().status
    link.close()
    return status


def test_a_long_head_is_refused(page: Page) -> None:
    heads: tuple[dict[str, Any], ...] = ({"x": "y" * 60_000}, {f"x{n}": "y" * 200 for n in range(95)})
    for headers in heads:
        assert page.get("/", **headers).status in {400, 431}
