"""Published tables of lists, to learn with and to test against; each says where it is from."""

import csv
from dataclasses import dataclass
from importlib.resources import files

from luwte.estimate.histories import Histories


@dataclass(frozen=True)
class Published:
    """A table that somebody published: its file here, what it is about, where it was printed, and its total."""

    file: str
    title: str
    source: str
    observed: int

    def read(self) -> Histories:
        """The capture histories."""
        text = (files("luwte.estimate") / "data" / self.file).read_text(encoding="utf-8")
        head, *rows = csv.reader(text.splitlines())
        histories = ((sum(int(bit) << at for at, bit in enumerate(row[:-1])), int(row[-1])) for row in rows)
        return Histories.of(head[:-1], histories)


UK = (
    "Silverman (2014), Modern slavery: an application of multiple systems estimation, Home Office; "
    "Silverman (2020), JRSS A 183:691-736, table 1"
)
NETHERLANDS = (
    "Van Dijk, Cruyff, Van der Heijden and Kragten-Heerdink (2017), research brief of UNODC and the Dutch National "
    "Rapporteur; Silverman (2020), JRSS A 183:691-736, table 2"
)
KOSOVO = (
    "Ball, Betts, Scheuren, Dudukovich and Asher (2002), Killings and refugee flow in Kosovo March-June 1999, AAAS and "
    "ABA/CEELI; Silverman (2020), JRSS A 183:691-736"
)

PUBLISHED = {
    "uk_2013_5": Published("uk_2013_5lists.csv", "Victims of modern slavery, UK 2013, five lists", UK, 2744),
    "uk_2013_6": Published("uk_2013_6lists.csv", "Victims of modern slavery, UK 2013, six lists", UK, 2744),
    "netherlands_2010_2015_5": Published(
        "netherlands_2010_2015_5lists.csv",
        "Victims of trafficking, Netherlands 2010-2015, five lists",
        NETHERLANDS,
        8234,
    ),
    "netherlands_2010_2015_6": Published(
        "netherlands_2010_2015_6lists.csv",
        "Victims of trafficking, Netherlands 2010-2015, six lists",
        NETHERLANDS,
        8234,
    ),
    "kosovo_1999": Published(
        "kosovo_1999_4lists.csv", "Killed in Kosovo, March to June 1999, four lists", KOSOVO, 4400
    ),
}
