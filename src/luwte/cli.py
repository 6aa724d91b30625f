"""The `luwte` command."""

import asyncio
import contextlib
import errno
import json
import os
import resource
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import click
import uvicorn
import uvloop

from luwte import __version__, demo, settings
from luwte.app import Luwte, check_for_serving, pinned_root, read_secret, running, serving
from luwte.audit import actions as audit
from luwte.errors import CannotStart
from luwte.plumbing import garbage, log, metrics
from luwte.plumbing.db import ReadTx, look
from luwte.plumbing.http import let_go_of_the_deaf
from luwte.settings import Settings
from luwte.staff import actions as staff

LOOK_EVERY = 3600.0
"""Seconds between looks whether a demonstration's certificates last."""

FOLDER = click.Path(file_okay=False, path_type=Path)


class Command(click.Group):
    """Says what is wrong in one plain line and exits with 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line."""
        try:
            return super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.exceptions.Exit as end:
            sys.exit(end.exit_code)
        except click.exceptions.NoArgsIsHelpError:
            line = "A command is missing. See luwte --help."
        except click.ClickException as error:
            line = error.format_message()
        except click.Abort:
            sys.exit(130)
        except CannotStart as error:
            line = str(error)
        except sqlite3.DatabaseError:
            line = "main.db cannot be read. It may be damaged: restore it from its backup."
        except OSError as error:
            line = f"{error.strerror or 'The system refused'}: {error.filename or 'an address or a file'}"
        click.echo(f"luwte: {line}", err=True)
        sys.exit(2)


@click.group(cls=Command, epilog="Example: luwte demo --port 8000")
@click.version_option(__version__, prog_name="luwte")
def main() -> None:
    """An anonymous help chat whose server cannot read along."""
    os.umask(0o077)


@main.command("demo", epilog="Example: luwte demo --port 8000 --dir demo-data")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--dir", "folder", default=Path("demo-data"), show_default=True, type=FOLDER, help="Made when missing.")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Exact counts for this machine's own eyes.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON once the server answers.")
def demo_(port: int, folder: Path, metrics_port: int | None, as_json: bool) -> None:
    """Run a demonstration organisation on this machine.

    Makes its keys and accounts in the folder at the first run and finds them again at the next. For trying out only:
    the keys are made on the server, so nobody in need may be sent here.
    """
    log.configure()
    listener = _listen("127.0.0.1", port)
    chosen = demo.prepare(folder.resolve(), listener.getsockname()[1])
    organisation = demo.load(chosen.folder)
    _run(_demo(chosen, organisation, listener, metrics_port, as_json))


@main.command(epilog="Example: luwte serve --dir /var/lib/luwte")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder, with luwte.toml in it.")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Exact counts for this machine's own eyes.")
def serve(folder: Path, metrics_port: int | None) -> None:
    """Run the server for real visitors, behind a proxy that speaks TLS."""
    log.configure()
    chosen = settings.read(folder.resolve())
    check_for_serving(chosen)
    _run(_serve(chosen, metrics_port))


@main.command(epilog="Example: luwte doctor --dir demo-data")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {ok, findings}.")
def doctor(folder: Path, as_json: bool) -> None:
    """Look a folder over and say what is missing before real visitors may come.

    Exit code 0: nothing; 1: something; 2: its settings cannot be read.
    """
    findings = _findings(settings.read(folder.resolve()))
    if as_json:
        click.echo(json.dumps({"ok": not findings, "findings": findings}))
    else:
        click.echo("\n".join(findings) or "Nothing is missing.")
    sys.exit(1 if findings else 0)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), port))
    except OSError as error:
        listener.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else "cannot be used"
        raise CannotStart(f"Port {port} {why}. Choose another one.") from None
    let_go_of_the_deaf(listener)
    return listener


async def _demo(
    chosen: Settings, organisation: demo.Organisation, listener: socket.socket, metrics_port: int | None, as_json: bool
) -> None:
    async with running(chosen, is_demo=True) as luwte:
        await _admit_all(luwte, organisation)
        renewing = asyncio.create_task(keep_renewing(luwte, organisation))
        try:
            await _answer(luwte, listener, metrics_port, lambda: _introduce(chosen, organisation, as_json))
        finally:
            renewing.cancel()


