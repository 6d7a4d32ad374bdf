"""Rates and densities of small cases solved by hand."""

import math

import numpy as np
import pytest

from detections.metrics.unusual import FIT_WIDTH, NEIGHBOURS, WRONG_FITS, error_rates, poor_fit_ratios


def test_rates_are_shares_of_neighbours_and_do_not_fall():
    # given 200 cases by falling sureness, the second half all wrong
    sureness, errors = np.linspace(1, 0, 200), np.arange(200) >= 100
    # when
    rates = error_rates(errors, sureness)
    # then
    assert rates[0] == rates[50] == pytest.approx(0.5 / (NEIGHBOURS + 2))
    assert rates[100] == pytest.approx((NEIGHBOURS // 2 + 1 + 0.5) / (NEIGHBOURS + 2))
    assert (np.diff(rates) >= 0).all() and rates[-1] > 0.9


def test_rates_come_in_the_order_of_the_cases():
    order = np.random.default_rng(1).permutation(300)
    sureness, errors = np.linspace(1, 0, 300), np.arange(300) % 7 == 0
    np.testing.assert_array_equal(error_rates(errors, sureness)[order], error_rates(errors[order], sureness[order]))
    assert len(error_rates(np.zeros(0, dtype=bool), np.zeros(0))) == 0


def test_a_fit_like_no_other_has_half_a_case_beside_it():
    # given one that does not fit, among 40 that fit well, all of one score
    fits = np.array([0.0, *[0.95] * 40])
    # when
    lonely, usual = poor_fit_ratios(fits, np.full(41, 0.9), np.array([0, 20]))
    # then the case itself does not count, nor do those far away
    assert lonely < 0.05
    assert usual == pytest.approx(WRONG_FITS / (FIT_WIDTH * math.sqrt(2 * math.pi)), rel=0.1)


def test_fits_are_compared_at_scores_alike():
    # given a model that puts its unsure boxes badly and its sure ones well
    scores = np.linspace(1, 0, 200)
    fits = np.where(scores > 0.5, 0.9, 0.3)
    fits[10] = 0.3
    # when
    sure, unsure = poor_fit_ratios(fits, scores, np.array([10, 190]))
    # then
    assert sure < 0.2 < 1 < unsure


def test_many_cases_are_told_by_some_of_them():
    fits = np.random.default_rng(1).beta(9, 2, 30_000)
    all_of_them = poor_fit_ratios(fits[:2000], np.full(2000, 0.9), np.arange(50))
    some = poor_fit_ratios(fits, np.full(30_000, 0.9), np.arange(50))
    np.testing.assert_allclose(some, all_of_them, atol=0.25)
