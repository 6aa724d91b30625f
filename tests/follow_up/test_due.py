"""When a promise falls due is read as people at a ministry write it; what nobody knows is not guessed."""

import datetime as dt
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.errors import CannotStart
from luwte.follow_up.due import RULES, Due, read_all, read_due
from luwte.follow_up.recesses import MOST_SITTING, OVER_BY, read_recesses

RECESSES = read_recesses()
LETTER = dt.date(2021, 10, 4)

NONE: tuple[str, str] = ("", "")

# fmt: off
PHRASES: list[tuple[str, tuple[str, str], str]] = [
    # parts of a month, months
    ("Begin november ontvangt u de volgende voortgangsbrief", ("2021-11-01", "2021-11-10"), "part_of_month"),
    ("Medio november informeer ik uw Kamer", ("2021-11-11", "2021-11-20"), "part_of_month"),
    ("Ik verwacht u eind november te informeren", ("2021-11-21", "2021-11-30"), "part_of_month"),
    ("halverwege december", ("2021-12-11", "2021-12-20"), "part_of_month"),
    ("half december", ("2021-12-11", "2021-12-20"), "part_of_month"),
    ("begin oktober", ("2021-10-04", "2021-10-10"), "part_of_month"),
    ("begin januari", ("2022-01-01", "2022-01-10"), "part_of_month"),
    ("eind februari 2024", ("2024-02-21", "2024-02-29"), "part_of_month"),
    ("aan het einde van november", ("2021-11-21", "2021-11-30"), "part_of_month"),
    ("in de eerste helft van november", ("2021-11-01", "2021-11-15"), "part_of_month"),
    ("in de tweede helft van november", ("2021-11-16", "2021-11-30"), "part_of_month"),
    ("in de eerste week van november", ("2021-11-01", "2021-11-07"), "part_of_month"),
    ("in de laatste week van november", ("2021-11-24", "2021-11-30"), "part_of_month"),
    ("uiterlijk eind november", ("2021-10-04", "2021-11-30"), "by_part_of_month"),
    ("vóór eind december", ("2021-10-04", "2021-12-31"), "by_part_of_month"),
    ("in november", ("2021-11-01", "2021-11-30"), "month"),
    ("november 2021", ("2021-11-01", "2021-11-30"), "month"),
    ("in de loop van november", ("2021-11-01", "2021-11-30"), "month"),
    ("in de maand november", ("2021-11-01", "2021-11-30"), "month"),
    ("in oktober", ("2021-10-04", "2021-10-31"), "month"),
    ("in maart van volgend jaar", ("2022-03-01", "2022-03-31"), "month"),
    ("in maart/april 2022", ("2022-03-01", "2022-04-30"), "month"),
    ("in november of december", ("2021-11-01", "2021-12-31"), "month"),
    ("in december of januari", ("2021-12-01", "2022-01-31"), "month"),
    ("uiterlijk in december", ("2021-10-04", "2021-12-31"), "by_month"),
    ("voor december", ("2021-10-04", "2021-11-30"), "before_month"),
    # days
    ("uiterlijk 1 maart 2022", ("2021-10-04", "2022-03-01"), "by_day"),
    ("uiterlijk op 1 maart 2022", ("2021-10-04", "2022-03-01"), "by_day"),
    ("voor 1 maart", ("2021-10-04", "2022-02-28"), "before_day"),
    ("vóór 1 maart 2024", ("2021-10-04", "2024-02-29"), "before_day"),
    ("op 3 mei", ("2022-05-03", "2022-05-03"), "day"),
    ("op dinsdag 12 oktober", ("2021-10-12", "2021-10-12"), "day"),
    ("per 1 januari 2022", ("2022-01-01", "2022-01-01"), "day"),
    ("uiterlijk 1-3-2022", ("2021-10-04", "2022-03-01"), "by_day"),
    ("vanaf 1 januari 2022", ("2022-01-01", ""), "from_day"),
    ("na 1 december", ("2021-12-02", ""), "after_day"),
    # recesses, summer
    ("voor het herfstreces", ("2021-10-04", "2021-10-14"), "before_recess"),
    ("na het herfstreces", ("2021-10-26", "2021-12-16"), "after_recess"),
    ("tijdens het herfstreces", ("2021-10-15", "2021-10-25"), "recess"),
    ("voor het kerstreces", ("2021-10-04", "2021-12-16"), "before_recess"),
    ("vóór het kerstreces", ("2021-10-04", "2021-12-16"), "before_recess"),
    ("nog voor het Kerstreces", ("2021-10-04", "2021-12-16"), "before_recess"),
    ("uiterlijk voor het kerstreces", ("2021-10-04", "2021-12-16"), "before_recess"),
    ("na het kerstreces", ("2022-01-11", "2022-02-24"), "after_recess"),
    ("voor het voorjaarsreces", ("2021-10-04", "2022-02-24"), "before_recess"),
    ("voor het zomerreces", ("2021-10-04", "2022-07-07"), "before_recess"),
    ("voor het zomerreces van 2023", ("2021-10-04", "2023-07-06"), "before_recess"),
    ("na het zomerreces", ("2022-09-06", ""), "after_recess"),
    ("voor het meireces", NONE, "before_recess"),
    ("na het meireces van 2022", NONE, "after_recess"),
    ("voor de zomer", ("2021-10-04", "2022-07-07"), "before_summer"),
    ("na de zomer", ("2022-09-06", ""), "after_summer"),
    # quarters, halves, years
    ("Q1 2022", ("2022-01-01", "2022-03-31"), "quarter"),
    ("in Q4", ("2021-10-04", "2021-12-31"), "quarter"),
    ("in K2 2022", ("2022-04-01", "2022-06-30"), "quarter"),
    ("in het derde kwartaal", ("2022-07-01", "2022-09-30"), "quarter"),
    ("in het eerste kwartaal van 2022", ("2022-01-01", "2022-03-31"), "quarter"),
    ("in het laatste kwartaal van dit jaar", ("2021-10-04", "2021-12-31"), "quarter"),
    ("in het 2e kwartaal van volgend jaar", ("2022-04-01", "2022-06-30"), "quarter"),
    ("eind eerste kwartaal 2022", ("2022-03-01", "2022-03-31"), "quarter"),
    ("in de eerste helft van 2022", ("2022-01-01", "2022-06-30"), "half_year"),
    ("in de tweede helft van 2022", ("2022-07-01", "2022-12-31"), "half_year"),
    ("in de tweede helft van volgend jaar", ("2022-07-01", "2022-12-31"), "half_year"),
    ("begin 2022", ("2022-01-01", "2022-03-31"), "part_of_year"),
    ("medio 2022", ("2022-05-01", "2022-08-31"), "part_of_year"),
    ("eind 2022", ("2022-10-01", "2022-12-31"), "part_of_year"),
    ("begin volgend jaar", ("2022-01-01", "2022-03-31"), "part_of_year"),
    ("eind dit jaar", ("2021-10-04", "2021-12-31"), "part_of_year"),
    ("aan het einde van het jaar", ("2021-10-04", "2021-12-31"), "part_of_year"),
    ("voor het eind van het jaar", ("2021-10-04", "2021-12-31"), "by_part_of_year"),
    ("dit jaar", ("2021-10-04", "2021-12-31"), "year"),
    ("nog dit kalenderjaar", ("2021-10-04", "2021-12-31"), "year"),
    ("volgend jaar", ("2022-01-01", "2022-12-31"), "year"),
    ("in 2022", ("2022-01-01", "2022-12-31"), "year"),
    ("in de loop van 2022", ("2022-01-01", "2022-12-31"), "year"),
    # seasons, feasts
    ("dit najaar", ("2021-10-04", "2021-12-20"), "season"),
    ("komend voorjaar", ("2022-03-01", "2022-06-20"), "season"),
    ("in het voorjaar van 2022", ("2022-03-01", "2022-06-20"), "season"),
    ("deze winter", ("2021-12-01", "2022-03-20"), "season"),
    ("met Prinsjesdag", ("2022-09-20", "2022-09-20"), "prinsjesdag"),
    ("voor Kerst", ("2021-10-04", "2021-12-24"), "before_christmas"),
    ("voor de jaarwisseling", ("2021-10-04", "2021-12-31"), "by_new_year"),
    # spans
    ("binnen zes weken", ("2021-10-04", "2021-11-15"), "within"),
    ("binnen een termijn van drie maanden", ("2021-10-04", "2022-01-04"), "within"),
    ("binnen 10 werkdagen", ("2021-10-04", "2021-10-18"), "within"),
    ("in de komende zes weken", ("2021-10-04", "2021-11-15"), "within"),
    ("binnen anderhalf jaar", ("2021-10-04", "2023-04-04"), "within"),
    ("binnen een half jaar", ("2021-10-04", "2022-04-04"), "within"),
    ("uiterlijk over drie weken", ("2021-10-04", "2021-10-25"), "within"),
    ("over twee weken", ("2021-10-18", "2021-10-24"), "in_time"),
    ("over twee maanden", ("2021-12-04", "2022-01-03"), "in_time"),
    ("volgende week", ("2021-10-11", "2021-10-17"), "next_week"),
    ("deze maand", ("2021-10-04", "2021-10-31"), "next_month"),
    ("volgende maand", ("2021-11-01", "2021-11-30"), "next_month"),
    ("jaarlijks", ("2021-10-04", "2022-10-04"), "yearly"),
    ("twee keer per jaar", ("2021-10-04", "2022-04-04"), "times_a_year"),
    ("tweemaal per jaar", ("2021-10-04", "2022-04-04"), "times_a_year"),
    ("halfjaarlijks", ("2021-10-04", "2022-04-04"), "times_a_year"),
    ("per kwartaal", ("2021-10-04", "2022-01-04"), "times_a_year"),
    # no date
    ("in de volgende voortgangsbrief", NONE, "awaits"),
    ("bij de eerstvolgende halfjaarlijkse rapportage", NONE, "awaits"),
    ("binnen vier weken na ontvangst van het rapport", NONE, "awaits"),
    ("zo spoedig mogelijk", NONE, "vague"),
    ("op korte termijn", NONE, "vague"),
    ("binnen enkele weken", NONE, "vague"),
    ("in de komende weken", NONE, "vague"),
    ("te zijner tijd", NONE, "vague"),
    # of several, the surer one
    ("jaarlijks, uiterlijk 1 mei", ("2021-10-04", "2022-05-01"), "by_day"),
    ("zo spoedig mogelijk, maar uiterlijk in december", ("2021-10-04", "2021-12-31"), "by_month"),
    ("voor het meireces, naar verwachting in maart 2022", ("2022-03-01", "2022-03-31"), "month"),
    ("Zoals gemeld in de brief van 11 januari jl. zal ik in november", ("2021-11-01", "2021-11-30"), "month"),
]
NOTHING = [
    "Op 8 juli jl. heeft uw Kamer verzocht om een reactie", "In de brief van 11 januari 2022", "in 2020", "Q3 2021",
    "in september 2021", "afgelopen november", "eerder dit jaar", "dit voorjaar", "deze zomer",
    "uiterlijk 31 april 2022",
    "voor 2022 is 2 miljoen euro beschikbaar", "in het vergaderjaar 2021-2022",
    "Kamerstukken II 2020/21, 35 570-VI, nr. 50",
    "Het rapport Onzichtbare slachtoffers van mensenhandel in 2020", "november", "de jaarlijkse rapportage", "",
    "Seksueel Geweld tegen Kinderen 2015-2019", "voor het zomerreces van 2021", "na 1 januari 2021",
]
# fmt: on


