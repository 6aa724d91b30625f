"""What every method's interval is worth on tables like the British one: the study `methods` of `bench.coverage`."""

import json
import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from luwte.estimate import Histories, Result
from luwte.estimate.coverage import Truth, fitted_truth, summary
from luwte.estimate.decomposable import decomposable
from luwte.estimate.latent_class import latent_class
from luwte.estimate.published import PUBLISHED
from luwte.estimate.search import bic, bic_average
from luwte.estimate.stepwise import main_effects, stepwise

UK = PUBLISHED["uk_2013_5"].read()
Key = tuple[str, str, int, int]
"""Truth, method, effort, number of the table."""
Ends = list[float | None]
"""Estimate and limits."""


def truths() -> dict[str, Truth]:
    """Populations like the British one: three models of its table, and one that no model of pairs describes."""
    models = {
        "independent lists": (),
        "the stepwise model": ("LA:NG", "NG:GP", "PFNCA:GP", "LA:PFNCA", "GO:GP", "NG:GO"),
        "the best BIC model": ("LA:NG", "LA:PFNCA", "NG:PFNCA", "NG:GP", "PFNCA:GO"),
    }
    fitted = {title: fitted_truth(UK, model) for title, model in models.items()}
    # A fifth of the people are six times as easy to find as the others, for every list; lists keep their sizes.
    people = fitted["independent lists"].people
    share = np.array([UK.within(1 << bit) for bit in range(len(UK.lists))]) / people
    inside = np.arange(2 ** len(share))[:, None] >> np.arange(len(share)) & 1
    easy, hard = (np.prod(np.where(inside == 1, by * share, 1 - by * share), axis=1) for by in (3.0, 0.5))
    return fitted | {"two kinds of people": Truth(lists=UK.lists, people=people, chances=0.2 * easy + 0.8 * hard)}


def methods_with(bootstrap: int, draws: int) -> dict[str, tuple[int, Callable[[Histories], Result]]]:
    """Every method by its name and interval, with its effort: resampled tables, or the draws it may take at most."""
    frequentist = {one.__name__: one for one in (main_effects, stepwise, bic, bic_average)}
    classes = partial(latent_class, draws=min(draws, 2000), most_draws=draws)
    return (
        {f"{name}, Wald": (0, partial(one, bootstrap=0)) for name, one in frequentist.items()}
        | {f"{name}, BCa": (bootstrap, partial(one, bootstrap=bootstrap)) for name, one in frequentist.items()}
        | {"decomposable, credible": (0, decomposable)}
        | {"latent_class, credible": (draws, classes)}
        # What the interval is worth when nobody asks whether the chains agree.
        | {"latent_class, unasked": (draws, partial(classes, rhat=math.inf, ess=-1))}
    )


def methods(
    replicates: int, bootstrap: int, draws: int, keep: Path | None, titles: list[str] | None, names: list[str] | None
) -> Iterator[str]:
    """What every method's interval is worth on tables like the British one."""
    yield (
        "| truth | people | method | resampled tables, or draws | tables | no estimate | holds | Monte Carlo error "
        "| ratio | upper / lower |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    known = dict(kept(keep)) if keep and keep.exists() else {}
    for title, truth in truths().items():
        for name, (effort, method) in methods_with(bootstrap, draws).items():
            if (titles and title not in titles) or (names and name not in names):
                continue
            for replicate in range(replicates):
                progress(f"{title}, {name}", replicate, replicates)
                key = title, name, effort, replicate
                if key not in known:
                    known[key] = one_more(truth, method, replicate)
                    if keep:
                        with keep.open("a") as file:
                            file.write(json.dumps([key, known[key]]) + "\n")
            for spent in sorted({key[2] for key in known if key[:2] == (title, name)}):
                yield line(title, truth.people, name, spent, [known[k] for k in known if k[:3] == (title, name, spent)])


def one_more(truth: Truth, method: Callable[[Histories], Result], replicate: int) -> Ends:
    """Estimate and limits of one made-up table, the same table for every method."""
    result = method(truth.draw(1, replicate))
    return [result.estimate, result.lower, result.upper]


def kept(file: Path) -> Iterator[tuple[Key, Ends]]:
    """What an earlier run wrote."""
    for row in file.read_text().splitlines():
        (title, name, effort, replicate), values = json.loads(row)
        yield (title, name, effort, replicate), values


def line(title: str, people: int, name: str, effort: int, values: list[Ends]) -> str:
    """One row of the table of methods."""
    results = [
        Result(method="stepwise", estimate=estimate, lower=lower, upper=upper) for estimate, lower, upper in values
    ]
    worth = summary(people, results)
    shares = (f"{worth.share:.1%}", f"{worth.error:.1%}", f"{worth.ratio:.2f}", f"{worth.width:.2f}")
    cells = (
        *(title, f"{people:,}", name, f"{effort:,}" if effort else "", f"{worth.replicates:,}"),
        *(str(worth.replicates - worth.answered), *(shares if worth.answered else [""] * 4)),
    )
    return f"| {' | '.join(cells)} |"


def progress(what: str, done: int, of: int) -> None:
    """Where it is, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}: {done} of {of}", end="", file=sys.stderr, flush=True)
