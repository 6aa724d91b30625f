"""`python -m bench.disclosure`: how long tables take to make safe and to attack, how near the best, how much memory."""

import argparse
import multiprocessing
import random
import resource
import sys
import time
from dataclasses import replace
from itertools import combinations

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
    "6 linked tables, about 300 cells": (linked((6, 6, 7, 7)), 250, 2_000),
    "15 linked tables, about 2,000 cells": (linked((11, 11, 11, 11, 10, 10)), 2_500, 200),
    "8 x 15 x 12 with a hierarchy": (three_way(), 6_000, 1),
}


def people(plan: Plan, number: int) -> str:
    """Made-up people, most of them in few categories."""
    chance = random.Random(1)
    names = sorted(plan.dimensions)
    rows = [",".join(names)]
    for _ in range(number):
        picked = []
        for name in names:
            categories = plan.dimensions[name].categories
            picked += chance.choices(categories, [1 / (1 + rank) for rank in range(len(categories))])
        rows.append(",".join(picked))
    return "\n".join(rows) + "\n"


def measure(name: str, method: str) -> None:
    """One problem by one method, in a process of its own."""
    plan, number, nodes = PROBLEMS[name]
    plan = replace(plan, rules=replace(plan.rules, method=method, nodes=nodes))
    counts = count(people(plan, number), plan)
    began = time.process_time()
    try:
        made = protect(plan, counts)
    except Infeasible as error:
        print(f"{name:38} {method:12} {len(counts.of):6} cells  {time.process_time() - began:7.2f} s  {error}")
        return
    between = time.process_time()
    found = attack([made.release])
    end = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    unproved = sum(not one.proved for one in found.intervals.values())
    print(
        f"{name:38} {method:12} {len(counts.of):6} cells  protect {between - began:7.2f} s  gap {made.gap:6.2%}"
        f"  tried {made.tried:3}  attack {end - between:7.2f} s  unproved {unproved}  {memory:5.0f} MiB"
        f"  {'passed' if found.passed else 'FAILED'}",
        flush=True,
    )


def main() -> None:
    """Every problem by both methods."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="Part of a problem's name.")
    parser.add_argument("--method", default="")
    chosen = parser.parse_args()
    for name in PROBLEMS:
        for method in ("rounding", "suppression"):
            if chosen.only in name and chosen.method in method:
                process = multiprocessing.get_context("spawn").Process(target=measure, args=(name, method))
                process.start()
                process.join()
                if process.exitcode:
                    sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
