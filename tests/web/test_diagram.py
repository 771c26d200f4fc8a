from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum

import pytest

from matpi.core.session import TRANSITIONS, State
from matpi.web import diagram
from matpi.web.serve import PageServer
from tests.web.client import ask


def test_every_state_has_a_place_of_its_own() -> None:
    assert set(diagram.POSITIONS) == {state.name for state in State}
    placed = list(diagram.POSITIONS.items())
    for index, (name, (x, y)) in enumerate(placed):
        assert diagram.BOX_WIDTH / 2 <= x <= diagram.WIDTH - diagram.BOX_WIDTH / 2
        assert diagram.BOX_HEIGHT / 2 <= y <= diagram.HEIGHT - diagram.BOX_HEIGHT / 2
        for other, (x2, y2) in placed[index + 1 :]:
            apart = abs(x - x2) > diagram.BOX_WIDTH + 10 or abs(y - y2) > diagram.BOX_HEIGHT + 10
            assert apart, f"{name} and {other} touch"


def test_every_change_of_the_table_is_one_edge_with_all_its_triggers() -> None:
    edges = {(edge["source"], edge["dest"]): edge["label"] for edge in diagram.diagram()["edges"]}

    assert len(edges) == len(diagram.diagram()["edges"])
    changes = [row for row in TRANSITIONS if row.dest is not None]
    assert set(edges) == {(row.source.name, row.dest.name) for row in changes if row.dest is not None}
    for row in changes:
        assert row.dest is not None
        assert diagram.words(row.trigger) in edges[row.source.name, row.dest.name]


def test_no_edge_runs_through_a_state_it_does_not_concern() -> None:
    pairs = {(row.source.name, row.dest.name) for row in TRANSITIONS if row.dest is not None}
    for source, dest in pairs:
        drawn = diagram.curve(source, dest, (dest, source) in pairs)
        assert not diagram.meets(drawn, diagram.POSITIONS.keys() - {source, dest}), f"{source} -> {dest}"


def test_the_good_session_is_one_line_through_the_table() -> None:
    main = [(edge["source"], edge["dest"]) for edge in diagram.diagram()["edges"] if edge["main"]]

    assert sorted(main) == sorted(zip(diagram.MAIN, diagram.MAIN[1:], strict=False))
    assert not [edge for edge in diagram.diagram()["edges"] if edge["main"] and edge["family"]]


def test_the_page_gets_it_as_json(server: PageServer) -> None:
    answer = ask(server.url, "GET", "/api/diagram")

    assert answer.status == 200
    assert json.loads(answer.text) == diagram.diagram()


class Lamp(Enum):
    IDLE = "dark"
    DONE = "lit"
    BROKEN = "no place for it"


@dataclass(frozen=True)
class Line:
    trigger: str
    source: Lamp
    dest: Lamp | None
    reason: str = ""


def test_rows_between_the_same_states_merge_and_what_changes_nothing_is_not_drawn() -> None:
    rows = [
        Line("switch_on", Lamp.IDLE, Lamp.DONE, "by hand"),
        Line("timer", Lamp.IDLE, Lamp.DONE),
        Line("timer", Lamp.IDLE, Lamp.DONE),
        Line("knock", Lamp.DONE, None),
    ]
    made = diagram.drawn([Lamp.IDLE, Lamp.DONE], rows)

    assert [edge["label"] for edge in made["edges"]] == ["switch on: by hand; timer"]
    assert made["states"][0] == {"name": "IDLE", "label": "idle", "about": "dark", "x": 236, "y": 262}


def test_a_state_without_a_place_is_an_error() -> None:
    with pytest.raises(KeyError, match="BROKEN"):
        diagram.drawn(list(Lamp), [])
