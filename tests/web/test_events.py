"""The event stream over real HTTP: snapshot, live messages, heartbeat, bounds, and an end without a trace."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from matpi.twin.page.server import PageServer
from matpi.web.listeners import BACKLOG_LINES, MAX_LISTENERS, Patience
from tests.web.client import ask, listening
from tests.web.fake_bench import FakeBench


def test_a_new_page_gets_the_snapshot_then_what_happens(server: PageServer, bench: FakeBench) -> None:
    bench.tell("you", "lie_down", "you")
    with listening(server.url) as events:
        assert events.response.getheader("content-type") == "text/event-stream; charset=utf-8"
        assert events.response.getheader("cache-control") == "no-store"
        assert events.block() == ["retry: 1000"]
        assert [events.message() for _ in bench.snapshot()] == bench.snapshot()

        bench.tell("presence", "arriving", "46 kg", 'with "quotes"\nand a line break')
        assert events.message() == ("log", bench.logs[-1])
        bench.change(load_kg=46.2)
        assert events.message() == ("status", bench.status)


def test_two_pages_hear_the_same(server: PageServer, bench: FakeBench) -> None:
    with listening(server.url) as one, listening(server.url) as other:
        assert bench.wait_for_listeners(2) == 2
        bench.tell("you", "sit", "you")
        for events in (one, other):
            assert [events.message() for _ in range(len(bench.snapshot()))][-1] == ("log", bench.logs[-1])


def test_of_the_present_only_the_newest_waits_and_no_log_line_is_lost(server: PageServer, bench: FakeBench) -> None:
    with listening(server.url) as events:
        for _ in bench.snapshot():
            events.message()
        # A burst far larger than the backlog, quicker than the stream can be written.
        for step in range(BACKLOG_LINES * 2):
            bench.change(load_kg=float(step))
        for _ in range(50):
            bench.tell("note", "busy", "a burst")

        lines: list[int] = []
        last_load = -1.0
        while len(lines) < 50:
            kind, payload = events.message()
            if kind == "log":
                lines.append(payload["n"])
            else:
                assert payload["load_kg"] > last_load
                last_load = payload["load_kg"]
        assert lines == list(range(1, 51))
        assert last_load == BACKLOG_LINES * 2 - 1


def test_the_bench_is_left_when_the_page_goes(server: PageServer, bench: FakeBench) -> None:
    with listening(server.url):
        assert bench.wait_for_listeners(1) == 1

    assert bench.wait_for_listeners(0) == 0


def test_the_ninth_page_is_told_and_has_its_place_when_another_leaves(server: PageServer, bench: FakeBench) -> None:
    with ExitStack() as pages:
        for _ in range(MAX_LISTENERS - 1):
            pages.enter_context(listening(server.url))
        with listening(server.url):
            assert bench.wait_for_listeners(MAX_LISTENERS) == MAX_LISTENERS
            answer = ask(server.url, "GET", "/events")
            assert answer.status == 503
            assert answer.error == "8 pages are open already; close one of them."
        assert bench.wait_for_listeners(MAX_LISTENERS - 1) == MAX_LISTENERS - 1
        with listening(server.url) as events:
            assert events.response.status == 200


def silent_page(server: PageServer) -> socket.socket:
    """A page that asks for the events and then reads nothing."""
    where = urlsplit(server.url)
    page = socket.socket()
    page.connect((where.hostname, where.port))
    page.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return page


def flood(bench: FakeBench, kind: str) -> None:
    """More than the buffers of both ends hold (some 6 MB on this kernel's loopback at most), until nobody listens."""
    for n in range(4 * BACKLOG_LINES):
        if not bench.puts:
            return
        bench.put(kind, {"n": n, "text": "x" * 40_000})


def test_a_page_that_reads_nothing_is_dropped(
    server: PageServer, bench: FakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    with silent_page(server) as page:
        assert bench.wait_for_listeners(1) == 1
        flood(bench, "log")

        assert bench.wait_for_listeners(0) == 0
        assert "a page did not read its events and was dropped" in caplog.text
        page.settimeout(10)
        while page.recv(1 << 20):  # what was in the buffers, then the end
            pass


def test_a_page_that_is_stuck_loses_its_place_even_without_a_backlog(bench: FakeBench) -> None:
    server = PageServer(bench, patience=Patience(stuck_s=0.05))
    server.start()
    try:
        with silent_page(server):
            assert bench.wait_for_listeners(1) == 1
            for _ in range(200):  # each is on its way before the next: none replaces another for long
                flood_once = {"bits": "x" * 200_000}
                bench.put("frame", flood_once)
                if bench.wait_for_listeners(0, timeout_s=0.01) == 0:
                    break
            assert bench.wait_for_listeners(0) == 0
    finally:
        server.stop()


def test_silence_is_broken_by_a_heartbeat(bench: FakeBench) -> None:
    server = PageServer(bench, patience=Patience(heartbeat_s=0.02))
    server.start()
    try:
        with listening(server.url) as events:
            for _ in bench.snapshot():
                events.message()
            assert events.block() == [": still here"]
            assert events.block() == [": still here"]
    finally:
        server.stop()


def test_stopping_ends_the_open_streams_without_a_complaint(bench: FakeBench, caplog: pytest.LogCaptureFixture) -> None:
    server = PageServer(bench)
    server.start()
    with listening(server.url) as events:
        for _ in bench.snapshot():
            events.message()
        server.stop()
        assert events.response.read() == b""

    assert bench.puts == []
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


def test_a_message_after_the_end_is_no_error(bench: FakeBench) -> None:
    server = PageServer(bench)
    server.start()
    with listening(server.url):
        assert bench.wait_for_listeners(1) == 1
        put = bench.puts[0]
        server.stop()

    put("status", bench.status)
