from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matpi.core.plan.custom_plan import DAYS_MAX, course_of, faults, plan_of, read_plan
from matpi.core.plan.programme import STARTER, TIERS, Tier, step_back
from matpi.errors import ConfigError
from matpi.words import ENGLISH

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "own-plan.toml"


def tier(days: Any, minutes: Any = (2, 5), clothing: Any = "thin shirt", goal: Any = "learn") -> dict[str, Any]:
    spans = [list(span) if isinstance(span, tuple) else span for span in (days, minutes)]
    return {"days": spans[0], "minutes": spans[1], "clothing": clothing, "goal": goal}


AFTER = {"minutes": [5, 10], "clothing": "your choice", "goal": "keep going"}


def told(*tiers: Any, **more: Any) -> str:
    with pytest.raises(ConfigError) as error:
        plan_of({"tier": list(tiers), "after": AFTER, **more})
    return str(error.value)


def test_the_example_of_the_page_is_a_plan() -> None:
    own = read_plan(EXAMPLE.read_text())
    assert (own.name, own.days) == ("Three gentle weeks", 21)
    assert own.tiers[0] == Tier(1, 7, 2, 5, TIERS[0].clothing, TIERS[0].goal)
    assert own.tiers[-1] == Tier(22, 22, 5, 12, TIERS[-1].clothing, "keep going")


def test_the_order_in_the_file_is_free_and_one_day_is_a_number() -> None:
    own = plan_of({"tier": [tier((3, 4)), tier((1, 2)), tier(5)], "after": AFTER})
    assert [(t.first_day, t.last_day) for t in own.tiers] == [(1, 2), (3, 4), (5, 5), (6, 6)]
    assert own.name == "Own plan"


def test_the_built_in_plan_could_be_written_so() -> None:
    said = ENGLISH.say
    parts = [tier((t.first_day, t.last_day), (t.lower_min, t.upper_min), said(t.clothing), said(t.goal)) for t in TIERS]
    after = {key: value for key, value in parts.pop().items() if key != "days"}
    assert plan_of({"tier": parts, "after": after}).tiers == TIERS
    assert step_back(TIERS) == (0, 0, 1, 2, 2)


@pytest.mark.parametrize(
    ("tiers", "sentence"),
    [
        ([tier((1, 3)), tier((3, 5))], "Tier 1 and tier 2 both have day 3: let one end before the other begins."),
        ([tier((1, 9)), tier((2, 3))], "Tier 1 and tier 2 both have day 2: let one end before the other begins."),
        ([tier((1, 3)), tier((5, 6))], "Of the plan, day 4 is in no tier: let the tiers follow one another from day 1"),
        ([tier((1, 3)), tier((7, 8))], "Of the plan, days 4 to 6 are in no tier: let the tiers follow one another"),
        ([tier((2, 3))], "Of the plan, day 1 is in no tier"),
        ([tier((3, 1))], "tier 1 has days = [3, 1]: write the first and the last, such as [1, 3], up to 99."),
        ([tier((0, 3))], "tier 1 has days = [0, 3]"),
        ([tier((1, 100))], "tier 1 has days = [1, 100]"),
        ([tier([1, 2, 3])], "tier 1 has days = [1, 2, 3]"),
        ([tier("1-3")], "tier 1 has days = '1-3'"),
        ([tier(True)], "tier 1 has days = True"),
        ([tier((1, 3), (2, 21))], "tier 1 has minutes = [2, 21]: write two whole numbers from 1 to 20, the smaller"),
        ([tier((1, 3), (0, 5))], "tier 1 has minutes = [0, 5]"),
        ([tier((1, 3), (5, 2))], "tier 1 has minutes = [5, 2]"),
        ([tier((1, 3), 5)], "tier 1 has minutes = 5"),
        ([tier((1, 3), (2.0, 5.0))], "tier 1 has minutes = [2.0, 5.0]"),
        ([tier((1, 3), [True, 5])], "tier 1 has minutes = [True, 5]"),
        ([tier((1, 3), goal="x" * 31)], "tier 1 has goal = 'xxx"),
        ([tier((1, 3), clothing="")], "tier 1 has clothing = '': write 1 to 30 characters in quotes."),
        ([tier((1, 3), clothing="a\nb")], "tier 1 has clothing = 'a\\nb'"),
        ([tier((1, 3), goal=7)], "tier 1 has goal = 7"),
        ([{**tier((1, 3)), "minuts": [2, 5]}], "tier 1 has a key 'minuts' that means nothing here: did you mean min"),
        ([{**tier((1, 3)), "colour": 1}], "tier 1 has a key 'colour' that means nothing here: there are days, minutes"),
        ([{"days": [1, 3]}], "tier 1 has no minutes: add it, such as minutes = [2, 5]. (and 2 more)"),
        (["x"], "tier 1 is 'x', which is no table: write it under a line [[tier]]."),
        ([], "The plan has no tier: write at least one [[tier]] with days, minutes, clothing and goal."),
    ],
)
def test_each_fault_is_told_in_a_sentence(tiers: list[Any], sentence: str) -> None:
    message = told(*tiers)
    assert message.startswith(sentence)
    assert "\n" not in message


