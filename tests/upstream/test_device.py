"""From the mat to the receiver: a session of the simulated mat, the panel, the running service and its commands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from matpi import cli
from matpi.commands.doctor.checks import FAIL, OK, SKIPPED, WARN
from matpi.commands.upstream import doctor_checks
from matpi.config import Config
from matpi.core.effects import Effect, Save
from matpi.core.events import Noted, UpstreamTrouble
from matpi.core.model import Acknowledgement, Settings
from matpi.core.text import Text
from matpi.core.views import Idle
from matpi.store.db import Store
from matpi.store.outbox import delivery_id
from matpi.twin.world import VirtualWorld
from matpi.upstream.config import UpstreamConfig, WebhookConfig
from matpi.upstream.queue import Outbox
from matpi.upstream.relay import Trouble
from matpi.upstream.relays import Relays
from matpi.words import ENGLISH
from tests.store.values import rating, session
from tests.upstream.fakes import UTC
from tests.upstream.receiver import Receiver, status

ROOT = Path(__file__).parents[2]
Out = pytest.CaptureFixture[str]


class Clock:
    monotonic, utc = staticmethod(time.monotonic), staticmethod(time.time)

    def trusted(self) -> bool:
        return True


def until(happens: Callable[[], object], seconds: float = 60.0) -> None:
    """Real time: threads of the device and a receiver's."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def write(tmp_path: Path, table: WebhookConfig) -> Path:
    path = tmp_path / "matpi.toml"
    keys = msgspec.to_builtins(table)
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    path.write_text(f"[[upstream.webhook]]\n{lines}")
    return path


def used(path: Path, config: Config, watch: Callable[[Effect], None] = lambda _: None) -> VirtualWorld:
    """A device that somebody has used before, switched on."""
    with Store.open(path) as log:
        log.write(Save(Settings()))
        log.write(Save(Acknowledgement(some=False, utc=UTC)))
    rig = VirtualWorld(path, utc=UTC, config=config, watch=watch)
    rig.power_on()
    return rig


# -- a session ---------------------------------------------------------------------------------------------------------


def test_a_session_on_the_mat_arrives_once(tmp_path: Path, home: WebhookConfig) -> None:
    path = tmp_path / "sim.db"
    with Receiver(status(200)) as receiver:
        table = msgspec.structs.replace(home, name="house", url=f"http://127.0.0.1:{receiver.port}/")
        config = Config(upstream=UpstreamConfig(webhook=(table,)))
        relays = Relays(config.upstream, path, Clock(), lambda _: None)
        rig = used(path, config, relays.watch)
        relays.start()
        rig.run_until(30.0)
        rig.mat.act("lie_down", rig.t)
        rig.run_until(130.0)
        rig.mat.act("get_up", rig.t)
        rig.run_until(200.0)
        until(lambda: receiver.requests)
        rig.shut_down()
        relays.stop()
    with Store.open(path, read_only=True) as log:
        [stored] = log.sessions()
    [request] = receiver.requests
    data = json.loads(request.body)["data"]
    assert (data["id"], data["rev"]) == (stored.session.id, 1)
    assert data["on_mat_s"] == pytest.approx(stored.session.on_mat_s, abs=0.05)
    assert data["on_mat_s"] == pytest.approx(100.0, abs=2.0)


# -- the panel ---------------------------------------------------------------------------------------------------------


def test_trouble_is_on_the_idle_screen_until_it_is_over(tmp_path: Path) -> None:
    rig = used(tmp_path / "sim.db", Config())
    rig.run_until(20.0)

    def notice() -> str | None:
        assert rig.device is not None
        assert rig.device.display.shown is not None
        view = rig.device.display.shown.view
        assert isinstance(view, Idle), view
        return None if view.notice is None else ENGLISH.say(view.notice)

    rig.press(0.1)
    rig.run_until(100.0)  # after the question of the day's first wake
    assert notice() is None
    rig.take(UpstreamTrouble(0.0, Text("upstream.certificate")))
    assert notice() == "certificate is wrong"
    rig.take(UpstreamTrouble(0.0, ""))
    assert notice() is None
    rig.shut_down()


def test_what_several_sinks_suffer_is_reported_as_one(tmp_path: Path) -> None:
    reported: list[Any] = []
    relays = Relays(UpstreamConfig(), tmp_path / "x.db", Clock(), reported.append)
    relays._report("a", Trouble("it is gone; ask.", Text("upstream.ended")))
    relays._report("b", Trouble("nothing there; wait.", Text("upstream.not_reached")))
    relays._report("a", None)
    relays._report("b", None)
    assert [event.short for event in reported if isinstance(event, UpstreamTrouble)] == [
        Text("upstream.ended"),
        Text("upstream.ended"),
        Text("upstream.not_reached"),
        "",
    ]
    assert [(event.kind, event.text.split(":")[0]) for event in reported if isinstance(event, Noted)] == [
        ("upstream_lost", "a"), ("upstream_lost", "b"), ("upstream_back", "a"), ("upstream_back", "b"),
    ]  # fmt: skip


