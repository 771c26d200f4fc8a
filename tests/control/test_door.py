"""Ask a running device to change its log: it does what a log alone does, and then knows what it would after a restart."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matpi.control.requests import all as requests
from matpi.control.requests.base import LogRequest, Now
from matpi.core.effects import Calibrated, Save
from matpi.core.model import Acknowledgement, Calibration, Session, Settings, Zero
from matpi.errors import MatpiError, UsageError
from matpi.store.db import Store
from matpi.store.transfer import export_json
from tests.control.rig import (
    ANNA,
    BEN,
    GONE,
    NOON,
    ODD,
    ONE,
    RATED,
    STOPPED,
    TODAY,
    TWO,
    Rig,
    after_restart,
    asked,
    lived,
    remembered,
)

YESTERDAY = str(TODAY - timedelta(days=1))
A, B = ANNA[:8], BEN[:8]


def exported(path: Path) -> str:
    out = BytesIO()
    with Store.copied(path) as log:
        export_json(log, out)
    return out.getvalue().decode()


def uncounted(path: Path) -> Any:
    """What is in a log, but how often something was refused, which is counted."""
    return {name: value for name, value in json.loads(exported(path)).items() if name != "diagnostics"}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The export of another log, with a person, a session, settings and a calibration."""
    path = tmp_path_factory.mktemp("elsewhere") / "log.db"
    with Store.open(path) as log:
        log.write(Save(Settings(zone="Europe/Berlin", weekly_goal=4)))
        log.write(Save(Session("c" * 32, "boot-9", 5.0, 300.0, 300.0, start_utc=NOON - 400_000).closed("left")))  # type: ignore[arg-type]
        log.write(Save(Acknowledgement(some=False, utc=NOON - 500_000)))
        log.write(Save(Calibrated(Calibration((1, 2), (40_000.0, 41_000.0)), Zero((0.5, 0.25)))))
    return exported(path)


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
    "edit_rating": [{"id": RATED, "set": {"value": "3", "time": f"{YESTERDAY} 08:00"}}, {"id": STOPPED, "set": {"person": "Ben"}}],
    "delete_rating": [{"id": RATED}, {"id": STOPPED}],
    "felt_wrong": [{}, {"on": YESTERDAY, "person": "Anna"}],
    "settings": [{"set": {"bedtime": "21:15", "rest_weekdays": "sun"}}, {"set": {"zone": "Europe/Berlin"}}, {"set": {"others": "pets"}}],
    "people": [
        {"words": ["add", "Cleo"]}, {"words": ["rename", "Anna", "Änne"]}, {"words": ["remove", "Ben"]},
        {"words": ["remove", "Anna"]}, {"words": ["choose", "Ben"]}, {"words": ["goal", "Ben", "3"]}, {"words": ["add", "Ben"]},
    ],
    "rest": [{"rest": True}, {"rest": False}, {"rest": True, "person": "Ben"}],
    "safety": [{"answer": "none"}, {"answer": "some", "person": "Ben"}, {"answer": "doctor_ok"}, {"answer": "again"}],
    "import": [{"document": "elsewhere"}, {"document": "elsewhere", "person": "Ben"}],
    "delete_everything": [{"sure": "delete everything"}],
    "upstream_retry": [],
    "zero": [{}], "undo_zero": [{}], "identify": [{}], "snooze": [{}], "press": [{"how": "tap"}, {"how": "hold"}],
    "state": [{}],
}  # fmt: skip
REFUSED: dict[str, list[dict[str, Any]]] = {
    "edit_session": [
        {"id": "nope", "set": {"minutes": "5"}}, {"id": GONE, "set": {"minutes": "5"}}, {"id": ONE, "set": {}},
        {"id": ONE, "set": {"minutes": "0:01"}}, {"id": ONE, "set": {"minutes": "999"}}, {"id": ONE, "set": {"colour": "red"}},
        {"id": ONE, "set": {"start": "2099-01-01 10:00"}}, {"id": ONE, "set": {"person": "Zoë"}}, {"id": "", "set": {"minutes": "5"}},
        {"id": ONE, "set": {"start": f"{TODAY} 09:01"}},
    ],
    "delete_session": [{"id": GONE}, {"id": ""}, {}],
    "restore_session": [{"id": ONE}, {"id": 3}],
    "answer_session": [{"id": "nope", "yours": True}, {"id": ONE, "yours": "perhaps"}],
    "rate": [{"value": 0}, {"value": 11}, {"value": "4"}, {"value": 4, "person": "Zoë"}, {"value": 4, "session": GONE}],
    "edit_rating": [{"id": RATED, "set": {"value": "11"}}, {"id": STOPPED, "set": {"value": "3"}}, {"id": "x", "set": {"value": "3"}}],
    "delete_rating": [{"id": "nope"}, {"id": None}],
    "felt_wrong": [{"on": "2099-01-01"}, {"on": "yesterday"}, {"on": "1970-01-01"}, {"person": "Zoë"}],
    "settings": [
        {"set": {"bedtime": "25:00"}}, {"set": {"colour": "red"}}, {"set": {"weekly_goal": "2", "bedtime": "21:00"}}, {"set": []},
        {"set": {"own_plan": "[["}}, {"set": {"language": "fr"}},
    ],
    "people": [
        {"words": []}, {"words": ["add"]}, {"words": ["add", "Anna"]}, {"words": ["remove", "Zoë"]}, {"words": ["sell", "Anna"]},
        {"words": ["goal", "Anna", "9"]}, {"words": ["add", "x" * 40]}, {"words": ["add", "Guest"]}, {"words": "add"},
    ],
    "rest": [{"rest": "yes"}, {"rest": True, "person": "Zoë"}],
    "safety": [{"answer": "perhaps"}, {"answer": "none", "person": "Zoë"}, {"answer": "doctor_ok", "person": "Ben"}],
    "import": [{"document": "no JSON"}, {"document": "{}"}, {"document": "[" * 5000}, {"document": "elsewhere", "person": "Zoë"}],
    "delete_everything": [{"sure": "yes"}, {}],
    "upstream_retry": [{"name": "house"}],
    "upstream_test": [{"name": "house"}],
    "zero": [{"now": True}], "undo_zero": [{}], "identify": [{"how": "long"}], "snooze": [{"until": 3}],
    "press": [{"how": "long"}, {}], "state": [{"of": "it"}], "live": [{"x": 1}], "counts": [{"x": 1}],
    "calibrate": [{"weight_kg": 500}, {"weight_kg": "heavy"}, {"weight_kg": 70}],
    "record": [{}], "pair": [{"code": "123456"}, {"code": "1" * 17}],
}  # fmt: skip
NEED_MORE = {"live", "counts", "calibrate", "record", "pair", "upstream_test"}
"""Their good cases are tests of their own: here, in test_server.py, and on the board."""


