"""`luwte follow-up`: the chain of a report on the command line. No server is needed.

What only one command needs is imported in it: every other command of Luwte, and the server, loads this module, too.
"""

import datetime as dt
import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

import click
import msgspec

from luwte.errors import CannotStart
from luwte.follow_up import checking, reminding, reviewing
from luwte.follow_up.entry import enter, read_text
from luwte.follow_up.model import Commitment
from luwte.follow_up.store import Store, opened
from luwte.plumbing.files import write_whole

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, exists=True, path_type=Path)
OUT = click.Path(dir_okay=False, path_type=Path)
DAY = click.DateTime(formats=["%Y-%m-%d"])
DATABASE = "follow-up.db"

as_json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")
on_option = click.option("--on", type=DAY, help="As on this day instead of today: 2026-11-26.")


@click.group("follow-up", epilog="Example: luwte follow-up demo --out site")
@click.option(
    "--dir", "folder", default=Path("follow-up"), show_default=True, type=FOLDER, help="Where the chain is kept."
)
@click.pass_context
def follow_up(context: click.Context, folder: Path) -> None:
    """What became of a report's recommendations: who promised what, until when, and what came of it."""
    context.obj = folder


@contextmanager
def _chain(folder: Path, *, new: bool = False) -> Iterator[Store]:
    """The chain in the folder. Raises `CannotStart` when there is none and none is to be begun."""
    if new:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not (folder / DATABASE).is_file():
        raise CannotStart(f"{folder} holds no chain yet. Begin one: luwte follow-up --dir {folder} enter FILE")
    with opened(folder / DATABASE) as store:
        yield store


@follow_up.group("import")
def import_() -> None:
    """Bring in what a register holds."""


@import_.command("tk", epilog="Example: luwte follow-up import tk --dossier 28638 --dossier 31015")
@click.option("--dossier", "dossiers", multiple=True, required=True, type=click.IntRange(1, 99_999), help="Repeatable.")
@click.option("--since", type=DAY, help="What changed from this day on; otherwise since the last import.")
@click.option("--record", type=FOLDER, help="Keep every answer here, too.")
@click.option("--replay", type=FOLDER, help="Ask nobody: take the answers that were recorded here.")
@as_json_option
@click.pass_obj
def tk(
    folder: Path,
    dossiers: tuple[int, ...],
    since: dt.datetime | None,
    record: Path | None,
    replay: Path | None,
    as_json: bool,
) -> None:
    """Papers, motions and commitments of the Tweede Kamer, from its open data.

    What a machine finds is only suggested: look at it with `luwte follow-up review`. Doing it again goes on where the
    last one ended, and changes nothing twice. Source: Tweede Kamer der Staten-Generaal, opendata.tweedekamer.nl.
    """
    from luwte.follow_up.citations import citations
    from luwte.follow_up.due import filled_in
    from luwte.follow_up.importing import import_tk
    from luwte.follow_up.recesses import read_recesses
    from luwte.follow_up.suggest import suggest
    from luwte.follow_up.transport import Http, Recording, Replaying, Transport

    if record is not None and replay is not None:
        raise click.UsageError("Either --record or --replay.")
    transport: Transport = Replaying(replay) if replay is not None else Http()
    if record is not None:
        transport = Recording(transport, record)
    with _chain(folder, new=True) as store, _progress("Importing") as say:
        run = import_tk(
            store,
            transport,
            [str(dossier) for dossier in dossiers],
            since=since.replace(tzinfo=dt.UTC) if since else None,
            now=dt.datetime.now(dt.UTC),
            say=say,
            read_due=filled_in(read_recesses()),
        )
        suggested = suggest(store, citations)
    if as_json:
        click.echo(msgspec.json.encode({**msgspec.structs.asdict(run), "suggested": suggested}).decode())
        return
    click.echo(f"{run.stored} stored from {run.pages} pages; {suggested} links suggested.")
    if not run.stored and since is None and not run.since:
        click.echo("Nothing was found. Are these the numbers of dossiers?")
    for field, words in sorted(run.unknown.items()):
        _echo(f"  not known to us, kept as it came: {field}: {', '.join(words)}")


