"""`luwte recovery`: the operator's part when keys come back from paper. The papers never come near this machine."""

import json
import time
from pathlib import Path

import click

from luwte import recovery, settings
from luwte.plumbing.clock import minute
from luwte.staff.invitation import HOURS, shown
from luwte.staff.papers import Admit, Answer, Renew

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("recovery", epilog="Example: luwte recovery export --dir /var/lib/luwte --out recovery.json")
def recovery_() -> None:
    """Bring keys back from paper, with a page that works without a network. See docs/runbooks/recovery.md."""


@recovery_.command("page", epilog="Example: luwte recovery page --out recovery.html")
@click.option("--out", required=True, type=FILE, help="A file for a stick.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {sha256}.")
def page(out: Path, as_json: bool) -> None:
    """Write the page that takes the papers. It is one file, and works without a network.

    Better from another machine than the server, of the same release. Exit code 0: written; 2: not.
    """
    digest = recovery.page(out.resolve())
    if as_json:
        click.echo(json.dumps({"sha256": digest}))
    else:
        click.echo(f"Written: {out}\nSHA-256: {digest}\nOpen it on a computer that is cut off from every network.")


@recovery_.command("invite", epilog="Example: luwte recovery invite --dir /var/lib/luwte")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {desk, invitation}.")
def invite(folder: Path, as_json: bool) -> None:
    """Invite a new shift lead, when no lead is left who can. Shown once; the one before counts no more.

    On record. Whoever has the code waits, and opens nothing until two people with papers let them in. Exit code 0:
    made; 2: nothing was changed.
    """
    chosen = settings.read(folder.resolve())
    code = shown(recovery.invite(chosen, minute(time.time())))
    desk = f"{chosen.desk_origins[0]}/desk" if chosen.desk_origins else ""
    if as_json:
        click.echo(json.dumps({"desk": desk, "invitation": code}))
    else:
        click.echo(
            f"The invitation of a new shift lead, shown this once:  {code}\nIt holds for {HOURS} hours. They open"
            f' {desk} and choose "I have an invitation". When they see digits: luwte recovery export.'
        )


@recovery_.command("export", epilog="Example: luwte recovery export --dir /var/lib/luwte --out recovery.json")
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option("--out", required=True, type=FILE, help="A file for a stick.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {teams, epochs, applicants, admin_key}.")
def export(folder: Path, out: Path, as_json: bool) -> None:
    """Write what the page needs besides the papers: public keys, certificates, and keys wrapped to the recovery key.

    Nothing in it opens without two papers. Exit code 0: written; 2: not.
    """
    made = recovery.export(settings.read(folder.resolve()), out.resolve())
    epochs = sum(len(team.wraps) for team in made.teams)
    if as_json:
        line = {"teams": len(made.teams), "epochs": epochs, "applicants": len(made.applicants)}
        click.echo(json.dumps(line | {"admin_key": made.admin_wrap is not None}))
        return
    click.echo(f"Written: {out}\n{epochs} team keys, {len(made.applicants)} who joined as a lead and wait.")
    if made.admin_wrap is None:
        click.echo("The team-admin key is not in it: no lead has signed in since this version. No lead can be let in.")


@recovery_.command("import", epilog="Example: luwte recovery import admission.json --dir /var/lib/luwte")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dir", "folder", required=True, type=FOLDER, help="The data folder; its server may go on.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: {deed, new}.")
def import_(file: Path, folder: Path, as_json: bool) -> None:
    """Store what the page made, if it fits the pinned root and what is stored: all of it or nothing. On record.

    Doing it again changes nothing. Exit code 0: stored; 2: refused, and nothing was changed.
    """
    answer, is_new = recovery.take_in(settings.read(folder.resolve()), file, int(time.time()))
    if as_json:
        click.echo(json.dumps({"deed": answer.__struct_config__.tag, "new": is_new}))
    else:
        click.echo(_told(answer) if is_new else "It was stored before. Nothing was changed.")


def _told(answer: Answer) -> str:
    if isinstance(answer, Admit):
        return (
            "Stored: the new shift lead can sign in, and reads what the team wrote. Whoever lost everything is still a"
            " member: the lead removes them, in Colleagues."
        )
    if isinstance(answer, Renew):
        return "Stored: the team-admin key has new days."
    return "Stored, and nothing has changed yet. Now: luwte pin root.pub, with the digits that the page showed."