def day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@pytest.mark.parametrize(("phrase", "days", "rule"), PHRASES)
def test_a_phrase_is_read(phrase: str, days: tuple[str, str], rule: str) -> None:
    found = read_due(phrase, LETTER, RECESSES)
    assert found is not None
    assert (found.start, found.end, found.rule) == (day(days[0]), day(days[1]), rule)
    assert found.phrase
    assert found.phrase in re.sub(r"\s+", " ", phrase)


@pytest.mark.parametrize("text", NOTHING)
def test_what_promises_no_date_is_not_read(text: str) -> None:
    assert read_due(text, LETTER, RECESSES) is None


def test_the_year_is_the_letters_or_the_next_one() -> None:
    assert read_due("begin november", dt.date(2021, 12, 20), RECESSES) == Due(
        dt.date(2022, 11, 1), dt.date(2022, 11, 10), "part_of_month", 0.45
    )
    assert read_due("voor het kerstreces", dt.date(2021, 1, 20), RECESSES) == Due(
        dt.date(2021, 1, 20), dt.date(2021, 12, 16), "before_recess", 0.8
    )
    within = read_due("na het kerstreces", dt.date(2022, 1, 5), RECESSES)
    assert within is not None
    assert within.start == dt.date(2022, 1, 11)


def test_the_letters_own_day_still_counts_and_a_recess_that_began_is_not_ahead() -> None:
    assert read_due("uiterlijk 4 oktober", LETTER, RECESSES) == Due(LETTER, LETTER, "by_day", 0.95)
    assert read_due("in oktober", dt.date(2021, 10, 31), RECESSES) == Due(
        dt.date(2021, 10, 31), dt.date(2021, 10, 31), "month", 0.9
    )
    begun = read_due("voor het kerstreces", dt.date(2021, 12, 17), RECESSES)
    assert begun == Due(None, None, "before_recess", 0.0)
    still = read_due("na het kerstreces", dt.date(2022, 1, 10), RECESSES)
    assert still is not None
    assert still.start == dt.date(2022, 1, 11)


