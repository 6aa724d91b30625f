"""A letter of the Dutch government that answers recommendations, read from the text of its PDF.

Everything is quoted, nothing is put into other words: each quote stands in the letter (`model.occurs`). Where a page
break with its footnotes lay between, the quote says "(…)". What is found is a suggestion for a person to judge: a
letter that does not number its recommendations gives none.
"""

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from luwte.follow_up.citations import Citation, citations
from luwte.follow_up.due import Due, read_due
from luwte.follow_up.recesses import Recesses

LEFT_OUT = " (…) "


@dataclass(frozen=True, slots=True)
class Answered:
    """One recommendation as the letter gives it, and what the letter says to it."""

    number: int
    quote: str
    response: str
    """Empty when the letter only names it."""


@dataclass(frozen=True, slots=True)
class Footnote:
    """A footnote, and the sentence that carries its mark; empty when no mark was found."""

    number: int
    text: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Cited:
    """A paper that the letter names; `citation.start` is its place in the letter as it was given."""

    citation: Citation
    footnote: int | None
    """The footnote that it stands in; None: in the text itself."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A sentence that promises, when that falls due, and the recommendation in whose answer it stands."""

    quote: str
    due: Due | None
    recommendation: int | None


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says, in its own words."""

    date: dt.date
    text: str
    """Without footnotes, addresses and page numbers; one line a paragraph, joined over page breaks."""
    recommendations: tuple[Answered, ...]
    footnotes: tuple[Footnote, ...]
    citations: tuple[Cited, ...]
    promises: tuple[Promise, ...]


def read_letter(text: str, date: dt.date, recesses: Recesses) -> Letter:
    """Read a letter of this day. Any text is read; of one that is no letter nothing may be found."""
    lines = _lines(text)
    notes = _notes(lines, text)
    body = _body(lines, {at for note in notes for at in range(note.first_line, note.last_line + 1)})
    sentences = _sentences(body)
    parts = _parts(body, sentences)
    return Letter(
        date,
        body.text,
        tuple(Answered(part.number, body.quote(*part.asked), body.quote(*part.answer)) for part in parts),
        tuple(_footnotes(notes, text, body, sentences)),
        tuple(_cited(text, notes)),
        tuple(_promises(body, sentences, parts, date, recesses)),
    )


# lines, pages, footnotes

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    """Its place in the letter, without the white space around it."""
    text: str

    @property
    def furniture(self) -> bool:
        """Whether it is an address or a page number by itself."""
        return bool(_FURNITURE.fullmatch(self.text))


@dataclass(frozen=True, slots=True)
class _Note:
    number: int
    start: int
    end: int
    first_line: int
    last_line: int


_FURNITURE = re.compile(
    r"(?:https?://|www\.)\S{1,200}|(?:Pagina|Blz\.?|p\.) ?\d{1,3}(?: ?(?:van|/) ?\d{1,3})?|-? ?\d{1,3} ?-?"
    r"|\d{1,3} ?(?:van|/) ?\d{1,3}",
    re.IGNORECASE,
)
_ADDRESS = ("http", "www.")
_SUPERSCRIPT = str.maketrans("¹²³⁴⁵⁶⁷⁸⁹⁰", "1234567890")
_NOTE = re.compile(r"\[?(\d{1,3})\]?\s{1,20}(?=[^\W\d_]|\d{2}\s?\d{3})")
_SOURCE = re.compile(
    r"(?:Kamerstuk|TK\b|Tweede Kamer|Aanhangsel|Handelingen|Zie\b|Raadpleegbaar|Te raadplegen|https?:|www\.|Idem|Ibid"
    r"|Stb\.|Stcrt\.|\d{2}\s?\d{3})",
    re.IGNORECASE,
)
_MARK = re.compile(r"(?<=[^\W\d_])[.,;:!?)\"'\u2019\u201d]{0,3}\[?(?P<number>\d{1,3})\]?(?![\w/-])(?![.,]\d)")
_ENDS = re.compile(r"[.!?:][\"'\u2019\u201d)]{0,2}(?:\[?[\d¹²³⁴⁵⁶⁷⁸⁹⁰]{1,3}\]?)?$")


_ORDINALS = {
    word: n
    for n, word in enumerate(
        (
            *("eerste", "tweede", "derde", "vierde", "vijfde", "zesde"),
            *("zevende", "achtste", "negende", "tiende", "elfde", "twaalfde"),
        ),
        1,
    )
}
_LABEL = re.compile(
    rf"(?:Aanbeveling|Advies)\s{{1,3}}(?:nr\.\s{{0,3}})?(?P<number>\d{{1,2}}|[IVX]{{1,4}}|{'|'.join(_ORDINALS)})\b"
    r"(?P<colon>\s?[.:)\u2013-])?\s{0,3}",
    re.IGNORECASE,
)


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    at = 0
    for raw in text.splitlines(keepends=True):
        stripped = raw.strip()
        start = at + len(raw) - len(raw.lstrip())
        at += len(raw)
        lines.append(_Line(start, start + len(stripped), stripped))
        if raw.endswith("\f"):
            lines.append(_Line(at, at, ""))
    return lines


def _notes(lines: Sequence[_Line], text: str) -> list[_Note]:
    """Lines that begin with the next number, stand under an empty line or name a source, and have a mark in the letter.

    What follows belongs to them, until an empty line or the next one.
    """
    marks = {int(match["number"]) for match in _MARK.finditer(text.translate(_SUPERSCRIPT))}
    notes: list[_Note] = []
    before = "gap"
    for at, line in enumerate(lines):
        if not line.text:
            before = "gap"
            continue
        match = _NOTE.match(line.text.translate(_SUPERSCRIPT))
        number = int(match[1]) if match else 0
        last = notes[-1].number if notes else 0
        if (
            match
            and last < number <= last + 3
            and number in marks
            and (before != "text" or _SOURCE.match(line.text, match.end()))
        ):
            notes.append(_Note(number, line.start + match.end(), line.end, at, at))
            before = "note"
        elif before == "note" and (line.text.startswith(_ADDRESS) or not line.furniture):
            notes[-1] = replace(notes[-1], end=line.end, last_line=at)
        else:
            before = "gap" if line.furniture else "text"
    return notes


# the text itself


@dataclass(frozen=True, slots=True)
class _Body:
    text: str
    paragraphs: tuple[Span, ...]
    gaps: tuple[int, ...]
    """Where something was left out: places in `text` between two words, in order."""

    def quote(self, start: int, end: int) -> str:
        """These words as they stand in the letter."""
        bounds = [start, *self.gaps[bisect_right(self.gaps, start) :], end]
        pieces = (self.text[a : min(b, end)].strip() for a, b in pairwise(bounds) if a < end)
        return LEFT_OUT.join(piece.replace("\n\n", " ") for piece in pieces if piece)

    def paragraph(self, at: int) -> int:
        """Which paragraph holds this place."""
        return bisect_right(self.paragraphs, (at, len(self.text) + 1)) - 1


def _body(lines: Sequence[_Line], left_out: set[int]) -> _Body:
    """Lines joined to paragraphs; a page break in the middle of one ends nothing."""
    widths = sorted(len(line.text) for line in lines if len(line.text) > 40)
    short = widths[len(widths) // 2] * 0.6 if widths else 0
    pieces: list[str] = []
    starts: list[int] = [0]
    gaps: list[int] = []
    at, last, empty, gap = 0, "", False, False
    for n, line in enumerate(lines):
        if not line.text or n in left_out or line.furniture:
            empty = empty or not line.text
            gap = gap or bool(line.text)
            continue
        if last:
            head = len(last) < short and _is_head(last) and line.text[0].isupper()
            torn = gap and not _ENDS.search(last) and not _TEN.match(line.text)
            label = _LABEL.match(line.text)
            head = head or (label is not None and bool(label["colon"] or label.end() == len(line.text)))
            new = head or ((empty or gap) and not torn and not (gap and line.text[0].islower()))
            pieces.append("\n\n" if new else " ")
            if gap:
                gaps.append(at)
            at += len(pieces[-1])
            if new:
                starts.append(at)
        elif gap:
            gaps.append(0)
        pieces.append(line.text)
        at += len(line.text)
        last, empty, gap = line.text, False, False
    ends = [start - 2 for start in starts[1:]] + [at]
    return _Body("".join(pieces), tuple(zip(starts, ends, strict=True)) if at else (), tuple(gaps))


def _is_head(text: str) -> bool:
    """Whether a line or a paragraph looks like a heading."""
    return len(text) <= 80 and text[0].isupper() and (text[-1].isalnum() or text[-1] in ")?")


_BOUNDARY = re.compile(
    r"[.!?][\"'\u2019\u201d)]{0,2}(?:\[?[\d¹²³⁴⁵⁶⁷⁸⁹⁰]{1,3}\]?)?\s{1,3}(?=[\"'\u2018\u201c(\[]{0,2}(?P<next>[A-ZÀ-Þ0-9]))"
)
_NEVER = frozenset(
    [
        "nr.",
        "nrs.",
        "mr.",
        "dr.",
        "drs.",
        "prof.",
        "ing.",
        "ir.",
        "art.",
        "stb.",
        "stcrt.",
        "bijv.",
        "o.a.",
        "m.n.",
        "dhr.",
        "mw.",
        "mevr.",
        "ca.",
        "p.",
        "blz.",
        "vgl.",
        "resp.",
        "d.d.",
        "dd.",
        "t.a.v.",
        "zgn.",
        "i.c.",
        "no.",
    ]
)
_SELDOM = frozenset(["jl.", "j.l.", "ll.", "c.s.", "a.s.", "e.d.", "etc.", "enz.", "e.v."])
"""Short for something, and at the end of a sentence now and then: there a word with a capital follows."""
_INITIALS = re.compile(r"(?:[A-Z]\.){1,4}")


def _sentences(body: _Body) -> list[Span]:
    sentences: list[Span] = []
    for start, end in body.paragraphs:
        begin = start
        for match in _BOUNDARY.finditer(body.text, start, end):
            word = re.split(r"[\s(]", body.text[max(begin, match.start() - 20) : match.start() + 1])[-1]
            capital = match["next"].isalpha() and body.text[match.end()].isalpha()
            short = word.lower() in _NEVER or _INITIALS.fullmatch(word) or (word.lower() in _SELDOM and not capital)
            counts = body.text[begin : min(match.start(), begin + 3)].isdecimal() and match.start() - begin <= 2
            if not short and not counts:
                sentences.append((begin, match.end()))
                begin = match.end()
        if begin < end:
            sentences.append((begin, end))
    return sentences


# recommendations and their answers


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    asked: Span
    answer: Span


_ROMAN = {word: n for n, word in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"), 1)}
_ORDINAL = rf"(?P<number>{'|'.join(_ORDINALS)}|\d{{1,2}}e)"
_ASKS = re.compile(
    r"\b(?:beveelt|bevelen|raadt|raden|adviseert|adviseren|bepleit|pleit|verzoekt|vraagt|roept|aanbevolen|geadviseerd"
    r"|aanbeveling|advies|aanbeveelt|aanraadt)\b",
    re.IGNORECASE,
)
_TEN = re.compile(rf"(?:Ten|Als)\s{{1,3}}{_ORDINAL}\b", re.IGNORECASE)
_THE = re.compile(
    rf"(?:(?:In|Met|Bij|Over|Ten aanzien van|Wat betreft)\s{{1,3}})?(?:De|Het|Uw|Zijn|Haar)\s{{1,3}}{_ORDINAL}\s{{1,3}}"
    r"(?:aanbeveling|advies)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?P<number>\d{1,2})[.)]\s{1,3}")
_LAST = re.compile(r"(?:Tot\s{1,3}slot|Ten\s{1,3}slotte|Tenslotte|Als\s{1,3}laatste)\b", re.IGNORECASE)
_SIGNED = re.compile(
    r"Hoogachtend|Met vriendelijke groet|(?:Mede namens )?de (?:minister|staatssecretaris)\b[^.]{0,150},", re.IGNORECASE
)


def _parts(body: _Body, sentences: Sequence[Span]) -> list[_Part]:
    """Where each recommendation begins, and its answer ends: at the next one, or at the letter's last words."""
    begins: list[tuple[int, int, Span]] = []
    for at, sentence in enumerate(sentences):
        found = _asked(body, sentences, at, begins[-1][0] if begins else 0)
        if found is not None:
            begins.append((found[0], sentence[0], found[1]))
    parts: list[_Part] = []
    for n, (number, start, asked) in enumerate(begins):
        following = begins[n + 1][1] if n + 1 < len(begins) else None
        end = _end(body, sentences, start, asked[1], following)
        parts.append(_Part(number, asked, (asked[1], max(asked[1], end))))
    return parts


