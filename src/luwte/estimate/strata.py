"""A table of lists for every stratum (year, sex, age): read one by one, together, or by fewer covariates."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from luwte.estimate.errors import BadHistories
from luwte.estimate.histories import Histories


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