def test_what_it_waits_for_is_said() -> None:
    found = read_due("In de volgende voortgangsbrief ga ik hierop in", LETTER, RECESSES)
    assert found == Due(None, None, "awaits", 0.3, "de volgende voortgangsbrief")


def test_a_recess_that_nobody_knows_has_no_date_and_no_confidence() -> None:
    for year in (2019, 2022, 2025):
        found = read_due("na het herfstreces", dt.date(year, 10, 1), RECESSES)
        assert found == Due(None, None, "after_recess", 0.0)


# properties

MONTHS = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
]
LETTERS = st.dates(dt.date(2010, 1, 1), dt.date(2060, 12, 31))
SPANS = st.builds("binnen {} {}".format, st.integers(1, 90), st.sampled_from(["weken", "dagen", "werkdagen"]))
UNNAMED = st.one_of(
    st.sampled_from([phrase for phrase, _, _ in PHRASES if not re.search(r"20\d\d", phrase)]),
    st.builds(
        "{} {}".format, st.sampled_from(["begin", "medio", "eind", "in", "uiterlijk", "voor"]), st.sampled_from(MONTHS)
    ),
    st.builds(
        "{} {} {}".format, st.sampled_from(["op", "voor", "uiterlijk"]), st.integers(1, 31), st.sampled_from(MONTHS)
    ),
    SPANS,
)
KIND = st.sampled_from(
    ["in {m} {y}", "begin {m} {y}", "op {d} {m} {y}", "Q{q} {y}", "eind {y}", "in {y}", "najaar {y}"]
)
NAMED = st.builds(
    lambda kind, d, m, q, y: (kind.format(d=d, m=m, q=q, y=y), y),
    KIND,
    st.integers(1, 28),
    st.sampled_from(MONTHS),
    st.integers(1, 4),
    st.integers(2000, 2099),
)


