"""`luwte protect` and `luwte attack`."""

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from luwte.errors import CannotStart
from luwte.plumbing.files import new_folder, write_whole

if TYPE_CHECKING:
    from luwte.insight.disclosure.attack import Finding

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


def _check_installed() -> None:
    if any(importlib.util.find_spec(name) is None for name in ("numpy", "highspy")):
        raise CannotStart("This command needs a solver. Run: pip install 'luwte[insight]'")


@click.command(epilog="Example: luwte protect victims.csv --plan plan.toml --out release-2026 --against release-2025")
@click.argument("data", required=False, type=FILE)
@click.option("--plan", "plan_file", type=FILE, help="What is declared before anybody looks at a figure.")
@click.option("--out", type=FOLDER, help="A new folder for the release.")
@click.option("--against", multiple=True, type=FOLDER, help="An earlier release, oldest first. May be repeated.")
@click.option("--example", is_flag=True, help="Print a plan to begin with, and do nothing else.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON: the attestation, and what stays in the house.")
def protect(
    data: Path | None, plan_file: Path | None, out: Path | None, against: tuple[Path, ...], example: bool, as_json: bool
) -> None:
    """A plan is a short file that declares which tables to publish and what must stay in doubt; --example writes one.

    Makes linked tables safe, by rounding or by leaving cells out, and then attacks them together with all earlier
    releases. Exit code 0: safe and written; 1: the attack got through, so only its attestation is
    written; 2: not done.
    """
    from luwte.insight.disclosure.plan import EXAMPLE, read_plan

    if example:
        click.echo(EXAMPLE, nl=False)
        return
    if data is None or plan_file is None or out is None:
        raise click.UsageError("Give DATA.csv, --plan and --out. See luwte protect --example for a plan.")
    _check_installed()
    from luwte.insight.disclosure import protect as protected
    from luwte.insight.disclosure import release as files
    from luwte.insight.disclosure.attack import attack as attacked
    from luwte.insight.disclosure.data import read_data

    plan = read_plan(plan_file)
    earlier = [files.read_release(folder) for folder in against]
    made = protected(plan, read_data(data, plan), earlier)
    releases = [*earlier, made.release]
    found = attacked(releases)
    inputs = {"plan": plan_file.read_bytes()} | {
        f"against/{one.plan.id}": (at / files.TABLES).read_bytes() for one, at in zip(earlier, against, strict=True)
    }
    gap = round(made.gap, 6)
    attested = files.attestation(releases, found, inputs, method=plan.rules.method, gap=gap)
    with new_folder(out) as folder:
        for name, content in files.files(made.release, whole=found.whole).items() if found.passed else ():
            write_whole(folder / name, content)
        write_whole(folder / files.ATTESTATION, attested)
    inside = None
    if as_json:
        # Only for the house, so only on its terminal: with few possible counts, whoever tries them all could confirm
        # the true ones by a hash of the data; and the cost is a sum of true changes, with one cell its value.
        inputs |= {"data": data.read_bytes()}
        effort = {"gap": gap, "cost": made.cost, "bound": made.bound}
        inside = files.attestation(releases, found, inputs, method=plan.rules.method, **effort)
    _say(found, inside)


@click.command(epilog="Example: luwte attack release-2024 release-2025 release-2026")
@click.argument("folders", metavar="DIR [DIR ...]", nargs=-1, required=True, type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="The attestation as one line of JSON.")
def attack(folders: tuple[Path, ...], as_json: bool) -> None:
    """Try to work out small numbers from releases, together, as somebody outside would.

    Needs nothing but what was published. Exit code 0: enough stays in doubt; 1: something can be worked out;
    2: not done.
    """
    _check_installed()
    from luwte.insight.disclosure import release as files
    from luwte.insight.disclosure.attack import attack as attacked

    releases = [files.read_release(folder) for folder in folders]
    found = attacked(releases)
    inputs = {one.plan.id: (at / files.TABLES).read_bytes() for one, at in zip(releases, folders, strict=True)}
    attested = files.attestation(releases, found, inputs)
    _say(found, attested if as_json else None)


def _say(found: "Finding", attested: bytes | None) -> None:
    from luwte.insight.disclosure.page import NOT_TRIED
    from luwte.insight.disclosure.release import told

    if attested is not None:
        click.echo(json.dumps(json.loads(attested), sort_keys=True))
    elif not found.passed:
        click.echo("\n".join(["Not safe:", *(told(one) for one in found.leaks)]))
    elif found.whole:
        click.echo("Safe: nobody can work out a small number.")
    else:
        click.echo(f"Safe: nobody can work out a small number by adding and subtracting.\n{NOT_TRIED}")
    if not found.passed:
        raise SystemExit(1)
