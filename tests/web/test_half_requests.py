"""Requests that never become whole, and bodies that are no text."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

from matpi.twin.page.server import PageServer
from matpi.web.listeners import Patience
from tests.web.client import ask, listening, post
from tests.web.fake_bench import FakeBench

JSON = {"content-type": "application/json"}
WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /api/button HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n"


def test_a_body_that_is_not_utf_8_is_refused(server: PageServer, bench: FakeBench) -> None:
    for body in (b'{"what": "\xff\xfe"}', b'{"wh\xe4t": "sit"}', b"\xff", b'{"what": "sit\xed\xa0\x80"}'):
        answer = ask(server.url, "POST", "/api/act", body, JSON)
        assert answer.status == 400, body
        assert "/api/act was not understood" in answer.error, body
    assert bench.calls == []


def test_a_request_that_never_becomes_whole_is_closed(bench: FakeBench) -> None:
    limit_s = 0.5
    server = PageServer(bench, patience=Patience(request_s=limit_s))
    server.start()
    where = urlsplit(server.url)
    try:
        with listening(server.url) as events:
            for begun in (b"", b"GET / HT", WHOLE[:-2], POST, POST + b'{"down":'):
                since = time.monotonic()
                with socket.create_connection((where.hostname, where.port), timeout=60) as half:
                    half.sendall(begun)
                    while half.recv(1 << 16):  # whatever comes, then the end
                        pass
                assert time.monotonic() - since >= limit_s * 0.9, begun
            bench.put("log", {"n": 99})
            while events.message() != ("log", {"n": 99}):  # a stream is a whole request, and goes on
                pass
        assert post(server.url, "button", {"down": False}).status == 204
        assert bench.calls == [("button", False)]
    finally:
        server.stop()
