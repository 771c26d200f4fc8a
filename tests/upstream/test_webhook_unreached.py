"""Receivers that are not reached, not believed or not sent to: each reported in a sentence with what to do."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import trustme

from matpi.upstream.config import WebhookConfig, is_private
from matpi.upstream.sink import LaterError
from tests.upstream.conftest import KEY, SECRET
from tests.upstream.receiver import Receiver, status
from tests.upstream.sending import at, said

# -- what is not reached -----------------------------------------------------------------------------------------------


def test_nothing_listens(home: WebhookConfig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = said(at(home, url=f"http://127.0.0.1:{port}/"))
    assert isinstance(error, LaterError)
    assert "nothing listens at 127.0.0.1" in str(error)


def unreached(monkeypatch: pytest.MonkeyPatch, home: WebhookConfig, raised: Exception) -> str:
    """What is said of a host that the resolver or the kernel answers with `raised`."""

    def resolve(*_: object, **__: object) -> object:
        raise raised

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    error = said(at(home, url="https://house.example/"))
    assert isinstance(error, LaterError)
    return str(error)


@pytest.mark.parametrize(
    ("raised", "says", "do"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "there is no host house.example", "check the name in url"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "no name server answers", "check the network"),
        (OSError(113, "No route to host"), "cannot be reached (No route to host)", "check the network"),
        (OSError(101, "Network is unreachable"), "cannot be reached (Network is", "check the network"),
        (TimeoutError(110, "Connection timed out"), "cannot be reached (Connection timed out)", "check the network"),
        (PermissionError(1, "Operation not permitted"), "does not let matpi reach", "sudo systemctl edit matpi"),
        (UnicodeError("label too long"), "there is no host house.example", "check the name in url"),
    ],
)
def test_what_the_network_refuses(
    monkeypatch: pytest.MonkeyPatch, home: WebhookConfig, raised: Exception, says: str, do: str
) -> None:
    reported = unreached(monkeypatch, home, raised)
    assert says in reported
    assert do in reported


def test_the_second_address_is_tried(monkeypatch: pytest.MonkeyPatch, home: WebhookConfig) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, port: int, **given: object) -> list[object]:
        dead = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", 1))
        return [dead, *real("127.0.0.1", port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with Receiver(status(200)) as receiver:
        assert said(at(home, url=f"http://two.example:{receiver.port}/")) is None


# -- certificates ------------------------------------------------------------------------------------------------------


def served(authority: trustme.CA, *names: str, expired: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    until = datetime.now(UTC) - timedelta(days=1) if expired else None
    authority.issue_cert(*names, not_after=until).configure_cert(context)
    return context


def over_tls(config: WebhookConfig, context: ssl.SSLContext, ca_file: Path | None, host: str = "127.0.0.1") -> str:
    with Receiver(status(200), context) as receiver:
        url = f"https://{host}:{receiver.port}/"
        error = said(at(config, url=url, ca_file="" if ca_file is None else str(ca_file), allow_insecure=False))
        assert (error is None) == (len(receiver.requests) == 1)
    assert error is None or isinstance(error, LaterError)
    return "" if error is None else str(error)


def test_a_right_certificate_is_taken(home: WebhookConfig, authority: trustme.CA, ca_file: Path) -> None:
    assert not over_tls(home, served(authority, "127.0.0.1"), ca_file)
    assert not over_tls(home, served(authority, "localhost"), ca_file, "localhost")


@pytest.mark.parametrize(
    ("make", "known", "says", "do"),
    [
        (lambda ours: served(ours, "127.0.0.1", expired=True), True, "has expired", "renew it"),
        (lambda ours: served(ours, "other.example"), True, "is for another name", "into url"),
        (lambda ours: served(ours, "127.0.0.1"), False, "authority nobody here knows", "ca_file"),
        (lambda _: served(trustme.CA(), "127.0.0.1"), True, "authority nobody here knows", "ca_file"),
    ],
    ids=["expired", "another name", "unknown here", "another authority"],
)
def test_a_wrong_certificate_gets_nothing(
    home: WebhookConfig,
    authority: trustme.CA,
    ca_file: Path,
    make: Callable[[trustme.CA], ssl.SSLContext],
    known: bool,
    says: str,
    do: str,
) -> None:
    reported = over_tls(home, make(authority), ca_file if known else None)
    assert says in reported
    assert do in reported


def test_https_to_a_port_without_tls(home: WebhookConfig, ca_file: Path) -> None:
    with Receiver(status(200)) as receiver:
        error = said(at(home, url=f"https://127.0.0.1:{receiver.port}/", ca_file=str(ca_file)))
    assert isinstance(error, LaterError)
    assert "does not speak TLS" in str(error)


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_wrong_ca_file_is_reported(home: WebhookConfig, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    error = said(at(home, url="https://127.0.0.1:1/", ca_file=str(path)))
    assert isinstance(error, LaterError)
    assert f"the certificates in {path} cannot be read" in str(error)


# -- unencrypted -------------------------------------------------------------------------------------------------------


def test_a_name_that_leads_out_of_the_house_gets_nothing_unencrypted(
    monkeypatch: pytest.MonkeyPatch, home: WebhookConfig
) -> None:
    with Receiver(status(200)) as receiver:
        monkeypatch.setattr("matpi.upstream.webhook.is_private", lambda _: False)
        error = said(at(home, url=f"http://127.0.0.1:{receiver.port}/"))
        assert receiver.requests == []
    assert isinstance(error, LaterError)
    assert "write https://" in error.do


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("172.16.0.1", True), ("172.32.0.1", False), ("192.168.7.9", True),
        ("192.169.0.1", False), ("8.8.8.8", False), ("100.64.0.1", False), ("169.254.1.1", True), ("0.0.0.0", False),
        ("::1", True), ("fe80::1%eth0", True), ("fd12::1", True), ("2001:db8::1", False), ("::ffff:192.168.1.1", True),
        ("::ffff:8.8.8.8", False),
    ],
)  # fmt: skip
def test_which_addresses_are_of_the_house(address: str, private: bool) -> None:
    assert is_private(address) is private


@pytest.mark.parametrize(
    ("url", "insecure", "says"),
    [
        ("http://house.local/", False, "not encrypted"),
        ("http://8.8.8.8/", True, "leaves the own network"),
        ("https://me:pass@house.example/", False, "password"),
        ("https://house.example/#part", False, "#part"),
        ("https://:443/", False, "no host"),
        ("https://house.example:99999/", False, "cannot be read"),
        ("https://[::1/", False, "cannot be read"),
        ("https://house.example:0/", False, "no port"),
    ],
)
def test_an_address_that_cannot_be_right_is_reported(home: WebhookConfig, url: str, insecure: bool, says: str) -> None:
    assert says in msgspec.structs.replace(home, url=url, allow_insecure=insecure).fault()


@pytest.mark.parametrize(
    "url", ["https://house.example/a?b=c", "https://[::1]:8443/x", "http://192.168.1.5:1880/", "http://nas.local/"]
)
def test_an_address_that_can_be_right_is_taken(home: WebhookConfig, url: str) -> None:
    assert not msgspec.structs.replace(home, url=url).fault()


def test_the_path_is_shown_nowhere(home: WebhookConfig) -> None:
    shown = msgspec.structs.replace(home, url="https://hooks.example:8443/T0K3N?key=x").shown
    assert shown == "https://hooks.example:8443"


# -- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("\n# only a comment\n", "0 secrets"),
        ("hunter2", "no signing secret"),
        ("whsec_!!!", "not base64"),
        ("whsec_AAAA", "has 3 bytes"),
        ("whsec_" + "AAAA" * 22, "has 66 bytes"),
        ("\n".join([SECRET] * 5), "5 secrets"),
        ("\xff\xfe", "no text"),
    ],
)
def test_a_wrong_secret_is_reported_without_any_of_it(
    home: WebhookConfig, secret_file: Path, text: str, says: str
) -> None:
    secret_file.write_bytes(text.encode("latin-1"))
    error = said(at(home))
    assert isinstance(error, LaterError)
    assert says in str(error)
    assert "hunter2" not in str(error)
    assert KEY.hex() not in str(error)


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o602])
def test_a_secret_that_others_may_read_or_change_is_not_used(home: WebhookConfig, secret_file: Path, mode: int) -> None:
    secret_file.chmod(mode)
    with Receiver(status(200)) as receiver:
        error = said(at(home, url=f"http://127.0.0.1:{receiver.port}/"))
        assert receiver.requests == []
    assert isinstance(error, LaterError)
    assert "chmod 600" in error.do


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "huge"])
def test_a_secret_that_is_no_file_of_text_is_reported(home: WebhookConfig, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd"
    match kind:
        case "folder":
            path.mkdir(mode=0o700)
        case "pipe":
            os.mkfifo(path, 0o600)
        case "huge":
            path.write_bytes(b"x" * 5000)
            path.chmod(0o600)
    error = said(at(home, secret=str(path)))
    assert isinstance(error, LaterError)
    assert f"the secret in {path} cannot be read" in str(error)


def test_a_secret_comes_from_the_services_credentials(
    monkeypatch: pytest.MonkeyPatch, home: WebhookConfig, secret_file: Path
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret_file.parent))
    with Receiver(status(200)) as receiver:
        assert said(at(home, url=f"http://127.0.0.1:{receiver.port}/", secret="secret")) is None
    error = said(at(home, secret="c2VjcmV0aHVudGVyMg"))
    assert isinstance(error, LaterError)
    assert "the credential that secret names cannot be read" in error.why
    assert "LoadCredential=NAME:FILE" in error.do
    assert "c2Vj" not in str(error), "it may be the secret itself"


@pytest.mark.parametrize("written", ["hunter2", "/c2Vj/cmV0aHVudGVyMg", "/c2VjcmV0aHVudGVyMg"])
def test_a_secret_in_the_config_itself_is_never_shown(home: WebhookConfig, written: str) -> None:
    error = said(at(home, secret=written))
    assert isinstance(error, LaterError)
    assert written not in str(error)
    assert "secret" in error.why


@pytest.mark.parametrize("name", ["a..example", f"{'a' * 70}.example"])
def test_an_impossible_name_is_reported_as_a_wrong_name(home: WebhookConfig, name: str) -> None:
    error = said(at(home, url=f"https://{name}/"))
    assert isinstance(error, LaterError)
    assert error.why == f"there is no host {name}"