def test_the_rest_of_the_file() -> None:
    assert told(tier((1, 3)), after=3) == "after is 3, which is no table: write it under a line [after]."
    assert told(tier((1, 3)), name="x" * 22).startswith("name is 'xxx")
    assert told(tier((1, 3)), tiers=[]).startswith("the plan has a key 'tiers' that means nothing here: did you mean t")
    with pytest.raises(ConfigError, match=r"does not say what follows it: write an \[after\]"):
        plan_of({"tier": [tier((1, 3))]})
    assert faults({"tier": {"days": [1, 3]}, "after": AFTER})[0].startswith("The plan has no tier")
    assert len(faults({"tier": [tier((9, 1), (0, 0)), tier((1, 2), goal=3)], "naem": 1})) == 5


@pytest.mark.parametrize("text", ["tier = [", "days = 1\ndays = 2", "[" * 5000, "\x00", "a = 1.2.3"])
def test_what_is_no_toml_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="The plan is not"):
        read_plan(text)


def test_a_stop_sign_never_asks_for_more() -> None:
    tiers = (Tier(1, 1, 5, 10, "a", "b"), Tier(2, 2, 8, 12, "a", "b"), Tier(3, 3, 2, 6, "a", "b"))
    assert step_back(tiers) == (0, 0, 0)


# --- properties ---------------------------------------------------------------------------------------------------

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats() | st.text(max_size=40) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["days", "minutes", "clothing", "goal", "tier", "after", "x"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)
quick = hypothesis_settings(max_examples=200, deadline=None, derandomize=True)


@quick
@given(st.dictionaries(st.sampled_from(["name", "tier", "after", "y"]), junk, max_size=4))
def test_no_file_leads_to_anything_but_a_plan_or_a_sentence(parsed: dict[str, Any]) -> None:
    wrong = faults(parsed)
    assert all(sentence.endswith((".", "?")) for sentence in wrong)
    if wrong:
        with pytest.raises(ConfigError):
            plan_of(parsed)
    else:
        plan_of(parsed)


@quick
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 20), st.integers(0, 19)), min_size=1, max_size=12), st.data()
)
def test_whatever_is_read_covers_every_day_once(parts: list[tuple[int, int, int]], data: st.DataObject) -> None:
    tables, day = [], 1
    for days, lower, more in parts:
        tables.append(tier((day, day + days - 1), (lower, min(20, lower + more))))
        day += days
    own = plan_of({"tier": data.draw(st.permutations(tables)), "after": AFTER})
    assert [n for t in own.tiers for n in range(t.first_day, t.last_day + 1)] == list(range(1, day + 1))
    assert own.days == day - 1 <= DAYS_MAX
    for index, back in enumerate(step_back(own.tiers)):
        assert back < index or index == 0 or back == 0


def test_a_stored_plan_that_cannot_be_read_gives_way_to_the_starter_plan() -> None:
    assert course_of("") == (STARTER, "")
    course, wrong = course_of("name = 7")
    assert course is STARTER
    assert "starter plan holds" in wrong
    text = (Path(__file__).parents[2] / "docs" / "examples" / "own-plan.toml").read_text(encoding="utf-8")
    course, wrong = course_of(text)
    assert (course.name, course.days, wrong) == ("Three gentle weeks", 21, "")


def test_words_that_the_panel_has_no_letters_for_are_told() -> None:
    assert told(tier((1, 3), clothing="майка")) == (
        "tier 1 has clothing = 'майка', for which the panel has no letters: write it in those of western Europe."
    )
    assert "tier 1 has goal = '学ぶ', for which the panel" in told(tier((1, 3), goal="学ぶ"))
    assert told(tier((1, 3)), name="План").startswith("name is 'План', for which the panel has no letters")
    assert plan_of({"name": "Für Zoë", "tier": [tier((1, 3), goal="über ½ Stunde")], "after": AFTER}).days == 3