# -- the service and the commands beside it ----------------------------------------------------------------------------


@contextmanager
def running(path: Path, config: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "matpi", "run", "--board", "--store", str(path), "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_disabled_sink_is_reported_and_goes_on_when_asked(tmp_path: Path, home: WebhookConfig, capsys: Out) -> None:
    path = tmp_path / "matpi.db"
    with Store.open(path, sinks=("house",)) as store:
        store.write(Save(session()))
    with Receiver(status(410)) as receiver:
        table = msgspec.structs.replace(home, name="house", url=f"http://127.0.0.1:{receiver.port}/")
        config = write(tmp_path, table)
        here = ["--store", str(path), "--config", str(config)]
        with running(path, config) as device:
            until(lambda: receiver.requests)
            until(lambda: json.loads(status_of(here, capsys))["verdict"] == "FAIL")
            assert json.loads(status_of(here, capsys))["due"] == 1
            receiver.talk = status(204)
            assert cli.run(["upstream", "retry", "house", *here]) == 0
            assert "tries again within seconds" in capsys.readouterr().out
            until(lambda: json.loads(status_of(here, capsys))["acked"] == 1)
            device.send_signal(signal.SIGTERM)
            out, _ = device.communicate(timeout=60)
            assert device.returncode == 0
        assert "house: the receiver wants nothing more (HTTP 410, Gone)" in out
        assert "house: what is recorded arrives again" in out
    assert {request.headers["webhook-id"] for request in receiver.requests} == {delivery_id("sessions", "s1", 1)}
    final = json.loads(status_of(here, capsys))
    assert (final["verdict"], final["due"], final["kind"], final["name"]) == ("OK", 0, "webhook", "house")
    assert final["where"] == f"http://127.0.0.1:{receiver.port}"


def status_of(here: list[str], capsys: Out) -> str:
    capsys.readouterr()
    assert cli.run(["upstream", "status", "--json", *here]) == 0
    return capsys.readouterr().out


def test_a_try_by_hand_prints_its_result(tmp_path: Path, home: WebhookConfig, capsys: Out) -> None:
    with Receiver(status(204)) as receiver:
        config = write(tmp_path, msgspec.structs.replace(home, url=f"http://127.0.0.1:{receiver.port}/T0K3N"))
        assert cli.run(["upstream", "test", "--config", str(config)]) == 0
        assert f"webhook: arrived at http://127.0.0.1:{receiver.port} in " in capsys.readouterr().out
        assert json.loads(receiver.requests[0].body)["type"] == "test"
        receiver.talk = status(401)
        assert cli.run(["upstream", "test", "webhook", "--config", str(config)]) == 1
        assert "check that its secret is the same as here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["retry"], "Nothing is sent anywhere: the config has no receiver"),
        (["test"], "Nothing is sent anywhere: the config has no receiver"),
        (["send-all"], "send-all needs the name of one sink"),
        (["status", "house"], "leave out its name"),
        (["retry", "--json"], "--json goes with"),
        (["frobnicate"], "is not one of"),
    ],
)
def test_wrong_arguments_are_reported(tmp_path: Path, capsys: Out, words: list[str], says: str) -> None:
    config = tmp_path / "matpi.toml"
    config.write_text("")
    assert cli.run(["upstream", *words, "--config", str(config), "--store", str(tmp_path / "x.db")]) == 2
    reported = capsys.readouterr()
    assert says in reported.err
    assert reported.err.count("\n") == 1
    assert not (tmp_path / "x.db").exists()


def test_a_sink_that_is_not_there_and_a_log_that_is_not_there(tmp_path: Path, home: WebhookConfig, capsys: Out) -> None:
    config = write(tmp_path, home)
    here = ["--config", str(config), "--store", str(tmp_path / "x.db")]
    assert cli.run(["upstream", "retry", "hause", *here]) == 2
    assert "There is no sink 'hause'; the config has webhook." in capsys.readouterr().err
    assert cli.run(["upstream", "retry", *here]) == 1
    assert "There is no outbox in" in capsys.readouterr().err
    with Store.open(tmp_path / "x.db", sinks=()) as store:
        store.write(Save(session()))
    assert cli.run(["upstream", "retry", *here]) == 2
    assert "has not been started with webhook yet" in capsys.readouterr().err


