"""Export and import."""

import io
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from msgspec.structs import replace

from matpi.core.effects import Calibrated, Checkpoint, Save, Zeros
from matpi.core.model import (
    ROUTINE_NAMES,
    UTC_MAX,
    Acknowledgement,
    Calibration,
    DayRecord,
    Doubt,
    EndReason,
    Looser,
    Moment,
    Rating,
    Session,
    Settings,
    StopSign,
    Zero,
)
from matpi.errors import ImportFormatError, StoreError
from matpi.store import incoming, transfer
from matpi.store.db import Store
from matpi.store.transfer import Imported, export_csv, export_json
from tests.store.values import UTC, edit_session, import_json, rating, session, stop

HEADERS = {
    "sessions": "id,boot_id,start_mono,start_utc,utc_offset_s,day,span_s,on_mat_s,reason,aways,routine,edited,"
    "deleted_utc,deleted_why,load_kg,person,doubt,yours,estimated,zone,day_start,counts",
    "edits": "session_id,n,edited_utc,field,before,after",
    "ratings": "id,boot_id,mono,utc,utc_offset_s,day,value,moment,session_id,person,estimated,zone,day_start",
    "stops": "id,boot_id,mono,utc,utc_offset_s,day,session_id,person,estimated,zone,day_start",
    "days": "day,rest,snoozed,person",
    "people": "id,name,weekly_goal,chosen,removed",
    "looser": "session_id,looser",
}


def furnish(store: Store) -> None:
    store.write(Save(session()))
    store.write(Save(session("s2", start_utc=None, utc_offset_s=None, day=None, start_mono=0.1 + 0.2)))
    store.write(Save(session("s3", boot_id='comma, "quote" and more', reason=EndReason.CAP)))
    edit_session(store, "s2", utc=UTC + 1, aways=0, routine="breath")
    store.delete_session("s3", utc=UTC + 2, why="the cat")
    store.write(Save(rating()))
    store.write(Save(rating("r2", session_id=None, moment=Moment.BEFORE)))
    store.write(Save(stop()))
    store.write(Save(Looser("s1", looser=True)))
    store.write(Save(DayRecord(date(2025, 11, 24), rest=True)))
    store.write(Save(Calibrated(Calibration((1, -2), (21_000.125, -9.5)), Zero((0.0, 0.0)))))
    store.write(Save(Zeros(Zero((0.1, -0.25)), Zero((0.0, 1e-9), by_hand=True))))
    earlier = ((None, 5.5), (7.0, None))
    answer = Acknowledgement(True, UTC, cleared=True, cleared_utc=UTC + 9, earlier=earlier, asked_again=True)
    store.write(Save(answer))
    store.write(Save(replace(answer, person="ada")))
    store.write(Save(Settings(bedtime=time(23, 15), rest_weekdays=frozenset({6, 0, 3}))))
    store.count("glitch", "text")


def as_json(store: Store) -> bytes:
    out = io.BytesIO()
    export_json(store, out)
    return out.getvalue()


def test_the_fields_of_the_csv_files_are_in_their_order(store: Store, tmp_path: Path) -> None:
    furnish(store)
    written = export_csv(store, tmp_path / "out")
    assert [path.name for path in written] == [f"{name}.csv" for name in HEADERS]
    for path in written:
        assert path.read_text(encoding="utf-8").splitlines()[0] == HEADERS[path.stem]
    lines = (tmp_path / "out" / "sessions.csv").read_bytes().split(b"\r\n")
    assert lines[1] == b"s1,boot-a,100.5,1764000000.25,3600,2025-11-24,620.1,600.3,left,1,plan,false,,,,,,,false,,,true"
    assert lines[2] == b"s2,boot-a,0.30000000000000004,,,,620.1,600.3,left,0,breath,true,,,,,,,false,,,true"
    assert (tmp_path / "out" / "days.csv").read_bytes() == b"day,rest,snoozed,person\r\n2025-11-24,true,false,\r\n"


def test_the_fields_of_the_json_are_in_their_order(store: Store) -> None:
    furnish(store)
    document = json.loads(as_json(store))
    assert list(document) == [
        "format", "version", "sessions", "edits", "ratings", "stops", "days", "people", "looser", "diagnostics",
        "answers", "zero", "zero_before", "calibration", "acknowledgement", "settings",
    ]  # fmt: skip
    for name, header in HEADERS.items():
        assert document[name] or name == "people"
        assert all(",".join(row) == header for row in document[name])
    assert list(document["diagnostics"][0]) == ["kind", "count", "last_text"]
    assert document["settings"]["rest_weekdays"] == [0, 3, 6]
    assert document["zero"] == {"kg": [0.1, -0.25], "by_hand": False, "anchor_kg": None}
    assert document["sessions"][2]["deleted_why"] == "the cat"
    assert document["edits"][0] == {
        "session_id": "s2", "n": 1, "edited_utc": UTC + 1, "field": "aways", "before": "1", "after": "0",
    }  # fmt: skip


