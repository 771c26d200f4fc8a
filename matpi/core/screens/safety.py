"""What to know before the first time on the mat: pages, the last of which asks."""

from __future__ import annotations

from dataclasses import dataclass

from matpi.core.front import Front
from matpi.core.screens.screen import LONG_SHOWN_S, READ_S, Look, Screen, Step
from matpi.core.views import SAFETY_PAGES, Safety


@dataclass(eq=False)
class SafetyScreen(Screen):
    front = Front.SAFETY
    lit_s = LONG_SHOWN_S
    _page: int = 0
    _turned: float = 0.0  # the page was, then

    @property
    def _asks(self) -> bool:
        return self._page == SAFETY_PAGES - 1

    def entered(self, _: float, _before: Front) -> None:
        self._page = 0

    def tap(self, t: float) -> Step | None:
        """Turn the page; on the last, answer: one applies, or unsure."""
        if self.stage.woke:
            return None
        if not self._asks:
            self._page, self._turned = self._page + 1, t
            return None
        return self._answer(t, some=True) if t >= self._turned + READ_S else None

    def release(self, t: float) -> Step | None:
        """Answer on the last page: none applies."""
        return self._answer(t, some=False) if self._asks and not self.stage.woke else None

    def _answer(self, t: float, *, some: bool) -> Step:
        self.household.acknowledge(t, some=some)
        return Step("answered", "one applies, or unsure: ask first" if some else "none applies")

    def look(self, t: float) -> Look:
        return Look(Safety(self._page, SAFETY_PAGES, self.stage.held(t) if self._asks else 0.0))
