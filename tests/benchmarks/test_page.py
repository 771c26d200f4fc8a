"""The page says what the scores say, and says "not reached" where it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from benchmarks.detectors import COMPARED, MATPI, PEERS, heard
from benchmarks.page import Header, page
from benchmarks.scenarios.recording import Recording, Thing
from benchmarks.scoring import ERRORS, Fault, Score, score
from benchmarks.targets import Target, targets
from tests.benchmarks.made import recording, stay

HEADER = Header("b1", "1 to 9", "abc", 3, 2, 1)
EMPTY = ("empty day",)


def made() -> Iterator[tuple[str, Recording]]:
    yield "lying", recording((stay(60.0, 200.0),), duration_s=300.0)
    yield "lying", recording((stay(50.0, 210.0),), duration_s=300.0, seed=2)
    yield "empty day", recording(things=(Thing(100.0, 250.0, "bag", 15.0),), duration_s=400.0)


def scores() -> dict[str, dict[str, Score]]:
    result: dict[str, dict[str, Score]] = {name: {} for name in COMPARED}
    for kind, one in made():
        for name in COMPARED:
            result[name].setdefault(kind, Score()).add(score(one, heard(name, one)))
    return result


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Score]]:
    return scores()


def whole(told: dict[str, dict[str, Score]], faults: tuple[tuple[str, str], ...] = ()) -> str:
    apart = {"calves": Score(recordings=1, stays=1)}
    return page(HEADER, told, {"": told[MATPI], "dwell": told[MATPI]}, apart, EMPTY, faults)


def by_name(rows: list[Target]) -> dict[str, Target]:
    return {row.what: row for row in rows}


def test_all_targets_are_reached_by_a_detector_without_an_error(told: dict[str, dict[str, Score]]) -> None:
    rows = targets(told, EMPTY)
    assert [row.what for row in rows if not row.reached] == []
    assert "**not reached**" not in whole(told)
    assert whole(told).count("| reached |") == len(rows) == 5


@pytest.mark.parametrize(
    ("kind", "scenario", "what"),
    [
        ("invented", "empty day", "invented on an empty mat"),
        ("missed", "lying", "missed, split or cut short"),
        ("split", "lying", "missed, split or cut short"),
        ("cut", "lying", "missed, split or cut short"),
        ("told_object", "lying", "person told as object"),
        ("late", "lying", "all errors against the best peer"),
    ],
)
def test_one_error_is_enough_to_miss_a_target(kind: str, scenario: str, what: str) -> None:
    worse = scores()
    worse[MATPI][scenario].blame(kind, 1.0, "made")
    assert not by_name(targets(worse, EMPTY))[what].reached
    assert "**not reached**" in whole(worse)


def test_a_slow_end_misses_its_target() -> None:
    worse = scores()
    worse[MATPI]["lying"].end_errors_s[:] = [-0.6, 0.6]
    assert not by_name(targets(worse, EMPTY))["error of the end, 95 % of sessions"].reached


def test_every_detector_class_and_error_has_its_place(told: dict[str, dict[str, Score]]) -> None:
    text = whole(told)
    head = next(line for line in text.splitlines() if line.startswith("|  | matpi"))
    assert [cell.strip() for cell in head.split("|")[2:-1]] == list(COMPARED)
    assert all(f"- **{peer.name}** ({peer.source})" in text for peer in PEERS)
    row = next(line for line in text.splitlines() if line.startswith("| lying | 2 | 2 |"))
    assert [cell.strip() for cell in row.split("|")[4 : 4 + len(ERRORS)]] == ["0"] * len(ERRORS)


def test_every_table_has_as_many_cells_in_each_row(told: dict[str, dict[str, Score]]) -> None:
    for table in re.findall(r"(?:^\|.*\n?)+", whole(told), re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_faults_are_named_and_the_rest_is_counted(told: dict[str, dict[str, Score]]) -> None:
    text = whole(told, tuple((f"recording {n}", "missed") for n in range(45)))
    assert "| recording 0 | missed |" in text
    assert "And 5 more." in text
    assert "On these recordings: nothing." in whole(told)


def test_the_mark_tells_of_what_the_figures_were_made(told: dict[str, dict[str, Score]]) -> None:
    assert HEADER.mark in whole(told)
    assert HEADER.mark != Header("b1", "1 to 9", "abd", 3, 2, 1).mark


def test_the_same_scores_make_the_same_page(told: dict[str, dict[str, Score]]) -> None:
    assert whole(told) == whole(told)


def test_a_fault_tells_where_to_look() -> None:
    (_, one), *_ = made()
    assert score(one, heard("matpi", recording(duration_s=10.0))).faults == [
        Fault("missed", 60.0, "lying, 140 s", "made, seed 1")
    ]
