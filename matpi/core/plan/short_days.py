"""Which days were to be short: each is judged by the answer to the safety pages that was in force then.

From the day of a "yes" on the short range holds, and what was lain until a clinician agreed, or another answer took its
place, is judged by it for good. So neither answering nor clearing changes a day that is past. Where nobody knows when
an answer was given or cleared, a day may have met either range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from math import fsum, inf

from matpi.core.calendar_day import day_of
from matpi.core.model import UTC_MAX, Acknowledgement, Session, Settings


@dataclass(frozen=True, slots=True)
class _Span:
    """Days are ordinals. `since` None: nobody knows; `until` None: nobody knows, `inf`: it lasts."""

    since: int | None
    until: float | None
    until_utc: float


class ShortDays:
    """Of one person. `zone` tells on which day an answer was given."""

    def __init__(self, answer: Acknowledgement | None, zone: tzinfo, settings: Settings) -> None:
        def day(utc: float | None) -> int | None:
            if utc is None or not 0.0 <= utc <= UTC_MAX:
                return None
            return day_of(utc, zone, settings.day_start).toordinal()

        self._spans: list[_Span] = []
        if answer is None:
            return
        ended = [*answer.earlier, *([(answer.utc, answer.cleared_utc)] if answer.some and answer.cleared else [])]
        self._spans = [_Span(day(since), day(until), until or 0.0) for since, until in ended]
        if answer.short_only:
            self._spans.append(_Span(day(answer.utc), inf, inf))

    def met(self, day: int, sessions: Sequence[Session], total_s: float, short_s: float, plan_s: float) -> bool:
        """Whether the sessions of this day, `total_s` in all, reached the lower bound that held: `short_s` or the
        plan's own.
        """
        for span in self._spans:
            if (span.since is not None and day < span.since) or (span.until is not None and day > span.until):
                continue
            if day == span.until:
                before = (s.on_mat_s for s in sessions if s.start_utc is None or s.start_utc < span.until_utc)
                if fsum(before) >= short_s:
                    return True
            elif span.since is not None and span.until is not None:
                return total_s >= short_s
            elif total_s >= short_s:
                return True
        return total_s >= plan_s
