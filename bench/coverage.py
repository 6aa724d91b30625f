"""`python -m bench.coverage`: what intervals are worth, and from where on there is none; made-up tables, known truths.

overlap       how many people in two lists or more are enough
disagreement  how far apart equally good models may be
multiplier    what the multiplier's interval is worth
graphs        when the prior speaks and not the lists: decomposable graphs
classes       when the prior speaks and not the lists: latent classes
methods       what every method's interval is worth on tables like the British one

Without --replicates each makes few tables, to show that it runs; docs/estimate.md says how many its figures have. The
first five then take a minute or two, `methods` ten. It may take hours: with --keep FILE it writes every interval to a
file as it has it, goes on from there, and its rows count all that the file holds (--replicates 0: only print those).

    python -m bench.coverage methods --keep study.jsonl --method 'stepwise, BCa' --replicates 200
"""

import argparse
import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.coverage_methods import UK, methods, methods_with, progress, truths
from luwte.estimate import Histories
from luwte.estimate.coverage import fitted_truth, summary
from luwte.estimate.decomposable import posterior
from luwte.estimate.gate import of_table
from luwte.estimate.latent_class import latent_class
from luwte.estimate.loglinear import fit_many
from luwte.estimate.multiplier import multiplier
from luwte.estimate.robustness import specification_curve
from luwte.estimate.stepwise import stepwise_many


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
        counts = np.array([thin(chance, lists, people) for _ in range(replicates)])
        fits = fit_many(counts, np.ones(0, dtype=bool), [])
        observed, reach = counts.sum(axis=1), np.exp(1.959964 * np.sqrt(fits.variance))
        ends = [observed + fits.hidden / reach, observed + fits.hidden, observed + fits.hidden * reach]
        shared = counts[:, np.bitwise_count(np.arange(1, 2**lists)) > 1].sum(axis=1)
        rows.append(np.stack([shared, np.full(replicates, people), *ends], axis=1))
    tables = np.concatenate(rows)
    for low, high in ((1, 2), (3, 4), (5, 6), (7, 9), (10, 14), (15, 19), (20, 29), (30, 49)):
        yield off_and_held(f"{low}-{high}", tables[(tables[:, 0] >= low) & (tables[:, 0] <= high), 1:])
    yield "\n| upper / lower | tables | off by a factor 2 | off by 1.5 | Wald 95 % holds | upper / lower |"
    yield "|---|---|---|---|---|---|"
    width = tables[:, 4] / tables[:, 2]
    for low, high in ((1, 2), (2, 3), (3, 5), (5, 10), (10, math.inf)):
        yield off_and_held(f"{low} to {high}", tables[(width >= low) & (width < high), 1:])


def thin(chance: np.random.Generator, lists: int, people: int) -> NDArray[np.int64]:
    """A table of independent lists of unequal sizes, from 2 to 80 people or so in two of them."""
    inside = np.arange(2**lists)[:, None] >> np.arange(lists) & 1
    expected = math.exp(chance.uniform(math.log(2), math.log(80)))
    share = math.sqrt(expected / math.comb(lists, 2) / people) * chance.uniform(0.5, 1.5, lists)
    each = np.prod(np.where(inside == 1, share, 1 - share), axis=1)
    return chance.multinomial(people, each / each.sum())[1:]


def rows_of(title: str, rows: NDArray[np.float64]) -> Iterator[str]:
    """The row about these estimates, if there are any."""
    if len(rows):
        yield off_and_held(title, rows)


def off_and_held(title: str, rows: NDArray[np.float64]) -> str:
    """One row about estimates; a row of *rows* has the truth, lower end, estimate and upper end."""
    people, lower, estimate, upper = rows.T
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


