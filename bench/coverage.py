"""`python -m bench.coverage`: what intervals are worth, and from where on there is none; made-up tables, known truths.

Four studies, all of them quick unless --replicates says otherwise. `methods` may take hours: with --keep FILE it adds
what it has to a file, and goes on from there.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luwte.estimate import Histories, Result
from luwte.estimate.coverage import Truth, fitted_truth, summary
from luwte.estimate.gate import of_table
from luwte.estimate.loglinear import fit_many
from luwte.estimate.multiplier import multiplier
from luwte.estimate.published import PUBLISHED
from luwte.estimate.robustness import specification_curve
from luwte.estimate.search import bic, bic_average
from luwte.estimate.stepwise import main_effects, stepwise, stepwise_many

UK = PUBLISHED["uk_2013_5"].read()
TRUTHS = {
    "independent lists": (),
    "the stepwise model": ("LA:NG", "NG:GP", "PFNCA:GP", "LA:PFNCA", "GO:GP", "NG:GO"),
    "the best BIC model": ("LA:NG", "LA:PFNCA", "NG:PFNCA", "NG:GP", "PFNCA:GO"),
}


def methods_with(bootstrap: int) -> dict[str, Callable[[Histories], Result]]:
    """Every method by its name and interval."""
    wald = {one.__name__: one for one in (main_effects, stepwise, bic, bic_average)}
    return {f"{name}, Wald": partial(one, bootstrap=0) for name, one in wald.items()} | {
        f"{name}, BCa": partial(one, bootstrap=bootstrap) for name, one in wald.items()
    }


def off(estimates: NDArray[np.float64], people: NDArray[np.float64] | int, by: float) -> float:
    """The share of estimates that are at least so many times too large or too small, or none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        far = np.maximum(estimates / people, people / estimates)
    return float(np.mean(~(far < by)))


def overlap(replicates: int) -> Iterator[str]:
    """How many people in two lists are enough: independent lists, estimated as such, so that the model is right."""
    yield "| people in two lists or more | tables | off by a factor 2 | off by 1.5 | Wald 95 % holds | upper / lower |"
    yield "|---|---|---|---|---|---|"
    chance = np.random.default_rng(1)
    rows = []
    for lists, people in ((3, 2_000), (3, 20_000), (5, 2_000), (5, 20_000)):
        histories = np.arange(2**lists)
        inside = histories[:, None] >> np.arange(lists) & 1
        counts = np.empty((replicates, 2**lists - 1), dtype=np.int64)
        for row in counts:
            expected = math.exp(chance.uniform(math.log(2), math.log(80)))
            share = math.sqrt(expected / math.comb(lists, 2) / people) * chance.uniform(0.5, 1.5, lists)
            each = np.prod(np.where(inside == 1, share, 1 - share), axis=1)
            row[:] = chance.multinomial(people, each / each.sum())[1:]
        fits = fit_many(counts, np.ones(0, dtype=bool), [])
        observed, reach = counts.sum(axis=1), np.exp(1.959964 * np.sqrt(fits.variance))
        ends = [observed + fits.hidden / reach, observed + fits.hidden, observed + fits.hidden * reach]
        shared = counts[:, inside[1:].sum(axis=1) > 1].sum(axis=1)
        rows.append(np.stack([shared, np.full(replicates, people), *ends], axis=1))
    tables = np.concatenate(rows)
    for low, high in ((1, 2), (3, 4), (5, 6), (7, 9), (10, 14), (15, 19), (20, 29), (30, 49)):
        yield off_and_held(f"{low}-{high}", tables[(tables[:, 0] >= low) & (tables[:, 0] <= high)])
    yield "\n| upper / lower | tables | off by a factor 2 | off by 1.5 | Wald 95 % holds | upper / lower |"
    yield "|---|---|---|---|---|---|"
    width = tables[:, 4] / tables[:, 2]
    for low, high in ((1, 2), (2, 3), (3, 5), (5, 10), (10, math.inf)):
        yield off_and_held(f"{low} to {high}", tables[(width >= low) & (width < high)])


def off_and_held(title: str, rows: NDArray[np.float64]) -> str:
    """One row of `overlap`."""
    _, people, lower, estimate, upper = rows.T
    held = np.mean((lower <= people) & (people <= upper))
    return (
        f"| {title} | {len(rows):,} | {off(estimate, people, 2):.1%} | {off(estimate, people, 1.5):.1%} | {held:.1%} "
        f"| {np.median(upper / lower):.1f} |"
    )


