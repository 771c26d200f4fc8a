"""Parts that do not work, while the timer does: noted, and on the screen for as long."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Final

from matpi.core.effects import Emit, Note
from matpi.core.events import NO_SIGNAL
from matpi.core.rules import DeviceRules
from matpi.core.text import Text

PARTS: Final = {
    "button_lost": Text("bar.no_button"),
    "lamp_lost": Text("bar.no_lamp"),
    "chime_lost": Text("bar.no_chime"),
    "log_doubt": Text("bar.see_doctor"),
}
"""What is noted of a part that does not work, or of a stored value that cannot be used -> what the screen says."""
_PANEL: Final = {
    "panel_lost": "the panel does not answer; the timer goes on",
    "panel_back": "the panel answers again",
}


@dataclass(eq=False)
class Parts:
    emit: Emit
    rules: DeviceRules
    lost: list[str] = field(default_factory=list)  # which of PARTS do not work now
    upstream: Text | str = ""
    """Why records are not sent on; "" when they are."""
    cells: tuple[Text | str, Text | str] = NO_SIGNAL  # what the screen says of the load cells' silence, and what to do
    _panel_noted: dict[str, float] = field(default_factory=dict)

    @property
    def cells_explained(self) -> bool:
        return self.cells != NO_SIGNAL

    def explain_cells(self, what: Text | str = NO_SIGNAL[0], do: Text | str = NO_SIGNAL[1]) -> None:
        """Set what the screen says of the next sensor timeout; without arguments: nothing has explained it."""
        self.cells = what, do

    def noted(self, t: float, kind: str, text: str) -> None:
        """Note what an edge reports; a part that does not work is on the screen, too."""
        part = kind.replace("_back", "_lost")
        if part in PARTS and (part in self.lost) != (kind == part):
            (self.lost.append if kind == part else self.lost.remove)(part)
        self.emit(Note(t, kind, text))

    def note_panel(self, t: float, kind: str) -> None:
        """Note that the panel was lost or is back, seldom: a loose wire would do so every few seconds."""
        if t >= self._panel_noted.get(kind, -inf) + self.rules.panel_note_s:
            self._panel_noted[kind] = t
            self.emit(Note(t, kind, _PANEL[kind]))
