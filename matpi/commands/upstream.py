"""`matpi upstream`: how it stands with what is sent on, another try, a try by hand. Works beside a running device."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from matpi import config as config_file
from matpi.commands import upstream_checks, which_log
from matpi.commands.doctor.checks import Check
from matpi.commands.output import say, table
from matpi.drivers.clock import SystemClock
from matpi.errors import StoreError, UsageError
from matpi.paths import default_store, device_config
from matpi.store.db import Store, is_unmade
from matpi.upstream import queue
from matpi.upstream.config import Table
from matpi.upstream.kinds import kind_of
from matpi.upstream.queue import SinkStatus
from matpi.upstream.sink import Delivery, UpstreamError


def run(
    what: str,
    name: str | None,
    config_path: Path | None,
    store: Path | None,
    *,
    as_json: bool,
    troubles: Callable[[], Mapping[str, str]] = dict,
) -> int:
    """`what` is status, retry, test, send-all or forget; returns the exit code."""
    if name is not None and what == "status":
        raise UsageError("`matpi upstream status` shows every sink; leave out its name.")
    if as_json and what != "status":
        raise UsageError(f"--json goes with `matpi upstream status`, not with {what}.")
    match what:
        case "retry":
            retry(config_path, store, name)
        case "test":
            return 0 if test(config_path, name) else 1
        case "send-all":
            if name is None:
                raise UsageError("send-all needs the name of one sink; `matpi upstream status` lists them.")
            send_all(config_path, store, name)
        case "forget":
            if name is None:
                raise UsageError("forget needs the name of one sink; `matpi upstream status` lists what is left over.")
            forget(config_path, store, name)
        case _:
            status(config_path, store, as_json=as_json, troubles=troubles())
    if store is None:
        which_log.report(default_store(), empty=is_unmade(default_store()))
    return 0


def status(
    config_path: Path | None, store: Path | None, *, as_json: bool, troubles: Mapping[str, str] = MappingProxyType({})
) -> None:
    """A line a sink: of those in the config, and of those that it no longer has and something waits for. `troubles`
    is what the running device says of its connections, by sink.
    """
    tables, found = _tables(config_path), _statuses(store or default_store())
    checks = checks_of(tables, found, trusted=SystemClock().trusted(), troubles=troubles)
    if as_json:
        by_name = {sink.name: sink for sink in tables}
        for seen in checks:
            say(json.dumps(_line(by_name.get(seen.name), found.get(seen.name), seen)))
        return
    if not tables:
        say("Nothing is sent anywhere. docs/upstream.md tells how to change that.")
    rows = [
        (check.name, check.verdict.lower(), f"{check.what}; {check.do}." if check.do else f"{check.what}.")
        for check in checks
    ]
    if rows:
        table(("sink", "", "how it stands"), rows)


def checks_of(
    tables: Sequence[Table],
    found: dict[str, SinkStatus],
    *,
    trusted: bool,
    troubles: Mapping[str, str] = MappingProxyType({}),
) -> list[Check]:
    """One of each sink in the config, then of those left over."""
    checks = []
    for sink in tables:
        kind = kind_of(sink)
        waits = kind.needs_clock(sink) and not trusted
        own, trouble = found.get(sink.name), troubles.get(sink.name, "")
        checks.append(upstream_checks.check(sink.name, kind.where(sink), own, waits_for_clock=waits, trouble=trouble))
    known = {sink.name for sink in tables}
    left = [upstream_checks.left_over(own) for name, own in found.items() if name not in known]
    return checks + [check for check in left if check is not None]


def retry(config_path: Path | None, store: Path | None, name: str | None) -> None:
    """The next try is now, of the refused and for the disabled too. Without a name, of every sink."""
    names = [sink.name for sink in _chosen(config_path, name)]
    with queue.changing(store or default_store()) as conn:
        asked = [sink for sink in names if queue.ask_again(conn, sink)]
    missing = [sink for sink in names if sink not in asked]
    if missing:
        raise UsageError(f"The device has not been started with {missing[0]} yet; restart it, then it is tried.")
    say(f"{', '.join(asked)}: a running device tries again within seconds. `matpi upstream status` tells how it went.")


def send_all(config_path: Path | None, store: Path | None, name: str) -> None:
    """Queue all that is recorded, for a sink that is new or has lost what it had."""
    _chosen(config_path, name)
    queued = queue.send_all(store or default_store(), name)
    say(f"{name}: {queued} record{'' if queued == 1 else 's'} of the past queued.")


def forget(config_path: Path | None, store: Path | None, name: str) -> None:
    """Drop what is kept of a sink that the config no longer has."""
    if name in {sink.name for sink in _tables(config_path)}:
        raise UsageError(f"The config still has the sink {name!r}; take its table out and restart the device first.")
    with queue.changing(store or default_store()) as conn:
        waited = queue.forget(conn, name)
    if waited is None:
        raise UsageError(f"There is nothing left of a sink {name!r}; `matpi upstream status` lists what is left over.")
    say(f"{name}: forgotten; {waited} record{'' if waited == 1 else 's'} that it has not got will not be sent to it.")


def test(config_path: Path | None, name: str | None) -> bool:
    """Send a record of nothing to each, now, and say what became of it. False when one did not arrive."""
    clock, well = SystemClock(), True
    for chosen in _chosen(config_path, name):
        kind = kind_of(chosen)
        sink = kind.make(kind.trial(chosen), lambda _: None)
        begun = time.monotonic()
        try:
            sink.deliver(_nothing(), clock.utc() if clock.trusted() else None)
        except UpstreamError as error:
            say(f"{chosen.name}: {error}")
            well = False
        else:
            say(f"{chosen.name}: arrived at {kind.where(chosen)} in {time.monotonic() - begun:.2f} s.")
        finally:
            sink.close()
    return well


def _nothing() -> Delivery:
    body = {"type": "test", "timestamp": None, "data": {"id": uuid.uuid4().hex, "rev": 1}}
    return Delivery(0, f"{body['data']['id']}-1", "test", json.dumps(body).encode())  # type: ignore[index]


def _tables(config_path: Path | None) -> tuple[Table, ...]:
    return config_file.load(config_path or device_config()).upstream.sinks


def _chosen(config_path: Path | None, name: str | None) -> list[Table]:
    tables = _tables(config_path)
    chosen = [sink for sink in tables if name in {None, sink.name}]
    if not tables:
        raise UsageError("Nothing is sent anywhere: the config has no sink. docs/upstream.md tells how to add one.")
    if not chosen:
        raise UsageError(f"There is no sink {name!r}; the config has {', '.join(sink.name for sink in tables)}.")
    return chosen


def _statuses(path: Path) -> dict[str, SinkStatus]:
    if is_unmade(path):
        return {}
    with Store.open(path, read_only=True) as log, log.reading() as conn:
        return {status.name: status for status in queue.statuses(conn)}


def statuses_of(path: Path) -> dict[str, SinkStatus] | None:
    """None when the log cannot be read, which is told elsewhere."""
    try:
        return _statuses(path)
    except StoreError:
        return None


def _line(sink: Table | None, own: SinkStatus | None, seen: Check) -> dict[str, Any]:
    """`sink` is None for one that the config no longer has."""
    blank = SinkStatus(seen.name, False, 0, 0, 0, None, "", None, 0, "")
    return {
        **asdict(own or blank),
        "kind": None if sink is None else kind_of(sink).name,
        "where": None if sink is None else kind_of(sink).where(sink),
        "verdict": str(seen.verdict),
        "what": seen.what,
        "do": seen.do,
    }
