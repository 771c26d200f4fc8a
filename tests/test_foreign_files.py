"""What `matpi import` takes from a foreign file, and what an export hands on: checked, harmless, private."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matpi.cli import run
from matpi.core.effects import Save, Zeros
from matpi.core.model import Zero
from matpi.store.db import Store
from matpi.store.tables import DIAGNOSTICS
from tests.store.values import edit_session, rating, records, session, stop

Out = pytest.CaptureFixture[str]
SESSION = {
    "id": "s1", "boot_id": "b", "start_mono": 1.0, "start_utc": 1764000000.0, "utc_offset_s": 3600, "day": "2025-11-24",
    "span_s": 600.0, "on_mat_s": 600.0, "reason": "left",
}  # fmt: skip
RATING = {
    "id": "r1", "boot_id": "b", "mono": 700.0, "utc": 1764000700.0, "utc_offset_s": 3600, "day": "2025-11-24",
    "value": 5, "moment": "after", "session_id": "s1",
}  # fmt: skip
STOP = {key: RATING[key] for key in ("boot_id", "mono", "utc", "utc_offset_s", "day", "session_id")} | {"id": "w1"}
EDIT = {"session_id": "s1", "n": 1, "field": "aways", "before": "0", "after": "1"}
NAMED = {"id": "p1", "name": "Ada"}
TALLY = {"kind": "glitch", "count": 1, "last_text": "text"}
WHOLE: dict[str, Any] = {
    "sessions": [SESSION], "edits": [EDIT], "ratings": [RATING], "stops": [STOP], "people": [NAMED],
    "diagnostics": [TALLY],
}  # fmt: skip
Import = Callable[[dict[str, Any]], tuple[int, str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Store.open(tmp_path / "matpi.db").close()
    return tmp_path / "matpi.db"


@pytest.fixture
def taken_in(path: Path, tmp_path: Path, capsys: Out) -> Import:
    def take_in(lists: dict[str, Any]) -> tuple[int, str]:
        file = tmp_path / "foreign.json"
        file.write_text(json.dumps({"format": "matpi", "version": 4, **lists}, indent=1))
        capsys.readouterr()
        code = run(["import", str(file), "--store", str(path)])
        return code, "".join(capsys.readouterr())

    return take_in


def with_field(table: str, field: str, value: object) -> dict[str, Any]:
    return {**WHOLE, table: [{**WHOLE[table][0], field: value}]}


def test_a_day_that_is_not_that_of_the_start_imports_nothing(path: Path, taken_in: Import) -> None:
    wrong = []
    for table in ("sessions", "ratings", "stops"):
        for day in ("2025-11-25", "2025-11-22", "2024-11-24", "9999-12-31", "0001-01-01"):
            code, said = taken_in(with_field(table, "day", day))
            fine = f"field day: {day} is not the day of 2025-11-24 17:" in said and said.count("\n") == 1
            if code != 1 or not fine or ", line " not in said:
                wrong.append((table, day, said))
    with Store.open(path, read_only=True) as log:
        assert log.sessions() == ()
    assert not wrong
    # With a late start of the day the evening before is the same day; a time of another zone makes another date.
    assert taken_in(with_field("sessions", "day", "2025-11-23"))[0] == 0
    assert taken_in({"sessions": [{**SESSION, "id": "s2", "utc_offset_s": 43200, "day": "2025-11-25"}]})[0] == 0


def test_an_answer_of_nobody_among_those_of_people_imports_nothing(taken_in: Import) -> None:
    code, said = taken_in({"answers": [{"some": False, "person": None}]})
    assert code == 1
    assert "field person: an answer here needs whose it is" in said


def test_control_characters_import_nothing_and_reach_no_terminal(path: Path, taken_in: Import) -> None:
    texts = [
        (table, field)
        for table, (record,) in WHOLE.items()
        for field, value in (record | ({"routine": "plan"} if table == "sessions" else {})).items()
        if isinstance(value, str) and field not in {"day", "last_text"}
    ] + [("sessions", "deleted_why"), ("sessions", "person")]
    assert len(texts) == 20
    wrong: list[object] = []
    for table, field in texts:
        for bad in ("a\x1b[31mred", "a\nb", "\x00", "a\x7f", "a\x9b", "a\u202eb", "a\u2028b"):
            code, said = taken_in(with_field(table, field, bad))
            if code != 1 or f"field {field}: " not in said or not said.removesuffix("\n").isprintable():
                wrong.append((table, field, bad, said))
    for lists in (
        with_field("sessions", "\x07mood", 1),
        {**WHOLE, "\x9b2J": []},
        {"settings": {"own_plan": "a\x1b"}},
        {"settings": {"routine": "\x07"}},
    ):
        code, said = taken_in(lists)
        if code != 1 or not said.removesuffix("\n").isprintable():
            wrong.append((lists, said))
    assert not wrong
    with Store.open(path, read_only=True) as log:
        assert log.sessions() == ()


def test_a_plan_of_ones_own_has_lines_and_an_old_diagnostic_text_may_have_any(path: Path, taken_in: Import) -> None:
    plan = "# by hand\r\n\t\r\n" + (Path(__file__).parents[1] / "docs/examples/own-plan.toml").read_text()
    lists = with_field("diagnostics", "last_text", "first\n\x1b[31msecond") | {"settings": {"own_plan": plan}}
    assert taken_in(lists)[0] == 0
    with Store.open(path) as log:
        assert log.load().settings.own_plan == plan
        assert records(log, DIAGNOSTICS)[0].last_text == "first\\n\\x1b[31msecond"
        log.count("note", "two\nlines")
        assert records(log, DIAGNOSTICS)[1].last_text == "two\\nlines", "so that an export of one's own can be imported"


# -- exports -----------------------------------------------------------------------------------------------------------

FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "'=quoted", "-")


def furnish(path: Path) -> None:
    with Store.open(path) as log:
        for n, text in enumerate(FORMULAS):
            log.write(Save(session(f"{text}{n}", routine=text, start_mono=-3.5, utc_offset_s=-3600)))
            edit_session(log, f"{text}{n}", utc_offset_s=-7200)
        log.write(Save(rating("-r", session_id="=x")))
        log.write(Save(stop("@w")))
        log.write(Save(Zeros(Zero((-1.5,)), None)))


def test_no_cell_of_a_csv_is_a_formula_and_numbers_stay_numbers(path: Path, tmp_path: Path) -> None:
    furnish(path)
    assert run(["export", "--csv", str(tmp_path / "out"), "--store", str(path)]) == 0
    cells: list[str] = []
    for file in (tmp_path / "out").iterdir():
        with file.open(newline="") as lines:
            cells += [cell for row in csv.reader(lines) for cell in row]
    formulas = [
        cell for cell in cells if cell[:1] in {"=", "+", "-", "@"} and not cell.lstrip("-").replace(".", "").isdecimal()
    ]
    assert formulas == []
    assert {"-3.5", "-3600", "-7200", "'=1+1", "'@w", "''=quoted"} <= set(cells)


def test_exports_are_their_owners_only(path: Path, tmp_path: Path) -> None:
    furnish(path)
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "all.json.part").symlink_to(victim)
    old = os.umask(0)
    try:
        assert run(["export", str(tmp_path / "all.json"), "--store", str(path)]) == 0
        assert run(["export", "--csv", str(tmp_path / "out"), "--store", str(path)]) == 0
    finally:
        os.umask(old)
    modes = {
        file.name: oct(file.stat().st_mode & 0o777) for file in (tmp_path / "all.json", *(tmp_path / "out").iterdir())
    }
    assert set(modes.values()) == {"0o600"}, modes
    assert len(modes) == 8
    assert victim.read_text() == "untouched"
