"""The `luwte` command."""

import asyncio
import contextlib
import functools
import json
import os
import re
import resource
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import uvicorn
import uvloop

from luwte import __version__, demo, housekeeping, install, recovery, settings
from luwte.app import Luwte, check_for_serving, read_secret, root_of, running, serving
from luwte.audit import actions as audit
from luwte.audit import witness
from luwte.audit.notary import KEY
from luwte.backup import actions as backups
from luwte.backup.model import SEALED_DAYS, Counts, Half, SealedCopy, read_half
from luwte.cli_estimate import estimate
from luwte.cli_recovery import recovery_
from luwte.errors import CannotStart
from luwte.follow_up.command import follow_up
from luwte.housekeeping import Request
from luwte.insight import command as insight
from luwte.line import hours as plans
from luwte.line.model import LOOK_AHEAD, Timetable, by_timetable, wall
from luwte.plumbing import clock as clocks
from luwte.plumbing import garbage, log, metrics, proxies
from luwte.plumbing import ledger as ledgers
from luwte.plumbing import listener as listening
from luwte.plumbing.clock import minute
from luwte.plumbing.copies import Say
from luwte.plumbing.db import ReadTx, look
from luwte.plumbing.migrate import KEPT, KEPT_DAYS
from luwte.settings import Settings
from luwte.staff import actions as staff
from luwte.staff import people
from luwte.staff.invitation import HOURS, code_hash, new_code, shown
from luwte.staff.roles import LEAD
from luwte.watch import actions as watching
from luwte.watch.model import GUISES, Report

LOOK_EVERY = 3600.0
"""Seconds between looks whether a demonstration's certificates last."""

WARN_DAYS = 5
"""Before the end of a certificate the doctor says so."""

WARN_ADMIN_DAYS = 30
"""The same for the team-admin key's: people with papers have to come together."""

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


LONGEST_REASON = 200
"""Characters of a reason in the audit log."""


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


main.add_command(insight.protect)
main.add_command(insight.attack)
main.add_command(estimate)
main.add_command(recovery_)
main.add_command(follow_up)


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
    listener = listening.on_port("127.0.0.1", port)
    chosen = demo.prepare(folder.resolve(), listener.getsockname()[1])
    organisation = demo.load(chosen.folder)
    _run(_demo(chosen, organisation, listener, metrics_port, as_json))


@main.command(
    epilog="Example: luwte init --dir /var/lib/luwte --organisation helpline --name Helpline --line chat"
    " --line-name Chat --origin https://chat.example.org --desk-origin https://desk.example.org"
)
@click.option("--dir", "folder", required=True, type=FOLDER, help="A new data folder, or an empty one.")
@click.option("--organisation", required=True, help="In every key and certificate: small letters, digits, hyphens.")
@click.option("--name", required=True, help='What visitors read: "a counsellor of ...".')
@click.option("--line", required=True, help="The line that visitors come to: small letters, digits, hyphens.")
@click.option("--line-name", required=True, help="What people call it.")
@click.option("--origin", "origins", required=True, multiple=True, help="An address of the visitors. May be repeated.")
@click.option("--desk-origin", "desk_origins", multiple=True, help="An address of the desk. May be repeated.")
@click.option("--listen", help="Where the proxy finds it. Default: unix:/run/luwte/luwte.sock, or the loopback origin.")
@click.option("--exit-url", default="https://www.wikipedia.org/", show_default=True, help='Where "Leave now" goes.')
@click.option("--retention-days", default=30, show_default=True, type=click.IntRange(1), help="After the last message.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {desk, invitation, data_dir}.")
def init(
    folder: Path,
    organisation: str,
    name: str,
    line: str,
    line_name: str,
    origins: tuple[str, ...],
    desk_origins: tuple[str, ...],
    listen: str | None,
    exit_url: str,
    retention_days: int,
    as_json: bool,
) -> None:
    """Make the folder of a new installation, and the invitation of its first lead.

    No key that reads is made here: the lead's browser makes them. The invitation is shown once. Exit code 0: made;
    2: not made, and nothing was changed.
    """
    log.configure()
    local = next((one for one in origins if settings.is_loopback_origin(one)), None)
    chosen = Settings(
        folder=folder.resolve(),
        organisation=organisation,
        name=name,
        line=line,
        line_name=line_name,
        origins=origins,
        listen=listen or (settings.listen_at(local) if local else "unix:/run/luwte/luwte.sock"),
        exit_url=exit_url,
        retention_days=retention_days,
        desk_origins=desk_origins or ((settings.neighbour(local),) if local else ()),
        trusted_proxies=() if local or listen else (proxies.UNIX,),
    )
    check_for_serving(chosen)
    with _progress():
        code = install.make(chosen, minute(time.time()))
    desk = f"{chosen.desk_origins[0]}/desk"
    if as_json:
        click.echo(json.dumps({"desk": desk, "invitation": shown(code), "data_dir": str(chosen.folder)}))
        return
    click.echo(
        f"Made: {chosen.folder}\n\n"
        f"  The invitation of the first lead, shown this once:  {shown(code)}\n\n"
        f"It holds for {HOURS} hours; luwte invite makes another one.\n"
        "Give it to nobody else: who has it makes the organisation's keys.\n"
        f"Next: luwte serve --dir {chosen.folder}\n"
        f'Then the lead opens {desk}, chooses "I have an invitation", and brings you root.pub.\n'
        f"Then: luwte pin root.pub --dir {chosen.folder}. Visitors come after that. See docs/runbooks/install.md."
    )


