"""Timeline files: what a line may say. What it may not say is in test_cli.py, as a person would see it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matpi.errors import ScenarioError
from matpi.sim.body import ACTS
from matpi.twin.scenario import Do, Step, read_scenario, seconds_of


def read(tmp_path: Path, text: str) -> list[Step]:
    path = tmp_path / "s.jsonl"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)


@pytest.mark.parametrize(
    ("at", "seconds"),
    [(5, 5.0), (0.25, 0.25), ("5", 5.0), ("2.5", 2.5), ("6:30", 390.0), ("0:07.5", 7.5), ("1:06:30", 3990.0)],
)
def test_times(at: float | str, seconds: float) -> None:
    assert seconds_of(at) == seconds


@pytest.mark.parametrize("at", ["", ":", "1:", ":30", "-5", "1:-5", "1e3", "nan", "inf", "1_0", " 5", "1:2:3:4", "5s"])
def test_no_times(at: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        seconds_of(at)


@given(st.text())
def test_any_text_is_a_time_or_a_value_error(at: str) -> None:
    with contextlib.suppress(ValueError):
        assert seconds_of(at) >= 0.0


def test_every_kind_of_line(tmp_path: Path) -> None:
    steps = read(
        tmp_path,
        """
        # a day with everything
        {"at": 5, "do": "lie_down", "kg": 74}
        {"at": "0:10", "do": "break", "what": "cell"}
        {"at": "0:10", "do": "mend", "what": "cell"}

        {"at": 11, "do": "jump", "to": "21:00"}
        {"at": 12, "do": "hold", "seconds": 1.5}
        {"at": 13, "do": "snap", "name": "the-end_1"}
        {"at": 14, "do": "end"}
        """,
    )
    assert [step.do for step in steps] == ["lie_down", "break", "mend", "jump", "hold", "snap", "end"]
    assert [step.at_s for step in steps] == [5, 10, 10, 11, 12, 13, 14]
    assert (steps[0].kg, steps[1].what, steps[3].to, steps[4].seconds) == (74, "cell", "21:00", 1.5)


def test_a_file_of_days(tmp_path: Path) -> None:
    steps = read(
        tmp_path,
        """
        {"day": 1, "clock": "16:00:05", "do": "tap", "times": 7}
        {"day": 1, "clock": "20:30", "do": "lie_down"}
        {"day": 1, "clock": "20:30", "do": "rate", "value": 10}
        {"day": 3, "clock": "08:00", "do": "set", "to": "nudge=no"}
        {"day": 3, "clock": "08:00:01", "do": "delete", "session": -1}
        """,
    )
    assert [(step.day, step.at_s) for step in steps] == [
        (1, 16 * 3600 + 5), (1, 20.5 * 3600), (1, 20.5 * 3600), (3, 8 * 3600), (3, 8 * 3600 + 1),
    ]  # fmt: skip
    assert (steps[0].times, steps[2].value, steps[3].to, steps[4].session) == (7, 10, "nudge=no", -1)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"do": "tap"}', 'either "at", or "day" and "clock"'),
        ('{"day": 1, "do": "tap"}', 'either "at", or "day" and "clock"'),
        ('{"clock": "20:00", "do": "tap"}', 'either "at", or "day" and "clock"'),
        ('{"at": 1, "day": 1, "clock": "20:00", "do": "tap"}', 'either "at", or "day" and "clock"'),
        ('{"at": 1, "do": "tap"}', '"at" in all its lines'),
        ('{"day": 0, "clock": "20:00", "do": "tap"}', "between 1"),
        ('{"day": 32, "clock": "20:00", "do": "tap"}', "and 31, not 32"),
        ('{"day": 1.5, "clock": "20:00", "do": "tap"}', "Expected `int"),
        ('{"day": 3, "clock": "24:00", "do": "tap"}', "no local time"),
        ('{"day": 3, "clock": "8:00", "do": "tap"}', "no local time"),
        ('{"day": 3, "clock": "20:00:60", "do": "tap"}', "no local time"),
        ('{"day": 2, "clock": "08:59:59", "do": "tap"}', "comes before the line above"),
        ('{"day": 1, "clock": "23:00", "do": "tap"}', "comes before the line above"),
        ('{"day": 3, "clock": "20:00", "do": "next_day"}', 'for a file with "at"'),
        ('{"day": 3, "clock": "20:00", "do": "tap", "times": 0}', "times lie between 1 and 50"),
        ('{"day": 3, "clock": "20:00", "do": "rate"}', "from 1 to 10"),
        ('{"day": 3, "clock": "20:00", "do": "rate", "value": 11}', "from 1 to 10"),
        ('{"day": 3, "clock": "20:00", "do": "set", "to": "nudge"}', "bedtime=23:00"),
        ('{"day": 3, "clock": "20:00", "do": "delete", "session": 0}', "1 for the oldest"),
    ],
)
def test_what_a_line_of_a_file_of_days_may_not_say(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(ScenarioError, match=r"s\.jsonl, line 2: ") as error:
        read(tmp_path, f'{{"day": 2, "clock": "09:00", "do": "cat"}}\n{line}\n')
    assert why in str(error.value)


def test_the_words_are_those_of_the_mat() -> None:
    assert set(ACTS) <= set(get_args(Do))


def test_the_line_is_counted_with_empty_lines_and_comments(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"s\.jsonl, line 4: "):
        read(tmp_path, '# one\n\n{"at": 1, "do": "tap"}\n{"at": 2, "do": "dance"}\n')


@pytest.mark.parametrize("to", ["00:00", "9:05", "24:00", "21", "21:00:00", "21:00+02:00", "²1:00", "", None])
def test_a_jump_takes_hours_and_minutes(tmp_path: Path, to: str | None) -> None:
    line = '{"at": 1, "do": "jump"}' if to is None else f'{{"at": 1, "do": "jump", "to": "{to}"}}'
    if to == "00:00":
        assert read(tmp_path, line)[0].to == to
    else:
        with pytest.raises(ScenarioError, match=r'such as "21:00"'):
            read(tmp_path, line)
