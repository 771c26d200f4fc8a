"""Core values as the JSON a page hears; the fields are told in web/bench.py."""

from __future__ import annotations

import base64
import time
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from matpi.core.effects import Light
from matpi.core.light import period_s, repeats, table
from matpi.core.model import Session
from matpi.core.plan.programme import Plan
from matpi.screen.frame import rows

if TYPE_CHECKING:
    from PIL.Image import Image

Payload = dict[str, Any]


def session_payload(session: Session, rating: int | None, zone: tzinfo, who: str = "") -> Payload:
    """`who`: whose it is, where several people share the mat."""
    start = session.start_utc
    return {
        "id": session.id,
        "start": None if start is None else datetime.fromtimestamp(start, zone).isoformat(timespec="seconds"),
        "on_mat_s": round(session.on_mat_s, 1),
        "reason": None if session.reason is None else str(session.reason),
        "rating": rating,
        "aways": session.aways,
        "open": session.is_open,
        "who": who,
        "counts": session.counts,
        "doubt": session.doubt,
        "yours": session.yours,
        "estimated": session.estimated,
    }


def plan_payload(plan: Plan, who: str = "") -> Payload:
    """`who`: whose it is, where several people share the mat."""
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
        "who": who,
    }


def frame_payload(image: Image | None, brightness: str, text: str) -> Payload:
    """`image` is 128x64 in mode "1", None when the panel is dark."""
    bits = bytes(1024) if image is None else rows(image)
    return {
        "bits": base64.b64encode(bits).decode(),
        "brightness": "off" if image is None else brightness,
        "text": text,
    }


def lamp_payload(light: Light, age_s: float) -> Payload:
    """`age_s`: real seconds since the pattern began."""
    pattern = light.pattern
    return {
        "pattern": str(pattern),
        "age_s": max(0.0, age_s),
        "table": table(pattern),
        "period_s": period_s(pattern),
        "loops": repeats(pattern),
        "sent": time.monotonic(),
    }