def filled(fields: dict[str, Any], elsewhere: str) -> dict[str, Any]:
    return {**fields, "document": elsewhere} if fields.get("document") == "elsewhere" else fields


def test_every_request_has_a_good_and_a_refused_case() -> None:
    assert set(GOOD) | NEED_MORE == set(requests.NAMES) == set(REFUSED)


@pytest.mark.parametrize("name", [name for name in GOOD if GOOD[name]])
def test_what_is_asked_is_done_and_remembered_as_after_a_restart(name: str, tmp_path: Path, elsewhere: str) -> None:
    for n, fields in enumerate(GOOD[name]):
        with Rig(lived(tmp_path / f"{n}.db")) as rig:
            rig.pass_s(30.0)
            if name == "undo_zero":
                rig.perform(do="zero")
            if fields == {"words": ["add", "Ben"]}:
                rig.perform(do="people", words=["remove", "Ben"])
            done = rig.perform(do=name, **filled(fields, elsewhere))
            json.dumps([done.said, dict(done.data)])
            assert rig.settled().ask(remembered) == after_restart(rig.path)


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_is_refused_says_one_sentence_and_changes_nothing(name: str, tmp_path: Path, elsewhere: str) -> None:
    with Rig(lived(tmp_path / "log.db")) as rig:
        rig.pass_s(30.0)
        rig.settled()
        before, known = uncounted(rig.path), rig.ask(remembered)
        for fields in REFUSED[name]:
            with pytest.raises(MatpiError) as refused:
                rig.perform(do=name, **filled(fields, elsewhere))
            assert str(refused.value), fields
            assert "Traceback" not in str(refused.value)
            assert str(refused.value).rstrip()[-1] in ".`)", str(refused.value)
            assert uncounted(rig.path) == before, fields
            assert rig.ask(remembered) == known, fields