def graphs(replicates: int) -> Iterator[str]:
    """When too few are seen again for decomposable graphs to learn from: independent lists, and the British thinned."""
    chance = np.random.default_rng(1)
    truths = [fitted_truth(UK, one.model) for one in specification_curve(UK).specifications]
    rows = []
    for replicate in range(replicates):
        progress("decomposable graphs", replicate, replicates)
        if replicate % 2:
            truth = truths[chance.integers(len(truths))]
            people = round(truth.people * chance.choice([0.12, 0.06, 0.03, 0.015]))
            table = UK.with_counts(chance.multinomial(people, truth.chances)[1:])
        else:
            lists, people = int(chance.choice([2, 3, 5])), 2_000
            table = Histories(tuple("ABCDE"[:lists]), thin(chance, lists, people))
        again = int(table.counts @ (table.members.sum(axis=1) - 1))
        if not again:
            continue
        found = posterior(table)
        passes = not any(finding.refuses for finding in of_table(table)) and found.beyond <= 0.025
        rows.append((again, found.unlearned, passes, people, *(found.quantile(at) for at in (0.025, 0.5, 0.975))))
    values = np.array(rows, dtype=float).reshape(-1, 7)
    yield "| seen again | tables | off by a factor 2 | off by 1.5 | 95 % holds | upper / lower |"
    yield "|---|---|---|---|---|---|"
    for low, high in pairwise((1, 3, 5, 7, 10, 15, 20, 30, 50)):
        yield from rows_of(f"{low}-{high - 1}", values[(values[:, 0] >= low) & (values[:, 0] < high), 3:])
    yield "\n| chance of too few | tables past the gate | off by a factor 2 | off by 1.5 | 95 % holds | upper / lower |"
    yield "|---|---|---|---|---|---|"
    for low, high in pairwise((0, 0.025, 0.1, 0.2, 1 / 3, 0.5, 1.01)):
        there = (values[:, 1] >= low) & (values[:, 1] < high) & (values[:, 2] == 1)
        yield from rows_of(f"{low:.1%} to {min(high, 1):.1%}", values[there, 3:])


def classes(replicates: int) -> Iterator[str]:
    """When latent classes follow their prior: few in two of three independent lists, whatever the chains look like."""
    yield "| hidden for each observed, at most | tables | off by a factor 2 | off by 1.5 | 95 % holds | upper / lower |"
    yield "|---|---|---|---|---|---|"
    chance = np.random.default_rng(2)
    rows = []
    for replicate in range(replicates):
        progress("latent classes", replicate, replicates)
        people = int(chance.choice([2_000, 20_000]))
        table = Histories(tuple("ABC"), thin(chance, 3, people))
        believed = partial(latent_class, rhat=math.inf, ess=-1, most_hidden=math.inf)
        one = believed(table, ladders=4, rungs=5, draws=2000, most_draws=2000)
        if one.estimate is not None and one.lower is not None and one.upper is not None:
            rows.append((one.upper / table.observed - 1, people, one.lower, one.estimate, one.upper))
    values = np.array(rows).reshape(-1, 5)
    for low, high in pairwise((0, 10, 30, 100, 300, math.inf)):
        yield from rows_of(f"{low:g} to {high:g}", values[(values[:, 0] >= low) & (values[:, 0] < high), 1:])


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


def main() -> None:
    """Run the studies that are asked for."""
    named = methods_with(2, 8)
    parser = argparse.ArgumentParser(
        prog="python -m bench.coverage", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("studies", nargs="*", metavar="study", help="one or more of the above; all, if none is named")
    parser.add_argument("--replicates", type=int, metavar="N", help="tables; of `methods`, for each truth and method")
    parser.add_argument("--bootstrap", type=int, default=1000, metavar="N", help="resampled tables of a BCa, 1000")
    parser.add_argument("--draws", type=int, default=16000, metavar="N", help="most draws of latent classes, 16000")
    parser.add_argument("--truth", action="append", metavar="TITLE", help="only this: " + ", ".join(truths()))
    parser.add_argument("--method", action="append", metavar="NAME", help="only this: " + "; ".join(named))
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where `methods` writes, and goes on from")
    asked = parser.parse_args()

    def tables(quick: int) -> int:
        return quick if asked.replicates is None else int(asked.replicates)

    studies: dict[str, Callable[[], Iterator[str]]] = {
        "overlap": lambda: overlap(tables(1000)),
        "disagreement": lambda: disagreement(tables(60)),
        "multiplier": lambda: multipliers(tables(100)),
        "graphs": lambda: graphs(tables(200)),
        "classes": lambda: classes(tables(8)),
        "methods": lambda: methods(
            tables(4),
            asked.bootstrap,
            asked.draws,
            asked.keep,
            asked.truth or list(truths()),
            asked.method or list(named),
        ),
    }
    for name in asked.studies:
        if name not in studies:
            parser.error(f"there is no such study; there are {', '.join(studies)}")
    if not set(asked.truth or ()) <= set(truths()) or not set(asked.method or ()) <= set(named):
        parser.error("there is no such truth or method; --help names them")
    for name in asked.studies or studies:
        print(f"\n{name}\n")
        for row in studies[name]():
            print(row, flush=True)


if __name__ == "__main__":
    main()
