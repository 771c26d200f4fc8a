"""The control socket: clients that are slow, rude, many or gone cost the device nothing, and none can break it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matpi.control import server
from matpi.control.address import beside, socket_of
from matpi.control.client import Client, device_of, short
from matpi.control.server import CLIENTS_MAX, LINE_MAX, SEND_S, ControlServer
from matpi.core.events import Counted, Tick
from matpi.errors import DeviceOffError, MatpiError, StoreError, UsageError
from tests.control.cases import GOOD, REFUSED
from tests.control.rig import NOMINAL, ONE, Rig, after_restart, lived, remembered

SOON_S = 20.0


def until(what: Callable[[], Any]) -> None:
    end = time.monotonic() + SOON_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


class Served:
    """A rig behind its socket."""

    def __init__(self, folder: Path, path: Path | None = None) -> None:
        self.rig = Rig(lived(folder / "log.db"), calibration=NOMINAL)
        self.path = path or beside(self.rig.path)
        self.reports: list[str] = []
        self.server = ControlServer(self.rig.door, self.path, self.reports.append)
        self.server.start()
        self.client = Client(self.path)

    def connect(self) -> socket.socket:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(SOON_S)
        with short(self.path) as name:
            link.connect(name)
        return link

    def ask(self, line: bytes) -> Any:
        with contextlib.closing(self.connect()) as link:
            link.sendall(line + b"\n")
            return json.loads(link.makefile("rb").readline())

    def is_well(self) -> None:
        """It answers, and the device has not noticed."""
        began = time.monotonic()
        assert self.client.ask({"do": "state"}).data["front"]
        assert time.monotonic() - began < 5.0
        assert self.rig.crash is None

    def stop(self) -> None:
        self.server.stop()
        self.rig.stop()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    one = Served(tmp_path)
    yield one
    one.stop()


def test_it_answers_each_request_with_a_line(served: Served) -> None:
    with contextlib.closing(served.connect()) as link, link.makefile("rb") as lines:
        link.sendall(
            b'{"do":"rate","value":3}\n{"do":"rate","value":11}\n{"do":"settings","set":{"bedtime":"21:00"}}\n'
        )
        first, second, third = (json.loads(lines.readline()) for _ in range(3))
    assert first["said"] == ["The rating 3 is noted."]
    assert set(first["data"]) == {"id"}
    assert second == {"error": "11 is no rating; give 1 to 10, 10 is tightest.", "usage": True}
    assert third == {"said": [], "data": {}}
    assert served.client.ask({"do": "state"}).data["rated"] == 3


def test_what_was_wrong_is_raised_by_the_client_as_it_was_there(served: Served) -> None:
    with pytest.raises(UsageError, match="11 is no rating") as usage:
        served.client.ask({"do": "rate", "value": 11})
    assert usage.value.exit_code == 2
    assert served.rig.store is not None
    served.rig.store.full = True
    with pytest.raises(MatpiError, match="disk is full") as failure:
        served.client.ask({"do": "rate", "value": 8})
    assert failure.value.exit_code == 1
    served.rig.store.full = False


def test_a_mistake_of_ours_is_one_sentence_and_the_device_goes_on(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(type(served.rig.door), "state", lambda _: 1 / 0)
    answer = served.ask(b'{"do":"state"}')
    assert answer == {
        "error": "matpi failed at this request (ZeroDivisionError); `journalctl -u matpi` says more.", "usage": False
    }  # fmt: skip
    assert "division by zero" in caplog.text
    monkeypatch.undo()
    served.is_well()


GARBAGE = [
    b"",
    b"\x00\xff\xfe",
    b"null",
    b"[]",
    b"{}",
    b'"do"',
    b'{"do":1}',
    b'{"do":"fly"}',
    b'{"do":"rate"}',
    b"{" * 100_000,
    b"[" * 100_000,
    b'{"do":"import","document":' + b"[" * 100_000,
    b'{"do":"rate","value":1e999}',
    b'{"do":"rate","value":NaN}',
    b'{"do":"rate","value":' + b"9" * 5000 + b"}",
    b'{"do":"people","words":["add","\\ud800"]}',
    b'{"do":"people","words":["add","\\u0000"]}',
    b'{"do":"delete_session","id":"\xed\xa0\x80"}',
    b'{"do":"settings","set":{"zone":"../../etc/passwd"}}',
    b'{"do":"felt_wrong","on":"9999-99-99"}',
    b'{"do":"calibrate","weight_kg":-1}',
    b'{"do":"pair","code":"\xf0\x9f\x92\xa9"}',
    b'{"do":"state","do":"state"}',
    b'{"do":"edit_session","id":"' + ONE.encode() + b'","set":{"start":"0000-00-00 00:00"}}',
    b'{"do":"edit_session","id":"' + ONE.encode() + b'","set":{"minutes":"' + "٣".encode() + b'"}}',
    b'{"do":"upstream_test","name":"' + b"x" * 100_000 + b'"}',
    b'{"do":"import","document":"\\ud800"}',
    b'{"do":"people","words":["rename","Anna","' + b"a" * 100_000 + b'"]}',
]


def test_garbage_is_refused_in_a_sentence_and_harms_nothing(served: Served) -> None:
    before = served.rig.ask(remembered)
    for line in GARBAGE:
        answer = served.ask(line)
        assert "error" in answer or line == b'{"do":"state","do":"state"}', (line[:60], answer)
        assert "Traceback" not in str(answer)
        assert "failed at this request" not in str(answer), (line[:60], answer)
    assert served.rig.ask(remembered) == before == after_restart(served.rig.path)
    served.is_well()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    one = Served(tmp_path_factory.mktemp("lasting"))
    yield one
    one.stop()


TEXT = st.one_of(
    st.text(max_size=30), st.sampled_from(["Anna", "Ben", "add", "remove", "9" * 400, "2026-03-15 10:00", ONE])
)
VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=6,
)
FIELDS = sorted(
    {field for cases in (GOOD, REFUSED) for every in cases.values() for one in every for field in one} | {"name"}
)
NAMES = st.sampled_from([name for name in REFUSED if name not in {"live", "counts", "delete_everything", "press"}])
LINE = st.one_of(
    st.binary(max_size=200).map(lambda line: line.replace(b"\n", b"")),
    st.builds(
        lambda name, fields: json.dumps({"do": name, **fields}).encode(),
        NAMES,
        st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=4),
    ),
)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), print_blob=False)
@given(LINE)
def test_no_line_makes_it_fail(lasting: Served, line: bytes) -> None:
    answer = lasting.ask(line)
    assert set(answer) in ({"said", "data"}, {"error", "usage"})
    assert "failed at this request" not in str(answer), (line, answer)
    assert lasting.rig.settled().ask(remembered) == after_restart(lasting.rig.path)


def test_a_line_that_is_too_long_is_refused_and_its_sender_hears_why(served: Served) -> None:
    with pytest.raises(UsageError, match="at most 32 MiB"):
        served.client.ask({"do": "import", "document": "x" * (40 << 20)})
    with contextlib.closing(served.connect()) as link:
        with contextlib.suppress(OSError):
            link.sendall(b"x" * (LINE_MAX + (8 << 20)))
        assert b"at most 32 MiB" in link.makefile("rb").readline()
    served.is_well()


def test_one_that_sends_half_a_line_is_dropped_and_others_are_served(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "IDLE_S", 0.3)
    links = [served.connect() for _ in range(5)]
    for link in links:
        link.sendall(b'{"do":"sta')
    served.is_well()
    for link in links:
        assert link.recv(100) == b""  # closed
        link.close()


def test_one_that_never_reads_is_dropped_and_the_device_does_not_wait(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SEND_S", 0.3)
    link = served.connect()
    link.sendall(b'{"do":"counts"}\n')
    until(lambda: served.rig.door._listeners)
    end = time.monotonic() + SOON_S
    longest = 0.0
    while served.rig.door._listeners:
        began = time.monotonic()
        served.rig.door.counted(Counted(began, (1, 2)))
        longest = max(longest, time.monotonic() - began)
        assert time.monotonic() < end
    assert longest < 1.0, "the thread of the load cells waited"
    served.is_well()
    link.close()
    asking = served.connect()
    with contextlib.suppress(TimeoutError, OSError):
        asking.settimeout(3.0)
        asking.sendall(b'{"do":"state"}\n' * 20_000)  # and takes no answer
    served.is_well()
    asking.close()


def test_the_seventeenth_is_refused_in_words_and_there_is_room_again(served: Served) -> None:
    links = [served.connect() for _ in range(CLIENTS_MAX)]
    until(lambda: len(served.server._links) == CLIENTS_MAX)
    with pytest.raises(MatpiError, match="16 clients are connected already; close one"):
        served.client.ask({"do": "state"})
    assert not served.rig.crash
    links.pop().close()
    until(lambda: len(served.server._links) < CLIENTS_MAX)
    served.is_well()
    for link in links:
        link.close()


def test_clients_that_go_in_the_middle_of_a_stream_leave_nothing_behind(served: Served) -> None:
    before = threads()
    for n in range(30):
        link = served.connect()
        with contextlib.suppress(BrokenPipeError):  # the seventeenth
            link.sendall(b'{"do":"live"}\n' if n % 2 else b'{"do":"counts"}\n')
        if n % 3 and n % 2:
            link.recv(10)
        link.close()
    until(lambda: not served.server._links)
    until(lambda: not served.rig.door._listeners)
    until(lambda: threads() <= before)
    served.is_well()


def test_live_sends_a_state_at_once_and_at_a_change(served: Served) -> None:
    states = served.client.stream({"do": "live"}, timeout_s=SOON_S)
    assert next(states)["rated"] is None
    served.client.ask({"do": "rate", "value": 5})
    assert next(states)["rated"] == 5
    states.close()  # type: ignore[attr-defined]


def test_ten_thousand_requests_and_two_who_change_at_once(served: Served) -> None:
    failed: list[BaseException] = []

    def change(person: str) -> None:
        try:
            for n in range(20):
                served.client.ask({"do": "rate", "value": n % 10 + 1, "person": person})
                served.client.ask({"do": "settings", "set": {"bedtime": f"21:{n:02}"}})
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    both = [threading.Thread(target=change, args=(name,)) for name in ("Anna", "Ben")]
    for one in both:
        one.start()
    with contextlib.closing(served.connect()) as link, link.makefile("rb") as lines:
        for _ in range(100):
            link.sendall(b'{"do":"zero","now":true}\n' * 90 + b'{"do":"felt_wrong","on":"never"}\n' * 10)
            for n in range(100):
                assert (b"unknown field" if n < 90 else b"is no date") in lines.readline()
    for one in both:
        one.join(SOON_S * 6)
    assert not failed
    assert len(served.rig.ask(lambda device: device.ledger.log.ratings)) == 41
    assert served.rig.settled().ask(remembered) == after_restart(served.rig.path)


def test_a_client_that_is_killed_in_the_middle_costs_nothing(served: Served) -> None:
    script = (
        "import socket,sys,time\n"
        "s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "s.sendall(sys.argv[2].encode()); print('sent',flush=True); time.sleep(60)\n"
    )
    for text in (
        '{"do":"rate","val',
        '{"do":"rate","value":4}\n',
        '{"do":"live"}\n',
        '{"do":"import","document":"' + "x" * 50_000,
    ):
        with subprocess.Popen([sys.executable, "-c", script, str(served.path), text], stdout=subprocess.PIPE) as client:
            assert client.stdout is not None
            client.stdout.readline()
            client.send_signal(signal.SIGKILL)
    until(lambda: not served.server._links)
    served.is_well()
    assert served.rig.settled().ask(remembered) == after_restart(served.rig.path)


def test_the_device_does_not_wait_while_clients_ask(served: Served) -> None:
    """The readings' own way, through the inbox of the loop: each is taken soon, whatever goes on at the socket."""
    stop = threading.Event()

    def hammer() -> None:
        while not stop.is_set():
            with contextlib.suppress(MatpiError):
                served.client.ask({"do": "state"})

    hammers = [threading.Thread(target=hammer, daemon=True) for _ in range(4)]
    for one in hammers:
        one.start()
    waited = []
    for _ in range(100):
        began = time.monotonic()
        served.rig.send(Tick(served.rig.clock.t))
        served.rig.ask(lambda _: None)
        waited.append(time.monotonic() - began)
        time.sleep(0.01)
    stop.set()
    for one in hammers:
        one.join(SOON_S)
    assert sorted(waited)[50] < 0.5


