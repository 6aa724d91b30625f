"""Parliamentary papers that a text names: "Kamerstuk 28 638, nr. 205". What is found is a suggestion: texts err.

A number that is not said to be one ("nr.") is never taken for a paper. Of two dossiers that share one number ("28 638
en 31 015, nr. 206") only the one beside the number is read: whose number it is the text does not say.

Every repetition in the pattern has an upper bound, so a place in a text costs at most a constant: no text is slow.
"""

import re
from dataclasses import dataclass

MOST_IN_A_RANGE = 50
"""A wider range ("nrs. 1 t/m 900") is taken for its two ends."""

_GAP = r"[\s\u200b\u2060]{0,4}"
"""Where a line breaks, or a thin or no-break space stands, or nothing at all."""

_YEARS = r"(?:19|20)\d\d[-/\u2010-\u2013](?:(?:19|20)\d\d|\d\d)"
_DASH = r"[-\u2010-\u2013]"
_DOSSIER = rf"\d{{2}}(?:[.]|{_GAP})\d{{3}}(?!\d)"
_NUMBER = rf"\d{{1,4}}(?!\d)(?!{_DASH}\w)"
_RANGE = rf"\d{{1,4}}{_GAP}(?:t/m|tot{_GAP}en{_GAP}met|{_DASH}){_GAP}{_NUMBER}"
_MORE = rf"(?:{_GAP},{_GAP}en\b{_GAP}|{_GAP}(?:,|;|\ben\b|&){_GAP})"

PATTERN = re.compile(
    rf"""
    (?: \b(?:Kamerstuk(?:ken)?|TK|Kst\.?|Tweede{_GAP}Kamer)\b
        (?:{_GAP},?{_GAP}\b(?:II|nrs?\.)(?!\w))?
        (?:{_GAP},?{_GAP}(?:vergaderjaar{_GAP})?{_YEARS})?
        {_GAP}[,:;-]?{_GAP}
      | (?<![\w.,-])(?<!\d\s)(?:{_YEARS}{_GAP},?{_GAP})?
    )
    (?P<dossier>{_DOSSIER})
    (?: {_GAP}{_DASH}?{_GAP} (?P<addition>(?-i:[IVX]{{1,5}}[AB]?|[A-J]))(?!\w) )?
    {_GAP},?{_GAP}
    (?: (?:nrs|nummers)\b\.?{_GAP}
        (?P<many>(?:{_RANGE}|{_NUMBER}) (?:{_MORE}(?:nrs?\b\.?{_GAP})?(?!{_DOSSIER})(?:{_RANGE}|{_NUMBER})){{0,40}})
      | (?:nr|nummer|no)\b\.?{_GAP}
        (?P<one>{_NUMBER} (?:{_MORE}nr\b\.?{_GAP}{_NUMBER}){{0,40}})
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ITEM = re.compile(rf"({_RANGE})|(\d{{1,4}})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Citation:
    """One paper that a text names: the text, from *start* on, says *quote*."""

    dossier: str
    addition: str
    number: int
    quote: str
    start: int


def citations(text: str) -> list[Citation]:
    """The papers that *text* names, in its order; those of one list ("nrs. 164 en 176") share one quote."""
    return [
        Citation(re.sub(r"\D", "", match["dossier"]), match["addition"] or "", number, match[0], match.start())
        for match in PATTERN.finditer(text)
        for number in _numbers(match["many"] or match["one"])
    ]


def _numbers(said: str) -> list[int]:
    numbers: list[int] = []
    for item in _ITEM.finditer(said):
        if item[1]:
            first, last = (int(part) for part in re.findall(r"\d+", item[1]))
            wide = not first <= last <= first + MOST_IN_A_RANGE
            numbers += [first, last] if wide else range(first, last + 1)
        else:
            numbers.append(int(item[2]))
    return numbers
