"""Papers are found as letters write them, and nowhere else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.follow_up.citations import PATTERN, citations


def found(text: str) -> list[tuple[str, str, int]]:
    return [(one.dossier, one.addition, one.number) for one in citations(text)]


@pytest.mark.parametrize(
    ("text", "papers"),
    [
        ("Kamerstuk 28 638, nr. 205", ["28638--205"]),
        ("(Kamerstuk 28 638, nr. 190), zal ik", ["28638--190"]),
        ("Kamerstukken II 2020/21, 35 570-VI, nr. 50", ["35570-VI-50"]),
        ("Kamerstukken II, 2021–22, 35 570 VI, nr. 50", ["35570-VI-50"]),  # noqa: RUF001
        ("Kamerstuk 36 410-XVI, nr. 2", ["36410-XVI-2"]),
        ("Kamerstuk 35 925-A, nr. 5", ["35925-A-5"]),
        ("TK 2021-2022, 28 638, nr. 205", ["28638--205"]),
        ("Tweede Kamer, vergaderjaar 2021-2022, 28 638, nr. 205", ["28638--205"]),
        ("28638, nr. 190", ["28638--190"]),
        ("28.638, nr. 190", ["28638--190"]),
        ("kamerstuk 28638 nr 205", ["28638--205"]),
        ("Kamerstukken 28 638, nrs. 164 en 176", ["28638--164", "28638--176"]),
        ("Kamerstukken 28 638, nrs. 164, 176 en 183", ["28638--164", "28638--176", "28638--183"]),
        ("28 638, nr. 164 en nr. 176", ["28638--164", "28638--176"]),
        ("28 638, nrs. 164 t/m 166", ["28638--164", "28638--165", "28638--166"]),
        ("28 638, nrs. 1-900", ["28638--1", "28638--900"]),
        ("28 638, nrs. 164 en 31 015, nr. 221", ["28638--164", "31015--221"]),
        ("Kamerstuk 28 638, nr. 221; 31 015, nr. 221", ["28638--221", "31015--221"]),
        ("3 Kamerstuk 31 015, nr. 221\n4 Kamerstuk 28 638, nr. 199", ["31015--221", "28638--199"]),
        ("Kamerstuk\n28\n638,\nnr.\n205", ["28638--205"]),
        ("Kamerstuk 28\u2009638,\u00a0nr.\u202f205", ["28638--205"]),
        ("Kamerstuk 28\u200b638, nr. 205", ["28638--205"]),
        ("28 638, nr. 164 en 3 andere brieven", ["28638--164"]),
        ("Er waren 28 638 meldingen, in nr. 3 van het blad", []),
        ("nr. 190", []),
        ("128 638, nr. 5", []),
        ("1 28 638, nr. 5", []),
        ("28 6380, nr. 5", []),
        ("28 638, nr. 12345", []),
        ("Aanhangsel 2022-2023 nr. 899", []),
        ("28638-205", []),
    ],
)
def test_a_text_names_these_papers_and_no_others(text: str, papers: list[str]) -> None:
    assert ["-".join(map(str, one)) for one in found(text)] == papers


SPACES = st.sampled_from([" ", "\n", "\u00a0", "\u2009", "\u202f", " \n"])


@given(
    st.integers(10000, 99999),
    st.sampled_from(["", "I", "VI", "XVI", "IIA"]),
    st.integers(1, 9999),
    SPACES,
    SPACES,
    SPACES,
    st.sampled_from(["Kamerstuk ", "Kamerstukken II 2020/21, ", "TK 2021-2022, ", "(", ""]),
    st.sampled_from(["", "Zie ook ", "in het jaar. "]),
    st.sampled_from(["", ".", ") en verder", "\n\n1 Zie"]),
)
def test_white_space_and_neighbours_do_not_matter(
    dossier: int, addition: str, number: int, a: str, b: str, c: str, prefix: str, before: str, after: str
) -> None:
    digits = str(dossier)
    paper = f"{digits[:2]}{a}{digits[2:]}{'-' + addition if addition else ''},{b}nr.{c}{number}"
    text = f"{before}{prefix}{paper}{after}"
    (one,) = citations(text)
    assert (one.dossier, one.addition, one.number) == (digits, addition, number)
    assert text[one.start : one.start + len(one.quote)] == one.quote
    assert paper in one.quote


PLAIN = st.lists(
    st.one_of(
        st.integers(0, 10**9).map(str),
        st.dates().map(lambda day: f"{day.day} mei {day.year}"),
        st.dates().map(str),
        st.integers(10000, 99999).map(lambda n: f"{str(n)[:2]} {str(n)[2:]}"),
        st.sampled_from(["Kamerstuk", "in", "artikel 273f", "€ 12 500,50", "2021-2022", "nummer van", ",", "TK", "VI"]),
    ),
    max_size=12,
).map(" ".join)


@given(PLAIN)
def test_numbers_and_dates_alone_are_no_papers(text: str) -> None:
    assert citations(text) == []


@given(st.text(alphabet="Kamerstuk 2863,nr.s15VI-\n()enTK", max_size=200))
def test_any_text_is_read_and_what_is_found_stands_in_it(text: str) -> None:
    for one in citations(text):
        assert text[one.start :].startswith(one.quote)
        assert re.fullmatch(r"\d{5}", one.dossier)
        numbers = [int(digits) for digits in re.findall(r"\d+", one.quote.partition("r")[2] or one.quote)]
        assert min(numbers) <= one.number <= max(numbers)


def test_a_place_in_a_text_costs_at_most_a_constant() -> None:
    """No repetition without an upper bound: so the work grows with the text, and with nothing else."""
    assert unbounded(PATTERN.pattern) == []
    for piece in (
        "Kamerstuk ",
        "28 ",
        "28 638, nrs. 1, ",
        "28 638, nrs. 1 en 2 en ",
        " ",
        "2020-2021, ",
        "nr. ",
        "28 638-V",
    ):
        citations(piece * (50_000 // len(piece)))


def unbounded(pattern: str) -> list[str]:
    """The repetitions in a pattern that have no upper bound."""
    classes = re.sub(r"\[(?:\\.|[^\]\\])+\]", "[]", pattern)
    return re.findall(r"(?<!\\)[*+]|\{\d+,\}", classes)


def test_the_check_for_bounds_can_fail() -> None:
    assert unbounded(r"a[+*]\+(?:b{1,3})") == []
    assert unbounded(r"a+(b*)c{2,}") == ["+", "*", "{2,}"]