# -- the socket file, start and stop


def threads() -> int:
    return sum(thread.name.startswith("control") for thread in threading.enumerate())


def test_stop_ends_streams_at_once_and_leaves_no_thread_and_no_descriptor(tmp_path: Path) -> None:
    before, files = threads(), len(list(Path("/proc/self/fd").iterdir()))
    served = Served(tmp_path)
    for _ in range(2):
        streams = [served.client.stream({"do": kind}, timeout_s=SOON_S) for kind in ("live", "live", "counts")]
        next(streams[0])
        next(streams[1])
        reading = threading.Thread(target=_read, args=(streams[2],))
        reading.start()
        idle = served.connect()
        until(lambda: len(served.server._links) == 4)
        began = time.monotonic()
        served.server.stop()
        for stream in streams[:2]:
            with pytest.raises(DeviceOffError):
                list(stream)
        assert idle.recv(10) == b""
        assert time.monotonic() - began < SEND_S
        reading.join(SOON_S)
        idle.close()
        assert not served.path.exists()
        until(lambda: threads() <= before)
        served.server = ControlServer(served.rig.door, served.path)
        served.server.start()
        served.is_well()
    served.stop()
    until(lambda: threads() <= before)
    until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= files)


def _read(stream: Iterator[Any]) -> None:
    with contextlib.suppress(MatpiError):
        list(stream)