@main.command(epilog="Example: luwte invite --dir /var/lib/luwte")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {invitation}.")
def invite(folder: Path, as_json: bool) -> None:
    """Make another invitation for the first lead: the one of luwte init was lost, or is too old. It counts no more.

    Only while nobody made the organisation's keys: from then on leads invite, at their desks. Exit code 0: made;
    2: nothing was changed.
    """
    code = new_code()
    done = housekeeping.ask(settings.read(folder.resolve()), Request(invitation=code_hash(code)))
    if not done.known:
        raise CannotStart("The organisation has its lead: leads invite, at their desks. Nothing was changed.")
    if as_json:
        click.echo(json.dumps({"invitation": shown(code)}))
        return
    click.echo(f"The invitation of the first lead, shown this once:  {shown(code)}\nIt holds for {HOURS} hours.")


@main.command(
    epilog="Example: luwte pin root.pub --dir /var/lib/luwte --fingerprint '12345 67890 12345 67890 12345 67890'"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option("--fingerprint", help="The digits that the lead reads to you from the screen. Not from the file.")
@click.option(
    "--without-signature",
    is_flag=True,
    help="Pin a root that the one before did not sign, because it is lost. Nobody can tell it from a forged one: every"
    " copy of the old root elsewhere must be replaced by hand, and the digits be made known anew.",
)
def pin(file: Path, folder: Path, fingerprint: str | None, without_signature: bool) -> None:
    """Pin the root that the first lead's browser made, if its digits are those that the lead reads to you.

    A running server notices it and lets visitors come. Another root takes over from the pinned one after its file was
    imported (luwte recovery import), if the one before signed that. Exit code 0: pinned; 2: nothing was changed.
    """
    chosen = settings.read(folder.resolve())
    root = install.read_root(file)
    takeover = install.check_may_pin(chosen, root, int(time.time()))
    if takeover is not None and not takeover.is_stated and not without_signature:
        raise CannotStart(
            "The pinned root has not signed that this one takes over. If it is lost, add --without-signature: then"
            " every copy of the old root elsewhere has to be replaced by hand. Nothing was changed."
        )
    known = install.fingerprint_of(chosen, root)
    # The file's own digits are never shown: whoever sees them need not ask the lead.
    if fingerprint is None and not sys.stdin.isatty():
        raise CannotStart("Ask the lead for the digits on their screen, and give them with --fingerprint.")
    read = fingerprint if fingerprint is not None else click.prompt("The digits that the lead reads to you", err=True)
    if re.sub(r"[\s-]", "", read) != known.replace(" ", ""):
        raise CannotStart("These are other digits than the file's. Nothing was changed: find out why first.")
    recovery.succeed(chosen, root, minute(time.time()))
    if takeover is None:
        click.echo(
            "Pinned. A running server lets visitors come within seconds; one that is not running, when it starts."
        )
    else:
        click.echo(
            f"Pinned, in the place of the one before. Its digits: {known}\nPages that are open believe the old one:"
            " they say so, and are opened again. Whoever keeps a copy of the old root elsewhere takes this one."
        )


@main.command(epilog="Example: luwte serve --dir /var/lib/luwte")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder, with luwte.toml in it.")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Exact counts for this machine's own eyes.")
def serve(folder: Path, metrics_port: int | None) -> None:
    """Run the server for real visitors, behind a proxy that speaks TLS."""
    log.configure()
    chosen = settings.read(folder.resolve())
    check_for_serving(chosen)
    with listening.on_path(chosen.socket) if chosen.socket else listening.on_port(chosen.host, chosen.port) as listener:
        _run(_serve(chosen, listener, metrics_port))


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


