"""The button pressed from afar: never the long hold, which only a hand at the mat can do."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from matpi.config import Config
from matpi.control.door import Door
from matpi.control.requests.all import Press
from matpi.core.button import Button, Gesture
from matpi.core.events import ButtonDown
from matpi.core.rules import GestureRules
from matpi.errors import MatpiError
from matpi.service.host import ApplianceHost


class Owner:
    """An appliance that only notes how its button is pressed."""

    def __init__(self) -> None:
        self.config, self.clock = Config(), self
        self.loop = self.store = None
        self.edges: list[Any] = []

    def monotonic(self) -> float:
        return time.monotonic()

    def put(self, event: Any) -> None:
        self.edges.append(event)

    def save_recording(self) -> None:
        return None


def gestures(owner: Owner) -> list[Gesture]:
    button = Button(GestureRules())
    for edge in owner.edges:
        while button.deadline <= edge.t:
            button.advance(button.deadline)
        button.edge(edge.t, down=isinstance(edge, ButtonDown))
    button.advance(owner.edges[-1].t + 0.5)
    return [gesture for _, gesture in button.gestures]


def test_holds_one_right_after_the_other_stay_apart() -> None:
    owner = Owner()
    door = Door(ApplianceHost(owner))  # type: ignore[arg-type]
    for _ in range(4):
        door.perform(Press("hold"))
    assert gestures(owner) == [Gesture.PRESS, Gesture.HOLD, Gesture.HOLD_RELEASED] * 4


def test_a_press_during_another_is_refused() -> None:
    owner = Owner()
    door = Door(ApplianceHost(owner))  # type: ignore[arg-type]
    first = threading.Thread(target=door.perform, args=(Press("hold"),))
    first.start()
    try:
        while not owner.edges:
            time.sleep(0.001)
        with pytest.raises(MatpiError, match="pressed from elsewhere"):
            door.perform(Press("hold"))
    finally:
        first.join()
    door.perform(Press("tap"))
    assert gestures(owner) == [Gesture.PRESS, Gesture.HOLD, Gesture.HOLD_RELEASED, Gesture.PRESS, Gesture.TAP]