def test_a_socket_that_a_kill_has_left_is_replaced(tmp_path: Path) -> None:
    path = beside(tmp_path / "log.db")
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    assert device_of(tmp_path / "log.db") is None
    served = Served(tmp_path)
    served.is_well()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert socket_of(tmp_path / "log.db") == path
    served.stop()
    assert not path.exists()
    assert device_of(tmp_path / "log.db") is None


def test_a_file_of_that_name_is_left_alone_and_reported(tmp_path: Path) -> None:
    path = beside(tmp_path / "log.db")
    path.write_text("mine")
    served = Served(tmp_path)
    assert served.reports == [f"commands and page cannot reach the device: {path} (Address already in use)"]
    assert path.read_text() == "mine"
    assert served.rig.perform(do="state").data["front"]
    served.stop()
    assert path.read_text() == "mine"


def test_without_a_folder_for_it_the_device_runs_and_reports_it_once(tmp_path: Path) -> None:
    served = Served(tmp_path, tmp_path / "missing" / "control.sock")
    assert len(served.reports) == 1
    assert "cannot reach the device" in served.reports[0]
    assert served.rig.perform(do="rate", value=4).said
    with pytest.raises(DeviceOffError, match="No device is running"):
        served.client.ask({"do": "state"})
    served.stop()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_takes_no_file_is_reported_once(tmp_path: Path) -> None:
    (folder := tmp_path / "shut").mkdir(mode=0o500)
    served = Served(tmp_path, folder / "control.sock")
    assert len(served.reports) == 1
    served.stop()


