"""`matpi people`, and `--person` of the other commands; the page, the terminal and a story with several people."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from matpi import cli, paths
from matpi.commands import people, sim
from matpi.core.effects import Save
from matpi.core.model import Doubt, EndReason, Moment, Rating, Session
from matpi.core.people import GUEST_ID
from matpi.store.db import Store
from matpi.twin.scenario import Step, read_scenario
from matpi.twin.terminal import _plan
from matpi.twin.twin import Twin

Out = pytest.CaptureFixture[str]
Run = Callable[..., str]
START_UTC = 1_764_000_000.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(paths, "DEVICE_STORE", tmp_path / "no-device.db")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "matpi.db"
    with Store.open(path) as log:
        log.write(Save(session("ada-1", None)))
    return path


@pytest.fixture
def run(capsys: Out, path: Path) -> Run:
    def call(*words: str, code: int = 0) -> str:
        assert cli.run([*words, "--store", str(path)]) == code
        out, err = capsys.readouterr()
        assert (out == "") is (code != 0)
        assert code == 0 or (err.startswith("matpi: ") and err.count("\n") == 1)
        return out + err

    return call


def session(id_: str, person: str | None, minutes: float = 3.0, load_kg: float | None = None) -> Session:
    day = date(2025, 11, 24)
    made = Session(id_, "boot", 100.0, minutes * 60, minutes * 60, EndReason.LEFT, START_UTC, 3600, day)
    return replace(made, person=person, load_kg=load_kg)


def ids(path: Path) -> dict[str, str]:
    with Store.open(path, read_only=True) as log:
        return {member.name: member.id for member in log.members()}


def two(run: Run, path: Path) -> dict[str, str]:
    run("people", "add", "Ada")
    run("people", "add", "Ben Müller")
    known = ids(path)
    with Store.open(path) as log:
        for number in range(2):
            log.write(Save(session(f"ben-{number}", known["Ben Müller"], 4.0, 55.25)))
        log.write(Save(session("guest-1", GUEST_ID)))
        for number, (person, value) in enumerate(((known["Ada"], 7), (known["Ben Müller"], 3))):
            log.write(Save(Rating(f"r{number}", "boot", 1.0, value, Moment.DAY, None, START_UTC, 3600, None, person)))
    return known


# -- matpi people ------------------------------------------------------------------------------------------------------


def test_from_nobody_to_two_and_back(run: Run, path: Path) -> None:
    assert "One person uses this mat." in run("people")
    told = "Ada shares the mat now; 1 session of the log is theirs. With one name nothing changes"
    assert run("people", "add", "Ada").startswith(told)
    assert run("people", "add", "Ben") == "Ben shares the mat now.\n"
    assert run("people", "choose", "ben") == "The next session is Ben's.\n"
    assert run("people", "rename", "Ben", "Zoë") == "Ben is called Zoë from now on, also in the log so far.\n"
    assert run("people", "goal", "Zoë", "3") == "The goal of Zoë is 3 days a week.\n"
    assert run("people", "goal", "Ada", "none") == "The goal of Ada is as it is set for all.\n"
    assert [line.split() for line in run("people").splitlines()[1:]] == [
        ["Ada", "1", "1", "as", "all"],
        [">", "Zoë", "1", "0", "3"],
    ]
    assert "same name brings it back" in run("people", "remove", "Zoë")
    assert "goes on without Ada's name" in run("people", "remove", "Ada")
    with Store.open(path, read_only=True) as log:
        assert [s.person for s in log.log().sessions] == [None]


def test_the_list_for_programs(run: Run, path: Path, capsys: Out) -> None:
    known = two(run, path)
    run("people", "remove", "Ada")
    run("people", "add", "Cy")
    with Store.open(path) as log:
        log.write(Save(replace(session("thing", known["Ben Müller"]), doubt=Doubt.THING)))
    people.show(path, START_UTC + 86_400, as_json=True)
    ada, ben, cy = lines(capsys.readouterr().out)
    assert ben == {
        "id": known["Ben Müller"],
        "name": "Ben Müller",
        "chosen": True,
        "removed": False,
        "weekly_goal": None,
        "usual_kg": 55.2,
        "sessions": 2,
        "plan_day": 2,
    }
    assert (ada["removed"], ada["plan_day"], ada["sessions"]) == (True, None, 1)
    assert (cy["sessions"], cy["usual_kg"], cy["plan_day"]) == (0, None, 1)


def test_a_log_that_runs_ahead_has_one_day_for_all(run: Run, path: Path) -> None:
    known = two(run, path)
    ahead = replace(session("ahead", known["Ben Müller"]), start_utc=4_000_000_000.0, day=date(2096, 10, 2))
    with Store.open(path) as log:
        log.write(Save(ahead))
    for person in known:
        (plan,) = lines(run("plan", "--person", person, "--json"))
        assert (plan["today"], plan["log_ahead"]) == ("2096-10-02", True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "ADA"), "There is a 'Ada' already"),
        (("add", "Guest"), "'Guest' is taken: the log lists stored guests under it"),
        (("add", "Maximiliane-Luise"), "1 to 12 characters"),
        (("add", "\x1b[31m"), "1 to 12 characters"),
        (("add", "Ωμέγα"), "the screen cannot show 'Ω'"),
        (("add", "Ben", "Müller"), "a name of two words in quotes"),
        (("add", "Łukasz"), "the screen cannot show 'Ł'; please write the name with other letters"),
        (("add",), "`matpi people add` needs a name, for example `matpi people add Ada`."),
        (("rename", "Ada"), "needs a name and the new one, for example `matpi people rename Ada Eva`."),
        (("goal", "Ada"), "needs a name and a number, for example `matpi people goal Ada 4`."),
        (("dance",), "`matpi people` cannot 'dance'; use add, rename, remove, choose or goal."),
        (("remove", "Nobody"), "Nobody here is called 'Nobody'"),
        (("rename", "Ada", "ben müller"), "'Ben Müller' is here already"),
        (("choose", "Nobody"), "Nobody here is called"),
        (("choose", "guest"), "Nobody here is called 'guest'"),
        (("goal", "Ada", "9"), "between 3 and 7"),
        (("goal", "Ada", "many"), "3 to 7, or none"),
    ],
)
def test_wrong_words_are_one_sentence(run: Run, path: Path, words: tuple[str, ...], says: str) -> None:
    two(run, path)
    before = run("people", "--json")
    assert says in run("people", *words, code=2)
    assert run("people", "--json") == before


def test_a_fifth_is_refused(run: Run) -> None:
    for name in ("Ada", "Ben", "Cy", "Dan"):
        run("people", "add", name)
    assert "up to 4 people" in run("people", "add", "Eve", code=2)


def test_names_can_come_before_the_first_start(run: Run, path: Path) -> None:
    path.unlink()
    assert cli.run(["people", "add", "Ada", "--store", str(path)]) == 0
    assert list(ids(path)) == ["Ada"]


def test_names_wait_for_a_running_device(run: Run, path: Path) -> None:
    with Store.open(path):
        assert "in use" in run("people", "add", "Ada", code=1)
        assert "One person uses" in run("people"), "reading does not wait"


# -- --person ----------------------------------------------------------------------------------------------------------


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_sessions_and_ratings_of_one(run: Run, path: Path) -> None:
    assert "who" not in run("sessions").splitlines()[0]
    two(run, path)
    assert [line["person"] for line in lines(run("sessions", "--json"))] == ["Ada", "Ben Müller", "Ben Müller", "Guest"]
    assert [line["id"] for line in lines(run("sessions", "--json", "--person", "ada"))] == ["ada-1"]
    assert [line["value"] for line in lines(run("ratings", "--json", "--person", "Ben Müller"))] == [3]
    told = run("sessions").splitlines()
    assert told[0].split()[-1] == "who"
    assert told[2].endswith("Ben Müller")
    assert "Looser" not in run("ratings"), "those of two people are not counted together"
    assert "Nobody is or was called 'Cy'" in run("sessions", "--person", "Cy", code=2)


def test_what_belongs_to_no_one_is_nobodys_in_every_list(run: Run, path: Path) -> None:
    two(run, path)
    with Store.open(path) as log:
        log.write(Save(replace(session("stray", None), start_utc=START_UTC - 7200.0)))
        log.write(Save(Rating("stray-r", "boot", 2.0, 5, Moment.DAY, None, START_UTC + 60.0, 3600)))
    assert [line.split()[-1] for line in run("sessions").splitlines() if "stray" in line] == ["nobody"]
    assert [line.split()[-1] for line in run("ratings").splitlines() if "stray" in line] == ["nobody"]
    assert "(nobody)" in run("sessions", "--edit", "stray", "minutes=4")
    assert "(nobody)" in run("ratings", "--delete", "stray-r")


def test_the_plan_of_one(run: Run, path: Path) -> None:
    assert lines(run("plan", "--json"))[0]["person"] is None
    two(run, path)
    run("people", "goal", "Ben Müller", "7")
    ada, ben = (lines(run("plan", "--json", *more))[0] for more in ((), ("--person", "ben müller")))
    assert (ada["person"], ada["weekly_goal"], ada["done_days"]) == ("Ada", 5, 1)
    assert (ben["person"], ben["weekly_goal"], ben["done_days"]) == ("Ben Müller", 7, 1)
    assert run("plan", "--person", "Ben Müller").splitlines()[0].split() == ["plan", "of", "Ben", "Müller"]
    assert "Nobody is or was called 'guest'" in run("plan", "--person", "guest", code=2)


def test_the_safety_answer_of_one(run: Run, path: Path) -> None:
    two(run, path)
    said = run("safety", "--some", "--person", "Ben Müller")
    assert said.startswith("Ben Müller: ")
    assert "`matpi safety --doctor-ok --person 'Ben Müller'`" in said, "run as it is printed, it is about Ben"
    assert "Ada: Not answered yet" in run("safety")
    assert "Please ask a doctor" in run("safety", "--person", "Ben Müller")
    short = [lines(run("plan", "--json", "--person", name))[0]["short_only"] for name in ("Ada", "Ben Müller")]
    assert short == [False, True]
    run("safety", "--doctor-ok", "--person", "Ben Müller")
    run("safety", "--ask-again", "--person", "Ben Müller")
    assert "The device asks again" in run("safety", "--person", "Ben Müller")
    assert "Nobody is or was called 'guest'" in run("safety", "--none", "--person", "guest", code=2)


def test_a_guests_session_of_an_earlier_version_is_listed_and_can_be_assigned(run: Run, path: Path) -> None:
    two(run, path)
    assert run("sessions").splitlines()[4].endswith("Guest")
    assert "Nobody is or was called 'guest'" in run("sessions", "--edit", "ada-1", "person=guest", code=2)
    run("sessions", "--edit", "guest-1", "person=ada")
    assert [line["id"] for line in lines(run("sessions", "--json", "--person", "Ada"))] == ["ada-1", "guest-1"]
    assert "Nobody is or was called 'Cy'" in run("sessions", "--edit", "guest-1", "person=Cy", code=2)


def test_an_import_says_whose_it_is(run: Run, path: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.db"
    with Store.open(alone) as log:
        log.write(Save(replace(session("theirs", None), start_utc=START_UTC - 3600.0)))
    assert cli.run(["export", str(tmp_path / "alone.json"), "--store", str(alone)]) == 0
    two(run, path)
    run("export", str(tmp_path / "two.json"))
    assert "1 session belongs to nobody: the import has no name for it" in run("import", str(tmp_path / "alone.json"))
    run("sessions", "--delete", "theirs")
    other = tmp_path / "other.db"
    assert cli.run(["import", str(tmp_path / "two.json"), "--store", str(other)]) == 0
    assert cli.run(["import", str(tmp_path / "alone.json"), "--person", "Ada", "--store", str(other)]) == 0
    with Store.open(other, read_only=True) as log:
        assert [s.person for s in log.log().sessions if s.id == "theirs"] == [ids(other)["Ada"]]


# -- the twin ----------------------------------------------------------------------------------------------------------

OPTIONS: dict[str, Any] = {"zone": "UTC", "config_path": None, "kg": 74.0, "seed": 1}


def heard(path: Path) -> dict[str, Any]:
    twin = Twin(lambda watch: sim.make_rig(OPTIONS, path, START_UTC, watch))
    messages: dict[str, Any] = {}
    twin.start()
    try:
        twin.subscribe(messages.__setitem__)()
        return messages
    finally:
        twin.stop()


def test_the_page_and_the_terminal_say_whose_plan_it_is(run: Run, path: Path) -> None:
    before = heard(path)["sessions"]
    assert (before["plan"]["who"], [s["who"] for s in before["sessions"]]) == ("", [""])
    assert _plan(before["plan"]).startswith("day 1 of 14")
    two(run, path)
    run("people", "choose", "Ben Müller")
    told = heard(path)["sessions"]
    assert told["plan"]["who"] == "Ben Müller"
    assert [s["who"] for s in told["sessions"]] == ["Ada", "Ben Müller", "Ben Müller", "-"]
    assert _plan(told["plan"]).startswith("Ben Müller, day ")


# -- a story -----------------------------------------------------------------------------------------------------------

TWO = """\
{"at": 0, "do": "people", "to": "add Ada"}
{"at": 0, "do": "people", "to": "add Ben"}
{"at": 5, "do": "lie_down", "kg": 54}
{"at": "3:20", "do": "get_up"}
{"at": "3:43", "do": "hold"}
{"at": "6:00", "do": "people", "to": "choose Ada"}
{"at": "6:10", "do": "lie_down"}
{"at": "7:30", "do": "get_up"}
{"at": "8:00", "do": "end"}
"""


def test_a_story_of_two(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "two.jsonl").write_text(TWO)
    assert cli.run(["sim", "--headless", "--scenario", str(tmp_path / "two.jsonl")]) == 0
    told = lines(capsys.readouterr().out)
    assert [line["text"] for line in told if line.get("kind") == "people"][1:] == [
        "Ben shares the mat now.",
        "The next session is Ada's.",
    ]
    assert [s["person"] for s in told[-1]["sessions"]] == ["Ben", "Ada"], "the first one was booked to him by a hold"


def test_a_step_without_words_is_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "bad.jsonl").write_text('{"at": 0, "do": "people"}\n')
    assert 'people needs "to"' in run("sim", "--headless", "--scenario", str(tmp_path / "bad.jsonl"), code=1)
    (tmp_path / "good.jsonl").write_text('{"at": 0, "do": "people", "to": "add Ada"}\n')
    assert read_scenario(tmp_path / "good.jsonl") == [Step("people", at=0, to="add Ada")]
