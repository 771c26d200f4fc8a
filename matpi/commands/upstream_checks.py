"""How it stands with each sink, as `matpi doctor` and `matpi upstream status` say it: a pure function of the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from matpi.commands.doctor.checks import FAIL, OK, SKIPPED, WARN, Check
from matpi.upstream.queue import SinkStatus

PART: Final = "upstream"
NONE: Final = Check(PART, "sinks", SKIPPED, "nothing is sent anywhere: the config has no [[upstream.webhook]] or .mqtt")


def check(name: str, where: str, status: SinkStatus | None, *, waits_for_clock: bool, trouble: str = "") -> Check:
    """Of a sink in the config. `status` is None for one that the log has not heard of; `trouble` is what the running
    device says of its connection.
    """
    if status is None or not status.enabled:
        what = f"{where}: the device has not been started with it yet"
        return Check(PART, name, WARN, what, "run `sudo systemctl restart matpi`")
    why, do = _split(status.last_error)
    waiting = f"{where}: {_records(status.due)} wait{'s' if status.due == 1 else ''}"
    if status.disabled_why:
        return Check(PART, name, FAIL, f"{waiting}; {why}", do)
    if trouble and not (status.due and status.attempts):
        broken, mend = _split(trouble)
        return Check(PART, name, WARN, f"{waiting if status.due else where}; {broken}", mend)
    if status.refused and not (status.due and status.attempts):
        do = f"{do}, then run `matpi upstream retry {name}`"
        return Check(PART, name, WARN, f"{where}: {_records(status.refused)} refused, the last because {why}", do)
    if status.due and waits_for_clock:
        return Check(PART, name, WARN, f"{waiting} for the right time", "let this machine reach a time server")
    if status.due and status.attempts and status.last_error:
        tried = f"tried {status.attempts} time{'' if status.attempts == 1 else 's'}"
        return Check(PART, name, WARN, f"{waiting}, {tried}: {why}", f"{do}; all of it is kept")
    if status.due:
        return Check(PART, name, OK, f"{waiting} for the next try")
    last = "" if status.acked_utc is None else f", the last one on {_local(status.acked_utc)}"
    return Check(PART, name, OK, f"{where}: {_records(status.acked)} arrived{last}; nothing waits")


def left_over(status: SinkStatus) -> Check | None:
    """Of a sink that the config no longer has; None when nothing of it is left."""
    if not status.due and not status.refused:
        return None
    what = f"no longer in the config; {_records(status.due + status.refused)} not sent, and kept"
    return Check(PART, status.name, WARN, what, f"give it back its table, or run `matpi upstream forget {status.name}`")


def _split(sentence: str) -> tuple[str, str]:
    """Our own errors are told as "why; do."."""
    why, found, do = sentence.rstrip(".").partition("; ")
    return why, do if found else "look at the receiver"


def _records(n: int) -> str:
    return f"{n} record{'' if n == 1 else 's'}"


def _local(utc: float) -> str:
    return f"{datetime.fromtimestamp(utc).astimezone():%Y-%m-%d %H:%M}"
