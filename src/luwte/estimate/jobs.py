"""One question asked of many things, by one process or several."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

from luwte.estimate.errors import BadCheck
from luwte.estimate.histories import Histories
from luwte.estimate.results import Result

Estimator = Callable[[Histories], Result]
"""A method with its settings bound. With more than one job it must be picklable: a function of a module, or a
`functools.partial` of one."""
Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""
One = TypeVar("One")
Answer = TypeVar("Answer")


def each(
    function: Callable[[One], Answer], items: Sequence[One], jobs: int = 1, progress: Progress | None = None
) -> list[Answer]:
    """Ask *function* of every item; answers in the order of the items, whatever *jobs* is.

    Processes start anew (`spawn`): a script that asks for more than one job needs the usual
    `if __name__ == "__main__":`.
    """
    answers = []
    with _answers(function, items, jobs) as coming:
        for answer in coming:
            answers.append(answer)
            if progress:
                progress(len(answers), len(items))
    return answers


@contextmanager
def _answers(function: Callable[[One], Answer], items: Sequence[One], jobs: int) -> Iterator[Iterator[Answer]]:
    """Answers in the order of the items."""
    if jobs < 1:
        raise BadCheck("There must be at least one job.")
    if jobs == 1 or len(items) < 2:
        yield map(function, items)
        return
    # A fork would copy the locks of BLAS threads as they are at that moment.
    pool = ProcessPoolExecutor(min(jobs, len(items)), mp_context=get_context("spawn"))
    try:
        yield pool.map(function, items)
    finally:
        pool.shutdown(cancel_futures=True)
