"""What is sent and what each answer means, as the Standard Webhooks text says: a sentence with what to do."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest
from standardwebhooks import Webhook as StandardWebhook

from matpi.upstream.config import WebhookConfig
from matpi.upstream.sink import DisabledError, LaterError, RefusedError
from matpi.upstream.webhook import Webhook
from tests.upstream.conftest import SECRET
from tests.upstream.receiver import Receiver, Talk, answer, drip, no_answer, status
from tests.upstream.sending import RECORD, at, deliver, said

# -- what is sent ------------------------------------------------------------------------------------------------------


def test_a_request_is_what_the_standard_says(home: WebhookConfig) -> None:
    with Receiver(status(200)) as receiver:
        assert said(at(home, url=f"http://127.0.0.1:{receiver.port}/hook/x?mat=1&b=2")) is None
        [request] = receiver.requests
    assert request.line == "POST /hook/x?mat=1&b=2 HTTP/1.1"
    assert request.body == RECORD.body
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "0f3c-1"
    assert request.headers["idempotency-key"] == '"0f3c-1"'
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 5
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert "cookie" not in request.headers
    assert StandardWebhook(SECRET).verify(request.body, request.headers) == msgspec.json.decode(RECORD.body)


def test_a_changed_byte_a_changed_id_or_a_changed_time_is_noticed(home: WebhookConfig) -> None:
    with Receiver(status(200)) as receiver:
        said(at(home, url=f"http://127.0.0.1:{receiver.port}/"))
        [request] = receiver.requests
    check = StandardWebhook(SECRET)
    for body, headers in (
        (request.body.replace(b"session", b"sessiom"), request.headers),
        (request.body, {**request.headers, "webhook-id": "0f3c-2"}),
        (request.body, {**request.headers, "webhook-timestamp": str(int(time.time()) - 60)}),
    ):
        with pytest.raises(Exception, match="No matching signature"):
            check.verify(body, headers)


def test_the_same_record_goes_out_with_the_same_id_and_bytes_at_every_try(home: WebhookConfig) -> None:
    with Receiver(status(500)) as receiver:
        sink = at(home, url=f"http://127.0.0.1:{receiver.port}/")
        for utc in (1_773_576_000.0, 1_773_579_600.9):
            with pytest.raises(LaterError):
                sink.deliver(RECORD, utc)
        first, second = receiver.requests
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert [r.headers["webhook-timestamp"] for r in (first, second)] == ["1773576000", "1773579600"]


def test_while_a_secret_is_changed_both_sides_agree_with_the_old_and_the_new(
    home: WebhookConfig, secret_file: Path
) -> None:
    newer = "whsec_" + "A" * 43 + "="
    with Receiver(status(204)) as receiver:
        sink = at(home, url=f"http://127.0.0.1:{receiver.port}/")
        assert said(sink) is None
        secret_file.write_text(f"# since March\n{newer}\n\n{SECRET}\n")
        assert said(sink) is None
        secret_file.write_text(newer)
        assert said(sink) is None
    before, between, after = receiver.requests
    for secret, knows in ((SECRET, (before, between)), (newer, (between, after))):
        for request in knows:
            StandardWebhook(secret).verify(request.body, request.headers)
    assert len(between.headers["webhook-signature"].split(" ")) == 2


def test_without_a_trusted_clock_nothing_is_sent(home: WebhookConfig) -> None:
    assert Webhook(home).needs_clock
    with pytest.raises(LaterError, match="clock is not trusted"):
        Webhook(home).deliver(RECORD, None)


# -- what is answered --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_two_hundred_has_arrived(home: WebhookConfig, code: int) -> None:
    assert deliver(home, status(code)) is None


def test_the_body_of_the_answer_is_never_shown(home: WebhookConfig) -> None:
    assert deliver(home, answer(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{garb")) is None
    assert deliver(home, answer(b"HTTP/1.0 200\r\n\r\n\xff\xfe")) is None


@pytest.mark.parametrize("code", [100 + 1, 401, 403, 404, 405, 408, 409, 425, 429, 451, 500, 501, 502, 503, 504, 599])
def test_these_are_tried_again(home: WebhookConfig, code: int) -> None:
    error = deliver(home, status(code))
    assert isinstance(error, LaterError)
    assert f"HTTP {code}" in str(error)
    assert error.retry_after_s is None


@pytest.mark.parametrize("code", [400, 413, 415, 422])
def test_these_speak_of_the_record(home: WebhookConfig, code: int) -> None:
    assert isinstance(deliver(home, status(code)), RefusedError)


def test_gone_disables(home: WebhookConfig) -> None:
    error = deliver(home, status(410))
    assert isinstance(error, DisabledError)
    assert "matpi upstream retry" in error.do


@pytest.mark.parametrize("code", [429, 503, 500, 302])
def test_retry_after_in_seconds(home: WebhookConfig, code: int) -> None:
    error = deliver(home, status(code, "retry-after: 120"))
    assert isinstance(error, LaterError)
    assert error.retry_after_s == 120.0


def test_retry_after_as_a_date(home: WebhookConfig) -> None:
    until = datetime.now(UTC) + timedelta(minutes=10)
    error = deliver(home, status(429, f"retry-after: {format_datetime(until, usegmt=True)}"))
    assert isinstance(error, LaterError)
    assert error.retry_after_s == pytest.approx(600.0, abs=3.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("999999999999", 999999999999.0), ("-5", None),
        ("soon", None), ("", None), ("1.5", None), ("9" * 400, None), ("٣", None), ("Mon, 99 Foo 2026", None),
    ],
)  # fmt: skip
def test_an_odd_retry_after_is_no_mistake_of_ours(home: WebhookConfig, header: str, seconds: float | None) -> None:
    error = deliver(home, answer(f"HTTP/1.1 503 Busy\r\nretry-after: {header}\r\n\r\n".encode()))
    assert isinstance(error, LaterError)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_reported_and_not_followed(home: WebhookConfig, code: int) -> None:
    with Receiver(status(200)) as elsewhere:
        place = f"http://127.0.0.1:{elsewhere.port}"
        error = deliver(home, status(code, f"location: {place}/token-that-is-secret"))
        assert elsewhere.requests == []
    assert isinstance(error, LaterError)
    assert f"elsewhere to {place} (HTTP {code}, " in str(error)
    assert "token-that-is-secret" not in str(error)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("https://mat:T0K3N@house.example/x", " to https://house.example "),
        ("https://T0K3N@house.example", " to https://house.example "),
        ("https://a@T0K3N@house.example:8443?T0K3N", " to https://house.example:8443 "),
        ("https://house.example/T0K3N@x", " to https://house.example "),
        ("https://T0K3N%40house.example/", "elsewhere ("),
        ("/T0K3N", "elsewhere ("),
    ],
)
def test_of_a_redirect_only_the_host_is_shown(home: WebhookConfig, place: str, shown: str) -> None:
    error = deliver(home, status(302, f"location: {place}"))
    assert shown in str(error)
    assert "T0K3N" not in str(error)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "no HTTP"),
        (b"HTTP/1.1 abc Odd\r\n\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 5000 + b"\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, "no HTTP"),
        (b"\0" * 100_000, "no HTTP"),
        (b"", "closed the connection without an answer"),
    ],
    ids=["ssh", "tls", "status", "headers", "long", "zeros", "empty"],
)
def test_garbage_is_tried_again(home: WebhookConfig, raw: bytes, says: str) -> None:
    error = deliver(home, answer(raw))
    assert isinstance(error, LaterError)
    assert says in str(error)


def test_closed_midway_is_tried_again(home: WebhookConfig) -> None:
    error = deliver(home, answer(b"HTTP/1.1 20"))
    assert isinstance(error, LaterError)


def test_reset_midway_is_tried_again(home: WebhookConfig) -> None:
    def reset(wire: socket.socket) -> None:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    error = deliver(home, reset)
    assert isinstance(error, LaterError)
    assert "broke the connection off" in str(error)


@pytest.mark.parametrize("talk", [no_answer, drip], ids=["nothing", "a byte now and then"])
def test_no_answer_in_time_ends_in_time(home: WebhookConfig, talk: Talk) -> None:
    begun = time.monotonic()
    error = deliver(home, talk)
    assert isinstance(error, LaterError)
    assert "did not answer within 2 s" in str(error)
    assert 1.9 < time.monotonic() - begun < 20.0