@main.command(epilog="Example: luwte backup --dir /var/lib/luwte --out /mnt/backup/luwte-$(date +%F)")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option("--out", required=True, type=FOLDER, help="A new folder for this backup, better on another disk.")
@click.option(
    "--keys", type=FILE, help="Also write a sealed copy of the key store to this file, in its place if there."
)
@click.option("--recipient", type=FILE, help="The public half of the backup key, for --keys.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: the backup's manifest.")
def backup(folder: Path, out: Path, keys: Path | None, recipient: Path | None, as_json: bool) -> None:
    """Copy a data folder while its server runs, and check the copy.

    The backup holds no key: without the key store it opens nothing. A sealed copy of the key store goes to another
    place, for seven days at most. Exit code 0: all is well; 1: made, but the audit log was altered; 2: not made.
    """
    if (keys is None) != (recipient is None):
        raise click.UsageError("--keys and --recipient go together.")
    if keys is not None and keys.resolve().is_relative_to(out.resolve()):
        raise click.UsageError("The keys must not lie in the backup: together they open everything.")
    public = _half("public", recipient) if recipient is not None else b""
    with _progress() as say:
        made = backups.make(folder.resolve(), out.resolve(), minute(time.time()), keys=keys, recipient=public, say=say)
    if as_json:
        click.echo(json.dumps(asdict(made)))
    else:
        click.echo(f"Made and checked: {out}\nThe minute it shows: {made.made}\n{_told(made.counts)}")
        click.echo(
            "No copy of the key store was made. Without one, a lost disk is the end of every conversation: see --keys."
            if keys is None
            else f"Key store, sealed: {keys}. Keep it apart from the backup, for seven days at most.\n"
            f"Ledger of erasures: {backups.ledger_beside(keys)}. A restore wants the newest one there is."
        )
        for one in backups.expired(folder.resolve(), minute(time.time())):
            click.echo(_told_expired(one))
    _end_with_record(made.first_bad_record)


