"""`matpi upstream`: what is sent on, another try, a try by hand. Works beside a running device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec.structs import asdict

from matpi.commands.doctor import running
from matpi.commands.doctor.checks import FAIL, OK, SKIPPED, WARN, Check, split
from matpi.commands.output import lines, say, stored, table
from matpi.commands.target import config_of, report
from matpi.drivers.clock import SystemClock
from matpi.errors import StoreError, UsageError
from matpi.paths import default_store
from matpi.store.db import Store, is_unmade
from matpi.upstream import queue
from matpi.upstream.config import Table
from matpi.upstream.queue import SinkStatus
from matpi.upstream.trial import try_out
from matpi.words.phrases import count

PART: Final = "upstream"
NONE: Final = Check(PART, "sinks", SKIPPED, "nothing is sent anywhere: the config has no [[upstream.webhook]] or .mqtt")
BLANK: Final = SinkStatus("", False, 0, 0, 0, None, "", None, 0, "")


def run(what: str, name: str | None, config_path: Path | None, store: Path | None, *, as_json: bool) -> int:
    """Do `what`: status, retry, test, send-all or forget; returns the exit code."""
    if name is not None and what == "status":
        raise UsageError("`matpi upstream status` shows every sink; leave out its name.")
    if as_json and what != "status":
        raise UsageError(f"--json goes with `matpi upstream status`, not with {what}.")
    if name is None and what in {"send-all", "forget"}:
        listed = "them" if what == "send-all" else "what is left over"
        raise UsageError(f"{what} needs the name of one sink; `matpi upstream status` lists {listed}.")
    path, tables = store or default_store(), config_of(config_path).upstream.sinks
    if what == "test":
        return 0 if test(tables, name) else 1
    if what == "retry":
        retry(tables, path, name)
    elif what == "send-all":
        send_all(tables, path, str(name))
    elif what == "forget":
        forget(tables, path, str(name))
    else:
        status(tables, path, as_json=as_json)
    if store is None:
        report(path, empty=is_unmade(path))
    return 0


def status(tables: Sequence[Table], path: Path, *, as_json: bool) -> None:
    """Print a line a sink: of those in the config, and of those left over for which something waits."""
    found = _statuses(path)
    checks = _checks(tables, found, running.upstream_troubles())
    if as_json:
        by_name = {sink.name: sink for sink in tables}
        lines(_line(by_name.get(seen.name), found.get(seen.name), seen) for seen in checks)
        return
    if not tables:
        say("Nothing is sent anywhere. docs/home-assistant.md says how to change that.")
    if checks:
        rows = [(check.name, check.verdict.lower(), f"{check.sentence.rstrip('.')}.") for check in checks]
        table(("sink", "", "how it stands"), rows)


def retry(tables: Sequence[Table], path: Path, name: str | None) -> None:
    """Make the next try now, of the refused and for the disabled too. Without a name, of every sink."""
    names = [sink.name for sink in _chosen(tables, name)]
    with queue.changing(path) as conn:
        asked = [sink for sink in names if queue.ask_again(conn, sink)]
    stored.append(path)
    if missing := [sink for sink in names if sink not in asked]:
        raise UsageError(f"The device has not been started with {missing[0]} yet; restart it, then it is tried.")
    say(f"{', '.join(asked)}: a running device tries again within seconds. `matpi upstream status` shows how it went.")


def send_all(tables: Sequence[Table], path: Path, name: str) -> None:
    """Queue all that is recorded, for a sink that is new or has lost what it had."""
    _chosen(tables, name)
    queued = queue.send_all(path, name)
    stored.append(path)
    say(f"{name}: {count(queued, 'record')} of the past queued.")


def forget(tables: Sequence[Table], path: Path, name: str) -> None:
    """Drop what is stored of a sink that the config no longer has."""
    if name in {sink.name for sink in tables}:
        raise UsageError(f"The config still has the sink {name!r}; take its table out and restart the device first.")
    with queue.changing(path) as conn:
        waited = queue.forget(conn, name)
    if waited is None:
        raise UsageError(f"There is nothing left of a sink {name!r}; `matpi upstream status` lists what is left over.")
    stored.append(path)
    say(f"{name}: forgotten; {count(waited, 'record')} that it has not got will not be sent to it.")


def test(tables: Sequence[Table], name: str | None) -> bool:
    """Send a record of nothing to each, now, and report it. False when one did not arrive."""
    answers = [try_out(chosen) for chosen in _chosen(tables, name)]
    for _, sentence in answers:
        say(sentence)
    return all(arrived for arrived, _ in answers)


def _chosen(tables: Sequence[Table], name: str | None) -> list[Table]:
    chosen = [sink for sink in tables if name in {None, sink.name}]
    if not tables:
        raise UsageError("Nothing is sent anywhere: the config has no receiver; see docs/home-assistant.md.")
    if not chosen:
        raise UsageError(f"There is no sink {name!r}; the config has {', '.join(sink.name for sink in tables)}.")
    return chosen


def _statuses(path: Path) -> dict[str, SinkStatus]:
    """Return the status by sink. Raises StoreError."""
    if is_unmade(path):
        return {}
    with Store.open(path, read_only=True) as log, log.reading() as conn:
        return {status.name: status for status in queue.statuses(conn)}


def _line(sink: Table | None, own: SinkStatus | None, seen: Check) -> dict[str, Any]:
    """Return a sink for a program; `sink` is None for one that the config no longer has."""
    return {
        **asdict(own or BLANK),
        "name": seen.name,
        "kind": None if sink is None else sink.kind,
        "where": None if sink is None else sink.shown,
        "verdict": str(seen.verdict),
        "what": seen.what,
        "do": seen.do,
    }


def doctor_checks(tables: Sequence[Table], path: Path, troubles: Mapping[str, str]) -> list[Check]:
    """Return a check a sink, and one that reports it where nothing is sent.

    `troubles`: what the running device reports of its connections, by sink.
    """
    try:
        return _checks(tables, _statuses(path), troubles) or [NONE]
    except StoreError:  # which the check of the log reports
        return [Check(PART, sink.name, SKIPPED, "the log cannot be read") for sink in tables] or [NONE]


def _checks(tables: Sequence[Table], found: dict[str, SinkStatus], troubles: Mapping[str, str]) -> list[Check]:
    """Return a check of each sink in the config, then of those left over."""
    checks, trusted = [], SystemClock().trusted()
    for sink in tables:
        waits = sink.needs_clock and not trusted
        own, trouble = found.get(sink.name), troubles.get(sink.name, "")
        checks.append(_check(sink.name, sink.shown, own, waits_for_clock=waits, trouble=trouble))
    known = {sink.name for sink in tables}
    return checks + [_left_over(own) for name, own in found.items() if name not in known and own.due + own.refused]


def _check(name: str, where: str, status: SinkStatus | None, *, waits_for_clock: bool, trouble: str) -> Check:
    """Check a sink of the config; `status` is None for one that the log does not know yet.

    `trouble`: what the running device reports of its connection.
    """
    check = partial(Check, PART, name)
    if status is None or not status.enabled:
        what = f"{where}: the device has not been started with it yet"
        return check(WARN, what, "run `sudo systemctl restart matpi`")
    why, do = split(status.last_error, "look at the receiver")
    waiting = f"{where}: {count(status.due, 'record')} wait{'s' if status.due == 1 else ''}"
    retried = bool(status.due and status.attempts)
    if status.disabled_why:
        return check(FAIL, f"{waiting}; {why}", do)
    if trouble and not retried:
        broken, fix = split(trouble, "look at the receiver")
        return check(WARN, f"{waiting if status.due else where}; {broken}", fix)
    if status.refused and not retried:
        do = f"{do}, then run `matpi upstream retry {name}`"
        return check(WARN, f"{where}: {count(status.refused, 'record')} refused, the last because {why}", do)
    if status.due and waits_for_clock:
        return check(WARN, f"{waiting} for the right time", "let this machine reach a time server")
    if retried and status.last_error:
        what = f"{waiting}, tried {count(status.attempts, 'time')}: {why}"
        return check(WARN, what, f"{do}; all of it is kept")
    if status.due:
        return check(OK, f"{waiting} for the next try")
    last = ""
    if status.acked_utc is not None:
        last = f", the last one on {datetime.fromtimestamp(status.acked_utc).astimezone():%Y-%m-%d %H:%M}"
    return check(OK, f"{where}: {count(status.acked, 'record')} arrived{last}; nothing waits")


def _left_over(status: SinkStatus) -> Check:
    """Check a sink that the config no longer has."""
    what = f"no longer in the config; {count(status.due + status.refused, 'record')} not sent, and kept"
    return Check(PART, status.name, WARN, what, f"give it back its table, or run `matpi upstream forget {status.name}`")
