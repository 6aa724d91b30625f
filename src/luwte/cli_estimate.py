"""`luwte estimate`: how many there are whom no list has, by all methods at once."""

import importlib.util
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, cast

import click

from luwte.errors import CannotStart
from luwte.plumbing.files import check_replaceable, unfinished, write_whole

if TYPE_CHECKING:
    from luwte.estimate.coverage import Coverage
    from luwte.estimate.methods import Effort
    from luwte.estimate.report import Report
    from luwte.estimate.results import Method, Result

FILE = click.Path(dir_okay=False, path_type=Path)
COUNT = click.IntRange(0, 10**12)
METHODS = ("main_effects", "stepwise", "bic", "bic_average", "decomposable", "latent_class", "multiplier")
"""Said here as well: the library needs NumPy to be asked, and --help must not."""
DRAWINGS = (".svg", ".png")
EASY = 5
"""Lists with few enough models to try them all in every resampled table."""
BEARABLE = 8
"""With more lists the curve of models alone takes minutes."""


@click.command(epilog="Example: luwte estimate lists.csv --bootstrap 1000 --page estimate.html --plot curve.svg")
@click.argument("data", type=FILE)
@click.option("--method", "methods", multiple=True, type=click.Choice(METHODS), help="May be repeated. Default: all.")
@click.option("--lists", help="The columns that are lists, with commas between. Default: those of 0 and 1 alone.")
@click.option("--by", multiple=True, help="A column whose values are estimated one by one and added. May be repeated.")
@click.option(
    "--bootstrap", default=1000, show_default=True, type=click.IntRange(0, 100_000), help="0: Wald limits only."
)
@click.option("--level", default=0.95, show_default=True, type=click.FloatRange(0.5, 0.999), help="Of every interval.")
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, 2**32 - 1), help="The same seed, the same result."
)
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes. No result depends on it."
)
@click.option(
    "--coverage",
    default=0,
    show_default=True,
    type=click.IntRange(0, 10_000),
    help="Tables to draw from models of this one, to see how often the intervals would be right. Takes long.",
)
@click.option("--registered", type=COUNT, help="For the multiplier: how many victims a register holds.")
@click.option("--said", type=COUNT, help="How many in the chat said that they are in it.")
@click.option("--asked", type=COUNT, help="How many in the chat were asked.")
@click.option("--page", "page_file", type=FILE, help="Write all of it as one accessible HTML file.")
@click.option(
    "--plot",
    "plot_file",
    type=FILE,
    help="Draw the specification curve: FILE.svg, or FILE.png with the fonts of this machine.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def estimate(
    data: Path,
    methods: tuple[str, ...],
    lists: str | None,
    by: tuple[str, ...],
    bootstrap: int,
    level: float,
    seed: int,
    jobs: int,
    coverage: int,
    registered: int | None,
    said: int | None,
    asked: int | None,
    page_file: Path | None,
    plot_file: Path | None,
    as_json: bool,
) -> None:
    """Estimate how many people there are whom no list has, from lists that partly hold the same people.

    DATA.csv has a column for every list, 1 for those in it and 0 for others. Each row is one person, or, with a
    column named "count", as many as it says. Other columns are left out, unless --by names them.

    No method is right alone, so all of them are shown. One that cannot be believed says "no estimate", with its
    reasons. Exit code 0: done, also without an estimate; 2: the input cannot be used.
    """
    if any(importlib.util.find_spec(name) is None for name in ("numpy", "scipy")):
        raise CannotStart("This command needs NumPy and SciPy. Run: pip install 'luwte[estimate]'")
    from luwte.estimate.data import read_histories
    from luwte.estimate.errors import EstimateError
    from luwte.estimate.methods import Chat, Effort
    from luwte.estimate.report import estimate_all

    numbers = _numbers(registered, said, asked)
    if "multiplier" in methods and not numbers:
        raise click.UsageError("The multiplier needs --registered, --said and --asked.")
    _check_writable(data, page_file, plot_file)
    try:
        chat = Chat(registered=numbers[0], said=numbers[1], asked=numbers[2]) if numbers else None
        if chat is not None and methods:
            methods = (*methods, "multiplier")
        effort = Effort(level=level, bootstrap=bootstrap, seed=seed, jobs=jobs, chat=chat, coverage=coverage)
        found = read_histories(data, lists=_named(lists), by=by)
        watched = _watched()
        if watched and (slow := _slow(len(found.whole.lists), methods, effort)):
            click.echo(slow, err=True)
        with (
            _ending_together(),
            click.progressbar(
                length=1000, label="Estimating", file=sys.stderr, hidden=not watched, item_show_func=lambda name: name
            ) as bar,
        ):

            def progress(done: int, of: int, name: str) -> None:
                new = name != bar.current_item
                bar.update(done * 1000 // of - bar.pos, name)
                if new:
                    bar.render_progress()

            report = estimate_all(
                found.strata,
                cast("tuple[Method, ...]", methods) or None,
                effort=effort,
                notes=found.notes,
                progress=progress,
            )
        # The one even if the other fails: minutes of work must not be lost because a disk is full or a pipe closed.
        try:
            click.echo(json.dumps(report.to_json(), allow_nan=False) if as_json else "\n".join(_told(report)))
        finally:
            _write(report, page_file, plot_file)
    except EstimateError as error:
        raise CannotStart(str(error)) from None


def _watched() -> bool:
    """Whether somebody sees what goes to stderr; a process may have been started without one."""
    return sys.stderr is not None and sys.stderr.isatty()


def _slow(lists: int, methods: tuple[str, ...], effort: "Effort") -> str | None:
    """What will take long, and how to do without."""
    every = not methods or {"bic", "bic_average"} & set(methods)
    if effort.coverage:
        return "The drawn tables take as long as all methods, once for each table. Fewer: --coverage 20."
    if every and effort.bootstrap and lists > EASY:
        return (
            f"With {lists} lists, bic and bic_average try very many models in each of {effort.bootstrap:,} resampled "
            "tables. That takes minutes or more. A first look: --bootstrap 0."
        )
    if lists > BEARABLE:
        return f"With {lists} lists there are so many models that their curve alone can take minutes."
    return None


@contextmanager
def _ending_together() -> Iterator[None]:
    """When this process is stopped, so are those that it started: without it they would wait for ever."""

    def stop(number: int, _: FrameType | None) -> None:
        for process in multiprocessing.active_children():
            process.kill()
        if _watched():
            # The bar hides the cursor, and nobody else would show it again.
            os.write(sys.stderr.fileno(), b"\x1b[?25h\n")
        os._exit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _named(lists: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in lists.split(",")) if lists else ()


def _numbers(*given: int | None) -> list[int]:
    numbers = [number for number in given if number is not None]
    if 0 < len(numbers) < len(given):
        raise click.UsageError("The multiplier needs --registered, --said and --asked together.")
    return numbers


def _check_writable(data: Path, page_file: Path | None, plot_file: Path | None) -> None:
    """Before minutes of work, not after."""
    if plot_file is not None and plot_file.suffix.lower() not in DRAWINGS:
        raise click.UsageError("A plot is FILE.svg or FILE.png.")
    if plot_file is not None and plot_file.suffix.lower() == ".png" and importlib.util.find_spec("resvg_py") is None:
        raise CannotStart("A PNG needs a renderer. Run: pip install 'luwte[estimate]', or choose .svg")
    places = [data.resolve()]
    for file in (page_file, plot_file):
        if file is None:
            continue
        if not file.parent.is_dir():
            raise CannotStart(f"There is no folder for {file.name}.")
        if not os.access(file.parent, os.W_OK):
            raise CannotStart(f"{file.name} cannot be written in this folder.")
        check_replaceable(file)
        if not {file.resolve(), unfinished(file).resolve()}.isdisjoint(places):
            raise CannotStart(f"{file.name} would be written over something that is needed.")
        places.append(file.resolve())


def _write(report: "Report", page_file: Path | None, plot_file: Path | None) -> None:
    from luwte.report.estimate.page import page
    from luwte.report.estimate.plot import curve_drawing, png_file, svg_file

    if plot_file is not None:
        drawing = curve_drawing(report.observed, report.curve)
        write_whole(plot_file, svg_file(drawing) if plot_file.suffix.lower() == ".svg" else png_file(drawing))
    if page_file is not None:
        write_whole(page_file, page(report).encode())


def _told(report: "Report") -> list[str]:
    lists = f"{len(report.lists)} list{'s' if len(report.lists) > 1 else ''}"
    lines = [f"{report.observed:,} people are on {lists}: {', '.join(report.lists)}.", ""]
    width = max(len(one.method) for one in report.results)
    lines += [f"{one.method:<{width}}  {_figure(one)}" for one in report.results]
    if report.span is not None:
        lines += [
            "",
            "People in all, those on the lists included. The methods assume different things: --page says what.",
        ]
    for one in report.strata:
        groups = [("/".join(key), report.people[key], found) for key, found in one.strata.items()]
        groups.append(("together", report.observed, one.total))
        wide = max(len(name) for name, _, _ in groups)
        lines += ["", f"{one.total.method} by {' and '.join(one.covariates)}, people on the lists and in all:"]
        lines += [f"  {name:<{wide}}  {people:>9,}  {_figure(result)}" for name, people, result in groups]
        lines += [f"  {name}: {says}" for name, _, result in groups for says in result.reasons]
    for truth, many in groupby(report.coverage, key=lambda one: one.truth):
        lines += ["", f"If the model of {truth} were true, intervals hold the truth:"]
        lines += [f"  {one.method:<{width}}  {_held(one.coverage)}" for one in many]
    lines += [f"Warning: {says}" for says in report.warnings]
    lines += [f"{report.who(methods, str)}: {says}" for methods, said in report.reasons().items() for says in said]
    return [*lines, *report.notes]


def _held(one: "Coverage") -> str:
    silent = one.replicates - one.answered
    without = f", {silent:,} without an interval" if silent else ""
    return f"{one.held:,} of {one.answered:,}{without}"


def _figure(result: "Result") -> str:
    if result.estimate is None:
        return "no estimate"
    between = (
        f"{result.lower:,.0f} - {result.upper:,.0f}"
        if result.lower is not None and result.upper is not None
        else "no interval"
    )
    kind = f"{100 * result.level:g}% {result.interval}" if result.interval else ""
    return f"{result.estimate:>12,.0f}  {between:>22}  {kind:<16}  {' '.join(result.model)}".rstrip()