@main.command(epilog="Example: luwte restore --from /mnt/backup/luwte-2026-11-25 --dir luwte --keys mon --identity key")
@click.option("--from", "source", required=True, type=FOLDER, help="The folder that luwte backup made.")
@click.option("--dir", "folder", required=True, type=FOLDER, help="A new data folder.")
@click.option(
    "--keys",
    required=True,
    type=click.Path(path_type=Path),
    help="The sealed copy of the key store; or the old data folder, when its key store is whole.",
)
@click.option("--identity", type=FILE, help="The private half of the backup key, for a sealed copy.")
@click.option(
    "--ledger",
    type=FILE,
    help="The newest ledger of erasures, when there is a newer one than beside the sealed keys.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One line of JSON: {made, keys_made, counts, first_bad_record, erased_again, left_out}.",
)
def restore(source: Path, folder: Path, keys: Path, identity: Path | None, ledger: Path | None, as_json: bool) -> None:
    """Make a data folder anew from a backup and a key store.

    What was erased since is erased again, by the ledger of erasures. Nobody stays signed in, and the audit log says
    that it was restored. Exit code 0: all is well; 1: restored, but the audit log was altered; 2: nothing was made.
    """
    private = _half("private", identity) if identity is not None else None
    now = minute(time.time())
    with _progress() as say:
        done = backups.restore(
            source.resolve(), folder.resolve(), now, keys=keys, identity=private, newest=ledger, say=say
        )
    if as_json:
        click.echo(json.dumps(asdict(done)))
    else:
        click.echo(f"Restored and checked: {folder}\n{_told(done.counts)}")
        click.echo(f"What came after {done.made} is not in it, also when people were removed: remove them again.")
        if done.keys_made < done.made:
            click.echo(f"The keys are from {done.keys_made}: conversations that began after that are lost.")
        if done.erased_again:
            click.echo(f"Erased since then, and so once more: {done.erased_again:,} conversations.")
        if done.left_out:
            click.echo(
                f"Removed since then, and so left out: {len(done.left_out):,} accounts ({', '.join(done.left_out)})."
                " They can be invited anew."
            )
        if keys.is_dir():
            click.echo(
                f"{keys} still holds the same keys. Destroy it once all is well: what is erased here is not there."
            )
    _end_with_record(done.first_bad_record)


@main.command("backup-key", epilog="Example: luwte backup-key --out luwte-backup-key")
@click.option(
    "--out", required=True, type=FILE, help="A new file for the private half; the public one is put beside it."
)
def backup_key(out: Path) -> None:
    """Make the key to which copies of the key store are sealed. Not on the server: on another machine."""
    public = backups.make_key(out)
    click.echo(
        f"{out} is the private half. Whoever has it and the backups has everything the server has. It must never\n"
        f"lie on the server: if you made it there, destroy it and make another one elsewhere. Print it, or keep two\n"
        f"copies on sticks in two safes. If it is lost, no backup of the key store opens again.\n"
        f"{public} is the public half. Take that one to the server, for luwte backup --recipient."
    )


@main.group("audit", epilog="Example: luwte audit verify --dir /var/lib/luwte")
def audit_() -> None:
    """Look the log of who did what through, or hand it to a witness."""


@audit_.command("verify", epilog="Example: luwte audit verify --dir /var/lib/luwte --checkpoints witness.jsonl")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option(
    "--checkpoints",
    "kept",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What is kept outside: a file of luwte audit export, or one checkpoint from a desk.",
)
@click.option("--json", "as_json", is_flag=True, help="{ok, records, checkpoints, first_bad, last_bad, why, says}.")
def audit_verify(folder: Path, kept: Path | None, as_json: bool) -> None:
    """Say whether the audit log is what it was, and name the first record that is not.

    The folder alone shows what was changed by whoever could not do the sums anew. A tail cut off, and a log written
    anew from some record on, show against what somebody keeps elsewhere: --checkpoints. Exit code 0: all agrees; 1: it
    was altered; 2: something cannot be read.
    """
    chosen = settings.read(folder.resolve())
    verdict = witness.verify(chosen.folder, chosen.organisation, kept)
    says, fault = _verdict(verdict), verdict.fault
    if as_json:
        line: dict[str, object] = {"ok": verdict.ok, "records": verdict.records, "checkpoints": verdict.checkpoints}
        line |= {"first_bad": fault and fault.first, "last_bad": fault and fault.last, "why": fault and fault.why}
        click.echo(json.dumps(line | {"says": says}))
    else:
        click.echo(says)
    sys.exit(0 if verdict.ok else 1)


