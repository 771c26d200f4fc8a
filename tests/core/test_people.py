from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matpi.core.people import (
    APART_KG,
    NEAR_KG,
    People,
    Person,
    steady_kg,
    suggest,
    usual_kg,
)

ADA, BEN, CY = Person("a", "Ada", 38.0), Person("b", "Ben", 55.0), Person("c", "Cy", 60.0)


def who(people: People, kg: float) -> str | None:
    found = suggest(people, kg)
    return None if found is None else found.name


def test_off_by_default_and_with_one() -> None:
    assert who(People(), 40.0) is None
    assert who(People((ADA,)), 70.0) is None
    assert not People((ADA,)).on
    assert (People().owner, People((ADA,)).owner) == (None, "a")


@pytest.mark.parametrize(
    ("chosen", "kg", "text"),
    [
        ("a", 54.0, "Ben"),
        ("b", 54.0, None),
        ("b", 41.9, "Ada"),
        ("b", 42.1, None),  # 4 kg or more from hers: nobody can tell
        ("a", 45.9, None),  # between the two
        ("a", 46.5, None),  # between the two, and far from both
        ("a", 63.1, None),
        ("a", 20.0, None),
        (None, 20.0, None),
        (None, 38.0, "Ada"),
        ("a", nan, None),
        ("a", inf, None),
        ("a", 0.0, None),
    ],
)
def test_it_speaks_when_it_can_tell(chosen: str | None, kg: float, text: str | None) -> None:
    assert who(People((ADA, BEN), chosen), kg) == text


def test_two_of_nearly_the_same_weight_are_never_suggested() -> None:
    three = People((ADA, BEN, CY), "a")
    assert who(three, 55.0) is None
    assert who(three, 60.0) is None
    assert who(three.choose("b"), 38.0) == "Ada"
    eight = People((Person("a", "Ada", 40.0), Person("b", "Ben", 48.0)), "a")
    assert who(eight, 48.0) is None
    assert who(People((ADA, Person("b", "Ben", 46.01)), "a"), 46.01) == "Ben"


def test_as_long_as_somebody_is_not_learnt_nobody_is_suggested() -> None:
    people = People((ADA, Person("b", "Ben")), "b")
    assert who(people, 38.0) is None
    assert who(people.learnt("b", 55.0), 38.0) == "Ada"


def test_a_suggestion_changes_nothing() -> None:
    people = People((ADA, BEN), "a")
    assert suggest(people, 55.0) == BEN
    assert people.owner == "a"
    assert people.choose("b").owner == "b"
    assert people.choose(None).owner is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Person("a", ""), "1 to 12 characters"),
        (lambda: Person("a", "x" * 13), "1 to 12 characters"),
        (lambda: Person("a", "A\n"), "1 to 12 characters"),
        (lambda: Person("a", "ŁŚŁ"), "cannot show 'Ł', 'Ś'; please write the name with other letters"),
        (lambda: Person("guest", "Ada"), "id of guests"),
        (lambda: Person("a", "Ada", weekly_goal=8), "between 3 and 7"),
        (lambda: Person("a", "Ada", -1.0), "above zero"),
        (lambda: Person("a", "Ada", nan), "above zero"),
        (lambda: People(tuple(Person(str(n), f"P{n}") for n in range(5))), "up to 4"),
        (lambda: People((Person("a", "Ada"), Person("a", "Ben"))), "same id"),
        (lambda: People((Person("a", "Ada"), Person("b", "ada "))), "another name"),
        (lambda: People((ADA,), "x"), "nobody has the id"),
    ],
)
def test_what_cannot_be(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", ["Guest", " GUEST"])
def test_nobody_is_called_as_stored_guests_are_listed(name: str) -> None:
    with pytest.raises(ValueError, match="choose another name") as error:
        Person("a", name)
    assert repr(name) in str(error.value)


def test_a_usual_weight_is_learnt_from_the_last_sessions_on_the_back() -> None:
    assert usual_kg([]) is None
    assert usual_kg([40.0]) is None
    assert usual_kg([40.0, 42.0]) == 41.0
    assert usual_kg([10.0, 11.0, 40.0, 41.0, 42.0, 70.0, 41.5]) == 41.5  # one of somebody else moves little
    assert usual_kg([60.0] * 50 + [55.0] * 5) == 55.0


def test_a_steady_load_is_the_middle_of_enough_seconds() -> None:
    assert steady_kg([40.0] * 19) is None
    assert steady_kg([40.0] * 16 + [70.0] * 4) == 40.0
    assert steady_kg([40.0] * 10 + [50.0] * 10) is None
    assert steady_kg([40.0] * 30 + [nan]) is None


quick = hypothesis_settings(max_examples=200, deadline=None, derandomize=True)
loads = st.floats(5, 100)


@quick
@given(st.lists(loads, min_size=2, max_size=4), loads, st.one_of(st.none(), st.integers(0, 3)))
def test_whoever_is_suggested_is_clearly_the_one(usual: list[float], kg: float, chosen: int | None) -> None:
    everybody = tuple(Person(str(n), f"P{n}", load) for n, load in enumerate(usual))
    people = People(everybody, None if chosen is None or chosen >= len(usual) else str(chosen))
    found = suggest(people, kg)
    if found is None:
        return
    assert found.id != people.chosen
    mine = found.usual_kg
    assert mine is not None
    assert abs(mine - kg) <= NEAR_KG
    assert all(abs(p.usual_kg - mine) > APART_KG for p in everybody if p is not found and p.usual_kg)
