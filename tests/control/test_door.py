"""Ask a running device to change its log: it does as a log alone, and then knows what it would after a restart."""

from __future__ import annotations

import base64
import json
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matpi.control.door import CALL_S
from matpi.control.requests import all as requests
from matpi.control.requests.base import Done, LogRequest, Now
from matpi.core.effects import Calibrated, Checkpoint, Save
from matpi.core.events import Counted, SensorLost, WallClock, Wish, Wished
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Calibration, EndReason, Session, Settings, Zero
from matpi.errors import DeviceOffError, HardwareError, MatpiError, StoreError, UsageError
from matpi.store.db import Store
from matpi.store.transfer import export_json
from matpi.words import LANGUAGES
from tests.control.cases import GOOD, NEED_MORE, REFUSED, filled
from tests.control.rig import (
    ANNA,
    BEN,
    GONE,
    NOMINAL,
    NOON,
    ONE,
    RATED,
    TWO,
    Rig,
    after_restart,
    asked,
    lived,
    remembered,
    session,
)  # fmt: skip


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
        log.write(Save(Session("c" * 32, "boot-9", 5.0, 300.0, 300.0, start_utc=NOON - 400_000).closed(EndReason.LEFT)))
        log.write(Save(Acknowledgement(some=False, utc=NOON - 500_000)))
        log.write(Save(Calibrated(Calibration((1, 2), (40_000.0, 41_000.0)), Zero((0.5, 0.25)))))
    return exported(path)


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
HANDS = st.sampled_from(
    [("mat", 40.0), ("mat", 5.0), ("mat", 0.0), ("empty", 25.0), ("tap", 0.15), ("hold", 0.9), ("hold", 3.2)]
)


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
                with suppress(MatpiError):  # not now, such as what a session keeps from being deleted
                    rig.perform(**filled(one, elsewhere))
            elif one[0] in {"mat", "empty"}:
                rig.pass_s(one[1], kg=45.0 * (one[0] == "mat"))
            else:
                rig.press(one[1])
            json.dumps(rig.door.state())  # it can always be shown
        rig.pass_s(30.0)
        rig.settled()
        assert not rig.ask(lambda device: device.ledger.waiting)
        assert rig.ask(remembered) == after_restart(rig.path)


# -- at the same time


class Meanwhile(LogRequest, frozen=True):
    """A request during which something else happens."""

    then: Any

    def perform(self, log: Store, now: Now) -> Done:
        self.then()
        return Done(("Done.",))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(lived(tmp_path / "log.db")) as one:
        one.pass_s(15.0)
        yield one


def in_background(what: Callable[[], Any]) -> tuple[threading.Thread, list[BaseException]]:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            what()
        except BaseException as error:  # noqa: BLE001  for the test to see
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, failed


def until(what: Callable[[], Any]) -> None:
    end = time.monotonic() + 30.0
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_what_the_device_saves_while_a_request_is_answered_is_not_forgotten(rig: Rig) -> None:
    call = rig.call

    def slowly(what: Callable[[], None]) -> None:
        if threading.current_thread().name != "log writer":
            time.sleep(0.3)  # the thread of who asks is woken late
        call(what)

    rig.call = slowly  # type: ignore[method-assign]

    def snooze() -> None:
        rig.send(Wished(rig.clock.t, Wish.SNOOZE))
        rig.ask(lambda _: None)  # stored after this request, and perhaps answered before the device hears of it

    rig.door.perform(Meanwhile(then=snooze))
    assert len(rig.ask(lambda device: device.ledger.log.days)) == 1
    assert rig.settled().ask(remembered) == after_restart(rig.path)