# -- any order


def any_of(cases: dict[str, list[dict[str, Any]]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [
            {"do": name, **fields}
            for name, every in cases.items()
            for fields in every
            if name in {kind.__struct_config__.tag for kind in requests.OF_LOG}
        ]
    )


ANY = st.lists(st.one_of(any_of(GOOD), any_of(GOOD), any_of(REFUSED)), min_size=1, max_size=7)
HANDS = st.sampled_from([("mat", 40.0), ("mat", 5.0), ("mat", 0.0), ("empty", 25.0), ("tap", 0.15), ("hold", 0.9), ("hold", 3.2)])


def comparable(path: Path) -> Any:
    """What is in a log, without what only a running device has: its boot, its zero."""
    document = json.loads(exported(path))
    for single in ("zero", "zero_before", "calibration", "diagnostics"):
        document.pop(single)
    for table in ("ratings", "stops", "sessions", "edits"):
        for record in document[table]:
            for field in ("boot_id", "mono", "edited_utc", "deleted_utc"):
                record.pop(field, None)
            if record.get("utc") is not None:
                record["utc"] = round(record["utc"], 3)
    for answer in [document["acknowledgement"] or {}, *document.get("answers", [])]:
        answer.pop("utc", None)
    return json.loads(json.dumps(document), parse_float=lambda text: round(float(text), 3))


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), print_blob=False)
@given(ANY)
def test_a_running_device_and_a_log_alone_come_to_the_same(elsewhere: str, every: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        ids = count(1)
        patch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=next(ids)))
        alone = lived(Path(folder) / "alone.db")
        shutil.copy(alone, beside := Path(folder) / "beside.db")
        with Rig(beside) as rig:
            rig.pass_s(1.0)
            for n, fields in enumerate(every):
                request = asked_or_none(filled(fields, elsewhere))
                if request is None:
                    continue
                outcomes = []
                now = Now(rig.clock.utc(), trusted=True, rules=rig.rules)
                with Store.open(alone) as log:
                    for perform in (rig.door.perform, lambda one, log=log, now=now: one.perform(log, now)):
                        ids = count(1000 * (n + 1))
                        outcomes.append(outcome(perform, request))
                assert outcomes[0] == outcomes[1], fields
            assert comparable(beside) == comparable(alone)
            assert rig.ask(remembered) == after_restart(beside)


def asked_or_none(fields: dict[str, Any]) -> LogRequest | None:
    try:
        request = asked(**fields)
    except UsageError:
        return None
    assert isinstance(request, LogRequest)
    return request


def outcome(perform: Callable[[Any], Any], request: LogRequest) -> str:
    """Whether it was done; a settings request also when nothing is to be said."""
    try:
        perform(request)
    except MatpiError as error:
        return type(error).__name__
    return "done"


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), print_blob=False)
@given(st.lists(st.one_of(HANDS, any_of(GOOD), any_of(GOOD), any_of(REFUSED)), min_size=2, max_size=10), st.booleans())
def test_whatever_hands_do_meanwhile_it_remembers_what_it_would_after_a_restart(
    elsewhere: str, every: list[Any], people: bool
) -> None:
    with TemporaryDirectory() as folder, Rig(lived(Path(folder) / "log.db", people=people)) as rig:
        rig.pass_s(15.0)
        for one in every:
            if isinstance(one, dict):
                try:
                    rig.perform(**filled(one, elsewhere))
                except MatpiError as error:
                    assert str(error)
            elif one[0] in {"mat", "empty"}:
                rig.pass_s(one[1], kg=45.0 * (one[0] == "mat"))
            else:
                rig.press(one[1])
            rig.ask(lambda device: rig.door.state())  # it can always be shown
        rig.pass_s(30.0)
        rig.settled()
        assert not rig.ask(lambda device: device.ledger.waiting)
        assert rig.ask(remembered) == after_restart(rig.path)