def _asked(body: _Body, sentences: Sequence[Span], at: int, last: int) -> tuple[int, Span] | None:
    """The number of the recommendation that this sentence begins, and its words."""
    start, end = sentences[at]
    said = body.text[start:end]
    opens = body.paragraphs[body.paragraph(start)][0] == start
    if (match := _LABEL.match(said)) and (match["colon"] or opens):
        if match.end() == len(said.rstrip()) or not said[match.end() :].strip():
            asked = sentences[at + 1] if at + 1 < len(sentences) else (start, end)
        else:
            begins = start + match.end() if match["colon"] or said[match.end()].isupper() else start
            asked = (begins, end)
    elif match := _THE.match(said):
        asked = (start, end)
        if (
            at + 1 < len(sentences)
            and opens
            and re.search(r"\b(?:beveelt|raadt|adviseert)\b", _said(body, sentences[at + 1]))
        ):
            asked = (start, sentences[at + 1][1])
    elif ((match := _TEN.match(said)) or (opens and (match := _COUNTED.match(said)))) and _ASKS.search(said):
        asked = (start, end)
    elif opens and last and _LAST.match(said) and re.search(r"\b(?:beveelt|raadt|adviseert)\b", said):
        return last + 1, (start, end)
    else:
        return None
    word = match["number"].lower()
    number = _ORDINALS.get(word) or _ROMAN.get(word) or int(re.sub(r"\D", "", word) or 0)
    return (number, asked) if number > last else None