@follow_up.command("enter", epilog="Example: luwte follow-up enter promises.toml")
@click.argument("file", type=FILE)
@click.pass_obj
def enter_(folder: Path, file: Path) -> None:
    """Take in rows that a person wrote: what no register holds, such as a promise in a letter.

    All of them or none. An example is the chain of the demonstration: luwte follow-up demo --source
    """
    with _chain(folder, new=True) as store:
        click.echo(f"{enter(store, file)} rows are new or changed.")


@follow_up.command("read", epilog="Example: luwte follow-up read letter.txt --on 2021-10-04")
@click.argument("file", type=FILE)
@click.option("--on", required=True, type=DAY, help="The day of the letter: 2021-10-04.")
def read_(file: Path, on: dt.datetime) -> None:
    """What a letter answers, promises and cites, as far as a program can read it. Prints JSON; keeps nothing."""
    from luwte.follow_up.letter import read_letter
    from luwte.follow_up.recesses import read_recesses

    letter = read_letter(read_text(file), on.date(), read_recesses())
    click.echo(msgspec.json.format(msgspec.json.encode(letter), indent=2).decode())


@follow_up.command("review", epilog="Example: luwte follow-up review")
@click.option("--list", "listing", is_flag=True, help="Show what waits, and ask nothing.")
@click.option("--confirm", multiple=True, metavar="ID", help="Say yes to this link; repeatable.")
@click.option("--reject", multiple=True, metavar="ID", help="Say no to this link; repeatable.")
@click.option("--by", default=getpass.getuser, show_default="your user name", help="Who decides.")
@as_json_option
@click.pass_obj
def review(
    folder: Path, listing: bool, confirm: tuple[str, ...], reject: tuple[str, ...], by: str, as_json: bool
) -> None:
    """Look at suggested links, one at a time, and say yes or no."""
    now = dt.datetime.now(dt.UTC)
    with _chain(folder) as store:
        if confirm or reject:
            changed = reviewing.decide(store, confirm, "confirmed", by, now)
            changed += reviewing.decide(store, reject, "rejected", by, now)
            click.echo(f"{changed} decided.")
            return
        waiting = reviewing.waiting(store)
        if as_json:
            click.echo(msgspec.json.encode(waiting).decode())
            return
        if not waiting:
            click.echo("Nothing waits.")
        for number, link in enumerate(waiting, 1):
            _echo(f"\n{number} of {len(waiting)}  {link.id}\n{reviewing.question(store, link)}")
            if listing:
                continue
            answer = click.prompt("yes, no, skip, or quit", type=click.Choice(["y", "n", "s", "q"]), default="s")
            if answer == "q":
                return
            if answer in "yn":
                reviewing.decide(store, [link.id], "confirmed" if answer == "y" else "rejected", by, now)


@follow_up.command("due", epilog="Example: luwte follow-up due --on 2021-11-12")
@on_option
@as_json_option
@click.pass_obj
def due(folder: Path, on: dt.datetime | None, as_json: bool) -> None:
    """Every commitment with how it stands: kept, late, overdue, open."""
    with _chain(folder) as store:
        found = reminding.all_due(store, _day(on))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        last = one.commitment.due_to.isoformat() if one.commitment.due_to else "no date   "
        days = f" {one.standing.days} days" if one.standing.state in ("late", "overdue") else ""
        _echo(f"{last}  {one.standing.state.replace('_', ' ')}{days}  {one.commitment.id}")


@follow_up.command("remind", epilog="Example: luwte follow-up remind --since 2026-11-19 --ics due.ics")
@on_option
@click.option("--since", type=DAY, help="Also what was to be said after this day; otherwise yesterday.")
@click.option("--out", type=OUT, help="Write the text to this file instead.")
@click.option("--ics", type=OUT, help="Write a calendar of all that is due to this file, too.")
@click.option("--letter", metavar="ID", help="Instead: the draft of a letter about this commitment.")
@click.pass_obj
def remind(
    folder: Path,
    on: dt.datetime | None,
    since: dt.datetime | None,
    out: Path | None,
    ics: Path | None,
    letter: str | None,
) -> None:
    """What to be reminded of today: 30 and 7 days before a promise is due, and 1 and 30 days after."""
    today = _day(on)
    with _chain(folder) as store:
        if letter is not None:
            commitment = store.get(Commitment, letter)
            if commitment is None:
                raise CannotStart(f"There is no commitment {letter}. See: luwte follow-up due")
            text = reminding.draft(store, commitment, today)
        else:
            begin = since.date() if since else max(today, dt.date.min + dt.timedelta(days=1)) - dt.timedelta(days=1)
            text = reminding.digest(store, reminding.reminders(store, begin, today), today)
        if ics is not None:
            write_whole(ics, reminding.calendar(store, today).encode())
    if out is not None:
        write_whole(out, text.encode())
    else:
        _echo(text, nl=False)