@audit_.command("export", epilog="Example: luwte audit export --dir /var/lib/luwte --out /mnt/witness/2026-11-26.jsonl")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option("--out", required=True, type=FILE, help="A new file, for a witness outside.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {key, records, checkpoints}.")
def audit_export(folder: Path, out: Path, as_json: bool) -> None:
    """Write all records and signed checkpoints to a file for a witness outside. That it was written is on record.

    It holds no content and no name: accounts by their id, conversations by a pseudonym. Exit code 0: written; 2: not.
    """
    chosen = settings.read(folder.resolve())
    erasures = functools.partial(ledgers.highest, chosen.folder)
    head = witness.export(chosen.folder, chosen.organisation, out.resolve(), minute(time.time()), erasures)
    if as_json:
        click.echo(json.dumps({"key": head.key, "records": head.records, "checkpoints": head.checkpoints}))
    else:
        click.echo(f"Written: {out}\n{head.records:,} records, {head.checkpoints:,} checkpoints.\nSigned by {head.key}")
        click.echo("Keep it where nobody who runs this server can change it, with the key noted apart from it.")


def _verdict(verdict: witness.Verdict) -> str:
    """What looking the log through came to, in a line for each thing."""
    lines = []
    if (fault := verdict.fault) is not None:
        where = f"record {fault.first}" if fault.first == fault.last else f"a record from {fault.first} to {fault.last}"
        lines.append(
            {
                "altered": f"The audit log was altered: {where} does not follow from the ones before.",
                "missing": f"The audit log was cut: {where} was there and is missing.",
                "rewritten": f"The audit log was rewritten: {where} is not the one that others have seen.",
            }[fault.why]
        )
    if verdict.strange:
        lines.append(f"{verdict.strange:,} checkpoints in the database are not signed by {KEY}.")
    if verdict.other_key:
        lines.append(f"The file is signed by another key than {KEY} in this folder.")
    counted = f"{verdict.records:,} records, {verdict.checkpoints:,} checkpoints."
    return "\n".join(lines) if lines else f"All agrees: {counted}"


def _half(half: Half, path: Path) -> bytes:
    return read_half(half, path.read_text(errors="replace"))


def _told(counts: Counts) -> str:
    return (
        f"{counts.conversations:,} conversations, {counts.envelopes:,} envelopes, {counts.records:,} audit records."
        f" Without a key, and so erased: {counts.without_key:,}."
    )


def _end_with_record(bad: int | None) -> None:
    if bad is not None:
        click.echo(f"luwte: {_altered(bad)}", err=True)
        sys.exit(1)


def _told_expired(copy: SealedCopy) -> str:
    return (
        f"{copy.path} holds the keys of {copy.made}, more than {SEALED_DAYS} days ago: what was erased since opens with"
        " them. Delete it."
    )


def _altered(record: int) -> str:
    return f"The audit log was altered: record {record} does not follow from the ones before."


@contextmanager
def _progress() -> Iterator[Say]:
    """Say what is going on, on a terminal; nothing in a pipe. SIGTERM stops the work as Ctrl+C does: it tidies up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    try:
        yield lambda text: click.echo(f"\r\033[K{text} ", err=True, nl=False)
    finally:
        click.echo("\r\033[K", err=True, nl=False)


@main.command(epilog="Example: luwte erase --dir /var/lib/luwte --conversation 0123...ef --reason 'order of a court'")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option("--conversation", required=True, help="Its id: 32 hexadecimal digits.")
@click.option("--reason", required=True, help="Why, for the audit log. No name, and nothing that was said.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {erased}.")
def erase(folder: Path, conversation: str, reason: str, as_json: bool) -> None:
    """Erase one conversation, whoever has it now. There is no way back.

    A visitor erases without you. When a server runs on the folder it does this, and the command waits for it. Exit
    code 0: nothing of it is in any file of the server, and within 7 days in no backup; 1: there is no such
    conversation; 2: not done.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{32}", conversation):
        raise click.BadParameter("a conversation's id is 32 hexadecimal digits.", param_hint="--conversation")
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise click.BadParameter(f"one line of at most {LONGEST_REASON} characters.", param_hint="--reason")
    log.configure()
    answer = housekeeping.ask(settings.read(folder.resolve()), Request(bytes.fromhex(conversation), reason.strip()))
    if as_json:
        click.echo(json.dumps({"erased": answer.erased}))
    elif answer.known:
        click.echo("Erased. From backups within 7 days." if answer.erased else "It was erased before.")
    if not answer.known:
        click.echo("luwte: There is no such conversation in this folder, and there was none that was erased.", err=True)
        sys.exit(1)


