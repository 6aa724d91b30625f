"""`python -m bench.estimate`: how long estimates take, how much memory, and that jobs change nothing.

Every figure is taken in a process of its own; CPU seconds are those of all its processes, and what to compare on a
machine that does other things as well. One thread of linear algebra each: the matrices are small, and threads that
wait for each other took twice the CPU time.
"""

import argparse
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from luwte.estimate import Histories, Result
from luwte.estimate.decomposable import decomposable
from luwte.estimate.hierarchical import TooManyModels
from luwte.estimate.latent_class import latent_class
from luwte.estimate.multiplier import multiplier
from luwte.estimate.published import PUBLISHED
from luwte.estimate.search import bic, bic_average, ranking
from luwte.estimate.stepwise import main_effects, stepwise

UK = PUBLISHED["uk_2013_5"].read()
UK6 = PUBLISHED["uk_2013_6"].read()

QUOTED = """\
For comparison, R packages on the same table (UK, five lists), as quoted: another machine, CPU seconds on two shared
cores. Two figures are two packages.
  stepwise, the estimate                                         0.11
  stepwise, BCa of 1,000 replicates                             88 and 49
  all 1,024 models                                               3.72 and 1.98
  best BIC, BCa of 100 replicates, the best 100 models only     13
  best BIC, replicates over all models                           not done by any
"""


def made_up(lists: int, people: int = 3000) -> Histories:
    """People in lists of very different sizes, some pairs of them dependent; the same for every run."""
    chance = np.random.default_rng(lists)
    members = np.arange(1, 2**lists)[:, None] >> np.arange(lists) & 1
    logs = members @ chance.uniform(-3.5, -1.5, lists)
    for _ in range(lists):
        one, other = chance.choice(lists, 2, replace=False)
        logs += chance.normal(0, 1) * members[:, one] * members[:, other]
    shares = np.exp(logs)
    return Histories(tuple("ABCDEFGH"[:lists]), chance.multinomial(people, shares / shares.sum()))


def says(result: Result) -> str:
    """A result in a line."""
    if result.estimate is None:
        return f"no estimate: {result.reasons[0]}"
    limits = "" if result.lower is None else f" ({result.lower:.0f}-{result.upper:.0f}, {result.interval})"
    return f"{result.estimate:.2f}{limits}"


def models(histories: Histories) -> str:
    """Every model of order two, fitted and ranked."""
    try:
        return f"{len(ranking(histories)):,} models"
    except TooManyModels as error:
        return f"refused: {error}"


def on(method: Callable[..., Result], histories: Histories, **settings: int) -> Callable[[int], str]:
    """A method's answer by so many jobs."""
    return lambda jobs: says(method(histories, jobs=jobs, **settings))


FIGURES: dict[str, Callable[[int], str]] = {
    "UK 5 lists, main effects, 1,000 replicates": on(main_effects, UK),
    "UK 5 lists, stepwise, no replicates": on(stepwise, UK, bootstrap=0),
    "UK 5 lists, stepwise, 1,000 replicates [aim 2 s]": on(stepwise, UK),
    "UK 5 lists, best BIC, no replicates": on(bic, UK, bootstrap=0),
    "UK 5 lists, all models": lambda jobs: models(UK),
    "UK 5 lists, best BIC, 1,000 replicates [aim 10 s]": on(bic, UK),
    "UK 5 lists, average, 1,000 replicates": on(bic_average, UK),
    "UK 5 lists, decomposable graphs": lambda jobs: says(decomposable(UK)),
    "UK 5 lists, latent classes": lambda jobs: says(latent_class(UK)),
    "a multiplier": lambda jobs: says(multiplier(250, 40, 320)),
    "UK 6 lists, decomposable graphs": lambda jobs: says(decomposable(UK6)),
    "UK 6 lists, best BIC, no replicates [aim 20 s]": on(bic, UK6, bootstrap=0),
    "UK 6 lists, best BIC of any order, no replicates": on(bic, UK6, bootstrap=0, order=6),
    "UK 6 lists, all models [aim 20 s]": lambda jobs: models(UK6),
    "UK 6 lists, stepwise, 1,000 replicates": on(stepwise, UK6),
    "UK 6 lists, best BIC, 100 replicates": on(bic, UK6, bootstrap=100),
    **{f"UK 5 lists, stepwise, {size:,} replicates": on(stepwise, UK, bootstrap=size) for size in (100, 10_000)},
    **{f"UK 5 lists, best BIC, {size:,} replicates": on(bic, UK, bootstrap=size) for size in (100, 300)},
    **{
        f"made up {lists} lists, {name}, no replicates": on(method, made_up(lists), bootstrap=0)
        for lists in range(4, 9)
        for name, method in {"stepwise": stepwise, "best BIC": bic, "average": bic_average}.items()
    },
}
"""What is measured; each answers what it found, by how many jobs it is asked."""


def measure(name: str, jobs: int, told: "multiprocessing.Queue[str]") -> None:
    """One figure, in this process."""
    began = time.perf_counter()
    answer = FIGURES[name](jobs)
    took = time.perf_counter() - began
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    memory = max(one.ru_maxrss for one in used) / 1024
    print(f"{name:50} {jobs} {took:8.2f} s {cpu:8.2f} s {memory:6.0f} MiB  {answer}", flush=True)
    told.put(answer)


def measured(name: str, jobs: int) -> str:
    """One figure, in a process of its own; what it found."""
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=measure, args=(name, jobs, told))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)
    return told.get()


def main() -> None:
    """Every figure; what has replicates by one and by two jobs, and whether they agree."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="Part of a figure's name.")
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(QUOTED)
    print(f"{'':50} jobs    time        CPU   memory (imports included)")
    for name in FIGURES:
        if asked.only in name:
            alone = measured(name, 1)
            if "000 replicates" in name and measured(name, 2) != alone:
                sys.exit("Two jobs found something else than one.")


if __name__ == "__main__":
    main()
