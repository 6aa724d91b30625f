"""The study of intervals goes on from what it kept, and its rows are about all of that."""

import json
from pathlib import Path

from bench.coverage_methods import methods, truths

TITLE, NAME = "the stepwise model", "stepwise, Wald"


def study(replicates: int, keep: Path | None) -> list[str]:
    """The rows of a study of one method and one truth, without the head."""
    return list(methods(replicates, 1000, 16000, keep, [TITLE], [NAME]))[2:]


def test_a_study_that_stopped_ends_as_one_that_did_not(tmp_path: Path) -> None:
    keep = tmp_path / "study.jsonl"
    study(2, keep)
    first = keep.read_text()

    assert study(5, keep) == study(5, None)
    assert keep.read_text().startswith(first)
    assert len(keep.read_text().splitlines()) == 5


def test_with_no_tables_it_prints_what_it_kept(tmp_path: Path) -> None:
    keep = tmp_path / "study.jsonl"
    people = truths()[TITLE].people
    for number, ends in enumerate([[people, 1, people], [people, people, 2 * people], [people, 1, 2], [None] * 3]):
        with keep.open("a") as file:
            file.write(json.dumps([[TITLE, NAME, 0, number], ends]) + "\n")

    row = study(0, keep)

    assert [cell.strip() for cell in row[0].split("|")][4:8] == ["", "4", "1", "66.7%"]
    assert len(row) == 1
