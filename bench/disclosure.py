"""`python -m bench.disclosure`: how long tables take to make safe and to attack, how near the best, how much memory."""

import argparse
import multiprocessing
import random
import resource
import sys
import time
from dataclasses import replace
from itertools import combinations, product

from luwte.insight.disclosure import protect
from luwte.insight.disclosure.attack import attack
from luwte.insight.disclosure.data import count
from luwte.insight.disclosure.plan import Dimension, Plan, Rules, Table
from luwte.insight.disclosure.refusals import Infeasible


def a_dimension(name: str, size: int, groups: int = 0) -> Dimension:
    """A dimension of *size* categories, in *groups* when it is a hierarchy."""
    categories = tuple(f"{name}{number:02}" for number in range(size))
    parents = {one: f"{name}-g{number % groups}" for number, one in enumerate(categories)} if groups else {}
    return Dimension(name, name, categories, parents, known=True)


def linked(sizes: tuple[int, ...]) -> Plan:
    """All two-way tables of some dimensions."""
    axes = {name: a_dimension(name, size) for name, size in zip("abcdefgh", sizes, strict=False)}
    tables = tuple(Table(f"{x}-{y}", f"{x} by {y}", "all", (x, y)) for x, y in combinations(axes, 2))
    return Plan("bench", "Made up", "victim", 1, axes, tables, Rules())


def three_way() -> Plan:
    """8 by 15 by 12, one of them a hierarchy."""
    axes = {"a": a_dimension("a", 8), "b": a_dimension("b", 15, 3), "c": a_dimension("c", 12)}
    return Plan("bench", "Made up", "victim", 1, axes, (Table("abc", "Three ways", "all", ("a", "b", "c")),), Rules())


PROBLEMS = {
    "6 linked tables": (linked((6, 6, 7, 7)), 250),
    "15 linked tables": (linked((11, 11, 11, 11, 10, 10)), 2_500),
    "8 x 15 x 12 with a hierarchy": (three_way(), 6_000),
}
"""The tables, and how many people are in them."""

NODES = 200
"""Branches that a proof may take here. The three-way rounding would spend the 2,000 of a plan on less than 1 %."""


def people(plan: Plan, number: int, seed: int) -> str:
    """Made-up people, most of them in few categories."""
    chance = random.Random(seed)
    names = sorted(plan.dimensions)
    rows = [",".join(names)]
    for _ in range(number):
        picked = []
        for name in names:
            categories = plan.dimensions[name].categories
            picked += chance.choices(categories, [1 / (1 + rank) for rank in range(len(categories))])
        rows.append(",".join(picked))
    return "\n".join(rows) + "\n"


def measure(name: str, method: str, seed: int) -> None:
    """One problem by one method, in a process of its own. Seconds are of the processor, so others do not count."""
    plan, number = PROBLEMS[name]
    plan = replace(plan, rules=replace(plan.rules, method=method, nodes=NODES))
    counts = count(people(plan, number, seed), plan)
    start = f"{name:28} {method:11} {seed:2}  {len(counts.of):5} cells"
    began = time.process_time()
    try:
        made = protect(plan, counts)
    except Infeasible as error:
        print(f"{start}  {time.process_time() - began:6.1f} s  {error}", flush=True)
        return
    between = time.process_time()
    found = attack([made.release])
    end = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    unproved = sum(not one.proved for one in found.intervals.values())
    print(
        f"{start}  protect {between - began:6.1f} s  cost {made.cost:6.0f}  bound {made.bound:8.1f}"
        f"  gap {made.gap:6.2%}  tried {made.tried:3}  attack {end - between:6.1f} s  unproved {unproved}"
        f"  {memory:4.0f} MiB  {'passed' if found.passed else 'FAILED'}",
        flush=True,
    )


def main() -> None:
    """Every problem by both methods, with other people each time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="Part of a problem's name.")
    parser.add_argument("--method", default="")
    parser.add_argument("--seeds", type=int, default=3, help="How many sets of made-up people.")
    chosen = parser.parse_args()
    for name, method, seed in product(PROBLEMS, ("rounding", "suppression"), range(1, chosen.seeds + 1)):
        if chosen.only in name and chosen.method in method:
            process = multiprocessing.get_context("spawn").Process(target=measure, args=(name, method, seed))
            process.start()
            process.join()
            if process.exitcode:
                sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