async def keep_renewing(luwte: Luwte, organisation: demo.Organisation) -> None:
    """Renew a demonstration's certificates in time, for as long as it runs.

    Looks often, as a machine that slept has missed its days; what goes wrong once is tried again.
    """
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await _admit_all(luwte, organisation)
        except Exception as error:
            log.trouble("renewal", error)


async def _admit_all(luwte: Luwte, organisation: demo.Organisation) -> None:
    await demo.admit_all(luwte.db, luwte.keys, organisation, int(luwte.around.clock()))
    await luwte.reload_teams()


def _introduce(chosen: Settings, organisation: demo.Organisation, as_json: bool) -> None:
    accounts = demo.accounts(organisation)
    visitor, desk = f"{chosen.origins[0]}/", f"{chosen.origins[0]}/desk"
    if as_json:
        line = {"visitor": visitor, "desk": desk, "data_dir": str(chosen.folder), "accounts": accounts}
        click.echo(json.dumps(line))
        return
    click.echo(
        f"\nLuwte, a demonstration on this machine. Not for people in need: its keys were made on the server.\n\n"
        f"  The visitor's page   {visitor}\n"
        f"  The desk             {desk}\n"
        f"  Everything is in     {chosen.folder}\n\n"
        f"Accounts (a passphrase only, no second factor):\n"
    )
    for one in accounts:
        click.echo(f"  {one['name']:<8} {one['role']:<12} {one['passphrase']}")
    click.echo(
        "\nTry: open the visitor's page in one browser and press Start chat; sign in at the desk in another,\n"
        "press Take, and talk. Then sign out at the desk and take over as a colleague. Stop with Ctrl+C.\n"
    )


async def _serve(chosen: Settings, metrics_port: int | None) -> None:
    listener = _listen(chosen.host, chosen.port)
    async with running(chosen, is_demo=False) as luwte:
        if await luwte.db.read(staff.without_second_factor):
            raise CannotStart("There are accounts without a second factor. They cannot serve real visitors.")
        await _answer(luwte, listener, metrics_port, lambda: click.echo(f"Luwte answers on {chosen.listen}."))


async def _answer(luwte: Luwte, listener: socket.socket, metrics_port: int | None, ready: Callable[[], None]) -> None:
    """Answer requests until SIGINT or SIGTERM."""
    # Each visitor who waits has a socket; the soft limit of a login shell would be full with a thousand.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = _Server(serving(luwte), ready)
    garbage.look_less_often()
    counting = await metrics.serve(luwte.around.metrics, metrics_port) if metrics_port else None
    try:
        await server.serve(sockets=[listener])
    finally:
        if counting is not None:
            counting.close()


class _Server(uvicorn.Server):
    """Tells when it answers, and ends with 0 when it is asked to."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then say so."""
        await super().startup(sockets)
        with contextlib.suppress(BrokenPipeError):
            self._ready()
            sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal. uvicorn would raise it once more at the end, before everything is closed."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield


def _findings(chosen: Settings) -> list[str]:
    """What is missing in its folder. Changes nothing: a server may be running on it."""
    folder, findings = chosen.folder, []
    for check in (
        check_for_serving,
        lambda one: pinned_root(one.folder, is_demo=False),
        lambda one: read_secret(one.folder),
    ):
        try:
            check(chosen)
        except CannotStart as error:
            findings.append(str(error))
    for name in ("main.db", "keys", "secret"):
        path = folder / name
        if path.exists() and path.stat().st_mode & 0o077:
            findings.append(f"{name} can be read by others. Run: chmod 600 {name}")
    return [*findings, *_findings_in(folder / "main.db")]


def _findings_in(database: Path) -> list[str]:
    if not database.exists():
        return ["There is no database yet; the first start makes it."]
    try:
        return look(database, _look_over)
    except sqlite3.Error:
        return ["The database cannot be read."]


def _look_over(tx: ReadTx) -> list[str]:
    findings = []
    if alone := staff.without_second_factor(tx):
        findings.append(f"{alone} accounts have no second factor.")
    if not staff.teams(tx):
        findings.append("There is no team yet, so no visitor can start a chat.")
    if (bad := audit.verify(tx)) is not None:
        findings.append(f"The audit log was altered: record {bad} does not follow from the ones before.")
    return findings
