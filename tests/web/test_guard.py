"""Who may talk to the page: names of this machine only, and no other site's pages."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from matpi.twin.page.guard import content_policy
from matpi.twin.page.server import PageServer
from tests.web.client import ask, post
from tests.web.fake_bench import FakeBench


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]", "[::1]:8017", "127.0.0.1:1"])
def test_own_names_are_welcome(server: PageServer, host: str) -> None:
    assert ask(server.url, "GET", "/", headers={"host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "192.168.1.4", "", "127.0.0.1:x", "::1"],
)
@pytest.mark.parametrize("path", ["/", "/events", "/api/act"])
def test_other_names_are_refused(server: PageServer, host: str, path: str) -> None:
    answer = ask(server.url, "GET", path, headers={"host": host})

    assert answer.status == 403
    assert "127.0.0.1" in answer.error


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", ""])
def test_a_foreign_origin_presses_nothing(server: PageServer, bench: FakeBench, origin: str) -> None:
    answer = post(server.url, "button", {"down": True}, origin=origin)

    assert answer.status == 403
    assert bench.calls == []


def test_the_own_origin_may(server: PageServer, bench: FakeBench) -> None:
    answer = post(server.url, "button", {"down": True}, origin=f"http://{urlsplit(server.url).netloc}")

    assert answer.status == 204
    assert bench.calls == [("button", True)]


def test_a_link_from_elsewhere_opens_the_page_but_no_stream(server: PageServer) -> None:
    elsewhere = {"sec-fetch-site": "cross-site"}

    assert ask(server.url, "GET", "/", headers=elsewhere).status == 200
    assert ask(server.url, "GET", "/events", headers=elsewhere).status == 403


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/act"])
def test_every_answer_carries_the_safety_headers(server: PageServer, path: str) -> None:
    headers = ask(server.url, "GET", path).headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


def test_the_policy_names_each_inline_part_by_its_hash() -> None:
    # echo -n 'a{}' | openssl dgst -sha256 -binary | base64
    policy = content_policy("<style>a{}</style><p>x</p>")

    assert "style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='" in policy
    assert "script-src 'none'" in policy
