"""When a promise in a letter of the Dutch government falls due: "begin november", "voor het zomerreces".

A rule reads one kind of phrase into a first and a last day. Its name goes with what it read, so that a person can
judge it, and so does how sure it is. That is a judgement, not a measurement:

    0.95  day               a day of the calendar ("uiterlijk 1 maart 2022", "op 3 mei")
    0.9   part_of_month     begin, medio, eind: day 1-10, 11-20, 21 and on; weeks and halves of a month
    0.9   month, quarter, half_year, within ("binnen zes weken"), next_week, next_month: the words leave no choice
    0.9   recess, summer    when the parliament's own pages give the dates; 0.8 when somebody copied them;
                            after a recess: the sittings until the next one
    0.8   year              "in 2022", "dit jaar"
    0.8   prinsjesdag       the third Tuesday of September (Constitution, article 65; a law may set an earlier day)
    0.8   christmas, new_year
    0.7   part_of_year      begin: January to March, medio: May to August, eind: October to December; usage, not a rule
    0.6   season            the longest that any calendar gives it: from the first day of the meteorological one to the
                            last day of the astronomical one, so that nobody is called late by a choice of calendar
    0.6   in_time           "over twee maanden": a month from that day, or a week for weeks; "over" can mean "about"
    0.4   yearly, times_a_year   the first time, counted from the letter; it may have been counted from elsewhere
    0.3   awaits            no date, but something that has one, or had: "de volgende voortgangsbrief" (`depends_on`)
    0.1   vague             "zo spoedig mogelijk", "op korte termijn": no date at all
    0.0                     a recess whose dates nobody has: the rule's name, no date

Before the name stands before_, by_, after_ or from_ when the phrase says so ("uiterlijk eind mei": by_part_of_month).
Halved when the year is a guess and more than half a year ahead: "in oktober" in a letter of 4 November is then rather
the October that was, unless it says "uiterlijk" or "voor". Without an end (after_, from_) never more than 0.5.

The year is the letter's, or the next one in which the phrase is not over yet. A range never begins before the letter;
one that ended before it promises nothing and is not read, and neither is "1 juli jl." or "de brief van 11 januari".

What is read does not depend on white space or case. Repetition in the patterns has upper bounds: no text is slow.
"""

import calendar
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from luwte.follow_up.model import Commitment
from luwte.follow_up.recesses import Recess, Recesses

FAR = 183
"""Days after which a year that nobody named is doubted."""

SURE = 0.5
"""A phrase of this confidence, or more, is taken before an earlier one of less."""


@dataclass(frozen=True, slots=True)
class Due:
    """The first and the last day on which something was promised, as far as the words tell."""

    start: dt.date | None
    end: dt.date | None
    rule: str
    confidence: float
    depends_on: str = ""
    """What it waits for when it names no day."""
    phrase: str = field(default="", compare=False)
    """The words that were read, with single spaces."""


def read_due(text: str, letter: dt.date, recesses: Recesses) -> Due | None:
    """When what *text*, a sentence of a letter of this day, promises falls due; None when it does not say.

    Of several phrases the first one of which a rule is `SURE`; else the first one with a date; else the first one. So
    "jaarlijks, uiterlijk 1 mei" is May, and "zo spoedig mogelijk, uiterlijk in maart" is March.
    """
    return min(read_all(text, letter, recesses), key=_worse, default=None)


def filled_in(recesses: Recesses) -> Callable[[Commitment], Commitment]:
    """What reads when a commitment is due out of its own words; the day on which it was made must be known."""

    def fill(commitment: Commitment) -> Commitment:
        due = read_due(commitment.quote, commitment.made_on, recesses) if commitment.made_on is not None else None
        if due is None:
            return commitment
        return msgspec.structs.replace(
            commitment,
            due_text=due.phrase,
            due_from=due.start,
            due_to=due.end,
            due_rule=due.rule,
            due_confidence=due.confidence,
            depends_on=commitment.depends_on or due.depends_on,
        )

    return fill


