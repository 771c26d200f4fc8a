"""`matpi sim --config` with a broker: the twin publishes what the device publishes, and is offline without power."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.upstream.broker import Broker, Listener, eventually

ROOT = Path(__file__).parents[2]
STARTS_S = WITHIN_S = 60.0


@contextmanager
def twin(folder: Path, port: int) -> Iterator[str]:
    """The address of the page of a running twin that sends to the broker at `port`."""
    config = folder / "mqtt.toml"
    config.write_text(f'[[upstream.mqtt]]\nname = "home"\nhost = "127.0.0.1"\nport = {port}\ntls = false\n')
    args = ["sim", "--no-browser", "--port", "0", "--config", str(config), "--store", str(folder / "twin.db")]
    process = subprocess.Popen(
        [sys.executable, "-m", "matpi", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+/", line := process.stdout.readline())
        assert found, line
        yield found.group()
        process.terminate()
        rest, _ = process.communicate(timeout=20)
        assert process.returncode == 0, rest
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def call(address: str, name: str, **body: Any) -> None:
    request = urllib.request.Request(f"{address}api/{name}", json.dumps(body).encode(), method="POST")
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=60.0) as answer:
        assert answer.status == 204


def test_the_twin_publishes_state_diagnostics_and_events(broker: Broker, tmp_path: Path) -> None:
    listener = Listener(broker.port)
    topic = "matpi/mat"

    def last(name: str) -> dict[str, Any]:
        heard = listener.of(f"{topic}/{name}")
        return dict(json.loads(heard[-1].payload)) if heard else {}

    def availability() -> list[bytes]:
        return [one.payload for one in listener.heard if one.payload in {b"online", b"offline"}]

    try:
        with twin(tmp_path, broker.port) as address:
            assert eventually(lambda: last("state") and last("diagnostics"), STARTS_S), listener.heard
            assert not last("state")["occupied"]
            assert last("diagnostics")["rate_hz"] == 10.0
            # It is sent last, so it may still be on its way.
            assert eventually(lambda: availability() == [b"online"], WITHIN_S), availability()
            call(address, "act", what="lie_down")
            assert eventually(lambda: last("state")["occupied"], WITHIN_S), last("state")
            assert eventually(lambda: last("event").get("event_type") == "session_started", WITHIN_S), listener.heard

            # A fast clock ends the session soon; its event and its record arrive all the same.
            call(address, "warp", factor=60)
            assert eventually(lambda: last("state")["elapsed_s"] >= 60, WITHIN_S), last("state")
            call(address, "act", what="get_up")
            assert eventually(lambda: last("event")["event_type"] == "session_ended", WITHIN_S), last("event")
            assert eventually(lambda: not last("state")["occupied"], WITHIN_S), last("state")

            call(address, "power", on=False)
            assert eventually(lambda: availability() == [b"online", b"offline"], WITHIN_S), availability()
            call(address, "power", on=True)
            assert eventually(lambda: availability()[2:] == [b"online"], WITHIN_S), availability()
        assert eventually(lambda: availability()[3:] == [b"offline"], WITHIN_S), availability()
    finally:
        listener.close()