@given(UNNAMED, LETTERS)
def test_never_before_the_letter_and_within_two_years(phrase: str, letter: dt.date) -> None:
    for found in read_all(phrase, letter, RECESSES):
        assert 0 <= found.confidence <= 1
        if found.start is not None:
            assert found.start >= letter
            assert found.start <= (found.end or found.start)
            assert (found.end or found.start) <= letter + dt.timedelta(2 * 365)


@given(NAMED, LETTERS)
def test_in_the_year_that_is_named(named: tuple[str, int], letter: dt.date) -> None:
    phrase, year = named
    found = read_due(phrase, letter, RECESSES)
    if year < letter.year:
        assert found is None
    if year > letter.year:
        assert found is not None
    if found is not None:
        assert found.start is not None
        assert found.end is not None
        assert letter <= found.start <= found.end
        assert found.start.year == found.end.year == year


@given(
    st.one_of(st.sampled_from([phrase for phrase, _, _ in PHRASES]), UNNAMED, NAMED.map(lambda one: one[0])),
    LETTERS,
    st.sampled_from([str.upper, str.lower, str.title, str.capitalize]),
    st.sampled_from(["  ", "\n", "\u00a0", " \n ", "\u2009"]),
)
def test_white_space_and_case_do_not_matter(phrase: str, letter: dt.date, case: type[str], space: str) -> None:
    plain = read_due(phrase, letter, RECESSES)
    assert read_due(case(phrase).replace(" ", space), letter, RECESSES) == plain