def _said(body: _Body, span: Span) -> str:
    return body.text[span[0] : span[1]]


def _end(body: _Body, sentences: Sequence[Span], start: int, asked: int, following: int | None) -> int:
    own = body.paragraph(max(start, asked - 1))
    if following is not None:
        last = body.paragraph(following - 1)
        while last > own and _is_head(_said(body, body.paragraphs[last])) and body.paragraphs[last][1] < following:
            last -= 1
        return min(following, body.paragraphs[last][1])
    last = own
    for n in range(own + 1, len(body.paragraphs)):
        said = _said(body, body.paragraphs[n])
        signed = len(said) <= 250 and not _ENDS.search(said) and _SIGNED.match(said)
        if signed:
            return body.paragraphs[last - 1 if last > own and _is_farewell(body, sentences, last) else last][1]
        if _is_head(said):
            break
        last = n
    return body.paragraphs[last][1]


def _is_farewell(body: _Body, sentences: Sequence[Span], paragraph: int) -> bool:
    """Whether the paragraph above the signature answers nothing: two sentences at most, no source, no promise."""
    start, end = body.paragraphs[paragraph]
    inside = sentences[bisect_right(sentences, (start, -1)) : bisect_right(sentences, (end, -1))]
    said = body.text[start:end]
    cites = _MARK.search(said) or citations(said) or "aanbeveling" in said.lower()
    return len(inside) <= 2 and not cites and not any(_promises_something(_said(body, one)) for one in inside)


