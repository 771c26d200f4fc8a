"""`matpi page` as a process: its address, its end, its memory, and the browsers from a terminal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from matpi.commands.page import run
from matpi.errors import PortInUseError, UsageError
from matpi.page.devices import Devices, devices_file
from matpi.web.listeners import Patience
from tests.page.conftest import write_log
from tests.web.client import ask, listening

RSS_MAX_KB = 45_000
HEAVY = {"numpy", "PIL", "luma", "gpiozero", "paho", "adafruit_hx711", "rich", "lgpio", "multiprocessing.pool"}


@contextmanager
def process(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address."""
    log = folder / "mat.db"
    if not log.exists():
        write_log(log)
    command = [sys.executable, "-m", "matpi", "page", "--store", str(log), "--port", "0", *options]
    environment = {name: value for name, value in os.environ.items() if name != "STATE_DIRECTORY"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as running:
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            assert line.startswith(f"The page of {log} is at http://"), line + running.stdout.read()
            yield running, line.rpartition(" ")[2].strip()
        finally:
            running.kill()


def test_it_serves_every_address(tmp_path: Path) -> None:
    with process(tmp_path) as (running, url):
        where = urlsplit(url)
        assert where.hostname == f"{socket.gethostname().partition('.')[0].lower()}.local"
        here = f"http://127.0.0.1:{where.port}/"
        assert json.loads(ask(here, "GET", "/api/hello").text)["running"] is False
        if socket.has_ipv6 and Path("/proc/net/if_inet6").exists() and Path("/proc/net/if_inet6").read_text():
            with socket.create_connection(("::1", where.port)) as six:
                six.sendall(f"GET /api/hello HTTP/1.1\r\nHost: [::1]:{where.port}\r\n\r\n".encode())
                assert six.recv(100).startswith(b"HTTP/1.1 200")
        assert ended(running) == ""


def test_an_open_page_does_not_keep_it(tmp_path: Path) -> None:
    took_s: list[float] = []
    while (
        len(took_s) < 3 and min(took_s, default=inf) >= Patience().farewell_s
    ):  # a busy machine may keep it, not always
        with process(tmp_path, "--host", "127.0.0.1") as (running, url):
            token = Devices(tmp_path / "mat.db.page.json").add("a phone")
            with listening(url, {"cookie": f"matpi={token}"}) as stream:
                assert stream.message()[0] == "off"
                since = time.monotonic()
                assert ended(running) == ""
                took_s.append(time.monotonic() - since)
    assert min(took_s) < Patience().farewell_s


def ended(running: subprocess.Popen[str]) -> str:
    """End the process as systemd does; return what it still says."""
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0
    assert running.stdout is not None
    return running.stdout.read()


def test_it_is_small(tmp_path: Path) -> None:
    with process(tmp_path, "--host", "127.0.0.1") as (running, url):
        token = Devices(tmp_path / "mat.db.page.json").add("a phone")
        cookie = {"cookie": f"matpi={token}"}
        for path in ("/api/log", "/export.json", "/export/sessions.csv", "/backup.db", "/api/devices"):
            assert ask(url, "GET", path, headers=cookie).status == 200
        status = Path(f"/proc/{running.pid}/status").read_text()
        (rss,) = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
        assert rss < RSS_MAX_KB
        begun = cpu_ticks(running.pid)
        time.sleep(2.0)
        assert (cpu_ticks(running.pid) - begun) / os.sysconf("SC_CLK_TCK") / 2.0 < 0.05  # of a core, on a busy machine


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_nothing_heavy_is_loaded() -> None:
    code = "import matpi.commands.page, matpi.page.server, sys; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in found if name in HEAVY or name.partition(".")[0] in HEAVY]
    own = {name.split(".")[1] for name in found if name.startswith("matpi.")}
    assert not own & {"service", "twin", "sim"}, "the page is no part of a device"


def test_a_taken_port_and_a_foreign_address_are_one_sentence(tmp_path: Path) -> None:
    write_log(tmp_path / "mat.db")
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"Port {port} cannot be used"):
            run(None, tmp_path / "mat.db", port=port, host=None, devices=False, revoke=None)
    for host in ("192.0.2.7", "no.such.name.invalid"):
        with pytest.raises(UsageError, match="This machine has no address"):
            run(None, tmp_path / "mat.db", port=0, host=host, devices=False, revoke=None)


def test_it_is_not_served_when_it_is_switched_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "matpi.toml"
    config.write_text("[page]\nenabled = false\n")
    run(config, tmp_path / "mat.db", port=0, host=None, devices=False, revoke=None)
    assert capsys.readouterr().out == "[page] enabled = false in the config: no page is served.\n"


def test_browsers_are_listed_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    log = tmp_path / "mat.db"

    def said(*, devices: bool = False, revoke: str | None = None) -> str:
        run(None, log, port=None, host=None, devices=devices, revoke=revoke)
        return capsys.readouterr().out

    assert said(devices=True).startswith("No browser is paired.")
    paired = Devices(devices_file(log))
    paired.add("Anna's phone")
    paired.add("a laptop")
    assert "Anna's phone" in said(devices=True)
    first = paired.all()[0]
    assert said(revoke=first.id) == "Anna's phone is no longer paired.\n"
    assert [one.name for one in paired.all()] == ["a laptop"]
    with pytest.raises(UsageError, match="No browser of the id"):
        said(revoke=first.id)
    with pytest.raises(UsageError, match="leave them out"):
        run(None, log, port=1, host=None, devices=True, revoke=None)