def test_json_goes_round_and_twice_changes_nothing(store: Store, other: Store, tmp_path: Path) -> None:
    furnish(store)
    path = tmp_path / "log.json"
    export_json(store, path)
    taken = ("zero", "zero_before", "calibration", "acknowledgement", "settings")
    assert import_json(other, path) == Imported(sessions=3, ratings=2, stops=1, days=1, looser=1, known=0, taken=taken)
    assert as_json(other) == path.read_bytes()
    assert other.load().log.looser == (Looser("s1", looser=True),)
    assert import_json(other, io.BytesIO(path.read_bytes())) == Imported(0, 0, 0, 0, known=12)
    assert as_json(other) == path.read_bytes()
    assert import_json(store, path) == Imported(0, 0, 0, 0, known=12)


def test_what_is_here_already_is_not_overwritten(store: Store, other: Store) -> None:
    furnish(store)
    other.write(Save(session(on_mat_s=1.0)))
    other.write(Save(Zeros(Zero((5.0,)), None)))
    other.write(Save(Settings(weekly_goal=7)))
    found = import_json(other, io.BytesIO(as_json(store)))
    assert (found.sessions, found.known, found.taken) == (2, 0, ("calibration", "acknowledgement"))
    assert found.differing == (("sessions", "s1"), ("ratings", "r1"), ("stops", "w1"), ("looser", "s1"))
    memory = other.load()
    assert memory.log.sessions[0] == session(on_mat_s=1.0)
    assert (memory.zero, memory.zero_before, memory.settings.weekly_goal) == (Zero((5.0,)), None, 7)


def test_an_open_session_does_not_end_the_one_that_goes_on_here(store: Store, other: Store) -> None:
    theirs = {"start_utc": UTC - 3600.0}
    store.write(Checkpoint(session("theirs", reason=None, **theirs)))
    other.write(Checkpoint(session("ours", reason=None)))
    import_json(other, io.BytesIO(as_json(store)))
    memory = other.load()
    assert memory.open == session("ours", reason=None)
    assert memory.log.sessions == (session("theirs", reason=EndReason.POWER_LOST, **theirs),)


def test_an_empty_log_goes_round(store: Store, other: Store) -> None:
    assert import_json(other, io.BytesIO(as_json(store))) == Imported(0, 0, 0, 0, 0)


def test_csv_is_not_read_and_the_refusal_says_what_is(store: Store, tmp_path: Path) -> None:
    furnish(store)
    sessions = export_csv(store, tmp_path / "out")[0]
    for source in (sessions, tmp_path / "out"):
        with pytest.raises(ImportFormatError, match=r"CSV is for spreadsheets .* a JSON file of `matpi export`\.$"):
            import_json(store, source)


def document(**lists: object) -> dict[str, object]:
    return {"format": "matpi", "version": 1, **lists}


