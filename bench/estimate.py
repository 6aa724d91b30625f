"""`python -m bench.estimate`: how long estimates take, how much memory, and that jobs change nothing."""

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

from luwte.estimate import Histories
from luwte.estimate.published import PUBLISHED
from luwte.estimate.search import bic, bic_average, ranking

UK = PUBLISHED["uk_2013_5"].read()
UK6 = PUBLISHED["uk_2013_6"].read()
KOSOVO = PUBLISHED["kosovo_1999"].read()


def made_up(lists: int, people: int = 3000) -> Histories:
    """People in lists of very different sizes, some pairs of them dependent; the same for every run."""
    chance = np.random.default_rng(lists)
    histories = np.arange(1, 2**lists)
    members = histories[:, None] >> np.arange(lists) & 1
    logs = members @ chance.uniform(-3.5, -1.5, lists)
    for _ in range(lists):
        one, other = chance.choice(lists, 2, replace=False)
        logs += chance.normal(0, 1) * members[:, one] * members[:, other]
    shares = np.exp(logs)
    return Histories(tuple("ABCDEFGH"[:lists]), chance.multinomial(people, shares / shares.sum()))


MEASURED: dict[str, Callable[[int], object]] = {
    "UK 5 lists: best of 1,024 models": lambda jobs: bic(UK, bootstrap=0),
    "UK 5 lists: all 1,024 models": lambda jobs: len(ranking(UK)),
    "UK 5 lists: best model, 1,000 replicates over all": lambda jobs: bic(UK, jobs=jobs),
    "UK 5 lists: average, 1,000 replicates over all": lambda jobs: bic_average(UK, jobs=jobs),
    "UK 6 lists: best of 32,768 models": lambda jobs: bic(UK6, bootstrap=0),
    "UK 6 lists: all 32,768 models": lambda jobs: len(ranking(UK6)),
}
"""What is measured, by how many jobs."""


def measure(name: str, jobs: int) -> None:
    """One figure, in a process of its own."""
    began = time.perf_counter()
    answer = MEASURED[name](jobs)
    took = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:52} {jobs} job  {took:8.2f} s {memory:6.0f} MiB  {answer}", flush=True)


def main() -> None:
    """Every figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="Part of a figure's name.")
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    for name in MEASURED:
        if asked.only in name:
            process = multiprocessing.get_context("spawn").Process(target=measure, args=(name, asked.jobs))
            process.start()
            process.join()
            if process.exitcode:
                sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
