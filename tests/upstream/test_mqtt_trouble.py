"""A connection that is broken while nothing is due: on the panel, in the status file, for doctor and status."""

from __future__ import annotations

import gc
import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from paho.mqtt.client import Client

from matpi import cli
from matpi.commands.doctor import running
from matpi.commands.doctor.checks import OK, WARN
from matpi.commands.upstream import doctor_checks
from matpi.config import Config
from matpi.core.events import Noted, UpstreamTrouble
from matpi.core.text import Text
from matpi.drivers.facts import Status
from matpi.service.appliance import Appliance
from matpi.store.db import Store
from matpi.upstream.config import UpstreamConfig
from matpi.upstream.mqtt import connection
from matpi.upstream.relay import SHOW_AFTER_S, Trouble
from matpi.upstream.relays import STEADY_S, Relays
from matpi.upstream.sink import Delivery, LaterError
from tests.bench import Bench
from tests.upstream.broker import eventually, free_port
from tests.upstream.fakes import StillClock
from tests.upstream.mats import config, delivery, mat
from tests.upstream.scripted import ScriptedBroker

WRONG = LaterError("MQTT nas:8883: the broker does not take the password", "correct it", Text("upstream.broker_user"))


@dataclass
class Connected:
    trouble: LaterError | None = None
    needs_clock: bool = False

    def deliver(self, delivery: Delivery, utc: float | None) -> None: ...
    def close(self) -> None: ...
    def watch(self, effect: object) -> None: ...
    def turned(self, device: object, now: float, edges: object) -> None: ...


def relays_with_sink(tmp_path: Path) -> tuple[Relays, Connected, list[Any]]:
    events: list[Any] = []
    relays, sink = Relays(UpstreamConfig(), tmp_path / "x.db", StillClock(), events.append), Connected()
    relays._connected["home"] = sink
    return relays, sink, events


def test_a_broken_connection_is_on_the_panel_after_a_while_and_until_it_is_back(tmp_path: Path) -> None:
    relays, sink, events = relays_with_sink(tmp_path)
    sink.trouble = WRONG
    for second in range(int(SHOW_AFTER_S)):
        relays.check(float(second))
    assert events == []
    for second in range(int(SHOW_AFTER_S), int(SHOW_AFTER_S) + 60):
        relays.check(float(second))
    assert [event.short for event in events if isinstance(event, UpstreamTrouble)] == [Text("upstream.broker_user")]
    sink.trouble = LaterError("it is gone", "look", Text("upstream.no_broker"))
    relays.check(SHOW_AFTER_S + 61.0)
    sink.trouble = None
    for second in range(62, 122):
        relays.check(SHOW_AFTER_S + second)
    assert [event.short for event in events] == [Text("upstream.broker_user"), Text("upstream.no_broker"), ""]
    assert not any(isinstance(event, Noted) for event in events), "the sink has noted it itself"
    assert relays.troubles() == {}


def test_a_broken_connection_and_a_delivery_that_fails_end_each_by_itself(tmp_path: Path) -> None:
    relays, sink, events = relays_with_sink(tmp_path)
    relays._report("home", Trouble("nobody has subscribed; start the receiver.", Text("upstream.no_subscriber")))
    sink.trouble = WRONG
    relays.check(0.0)
    relays.check(SHOW_AFTER_S)
    relays._report("home", None)
    assert [event.short for event in events if isinstance(event, UpstreamTrouble)][-1] == Text("upstream.broker_user")
    sink.trouble = None
    relays.check(SHOW_AFTER_S + 2.0)
    assert events[-1].short == Text("upstream.broker_user"), "not mended before it has held for a while"
    relays.check(SHOW_AFTER_S + STEADY_S)
    assert events[-1].short == ""


