"""Hostile input at every edge but the page and the control socket: refused in a sentence, and nothing stored is harmed.

2,000 cases, the same in every run; MATPI_FUZZ=10 tries ten times as many new ones.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import queue
import random
import shutil
import string
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from matpi.config import Config, load, reference
from matpi.control.requests.base import Now
from matpi.control.requests.settings import Settings as SettingsRequest
from matpi.control.requests.transfer import Import
from matpi.core.events import ButtonDown, ButtonUp, Counted, Event, Noted, Reading, SensorLost, SettingWished, Wished
from matpi.core.model import Calibration
from matpi.core.plan.programme import plan
from matpi.core.rules import DeviceRules
from matpi.drivers.scale.pipe import HEAD
from matpi.drivers.scale.process import ReaderScale
from matpi.drivers.scale.trace import Trace
from matpi.errors import MatpiError, printable
from matpi.paths import stored_zone
from matpi.store.db import Store
from matpi.store.settings import READERS
from matpi.store.transfer import export_json
from matpi.twin.replay import replay
from matpi.upstream.mqtt.commands import COMMANDS, Throttle, event_of
from matpi.upstream.mqtt.pending import Pending, Request
from tests.bench import NOON, Bench
from tests.control.rig import lived
from tests.reliability.on_disk import OnDisk
from tests.upstream.mats import config as mqtt_config
from tests.upstream.mats import delivery

TIMES = int(os.environ.get("MATPI_FUZZ", "1"))
pytestmark = pytest.mark.timeout(300 * TIMES)  # each test is TIMES as long
NOW = Now(NOON, trusted=True, rules=DeviceRules())
LONGEST = 2000
"""Characters of a sentence; the longest lists what there is to choose from."""


def cases(number: int) -> settings:
    return settings(
        max_examples=number * TIMES,
        deadline=None,
        database=None,
        derandomize=TIMES == 1,
        suppress_health_check=list(HealthCheck),
    )


def refusal(do: Callable[[], object]) -> str:
    """Return the sentence of the error, "" for none. Raises what is no MatpiError."""
    try:
        do()
    except MatpiError as error:
        reported = str(error)
        assert reported.endswith((".", "?")), reported
        assert all(line.startswith("  ") for line in reported.splitlines()[1:]), reported
        assert printable(reported.replace("\n", "")) == reported.replace("\n", ""), reported
        assert len(reported) <= LONGEST, len(reported)
        return reported
    return ""


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["", "plan", "left", "9999-12-31", "2026-02-30", "24:00", "\ud800", "\x00", "a" * 300, "e\u0301"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A log in which something has happened, in one file."""
    path = lived(tmp_path_factory.mktemp("before") / "matpi.db")
    with Store.open(path) as store:
        store.scrub()
    return path.read_bytes()


@pytest.fixture
def log(tmp_path: Path, before: bytes) -> Callable[[], Path]:
    """Make the log again as it was before."""

    def made() -> Path:
        path = tmp_path / "matpi.db"
        for left in tmp_path.glob("matpi.db*"):
            left.unlink()
        path.write_bytes(before)
        return path

    return made


