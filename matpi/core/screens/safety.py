"""What to know before the first time on the mat: whom to ask first, the question, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

from matpi.core.front import Front
from matpi.core.screens.screen import LONG_SHOWN_S, READ_S, Look, Screen, Step
from matpi.core.views import Safety

CLOSES_S: Final = 30.0  # once it is answered, a page goes on by itself. Chosen.
PAGES: Final = ("ask_1", "ask_2", "question", "stop")  # keys of the catalogue, [safety]
PAGES_AFTER_YES: Final = ("ask_1", "ask_2", "question", "ask_first", "stop")
AGAIN: Final = ("stop", "ask_1", "ask_2", "question")  # from the menu once it is answered: the rules come first


@dataclass(eq=False)
class SafetyScreen(Screen):
    """Own the page: a session in between does not turn it back. The answer is stored on the page that asks."""

    front = Front.SAFETY
    lit_s = LONG_SHOWN_S
    _pages: tuple[str, ...] = PAGES
    _page: int = 0
    _turned: float = -inf  # the page was, then
    _answered: bool = False  # on this way through the pages
    _first: bool = False  # it is the very first answer on this device
    _whose: str | None = None

    @property
    def wanted(self) -> bool:
        """Return whether the question is open, or what to remember has not been read to its end."""
        unread = self._answered and self._whose == self.household.owner
        return self.household.acknowledgement is None or unread

    @property
    def due(self) -> float:
        """Return when it goes on by itself: a question that is open stays."""
        open_question = self.household.acknowledgement is None and not self._answered
        return inf if open_question or self.stage.pressed else max(self._turned, self.stage.touched) + CLOSES_S

    def expire(self, t: float) -> Step | None:
        return self._turn(t) if self._answered else self._leave("30 s untouched")

    @property
    def _asks(self) -> bool:
        return self._pages[self._page] == "question"

    def entered(self, _: float, before: Front) -> None:
        if before is Front.MENU or self._whose != self.household.owner:
            self._pages = PAGES if self.household.acknowledgement is None else AGAIN
            self._page, self._answered, self._whose = 0, False, self.household.owner

    def tap(self, t: float) -> Step | None:
        """Turn the page; on the one that asks, answer: one applies, or unsure."""
        if self.stage.woke:
            return None
        if not self._asks:
            return self._turn(t)
        return self._answer(t, some=True) if t >= self._turned + READ_S else None

    def release(self, t: float) -> Step | None:
        """Answer on the page that asks: none applies."""
        return self._answer(t, some=False) if self._asks and not self.stage.woke else None

    def hold_long(self, _: float) -> Step | None:
        """Show a code from a page that asks nothing: a new device is then set up on its page, these questions too."""
        return Step("show_page", "held for 3 s") if self.rules.page_address and not self._asks else None

    def _answer(self, t: float, *, some: bool) -> Step | None:
        self._first = not self.household.answers
        self.household.acknowledge(t, some=some)
        self._pages, self._answered = PAGES_AFTER_YES if some else PAGES, True
        self._page = PAGES.index("question")
        return self._turn(t)

    def _turn(self, t: float) -> Step | None:
        self._page, self._turned = self._page + 1, t
        if self._page < len(self._pages):
            return None
        # A new device ends its first start with where its page is.
        trigger = "show_page" if self._first and self.rules.page_address else "answered"
        return self._leave("read to the end", trigger)

    def _leave(self, reason: str, trigger: str = "answered") -> Step:
        self._pages, self._page, self._answered, self._first = PAGES, 0, False, False
        return Step(trigger, reason)

    def look(self, t: float) -> Look:
        hold = self.stage.held(t) if self._asks else 0.0
        return Look(Safety(self._pages[self._page], self._page + 1, len(self._pages), hold))
