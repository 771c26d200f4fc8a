from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from matpi.upstream.config import WebhookConfig
from tests.upstream.broker import Broker

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def home(secret_file: Path) -> WebhookConfig:
    """Of a receiver at home without TLS; its port comes with `at`."""
    return WebhookConfig(url="http://127.0.0.1:1/hook", secret=str(secret_file), allow_insecure=True)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A Mosquitto that lets everybody in."""
    running = Broker(tmp_path)
    yield running
    running.close()