def exported(store: Store) -> dict[str, Any]:
    out = io.BytesIO()
    export_json(store, out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def check_kept(had: dict[str, Any], has: dict[str, Any]) -> None:
    """Every record that was there is there, as it was."""
    for table, records in had.items():
        if isinstance(records, list):
            assert [one for one in records if one not in has[table]] == [], table


def check_usable(path: Path) -> None:
    """The device starts with it, without a doubt about a stored value, and has a plan."""
    with Store.open(path) as store:
        memory = store.load()
        assert memory.doubts == ()
        plan(memory.log, stored_today(memory.settings.zone), memory.settings, memory.acknowledgement)
        Bench(memory, utc=NOON, zone_for=stored_zone).pass_s(1.0)


def stored_today(zone: str) -> Any:
    from datetime import datetime

    return datetime.fromtimestamp(NOON, stored_zone(zone)).date()


# -- recordings --------------------------------------------------------------------------------------------------------

FIELDS = st.sampled_from(
    ["0", "1", "1", "45", "-3", "1e308", "-1e308", "nan", "inf", "9" * 30, "x", "", "1e5", "\u0665"]
)
ROWS = st.lists(st.lists(FIELDS, min_size=1, max_size=5).map(",".join), max_size=12).map("\n".join)
HEADS = ["", "t_s,kg_0\n", "t_s,kg_0,ok\n0,1,1\n", "t_s,counts_0,counts_1\n", "# matpi: {}\nt_s,kg_0\n"]


def steps(kg: list[float]) -> str:
    return "t_s,kg_0\n" + "".join(f"{n / 10},{kg[n * len(kg) // 900]}\n" for n in range(900))


@cases(400)
@given(
    st.one_of(
        st.tuples(st.sampled_from([*map(str.encode, HEADS), b"\x1f\x8b"]), st.binary(max_size=60)).map(b"".join),
        st.tuples(st.sampled_from(HEADS), ROWS).map(lambda parts: "".join(parts).encode()),
    ),
    st.booleans(),
    st.integers(0, 200),
)
def test_a_recording_is_read_or_refused_with_its_name(tmp_path: Path, data: bytes, packed: bool, cut: int) -> None:
    file = tmp_path / ("trace.csv.gz" if packed else "trace.csv")
    file.write_bytes(gzip.compress(data)[: -cut or None] if packed else data)
    got: list[Reading] = []
    reported = refusal(lambda: got.extend(Trace(file, Calibration((0, 0), (1.0, -2.0)))))
    assert all(a.t <= b.t for a, b in pairwise(got))
    assert not reported or str(file) in reported


@cases(30)
@given(st.lists(st.sampled_from([0.0, 0.0, 45.0, 45.0, 9000.0, 1e5, -1e5, 1e300, -1e300]), min_size=2, max_size=5))
def test_a_recording_of_impossible_loads_is_replayed_or_refused(tmp_path: Path, kg: list[float]) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(steps(kg))
    refusal(lambda: replay(Trace(file), DeviceRules()).summary())


# -- the config --------------------------------------------------------------------------------------------------------

TABLES = sorted({row.key.partition("[")[0].rpartition(".")[0] or row.key.partition("[")[0] for row in reference()})
KEYS = sorted({row.key.rpartition(".")[2] for row in reference()})
VALUES = [
    "-1", "0", "1e999", "''", "[]", "{}", "[[]]", "07:32:00", "true", "9e18", "[{data=1}]", "nan", "'\\u0000'",
    "2026-01-01", "'/'", "'http://['", "99999999999999999999", "'a'", "8", "[1,2,3,4,5]",
]  # fmt: skip


@cases(350)
@given(
    st.one_of(
        st.binary(max_size=80),
        st.text(alphabet=string.printable, max_size=80).map(str.encode),
        st.lists(
            st.tuples(st.sampled_from([*TABLES, "x"]), st.sampled_from([*KEYS, "y"]), st.sampled_from(VALUES)),
            min_size=1,
            max_size=3,
        ).map(lambda lines: "".join(f"[{table}]\n{key} = {value}\n" for table, key, value in lines).encode()),
    )
)
def test_a_config_is_taken_or_refused_with_its_name(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "matpi.toml"
    file.write_bytes(raw)
    found: list[Config] = []
    if reported := refusal(lambda: found.append(load(file))):
        assert "matpi.toml" in reported
    else:
        assert msgspec.convert(msgspec.to_builtins(found[0]), Config) == found[0]
        found[0].device_rules()


# -- exports -----------------------------------------------------------------------------------------------------------


def spoilt(document: Any, rng: random.Random, junk: list[Any]) -> Any:
    """Change the document in some places: a value, a key, a record twice or gone."""
    for value in junk:
        at, parent, key = document, None, None  # type: Any, Any, Any
        while isinstance(at, dict | list) and at and (parent is None or rng.random() < 0.85):
            parent, key = at, rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
            at = at[key]
        if parent is None:
            return value
        match rng.choice(("set", "set", "set", "gone", "twice", "like")):
            case "gone":
                del parent[key]
            case "twice" if isinstance(parent, list):
                parent.append(at)
            case "like" if isinstance(at, int | float) and not isinstance(at, bool):
                parent[key] = rng.choice([-at, at + 1, at * 1e9, at / 3, 0, str(at)])
            case "like" if isinstance(at, str):
                parent[key] = rng.choice([at[:-1], at + at, at.upper(), at[::-1], "", at + "\u0301"])
            case _:
                parent[key] = value
    return document


@cases(400)
@given(st.lists(JUNK, min_size=1, max_size=4), st.randoms(use_true_random=False), st.integers(0, 40), st.booleans())
def test_a_spoilt_export_is_taken_or_refused_and_harms_no_record(
    log: Callable[[], Path], junk: list[Any], rng: random.Random, cut: int, strange: bool
) -> None:
    path = log()
    with Store.open(path) as store:
        had = exported(store)
        text = json.dumps(spoilt(json.loads(json.dumps(had)), rng, junk))
        if strange:  # of another mat: nothing in it is there already
            text = text.replace("1111", "abab").replace("3333", "cdcd").replace("boot-0", "boot-9")
        if cut > 30:
            text = text[: len(text) * (cut - 30) // 10]
        reported = refusal(lambda: Import(document=text).perform(store, NOW))
        has = exported(store)
    if reported:
        assert has == had
    check_kept(had, has)
    check_usable(path)


# -- settings ----------------------------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([
        "yes", "no", "03:00", "24:00", "3", "7", "-1", "9" * 5000, "auto", "de", "mon,tue", "none", "Europe/Berlin",
        "../../etc/passwd", "Europe", "/etc/localtime", "\x00", "\ud800", "a/" * 200, "breath", "pets", "٣", "1_0",
        'name = "x"\n', "[[tier]]\ndays = [1, 3]\n", "[" * 3000, "x" * 70_000, "tier = 1", "[[tier]]\ndays = 1e999\n",
    ]),
)  # fmt: skip


