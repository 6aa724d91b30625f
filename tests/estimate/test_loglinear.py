"""Fits of log-linear models: the published values, and a slow twin that fits one model at a time."""

import itertools

import numpy as np
import pytest

from luwte.estimate.loglinear import fit, fit_many
from luwte.estimate.published import PUBLISHED

ALMOST = 2e-9
"""The printed values are where R's glm stops, a little before the maximum."""


@pytest.mark.parametrize(
    ("table", "people"),
    [
        ("uk_2013_5", 13444.131209),
        ("uk_2013_6", 12213.995125),
        ("netherlands_2010_2015_5", 52923.894254),
        ("netherlands_2010_2015_6", 52823.463933),
        ("kosovo_1999", 7394.586662),
    ],
)
def test_independent_lists_give_the_published_totals(table: str, people: float) -> None:
    histories = PUBLISHED[table].read()
    assert histories.observed + fit(histories, []).hidden == pytest.approx(people, rel=ALMOST)


def test_the_best_models_of_two_lists_at_a_time_in_the_uk_are_the_published_ones() -> None:
    histories = PUBLISHED["uk_2013_5"].read()
    pairs = [1 << one | 1 << other for one, other in itertools.combinations(range(5), 2)]
    chosen = (np.arange(1024)[:, None] >> np.arange(10) & 1).astype(bool)
    fits = fit_many(histories.counts, chosen, pairs)
    criterion = -2 * fits.log_likelihood + fits.parameters * np.log(histories.observed)
    best, second = np.argsort(criterion)[:2]
    assert criterion[[best, second]] == pytest.approx([196.539756, 197.494965], abs=5e-7)
    assert histories.observed + fits.hidden[best] == pytest.approx(22991.331310, rel=ALMOST)
    assert histories.observed + fits.hidden[second] == pytest.approx(12262.41242, rel=ALMOST)