def test_the_past_is_queued_on_request(tmp_path: Path, home: WebhookConfig, capsys: Out) -> None:
    path, config = tmp_path / "x.db", write(tmp_path, home)
    with Store.open(path, sinks=()) as store:
        store.write(Save(session()))
        store.write(Save(rating()))
    Store.open(path, sinks=("webhook",)).close()
    here = ["--config", str(config), "--store", str(path)]
    assert cli.run(["upstream", "send-all", "webhook", *here]) == 0
    assert "webhook: 2 records of the past queued." in capsys.readouterr().out
    assert cli.run(["upstream", "send-all", "webhook", *here]) == 0
    assert "webhook: 0 records of the past queued." in capsys.readouterr().out


def test_no_past_is_queued_for_a_sink_that_the_device_was_not_started_with(
    tmp_path: Path, home: WebhookConfig, capsys: Out
) -> None:
    path, config = tmp_path / "x.db", write(tmp_path, home)
    with Store.open(path, sinks=()) as store:
        store.write(Save(session()))
    assert cli.run(["upstream", "send-all", "webhook", "--config", str(config), "--store", str(path)]) == 2
    assert "has not been started with webhook yet; restart it" in capsys.readouterr().err


def test_what_is_left_of_a_sink_is_shown_and_can_be_deleted(tmp_path: Path, home: WebhookConfig, capsys: Out) -> None:
    path, config = tmp_path / "x.db", write(tmp_path, home)
    with Store.open(path, sinks=("old", "webhook")) as store:
        store.write(Save(session()))
    here = ["--config", str(config), "--store", str(path)]
    assert cli.run(["upstream", "forget", "old", *here]) == 2
    assert "The device still sends to old" in capsys.readouterr().err
    Store.open(path, sinks=("webhook",)).close()
    lines = [json.loads(line) for line in status_of(here, capsys).splitlines()]
    assert [(line["name"], line["kind"], line["due"], line["verdict"]) for line in lines] == [
        ("webhook", "webhook", 1, "OK"), ("old", None, 1, "WARN"),
    ]  # fmt: skip
    assert lines[1]["do"] == "give it back its table, or run `matpi upstream forget old`"
    for name, says in (("webhook", "The config still has the sink 'webhook'"), ("nobody", "nothing left of a sink")):
        assert cli.run(["upstream", "forget", name, *here]) == 2
        assert says in capsys.readouterr().err
    assert cli.run(["upstream", "forget", *here]) == 2
    assert "forget needs the name" in capsys.readouterr().err
    assert cli.run(["upstream", "forget", "old", *here]) == 0
    assert "old: forgotten; 1 record that it has not got will not be sent to it." in capsys.readouterr().out
    assert [json.loads(line)["name"] for line in status_of(here, capsys).splitlines()] == ["webhook"]


# -- how it stands -----------------------------------------------------------------------------------------------------


def test_doctor_has_a_line_a_sink_and_one_for_none(tmp_path: Path, home: WebhookConfig) -> None:
    path = tmp_path / "x.db"
    [none] = doctor_checks((), path, {})
    assert (none.verdict, none.part) == (SKIPPED, "upstream")
    config = Config(upstream=UpstreamConfig(webhook=(home,)))
    [unstarted] = doctor_checks(config.upstream.sinks, path, {})
    assert (unstarted.verdict, unstarted.do) == (WARN, "run `sudo systemctl restart matpi`")
    with Store.open(path, sinks=("webhook",)) as store:
        [empty] = doctor_checks(config.upstream.sinks, path, {})
        assert (empty.verdict, empty.what) == (OK, "http://127.0.0.1:1: 0 records arrived; nothing waits")
        store.write(Save(session()))
        [waiting] = doctor_checks(config.upstream.sinks, path, {})
        assert waiting.what == "http://127.0.0.1:1: 1 record waits for the next try"
        box = Outbox(path, "webhook")
        due = box.due()
        assert due is not None
        box.failed(due, "nothing listens at nas.local; start the receiver.", None)
        [failing] = doctor_checks(config.upstream.sinks, path, {})
        assert failing.verdict is WARN
        assert failing.what == "http://127.0.0.1:1: 1 record waits, tried 1 time: nothing listens at nas.local"
        assert failing.do == "start the receiver; all of it is kept"
        box.refused(due, "it will not have it; look at its log.")
        [refused] = doctor_checks(config.upstream.sinks, path, {})
        assert refused.verdict is WARN
        assert refused.do == "look at its log, then run `matpi upstream retry webhook`"
        box.disabled(due, "it wants nothing more; run `matpi upstream retry`.")
        assert doctor_checks(config.upstream.sinks, path, {})[0].verdict is FAIL
        box.close()
    [left] = doctor_checks((), path, {})
    assert left.verdict is WARN
    assert "no longer in the config; 1 record not sent, and kept" in left.what