@main.command(epilog="Example: luwte purge --dir /var/lib/luwte")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {erased}.")
def purge(folder: Path, as_json: bool) -> None:
    """Erase all conversations whose days are over, line by line, as `retention_days` in luwte.toml says.

    A running server does this by itself every ten minutes; so this is for a folder whose server stands still, or for
    who does not want to wait.
    """
    log.configure()
    answer = housekeeping.ask(settings.read(folder.resolve()), Request())
    click.echo(json.dumps({"erased": answer.erased}) if as_json else f"Erased: {answer.erased:,} conversations.")


@main.command(epilog="Example: luwte hours --dir /var/lib/luwte")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder, with or without hours.toml.")
def hours(folder: Path) -> None:
    """Show what hours.toml means: each line now, its next changes, and the other places.

    Reads the file only: what a shift lead did by hand is not shown. A running server reads a changed file by itself.
    """
    plan = plans.read(folder.resolve())
    now = minute(clocks.system())
    for name in plan.lines or ["every line"]:
        click.echo("\n".join([f"{name}, in {plan.zone.key}:", *_changes(plan.of(name), now)]))
    for place in plan.places:
        click.echo(f"{place.name}, {place.phone}: from {place.source}, checked on {place.checked.isoformat()}")


def _changes(timetable: Timetable, now: int) -> list[str]:
    lines: list[str] = []
    status = by_timetable(timetable, now)
    for _ in range(6):
        state = "open" if status.open else "closed"
        if status.until is None:
            return [*lines, f"  {state}, and no change in the next {LOOK_AHEAD} days"]
        lines.append(f"  {state} till {wall(timetable.zone, status.until):%a %d %b %Y %H:%M}")
        status = by_timetable(timetable, status.until)
    return lines


@main.command(epilog="Example: luwte watch https://chat.example.org --every 600")
@click.argument("url")
@click.option(
    "--manifest",
    type=FILE,
    help="What to compare with: release.json of a build, or as this site served it on a good day. Default: the build"
    " of this installation.",
)
@click.option("--once", is_flag=True, help="Look once. So it is, unless --every is given.")
@click.option("--every", type=click.IntRange(1), metavar="SECONDS", help="Look again and again until it differs.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One line of JSON a look: {same, origin, version, files, differences, untold}.",
)
def watch(url: str, manifest: Path | None, once: bool, every: int | None, as_json: bool) -> None:
    """Look whether a site serves the files of a release, and the same ones to everybody.

    Asks for every page and file as several kinds of visitor do. Run it on a machine that the site's host has no say
    over, better on several. Exit code 0: the same; 1: different; 2: it cannot tell.
    """
    if once and every is not None:
        raise click.UsageError("--once and --every do not go together.")
    origin = watching.origin_of(url)
    release = watching.release(manifest.read_bytes() if manifest is not None else None)
    while True:
        report = watching.look(origin, release)
        click.echo(json.dumps(report.told()) if as_json else "\n".join(_seen(report)))
        sys.stdout.flush()
        if every is None or report.same is False:
            sys.exit({True: 0, False: 1, None: 2}[report.same])
        if report.served is not None:
            release = report.served  # from now on the organisation is known, too
        time.sleep(every)


def _seen(report: Report) -> list[str]:
    if report.same:
        return [f"{report.origin} serves release {report.version}: {report.files} files, the same to everybody."]
    if report.same is None:
        lines = [f"It cannot be told whether {report.origin} serves release {report.version}."]
    else:
        lines = [
            f"{report.origin} differs from release {report.version}. Tell its people, by another way than this site."
        ]
    for (path, what), guises in [*report.differences.items(), *report.untold.items()]:
        lines.append(f"  {path} {what} ({'everybody' if len(set(guises)) == len(GUISES) else '; '.join(guises)})")
    return lines


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


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