def test_a_long_path_is_no_obstacle_and_one_that_is_too_long_is_reported(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 20) / ("longer" * 20)
    deep.mkdir(parents=True)
    served = Served(deep)
    served.is_well()
    assert served.server.path.is_socket()
    served.stop()
    name = deep / ("n" * 120)
    longer = Served(tmp_path, name)
    assert len(longer.reports) == 1
    assert "None" not in longer.reports[0]
    assert device_of(name) is None
    longer.stop()


def test_the_client_says_in_words_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(DeviceOffError, match="No device is running with the control socket"):
        Client(tmp_path / "none.sock").ask({"do": "state"})
    path = tmp_path / "odd.sock"
    for sent, words in (
        (b"", "The device has ended"),
        (b'{"said": [', "The device has ended"),
        (None, "not answer"),
    ):
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
            path.unlink(missing_ok=True)
            listener.bind(str(path))
            listener.listen()

            def odd(sent: bytes | None = sent, listener: socket.socket = listener) -> None:
                link, _ = listener.accept()
                with contextlib.closing(link):
                    if sent is None:
                        time.sleep(1.0)
                    else:
                        link.recv(100)
                        link.sendall(sent)

            thread = threading.Thread(target=odd)
            thread.start()
            with pytest.raises(DeviceOffError, match=words):
                Client(path).ask({"do": "state"}, timeout_s=0.3)
            thread.join()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_who_may_not_connect_is_told_how(served: Served) -> None:
    served.path.parent.chmod(0o755)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            Client(served.path).ask({"do": "state"})
        except StoreError as error:
            code = 0 if "may not be asked by this user" in str(error) else 3
        except BaseException:  # noqa: BLE001
            code = 4
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) in {0, 4}  # 4: a folder above is closed to others
