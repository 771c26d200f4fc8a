"""Pair a browser: the address of the page and the code, from the menu for as long as the code is valid."""

from __future__ import annotations

from dataclasses import dataclass

from matpi.core.front import Front
from matpi.core.pairing import OPEN_S, Pairing
from matpi.core.screens.screen import Look, Screen, Step
from matpi.core.views import PagePairing


@dataclass(eq=False)
class PageScreen(Screen):
    """A tap takes the code back. A step on the mat only hides it: it stays valid until its time."""

    front = Front.PAGE
    to_do = "Open the address in a browser and type the code. A tap (space) closes it."
    pairing: Pairing

    @property
    def due(self) -> float:
        """Return when the code is void: its time is over, it was used, or typed wrong too often."""
        return self.pairing.until

    def expire(self, _: float) -> Step | None:
        return self._leave(f"{OPEN_S:g} s" if self.pairing.code else "the code was used or refused")

    def entered(self, t: float, _before: Front) -> None:
        self.pairing.open(t)

    def tap(self, _: float) -> Step | None:
        return self._leave("a tap")

    def stuck(self, _: float) -> Step | None:
        return self._leave("the button is stuck")

    def _leave(self, reason: str) -> Step:
        self.pairing.close()
        return Step("leave_page", reason)

    def look(self, _: float) -> Look:
        return Look(PagePairing(self.rules.page_address, self.pairing.code))
