"""Requests of every kind: good ones of the log of rig.lived, and ones that are refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.control.rig import GONE, ODD, ONE, RATED, STOPPED, TODAY, TWO

YESTERDAY = str(TODAY - timedelta(days=1))

GOOD: dict[str, list[dict[str, Any]]] = {
    "edit_session": [
        {"id": ONE, "set": {"minutes": "12:30", "routine": "neck", "looser": "no"}},
        {"id": ONE[:6], "set": {"start": f"{YESTERDAY} 10:00", "person": "Ben"}},
        {"id": TWO, "set": {"looser": "none"}},
    ],
    "delete_session": [{"id": ONE}, {"id": TWO}],
    "restore_session": [{"id": GONE}],
    "answer_session": [{"id": ODD, "yours": False}, {"id": ODD, "yours": True}, {"id": ONE, "yours": True}],
    "rate": [{"value": 4}, {"value": 9, "person": "Ben"}, {"value": 2, "session": TWO}],
    "edit_rating": [
        {"id": RATED, "set": {"value": "3", "time": f"{YESTERDAY} 08:00"}},
        {"id": STOPPED, "set": {"person": "Ben"}},
    ],
    "delete_rating": [{"id": RATED}, {"id": STOPPED}],
    "felt_wrong": [{}, {"on": YESTERDAY, "person": "Anna"}],
    "settings": [
        {"set": {"bedtime": "21:15", "rest_weekdays": "sun"}},
        {"set": {"zone": "Europe/Berlin"}},
        {"set": {"others": "pets"}},
    ],
    "people": [
        {"words": ["add", "Cleo"]},
        {"words": ["rename", "Anna", "Änne"]},
        {"words": ["remove", "Ben"]},
        {"words": ["remove", "Anna"]},
        {"words": ["choose", "Ben"]},
        {"words": ["goal", "Ben", "3"]},
        {"words": ["add", "Ben"]},
    ],
    "rest": [{"rest": True}, {"rest": False}, {"rest": True, "person": "Ben"}],
    "safety": [{"answer": "none"}, {"answer": "some", "person": "Ben"}, {"answer": "doctor_ok"}, {"answer": "again"}],
    "import": [{"document": "elsewhere"}, {"document": "elsewhere", "person": "Ben"}],
    "delete_everything": [{"sure": "delete everything"}],
    "upstream_retry": [],
    "zero": [{}],
    "undo_zero": [{}],
    "identify": [{}],
    "snooze": [{}],
    "press": [{"how": "tap"}, {"how": "hold"}],
    "state": [{}],
}
REFUSED: dict[str, list[dict[str, Any]]] = {
    "edit_session": [
        {"id": "nope", "set": {"minutes": "5"}},
        {"id": GONE, "set": {"minutes": "5"}},
        {"id": ONE, "set": {}},
        {"id": ONE, "set": {"minutes": "0:01"}},
        {"id": ONE, "set": {"minutes": "999"}},
        {"id": ONE, "set": {"colour": "red"}},
        {"id": ONE, "set": {"start": "2099-01-01 10:00"}},
        {"id": ONE, "set": {"person": "Zoë"}},
        {"id": "", "set": {"minutes": "5"}},
        {"id": ONE, "set": {"start": f"{TODAY} 09:01"}},
    ],
    "delete_session": [{"id": GONE}, {"id": ""}, {}],
    "restore_session": [{"id": ONE}, {"id": 3}],
    "answer_session": [{"id": "nope", "yours": True}, {"id": ONE, "yours": "perhaps"}],
    "rate": [{"value": 0}, {"value": 11}, {"value": "4"}, {"value": 4, "person": "Zoë"}, {"value": 4, "session": GONE}],
    "edit_rating": [
        {"id": RATED, "set": {"value": "11"}},
        {"id": STOPPED, "set": {"value": "3"}},
        {"id": "x", "set": {"value": "3"}},
    ],
    "delete_rating": [{"id": "nope"}, {"id": None}],
    "felt_wrong": [{"on": "2099-01-01"}, {"on": "yesterday"}, {"on": "1970-01-01"}, {"person": "Zoë"}],
    "settings": [
        {"set": {"bedtime": "25:00"}},
        {"set": {"colour": "red"}},
        {"set": {"weekly_goal": "2", "bedtime": "21:00"}},
        {"set": []},
        {"set": {"own_plan": "[["}},
        {"set": {"language": "fr"}},
    ],
    "people": [
        {"words": []},
        {"words": ["add"]},
        {"words": ["add", "Anna"]},
        {"words": ["remove", "Zoë"]},
        {"words": ["sell", "Anna"]},
        {"words": ["goal", "Anna", "9"]},
        {"words": ["add", "x" * 40]},
        {"words": ["add", "Guest"]},
        {"words": "add"},
    ],
    "rest": [{"rest": "yes"}, {"rest": True, "person": "Zoë"}],
    "safety": [{"answer": "perhaps"}, {"answer": "none", "person": "Zoë"}, {"answer": "doctor_ok", "person": "Ben"}],
    "import": [
        {"document": "no JSON"},
        {"document": "{}"},
        {"document": "[" * 5000},
        {"document": "elsewhere", "person": "Zoë"},
    ],
    "delete_everything": [{"sure": "yes"}, {}],
    "upstream_retry": [{"name": "house"}],
    "upstream_test": [{"name": "house"}],
    "zero": [{"now": True}],
    "undo_zero": [{}],
    "identify": [{"how": "long"}],
    "snooze": [{"until": 3}],
    "press": [{"how": "long"}, {}],
    "state": [{"of": "it"}],
    "live": [{"x": 1}],
    "counts": [{"x": 1}],
    "calibrate": [{"weight_kg": 500}, {"weight_kg": "heavy"}, {"weight_kg": 70}],
    "record": [{}],
    "pair": [{"code": "123456"}, {"code": "1" * 17}],
}
NEED_MORE = {"live", "counts", "calibrate", "record", "pair", "upstream_test"}
"""Their good cases are tests of their own: here, in test_server.py, and on the board."""


def filled(fields: dict[str, Any], elsewhere: str) -> dict[str, Any]:
    """Put the document of an import in its place."""
    return {**fields, "document": elsewhere} if fields.get("document") == "elsewhere" else fields
