"""`matpi plan`: the plan today, how it goes, a plan of one's own, and a day of rest.

The JSON line has these fields, always all of them, in this order: today, day (`plan_days` + 1: after the plan),
lower_min, upper_min, clothing, goal, today_s, done, rest_day, rest_reason, week_count, weekly_goal, streak, score,
done_days, short_only, restarted, repeated, log_ahead, plan_name, plan_days, trend (null, or at_day, answers, first,
last, moment), person (the name, null where nobody is named), today_estimated.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from math import fsum
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from matpi.commands.editing import doubts
from matpi.commands.output import WEEKDAYS, boxes, lines, say, table
from matpi.commands.target import perform, reading
from matpi.control import log_view
from matpi.control.requests.settings import Rest, Settings
from matpi.core.clock import believable
from matpi.core.model import Log
from matpi.core.plan import trend
from matpi.core.plan.custom_plan import course_of
from matpi.core.plan.programme import STARTER, Course, Plan
from matpi.core.plan.programme import plan as plan_of
from matpi.core.plan.progress import RestReason
from matpi.paths import stored_zone
from matpi.store.settings import read_plan_file
from matpi.words import ENGLISH, duration
from matpi.words.phrases import count, words

WEEKS = 4  # so many are shown: one look at how it goes, not an archive
FIELDS = (
    "day lower_min upper_min clothing goal today_s done rest_day rest_reason week_count weekly_goal streak score "
    "done_days short_only restarted repeated"
)
"""Of a `Plan`, as the JSON line has them."""
BOXES_MAX = 31  # chosen: a row that still fits beside the words


def run(
    store: Path | None,
    *,
    file: Path | None,
    starter: bool,
    rest: bool,
    no_rest: bool,
    as_json: bool,
    person: str | None,
) -> None:
    """Change what the options say, and show the plan."""
    if file is not None or starter:
        perform(Settings({"own_plan": read_plan_file("none" if file is None else str(file))}), store, names_log=False)
    if rest or no_rest:
        perform(Rest(rest, person), store, names_log=False)
    plan_today(store, as_json=as_json, person=person)


def plan_today(store: Path | None, *, as_json: bool, person: str | None = None) -> None:
    """Show today's plan of the person who is chosen or named `person`.

    A session under way counts up to its last checkpoint.
    """
    with reading(store) as log:
        path = log.path
        owner, memory = log_view.loaded(log, person)
        name = log_view.name_of(log_view.names(log), owner)
    now = time.time()
    today, estimated, ahead = log_view.today_of(memory, path, now)
    memory = log_view.only(memory, owner)
    course, wrong = course_of(memory.settings.own_plan)
    running = memory.open
    plan = plan_of(
        memory.log,
        today,
        memory.settings,
        memory.acknowledgement,
        course=course,
        running_s=running.on_mat_s if running is not None and running.counts and running.day == today else 0.0,
        zone=stored_zone(memory.settings.zone),
    )
    if as_json:
        lines([{**_line(plan, course, ahead=ahead), "person": name, "today_estimated": estimated}])
        return
    table(("", ""), [*([("plan of", name)] if name else []), *_rows(plan, course)], show=False)
    if memory.log.counting:
        say("")
        table(("week of", *WEEKDAYS), _weeks(memory.log, plan), right=range(1, 8))
        say("Minutes a day; (1) was not enough, - is a day without, rest a day that asked for none.")
        say("")
    for sentence in (*doubts(memory), wrong):
        if sentence:
            say(sentence)
    if plan.trend is not None:
        say(trend.sentence(plan.trend))
        if looser := trend.looser_sentence(memory.log.looser):
            say(looser)
    if estimated:
        say(f"The clock of this device is not known yet; today is estimated: ~{today}.")
    elif not believable(now):
        said = datetime.fromtimestamp(now, UTC).date()
        say(f"The clock of this computer says {said}, which cannot be; set it, and the plan counts from the right day.")
    if ahead:
        say(f"This log runs ahead of the clock; today is its last day, {today}.")


def _weeks(log: Log, plan: Plan) -> list[tuple[str, ...]]:
    """Return the last weeks, a row each from Monday; empty before the first session and after today."""
    seconds: dict[date, list[float]] = defaultdict(list)
    for session in log.counting:
        if session.day is not None:
            seconds[session.day].append(session.on_mat_s)
    begun = min(seconds, default=plan.today)
    monday = max(plan.today - timedelta(weeks=WEEKS - 1), begun)
    monday -= timedelta(days=monday.weekday())
    rows = []
    while monday <= plan.today:
        days = [monday + timedelta(days=n) for n in range(7)]
        cells = [_cell(fsum(seconds.get(day, ())), day, plan) if begun <= day <= plan.today else "" for day in days]
        rows.append((f"{monday:%Y-%m-%d}", *cells))
        monday += timedelta(weeks=1)
    return rows


def _cell(on_mat_s: float, day: date, plan: Plan) -> str:
    if on_mat_s >= 60.0:
        minutes = f"{on_mat_s // 60:.0f}"
        return minutes if day.toordinal() in plan.done_on else f"({minutes})"
    if on_mat_s > 0.0:
        return "(0)"
    if plan.rests.reason(day.toordinal()) is not None:
        return "rest"
    return "" if day == plan.today else "-"


def _line(plan: Plan, course: Course, *, ahead: bool) -> dict[str, Any]:
    line = {"today": plan.today.isoformat(), **{name: getattr(plan, name) for name in FIELDS.split()}}
    line |= {name: ENGLISH.say(line[name]) for name in ("clothing", "goal")}
    line |= {"today_s": round(plan.today_s, 3), "score": round(plan.score, 3)}
    felt = None if plan.trend is None else asdict(plan.trend)
    return line | {"log_ahead": ahead, "plan_name": course.name, "plan_days": plan.days, "trend": felt}


def _rows(plan: Plan, course: Course) -> list[tuple[str, str]]:
    so_far, first = duration(plan.today_s), plan.short_only
    so_far += " min" if first else " min, done" if plan.done else f" of {plan.lower_min} min"
    # A box for each day of the plan, full for those behind and for today once it is done.
    marks = f"  {boxes(plan.day - 1 + plan.done, plan.days)}" if plan.days <= BOXES_MAX else ""
    notes = (
        (
            plan.rest_reason is RestReason.STOP_SIGN,
            "after a stop sign the plan is one step back; a layer more, or less time",
        ),
        (plan.restarted, "after a long break, from day 1 again"),
        (plan.repeated, "after a break, this step once more"),
    )
    return [
        *([] if course is STARTER else [("your own", course.name)]),
        ("plan", "the days after the plan" if plan.after else f"day {plan.day} of {plan.days}{marks}"),
        ("range", "please ask a doctor first" if first else f"{plan.lower_min} to {plan.upper_min} min"),
        ("clothing", ENGLISH.say(plan.clothing)),
        ("goal", ENGLISH.say(plan.goal)),
        ("today", so_far),
        ("this week", f"{plan.week_count} of {plan.weekly_goal} days"),
        ("streak", count(plan.streak, "day")),
        *([] if plan.rest_reason is None else [("rest day", words(plan.rest_reason))]),
        *(("note", text) for holds, text in notes if holds),
    ]
