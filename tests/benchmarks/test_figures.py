"""Intervals against values from the books."""

from __future__ import annotations

from math import inf, isnan

import pytest

from benchmarks.figures import poisson_cdf, quantile, rate, share


def test_wilson_against_a_published_example() -> None:
    """Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    published = ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718))
    for hits, of, low, high in published:
        figure = share(hits, of)
        assert (figure.low, figure.high) == pytest.approx((low, high), abs=5e-5)


def test_poisson_against_the_table_of_garwood() -> None:
    for events, low, high in ((0, 0.0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (100, 81.3640, 121.6269)):
        figure = rate(events, 1.0)
        assert (figure.low, figure.high) == pytest.approx((low, high), abs=1e-3)


def test_nothing_in_five_hundred_days_is_not_proof_of_never() -> None:
    assert rate(0, 500.0).high == pytest.approx(3.689 / 500, rel=1e-3)


def test_many_events_stay_exact() -> None:
    figure = rate(4000, 2.0)
    assert figure.low == pytest.approx(2000 - 1.96 * 4000**0.5 / 2, rel=1e-3)
    assert 0.0 < poisson_cdf(4000, 4000.0) < 1.0


def test_no_trial_tells_nothing() -> None:
    assert (share(0, 0).low, share(0, 0).high) == (0.0, 1.0)
    assert rate(0, 0.0).high == inf
    assert isnan(quantile([], 0.5).value)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no share"):
        share(3, 2)
    with pytest.raises(ValueError, match="no rate"):
        rate(-1, 2.0)


def test_the_bootstrap_covers_the_median_and_is_repeatable() -> None:
    values = [n / 100 for n in range(1001)]
    figure = quantile(values, 0.5)
    assert figure.value == pytest.approx(5.0)
    assert 4.0 < figure.low < 5.0 < figure.high < 6.0
    assert figure == quantile(values, 0.5)


def test_the_worst_has_no_interval() -> None:
    figure = quantile([1.0, 7.0, 3.0], 1.0)
    assert (figure.value, figure.low, figure.high) == (7.0, 7.0, 7.0)
