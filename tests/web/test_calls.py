"""The calls of the page over real HTTP: what is taken, what is refused and in which words."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from matpi.errors import PortInUseError
from matpi.twin.page.server import CALLS, PageServer
from tests.web.client import ask, post
from tests.web.fake_bench import FakeBench

VALID: list[tuple[str, Any, tuple[Any, ...]]] = [
    *(("act", {"what": what}, ("act", what)) for what in ("lie_down", "sit", "stand", "fidget", "get_up")),
    *(("act", {"what": what}, ("act", what)) for what in ("bag_on", "bag_off", "cat")),
    ("weigh", {"kg": 20}, ("weigh", 20.0)),
    ("weigh", {"kg": 150.0}, ("weigh", 150.0)),
    ("button", {"down": True}, ("button", True)),
    ("button", {"down": False}, ("button", False)),
    *(("warp", {"factor": factor}, ("warp", factor)) for factor in (1, 10, 60)),
    ("jump", {"hhmm": "00:00"}, ("jump", "00:00")),
    ("jump", {"hhmm": "23:59"}, ("jump", "23:59")),
    ("next_day", {}, ("next_day",)),
    *(("fault", {"name": name, "on": True}, ("fault", name, True)) for name in ("cell", "spikes", "panel", "disk")),
    ("power", {"on": False}, ("power", False)),
]
INVALID: list[tuple[str, Any]] = [
    ("act", {"what": "dance"}),
    ("act", {}),
    ("weigh", {"kg": 19.9}),
    ("weigh", {"kg": 151}),
    ("weigh", {"kg": "74"}),
    ("weigh", {"kg": None}),
    ("button", {"down": 1}),
    ("warp", {"factor": 2}),
    ("warp", {"factor": "10"}),
    ("jump", {"hhmm": "24:00"}),
    ("jump", {"hhmm": "9:00"}),
    ("jump", {"hhmm": "21:00\n"}),
    ("next_day", {"twice": True}),
    ("next_day", None),
    ("fault", {"name": "network", "on": True}),
    ("fault", {"name": "cell"}),
    ("power", {"on": "yes"}),
    ("power", [True]),
]


@pytest.mark.parametrize(("name", "call", "expected"), VALID)
def test_a_valid_call_reaches_the_bench(
    server: PageServer, bench: FakeBench, name: str, call: Any, expected: tuple[Any, ...]
) -> None:
    answer = post(server.url, name, call)

    assert (answer.status, answer.text) == (204, "")
    assert bench.calls == [expected]


@pytest.mark.parametrize(("name", "call"), INVALID)
def test_an_invalid_call_gets_one_sentence_and_does_nothing(
    server: PageServer, bench: FakeBench, name: str, call: Any
) -> None:
    answer = post(server.url, name, call)

    assert answer.status == 400
    assert answer.error.startswith(f"/api/{name} was not understood (")
    assert CALLS[name].example in answer.error
    assert "Traceback" not in answer.text
    assert bench.calls == []


def test_every_call_is_tried_both_ways() -> None:
    assert {name for name, *_ in VALID} == {name for name, _ in INVALID} == set(CALLS)


@pytest.mark.parametrize("body", [b"", b"{", b'{"down": true', b"\xff\xfe", b"[" * 4000])
def test_a_body_that_is_no_json_is_refused(server: PageServer, bench: FakeBench, body: bytes) -> None:
    answer = ask(server.url, "POST", "/api/button", body, {"content-type": "application/json"})

    assert answer.status == 400
    assert "was not understood" in answer.error
    assert bench.calls == []


def test_a_long_body_is_refused(server: PageServer, bench: FakeBench) -> None:
    body = b'{"down": true' + b" " * 5000 + b"}"
    answer = ask(server.url, "POST", "/api/button", body, {"content-type": "application/json"})

    assert answer.status == 413
    assert bench.calls == []


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_only_json_is_taken(server: PageServer, bench: FakeBench, kind: str) -> None:
    answer = ask(server.url, "POST", "/api/button", b'{"down": true}', {"content-type": kind} if kind else {})

    assert answer.status == 415
    assert bench.calls == []


def test_the_charset_beside_the_type_does_no_harm(server: PageServer, bench: FakeBench) -> None:
    answer = ask(
        server.url, "POST", "/api/button", b'{"down": true}', {"content-type": "Application/JSON; charset=utf-8"}
    )

    assert answer.status == 204
    assert bench.calls == [("button", True)]


def test_what_the_bench_refuses_is_told_in_its_words(server: PageServer) -> None:
    answer = post(server.url, "jump", {"hhmm": "03:33"})

    assert answer.status == 400
    assert answer.error == "Time cannot jump while the power is pulled; boot again first."


def test_a_bug_is_one_sentence_and_the_server_lives_on(
    server: PageServer, bench: FakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.status["faults"] = ["spikes"]
    answer = post(server.url, "fault", {"name": "disk", "on": True})

    assert answer.status == 500
    assert answer.error == "matpi failed at this request; the terminal it runs in says more."
    assert "a bug in the bench" not in answer.text
    assert "a bug in the bench" in caplog.text
    assert post(server.url, "button", {"down": True}).status == 204


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/api/button", 405), ("POST", "/", 405), ("HEAD", "/events", 405)],
)
def test_wrong_paths_and_methods(server: PageServer, method: str, path: str, status: int) -> None:
    answer = ask(server.url, method, path)

    assert answer.status == status
    if method != "HEAD":
        assert answer.error.endswith(".")


def test_a_caller_who_hangs_up_in_the_middle_harms_nobody(server: PageServer, bench: FakeBench) -> None:
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port)) as half:
        half.sendall(
            b"POST /api/button HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Content-Length: 14\r\n\r\n{"down":'
        )

    assert post(server.url, "button", {"down": False}).status == 204
    assert bench.calls == [("button", False)]


def test_a_taken_port_is_told_at_once(server: PageServer, bench: FakeBench) -> None:
    port = urlsplit(server.url).port
    assert port is not None

    with pytest.raises(PortInUseError, match=f"Port {port} cannot be used .* choose another"):
        PageServer(bench, port)
