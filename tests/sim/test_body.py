"""The simulated person: what the cells feel of each act."""

from __future__ import annotations

import pytest

from matpi.errors import UsageError
from matpi.sim.body import ACTS, BAG_KG, BREATH_KG, CAT_KG, HEART_KG, NOISE_KG, SITTING, STANDING, Mat

AWAKE_KG = 2 * (BREATH_KG + HEART_KG) + 10 * NOISE_KG
"""What a body's own motion may add to a load."""


def total(mat: Mat, t: float) -> float:
    return sum(mat.load_kg(t))


def samples(mat: Mat, start: float, end: float, rate: float = 10.0) -> list[tuple[float, ...]]:
    found = [mat.sample(start + n / rate) for n in range(int((end - start) * rate))]
    return [sample for sample in found if sample is not None]


def test_the_empty_mat_is_noise_around_nothing() -> None:
    loads = [sum(sample) for sample in samples(Mat(), 0.0, 60.0)]
    assert sum(loads) / len(loads) == pytest.approx(0.0, abs=3 * NOISE_KG)
    assert max(map(abs, loads)) < 10 * NOISE_KG


@pytest.mark.parametrize(("act", "share", "doing"), [("sit", SITTING, "sitting"), ("stand", STANDING, "standing")])
def test_sitting_and_standing(act: str, share: float, doing: str) -> None:
    mat = Mat(kg=80.0)
    mat.act(act, 10.0)
    assert mat.doing == doing
    assert total(mat, 10.0) == 0.0
    assert total(mat, 20.0) == pytest.approx(80.0 * share)
    peak = max(total(mat, 10.0 + n / 100) for n in range(200))
    assert 1.1 <= peak / (80.0 * share) <= 1.3, "people land with 10-30 % more"


def test_lying_down_is_between_60_and_75_percent_and_heavier_at_the_head() -> None:
    mat = Mat(kg=80.0)
    mat.act("lie_down", 10.0)
    head, foot = mat.load_kg(14.0)
    assert 0.6 * 80 <= head + foot <= 0.75 * 80
    assert head > foot
    assert mat.doing == "lying"
    assert all(total(mat, 10.5 + n / 100) > 40.0 for n in range(300)), "never off the mat on the way down"


def test_getting_up_ends_at_nothing() -> None:
    mat = Mat(kg=80.0)
    mat.act("lie_down", 0.0)
    mat.act("get_up", 100.0)
    assert mat.doing == "away"
    assert total(mat, 101.0) > 40.0
    assert total(mat, 102.0) == 0.0


def test_getting_up_from_an_empty_mat_does_nothing() -> None:
    mat = Mat()
    mat.act("get_up", 5.0)
    mat.act("fidget", 6.0)
    assert max(total(mat, n / 10) for n in range(200)) == 0.0


def test_fidgeting_comes_back_to_where_it_was() -> None:
    mat = Mat(kg=80.0)
    mat.act("lie_down", 0.0)
    before = mat.load_kg(50.0)
    mat.act("fidget", 50.0)
    assert min(total(mat, 50.0 + n / 100) for n in range(200)) < 0.4 * sum(before)
    assert mat.load_kg(53.0) == pytest.approx(before)
    assert mat.doing == "lying"


def test_a_bag_is_put_down_once_and_taken_away_once() -> None:
    mat = Mat()
    mat.act("bag_on", 1.0)
    mat.act("bag_on", 5.0)
    assert total(mat, 9.0) == BAG_KG
    mat.act("bag_off", 10.0)
    mat.act("bag_off", 15.0)
    assert mat.bag is False
    assert total(mat, 20.0) == 0.0


def test_a_bag_does_not_breathe_and_a_person_does() -> None:
    def spread(mat: Mat) -> float:
        heads = [sample[0] for sample in samples(mat, 20.0, 40.0)]
        return max(heads) - min(heads)

    bag, person = Mat(), Mat()
    bag.act("bag_on", 0.0)
    person.act("lie_down", 0.0)
    assert spread(bag) < 10 * NOISE_KG
    assert spread(person) > 1.5 * BREATH_KG


def test_a_cat_crosses_from_the_foot_end_to_the_head_end() -> None:
    mat = Mat()
    mat.act("bag_on", 0.0)
    mat.act("cat", 10.0)
    path = [mat.load_kg(10.4 + n / 10) for n in range(38)]
    assert path[0][1] > path[0][0]
    assert path[-1][0] > path[-1][1]
    assert max(map(sum, path)) <= BAG_KG + 1.15 * CAT_KG + 1e-9
    assert total(mat, 20.0) == BAG_KG


def test_a_new_weight_shows_on_the_mat_and_keeps_the_posture() -> None:
    mat = Mat(kg=80.0)
    mat.act("lie_down", 0.0)
    share = total(mat, 10.0) / 80.0
    mat.weigh(60.0, 20.0)
    assert (mat.kg, mat.doing) == (60.0, "lying")
    assert total(mat, 22.0) == pytest.approx(60.0 * share)


def test_a_new_weight_off_the_mat_shows_on_the_next_act() -> None:
    mat = Mat(kg=80.0)
    mat.weigh(60.0, 1.0)
    assert total(mat, 5.0) == 0.0
    mat.act("stand", 10.0)
    assert total(mat, 15.0) == pytest.approx(60.0)


def test_an_act_in_the_midst_of_another_goes_on_from_there() -> None:
    mat = Mat(kg=80.0)
    mat.act("lie_down", 0.0)
    at = mat.load_kg(0.3)
    mat.act("get_up", 0.3)
    assert mat.load_kg(0.3) == pytest.approx(at)


def test_the_cells_read_the_load_and_the_body_s_own_motion() -> None:
    mat = Mat(kg=80.0)
    mat.act("lie_down", 0.0)
    for head, foot in samples(mat, 10.0, 30.0):
        assert head + foot == pytest.approx(total(mat, 10.0), abs=AWAKE_KG)


def test_an_unplugged_cell_reads_nothing() -> None:
    mat = Mat()
    mat.unplugged = True
    assert mat.sample(1.0) is None
    mat.unplugged = False
    assert mat.sample(2.0) is not None


def test_spikes_are_a_few_percent_and_as_large_as_read_errors_are() -> None:
    mat = Mat(seed=7)
    mat.spikes = True
    loads = [sum(sample) for sample in samples(mat, 0.0, 500.0)]
    odd = [load for load in loads if abs(load) > 1.0]
    assert 0.01 < len(odd) / len(loads) < 0.05
    assert max(map(abs, odd)) > 100.0


def test_the_same_seed_gives_the_same_readings() -> None:
    def story(seed: int) -> list[tuple[float, ...]]:
        mat = Mat(seed=seed)
        mat.spikes = True
        mat.act("lie_down", 1.0)
        return samples(mat, 0.0, 20.0)

    assert story(3) == story(3)
    assert story(3) != story(4)


def test_an_unknown_act() -> None:
    with pytest.raises(UsageError, match=", ".join(ACTS)):
        Mat().act("somersault", 0.0)


def test_fidgets_in_a_row_leave_the_weight_where_it_was() -> None:
    mat = Mat(kg=74.0)
    mat.act("lie_down", 0.0)
    lying = sum(mat.load_kg(10.0))
    for t in (10.0, 10.7, 11.4):
        mat.act("fidget", t)
    assert sum(mat.load_kg(20.0)) == pytest.approx(lying)
    mat.act("get_up", 30.0)
    mat.act("fidget", 31.7)
    assert sum(mat.load_kg(40.0)) == 0.0
