"""Main effects and stepwise: the published figures, and tables about which nothing may be said."""

import pytest

from luwte.estimate import Histories
from luwte.estimate.published import PUBLISHED
from luwte.estimate.stepwise import main_effects, stepwise

ALMOST = 2e-9
"""The printed values are where R's glm stops, a little before the maximum."""


@pytest.mark.parametrize(
    ("table", "people", "lower", "upper", "model"),
    [
        ("uk_2013_5", 11312.990289, 9884.40, 13027.40, "LA:NG NG:GP PFNCA:GP LA:PFNCA GO:GP NG:GO"),
        ("uk_2013_6", 11417.991092, 9977.28, 13145.66, "PF:NCA LA:NG NG:GP LA:PF PF:GP GO:GP NG:GO"),
        ("netherlands_2010_2015_5", 121521.613712, 98675.43, 150138.91, "IO:Z P:Z P:R IO:P K:R IO:K"),
        ("netherlands_2010_2015_6", 111139.371230, 92439.86, 133991.47, None),
        ("kosovo_1999", 14341.663800, 12541.28, 16540.19, "ABA:OSCE OSCE:HRW EXH:OSCE EXH:ABA EXH:HRW"),
    ],
)
def test_stepwise_gives_the_published_figures(
    table: str, people: float, lower: float, upper: float, model: str | None
) -> None:
    result = stepwise(PUBLISHED[table].read(), bootstrap=0)
    assert (result.verdict, result.interval) == ("ok", "wald")
    assert result.estimate == pytest.approx(people, rel=ALMOST)
    assert (result.lower, result.upper) == pytest.approx((lower, upper), abs=0.0051)
    if model:
        assert result.model == tuple(model.split())


@pytest.mark.parametrize(
    "people",
    [
        {},
        {1: 10},
        {1: 10, 2: 10, 4: 10},
        {1: 50, 4: 60, 3: 40, 7: 20, 5: 10},
    ],
    ids=["nobody", "one list", "no overlap", "a copy"],
)
def test_tables_that_say_nothing_get_no_estimate(people: dict[int, int]) -> None:
    histories = Histories.of("ABC", people)
    for result in (main_effects(histories, bootstrap=0), stepwise(histories, bootstrap=0)):
        assert (result.verdict, result.estimate, result.lower, result.upper) == ("no_estimate", None, None, None)
        assert result.reasons