def test_a_connection_that_comes_and_goes_is_broken(tmp_path: Path) -> None:
    """Two mats of one name: the broker lets in the one and then the other."""
    relays, sink, events = relays_with_sink(tmp_path)
    for second in range(int(SHOW_AFTER_S) + 60):
        sink.trouble = WRONG if second % 30 else None
        relays.check(float(second))
    assert [event.short for event in events] == [Text("upstream.broker_user")]


def test_doctor_and_status_show_it_though_nothing_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, port = tmp_path / "x.db", free_port()
    settings = Config(upstream=UpstreamConfig(mqtt=(config(port),)))
    Store.open(path, sinks=("mqtt",)).close()
    [silent] = doctor_checks(settings.upstream.sinks, path, {})
    assert silent.verdict is OK
    [check] = doctor_checks(settings.upstream.sinks, path, {"mqtt": str(WRONG)})
    assert (check.verdict, check.do) == (WARN, "correct it")
    assert check.what == f"mqtt://127.0.0.1:{port}; {WRONG.why}"
    monkeypatch.setattr(running, "upstream_troubles", lambda: {"mqtt": str(WRONG)})
    toml = tmp_path / "matpi.toml"
    toml.write_text(f'[[upstream.mqtt]]\nhost = "127.0.0.1"\nport = {port}\ntls = false\n')
    assert cli.run(["upstream", "status", "--json", "--config", str(toml), "--store", str(path)]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["verdict"], line["due"], line["do"]) == ("WARN", 0, "correct it")


@pytest.mark.parametrize(("age_s", "alive"), [(0.0, True), (60.0, True), (0.0, False)])
def test_only_what_a_running_device_says_counts(tmp_path: Path, age_s: float, alive: bool) -> None:
    path = tmp_path / "status.json"
    assert running.upstream_troubles(path) == {}
    written = {"pid": 1, "written_mono": time.monotonic() - age_s, "upstream": {"mqtt": str(WRONG)}}
    path.write_text(json.dumps(written))
    said = running.upstream_troubles(path, alive=lambda _: alive)
    assert said == ({"mqtt": str(WRONG)} if alive and not age_s else {})


def test_the_running_device_writes_it_into_its_status_file(tmp_path: Path) -> None:
    port = free_port()
    Store.open(tmp_path / "x.db", sinks=("mqtt",)).close()
    relays = Relays(UpstreamConfig(mqtt=(config(port),)), tmp_path / "x.db", StillClock(), lambda _: None)
    relays.start()
    assert eventually(relays.troubles)
    relays.stop()
    said = relays.troubles()
    assert "no broker listens there" in said["mqtt"]
    appliance: Any = SimpleNamespace(
        clock=StillClock(),
        scale=None,
        screen=None,
        started_mono=0.0,
        config=Config(),
        _started=lambda: SimpleNamespace(device=Bench().device),
        _relays=relays,
    )
    assert msgspec.json.decode(json.dumps(Appliance.status(appliance)), type=Status).upstream == said


def test_connections_that_are_over_leave_no_file_and_no_thread_open() -> None:
    """A broker that comes and goes all night; nor does it take the collector of circles to let go of them."""
    broker = ScriptedBroker(hang_up=0x8B)

    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with mat(broker.port, live=False) as one:
        one.refusal(delivery())
        assert eventually(lambda: len(one.notes) == 2)
        before = open_files()
        gc.disable()
        try:
            for n in range(40):
                one.refusal(delivery(n))
            assert eventually(lambda: one.sink._greeted)
            # The last connection's peer may not have closed its end yet.
            assert eventually(lambda: open_files() <= before + 4)
        finally:
            gc.enable()
    names = {thread.name for thread in threading.enumerate()}
    assert "mqtt" not in names
    assert eventually(lambda: not any(t.name.startswith("paho") for t in threading.enumerate()))
    broker.close()


def test_nothing_private_of_the_library_is_replaced() -> None:
    ours = {name for name in vars(connection._Client) if not name.startswith("__")}
    assert {name for name in ours if hasattr(Client, name)} == {"loop_forever"}