def read_all(text: str, letter: dt.date, recesses: Recesses) -> list[Due]:
    """Every phrase that a rule reads, in the order of the text."""
    plain = re.sub(r"\s+", " ", text)
    found = [(match, read) for pattern, read in RULES for match in pattern.finditer(plain)]
    found.sort(key=lambda one: (one[0].start(), -one[0].end()))
    dues: list[Due] = []
    taken = 0
    for match, read in found:
        if match.start() < taken:
            continue
        taken = match.end()
        if _PAST_AFTER.match(plain, taken) or _PAST_BEFORE.search(plain[max(0, match.start() - 16) : match.start()]):
            continue
        try:
            due = read(match, letter, recesses)
        except (ValueError, OverflowError):
            continue  # 31 april, or a year that the calendar does not have
        if due is not None:
            dues.append(Due(due.start, due.end, due.rule, due.confidence, due.depends_on, match[0].strip()))
    return dues


def _worse(due: Due) -> int:
    if due.start is None and due.end is None:
        return 2
    return 0 if due.confidence >= SURE else 1


# the words

_MONTHS = (
    *("januari", "februari", "maart", "april", "mei", "juni"),
    *("juli", "augustus", "september", "oktober", "november", "december"),
)
_ORDINALS = {"eerste": 1, "tweede": 2, "derde": 3, "vierde": 4, "1e": 1, "2e": 2, "3e": 3, "4e": 4, "laatste": -1}
_COUNTS = {"een": 1, "één": 1, "e\u0301e\u0301n": 1, "twee": 2, "drie": 3, "vier": 4, "vijf": 5, "zes": 6, "zeven": 7}
_COUNTS |= {"acht": 8, "negen": 9, "tien": 10, "elf": 11, "twaalf": 12, "dertien": 13, "veertien": 14}
_SEASONS = {
    "voorjaar": ((3, 1), (6, 20)),
    "lente": ((3, 1), (6, 20)),
    "zomer": ((6, 1), (9, 20)),
    "najaar": ((9, 1), (12, 20)),
    "herfst": ((9, 1), (12, 20)),
    "winter": ((12, 1), (3, 20)),
}
_FEASTS = {
    "prinsjesdag": ("prinsjesdag", None),
    "kerst": ("christmas", ((12, 25), (12, 26))),
    "kerstmis": ("christmas", ((12, 25), (12, 26))),
    "jaarwisseling": ("new_year", ((12, 31), (12, 31))),
}


