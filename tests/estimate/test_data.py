"""Reading capture histories: what a file may look like, and every reason why one is refused."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimate.test_histories import tables
from luwte.estimate import BadHistories, Histories
from luwte.estimate.data import parse_histories, read_histories

GOOD = "A,B,count\n1,0,5\n0,1,7\n1,1,2\n"


def counts(text: str, **options: tuple[str, ...]) -> list[int]:
    return parse_histories(text, **options).whole.counts.tolist()


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace(",", ";"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("count", "Count"),
        GOOD + "\n\n",
        '"A","B","count"\n1,0,"5"\n 0 , 1 ,7\n"1","1","2"\n',
        "count,A,B\n5,1,0\n7,0,1\n2,1,1\n",
        "A,B\n" + "1,0\n" * 5 + "0,1\n" * 7 + "1,1\n" * 2,
        "A,B,count,note\n1,0,2,x\n1,0,3,y\n0,1,7,x\n1,1,2,x\n",
    ],
)
def test_the_same_people_in_many_shapes(text: str) -> None:
    assert counts(text) == [5, 7, 2]


def test_a_file_may_begin_with_a_mark_and_other_columns_are_named(tmp_path: Path) -> None:
    file = tmp_path / "lists.csv"
    file.write_bytes(b"\xef\xbb\xbf" + b"A,year,B\n1,2019,0\n0,2020,1\n")
    found = read_histories(file)
    assert (found.whole.lists, found.ignored) == (("A", "B"), ("year",))


def test_lists_in_the_order_asked_and_strata_by_value() -> None:
    text = "A,B,sex,year\n1,0,1,x\n0,1,0,x\n1,1,1,y\n"
    found = parse_histories(text, lists=("B", "A"), by=("sex",))
    assert found.whole.lists == ("B", "A")
    assert {key: table.counts.tolist() for key, table in found.strata.tables.items()} == {
        ("0",): [1, 0, 0],
        ("1",): [0, 1, 1],
    }
    assert found.ignored == ("year",)


@given(tables())
def test_what_is_written_is_read(table: Histories) -> None:
    rows = [
        ",".join([*map(str, map(int, row)), str(count)]) for row, count in zip(table.members, table.counts, strict=True)
    ]
    read = parse_histories("\n".join([",".join([*table.lists, "count"]), *rows])).whole
    assert (read.lists, read.counts.tolist()) == (table.lists, table.counts.tolist())


SECRET = "7531"
"""Stands where something is wrong, and is never said."""
REFUSED = {
    "an empty file": ("", 1, ""),
    "only names": ("A,B,count\n", None, ""),
    "a list is all that is missing": (f"year,count\n2019,{SECRET}\n", None, ""),
    "no names": (f"1,0,{SECRET}\n0,1,7\n", 1, ""),
    "a column without a name": ("A,,count\n1,0,1\n", 1, ""),
    "a name that moves the cursor": ("A,\x1b[2JB,count\n1,0,1\n", 1, ""),
    "a name on two lines": ('A,"B\nC",count\n1,0,1\n', 1, ""),
    "a column twice": ("A,A,count\n1,0,1\n", 1, "A"),
    "two counts": ("A,B,Count,count\n1,0,1,1\n", 1, "count"),
    "nobody could be in no list": (f"A,B,count\n1,0,1\n0,0,{SECRET}\n", 3, ""),
    "a negative count": (f"A,B,count\n1,0,-{SECRET}\n", 2, "count"),
    "half a person": (f"A,B,count\n1,0,1\n0,1,{SECRET}.5\n", 3, "count"),
    "a count in words": (f"A,B,count\n1,0,x{SECRET}\n", 2, "count"),
    "a count in other digits": ("A,B,count\n1,0,\u0663\n", 2, "count"),
    "no count": ("A,B,count\n1,0,\n", 2, "count"),
    "a count too large": (f"A,B,count\n1,0,{SECRET}{'0' * 12}\n", 2, "count"),
    "a count of five thousand digits": (f"A,B,count\n1,0,{'9' * 5000}\n", 2, "count"),
    "counts too large together": ("A,B,count\n1,0,600000000\n0,1,600000000\n", 3, ""),
    "something else in a list": (f"A,B,count\n1,0,1\n{SECRET},1,1\n", 3, "A"),
    "an empty cell in a list": ("A,B,count\n1,0,1\n1,,1\n", 3, "B"),
    "a history twice": (f"A,B,count\n1,0,1\n0,1,2\n1,0,{SECRET}\n", 4, ""),
    "a short row": (f"A,B,count\n1,0,1\n1,{SECRET}\n", 3, ""),
    "a long row": (f"A,B,count\n1,0,1\n1,0,1,{SECRET}\n", 3, ""),
    "a quote that does not end": (f'A,B,count\n1,0,"{SECRET}\n', 2, ""),
    "more lists than twelve": (",".join("ABCDEFGHIJKLM") + "\n" + ",".join("1" * 13) + "\n", None, ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place_and_never_its_value(name: str, tmp_path: Path) -> None:
    text, row, column = REFUSED[name]
    file = tmp_path / "lists.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadHistories) as refused:
        read_histories(file)
    assert (refused.value.file, refused.value.row, refused.value.column) == ("lists.csv", row, column)
    assert SECRET not in str(refused.value)
    assert refused.value.reason.endswith(".")


COUNTED = "A,B,C,D,n\n" + "".join(",".join(f"{h:04b}") + f",{h}{SECRET}\n" for h in range(1, 16))
"""A row for every history, and how many people each is under a name that says nothing."""


def test_counts_under_another_name_are_not_fifteen_people() -> None:
    """All methods would agree on 16 people, as everybody is on nearly every list."""
    rows = COUNTED.splitlines()[2:]
    by_year = "\n".join(["A,B,C,year,n", *(row for row in rows if not row.startswith("0,0,0"))])
    for text, by in ((COUNTED, ()), (by_year, ("year",))):
        with pytest.raises(BadHistories, match=r'row 1, column n: .* name it "count"') as refused:
            parse_histories(text, by=by)
        assert SECRET not in str(refused.value)
    assert parse_histories(COUNTED.replace(",n", ",count")).whole.observed > 15


def test_people_may_have_numbers_when_two_of_them_are_alike() -> None:
    people = "A,B,C,D,age\n" + COUNTED.split("\n", 1)[1] + "1,0,0,0,31\n"
    assert parse_histories(people).ignored == ("age",)


def test_both_rows_of_a_history_are_named() -> None:
    with pytest.raises(BadHistories, match=r"^data, row 4: .* row 2 "):
        parse_histories("A,B,count\n1,0,1\n0,1,2\n1,0,3\n")


@pytest.mark.parametrize(
    ("options", "column"),
    [
        ({"lists": ("A", "C")}, "C"),
        ({"by": ("sex",)}, "sex"),
        ({"lists": ("A", "B"), "by": ("B",)}, "B"),
        ({"by": ("count", "count")}, "count"),
        ({"lists": ("A", "count")}, "count"),
        ({"lists": ("A", "A")}, ""),
    ],
)
def test_columns_that_cannot_be_what_is_asked_are_refused(options: dict[str, tuple[str, ...]], column: str) -> None:
    with pytest.raises(BadHistories) as refused:
        parse_histories(GOOD, **options)
    assert refused.value.column == column


@pytest.mark.parametrize("value", ["", "\x1b[2J", '"a\tb"'])
def test_a_stratum_needs_a_value(value: str) -> None:
    with pytest.raises(BadHistories) as refused:
        parse_histories(f"A,B,sex\n1,0,f\n0,1,{value}\n", by=("sex",))
    assert (refused.value.row, refused.value.column) == (3, "sex")


@pytest.mark.parametrize("raw", [b"A,B\n1,0\n\xff,1\n", "A,B\n1,0\n".encode("utf-16"), b"\x00\x01\x02"])
def test_what_is_no_text_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "lists.csv").write_bytes(raw)
    with pytest.raises(BadHistories):
        read_histories(tmp_path / "lists.csv")


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(BadHistories) as refused:
            read_histories(path)
        assert refused.value.file == path.name


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/full"])
def test_what_never_ends_is_refused(name: str) -> None:
    with pytest.raises(BadHistories, match="larger than 32 MB"):
        read_histories(Path(name))


@given(st.text(alphabet='AB01,;"\n\r\x00 -.9count\u00e9', max_size=60))
def test_whatever_stands_there_is_read_or_refused(text: str) -> None:
    """Nothing but `BadHistories` comes out."""
    with contextlib.suppress(BadHistories):
        assert parse_histories(text).whole.observed >= 0