@cases(300)
@given(st.dictionaries(st.sampled_from(sorted(READERS)) | st.text(max_size=12), TEXTS, min_size=1, max_size=3))
def test_settings_are_taken_or_refused_and_all_else_stays(log: Callable[[], Path], texts: dict[str, str]) -> None:
    path = log()
    with Store.open(path) as store:
        had = exported(store)
        reported = refusal(lambda: SettingsRequest(set=texts).perform(store, NOW))
        has = exported(store)
    if not reported:
        assert set(texts) <= set(READERS)
        had.pop("settings"), has.pop("settings")
    assert has == had
    check_usable(path)


# -- MQTT --------------------------------------------------------------------------------------------------------------


@cases(300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(COMMANDS)) | st.text(max_size=20),
            st.binary(max_size=80)
            | st.sampled_from([b"PRESS", b"ON", b"OFF", b"3", b"7.0", b"22:45", b"00:00", b'{"id": 1}', b"[" * 9000]),
            st.booleans(),
            st.floats(0.0, 20.0),
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
@example([("0\U0001089f" * 10, b"", False, 0.0)], False)
def test_commands_of_a_broker_harm_no_record(
    log: Callable[[], Path], messages: list[tuple[str, bytes, bool, float]], lying: bool
) -> None:
    with Store.open(log()) as store:
        had = exported(store)
        bench = on(store)
        bench.lie(8.0) if lying else bench.up(8.0)
        throttle, pending = Throttle(), Pending(mqtt_config(1883))
        pending.begin(Request(delivery()))
        for name, payload, retained, wait_s in messages:
            pending.acknowledged(payload)
            commands: list[Wished | SettingWished] = []
            reported = refusal(lambda: commands.append(event_of(name, payload, bench.t, retained=retained)))  # noqa: B023
            assert len(reported) < 200
            for command in commands:
                throttle.add(name, command)
            for event in throttle.take(bench.t):
                bench.send(event)
            bench.pass_s(wait_s)
        assert pending.request is not None, "nothing was sent, so nothing is confirmed"
        has = exported(store)
    for table in ("sessions", "edits", "ratings", "stops", "people", "looser"):
        assert [one for one in has[table] if one["id" if "id" in one else "session_id"] in known(had)] == had[table]


def known(document: dict[str, Any]) -> set[str]:
    return {
        one[key]
        for table in document.values()
        if isinstance(table, list)
        for one in table
        for key in one
        if key.endswith("id")
    }


def on(store: Store, **given_: Any) -> Bench:
    """A device with this log."""
    rows = OnDisk(store)
    bench = Bench(rows.before, utc=NOON, zone_for=stored_zone, **given_)
    bench.rows = rows
    return bench


# -- button and load cells ---------------------------------------------------------------------------------------------

