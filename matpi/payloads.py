"""Core values as the JSON a page hears; the fields are told in web/bench.py."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from matpi.core.model import Session
from matpi.core.programme import Plan


def session_payload(session: Session, rating: int | None, zone: tzinfo) -> dict[str, Any]:
    start = session.start_utc
    return {
        "id": session.id,
        "start": None if start is None else datetime.fromtimestamp(start, zone).isoformat(timespec="seconds"),
        "on_mat_s": round(session.on_mat_s, 1),
        "reason": None if session.reason is None else str(session.reason),
        "rating": rating,
        "aways": session.aways,
        "open": session.is_open,
    }


def plan_payload(plan: Plan) -> dict[str, Any]:
    return {
        "day": plan.day,
        "lower_min": plan.lower_min,
        "upper_min": plan.upper_min,
        "clothing": plan.clothing,
        "goal": plan.goal,
        "today_s": plan.today_s,
        "done": plan.done,
        "rest_day": plan.rest_day,
        "streak": plan.streak,
        "score": round(plan.score, 3),
    }
