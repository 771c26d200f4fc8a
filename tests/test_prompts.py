"""What the page says the device waits for and what to do, in the present tense, on the simulated mat."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matpi.core.device import SCREENS
from matpi.core.effects import Save
from matpi.core.front import Front
from matpi.core.model import Acknowledgement
from matpi.store.db import Store
from matpi.twin.prompts import Prompts
from matpi.twin.twin import Twin
from matpi.twin.world import VirtualWorld

UTC = 1_773_586_800.0
"""2026-03-15 15:00 UTC."""


class Seen:
    def __init__(self, path: Path, *, answered: bool) -> None:
        if answered:
            with Store.open(path) as log:
                log.write(Save(Acknowledgement(some=False, utc=UTC)))
        self.rig, self.prompts = VirtualWorld(path, utc=UTC), Prompts()
        self.rig.power_on()

    def after(self, seconds: float) -> tuple[str, str, list[str]]:
        """What to do, the reason, the notes; looked at once a second until then, as the page is told."""
        until = self.rig.t + seconds
        while True:
            self.rig.run_until(min(self.rig.t + 1.0, until))
            seen = self.prompts.of(self.rig.device, self.rig.t, self.rig.mat.spiked)
            if self.rig.t >= until:
                return seen["do"], seen["reason"], seen["notes"]

    def press(self, seconds: float = 0.1) -> tuple[str, str, list[str]]:
        self.rig.press(seconds)
        return self.after(seconds + 0.2)


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Seen]:
    seen = Seen(tmp_path / "log.db", answered=False)
    yield seen
    seen.rig.power_off()


@pytest.fixture
def used(tmp_path: Path) -> Iterator[Seen]:
    seen = Seen(tmp_path / "log.db", answered=True)
    yield seen
    seen.rig.power_off()


def test_the_first_instruction_stays_and_a_dark_screen_asks_for_a_press(new: Seen) -> None:
    read = "Read, then press the button (space): page {} of 4."
    assert new.after(20) == (read.format(1), "not answered yet", [])
    assert new.after(270)[0] == read.format(1)
    do, reason, _ = new.after(30)
    assert (do, reason) == ("Dark: press the button (space) to light the screen, or lie down (l).", "")
    assert new.press()[0] == read.format(1), "the first press wakes"
    assert new.press()[0] == read.format(2)
    assert new.press()[0] == "Hold the button (space) if none applies. Tap it if one applies or you are unsure."


def test_a_dark_screen_asks_for_what_is_possible_there(used: Seen) -> None:
    light = ", or press the button (space) to light the screen."
    used.rig.mat.act("lie_down", used.rig.t)
    assert used.after(70 * 60)[0] == "Dark: get up (g) slowly" + light
    used.rig.mat.act("get_up", used.rig.t)
    assert used.after(200)[0].startswith("Dark: press the button (space) to light the screen, or lie down (l)")
    used.rig.fault("cell", on=True)
    assert used.after(900)[0] == "Dark: plug the load cell in again" + light


def test_the_page_is_sent_the_next_step_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matpi.twin.twin.STATUS_S", 1e6)  # otherwise it comes with the next second
    seen, new = [], threading.Condition()

    def put(kind: str, payload: dict[str, Any]) -> None:
        with new:
            if kind == "status":
                seen.append(payload["do"])
            new.notify_all()

    twin = Twin(lambda watch: VirtualWorld(tmp_path / "log.db", utc=UTC, watch=watch))
    twin.subscribe(put)
    twin.start()
    try:
        for page in range(1, 3):
            with new:
                while not any(f"page {page} of 4" in do for do in seen):
                    assert new.wait(30.0), seen
            twin.press(0.15)
    finally:
        twin.stop()


def test_a_reason_of_hours_ago_is_not_shown(used: Seen) -> None:
    used.rig.mat.act("lie_down", used.rig.t)
    assert used.after(20)[1] == "3 s on the mat"
    assert used.after(400)[1] == ""


def test_the_reminder_and_the_dimming_before_bed_are_explained(used: Seen) -> None:
    assert used.after(20)[2] == []
    used.rig.jump("21:40")
    do, _, notes = used.after(2)
    assert do == "Dark: lie down (l), or press the button (space) to silence the reminder until tomorrow."
    assert notes == ["Reminder: today's 2 to 5 minutes are missing."], "a dark screen is not dimmed"
    assert used.press()[2] == ["Dimmed until 07:00: bedtime is 22:30."], "the press that wakes silences, too"


def test_rejected_readings_are_counted_while_they_come(used: Seen) -> None:
    used.after(20)
    for _ in range(2):
        used.rig.fault("spikes", on=True)
        (note,) = used.after(120)[2]
        count, *rest = note.split()
        assert rest == ["readings", "rejected."]
        assert 2 <= int(count) <= 40, "each burst for itself"
        used.rig.fault("spikes", on=False)
        assert used.after(35)[2] == []


def test_without_power_and_in_every_state_there_is_something_to_do() -> None:
    assert "Power on" in Prompts().of(None, 0.0)["do"]
    assert {front for front, screen in SCREENS.items() if not screen.to_do} == {Front.SAFETY, Front.RATING}