def _any(words: Sequence[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_FOR = "v(?:o\u0301?|ó){2}r"
_MONTH = _any(_MONTHS)
_WEEKDAY = _any(["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"])
_NAMED = r"20\d\d(?![-/\u2013]?\d)"
_SOME_YEAR = rf"(?:{_NAMED}|(?:dit|volgende?|komende?) (?:kalender)?jaar)(?!\w)"
_THE_YEAR = rf"(?:{_SOME_YEAR}|het (?:kalender)?jaar(?!\w))"
_START = r"(?<![\w/-])"
_LIMIT = (
    rf"(?:(?:(?:nog|ruim|kort|direct|vlak|snel|uiterlijk|in ieder geval) ){{0,2}}"
    rf"(?P<limit>{_FOR}|voorafgaand aan|na|vanaf|met ingang van) |(?P<by>uiterlijk|ten laatste|tot en met) )?"
)
_FILL = (
    rf"(?P<fill>(?:(?:in|op|aan|rond|omstreeks|tijdens|gedurende|met|per|nog|later|de|het|dit|deze|volgende?|komende?"
    rf"|aanstaande|maand|loop van|{_WEEKDAY}) ){{0,4}})"
)
_PART = (
    r"(?P<part>begin|medio|halverwege|half|einde?|ultimo|loop|(?:eerste|tweede) (?:jaar)?helft"
    r"|(?:eerste|tweede|derde|vierde|laatste) week)"
)
_OF = r"(?: van)?(?: de| het)?(?: maand)?"

_WHAT = "|".join(
    (
        r"(?P<recess>zomer|kerst|herfst|voorjaars|mei|verkiezings)(?:-|- | )?reces",
        rf"(?P<day>\d{{1,2}})(?:e|ste|de)? (?P<day_month>{_MONTH})",
        r"(?P<d>\d{1,2})[-/](?P<m>\d{1,2})[-/](?P<y>20\d\d)",
        rf"(?P<month>{_MONTH})(?: ?(?:/|-|\u2013| en | of | tot en met ) ?(?P<to_month>{_MONTH}))?",
        r"(?P<ordinal>eerste|tweede|derde|vierde|laatste|[1-4]e) kwartaal",
        r"(?:[QK]|kwartaal )(?P<number>[1-4])",
        rf"(?P<season>{_any(list(_SEASONS))})",
        rf"(?P<feast>{_any(list(_FEASTS))})",
    )
)
_UNIT = rf"{_START}{_LIMIT}{_FILL}(?:{_PART}{_OF} )?(?:{_WHAT})(?!\w)(?:(?: van| in|,)? (?P<year>{_SOME_YEAR}))?"
_YEAR = rf"{_START}{_LIMIT}{_FILL}(?:{_PART}(?: van)? (?P<part_year>{_THE_YEAR})|(?P<year>{_SOME_YEAR}))"
_COUNT = rf"(?P<n>\d{{1,3}}|anderhalf|{_any(list(_COUNTS))})"
_SPAN = r"(?P<unit>werkdag(?:en)?|dag(?:en)?|we(?:ek|ken)|maand(?:en)?|kwarta(?:al|len)|half ?jaar|jaar)(?!\w)"
_ABOUT = r"(?: een termijn van| een periode van| nu en| maximaal| hooguit| uiterlijk| circa| ongeveer| ten hoogste)?"
_WITHIN = (
    rf"{_START}(?:(?P<within>binnen|uiterlijk over|uiterlijk binnen|(?:in )?de komende)|over){_ABOUT} {_COUNT} {_SPAN}"
    r"(?P<of>,? na (?!dagtekening|heden|vandaag|nu\b)(?:(?:de|het|een|deze|dit) )?[\w-]{1,40}"
    r"(?: van (?:(?:de|het|een|deze|dit) )?[\w-]{1,40})?)?"
)
_NEXT = rf"{_START}(?P<which>volgende|komende|aanstaande|deze) (?P<unit>week|maand)(?!\w)"
_OFTEN = (
    rf"{_START}(?:(?P<word>halfjaarlijks|jaarlijks|maandelijks|elk jaar|ieder jaar|elk half ?jaar|ieder half ?jaar"
    rf"|(?:elk|ieder|per) kwartaal)|(?P<times>{_any(list(_COUNTS))}|\d{{1,2}})(?:maal| ?keer| ?x) (?:per|in het) jaar)"
    r"(?!\w)"
)
_AWAITS = (
    r"(?<!\w)(?:(?:de|het|mijn|onze|een|die|deze|dit) )(?:volgende?|eerstvolgende?|eerder ?genoemde?|genoemde?"
    r"|bovengenoemde?|voornoemde?|toegezegde?|aangekondigde?|komende?|aanstaande) (?:[\w-]{1,40} ){0,2}?[\w-]{0,40}"
    r"(?:brief|rapportage|monitor|evaluatie|begroting|debat|overleg|bericht|actieplan|plan van aanpak)(?!\w)"
)
_VAGUE = (
    r"(?<!\w)(?:zo (?:spoedig|snel|vlug) (?:als )?mogelijk|op (?:de )?(?:korte|afzienbare|lange|langere) termijn"
    r"|binnen (?:afzienbare tijd|(?:enkele|enige|een aantal|een paar) \w{1,20})|binnenkort|spoedig|te zijner tijd"
    r"|(?:in )?de komende (?:tijd|periode|dagen|weken|maanden|jaren)|periodiek|regelmatig|over enige tijd|onverwijld"
    r"|per ommegaande|wanneer (?:dit|deze) gereed (?:is|zijn)|in een later stadium)(?!\w)"
)

_PAST_AFTER = re.compile(r",? ?(?:jl\b|j\.l\b|ll\b|l\.l\b|jongstleden|laatstleden)", re.IGNORECASE)
_PAST_BEFORE = re.compile(
    r"(?<!\w)(?:van|d\.d\.|dd\.?|sinds|afgelopen|vorige?|eerder|voorbije|ultimo vorig) $", re.IGNORECASE
)


# days

Days = tuple[dt.date, dt.date]


def _first(year: int, month: int) -> dt.date:
    """The first day of a month, counted on past December."""
    return dt.date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _months(year: int, month: int, count: int = 1) -> Days:
    return _first(year, month), _first(year, month + count) - dt.timedelta(1)


def _later(day: dt.date, months: int) -> dt.date:
    """The same day some months later, or the last one of a month that has fewer."""
    first = _first(day.year, day.month + months)
    return first.replace(day=min(day.day, calendar.monthrange(first.year, first.month)[1]))


def _of_month(part: str, days: Days) -> Days:
    first, last = days
    head, _, tail = part.partition(" ")
    if tail == "week":
        n = _ORDINALS[head]
        begin = last - dt.timedelta(6) if n < 0 else first + dt.timedelta(7 * (n - 1))
        return begin, begin + dt.timedelta(6)
    bounds = {"begin": (1, 10), "medio": (11, 20), "halverwege": (11, 20), "half": (11, 20), "ultimo": (last.day, None)}
    bounds |= {"eerste": (1, 15), "tweede": (16, None), "loop": (1, None)}
    begins, ends = bounds.get(head, (21, None))
    return first.replace(day=begins), first.replace(day=ends) if ends else last


def _of_year(part: str, year: int) -> Days:
    head, _, tail = part.partition(" ")
    if tail == "week":
        raise ValueError("a week of a year is not read")
    months = {"begin": (1, 3), "medio": (5, 4), "halverwege": (5, 4), "half": (5, 4), "eind": (10, 3), "einde": (10, 3)}
    months |= {"eerste": (1, 6), "tweede": (7, 6), "loop": (1, 12), "ultimo": (12, 1)}
    first, last = _months(year, *months[head])
    return (last, last) if head == "ultimo" else (first, last)


def _season(name: str, year: int) -> Days:
    (month, day), (to_month, to_day) = _SEASONS[name]
    return dt.date(year, month, day), dt.date(year + (to_month < month), to_month, to_day)


def _feast(name: str, year: int) -> Days:
    dates = _FEASTS[name][1]
    if dates is None:
        first = dt.date(year, 9, 1)
        day = first + dt.timedelta((1 - first.weekday()) % 7 + 14)
        return day, day
    (month, day_of), (to_month, to_day) = dates
    return dt.date(year, month, day_of), dt.date(year, to_month, to_day)


# the rules

Groups = dict[str, str]


def _groups(match: re.Match[str]) -> Groups:
    """What matched, in small letters; what did not is an empty string."""
    return {name: (value or "").lower() for name, value in match.groupdict().items()}


def _limit(groups: Groups) -> str:
    """Which of before_, by_, after_, from_, or none, the phrase says."""
    limit = groups["limit"]
    if limit.startswith("voorafgaand"):
        return "before_"
    if limit.startswith("v") and limit.endswith("r"):
        ends = groups["part"].startswith("eind") or groups.get("feast") == "jaarwisseling"
        return "by_" if ends else "before_"
    return {"na": "after_", "vanaf": "from_", "met ingang van": "from_"}.get(limit, "by_" if groups["by"] else "")


def _years(said: str, letter: dt.date) -> list[int]:
    """The years that a phrase may mean, the likeliest first."""
    if not said:
        return [letter.year - 1, letter.year, letter.year + 1]
    if said.startswith("20"):
        return [int(said[:4])]
    return [letter.year + said.startswith(("volgend", "komend"))]


def _within_letter(
    days: Callable[[int], Days], groups: Groups, said: str, letter: dt.date, rule: str, sure: float
) -> Due | None:
    """The first of the years meant in which the phrase is not over; cut to what comes after the letter."""
    limit = _limit(groups)
    named = bool(said)
    for year in _years(said, letter):
        try:
            first, last = days(year)
        except ValueError:
            if named:
                raise
            continue  # 29 February
        start, end = {
            "": (first, last),
            "by_": (letter, last),
            "before_": (letter, first - dt.timedelta(1)),
            "after_": (last + dt.timedelta(1), None),
            "from_": (first, None),
        }[limit]
        if (end or start) < letter:
            continue
        start = max(start, letter)
        far = not named and (start - letter).days > FAR
        sure = min(sure, 0.5) if end is None else sure
        return Due(start, end, limit + rule, sure / 2 if far else sure)
    return None


def _unit(match: re.Match[str], letter: dt.date, recesses: Recesses) -> Due | None:
    groups = _groups(match)
    said = groups["year"]
    part = groups["part"]
    if groups["recess"]:
        return _recess(groups["recess"], "recess", groups, letter, recesses)
    if groups["season"] == "zomer" and _limit(groups) in ("before_", "after_"):
        return _recess("zomer", "summer", groups, letter, recesses)
    if groups["day"] or groups["d"]:
        if not (said or groups["limit"] or groups["by"] or groups["fill"] or groups["y"]):
            return None
        day, month = int(groups["day"] or groups["d"]), int(groups["m"] or _month(groups["day_month"]))
        if groups["y"]:
            said = groups["y"]
        return _within_letter(lambda year: (dt.date(year, month, day),) * 2, groups, said, letter, "day", 0.95)
    if groups["month"]:
        return _month_due(groups, part, said, letter)
    if groups["ordinal"] or groups["number"]:
        quarter = int(groups["number"]) if groups["number"] else _ORDINALS[groups["ordinal"]] % 5
        return _within_letter(lambda year: _of_quarter(part, year, quarter), groups, said, letter, "quarter", 0.9)
    if groups["season"]:
        return _seasonal(groups, said, letter)
    if not (groups["limit"] or groups["by"] or groups["fill"]):
        return None
    feast = groups["feast"]
    return _within_letter(lambda year: _feast(feast, year), groups, said, letter, _FEASTS[feast][0], 0.8)


def _month(name: str) -> int:
    return _MONTHS.index(name) + 1


def _month_due(groups: Groups, part: str, said: str, letter: dt.date) -> Due | None:
    if not (part or said or groups["limit"] or groups["by"] or groups["fill"]):
        return None  # the name of a month alone, as in a table
    month = _month(groups["month"])
    count = (_month(groups["to_month"]) - month) % 12 + 1 if groups["to_month"] else 1

    def days(year: int) -> Days:
        first, last = _months(year, month, count)
        return _of_month(part, (first, last)) if part and count == 1 else (first, last)

    return _within_letter(days, groups, said, letter, "part_of_month" if part else "month", 0.9)


def _of_quarter(part: str, year: int, quarter: int) -> Days:
    """A quarter, or the month of it that begin, medio and eind mean."""
    at = {"begin": 0, "medio": 1, "halverwege": 1, "half": 1, "eind": 2, "einde": 2, "ultimo": 2}.get(part)
    first = 3 * quarter - 2
    return _months(year, first, 3) if at is None else _months(year, first + at)


def _seasonal(groups: Groups, said: str, letter: dt.date) -> Due | None:
    name = groups["season"]
    fill = groups["fill"]
    if not (said or groups["limit"] or groups["by"] or groups["part"] or fill):
        return None
    due = _within_letter(lambda year: _season(name, year), groups, said, letter, "season", 0.6)
    if due is None or said:
        return due
    if re.search(r"\b(?:dit|deze) ", fill) and due.start is not None and due.start.year > letter.year:
        return None  # the one of this year is over
    if "volgend" in fill and due.start == letter and not _limit(groups):
        after = _season(name, letter.year if _season(name, letter.year)[0] > letter else letter.year + 1)
        return Due(*after, due.rule, due.confidence)
    return due


def _recess(kind: str, rule: str, groups: Groups, letter: dt.date, recesses: Recesses) -> Due | None:
    limit = _limit(groups)
    said = groups["year"]
    year = _years(said, letter)[0] if said else None
    recess = recesses.ahead(kind, letter, year=year, begins=limit in ("before_", "by_"))
    if recess is None:
        over = year is not None and (year < letter.year or (kind, year) in recesses.known)
        return None if over else Due(None, None, limit + rule, 0.0)
    sure = 0.9 if recess.official else 0.8
    start, end = _around(limit, recess, letter, recesses)
    return Due(max(start, letter), end, limit + rule, sure if end is not None else min(sure, 0.5))


def _around(limit: str, recess: Recess, letter: dt.date, recesses: Recesses) -> tuple[dt.date, dt.date | None]:
    day = dt.timedelta(1)
    if limit in ("before_", "by_"):
        return letter, recess.first - day
    if limit in ("after_", "from_"):
        following = recesses.after(recess)
        return recess.last + day, following.first - day if following else None
    return recess.first, recess.last


def _year(match: re.Match[str], letter: dt.date, recesses: Recesses) -> Due | None:
    groups = _groups(match)
    part = groups["part"]
    said = groups["part_year"] or groups["year"]
    if part:
        rule = "half_year" if "helft" in part else "year" if part == "loop" else "part_of_year"
        sure = {"half_year": 0.9, "year": 0.8}.get(rule, 0.7)
        return _within_letter(lambda year: _of_year(part, year), groups, said, letter, rule, sure)
    if said.startswith("20"):
        prepositions = {"in", "gedurende", "loop"} & set(groups["fill"].split())
        if _limit(groups) == "before_" or not (prepositions or _limit(groups)):
            return None  # a number, or money "voor 2022"
    if said.startswith("komend"):
        return Due(letter, dt.date(letter.year + 1, 12, 31), "year", 0.4)  # the next twelve months, or the next year
    return _within_letter(lambda year: _of_year("loop", year), groups, said, letter, "year", 0.8)


def _within(match: re.Match[str], letter: dt.date, recesses: Recesses) -> Due | None:
    groups = _groups(match)
    if groups["of"]:
        return Due(None, None, "awaits", 0.3, groups["of"].lstrip(", "))
    start = _after(letter, groups["n"], groups["unit"])
    if groups["within"]:
        return Due(letter, start, "within", 0.9)
    end = start + dt.timedelta(6) if groups["unit"].startswith(("w", "d")) else _later(start, 1) - dt.timedelta(1)
    return Due(start, end, "in_time", 0.6)


def _after(day: dt.date, count: str, unit: str) -> dt.date:
    """So many units after *day*; working days are Monday to Friday, holidays too."""
    n = 1.5 if count == "anderhalf" else int(count) if count.isdecimal() else _COUNTS[count]
    if unit.startswith("werkdag"):
        while n >= 1:
            day += dt.timedelta(1)
            n -= day.weekday() < 5
        return day
    if unit.startswith(("dag", "we")):
        return day + dt.timedelta(round(n * (7 if unit.startswith("we") else 1)))
    months = 1 if unit.startswith("maand") else 3 if unit.startswith("kw") else 6 if unit.startswith("half") else 12
    return _later(day, round(n * months))


def _next(match: re.Match[str], letter: dt.date, recesses: Recesses) -> Due | None:
    groups = _groups(match)
    ahead = groups["which"] != "deze"
    if groups["unit"] == "maand":
        first, last = _months(letter.year, letter.month + ahead)
    else:
        first = letter - dt.timedelta(letter.weekday()) + dt.timedelta(7 * ahead)
        last = first + dt.timedelta(6)
    return Due(max(first, letter), last, f"next_{'month' if groups['unit'] == 'maand' else 'week'}", 0.9)


def _often(match: re.Match[str], letter: dt.date, recesses: Recesses) -> Due | None:
    groups = _groups(match)
    word, times = groups["word"], groups["times"]
    if times:
        n = int(times) if times.isdecimal() else _COUNTS.get(times, 1)
        if not 1 <= n <= 12:
            return None
        months = 12 // n
    elif "half" in word:
        months = 6
    else:
        months = 3 if "kwartaal" in word else 1 if word.startswith("maand") else 12
    return Due(letter, _later(letter, months), "yearly" if months == 12 else "times_a_year", 0.4)


def _awaits(match: re.Match[str], letter: dt.date, recesses: Recesses) -> Due | None:
    return Due(None, None, "awaits", 0.3, match[0].lower())


def _vague(match: re.Match[str], letter: dt.date, recesses: Recesses) -> Due | None:
    return Due(None, None, "vague", 0.1)


Rule = Callable[[re.Match[str], dt.date, Recesses], Due | None]
RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), rule)
    for pattern, rule in (
        (_UNIT, _unit),
        (_YEAR, _year),
        (_WITHIN, _within),
        (_NEXT, _next),
        (_OFTEN, _often),
        (_AWAITS, _awaits),
        (_VAGUE, _vague),
    )
)
"""Where phrases begin at one place the longest is read."""