async def _serve(chosen: Settings, listener: socket.socket, metrics_port: int | None) -> None:
    async with running(chosen, is_demo=False) as luwte:
        if await luwte.db.read(staff.without_second_factor):
            raise CannotStart("There are accounts without a second factor. They cannot serve real visitors.")
        await _answer(luwte, listener, metrics_port, lambda: click.echo(f"Luwte answers on {chosen.listen}."))


async def _answer(luwte: Luwte, listener: socket.socket, metrics_port: int | None, ready: Callable[[], None]) -> None:
    """Answer requests until SIGINT or SIGTERM."""
    # Each visitor who waits has a socket; the soft limit of a login shell would be full with a thousand.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # What it has in memory reaches no disk by a crash, whoever started it.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    server = _Server(serving(luwte), ready, luwte.sockets.stop)
    garbage.look_less_often()
    counting = await metrics.serve(luwte.around.metrics, metrics_port) if metrics_port else None
    try:
        await server.serve(sockets=[listener])
    finally:
        if counting is not None:
            counting.close()


class _Server(uvicorn.Server):
    """Tells when it answers; asked to stop it lets every connection go, some requests are held, and ends with 0."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], leave: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        super().__init__(config)
        self._ready, self._leave = ready, leave

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say goodbye, then stop."""
        await self._leave()
        await super().shutdown(sockets)

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
        _check_pinned,
        lambda one: read_secret(one.folder),
        lambda one: plans.read(one.folder),
    ):
        try:
            check(chosen)
        except CannotStart as error:
            findings.append(str(error))
    if chosen.socket is not None and proxies.UNIX not in chosen.trusted_proxies:
        findings.append('All visitors count as one network. Set trusted_proxies = ["unix"] in luwte.toml.')
    for name in ("main.db", "keys", "secret", KEY):
        path = folder / name
        if path.exists() and path.stat().st_mode & 0o077:
            findings.append(f"{name} can be read by others. Run: chmod 600 {name}")
    for path in sorted(folder.glob(KEPT)):
        if time.time() - path.stat().st_mtime > KEPT_DAYS * demo.DAY:
            findings.append(
                f"{path.name} is from before an upgrade, {KEPT_DAYS} days ago or more, and holds what was erased since."
                " A running server deletes it by itself; delete it, if none runs."
            )
    findings += [_told_expired(one) for one in backups.expired(folder, minute(time.time()))]
    return [*findings, *_findings_in(folder / "main.db")]


def _check_pinned(chosen: Settings) -> None:
    if not root_of(chosen.folder, is_demo=False):
        raise CannotStart("No root is pinned, so no visitor can come. See luwte pin.")


def _findings_in(database: Path) -> list[str]:
    if not database.exists():
        return ["There is no database yet; the first start makes it."]
    try:
        return look(database, _look_over)
    except sqlite3.Error:
        return ["The database cannot be read."]


def _day(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).date().isoformat()


def _look_over(tx: ReadTx) -> list[str]:
    findings = []
    if alone := staff.without_second_factor(tx):
        findings.append(f"{alone} accounts have no second factor.")
    if not staff.teams(tx):
        findings.append("There is no team yet, so no visitor can start a chat.")
    for team in staff.teams(tx):
        if sum(member.role == LEAD for member in staff.members(tx, team.slug)) == 1:
            findings.append(f"Only one lead can admit people to {team.slug}. Invite a second one: a lead can be ill.")
    if people.lacks_recovery(tx):
        findings.append("The papers do not open the team-admin key yet. A lead's desk sees to it: let a lead sign in.")
    now = int(time.time())
    if (end := people.admin_ends(tx)) is not None and end < now + WARN_ADMIN_DAYS * demo.DAY:
        findings.append(
            f"The team-admin key ends on {_day(end)}; without it nobody can come. Two papers of the main key give it"
            " new days: docs/runbooks/recovery.md"
        )
    for who, end in people.ending(tx, now + WARN_DAYS * demo.DAY):
        day = _day(end)
        findings.append(f"The certificate of {who} ends on {day}. A lead's desk renews it: let a lead sign in.")
    if (bad := audit.verify(tx)) is not None:
        findings.append(_altered(bad))
    return findings
