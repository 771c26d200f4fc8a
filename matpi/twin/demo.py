"""Make a log to start the simulator from: an invented fortnight of one person."""

from __future__ import annotations

import uuid
from datetime import time, timedelta
from pathlib import Path

from matpi.core.clock import day_of, local_instant, utc_offset_s
from matpi.core.effects import Save
from matpi.core.model import Acknowledgement, EndReason, Moment, Rating, Session, Settings
from matpi.paths import zone_for
from matpi.sim.body import SHARE
from matpi.store.db import Store

DAYS = (
    (150, 8), (200, 8), (260, 7), (330, 7), (390, 8), None, (450, 6), (540, 7), (640, 6), (700, 5), (790, 5), (930, 6),
    (1010, 4), (1090, 4),
)  # fmt: skip
"""Seconds on the mat and tightness after it, oldest day first; None: a missed day. Each reaches the plan of its day."""
EVENING = time(20, 40)


def write_fortnight(path: Path, zone_name: str, now_utc: float, kg: float) -> None:
    """Make a log at `path` with a session on 13 of the 14 days before today, of a person of `kg`."""
    settings, zone = Settings(zone=zone_name), zone_for(zone_name)
    today = day_of(now_utc, zone, settings.day_start)
    with Store.open(path) as log:
        log.write(Save(settings))
        log.write(Save(Acknowledgement(some=False, utc=now_utc - timedelta(days=len(DAYS)).total_seconds())))
        for ago, lived in zip(range(len(DAYS), 0, -1), DAYS, strict=True):
            day = today - timedelta(days=ago)
            start = local_instant(day, zone, EVENING)
            if lived is None or start is None:
                continue
            seconds, tightness = lived
            boot, end, offset_s = uuid.uuid4().hex, start + seconds, utc_offset_s(start, zone)
            load_kg = round(kg * SHARE["lying"], 2)
            session = Session(
                uuid.uuid4().hex, boot, 100.0, seconds, seconds, EndReason.LEFT, start, offset_s, day, load_kg=load_kg
            )
            log.write(Save(session))
            rated = 130.0 + seconds, tightness, Moment.AFTER, session.id, end + 30.0, offset_s, day
            log.write(Save(Rating(uuid.uuid4().hex, boot, *rated)))