# footnotes, papers, promises


def _footnotes(notes: Sequence[_Note], text: str, body: _Body, sentences: Sequence[Span]) -> Iterator[Footnote]:
    places: dict[int, list[int]] = {}
    for match in _MARK.finditer(body.text.translate(_SUPERSCRIPT)):
        places.setdefault(int(match["number"]), []).append(match.start("number"))
    last = -1
    for note in notes:
        after = [at for at in places.get(note.number, []) if at > last]
        # "CO2" and "Q3" look like marks; where there is another place, that is the mark
        at = next((at for at in after if not body.text[at - 1].isupper()), after[0] if after else None)
        sentence = ""
        if at is not None:
            last = at
            sentence = body.quote(*sentences[bisect_right(sentences, (at, len(body.text) + 1)) - 1])
        yield Footnote(note.number, " ".join(text[note.start : note.end].split()), sentence)


def _cited(text: str, notes: Sequence[_Note]) -> Iterator[Cited]:
    """Each footnote by itself, and what lies between: so nothing is read across the edge of a footnote."""
    at = 0
    for note in notes:
        yield from _cited_in(text, at, note.start, None)
        yield from _cited_in(text, note.start, note.end, note.number)
        at = note.end
    yield from _cited_in(text, at, len(text), None)


def _cited_in(text: str, start: int, end: int, footnote: int | None) -> Iterator[Cited]:
    for one in citations(text[start:end]):
        yield Cited(replace(one, start=start + one.start), footnote)