ROW = {"id": "s9", "boot_id": "b", "start_mono": 1, "span_s": 20.0, "on_mat_s": 10.0, "reason": "left"}
SAID = {"id": "r1", "boot_id": "b", "mono": 1, "value": 5, "moment": "day"}
EDIT = {"session_id": "s9", "n": 1, "field": "aways"}
LATEST = UTC + 1e6
FLAT = {"reference_counts": [1], "counts_per_kg": [0]}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("what", "line", "says"),
    [
        (document(sessions=[ROW, {**ROW, "id": "s1", "on_mat_s": 30}]), 13, "field on_mat_s: .*within the span"),
        (document(sessions=[ROW, {**ROW, "id": "s1", "aways": "1"}]), 13, "field aways: Expected `int`, got `str`"),
        *[
            (document(sessions=[ROW, {**ROW, "id": "s1", **wrong}]), 13, says)
            for wrong, says in (
                ({"start_mono": "one"}, "field start_mono: "),
                ({"start_mono": 1e300}, "field start_mono: out of bounds"),
                ({"start_utc": 1e300}, "field start_utc: start_utc lies between the years 1970 and 2200: 1e"),
                ({"start_utc": LATEST + 1.0}, "field start_utc: .* is in the future"),
                ({"day": "2025-02-30"}, "field day: "),
                ({"day": "2025-02-28"}, "field day: 2025-02-28 needs start_utc beside it"),
                ({"reason": "bored"}, "field reason: .*'bored'"),
                ({"aways": -1}, "field aways: "),
                ({"aways": 2**64}, "field aways: "),
                ({"edited": "perhaps"}, "field edited: "),
                ({"deleted_utc": 5.0}, "field deleted_why: "),
                ({"reason": None, "deleted_why": "oops"}, "field deleted_why: "),
                ({"id": ""}, "field id: "),
                ({"boot_id": "two\nlines"}, "field boot_id: .* has a control character"),
                ({"routine": "yoga"}, "field routine: there is no routine 'yoga'; there are plan, "),
            )
        ],
        (document(ratings=[{**SAID, "value": 11}]), 5, "field value: .*between 1 and 10"),
        (document(ratings=[{**SAID, "value": 0}]), 5, "field value: .*between 1 and 10"),
        (document(ratings=[{**SAID, "value": 7.5}]), 5, "field value: Expected `int`, got `float`"),
        (document(ratings=[{**SAID, "moment": "noon"}]), 5, "field moment: "),
        (document(ratings=[{**SAID, "day": "2025-02-28"}]), 5, "field day: 2025-02-28 needs utc beside it"),
        (document(ratings=[{**SAID, "utc": LATEST + 1.0}]), 5, "field utc: .* is in the future"),
        (document(edits=[{**EDIT, "session_id": "nobody"}]), 5, "field session_id: there is no such session"),
        (document(edits=[{**EDIT, "n": 0}]), 5, "field n: "),
        (document(days=[{"day": "2025-01-01", "rest": None}]), 5, "field rest: "),
        (document(sessions=[ROW, {**ROW, "id": "s1", "mood": 1}]), 13, "field mood: sessions have none of that name"),
        (document(sessions=[ROW, {"id": "s1"}]), 13, "field boot_id: .*missing required"),
        (document(sessions=[ROW, [1]]), 13, "field sessions: an entry is not an object"),
        (document(sessions=[ROW, ROW]), 13, "field id: 's9' is there twice"),
        (document(sessions=[ROW], stops={"a": 1}), 14, "field stops: no list"),
        (document(sessions=[ROW], ratings=[], days=[{"day": "2025-13-01"}]), 16, "field day: Invalid"),
        (document(sessions=[ROW], zero={"kg": [1.0, "x"]}), 14, "field kg: Expected `float`"),
        (document(sessions=[ROW], zero={"kg": [-50.0, -50.0]}), 14, "field zero: -100 kg is further from its anchor"),
        (document(sessions=[ROW], zero_before={"kg": [1.0], "anchor_kg": 11.5}), 14, "field zero_before: 1 kg is"),
        (document(sessions=[ROW], settings={"own_plan": "tiers = 3"}), 14, "field own_plan: "),
        (document(sessions=[ROW], calibration=FLAT), 14, "field calibration: a slope lies"),
        (document(sessions=[ROW], settings={"weekly_goal": 9}), 14, "field settings: the weekly goal"),
    ],
)  # fmt: skip
def test_a_bad_entry_of_a_json_is_named_and_nothing_is_imported(
    store: Store, tmp_path: Path, what: object, line: int, says: str, indent: int | None
) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps(what, indent=indent))
    with pytest.raises(ImportFormatError, match=rf"^{path}, line {line if indent else 1}, {says}"):
        transfer.take(store, incoming.read(path, LATEST))
    assert store.sessions() == ()
    assert store.load().zero is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "line 1: "),
        (b'{\n"format": "matpi",\n!', "line 3: "),
        (b"[1]", 'field format: it must be "matpi"'),
        (b'{"format": "other"}', 'field format: it must be "matpi"'),
        (b'{"format": "matpi", "version": 7}', "field version: 7 is unknown"),
        (b'{"format": "matpi", "version": 1, "extra": []}', "field extra: "),
        (b'{"format": "matpi", "version": 1, "days": ' + b"[" * 100_000, "the input"),
        (b'{"format": "matpi", "version": 1, "days": [{"day": ' + b"9" * 5000 + b"}]}", "field day|line 1"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b'{"format": "matpi", "version": 1, "zero": {"kg": []}}', "1 to 4 channels"),
    ],
)
def test_what_is_no_export_is_refused(store: Store, data: bytes, says: str) -> None:
    with pytest.raises(ImportFormatError, match=says):
        import_json(store, io.BytesIO(data))
    assert store.sessions() == ()


def test_a_file_that_is_not_there_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ImportFormatError, match=r"nowhere\.json cannot be read: No such file"):
        import_json(store, tmp_path / "nowhere.json")


