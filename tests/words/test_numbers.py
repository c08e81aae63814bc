"""How numbers are written: never certain, never falsely precise, the same in float32 and float64."""

import re

import numpy as np
import pytest

from robust_core.words.numbers import (
    decimal,
    duration,
    exact_share,
    fine_duration,
    in_255ths,
    limit,
    number,
    on_both_scales,
    percent,
    percents,
    share,
    short_share,
)


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ((0.4934, 0.4881), ("49.3 %", "48.8 %")),
        ((0.49342, 0.49338), ("49 %", "49 %")),
        ((0.498, 0.312), ("50 %", "31 %")),
        ((0.5, 0.5), ("50 %", "50 %")),
        ((0.9991, 0.9999), ("over 99.9 %", "over 99.9 %")),
    ],
)
def test_shares_that_stand_side_by_side_can_be_told_apart(shares, words):
    assert percents(*shares) == words


def test_percentages_never_round_to_certainty():
    for probability in (*np.linspace(0, 1, 401), 1e-9, 1 - 1e-9, 0.99949, 0.99951):
        said = percent(probability)
        assert said not in ("100 %", "0 %", "100.0 %", "0.0 %")
        figure = float(re.search(r"[\d.]+", said)[0]) / 100
        if said.startswith("under"):
            assert probability < figure
        elif said.startswith("over"):
            assert probability > figure
        else:
            assert abs(figure - probability) <= 0.005 + 1e-12


@pytest.mark.parametrize(
    ("eps", "said"),
    [(0.01, "2.6"), (0.1, "25.5"), (0.15, "38.3"), (0.5, "127.5"), (0.7, "178.5"), (8 / 255, "8")],
)
def test_the_five_values_in_255ths_are_the_same_in_float32(eps, said):
    assert in_255ths(eps) == in_255ths(float(np.float32(eps))) == f"{said}/255"


def test_small_changes_keep_two_figures():
    assert in_255ths(0.25 / 255) == "0.25/255"
    assert in_255ths(0.012345 / 255) == "0.012/255"
    assert in_255ths(0.0) == "0/255"


def test_an_eps_stands_on_both_scales():
    assert on_both_scales(8 / 255) == "0.0314 (8/255)"


def test_counted_shares_may_be_all_or_nothing():
    assert share(1) == "100.0 %"
    assert share(0) == "0.0 %"
    assert exact_share(0.99125) == "99.12 %"
    assert short_share(0.1234) == "12.3%"
    assert short_share(0.1234, 0) == "12%"
    assert limit(0.05) == "5 %"


def test_what_is_missing_is_a_dash():
    assert share(None) == exact_share(None) == number(None) == "-"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1234.4, "1,234"),
        (0.5541, "0.554"),
        (0.031372549, "0.0314"),
        (0.00123, "0.00123"),
        (0, "0"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_have_three_figures(value, said):
    assert number(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0123, "12 ms"), (0.0814, "81 ms"), (1.26, "1.3 s"), (75, "75.0 s")]
)
def test_durations_have_units(seconds, said):
    assert duration(seconds) == fine_duration(seconds) == said


def test_a_short_time_keeps_two_digits_where_it_is_asked_for():
    assert fine_duration(0.00123) == "1.2 ms"
    assert duration(0.00123) == "1 ms"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1.0556e-5, "1.06 × 10⁻⁵"),
        (-11.459, "−11.5"),
        (0.0, "0"),
        (0.0428, "0.0428"),
        (4.42, "4.42"),
    ],
)
def test_very_small_numbers_are_written_with_a_power_of_ten(value, said):
    assert decimal(value) == said
