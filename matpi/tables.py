"""The session log for people and programs: what `matpi sessions`, `ratings`, `plan`, `export` and `import` do.

Reading works beside a running device; deleting and importing need the log for themselves (StoreBusyError).
JSON lines have these fields, always all of them, in this order; times are ISO 8601 with offset, null when unknown:

- sessions: id, start, day, span_s, on_mat_s, reason (null: under way), aways, routine, rating, edited
- ratings: id, time, day, value, moment (before, after, day), session_id
- plan: today, day (15: after the plan), lower_min, upper_min, clothing, goal, today_s, done, rest_day, rest_reason,
  week_count, weekly_goal, streak, score, done_days, short_only, restarted, repeated, log_ahead
"""

from __future__ import annotations

import json
import stat
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from matpi import host
from matpi.core.calendar_day import day_of
from matpi.core.model import Session, Settings
from matpi.core.programme import PLAN_DAYS, Plan
from matpi.core.programme import plan as plan_of
from matpi.errors import ImportFormatError, StoreError, UsageError
from matpi.host import default_store, system_zone, zone_for
from matpi.store import faults
from matpi.store.db import Store
from matpi.store.history import setting_texts
from matpi.store.tables import CSV_TABLES
from matpi.store.transfer import export_csv, export_json, import_csv, import_json

if TYPE_CHECKING:
    from rich.console import Console

ID_SHOWN = 8
"""Characters of an id in a table; `--delete` takes the start of an id. More are shown where that is not enough."""
PIPED_WIDTH = 120  # chosen: nothing of ours is wider, so no cell wraps in a pipe