def test_an_export_that_cannot_be_written_is_told_and_leaves_the_one_before(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text("before")
    (tmp_path / "log.json.part").mkdir()
    with pytest.raises(StoreError, match="Cannot write the export"):
        export_json(store, path)
    assert path.read_text() == "before"
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"Cannot write the export .*a part of its path is a file"):
        export_csv(store, tmp_path / "file")


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp")), max_size=8).map(
    lambda text: normalize("NFC", text)  # as an import composes it
)
FLOAT = st.floats(-1e14, 1e14)
UTC_TIME = st.none() | st.floats(0, UTC_MAX)
OFFSET = st.none() | st.integers(-86_399, 86_399)
DAY = st.none() | st.dates()


def on_its_day(record: Any) -> Any:
    """Where all of it is known, the plan's day is that of the local clock, or the one before; no day without a time."""
    name = "start_utc" if isinstance(record, Session) else "utc"
    utc = getattr(record, name)
    if utc is None:
        return replace(record, day=None)
    if None in {utc, record.utc_offset_s, record.day}:
        return record
    local = datetime.combine(date(1970, 1, 1), time()) + timedelta(seconds=utc + record.utc_offset_s)
    return replace(record, day=local.date() - timedelta(days=record.day.day % 2))


IDS = TEXT.filter(bool)
PLACE = st.none() | TEXT, st.none() | st.times()


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    on_mat_s = draw(st.floats(0, 1e6))
    return Session(
        id=draw(IDS),
        boot_id=draw(TEXT),
        start_mono=draw(FLOAT),
        on_mat_s=on_mat_s,
        span_s=draw(st.floats(on_mat_s, 1e7)),
        reason=draw(st.sampled_from(EndReason)),
        start_utc=draw(UTC_TIME),
        aways=draw(st.integers(0, 2**63 - 1)),
        routine=draw(st.sampled_from(ROUTINE_NAMES)),
        edited=draw(st.booleans()),
        utc_offset_s=draw(OFFSET),
        day=draw(DAY),
        doubt=draw(st.none() | st.sampled_from(Doubt)),
        yours=draw(st.none() | st.booleans()),
        zone=draw(PLACE[0]),
        day_start=draw(PLACE[1]),
    )


RATINGS = st.builds(
    Rating,
    IDS,
    TEXT,
    FLOAT,
    st.integers(1, 10),
    st.sampled_from(Moment),
    st.none() | IDS,
    UTC_TIME,
    OFFSET,
    DAY,
    zone=PLACE[0],
    day_start=PLACE[1],
)
STOPS = st.builds(StopSign, IDS, TEXT, FLOAT, st.none() | IDS, UTC_TIME, OFFSET, DAY, zone=PLACE[0], day_start=PLACE[1])
DAYS = st.builds(DayRecord, st.dates(), st.booleans(), st.booleans())


def unique(values: st.SearchStrategy[object], name: str) -> st.SearchStrategy[list[object]]:
    return st.lists(values, max_size=4, unique_by=lambda value: getattr(value, name))


@effort(max_examples=40, deadline=None)
@example([], [], [StopSign("0", "\uf900", 0.0, None, None, None, None)], [], None, 0.0).via("an id that NFC changes")
@given(
    unique(sessions(), "id"), unique(RATINGS, "id"), unique(STOPS, "id"), unique(DAYS, "day"), st.none() | IDS, FLOAT
)
def test_anything_goes_round_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    ours: list[Session],
    ratings: list[Rating],
    stops: list[StopSign],
    days: list[DayRecord],
    why: str | None,
    utc: float,
) -> None:
    folder = tmp_path_factory.mktemp("round")
    with Store.open(folder / "one.db") as one, Store.open(folder / "two.db") as two:
        for session_ in map(on_its_day, ours):
            one.write(Save(session_))
        for rating_ in map(on_its_day, ratings):
            one.write(Save(rating_))
        for stop_ in map(on_its_day, stops):
            one.write(Save(stop_))
        for day in days:
            one.write(Save(day))
        if ours and why is not None:
            one.delete_session(ours[0].id, utc=utc, why=why)
        document = as_json(one)
        import_json(two, io.BytesIO(document))
        assert as_json(two) == document


def test_a_cleared_answer_of_an_older_export_had_the_date_of_the_clearing(store: Store) -> None:
    single = b'{"some": true, "utc": 1764000000.5, "cleared": true, "person": null}'
    listed = b'{"some": true, "utc": 1764000000.5, "cleared": false, "person": "ada"}'
    import_json(
        store,
        io.BytesIO(b'{"format": "matpi", "version": 2, "acknowledgement": %b, "answers": [%b]}' % (single, listed)),
    )
    memory = store.load()
    assert memory.acknowledgement == Acknowledgement(some=True, cleared=True, cleared_utc=1_764_000_000.5)
    assert memory.answers == (Acknowledgement(some=True, utc=1_764_000_000.5, person="ada"),)