_TELLS = frozenset(
    [
        "informeren",
        "berichten",
        "sturen",
        "toesturen",
        "toezenden",
        "zenden",
        "terugkomen",
        "verslag",
        "rapporteren",
        "toekomen",
        "aanbieden",
        "voorleggen",
        "hoogte",
        "ontvangen",
    ]
)
_TELL = frozenset(["informeer", "bericht", "stuur", "rapporteer", "zend"])
_TOLD = frozenset(
    [
        "geïnformeerd",
        "gestuurd",
        "toegestuurd",
        "toegezonden",
        "aangeboden",
        "verzonden",
        "gezonden",
        "gedeeld",
        "bericht",
    ]
)
_WHO = frozenset(["ik", "wij", "we", "u", "kamer", "kabinet", "minister", "staatssecretaris"])
_YOU = frozenset(["u", "uw", "kamer"])
_PAST = frozenset(["heb", "hebben", "heeft", "had"])


def _promises_something(sentence: str) -> bool:
    """Whether a sentence promises to tell, to send or to do; by its words, in any order, as Dutch moves them about."""
    words = frozenset(re.findall(r"\w{1,30}", sentence.lower()))
    if words & {"zal", "zullen", "zult"} and words & _WHO and (words & _TELLS or {"alles", "werk", "stellen"} <= words):
        return True
    if "ontvangt" in words and words & _YOU:
        return True
    if "ik" in words and (
        (words & _TELL and words & _YOU)
        or {"kom", "terug"} <= words
        or {"zeg", "toe"} <= words
        or {"houd", "hoogte"} <= words
        or "beloof" in words
        or (words & {"streef", "verwacht"} and words & _TELLS)
    ):
        return True
    return bool(words & {"wordt", "worden"} and words & _TOLD and words & _YOU and not words & _PAST)


def _promises(
    body: _Body, sentences: Sequence[Span], parts: Sequence[_Part], date: dt.date, recesses: Recesses
) -> Iterator[Promise]:
    for start, end in sentences:
        said = body.text[start:end]
        if _promises_something(said):
            within = next((part.number for part in parts if part.answer[0] <= start < part.answer[1]), None)
            yield Promise(body.quote(start, end), read_due(said, date, recesses), within)
