"""How it went so far, in two pages."""

from __future__ import annotations

from dataclasses import dataclass

from matpi.core.front import Front
from matpi.core.household import Household
from matpi.core.plan import trend
from matpi.core.plans import Plans
from matpi.core.screens.screen import GO_ON, Look, Screen, Step
from matpi.core.text import Text
from matpi.core.views import Notice


@dataclass(eq=False)
class TrendScreen(Screen):
    household: Household
    plans: Plans
    stays = "menu_s"
    _page: int = 0

    def entered(self, _: float, _before: Front) -> None:
        self._page = 0

    def tap(self, _: float) -> Step | None:
        self._page += 1
        return GO_ON if self._page > 1 else None

    def look(self, _: float) -> Look:
        if self._page:
            return Look(Notice(*trend.pairs_page(trend.pairs(self.household.log.ratings))))
        plan = self.plans.today
        if plan.trend is not None:
            return Look(Notice(*trend.page(plan.trend)))
        too_short = plan.days < trend.AT_DAYS[0]
        why = ("too_short", "seven_days") if too_short else ("not_before", "rate_daily")
        return Look(Notice(Text("trend.title"), *(Text(f"trend.{key}") for key in why)))