LOADS = [0.0, 0.0, 45.0, 45.0, 20.0, -400.0, 195.0, 9_000.0, 12_000.0, 8.4e6, -8.4e6]
MOMENTS = st.tuples(
    st.sampled_from(["load", "load", "down", "up", "tap", "bounce", "flagged", "one end", "late", "long"]),
    st.sampled_from(LOADS),
    st.floats(0.01, 45.0),
)


@cases(170)
@given(st.lists(MOMENTS, min_size=2, max_size=7), st.booleans())
def test_a_wild_button_and_wild_cells_harm_no_record(
    log: Callable[[], Path], moments: list[tuple[str, float, float]], shared: bool
) -> None:
    path = log() if shared else lived(log().with_name("alone.db"), people=False)
    with Store.open(path) as store:
        had = exported(store)
        bench = on(store, rate=4.0)
        bench.up(6.0)
        for what, kg, seconds in moments:
            match what:
                case "load":
                    bench.lie(seconds, kg)
                case "down" | "up":
                    bench.until(bench.t)
                    bench.send(ButtonDown(bench.t) if what == "down" else ButtonUp(bench.t))
                    bench.pass_s(seconds)
                case "tap":
                    bench.press(seconds / 20)
                case "bounce":
                    for n in range(40):
                        bench.t += 0.001
                        bench.send((ButtonDown, ButtonUp)[n % 2](bench.t))
                case "flagged":
                    bench.ok = False
                    bench.pass_s(seconds)
                    bench.ok = True
                case "one end":
                    bench.body = lambda _, kg=kg: (kg, 0.0)
                    bench.pass_s(seconds)
                    bench.body = None
                case "late":
                    bench.t += seconds * 1000
                    bench.until(bench.t)
                case "long":
                    bench.lie(40.0, kg)
        bench.send(ButtonUp(bench.t))
        bench.up(150.0)
        has = exported(store)
    check_kept(had, has) if not shared else None
    for table in ("sessions", "ratings", "stops"):
        assert {one["id"] for one in had[table]} <= {one["id"] for one in has[table]}, table
    check_usable(path)
    path.unlink()


RECORD = st.builds(
    HEAD.pack,
    st.sampled_from([1, 1, 1, 1, 2, 3, 255]),
    st.sampled_from([0, 1, 0, 1, 7, 255]),
    st.sampled_from([0, 0, 0, 0, 1, 5, 200]),
    st.sampled_from([0, 1_900_000, -1, 2**31 - 1, -(2**31), 8_388_607, 2]),
    st.sampled_from([1.0, 1.1, 1.2, 2.0, -1.0, 1e300, float("inf"), float("nan"), 0.0]),
)
REPORT = b'{"rates": [80.0, 80.0]}'
BEGINNING = HEAD.pack(2, 0, 0, len(REPORT), 1.0) + REPORT


@cases(50)
@given(
    st.lists(RECORD | st.binary(max_size=20), max_size=12).map(b"".join),
    st.sampled_from(
        [b"", BEGINNING, BEGINNING, HEAD.pack(2, 0, 0, 2, 1.0) + b"{}", HEAD.pack(3, 0, 0, 2, 1.0) + b"{}"]
    ),
)
def test_whatever_the_reader_of_the_cells_writes_the_device_goes_on(tmp_path: Path, data: bytes, head: bytes) -> None:
    file = tmp_path / "bytes"
    file.write_bytes(head + data)
    heard: queue.SimpleQueue[Event | Counted] = queue.SimpleQueue()
    scale = ReaderScale([shutil.which("cat") or sys.executable, str(file)], 2, 80, now=lambda: 1.5)
    scale.start(heard.put)
    try:
        for event in until_lost(heard):
            if isinstance(event, Counted):
                assert 0.0 <= event.t <= 2.5, "a time that is not now"
                assert all(-(1 << 23) <= counts < 1 << 23 for counts in event.counts)
            elif isinstance(event, Noted):
                assert event.text.endswith(".")
    finally:
        scale.stop()


def until_lost(heard: queue.SimpleQueue[Event | Counted]) -> Iterator[Event | Counted]:
    """Yield what comes up to the reader's end: the thread lives on and reports it."""
    while True:
        event = heard.get(timeout=60.0)
        yield event
        if isinstance(event, SensorLost):
            return
