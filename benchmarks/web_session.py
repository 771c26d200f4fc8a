"""The page beside a running device: what a session, the device and the page pay for it. Prints one JSON line a figure.

Three processes and the clients' own, on one machine: `matpi run --board` (observed_run.py), `matpi page` at its unit's
Nice=5, and web_clients.py at nice 19. On a real device the clients are other machines; here they take the processor
from it, so the figures are on the bad side. The log has 5,000 sessions. Lateness is the time from the moment at which
the reader's process took a reading from the emulated chip to the moment at which the loop has it, of every reading
while a person is on the mat; windows with and without clients take turns, and `*_more_ms` is the difference of the two
worst. Each client asks once a second; of `web_changing` two of them a second note a rating and delete it again.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from benchmarks.growth import write_log
from benchmarks.observed_run import RECORD
from benchmarks.process import rss_mb
from matpi.control.address import beside
from matpi.control.client import Client
from matpi.core.effects import Calibrated, Save
from matpi.core.model import Acknowledgement, Calibration, Zero
from matpi.errors import MatpiError
from matpi.page.devices import Devices, devices_file
from matpi.sim.board_reader import COUNTS_PER_KG, OFFSETS
from matpi.sim.body import Mat
from matpi.store.db import Store

SESSIONS = 5_000
CLIENTS, STREAMS, REFUSED = 50, 8, "503 8 pages are open already; close one of them."
WINDOW_S, PAIRS, CHANGING_PAIRS, SETTLE_S = 10.0, 6, 3, 1.5
TARGET_LATE_MS = 20.0
STEADY_MS = 50.0
"""The worst without clients, up to which the difference of two worst says something."""
KILLS, STARTS, REQUESTS, RECONNECTS = 50, 5, 400, 50
IDLE_S = 30.0
LENGTH_S = 0.5
"""Of a session, by which it may differ from the time that the emulated person was on the mat."""


def say(figure: str, value: float | bool | str, **more: object) -> None:
    print(json.dumps({"figure": figure, "value": value, **more}), flush=True)


def cpu_s(pid: int) -> float:
    return time.clock_gettime((~pid << 3) | 2)  # the process's CPU clock, see clock_getcpuclockid(3)


def percent(seconds: float, *pids: int) -> list[float]:
    """Of a core, used by each process while so many seconds pass."""
    before, since = [cpu_s(pid) for pid in pids], time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - since
    return [100 * (cpu_s(pid) - used) / took for pid, used in zip(pids, before, strict=True)]


def until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise SystemExit("the device or the page did not do in a minute what was waited for")
        time.sleep(0.05)


class Device:
    """The device's process, and what it shows by its control socket."""

    def __init__(self, log: Path, *, control: bool = True) -> None:
        self.log, self._late = log, log.with_suffix(".late")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notify = log.with_suffix(".notify")
            notify.unlink(missing_ok=True)
            notified.bind(str(notify))
            notified.settimeout(60.0)
            command = [sys.executable, "-m", "benchmarks.observed_run", str(log), str(self._late)]
            self.process = subprocess.Popen(
                command if control else [*command, "no-socket"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
                env={**os.environ, "NOTIFY_SOCKET": str(notify)},
            )
            while b"READY=1" not in notified.recv(4096):
                pass
            self.ready_cpu_s = cpu_s(self.pid)
        self._client = Client(beside(log))

    @property
    def pid(self) -> int:
        return self.process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

    def act(self, what: str) -> float:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return time.monotonic()

    def front(self) -> str:
        with suppress(MatpiError):
            return str(self._client.ask({"do": "state"}).data["front"])
        return ""

    def late_ms(self, since: float, before: float) -> list[float]:
        """How late each reading was that the chips gave between two moments; those of the last second may lack."""
        data = self._late.read_bytes()
        whole = data[: len(data) // RECORD.size * RECORD.size]
        return [1e3 * late for t, late in RECORD.iter_unpack(whole) if since <= t < before]


@contextmanager
def page_of(log: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The page's process, and its port."""
    command = ["nice", "-n", "5", sys.executable, "-m", "matpi", "page", "--store", str(log), "--port", "0"]
    with subprocess.Popen([*command, "--host", "127.0.0.1"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline().strip().rstrip("/").rpartition(":")[2])
        finally:
            process.kill()


class Browser:
    """One connection of a paired browser."""

    def __init__(self, port: int, token: str) -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookie = {"Cookie": f"matpi={token}", "Accept-Encoding": "gzip"}

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes, str]:
        """Return status, body and tag."""
        sent = {**self._cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None:
            sent["Content-Type"] = "application/json"
        self._link.request(method, path, None if body is None else json.dumps(body), sent)
        answer = self._link.getresponse()
        return answer.status, answer.read(), answer.headers.get("ETag", "")

    def listen(self) -> None:
        """Begin a stream of events; return with its first bytes."""
        self._link.request("GET", "/events", headers=self._cookie)
        answer = self._link.getresponse()
        assert answer.status == 200, answer.read()
        answer.read1(1)
        self._stream = answer  # a response that is dropped closes its connection

    def close(self) -> None:
        with suppress(AttributeError):
            self._stream.close()
        self._link.close()


# -- the figures -------------------------------------------------------------------------------------------------------


def of_lateness(late: Sequence[Sequence[float]]) -> dict[str, float]:
    """Median and 99.9 % of all readings, the largest of each window, and the largest of all, in ms."""
    every = sorted(value for window in late for value in window)
    worst = [max(window) for window in late]
    return {
        "p50": round(statistics.median(every), 2),
        "p99_9": round(every[int(0.999 * len(every))], 2),
        "worst_of_a_window": round(statistics.median(worst), 2),
        "worst": round(max(worst), 2),
        "readings": len(every),
    }


def lateness(device: Device, clients: subprocess.Popen[str], rates: int, pairs: int, name: str) -> None:
    assert clients.stdin is not None
    assert clients.stdout is not None
    without: list[list[float]] = []
    beside_clients: list[list[float]] = []
    answers: list[dict[str, Any]] = []
    windows: list[tuple[float, float]] = []
    for _ in range(pairs):
        since = time.monotonic()
        time.sleep(WINDOW_S)
        windows.append((since, time.monotonic()))
        stint = {"clients": CLIENTS, "streams": STREAMS, "every_s": 1.0, "rates": rates, "seconds": WINDOW_S}
        since = time.monotonic()
        clients.stdin.write(json.dumps(stint) + "\n")
        clients.stdin.flush()
        answers.append(json.loads(clients.stdout.readline()))
        windows.append((since, time.monotonic()))
        time.sleep(SETTLE_S)  # the connections of the stint are closed
    time.sleep(2.0)  # the observer writes in blocks
    for n, (begin, end) in enumerate(windows):
        (beside_clients if n % 2 else without).append(device.late_ms(begin, end))
    alone, among = of_lateness(without), of_lateness(beside_clients)
    statuses: dict[str, int] = {}
    for answer in answers:
        for status, number in answer["statuses"].items():
            statuses[status] = statuses.get(status, 0) + number
    more = round(among["worst"] - alone["worst"], 2)
    say(
        f"{name}_late_more_ms",
        more,
        target=TARGET_LATE_MS,
        reached=more <= TARGET_LATE_MS if alone["worst"] <= STEADY_MS else "the machine is too busy to say",
        without=alone,
        beside_clients=among,
        window_s=WINDOW_S,
        windows=pairs,
    )
    refusals = {answer["refusal"] for answer in answers}
    say(
        f"{name}_requests_s",
        round(sum(statuses.values()) / (pairs * WINDOW_S), 1),
        answers=statuses,
        p50_ms=statistics.median(answer["p50_ms"] for answer in answers),
        p99_ms=max(answer["p99_ms"] for answer in answers),
        states=sum(answer["states"] for answer in answers),
        ninth_refused=refusals == {REFUSED} or sorted(refusals),
    )


def requests(port: int, token: str) -> None:
    """Time to an answer, one after another over one connection, beside a session."""
    browser = Browser(port, token)
    _, body, tag = browser.ask("GET", "/api/log")
    begun = 0.0

    def not_modified() -> bool:
        nonlocal begun, tag
        while True:
            begun = time.perf_counter()
            status, _, tag = browser.ask("GET", "/api/log", If_None_Match=tag)
            if status == 304:  # else the device has just saved how long the session is by now
                return True

    def rated() -> bool:
        status, got, _ = browser.ask("POST", "/api/do", {"do": "rate", "value": 5})
        gone, _, _ = browser.ask("POST", "/api/do", {"do": "delete_rating", "id": json.loads(got)["data"]["id"]})
        return (status, gone) == (200, 200)

    def changed() -> bool:
        assert rated()
        nonlocal begun
        begun = time.perf_counter()  # of the log alone
        return browser.ask("GET", "/api/log")[0] == 200

    kinds: dict[str, tuple[int, Callable[[], bool]]] = {
        "GET /api/hello": (REQUESTS, lambda: browser.ask("GET", "/api/hello")[0] == 200),
        "GET /api/log, 304": (REQUESTS, lambda: browser.ask("GET", "/api/log", If_None_Match=tag)[0] == 304),
        "GET /api/log, unchanged": (REQUESTS, lambda: browser.ask("GET", "/api/log")[0] == 200),
        "POST /api/do, rate and delete": (REQUESTS // 10, rated),
        "GET /api/log, changed": (REQUESTS // 10, changed),
    }
    for what, (number, ask) in kinds.items():
        taken = []
        for _ in range(number):
            begun = time.perf_counter()
            assert ask(), what
            taken.append(1e3 * (time.perf_counter() - begun))
        taken.sort()
        p50, p99 = round(statistics.median(taken), 2), round(taken[int(0.99 * len(taken))], 2)
        say("web_requests_s", round(1e3 * number / sum(taken), 1), request=what, p50_ms=p50, p99_ms=p99, asked=number)
    say("web_log_kb", round(len(body) / 1e3, 1), sessions=SESSIONS, zipped=True)
    browser.close()


def memory(page: int, port: int, token: str) -> None:
    """RSS of the page's process, in MB, step by step."""
    steps: dict[str, float] = {"idle": rss_mb(page)}
    with ExitStack() as open_:
        for _ in range(STREAMS):
            one = Browser(port, token)
            open_.callback(one.close)
            one.listen()
        steps["8_streams"] = rss_mb(page)
    browser = Browser(port, token)
    for path in ("/api/log", "/", "/api/hello", "/api/devices"):
        for _ in range(250):
            browser.ask("GET", path)
    steps["1000_requests"] = rss_mb(page)
    for _ in range(RECONNECTS):
        one = Browser(port, token)
        one.listen()
        one.close()
        until(lambda: browser.ask("GET", "/api/hello")[0] == 200)
    steps["50_reconnects"] = rss_mb(page)
    browser.close()
    shown = {name: round(value, 1) for name, value in steps.items()}
    say("web_rss_mb", shown["idle"], target=45, reached=shown["idle"] < 45, sessions=SESSIONS, **shown)


def idle(device: Device, page: int, port: int, token: str) -> None:
    """Of a core: the page without a stream and with one, and what one stream costs the device."""
    nothing, alone = percent(IDLE_S, page, device.pid)
    browser = Browser(port, token)
    browser.listen()
    streaming, watched = percent(IDLE_S, page, device.pid)
    browser.close()
    say("web_idle_percent", round(nothing, 2), target=1.0, reached=nothing < 1.0, one_stream=round(streaming, 2))
    more = round(watched - alone, 2)
    say(
        "web_device_stream_percent",
        more,
        target=3.0,
        reached=more <= 3.0,
        without=round(alone, 2),
        front=device.front(),
    )


def kills(log: Path, token: str) -> None:
    """Start the page, open a live stream, kill it."""
    for _ in range(KILLS):
        with page_of(log) as (_, port):
            browser = Browser(port, token)
            browser.listen()
        browser.close()


def session(device: Device, on: float) -> None:
    """The person gets up: the log has one session more, as long as the person was on the mat."""
    off = device.act("get_up")
    time.sleep(3.0)
    until(lambda: device.front() not in {"ON_MAT", "AWAY", ""})
    until(lambda: not any(one.is_open for one in stored(device.log)))
    mat = Mat(kg=74.0)
    mat.act("lie_down", on)
    mat.act("get_up", off)
    times = [on + 0.005 * n for n in range(int((off + 6.0 - on) / 0.005))]
    loaded = [t for t in times if sum(mat.load_kg(t)) > 1.0]
    new = stored(device.log)[SESSIONS:]
    right = len(new) == 1 and abs(new[0].on_mat_s - (loaded[-1] - loaded[0])) <= LENGTH_S
    lengths = [round(one.on_mat_s, 2) for one in new]
    say("web_session_is_one_and_right", right, kills=KILLS, on_mat_s=lengths, true_s=round(loaded[-1] - loaded[0], 2))


def stored(log: Path) -> list[Any]:
    with Store.open(log, read_only=True) as store:
        return [entry.session for entry in store.sessions()]


def socket_costs(log: Path) -> None:
    """The device's process with its control socket and without, in turns: CPU until READY, and memory."""
    cost: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for _ in range(STARTS):
        for control, found in cost.items():
            with Device(log, control=control) as device:
                time.sleep(4.0)
                found.append((1e3 * device.ready_cpu_s, rss_mb(device.pid)))
    cpu = {control: min(ms for ms, _ in found) for control, found in cost.items()}
    rss = {control: statistics.median(mb for _, mb in found) for control, found in cost.items()}
    more = round(rss[True] - rss[False], 2)
    say(
        "socket_rss_mb", more, target=1.5, reached=more <= 1.5, device=round(rss[True], 1), without=round(rss[False], 1)
    )
    more = round(cpu[True] - cpu[False], 1)
    say("socket_ready_cpu_ms", more, target=15, reached=more <= 15, device=round(cpu[True]), without=round(cpu[False]))


def main() -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as installed, with byte code
        os.environ.pop("STATE_DIRECTORY", None)
        os.environ["PYTHONPYCACHEPREFIX"] = f"{name}/bytecode"
        folder = Path(name)
        socket_costs(empty(folder / "empty.db"))
        log = empty(folder / "mat.db", SESSIONS)
        token = Devices(devices_file(log)).add("the benchmark")
        device = stack.enter_context(Device(log))
        until(lambda: device.front() == "IDLE" or device.front() == "OFF")
        with page_of(log) as (page, port):
            Browser(port, token).ask("GET", "/api/hello")
            memory(page.pid, port, token)
            idle(device, page.pid, port, token)
            on = device.act("lie_down")
            until(lambda: device.front() == "ON_MAT")
            idle(device, page.pid, port, token)
            requests(port, token)
            command = ["nice", "-n", "19", sys.executable, "-m", "benchmarks.web_clients", str(port), token]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
                lateness(device, clients, 0, PAIRS, "web")
                lateness(device, clients, 20, CHANGING_PAIRS, "web_changing")
                assert clients.stdin is not None
                clients.stdin.close()
            say(
                "web_rss_after_mb",
                round(after := rss_mb(page.pid), 1),
                target=45,
                reached=after < 45,
                sessions=SESSIONS,
            )
        kills(log, token)
        session(device, on)


def empty(log: Path, sessions: int = 0) -> Path:
    """Make a log of a calibrated mat, its safety question answered."""
    write_log(log, sessions)
    with Store.open(log) as store:
        store.write(Save(Calibrated(Calibration(OFFSETS[:2], (COUNTS_PER_KG, COUNTS_PER_KG)), Zero((0.0, 0.0)))))
        store.write(Save(Acknowledgement(some=False, utc=time.time())))
    return log


if __name__ == "__main__":
    main()
