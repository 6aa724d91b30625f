"""A table of lists for every stratum (year, sex, age): estimated one by one and added, by any method."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from luwte.estimate.bootstrap import Many, bca
from luwte.estimate.errors import BadHistories
from luwte.estimate.histories import MOST_LISTS, Histories
from luwte.estimate.jobs import Progress
from luwte.estimate.results import Result, no_estimate

Floats = NDArray[np.float64]
Draws = Callable[[Histories, int], Floats]
"""Numbers of people drawn from the posterior of a table; the whole number is a seed. Each time as many."""

DRAWN = 20_000
"""Sums of strata behind the limits of a total whose strata have limits only."""


@dataclass(frozen=True, eq=False)
class Stratified:
    """Capture histories of the same lists in every stratum.

    Attributes
    ----------
    covariates : tuple of str
        What the strata differ in, such as `("year", "sex")`. May be empty: one stratum, of everybody.
    tables : mapping of tuple of str to Histories
        One table for every stratum; its key has one value for each covariate. Read-only.

    Raises
    ------
    BadHistories
        No stratum, a covariate that is empty or there twice, a key of another length, or other lists somewhere.

    """

    covariates: tuple[str, ...]
    tables: Mapping[tuple[str, ...], Histories]

    def __post_init__(self) -> None:
        if len(set(self.covariates)) != len(self.covariates) or not all(name.strip() for name in self.covariates):
            raise BadHistories("Every covariate needs a name of its own.")
        if not self.tables:
            raise BadHistories("There must be at least one stratum.")
        if any(len(key) != len(self.covariates) for key in self.tables):
            raise BadHistories("Every stratum needs one value for each covariate.")
        if len({table.lists for table in self.tables.values()}) != 1:
            raise BadHistories("All strata must have the same lists, in the same order.")
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists that all strata have."""
        return next(iter(self.tables.values())).lists

    @property
    def observed(self) -> int:
        """People in at least one list, over all strata."""
        return sum(table.observed for table in self.tables.values())

    def whole(self) -> Histories:
        """Everybody in one table, as if nobody had asked for the covariates."""
        return Histories(self.lists, np.sum([table.counts for table in self.tables.values()], axis=0))

    def by(self, *covariates: str) -> "Stratified":
        """The same people by some of the covariates, in this order; strata that differ in others only are merged."""
        if not set(covariates) <= set(self.covariates):
            raise BadHistories("There is no covariate of this name.")
        at = [self.covariates.index(name) for name in covariates]
        merged: dict[tuple[str, ...], Histories] = {}
        for key, table in self.tables.items():
            short = tuple(key[one] for one in at)
            merged[short] = table.with_counts(table.counts + merged[short].counts) if short in merged else table
        return Stratified(covariates, merged)


@dataclass(frozen=True, kw_only=True)
class StratifiedResult:
    """What a method says about every stratum, and about all of them together.

    Attributes
    ----------
    covariates : tuple of str
    strata : mapping of tuple of str to Result
        By stratum, sorted.
    total : Result
        "no_estimate" as soon as one stratum has none: the rest would be a total of something else.

    """

    covariates: tuple[str, ...]
    strata: Mapping[tuple[str, ...], Result]
    total: Result

    def to_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        return {
            "covariates": list(self.covariates),
            "strata": [{"stratum": list(key)} | result.to_json() for key, result in self.strata.items()],
            "total": self.total.to_json(),
        }


