"""What leaves the house: shares, marks, metadata, and what is read back from anybody."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luwte.insight.disclosure import protect
from luwte.insight.disclosure.attack import attack
from luwte.insight.disclosure.cells import grid
from luwte.insight.disclosure.data import count, read_data
from luwte.insight.disclosure.marks import percent
from luwte.insight.disclosure.plan import EXAMPLE, Dimension, Plan, Rules, Table, parse_plan, read_plan
from luwte.insight.disclosure.published import Release, Shown
from luwte.insight.disclosure.refusals import BadData, BadPlan, BadRelease
from luwte.insight.disclosure.release import as_json, files, read_release

PLAN = parse_plan(EXAMPLE.replace("# percentages", "percentages"))
ROWS = "age,form,region,organisation\n" + (
    "0-11,sexual,Coast,x\n" * 3
    + "12-14,sexual,Hills,y\n" * 40
    + "15-17,criminal,Coast,x\n" * 33
    + "15-17,labour,Lakes,z\n" * 21
    + "18 and over,criminal,Hills,y\n" * 7
)


def a_release(method: str = "rounding") -> Release:
    plan = replace(PLAN, rules=replace(PLAN.rules, method=method))
    return protect(plan, count(ROWS, plan)).release


def written(folder: Path, release: Release) -> dict[str, Any]:
    for name, data in files(release).items():
        (folder / name).write_bytes(data)
    return json.loads((folder / "tables.json").read_bytes())


# Shares


@settings(max_examples=200)
@given(
    numbers=st.lists(st.integers(0, 60), min_size=4, max_size=4),
    gone=st.sets(st.integers(0, 8)),
    method=st.sampled_from(["rounding", "suppression"]),
)
def test_a_share_is_computed_from_two_published_cells_and_nothing_else(numbers, gone, method):
    """Recomputed here from the printed table alone; none without both, or on a base that may be under ten."""
    axes = {name: Dimension(name, name, ("1", "2")) for name in ("a", "b")}
    table = Table("t", "t", "b", ("a", "b"), percentages=True)
    plan = Plan("p", "t", "victim", 1, axes, (table,), Rules(method=method))
    cells = [at for _, at in grid(table, axes)]
    counted = {at: sum(n for k, n in enumerate(numbers) if fits(at, k)) for at in cells}
    status = "rounded" if method == "rounding" else "value"
    figures = {at: n - n % 5 if method == "rounding" else n for at, n in counted.items()}
    shown = {
        at: Shown(None, "c") if number in gone and method != "rounding" else Shown(figures[at], status)
        for number, at in enumerate(cells)
    }
    lines = list(csv.DictReader(io.StringIO(files(Release(plan, shown))["t.csv"].decode())))
    totals = {line["a"]: line["value"] for line in lines if not line["b"]}
    for line in lines:
        base = totals[line["a"]]
        sure = base != "" and int(base) - (4 if method == "rounding" else 0) >= 10
        if line["value"] == "" or not sure:
            assert line["percent"] == ""
        else:
            assert abs(float(line["percent"]) - 100 * int(line["value"]) / int(base)) <= 0.5


def fits(at: tuple[tuple[str, str], ...], number: int) -> bool:
    named = dict(at)
    return named.get("a", str(number // 2 + 1)) == str(number // 2 + 1) and named.get("b", str(number % 2 + 1)) == str(
        number % 2 + 1
    )


def test_shares_add_nothing_for_an_attacker(tmp_path):
    """What is read back with them is attacked like what was never published with them, cell by cell."""
    with_shares = a_release("suppression")
    written(tmp_path, with_shares)
    plain = replace(with_shares.plan, tables=tuple(replace(one, percentages=False) for one in with_shares.plan.tables))
    assert attack([read_release(tmp_path)]).intervals == attack([Release(plain, with_shares.shown)]).intervals


def test_a_share_from_elsewhere_is_refused(tmp_path):
    """Somebody who computed it from the true counts would have told something that no attack tried."""
    raw = written(tmp_path, a_release())
    cell = next(one for one in raw["tables"][0]["cells"] if one["percent"])
    cell["percent"] += 1
    (tmp_path / "tables.json").write_text(json.dumps(raw))
    with pytest.raises(BadRelease, match=r"row \d+, column age-form: A percentage is not computed"):
        read_release(tmp_path)


def test_shares_are_in_the_page_and_only_where_they_are_declared():
    found = {name: data.decode() for name, data in files(a_release()).items()}
    first, second = found["index.html"].split('<h2 id="region-form">')
    assert 'class="share"' in first
    assert 'class="share"' not in second
    assert "percent" in found["age-form.csv"].splitlines()[0]
    assert "percent" not in found["region-form.csv"]
    assert percent(a_release(), PLAN.tables[0], ("12-14", "sexual")) == 100


# Metadata


@pytest.mark.parametrize("method", ["rounding", "suppression"])
def test_csvw_metadata_describes_the_csv_beside_it(method):
    """Names are URI template variables, titles are the columns of the file, every cell is of its datatype."""
    odd = Dimension("wie, über-haupt_?", "Who", ("a", "b"))
    plan = Plan("p", "t", "victim", 1, {odd.id: odd}, (Table("t-1", "T", "B", (odd.id,), percentages=True),), Rules())
    made = {**files(a_release(method)), **files(Release(plan, {at: Shown(5, "rounded") for at in ODD}))}
    metadata = {name: json.loads(data) for name, data in made.items() if name.endswith("-metadata.json")}
    assert len(metadata) == 3
    for about in metadata.values():
        assert about["@context"] == "http://www.w3.org/ns/csvw"
        assert re.fullmatch(r"[A-Za-z0-9-]+\.csv", about["url"])
        columns = about["tableSchema"]["columns"]
        variable = r"(?:[A-Za-z0-9]|%[0-9A-F]{2})(?:[A-Za-z0-9_.]|%[0-9A-F]{2})*"
        assert all(re.fullmatch(variable, one["name"]) for one in columns)
        assert len({one["name"] for one in columns}) == len(columns)
        assert {key for one in columns for key in one} <= set(CSVW)
        head, *rows = csv.reader(io.StringIO(made[about["url"]].decode()))
        assert head == [one["titles"] for one in columns]
        for row in rows:
            for cell, one in zip(row, columns, strict=True):
                assert one["datatype"] in ("string", "integer")
                assert one["datatype"] == "string" or cell == one["null"] or re.fullmatch(r"\d+", cell)


ODD = [(), (("wie, über-haupt_?", "a"),), (("wie, über-haupt_?", "b"),)]
CSVW = ("name", "titles", "datatype", "null", "dc:title", "dc:description")
"""Of a column, in the W3C recommendation (Metadata Vocabulary for Tabular Data); dc: is one of its known prefixes."""


# Names


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A0", "+1", "-1", "@x", "a\nb", "\tx", " x", "a\u202eb", "x\x00"])
def test_a_name_that_a_spreadsheet_could_run_is_refused(name):
    """As a category, as a parent and as a column; and what was written there is not repeated."""
    raw = json.dumps(name)
    for text in (
        EXAMPLE.replace('"labour"]', f'"labour", {raw}]'),
        EXAMPLE.replace('Coast = "West"', f"Coast = {raw}"),
        EXAMPLE.replace("[dimension.form]", f"[dimension.{raw}]"),
    ):
        with pytest.raises(BadPlan, match="spreadsheet may run that") as caught:
            parse_plan(text, "plan.toml")
        assert "calc" not in caught.value.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[dimension.form]", "[dimension.status]", "columns of its own"),
        ('id = "region-form"', 'id = "Age-Form"', "same id"),
        ('# count = "n"', 'count = "age"', "two things"),
        ("# threshold = 5", "threshold = 10000000000000000000000", "whole number"),
        ('["sexual", "criminal"', '["sexual", "sexual"', "named twice"),
        ('categories = ["sexual"', 'multiple = true\ncategories = ["a;b"', "several answers"),
        ("max_contribution = 1", "max_contribution = 0", "at least 1"),
        ("max_contribution = 1", "max_contribution = 5", "more than one unit"),
        ("[[table]]", "[[impossible]]\nage = 'moon'\n[[table]]", "not declared"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(old, new, reason):
    assert old in EXAMPLE
    with pytest.raises(BadPlan, match=reason):
        parse_plan(EXAMPLE.replace(old, new, 1))


def test_a_plan_that_is_not_toml_says_where():
    with pytest.raises(BadPlan, match=r"plan.toml, row 3: This is not TOML") as caught:
        parse_plan('[release]\nid = "x"\nsecret secret\n', "plan.toml")
    assert "secret" not in str(caught.value)


HEAD = "age,form,region,organisation\n"


# Data


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "data.csv: This file is empty."),
        (" \n\n", "data.csv: This file is empty."),
        (HEAD, "data.csv, row 1: There is nobody in this file, only the names of columns."),
        ("age," + HEAD + "0-11,0-11,sexual,Coast,x\n", "data.csv, row 1, column age: This column is there twice."),
        ("age,form,organisation\n0-11,sexual,x\n", "data.csv, row 1, column region: This column is missing."),
        (HEAD + '0-11,"sex"ual,Coast,x\n', "data.csv, row 2: This is not CSV."),
        (HEAD + "0-11,,Coast,x\n", "data.csv, row 2, column form: This is empty."),
        (HEAD + "0-11,s3cret,Coast,x\n", "data.csv, row 2, column form: The plan has no such category."),
        (HEAD + "0-11,sexual,Coast,x,s3cret\n", "data.csv, row 2: This row has more or fewer cells than the first."),
    ],
)
def test_data_that_cannot_be_used_is_refused_with_its_place(tmp_path, raw, says):
    path = tmp_path / "data.csv"
    path.write_text(raw, "utf-8")
    with pytest.raises(BadData) as caught:
        read_data(path, PLAN)
    assert str(caught.value).startswith(says)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("number", ["9" * 10, "9" * 5000, "1e3", "٣", "1_000", "0x1", "+1", "NaN"])
def test_a_count_that_is_no_count_is_refused(number):
    plan = parse_plan(EXAMPLE.replace('contributor = "organisation"', 'count = "n"'))
    with pytest.raises(BadData, match=r"row 2, column n: A count must be a whole number, in at most 9 digits"):
        count(f"age,form,region,n\n0-11,sexual,Coast,{number}\n", plan)


def test_another_encoding_is_refused(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes((HEAD + "0-11,sexual,Coast,x\n").encode("utf-16"))
    with pytest.raises(BadData, match=r"data.csv, row 1: This is not UTF-8"):
        read_data(path, PLAN)


def test_files_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(BadData, match="cannot be read"):
        read_data(tmp_path / "none.csv", PLAN)
    with pytest.raises(BadPlan, match="cannot be read"):
        read_plan(tmp_path / "none.toml")


# Earlier releases, from anybody


def broken(raw: dict[str, Any], how: str) -> object:
    first = raw["tables"][0]
    cell = first["cells"][1]
    if how == "a list":
        return [raw]
    if how == "no rules":
        del raw["release"]["rules"]
    if how == "a circle":
        raw["dimensions"][2]["parents"] = {"Coast": "West", "West": "East", "East": "West"}
    if how == "a number as id":
        raw["release"]["id"] = 7
    if how == "a negative number":
        cell["value"] = -5
    if how == "half a person":
        cell["value"] = 2.5
    if how == "a huge number":
        cell["value"] = 5 * 10**30
    if how == "not rounded":
        cell["value"] = 7
    if how == "true":
        cell["value"] = True
    if how == "a number and a mark":
        cell["status"] = "c"
    if how == "an unknown mark":
        cell["status"] = "x"
    if how == "a mark that is a list":
        cell["status"] = ["c"]
    if how == "a cell of nowhere":
        cell["at"] = {"age": "moon"}
    if how == "a dimension of nowhere":
        cell["at"] = {"moon": "full"}
    if how == "a category that is a list":
        cell["at"] = {"form": ["sexual"]}
    if how == "a missing cell":
        first["cells"].pop()
    if how == "two numbers for one cell":
        raw["tables"][1]["cells"][0]["value"] += 5
        raw["tables"][1]["cells"][0]["status"] = "rounded"
    if how == "a threshold of text":
        raw["release"]["rules"]["threshold"] = "5"
    if how == "a rule that nobody knows":
        raw["release"]["rules"]["mercy"] = 1
    if how == "tables that are no list":
        raw["tables"] = {"a": 1}
    return raw


HOW = [
    "a list", "no rules", "a circle", "a number as id", "a negative number", "half a person", "a huge number",
    "not rounded", "true", "a number and a mark", "an unknown mark", "a mark that is a list", "a cell of nowhere",
    "a dimension of nowhere", "a category that is a list", "a missing cell", "two numbers for one cell",
    "a threshold of text", "a rule that nobody knows", "tables that are no list",
]  # fmt: skip


@pytest.mark.parametrize("how", HOW)
def test_an_earlier_release_that_is_malformed_is_refused(tmp_path, how):
    """One sentence with the file, never a traceback, and never what stands there."""
    (tmp_path / "tables.json").write_text(json.dumps(broken(as_json(a_release()), how)))
    with pytest.raises(BadRelease, match=r"tables\.json") as caught:
        read_release(tmp_path)
    assert "moon" not in caught.value.reason


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'{"release": {}, "tables": []}'])
def test_what_is_no_json_of_ours_is_refused(tmp_path, raw):
    (tmp_path / "tables.json").write_bytes(raw)
    with pytest.raises(BadRelease, match="This is not what luwte protect writes"):
        read_release(tmp_path)


def test_what_was_written_is_read_again_with_shares(tmp_path):
    for method in ("rounding", "suppression"):
        made = a_release(method)
        written(tmp_path, made)
        assert read_release(tmp_path).shown == made.shown
        assert read_release(tmp_path).plan == replace(made.plan, contributor="")