def sessions(store: Path | None, *, as_json: bool) -> None:
    """All but the deleted, oldest first."""
    with _reader(store) as log:
        stored = [entry.session for entry in log.sessions() if entry.deleted_why is None]
        rated = {r.session_id: r.value for r in log.log().ratings if r.session_id is not None}
    if as_json:
        _lines(
            {
                "id": s.id,
                "start": _iso(s.start_utc, s.utc_offset_s),
                "day": None if s.day is None else s.day.isoformat(),
                "span_s": round(s.span_s, 3),
                "on_mat_s": round(s.on_mat_s, 3),
                "reason": None if s.reason is None else str(s.reason),
                "aways": s.aways,
                "routine": s.routine,
                "rating": rated.get(s.id),
                "edited": s.edited,
            }
            for s in stored
        )
        return
    if not stored:
        _say("No session yet. Lie down, and the first one is here.")
        return
    shown = _shown_id(stored)
    _table(
        ("start", "min:s", "tight", "ended", "id"),
        [
            (
                _local(s.start_utc, s.utc_offset_s),
                _clock(s.on_mat_s),
                str(rated.get(s.id, "-")),
                "under way" if s.reason is None else _words(s.reason) + (" *" if s.edited else ""),
                s.id[:shown],
            )
            for s in stored
        ],
        right=(1, 2),
    )
    total_min = int(sum(s.on_mat_s for s in stored) // 60)
    total = f"{total_min} min" if total_min < 120 else f"{total_min / 60:.1f} h"
    _say(f"{_count(len(stored), 'session')}, {total} on the mat{_edited_mark(stored)}.")


def delete_session(store: Path | None, session_id: str) -> None:
    """`session_id` may be the start of an id. Raises UsageError when it fits none or several."""
    with _reader(store) as log:
        known = [entry.session.id for entry in log.sessions() if entry.deleted_why is None]
    found = [known_id for known_id in known if session_id and known_id.startswith(session_id)]
    if session_id in found:
        found = [session_id]
    if len(found) != 1:
        what = f"fits {len(found)} sessions" if found else "fits no session"
        raise UsageError(f"The id {session_id!r} {what}; take a whole one from `matpi sessions --json`.")
    with Store.open(store or default_store()) as log:
        _tell_set_aside(log)
        log.delete_session(found[0], utc=time.time())
    _say(f"Session {found[0]} is deleted; its trace is kept, and the plan is counted anew.")


def ratings(store: Path | None, *, as_json: bool) -> None:
    """All, oldest first."""
    with _reader(store) as log:
        given = log.log().ratings
    if as_json:
        _lines(
            {
                "id": r.id,
                "time": _iso(r.utc, r.utc_offset_s),
                "day": None if r.day is None else r.day.isoformat(),
                "value": r.value,
                "moment": str(r.moment),
                "session_id": r.session_id,
            }
            for r in given
        )
        return
    if not given:
        _say("No rating yet. The device asks after a session, or tap its button.")
        return
    words = {"before": "before", "after": "after", "day": "in between"}
    _table(
        ("time", "tight", "", "given"),
        [(_local(r.utc, r.utc_offset_s), str(r.value), "#" * r.value, words[r.moment]) for r in given],
        right=(1,),
    )
    _say(f"{_count(len(given), 'rating')}; 1 is loose, 10 is tightest.")


def plan_today(store: Path | None, *, as_json: bool) -> None:
    """Where the plan stands today. A session under way counts up to its last checkpoint."""
    path = store or default_store()
    with _reader(store) as log:
        memory = log.load()
    settings = memory.settings
    now = time.time()
    # The simulated clock may have run ahead of the real one; on a device a date in the future is a mistake.
    ends = [s.end_utc or 0.0 for s in (*memory.log.sessions, *([memory.open] if memory.open else []))]
    last = max(ends, default=0.0)
    ahead = path != host.DEVICE_STORE and last > now
    today = day_of(last if ahead else now, zone_for(settings.zone), settings.day_start)
    running_s = memory.open.on_mat_s if memory.open is not None and memory.open.day == today else 0.0
    plan = plan_of(memory.log, today, settings, memory.acknowledgement, running_s=running_s)
    if as_json:
        _lines([_plan_line(plan, ahead=ahead)])
        return
    _table(("", ""), _plan_rows(plan), show=False)
    if ahead:
        _say(f"This log runs ahead of the clock; today is its last day, {today}.")


def export(store: Path | None, target: Path, *, as_csv: bool) -> None:
    """Everything to `target`, `-` for standard output. What exists is never replaced.

    A regular export over the last one would, after a damaged log was set aside, replace the only good copy.
    """
    with _reader(store) as log:
        if as_csv:
            _refuse_csv(target)
            written = export_csv(log, target)
            _say(f"{', '.join(path.name for path in written)} written to {target}.")
        elif (out := _stream(target)) is not None:
            try:
                with out as file:
                    export_json(log, file)
                    file.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                raise faults.of_os(error, target, "write the export to") from error
        else:
            export_json(log, target)
            _say(f"Everything is written to {target}.")


def import_(store: Path | None, source: Path) -> None:
    """A file of `matpi export`, or a folder of `matpi export --csv`. Tells how many records were new."""
    path = store or default_store()
    if not source.exists():
        raise ImportFormatError(f"There is no {source}; name what `matpi export` has written.")
    new = not path.exists()
    with Store.open(path) as log:
        _tell_set_aside(log)
        try:
            done = import_csv(log, source) if source.is_dir() else import_json(log, source)
        finally:
            with log.reading() as conn:
                unset = not setting_texts(conn)
            if unset and (new or log.set_aside is not None):
                log.save_settings(Settings(zone=system_zone()))
    counts = [
        (done.sessions, "session"),
        (done.ratings, "rating"),
        (done.stops, "stop sign"),
        (done.days, "day record"),
    ]
    told = ", ".join(_count(n, what) for n, what in counts if n) or "nothing"
    also = f"; also {', '.join(name.replace('_', ' ') for name in done.taken)}" if done.taken else ""
    _say(f"New: {told}{also}. Already there and left alone: {done.known}.")


# -- the log -------------------------------------------------------------------------------------------------------


def _reader(store: Path | None) -> Store:
    return Store.open(store or default_store(), read_only=True)


def _tell_set_aside(log: Store) -> None:
    if log.set_aside is not None:
        print(  # noqa: T201
            f"matpi: The session log was damaged; it is kept as {log.set_aside}, and a new one was started.",
            file=sys.stderr,
        )


def _stream(target: Path) -> AbstractContextManager[BinaryIO] | None:
    """Where to write, when `target` is not a file to be made. Raises StoreError for a file that exists."""
    if str(target) == "-":
        return nullcontext(sys.stdout.buffer)
    try:
        mode = target.stat().st_mode
    except OSError:
        return None  # not there yet; what else is wrong with it, writing tells
    if stat.S_ISDIR(mode):
        raise StoreError(f"{target} is a folder; name a file in it, or say --csv for a file a table.")
    if stat.S_ISREG(mode):
        raise StoreError(f"{target} exists and is not replaced; choose another name, such as one with the date.")
    try:
        return target.open("wb")
    except OSError as error:
        raise faults.of_os(error, target, "write the export to") from error


def _refuse_csv(folder: Path) -> None:
    for table in CSV_TABLES:
        path = folder / f"{table.name}.csv"
        if path.exists():
            raise StoreError(f"{path} exists and is not replaced; choose another folder, such as one with the date.")


# -- what is told --------------------------------------------------------------------------------------------------


def _plan_line(plan: Plan, *, ahead: bool) -> dict[str, Any]:
    return {
        "today": plan.today.isoformat(),
        "day": plan.day,
        "lower_min": plan.lower_min,
        "upper_min": plan.upper_min,
        "clothing": plan.clothing,
        "goal": plan.goal,
        "today_s": round(plan.today_s, 3),
        "done": plan.done,
        "rest_day": plan.rest_day,
        "rest_reason": None if plan.rest_reason is None else str(plan.rest_reason),
        "week_count": plan.week_count,
        "weekly_goal": plan.weekly_goal,
        "streak": plan.streak,
        "score": round(plan.score, 3),
        "done_days": plan.done_days,
        "short_only": plan.short_only,
        "restarted": plan.restarted,
        "repeated": plan.repeated,
        "log_ahead": ahead,
    }


def _plan_rows(plan: Plan) -> list[tuple[str, str]]:
    so_far = f"{_clock(plan.today_s)} min, done" if plan.done else f"{_clock(plan.today_s)} of {plan.lower_min} min"
    rows = [
        ("plan", f"day {plan.day} of {PLAN_DAYS}" if plan.day <= PLAN_DAYS else "the days after the plan"),
        ("range", f"{plan.lower_min} to {plan.upper_min} min"),
        ("clothing", plan.clothing),
        ("goal", plan.goal),
        ("today", so_far),
        ("this week", f"{plan.week_count} of {plan.weekly_goal} days"),
        ("streak", _count(plan.streak, "day")),
    ]
    if plan.rest_reason is not None:
        rows.append(("rest day", _words(plan.rest_reason)))
    if plan.short_only:
        rows.append(("note", "ask a clinician first; short sessions until then"))
    if plan.restarted:
        rows.append(("note", "after a long break, from day 1 again"))
    if plan.repeated:
        rows.append(("note", "after a break, this step once more"))
    return rows


def _shown_id(stored: Sequence[Session]) -> int:
    longest = max(len(s.id) for s in stored)
    return next((n for n in range(ID_SHOWN, longest) if len({s.id[:n] for s in stored}) == len(stored)), longest)


def _edited_mark(stored: Sequence[Session]) -> str:
    return "; * edited by hand" if any(s.edited for s in stored) else ""


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _at(utc: float, offset_s: int | None) -> datetime:
    return datetime.fromtimestamp(utc, UTC if offset_s is None else timezone(timedelta(seconds=offset_s)))


def _iso(utc: float | None, offset_s: int | None) -> str | None:
    return None if utc is None else _at(utc, offset_s).isoformat(timespec="seconds")


def _local(utc: float | None, offset_s: int | None) -> str:
    return "no date yet" if utc is None else f"{_at(utc, offset_s):%Y-%m-%d %H:%M}"


def _table(
    heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = (), *, show: bool = True
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = _console()
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal and show else None, show_header=show, pad_edge=False)
    for n, head in enumerate(heads):
        # An id that was cut short could not be typed again.
        whole = n in right or head == "id"
        table.add_column(head, justify="right" if n in right else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    with console.capture() as drawn:
        console.print(table)
    _say("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def _console() -> Console:
    from rich.console import Console

    # Made anew, so that it writes to the standard output of the moment.
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)


def _lines(lines: Iterable[dict[str, Any]]) -> None:
    for line in lines:
        _say(json.dumps(line))


def _say(text: str) -> None:
    print(text)  # noqa: T201
