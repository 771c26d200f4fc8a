"""The page's address and code on the panel: opened by a hold of 3 s in the menu, once, for two minutes."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import re
import uuid

from matpi.core.button import Gesture
from matpi.core.events import ButtonDown, ButtonUp, Noted
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Memory
from matpi.core.pairing import OPEN_S, TRIES, Pairing
from matpi.core.people import People, Person
from matpi.core.rules import DeviceRules
from matpi.core.screens.menu import Item
from matpi.core.text import Text
from matpi.core.views import Menu, PagePairing
from matpi.words import LANGUAGES
from tests.bench import NOON, Bench

ADDRESS = "http://matpi.local:8377"


def ready(rules: DeviceRules = DeviceRules(page_address=ADDRESS)) -> Bench:  # noqa: B008  it is frozen
    bench = Bench(Memory(acknowledgement=Acknowledgement(some=False, utc=NOON)), rules=rules)
    bench.pass_s(20)
    return bench


def at_the_entry() -> Bench:
    bench = ready()
    bench.hold()
    while not (isinstance(bench.view, Menu) and bench.view.items[bench.view.index] == "Page"):
        assert isinstance(bench.view, Menu)
        assert "Page" in bench.view.items
        bench.tap()
    return bench


def opened() -> Bench:
    bench = at_the_entry()
    bench.hold(3.2)
    assert bench.state is Front.PAGE
    return bench


def code_of(bench: Bench) -> str:
    assert isinstance(bench.view, PagePairing)
    return bench.view.code


def wrong(bench: Bench) -> str:
    return f"{(int(bench.device.pairing.code) + 1) % 1_000_000:06d}"


def typed(bench: Bench, code: str) -> Text | None:
    """The page asks the device, and the device then hears of something, as after a browser was paired."""
    answer = bench.device.pairing.check(bench.t, code)
    bench.send(Noted(bench.t, "page", "a browser typed a code"))
    return answer


def test_a_hold_of_3_s_shows_the_address_and_a_code_for_two_minutes() -> None:
    bench = opened()
    since = bench.device.stage.entered
    view = bench.view
    assert isinstance(view, PagePairing)
    assert view.address == ADDRESS
    assert re.fullmatch(r"[0-9]{6}", view.code)
    bench.pass_s(since + OPEN_S - bench.t - 0.1)
    assert bench.view == view
    bench.pass_s(0.2)
    assert bench.state is Front.IDLE
    assert typed(bench, view.code) == Text("pairing.none_open")


def read_to_the_end(bench: Bench) -> None:
    bench.pass_s(20)
    bench.tap()
    bench.tap()
    bench.pass_s(2)
    bench.hold()  # none applies
    assert bench.state is Front.SAFETY
    bench.tap()


def test_the_very_first_start_ends_with_the_address_of_the_page() -> None:
    bench = Bench(Memory(), rules=DeviceRules(page_address=ADDRESS))
    read_to_the_end(bench)
    view = bench.view
    assert isinstance(view, PagePairing)
    assert (view.address, bench.device.pairing.code) == (ADDRESS, view.code)
    bench.tap()
    assert bench.state is Front.IDLE
    bench.pass_s(120)
    assert bench.state is Front.IDLE, "once"


def test_where_there_is_no_page_the_very_first_start_ends_with_the_advice() -> None:
    bench = Bench(Memory(), rules=DeviceRules(page_address=""))
    read_to_the_end(bench)
    assert bench.state is Front.READY


def test_who_answers_after_another_gets_the_advice_and_no_code() -> None:
    people = People((Person("1" * 32, "Ada"), Person("2" * 32, "Bo")), chosen="2" * 32)
    given = Acknowledgement(some=False, utc=NOON, person="1" * 32)
    bench = Bench(Memory(people=people, answers=(given,)), rules=DeviceRules(page_address=ADDRESS))
    read_to_the_end(bench)
    assert bench.state is Front.READY


def test_a_short_hold_says_how_long_and_does_nothing_else() -> None:
    for seconds in (0.9, 2.9):
        bench = at_the_entry()
        bench.hold(seconds)
        assert isinstance(bench.view, Menu)
        assert bench.view.items[bench.view.index] == "hold for 3 s"
        assert bench.device.pairing.code == ""
        bench.tap()
        assert isinstance(bench.view, Menu)
        assert "Page" in bench.view.items
        assert "hold for 3 s" not in bench.view.items


def test_the_bar_fills_in_the_3_s_that_it_takes() -> None:
    bench = at_the_entry()
    bench.send(ButtonDown(bench.t))
    bench.pass_s(1.5)
    assert isinstance(bench.view, Menu)
    assert 0.4 < bench.view.hold <= 0.5
    bench.pass_s(1.6)
    assert bench.state is Front.PAGE
    bench.send(ButtonUp(bench.t))
    bench.pass_s(0.5)
    assert bench.state is Front.PAGE, "the release belongs to the hold"


def test_the_right_code_pairs_once_and_the_panel_goes_on() -> None:
    bench = opened()
    code = code_of(bench)
    assert typed(bench, f" {code[:3]} {code[3:]} ") is None
    bench.pass_s(0.1)
    assert bench.state is Front.IDLE
    assert typed(bench, code) == Text("pairing.none_open")


def test_five_wrong_codes_close_it_and_the_right_one_comes_too_late() -> None:
    bench = opened()
    code, other = code_of(bench), wrong(bench)
    said = [typed(bench, other) for _ in range(TRIES)]
    left = [Text("pairing.wrong", n=n) for n in (4, 3, 2)]
    assert said == [*left, Text("pairing.one_left"), Text("pairing.closed", n=5)]
    bench.pass_s(0.1)
    assert bench.state is Front.IDLE
    assert typed(bench, code) == Text("pairing.none_open")


def test_what_is_no_code_at_all_is_a_wrong_one() -> None:
    pairing = Pairing(lambda: uuid.uuid4().hex)
    for text in ("", "12345", "1234567", "\u0661\u0662\u0663\u0664\u0665\u0666", "\x00" * 6, "\U0001f600"):
        pairing.open(0.0)
        assert pairing.check(1.0, text) == Text("pairing.wrong", n=4)


def test_each_opening_has_a_code_of_its_own_and_all_its_tries() -> None:
    pairing = Pairing(lambda: uuid.uuid4().hex)
    codes = []
    for _ in range(200):
        pairing.open(0.0)
        codes.append(pairing.code)
        assert pairing.check(1.0, "no") == Text("pairing.wrong", n=4)
    assert len(set(codes)) > 190
    assert {len(code) for code in codes} == {6}
    pairing.open(2.0)
    assert pairing.check(3.0, codes[-1]) is not None, "the code before is void"


def test_without_an_opening_no_code_is_right() -> None:
    bench = ready()
    for code in ("", "000000"):
        assert typed(bench, code) == Text("pairing.none_open")


def test_a_tap_closes_it() -> None:
    bench = opened()
    code = code_of(bench)
    bench.tap()
    assert bench.state is Front.IDLE
    assert typed(bench, code) == Text("pairing.none_open")


def test_a_step_on_the_mat_comes_first_and_the_code_stays_valid() -> None:
    bench = opened()
    code = code_of(bench)
    bench.lie(10)
    assert bench.state is Front.ON_MAT
    assert typed(bench, code) is None
    bench.pass_s(60)
    bench.up(25)
    assert [round(session.on_mat_s) for session in bench.rows.memory().log.sessions] == [70]

    late = opened()
    code = code_of(late)
    late.lie(OPEN_S)
    assert late.state is Front.ON_MAT
    assert typed(late, code) == Text("pairing.none_open")


def test_a_stuck_button_takes_it_back() -> None:
    bench = at_the_entry()
    bench.send(ButtonDown(bench.t))
    bench.pass_s(4)
    code = code_of(bench)
    bench.pass_s(17)
    assert bench.state is Front.IDLE
    assert [note.kind for note in bench.notes("button_stuck")] == ["button_stuck"]
    assert typed(bench, code) == Text("pairing.none_open")
    assert bench.device.stage.button.gestures == [], Gesture.STUCK


def test_a_finger_that_stays_does_not_keep_the_code_longer() -> None:
    bench = opened()
    bench.pass_s(OPEN_S - 2)
    bench.send(ButtonDown(bench.t))
    bench.pass_s(5)
    assert bench.state is Front.IDLE
    bench.send(ButtonUp(bench.t))
    bench.pass_s(0.2)
    assert bench.state is Front.IDLE


def test_where_no_page_is_served_the_menu_has_no_entry() -> None:
    bench = ready(DeviceRules())
    bench.hold()
    assert isinstance(bench.view, Menu)
    assert "Page" not in bench.view.items


def test_every_answer_has_its_sentence_in_every_language() -> None:
    for words in LANGUAGES.values():
        for key in ("none_open", "wrong", "one_left", "closed"):
            said = words(f"pairing.{key}", n=5)
            assert said != f"pairing.{key}"
            assert "{" not in said
        assert words(f"menu.{Item.PAGE}") in words("pairing.closed", n=5), "the entry as the menu has it"
        assert words(f"menu.{Item.PAGE}") in words("pairing.none_open")


def test_on_a_new_device_a_long_hold_on_a_safety_page_shows_the_code() -> None:
    bench = Bench(Memory(), rules=DeviceRules(page_address=ADDRESS))
    bench.pass_s(20)
    bench.hold(1.0)
    assert bench.state is Front.SAFETY  # a short one does nothing there
    bench.hold(3.2)
    assert bench.state is Front.PAGE
    assert typed(bench, code_of(bench)) is None
    bench.pass_s(1)
    assert bench.state is Front.SAFETY
    bench.tap()
    bench.tap()
    bench.hold(3.2)  # on the page that asks it is the answer
    answer = bench.device.household.acknowledgement
    assert answer is not None
    assert not answer.some


def test_without_a_page_a_long_hold_on_a_safety_page_does_nothing() -> None:
    bench = Bench(Memory(), rules=DeviceRules())
    bench.pass_s(20)
    bench.hold(3.2)
    assert bench.state is Front.SAFETY