def by_stratum(
    data: Stratified,
    method: Callable[[Histories], Result],
    *,
    many: Callable[[Histories], Many] | None = None,
    draws: Draws | None = None,
    bootstrap: int = 1000,
    seed: int = 1,
    jobs: int = 1,
    progress: Progress | None = None,
) -> StratifiedResult:
    """Run a method in every stratum and add the figures.

    Parameters
    ----------
    data : Stratified
        The tables.
    method : callable
        A table to its result; every stratum at the same level.
    many : callable, optional
        A stratum's table to the method's figure of many tables at once, as its bootstrap uses it: then the total's
        interval is BCa.
    draws : callable, optional
        Of a Bayesian method: then the total is the median of the sums of draws, with their quantiles.
    bootstrap, seed, jobs : int
        Replicates, seed and processes of the total's interval; no result depends on `jobs`.
    progress : callable, optional
        Told how many of the total's replicates are done; the strata's own are for `method` to tell.

    Returns
    -------
    StratifiedResult

    Notes
    -----
    Assumes that everybody is in one stratum, and stays there in every list.

    With `many`, all people are resampled together, each with their stratum, and each resampled table of each stratum
    goes through the whole method; a replicate without an estimate in one stratum has none. Numbers of lists and strata
    for which that is too much to hold go the third way.

    With `draws`, strata are independent of each other beforehand and in the data.

    With neither, nothing is left of a stratum but its figure and limits. The people in no list, and half a person more,
    are then taken for log-normal, with a spread of its own below the figure and above it: nearly the distribution
    behind Wald limits. Strata are taken for independent, and sums of draws give the limits; `reasons` says so. If
    strata err in the same direction, as they do when the method's assumption is wrong, the interval of the sum is too
    narrow.

    """
    strata = {key: method(table) for key, table in sorted(data.tables.items())}
    first, *others = strata.values()
    if any(other.level != first.level for other in others):
        raise BadHistories("All strata must have the same level.")
    silent = [key for key, result in strata.items() if result.estimate is None]
    reasons: tuple[str, ...] = ()
    if silent:
        names = ", ".join("/".join(key) or "everybody" for key in silent)
        reasons = (f"There is no estimate for {names}, so there is none for all together.",)
        total = no_estimate(first.method, *reasons, level=first.level)
        return StratifiedResult(covariates=data.covariates, strata=MappingProxyType(strata), total=total)
    estimate = sum(result.estimate for result in strata.values() if result.estimate is not None)
    kind = first.interval
    places = _places(data)
    lower: float | None
    upper: float | None
    if draws is not None:
        sums = np.sum([draws(data.tables[key], seed + at) for at, key in enumerate(strata)], axis=0)
        lower, estimate, upper = np.quantile(sums, [(1 - first.level) / 2, 0.5, (1 + first.level) / 2]).tolist()
        if any(result.reasons for result in strata.values()):
            reasons = ("What is said of the strata holds for all together, too.",)
    elif many is not None and places is not None:
        wide, cells = places
        found = bca(
            wide,
            partial(_sum, [many(data.tables[key]) for key in strata], cells),
            replicates=bootstrap,
            level=first.level,
            seed=seed,
            jobs=jobs,
            progress=progress,
        )
        lower, upper, kind, reasons = found.lower, found.upper, "bca", found.reasons
    elif any(result.lower is None or result.upper is None for result in strata.values()):
        lower, upper, reasons = None, None, ("A stratum has no interval, so all together have none.",)
    else:
        sums = np.sum([_likely(data.tables[key], strata[key], seed + at) for at, key in enumerate(strata)], axis=0)
        lower, upper = np.quantile(sums, [(1 - first.level) / 2, (1 + first.level) / 2]).tolist()
        reasons = ("The limits take errors in one stratum for independent of those in another.",)
    return StratifiedResult(
        covariates=data.covariates,
        strata=MappingProxyType(strata),
        total=Result(
            method=first.method,
            estimate=estimate,
            lower=lower,
            upper=upper,
            level=first.level,
            interval=kind if lower is not None else None,
            reasons=reasons,
        ),
    )


def _places(data: Stratified) -> tuple[Histories, NDArray[np.intp]] | None:
    """All strata as one table, a stratum being written as further lists, and where each has its cells in it."""
    further = (len(data.tables) - 1).bit_length()
    if len(data.lists) + further > MOST_LISTS:
        return None
    histories = np.arange(1, 2 ** len(data.lists))
    cells = (np.arange(len(data.tables))[:, None] << len(data.lists) | histories) - 1
    counts = np.zeros(2 ** (len(data.lists) + further) - 1, dtype=np.int64)
    counts[cells] = [table.counts for _, table in sorted(data.tables.items())]
    return Histories(tuple(str(bit) for bit in range(len(data.lists) + further)), counts), cells


def _sum(many: Sequence[Many], cells: NDArray[np.intp], counts: NDArray[np.int64]) -> Floats:
    total: Floats = np.sum([each(counts[:, one]) for each, one in zip(many, cells, strict=True)], axis=0)
    return total


def _likely(table: Histories, result: Result, seed: int) -> Floats:
    """Numbers of people with the result's figure in the middle and its limits where they are."""
    hidden = [
        max(one - table.observed, 0) + 0.5 for one in (result.lower, result.estimate, result.upper) if one is not None
    ]
    lower, middle, upper = np.log(hidden).tolist()
    middle = min(max(middle, lower), upper)
    # Evenly spaced chances in random order: what one stratum adds has no error of drawing.
    chance = (np.random.default_rng(seed).permutation(DRAWN) + 0.5) / DRAWN
    off = ndtri(chance) / ndtri((1 + result.level) / 2)
    people: Floats = table.observed + np.exp(middle + np.where(off < 0, middle - lower, upper - middle) * off) - 0.5
    return people
