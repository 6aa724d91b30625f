"""A source of our own: records, hand-made in the recorded shape of the Tweede Kamer's open data, given out in pages."""

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from luwte.follow_up.transport import CannotImport

Values = dict[str, Any]
NULL_DATE = "0001-01-01T00:00:00Z"
DOSSIERS = {
    "28638": {"Id": "d0000000-0000-4000-8000-000000028638", "Nummer": 28638, "Toevoeging": None},
    "31015": {"Id": "d0000000-0000-4000-8000-000000031015", "Nummer": 31015, "Toevoeging": None},
}


def uuid(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012}"


def document(n: int, dossier: str = "28638", **more: Any) -> Values:
    return {
        "Id": uuid(n),
        "Soort": "Brief regering",
        "DocumentNummer": f"2021D{n:05}",
        "Titel": "Mensenhandel",
        "Onderwerp": f"Brief {n}",
        "Datum": "2021-11-17T00:00:00+01:00",
        "Volgnummer": n,
        "Aanhangselnummer": None,
        "GewijzigdOp": "2021-11-18T13:18:36.05+01:00",
        "ApiGewijzigdOp": "2021-11-18T12:18:40.9400305Z",
        "Verwijderd": False,
        "Kamerstukdossier": [DOSSIERS[dossier]],
        "Zaak": [{"Id": uuid(n + 5000), "Nummer": f"2021Z{n:05}", "Soort": "Brief regering", "Kamerstukdossier": []}],
        "DocumentActor": [{"Id": uuid(n + 6000), "ActorNaam": "N. Naam", "Functie": "staatssecretaris", "Relatie": ""}],
    } | more


def motion(n: int, **more: Any) -> Values:
    return {
        "Id": uuid(n),
        "Nummer": f"2025Z{n:05}",
        "Soort": "Motie",
        "Titel": "Mensenhandel",
        "Onderwerp": f"Motie van de leden over {n}",
        "Status": "Vrijgegeven",
        "Volgnummer": n,
        "Afgedaan": True,
        "Kabinetsappreciatie": "Oordeel Kamer",
        "GewijzigdOp": "2024-12-17T13:18:36.05+01:00",
        "ApiGewijzigdOp": "2025-12-17T12:18:40.9400305Z",
        "Verwijderd": False,
        "Kamerstukdossier": [DOSSIERS["28638"]],
        "ZaakActor": [
            {"Id": uuid(n + 1), "ActorNaam": "B. Tweede", "Relatie": "Medeindiener"},
            {"Id": uuid(n + 2), "ActorNaam": "A. Eerste", "Relatie": "Indiener"},
        ],
        "GerelateerdNaar": [],
    } | more


def decision(n: int, case: Values, **more: Any) -> Values:
    return {
        "Id": uuid(n),
        "BesluitSoort": "Stemmen - aangenomen",
        "BesluitTekst": "Aangenomen.",
        "Status": "Besluit",
        "StemmingsSoort": "Met handopsteken",
        "ApiGewijzigdOp": "2025-12-17T12:18:40Z",
        "Verwijderd": False,
        "Zaak": [{key: value for key, value in case.items() if not isinstance(value, list)}],
        "Stemming": [
            {"Id": uuid(n + 1), "Soort": "Voor", "FractieGrootte": 20, "ActorFractie": "Partij A", "Persoon_Id": None},
            {"Id": uuid(n + 2), "Soort": "Tegen", "FractieGrootte": 9, "ActorFractie": "Partij B", "Persoon_Id": None},
        ],
        "Agendapunt": {"Id": uuid(n + 3), "Activiteit": {"Id": uuid(n + 4), "Datum": "2025-12-16T00:00:00+01:00"}},
    } | more


def commitment(n: int, **more: Any) -> Values:
    return {
        "Id": uuid(n),
        "Nummer": f"TZ202603-{n}",
        "Aanmaakdatum": "2026-03-19T17:42:13.69+01:00",
        "ActiviteitNummer": "2026A01894",
        "Functie": "minister van Justitie en Veiligheid",
        "Ministerie": "Justitie en Veiligheid",
        "Status": "Openstaand",
        "DatumNakoming": NULL_DATE,
        "Tekst": "De minister stuurt een brief.",
        "ApiGewijzigdOp": "2026-03-20T10:00:00.5Z",
        "Verwijderd": False,
        "KamerbriefNakoming": [],
        "Activiteit": {"Id": uuid(n + 1), "Nummer": "2026A01894", "Datum": "2026-03-19T00:00:00+01:00"},
    } | more


class Source:
    """Answers as the register does: pages with a next link, or by `$skip`; filters of more than 100 nodes get a 400."""

    def __init__(self, *, size: int = 3, **entities: Iterable[Any]) -> None:
        self.entities = {name: list(records) for name, records in entities.items()}
        self.size = size
        self.asked: list[str] = []
        self.wrong_by = 0

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = self._matching(parts.path.rsplit("/", 1)[-1], query.get("$filter", ""))
        size = int(query.get("$top", self.size))
        at = int(query.get("$skip", query.get("$skiptoken", "0")))
        said: Values = {"@odata.context": "…/$metadata", "value": found[at : at + size]}
        said["@odata.count"] = len(found) + self.wrong_by
        if "$top" not in query and at + size < len(found):
            said["@odata.nextLink"] = re.sub("&[$]skiptoken=.*", "", unquote(url).replace(" ", "%20")) + (
                f"&$skiptoken={at + size}"
            )
        return json.dumps(said).encode()

    def _matching(self, entity: str, filter: str) -> list[Any]:
        found = self.entities.get(entity, [])
        ids = re.findall(r"Id eq ([0-9a-f-]{36})", filter)
        if ids:
            return [one for one in self.entities.get("Elsewhere", []) if one["Id"] in ids]
        if since := re.search(r"ApiGewijzigdOp ge (\S+)", filter):
            found = [one for one in found if _changed(one) >= since[1].rstrip("Z")]
        gone = "Verwijderd eq true" in filter
        return [one for one in found if not isinstance(one, dict) or gone <= (one.get("Verwijderd") is True)]


def _changed(record: Any) -> str:
    said = record.get("ApiGewijzigdOp") if isinstance(record, dict) else None
    return said if isinstance(said, str) else "9999"


class Falls:
    """Another transport that fails at the n-th request, once."""

    def __init__(self, transport: Source, at: int) -> None:
        self._transport, self._left = transport, at

    def fetch(self, url: str) -> bytes:
        self._left -= 1
        if self._left == 0:
            raise CannotImport("the line is lost")
        return self._transport.fetch(url)