@follow_up.command("check", epilog="Example: luwte follow-up check")
@as_json_option
@click.pass_obj
def check_(folder: Path, as_json: bool) -> None:
    """Look for claims without evidence, quotes that nobody wrote, references to nothing. Exit 1 when there is one."""
    with _chain(folder) as store:
        found = checking.check(store)
    _told(found, as_json=as_json)
    if any(one.is_wrong for one in found):
        sys.exit(1)


def _told(found: list[checking.Finding], *, as_json: bool) -> None:
    if as_json:
        told = [{"id": one.id, "code": one.code, "says": one.says, "wrong": one.is_wrong} for one in found]
        click.echo(json.dumps(told))
        return
    for one in found:
        _echo(f"{'wrong' if one.is_wrong else 'note '}  {one.code:<16} {one.id}: {one.says}")
    wrong = sum(one.is_wrong for one in found)
    click.echo(f"{wrong} wrong, {len(found) - wrong} to know.")


@follow_up.command("site", epilog="Example: luwte follow-up site --out public --url https://example.org/follow-up/")
@click.option("--out", required=True, type=FOLDER, help="A new or empty folder.")
@click.option("--url", default="", help="Where the site will be found; the feed names it.")
@on_option
@click.pass_obj
def site(folder: Path, out: Path, url: str, on: dt.datetime | None) -> None:
    """Write the public site: pages in Dutch and English, data, and a feed; no JavaScript."""
    from luwte.follow_up.site import build

    with _chain(folder) as store:
        build(store, out, _day(on), url)
    click.echo(f"Written: {out / 'index.html'}")


SOURCE = "letter_2021.toml"


@follow_up.command("demo", epilog="Example: luwte follow-up demo --out site")
@click.option("--out", type=FOLDER, help="A new or empty folder for the site.")
@click.option("--source", "show", is_flag=True, help="Print the rows that it is made of instead.")
@on_option
def demo(out: Path | None, show: bool, on: dt.datetime | None) -> None:
    """Build the site for the chain of one letter of 2021, from data that comes with Luwte."""
    from luwte.follow_up.site import build

    with as_file(files("luwte.follow_up") / "data") as data:
        if show:
            click.echo((data / SOURCE).read_text("utf-8"), nl=False)
            return
        if out is None:
            raise click.UsageError("Say where to: --out FOLDER")
        with opened(None) as store:
            enter(store, data / SOURCE)
            _told(checking.check(store), as_json=False)
            build(store, out, _day(on))
    click.echo(f"Written: {out / 'index.html'}")


def _echo(text: str, *, nl: bool = True) -> None:
    """Print what others wrote: nothing in it moves the cursor, colours the screen or turns the direction."""
    click.echo("".join(one if one.isprintable() or one == "\n" else "\ufffd" for one in text), nl=nl)


def _day(on: dt.datetime | None) -> dt.date:
    return on.date() if on is not None else dt.datetime.now().astimezone().date()


class _Said:
    """How far something is, on a terminal; in a pipe nothing."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __call__(self, done: int, expected: int | None) -> None:
        if sys.stderr.isatty():
            of = f" of {expected}" if expected else ""
            click.echo(f"\r\033[K{self._what} {done}{of}", nl=False, err=True)


@contextmanager
def _progress(what: str) -> Iterator[_Said]:
    try:
        yield _Said(what)
    finally:
        if sys.stderr.isatty():
            click.echo("\r\033[K", nl=False, err=True)