@given(
    st.one_of(st.sampled_from([phrase for phrase, _, _ in PHRASES]), UNNAMED, NAMED.map(lambda one: one[0])),
    LETTERS,
    st.sampled_from(["Ik zal uw Kamer ", "Daarover informeer ik u, ", "(", "Zoals ik op 8 juli jl. schreef, zal ik "]),
    st.sampled_from(
        [" nader informeren over de vorderingen van dit traject.", ", zo verwacht ik.", ")", "; dit is 1 van 3"]
    ),
)
def test_a_longer_sentence_does_not_matter(phrase: str, letter: dt.date, before: str, after: str) -> None:
    assert read_due(before + phrase + after, letter, RECESSES) == read_due(phrase, letter, RECESSES)


@given(
    st.lists(
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(
                [
                    "voor",
                    "na",
                    "uiterlijk",
                    "begin",
                    "eind",
                    "het",
                    "de",
                    "1",
                    "31",
                    "29",
                    "februari",
                    "mei",
                    "kerstreces",
                    "Q4",
                    "2022",
                    "9999",
                    "20",
                    "999",
                    "jaar",
                    "week",
                ]
            ),
            st.sampled_from(
                [
                    "binnen",
                    "over",
                    "weken",
                    "maanden",
                    "jaar",
                    "een",
                    "per",
                    "keer",
                    "zomer",
                    "van",
                    "helft",
                    "eerste",
                    "/",
                    "-",
                    "jl.",
                ]
            ),
        ),
        max_size=20,
    ).map(" ".join),
    st.dates(),
)
def test_any_text_on_any_day_is_read(text: str, letter: dt.date) -> None:
    for found in read_all(text, letter, RECESSES):
        assert found.start is None or found.start >= letter
        assert found.phrase in re.sub(r"\s+", " ", text)


def test_a_place_in_a_text_costs_at_most_a_constant() -> None:
    """No repetition without an upper bound: so the work grows with the text, and with nothing else."""
    for pattern, _ in RULES:
        classes = re.sub(r"\[(?:\\.|[^\]\\])+\]", "[]", pattern.pattern)
        assert re.findall(r"(?<!\\)[*+]|\{\d+,\}", classes) == []
    for piece in ("voor het ", "in de loop van ", "uiterlijk ", "de volgende a ", "a-", "1 ", "\n", "binnen een "):
        read_all(piece * (50_000 // len(piece)), LETTER, RECESSES)


# the recesses


def test_each_recess_says_where_it_is_from_and_falls_when_its_kind_does() -> None:
    known = sorted(RECESSES.known.values(), key=lambda one: one.first)
    for before, after in pairwise(known):
        assert before.last < after.first
    for one in known:
        assert one.source.startswith("https://")
        assert one.last.weekday() == 0
        assert one.first.weekday() == 4
        if one.kind in OVER_BY:
            assert one.last.year * 12 + one.last.month <= one.first.year * 12 + OVER_BY[one.kind]


def test_the_sittings_between_two_recesses_are_never_taken_over_a_missing_one() -> None:
    order = list(OVER_BY)
    for one in RECESSES.known.values():
        following = RECESSES.after(one)
        if following is not None and one.kind in order and following.kind in order:
            assert order.index(following.kind) == (order.index(one.kind) + 1) % len(order)
            assert following.first - one.last <= MOST_SITTING


GOOD = '[[recess]]\nkind="zomer"\nfirst=2030-07-05\nlast=2030-09-02\nofficial=true\nsource="x"\nlooked_up=2029-01-01\n'


def test_an_operators_own_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(GOOD)
    found = read_due("voor het zomerreces", dt.date(2030, 1, 1), read_recesses(path))
    assert found == Due(dt.date(2030, 1, 1), dt.date(2030, 7, 4), "before_recess", 0.9)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[other]",
        GOOD + GOOD,
        GOOD.replace("zomer", "winter"),
        GOOD.replace("2030-09-02", "2030-06-02"),
        GOOD.replace('source="x"', ""),
        GOOD.replace("2029-01-01", '"soon"'),
        "recess=1",
        "recess=[1]",
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(CannotStart) as refused:
        read_recesses(path)
    assert "\n" not in str(refused.value)
    with pytest.raises(CannotStart):
        read_recesses(tmp_path / "missing.toml")
