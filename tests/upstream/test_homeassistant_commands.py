"""What may be set from outside, and everything else that may arrive there."""

from __future__ import annotations

from datetime import time

import pytest

from matpi.core.events import Event, SettingWished, Wish, Wished
from matpi.core.model import Settings
from matpi.upstream.mqtt.commands import COMMANDS, CommandError, event_of


@pytest.mark.parametrize(
    ("name", "payload", "event"),
    [
        ("zero", b"PRESS", Wished(7.0, Wish.ZERO)),
        ("identify", b"PRESS", Wished(7.0, Wish.IDENTIFY)),
        ("snooze", b"PRESS", Wished(7.0, Wish.SNOOZE)),
        ("rest", b"ON", Wished(7.0, Wish.REST)),
        ("rest", b"OFF", Wished(7.0, Wish.NO_REST)),
        ("nudge", b"OFF", SettingWished(7.0, "nudge", False)),
        ("weekly_goal", b"3", SettingWished(7.0, "weekly_goal", 3)),
        ("weekly_goal", b"7.0", SettingWished(7.0, "weekly_goal", 7)),
        ("bedtime", b"22:45", SettingWished(7.0, "bedtime", time(22, 45))),
        ("bedtime", b"00:00", SettingWished(7.0, "bedtime", time(0, 0))),
    ],
)
def test_a_wish_is_an_event(name: str, payload: bytes, event: Event) -> None:
    assert event_of(name, payload, 7.0) == event


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("zero", b""),
        ("zero", b"press"),
        ("zero", b"PRESS\n"),
        ("nudge", b"on"),
        ("nudge", b"1"),
        ("weekly_goal", b"2"),
        ("weekly_goal", b"8"),
        ("weekly_goal", b"4.5"),
        ("weekly_goal", "٤".encode()),
        ("weekly_goal", b"nan"),
        ("bedtime", b"24:00"),
        ("bedtime", b"22:60"),
        ("bedtime", b"22:30:00"),
        ("bedtime", b"10 pm"),
        ("bedtime", b"22:30" + b" " * 100_000),
        ("rest", b"\xff\xfe"),
        ("rest", b'{"state":"ON"}'),
    ],
)
def test_a_bad_value_is_reported_with_what_is_right(name: str, payload: bytes) -> None:
    with pytest.raises(CommandError) as caught:
        event_of(name, payload, 7.0)
    words = str(caught.value)
    assert words.endswith(f"send {COMMANDS[name][0]}.")
    assert len(words) < 200
    assert words.isprintable()


def test_a_retained_command_is_none() -> None:
    for name in COMMANDS:
        with pytest.raises(CommandError, match="without retain"):
            event_of(name, b"PRESS", 7.0, retained=True)


def test_what_is_set_is_a_setting() -> None:
    known = set(Settings.__struct_fields__)
    for name, payload in {"nudge": b"ON", "weekly_goal": b"5", "bedtime": b"23:00"}.items():
        event = event_of(name, payload, 1.0)
        assert isinstance(event, SettingWished)
        assert event.name in known
