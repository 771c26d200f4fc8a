"""Whether a session is the person's: what is stored of it, the answer, and how it goes out and comes in."""

from __future__ import annotations

import io
import json

import pytest

from matpi.core.effects import Checkpoint, Save
from matpi.core.model import Doubt, EndReason, Settings, Zero
from matpi.errors import ImportFormatError, UsageError
from matpi.store.db import Store
from matpi.store.transfer import export_json
from tests.store.values import UTC, edit_session, edits, import_json, session


def stored(store: Store, id_: str = "s1") -> tuple[Doubt | None, bool | None, bool]:
    entry = next(one for one in store.sessions() if one.session.id == id_)
    return entry.session.doubt, entry.session.yours, entry.counts


def exported(store: Store) -> dict[str, object]:
    out = io.BytesIO()
    export_json(store, out)
    return dict(json.loads(out.getvalue()))


# -- on the mat --------------------------------------------------------------------------------------------------------


def test_the_doubt_of_a_checkpoint_outlives_a_power_cut_and_the_person_takes_it_back(store: Store) -> None:
    store.write(Checkpoint(session(reason=None, doubt=Doubt.THING)))
    memory = store.load()
    assert memory.open == session(reason=None, doubt=Doubt.THING)
    store.write(Checkpoint(session(reason=None)))
    assert stored(store) == (None, None, True)


def test_saving_again_takes_no_answer_back_and_an_answer_gets_into_an_edited_session(store: Store) -> None:
    store.write(Save(session(doubt=Doubt.UNKNOWN)))
    edit_session(store, "s1", routine="neck")
    store.write(Save(session(doubt=Doubt.UNKNOWN, yours=True)))
    assert stored(store) == (Doubt.UNKNOWN, True, True)
    store.write(Save(session(doubt=Doubt.UNKNOWN)))
    assert stored(store) == (Doubt.UNKNOWN, True, True)
    assert store.log().sessions[0].routine == "neck"


# -- the answer --------------------------------------------------------------------------------------------------------


def test_every_answer_is_traced_and_is_no_edit(store: Store) -> None:
    store.write(Save(session(doubt=Doubt.THING)))
    assert store.answer_session("s1", yours=True, utc=UTC) == (session(doubt=Doubt.THING, yours=True), False)
    store.answer_session("s1", yours=False)
    assert stored(store) == (Doubt.THING, False, False)
    trace = [(edit.n, edit.edited_utc, edit.field, edit.before, edit.after) for edit in edits(store, "s1")]
    assert trace == [(1, UTC, "yours", None, "true"), (2, None, "yours", "true", "false")]
    assert not store.log().sessions[0].edited


def test_a_no_to_an_unusual_load_alone_sets_others(store: Store) -> None:
    store.write(Save(Settings(weekly_goal=7)))
    for n, doubt in enumerate((None, *Doubt)):
        store.write(Save(session(f"a{n}", doubt=doubt)))
        _, pets = store.answer_session(f"a{n}", yours=False)
        assert pets is (doubt is Doubt.UNUSUAL)
        assert store.load().settings == Settings(weekly_goal=7, others="pets" if pets else "no")
        store.write(Save(Settings(weekly_goal=7)))
    store.write(Save(session("b", doubt=Doubt.UNUSUAL)))
    assert store.answer_session("b", yours=True)[1] is False
    store.write(Save(Settings(others="pets")))
    assert store.answer_session("b", yours=False)[1] is False, "it was set already"


def test_what_is_no_closed_session_takes_no_answer(store: Store) -> None:
    store.write(Checkpoint(session(reason=None)))
    store.write(Save(session("s2")))
    store.delete_session("s2")
    for id_, why in (("s1", "still going on"), ("s2", "no session"), ("s3", "no session")):
        with pytest.raises(UsageError, match=why):
            store.answer_session(id_, yours=True)
    assert edits(store, "s1") == ()


# -- out and in --------------------------------------------------------------------------------------------------------


def furnish(store: Store) -> None:
    for n, doubt in enumerate((None, *Doubt)):
        for yours in (None, False, True):
            store.write(Save(session(f"s{n}-{yours}", doubt=doubt, yours=yours)))
    store.write(Save(session("discarded", reason=EndReason.DISCARDED, yours=True)))
    store.write(Save(session("deleted")))
    store.delete_session("deleted", utc=UTC)


def test_an_export_says_what_counts_and_goes_round(store: Store, other: Store) -> None:
    furnish(store)
    document = exported(store)
    assert document["version"] == 6
    told = {row["id"]: row["counts"] for row in document["sessions"]}  # type: ignore[attr-defined]
    assert [id_ for id_, counts in told.items() if counts] == [
        "s0-None", "s0-True", "s1-True", "s2-True", "s3-True", "s4-None", "s4-True", "s5-True",
    ]  # fmt: skip
    import_json(other, io.BytesIO(json.dumps(document).encode()))
    assert other.sessions() == store.sessions()


ROW = {"id": "s9", "boot_id": "b", "start_mono": 1.0, "span_s": 20.0, "on_mat_s": 10.0, "reason": "left"}


def test_an_older_export_comes_in_without_its_noise(store: Store) -> None:
    zero = {"kg": [1.0, 2.0], "by_hand": False, "noise_kg": 0.004, "anchor_kg": None}
    document = {"format": "matpi", "version": 3, "sessions": [ROW], "zero": zero, "zero_before": zero}
    import_json(store, io.BytesIO(json.dumps(document).encode()))
    assert stored(store, "s9") == (None, None, True)
    assert (store.load().zero, store.load().zero_before) == (Zero((1.0, 2.0)), Zero((1.0, 2.0)))


def test_a_count_that_contradicts_the_rest_is_refused_in_one_sentence(store: Store) -> None:
    thing = {**ROW, "doubt": "thing"}
    for row, why in (
        ({**thing, "counts": True}, "field counts: it is false by doubt, yours"),
        ({**thing, "yours": True, "counts": False}, "field counts: it is true by"),
        ({**ROW, "deleted_why": "by hand", "counts": True}, "field counts: it is false by"),
        ({**ROW, "counts": [1]}, "field counts: it is true by"),
        ({**ROW, "doubt": "cat"}, "field doubt: Invalid enum value 'cat'"),
        ({**ROW, "yours": "perhaps"}, "field yours: Expected `bool | null`, got `str`"),
    ):
        document = {"format": "matpi", "version": 4, "sessions": [row]}
        with pytest.raises(ImportFormatError, match=r"^the input, line 1, ") as caught:
            import_json(store, io.BytesIO(json.dumps(document).encode()))
        assert why in str(caught.value)
    for row in (thing, {**thing, "counts": False}, {**thing, "yours": True, "counts": True}):
        document = {"format": "matpi", "version": 4, "sessions": [{**row, "id": str(len(store.sessions()))}]}
        import_json(store, io.BytesIO(json.dumps(document).encode()))
    assert len(store.sessions()) == 3
