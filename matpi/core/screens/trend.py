"""How it went so far, in two pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from matpi.core.front import Front
from matpi.core.plan import trend
from matpi.core.screens.screen import GO_ON, Look, Screen, Step
from matpi.core.text import Text
from matpi.core.views import Notice


@dataclass(eq=False)
class TrendScreen(Screen):
    front = Front.TREND
    to_do = "Tap (space) to go on."
    stays = "menu_s"
    _page: int = 0
    _seen: tuple[str | None, date] | None = None

    @property
    def wanted(self) -> bool:
        """Return whether there is news that this person has not seen today."""
        return self.plans.shown.trend_today and self._seen != self._whose_day

    @property
    def _whose_day(self) -> tuple[str | None, date]:
        return self.household.owner, self.plans.shown.today

    def entered(self, _: float, _before: Front) -> None:
        self._page, self._seen = 0, self._whose_day

    def tap(self, _: float) -> Step | None:
        self._page += 1
        return GO_ON if self._page > 1 else None

    def look(self, _: float) -> Look:
        if self._page:
            return Look(Notice(*trend.looser_page(self.household.log.looser)))
        plan = self.plans.today
        if plan.trend is not None:
            return Look(Notice(*trend.page(plan.trend)))
        title = Text("trend.title")
        if plan.days < trend.AT_DAYS[0]:
            return Look(Notice(title, Text("trend.too_short"), Text("trend.seven_days")))
        return Look(Notice(title, Text("trend.not_before"), Text("trend.rate_daily")))