def disagreement(replicates: int) -> Iterator[str]:
    """How far apart equally good models may be: truths are defensible models of the British table, thinned."""
    yield (
        "| largest over smallest | tables | best BIC off by 1.5 | by 2 | its Wald 95 % holds | stepwise off by 1.5 "
        "| by 2 | average off by 1.5 | by 2 |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    pairs = [1 << one | 1 << other for one, other in combinations(range(5), 2)]
    chosen = (np.arange(1024)[:, None] >> np.arange(10) & 1).astype(bool)
    truths = [fitted_truth(UK, one.model) for one in specification_curve(UK).specifications]
    chance = np.random.default_rng(1)
    rows = []
    for replicate in range(replicates):
        progress("disagreement", replicate, replicates)
        truth = truths[chance.integers(len(truths))]
        people = round(truth.people * (1, 0.5, 0.25, 0.12, 0.06)[replicate % 5])
        counts = chance.multinomial(people, truth.chances)[1:]
        if any(finding.refuses for finding in of_table(UK.with_counts(counts))):
            continue
        fits, observed = fit_many(counts, chosen, pairs), counts.sum()
        criterion = fits.parameters * math.log(observed) - 2 * fits.log_likelihood
        criterion[~(fits.exists & fits.converged)] = np.inf
        best = int(criterion.argmin())
        equal = observed + fits.hidden[criterion <= criterion[best] + 2]
        weights = np.exp((criterion[best] - criterion) / 2)
        average = observed + np.nansum(weights * fits.hidden) / weights.sum()
        reach = math.exp(1.959964 * math.sqrt(fits.variance[best]))
        held = observed + fits.hidden[best] / reach <= people <= observed + fits.hidden[best] * reach
        picked = stepwise_many(counts[None])[0]
        rows.append((equal.max() / equal.min(), people, observed + fits.hidden[best], held, picked, average))
    all_rows = np.array(rows)
    for low, high in ((1, 1.25), (1.25, 1.5), (1.5, 2), (2, 3), (3, 4), (4, 6), (6, math.inf)):
        _, people, one, held, picked, average = all_rows[(all_rows[:, 0] >= low) & (all_rows[:, 0] < high)].T
        if len(people):
            shares = [off(values, people, by) for values in (one, picked, average) for by in (1.5, 2)]
            said = [f"{share:.0%}" for share in (*shares[:2], held.mean(), *shares[2:])]
            yield f"| {low:g} to {high:g} | {len(people):,} | " + " | ".join(said) + " |"


def methods(replicates: int, bootstrap: int, keep: Path | None, only: list[str]) -> Iterator[str]:
    """What every method's interval is worth on tables like the British one."""
    yield "| truth | people | method | tables | no estimate | holds | Monte Carlo error | ratio | upper / lower |"
    yield "|---|---|---|---|---|---|---|---|---|"
    known = dict(kept(keep)) if keep and keep.exists() else {}
    for title, model in TRUTHS.items():
        truth = fitted_truth(UK, model)
        for name, method in methods_with(bootstrap).items():
            if only and name not in only:
                continue
            results = []
            for replicate in range(replicates):
                progress(f"{title}, {name}", replicate, replicates)
                key = title, name, bootstrap, replicate
                if key not in known:
                    known[key] = one_more(truth, method, replicate)
                    if keep:
                        with keep.open("a") as file:
                            file.write(json.dumps([key, known[key]]) + "\n")
                results.append(known[key])
            yield line(title, truth.people, name, results)


def one_more(truth: Truth, method: Callable[[Histories], Result], replicate: int) -> list[float | None]:
    """Estimate and limits of one made-up table, the same table for every method."""
    result = method(truth.draw(1, replicate))
    return [result.estimate, result.lower, result.upper]


def kept(file: Path) -> Iterator[tuple[tuple[str, str, int, int], list[float | None]]]:
    """What an earlier run wrote."""
    for row in file.read_text().splitlines():
        (title, name, bootstrap, replicate), values = json.loads(row)
        yield (title, name, bootstrap, replicate), values


def line(title: str, people: int, name: str, values: list[list[float | None]]) -> str:
    """One row of the table of methods."""
    results = [
        Result(method="stepwise", estimate=estimate, lower=lower, upper=upper) for estimate, lower, upper in values
    ]
    worth = summary(people, results)
    return (
        f"| {title} | {people:,} | {name} | {worth.replicates:,} | {worth.replicates - worth.answered} "
        f"| {worth.share:.1%} | {worth.error:.1%} | {worth.ratio:.2f} | {worth.width:.2f} |"
    )


def multipliers(replicates: int) -> Iterator[str]:
    """What the multiplier's interval is worth, and how wide it is: 3,000 people, 200 asked."""
    yield "| registered | expected to say so | tables | no estimate | holds | Monte Carlo error | upper / lower |"
    yield "|---|---|---|---|---|---|---|"
    chance = np.random.default_rng(1)
    for share in (0.015, 0.025, 0.05, 0.1, 0.3):
        registered, said = chance.binomial(3000, share, replicates), chance.binomial(200, share, replicates)
        pairs = zip(registered.tolist(), said.tolist(), strict=True)
        worth = summary(3000, [multiplier(m, x, 200) for m, x in pairs])
        yield (
            f"| {share:.1%} | {200 * share:g} | {replicates:,} | {replicates - worth.answered} "
            f"| {worth.share:.1%} | {worth.error:.1%} | {worth.width:.1f} |"
        )


def progress(what: str, done: int, of: int) -> None:
    """Where it is, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}: {done} of {of}", end="", file=sys.stderr, flush=True)


def main() -> None:
    """Run the studies that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", default=["overlap", "disagreement", "multiplier", "methods"])
    parser.add_argument("--replicates", type=int, help="made-up tables, of each truth")
    parser.add_argument("--bootstrap", type=int, default=200, help="resampled tables of each BCa interval")
    parser.add_argument("--method", action="append", default=[], help='of `methods` only this, such as "bic, Wald"')
    parser.add_argument("--keep", type=Path, help="a file to go on from")
    asked = parser.parse_args()
    studies = {
        "overlap": lambda: overlap(asked.replicates or 1000),
        "disagreement": lambda: disagreement(asked.replicates or 60),
        "multiplier": lambda: multipliers(asked.replicates or 100),
        "methods": lambda: methods(asked.replicates or 4, asked.bootstrap, asked.keep, asked.method),
    }
    for name in asked.studies:
        if name not in studies:
            parser.error(f"there is no such study; there are {', '.join(studies)}")
        print(f"\n{name}\n")
        for row in studies[name]():
            print(row, flush=True)


if __name__ == "__main__":
    main()