def test_a_request_that_the_disk_answers_too_late_is_known_to_the_device_all_the_same(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matpi.control.door.STORE_S", 0.2)
    assert rig.store is not None
    rig.store.free.clear()
    with pytest.raises(StoreError, match="has not answered for a minute"):
        rig.perform(do="rate", value=8)
    rig.store.free.set()
    assert rig.settled().ask(lambda device: [rating.value for rating in device.ledger.log.ratings]) == [7, 8]


def test_a_full_disk_refuses_a_change_and_settings_hold_from_now_on(rig: Rig) -> None:
    assert rig.store is not None
    rig.store.full = True
    with pytest.raises(StoreError, match="disk is full"):
        rig.perform(do="rate", value=8)
    assert rig.ask(lambda device: device.ledger.trouble), "the panel warns of it"
    with pytest.raises(StoreError, match="holds from now on, but is not on the disk yet: The disk is full"):
        rig.perform(do="settings", set={"bedtime": "21:00"})
    with pytest.raises(StoreError, match="cannot be changed now: The disk is full"):
        rig.perform(do="rate", value=8)
    assert rig.ask(lambda device: str(device.ledger.settings.bedtime)) == "21:00:00"
    rig.store.full = False
    rig.pass_s(40.0)
    rig.settled()
    assert not rig.ask(lambda device: device.ledger.trouble)
    assert rig.perform(do="rate", value=8).said
    assert rig.ask(remembered) == after_restart(rig.path)


def test_a_mistake_of_ours_in_a_request_is_raised_where_it_was_asked_and_the_device_goes_on(rig: Rig) -> None:
    for broken in (Meanwhile(then=lambda: 1 / 0), Meanwhile(then=[].pop)):
        with pytest.raises((ZeroDivisionError, IndexError)):
            rig.door.perform(broken)
    with pytest.raises(RuntimeError):
        rig.door._ask(lambda _: next(iter([])) if False else (_ for _ in ()).throw(RuntimeError("a bug")))
    assert rig.perform(do="rate", value=8).said
    assert rig.crash is None


def test_who_waits_is_refused_at_once_when_the_device_ends(rig: Rig) -> None:
    assert rig.store is not None
    rig.store.free.clear()
    thread, failed = in_background(lambda: rig.perform(do="rate", value=8))
    until(lambda: rig.door._waited)
    began = time.monotonic()
    rig.door.close()
    thread.join(60.0)
    assert time.monotonic() - began < CALL_S / 2
    assert isinstance(failed[0], DeviceOffError)
    with pytest.raises(DeviceOffError, match="The device is off"):
        rig.perform(do="state")
    rig.store.free.set()


def test_two_who_change_at_once_lose_nothing(rig: Rig) -> None:
    def rates(person: str | None) -> None:
        for value in range(1, 11):
            rig.perform(do="rate", value=value, person=person)

    threads = [in_background(partial(rates, who)) for who in ("Anna", "Ben", None)]
    for thread, failed in threads:
        thread.join(30.0)
        assert not failed
    assert len(rig.ask(lambda device: device.ledger.log.ratings)) == 31
    assert rig.ask(remembered) == after_restart(rig.path)


def test_a_session_that_goes_on_after_all_is_under_way_and_counts_once(rig: Rig) -> None:
    rig.pass_s(50.0, kg=20.0, moves=False)
    assert rig.ask(lambda device: device.stage.front) is Front.OBJECT
    ended = rig.settled().ask(lambda device: device.ledger.log.sessions[-1].id)
    rig.pass_s(95.0, kg=20.0)
    assert rig.ask(lambda device: device.session.running.id) == ended  # type: ignore[union-attr]
    for fields in (
        {"do": "delete_session", "id": ended},
        {"do": "edit_session", "id": ended, "set": {"minutes": "5"}},
        {"do": "answer_session", "id": ended, "yours": False},
    ):
        with pytest.raises(UsageError, match="still going on; wait until it has ended"):
            rig.perform(**fields)
    rig.perform(do="rate", value=3)
    assert ended not in rig.ask(lambda device: {session.id for session in device.ledger.log.sessions})
    rig.pass_s(30.0)
    rig.settled()
    assert rig.ask(remembered) == after_restart(rig.path)
    assert rig.ask(lambda device: device.ledger.log.sessions[-1].on_mat_s) == pytest.approx(145.0, abs=5.0)


def test_a_session_before_a_power_cut_is_not_ended_by_a_request_while_the_clock_may_still_decide(
    tmp_path: Path,
) -> None:
    path = lived(tmp_path / "log.db", people=False)
    with Store.open(path) as log:
        log.write(Checkpoint(session("e" * 32, 0, 11.8, reason=None, person=None)))
    with Rig(path, known=False) as rig:
        rig.pass_s(20.0, kg=45.0)
        rig.perform(do="rate", value=3)
        rig.perform(do="people", words=["add", "Anna"])
        assert rig.ask(lambda device: device.recovery.left_open is not None)
        with Store.copied(path) as copy, copy.reading() as conn:
            assert conn.execute("SELECT id, person FROM sessions WHERE reason IS NULL").fetchall()[0][0] == "e" * 32
        rig.send(WallClock(rig.clock.t, NOON - 30.0, trusted=True))
        rig.pass_s(20.0, kg=45.0)
        assert rig.ask(lambda device: device.session.running.id) == "e" * 32  # type: ignore[union-attr]
        rig.pass_s(30.0)
        rig.settled()
        (anna,) = rig.ask(lambda device: device.household.people.all)
        assert {one.person for one in rig.ask(lambda device: device.ledger.log.sessions)} == {anna.id}
        assert rig.ask(remembered) == after_restart(path)


def test_what_is_of_today_waits_for_the_clock(tmp_path: Path) -> None:
    with Rig(lived(tmp_path / "log.db"), known=False) as rig:
        for fields in ({"do": "rest", "rest": True}, {"do": "snooze"}):
            with pytest.raises(MatpiError, match=r"clock .*not known yet"):
                rig.perform(**fields)
        rig.perform(do="rate", value=3)
        rig.perform(do="safety", answer="none")
        rig.send(WallClock(rig.clock.t, rig.clock.utc(), trusted=True))
        rig.settled()
        assert rig.ask(remembered) == after_restart(rig.path)
        assert rig.ask(lambda device: device.household.acknowledgement.utc) == pytest.approx(rig.clock.utc())  # type: ignore[union-attr]


# -- an import


def new(path: Path) -> Path:
    """Make the log that a device makes when it is started for the first time."""
    with Store.open(path) as log:
        log.write(Save(Settings(zone="UTC")))
    return path


def test_an_import_into_a_new_device_brings_settings_and_calibration(tmp_path: Path, elsewhere: str) -> None:
    with Rig(new(tmp_path / "log.db"), calibration=NOMINAL) as rig:
        rig.pass_s(1.0)
        said = rig.perform(do="import", document=elsewhere).said
        assert said[0].startswith("New: 1 session; also acknowledgement, settings"), said
        assert said[-1] == "The calibration of the import is used from now on."
        rig.settled()
        assert rig.ask(lambda device: device.ledger.settings) == Settings(zone="Europe/Berlin", weekly_goal=4)
        assert rig.ask(lambda device: str(device.clock.zone)) == "Europe/Berlin"
        assert rig.ask(lambda device: device.zeroing.calibration) == Calibration((1, 2), (40_000.0, 41_000.0))
        assert rig.ask(lambda device: device.presence.zero.kg) == (0.5, 0.25)
        assert rig.ask(remembered) == after_restart(rig.path)
        again, here = json.loads(exported(rig.path)), json.loads(elsewhere)
        here["diagnostics"] = again["diagnostics"]
        assert again == here
        assert rig.perform(do="import", document=elsewhere).said[-1].endswith("left alone: 1.")


def test_an_import_that_would_take_the_memory_of_the_device_is_refused(rig: Rig, elsewhere: str) -> None:
    end = elsewhere.rindex("}")
    for much in ("[[" + "[]," * 299_997 + "[]]]", "[" + "{}," * 300_000 + "{}]", json.dumps("x" * (8 << 20))):
        with pytest.raises(MatpiError, match=r"larger than a running device takes .* stop the device"):
            rig.perform(do="import", document=f'{elsewhere[:end]}, "more": {much}' + "}")
    rig.perform(do="import", document=elsewhere + " " * (7 << 20))


def test_an_imported_calibration_is_left_out_where_it_cannot_be_used(tmp_path: Path, elsewhere: str) -> None:
    own = Calibration((5, 5), (39_000.0, 39_000.0))
    for n, (scale, why) in enumerate(
        [(own, "has its own"), (Calibration((0,), (43_000.0,), approximate=True), "number of")]
    ):
        with Rig(new(tmp_path / f"{n}.db"), calibration=scale) as rig:
            assert why in rig.perform(do="import", document=elsewhere).said[-1]
            assert rig.settled().ask(lambda device: device.zeroing.calibration) == scale
            with Store.copied(rig.path) as copy:
                assert copy.load().calibration is None


def test_an_imported_calibration_waits_for_the_end_of_a_session(tmp_path: Path, elsewhere: str) -> None:
    with Rig(new(tmp_path / "log.db"), calibration=NOMINAL) as rig:
        rig.pass_s(15.0)
        rig.pass_s(40.0, kg=45.0)
        assert rig.perform(do="import", document=elsewhere).said[-1].endswith("used from now on.")
        assert rig.settled().ask(lambda device: device.zeroing.approximate)
        rig.pass_s(30.0)
        assert not rig.settled().ask(lambda device: device.zeroing.approximate)
        assert rig.ask(lambda device: len(device.ledger.log.sessions)) == 2


def test_a_log_in_which_something_has_happened_stays_with_its_settings(rig: Rig, elsewhere: str) -> None:
    rig.perform(do="import", document=elsewhere)
    assert rig.ask(lambda device: device.ledger.settings) == Settings(zone="UTC")


# -- everything


def test_after_delete_everything_nothing_personal_is_left_in_the_file(rig: Rig) -> None:
    rig.perform(do="people", words=["rename", "Anna", "Annabella"])  # the name before is in a free place of its page
    rig.perform(do="rate", value=9)
    rig.pass_s(40.0, kg=45.0)
    with pytest.raises(UsageError, match="A session is under way; get up from the mat first"):
        rig.perform(do="delete_everything", sure="delete everything")
    rig.pass_s(25.0)
    assert rig.ask(lambda device: device.stage.front) is Front.DONE
    rig.settled()
    session_id, settings_ = rig.ask(lambda device: (device.ledger.log.sessions[-1].id, device.ledger.settings))
    rig.perform(do="zero") if rig.ask(lambda device: device.stage.front is Front.IDLE) else None
    assert rig.perform(do="delete_everything", sure="delete everything").said
    assert rig.ask(remembered) == after_restart(rig.path)
    state = rig.door.state()
    assert (state["session"], state["people"], state["asks"], state["plan"]["today_s"]) == (None, [], None, 0.0)
    assert rig.ask(lambda device: device.ledger.settings) == settings_
    rig.pass_s(1.0)
    rig.settled()
    data = b"".join(path.read_bytes() for path in rig.path.parent.glob("log.db*"))
    left = [
        word
        for word in ("Anna", "Annabella", "Ben", ANNA, BEN, ONE, TWO, GONE, RATED, session_id)
        if word.encode() in data
    ]
    assert not left
    rig.stop()
    assert not any(word.encode() in rig.path.read_bytes() for word in ("Anna", "Ben", session_id))
    with Store.copied(rig.path) as copy:
        memory = copy.load()
        assert (memory.settings, memory.log.sessions, memory.people.all) == (settings_, (), ())


def test_listeners_get_each_sample_and_one_that_does_not_listen_costs_nothing(tmp_path: Path) -> None:
    with Rig(lived(tmp_path / "log.db")) as of_kg, pytest.raises(HardwareError, match="gives no counts"):
        next(of_kg.door.counts())
    rig = Rig(lived(tmp_path / "other.db"), calibration=NOMINAL)
    counts, idle = rig.door.counts(), rig.door.counts()
    heard: list[Any] = []
    thread, failed = in_background(lambda: heard.append(next(counts)))
    sleeping, _ = in_background(lambda: heard.append(next(idle)))
    until(lambda: len(rig.door._listeners) == 2)
    for n in range(5000):
        rig.door.counted(Counted(float(n), (n, -n)))
    thread.join(60.0)
    sleeping.join(60.0)
    assert not failed
    assert heard[0] == {"t": 0.0, "counts": [0, 0], "ok": True, "flag": ""}
    assert [next(counts)["t"] for _ in range(3)] == [1.0, 2.0, 3.0]  # type: ignore[index]
    rig.door.counted(SensorLost(1.0, "head chip silent"))
    counts.close()  # type: ignore[attr-defined]
    assert len(rig.door._listeners) == 1
    rig.stop()


def test_a_browser_is_paired_with_the_code_on_the_panel_and_five_wrong_ones_close_it(rig: Rig) -> None:
    def code() -> str:
        rig.ask(lambda device: device.pairing.open(rig.clock.t))
        return rig.ask(lambda device: device.pairing.code)

    right = code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    with pytest.raises(MatpiError, match="4"):
        rig.perform(do="pair", code=wrong)
    assert rig.perform(do="pair", code=f"{right[:3]} {right[3:]}") == Done()
    with pytest.raises(MatpiError):
        rig.perform(do="pair", code=right)
    right = code()
    for _ in range(5):
        with pytest.raises(MatpiError):
            rig.perform(do="pair", code=f"{(int(right) + 1) % 1_000_000:06d}")
    with pytest.raises(MatpiError):
        rig.perform(do="pair", code=right)


def test_a_calibration_is_opened_with_the_weight_given(tmp_path: Path) -> None:
    with Rig(lived(tmp_path / "log.db"), calibration=NOMINAL) as rig:
        rig.pass_s(30.0)
        with pytest.raises(UsageError):
            rig.perform(do="calibrate", weight_kg=130.5)
        assert rig.perform(do="calibrate", weight_kg=70.4) == Done()
        assert rig.door.state()["front"] == "CALIBRATING"
        with pytest.raises(MatpiError, match="No calibration now: the device is busy"):
            rig.perform(do="calibrate", weight_kg=70.4)
        assert rig.ask(lambda device: device.stage.front) is Front.CALIBRATING


def test_a_receiver_is_tried_out_in_the_thread_of_who_asks(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig, "try_out", lambda name: f"{name} has answered.")
    assert rig.perform(do="upstream_test", name="house").said == ("house has answered.",)


def test_the_language_of_the_panel_is_that_of_the_state(rig: Rig) -> None:
    for language in ("de", "en"):
        rig.words_ = LANGUAGES[language]
        state = rig.door.state()
        assert state["language"] == language
        assert len(base64.b64decode(state["frame"])) == 1024
        assert json.dumps(state, allow_nan=False)
