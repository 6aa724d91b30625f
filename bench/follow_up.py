"""`python -m bench.follow_up`: how fast papers are imported, and whether memory grows with their number."""

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bench.__main__ import ROOT
from bench.proc import peak
from luwte.follow_up.importing import import_tk
from luwte.follow_up.model import Document
from luwte.follow_up.store import opened

FULL = (20_000, 200_000)
QUICK = (2_000, 20_000)
PAGE = 250


class Generated:
    """A source of so many papers, each page made when it is asked for."""

    def __init__(self, papers: int) -> None:
        self._papers = papers

    def fetch(self, url: str) -> bytes:
        """One page, with a link to the next."""
        parts = urlsplit(url)
        whole = parts.path.endswith("/Document") and "Verwijderd%20eq%20true" not in url
        total = self._papers if whole else 0
        at = int(parse_qs(parts.query).get("$skiptoken", ["0"])[0])
        said: dict[str, object] = {"@odata.count": total, "value": [paper(n) for n in range(at, min(at + PAGE, total))]}
        if at + PAGE < total:
            said["@odata.nextLink"] = f"{url.partition('&$skiptoken')[0]}&$skiptoken={at + PAGE}"
        return json.dumps(said).encode()


def paper(n: int) -> dict[str, object]:
    """A letter, hand-made in the recorded shape."""
    dossier = {"Id": f"d-{n % 100}", "Nummer": 10_000 + n % 100, "Toevoeging": None}
    return {
        "Id": f"{n:08x}-0000-4000-8000-000000000000",
        "Soort": "Brief regering",
        "DocumentNummer": f"2021D{n:06}",
        "Titel": "Mensenhandel",
        "Onderwerp": f"Brief van de staatssecretaris over onderwerp {n} uit de voortgangsbrief van het programma",
        "Datum": "2021-11-17T00:00:00+01:00",
        "Volgnummer": 1 + n // 100,
        "ApiGewijzigdOp": f"2021-11-18T12:{n % 60:02}:40.9400305Z",
        "Verwijderd": False,
        "Kamerstukdossier": [dossier],
        "Zaak": [{"Id": f"z-{n}", "Nummer": f"2021Z{n:06}", "Soort": "Brief regering", "Kamerstukdossier": [dossier]}],
        "DocumentActor": [{"Id": f"a-{n}", "ActorNaam": "N. Naam", "Functie": "staatssecretaris", "Relatie": ""}],
    }


def measure(papers: int, folder: Path) -> dict[str, float]:
    """Import so many papers into a new file on disk, in this process; once more when they are all there."""
    now = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
    before = peak()
    with opened(folder / "chain.db") as store:
        first = time.perf_counter()
        import_tk(store, Generated(papers), ["28638"], now=now)
        second = time.perf_counter()
        found = import_tk(store, Generated(papers), ["28638"], now=now, since=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        third = time.perf_counter()
        assert store.count(Document) == papers
        assert found.stored == 0
    return {"seconds": second - first, "again": third - second, "mib": (peak() - before) / 2**20}


def apart(papers: int) -> dict[str, float]:
    """The same in a process of its own, whose memory is its own."""
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        command = [sys.executable, "-m", "bench.follow_up", "--alone", str(papers), folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.follow_up", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the papers")
    parser.add_argument("--alone", nargs=2, metavar=("PAPERS", "FOLDER"), help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.alone:
        print(json.dumps(measure(int(args.alone[0]), Path(args.alone[1]))))
        return 0
    print("\nImport of papers           seconds   papers/s   once more, s   memory, MiB more than at its start")
    for papers in QUICK if args.quick else FULL:
        one = apart(papers)
        speed = papers / one["seconds"]
        print(f"  {papers:>9,}{'':<16}{one['seconds']:>7.1f} {speed:>10,.0f} {one['again']:>14.1f} {one['mib']:>13.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
