"""What is kept is what was given; a deed is kept whole or not at all; an assessment stays."""

import datetime as dt
import sqlite3
from pathlib import Path

import pytest

from luwte.follow_up.model import Assessment, Commitment, Document, Link, LinkState, link_id, occurs, standing
from luwte.follow_up.store import opened

PAPER = Document(id="document/28638-205", kind="kamerstuk", title="Letter", date=dt.date(2021, 11, 17), tk_id="a1")
PROMISE = Commitment(
    id="commitment/1",
    origin="letter",
    quote="Begin november ...",
    due_from=dt.date(2021, 11, 1),
    due_to=dt.date(2021, 11, 10),
)


def linked(state: LinkState = "confirmed") -> Link:
    id = link_id(PAPER.id, PROMISE.id, "fulfils")
    return Link(id=id, from_id=PAPER.id, to_id=PROMISE.id, relation="fulfils", basis="human", state=state)


def test_rows_come_back_and_are_found_by_what_they_name(tmp_path: Path) -> None:
    with opened(tmp_path / "chain.db") as store, store.deed():
        assert store.put(PAPER)
        assert store.put(linked())
        assert not store.put(PAPER)
    with opened(tmp_path / "chain.db") as store:
        assert store.get(Document, PAPER.id) == PAPER
        assert store.where(Document, "tk_id", "a1") == [PAPER]
        assert store.where(Link, "to_id", PROMISE.id) == [linked()]
        assert store.get(Commitment, PAPER.id) is None


def test_a_deed_that_fails_leaves_nothing() -> None:
    with opened(None) as store:

        def breaks() -> None:
            with store.deed():
                store.put(PAPER)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            breaks()
        assert store.all(Document) == []


def test_an_assessment_is_never_changed_and_never_removed() -> None:
    one = Assessment(id="assessment/1", target=PROMISE.id, at=dt.datetime(2026, 1, 1), status="unclear", reason="a")
    with opened(None) as store:
        with store.deed():
            store.put(one)
        another = Assessment(id=one.id, target=one.target, at=one.at, status="done", reason="b", evidence=["x"])
        with pytest.raises(sqlite3.IntegrityError), store.deed():
            store.put(another)
        assert store.all(Assessment) == [one]


def test_seven_days_late_and_a_suggestion_fulfils_nothing() -> None:
    papers = {PAPER.id: PAPER}
    found = standing(PROMISE, [linked()], papers, dt.date(2022, 1, 1))
    assert (found.state, found.days, found.on) == ("late", 7, PAPER.date)
    assert standing(PROMISE, [linked("suggested")], papers, dt.date(2021, 11, 12)).days == 2
    assert standing(PROMISE, [], papers, dt.date(2021, 11, 10)).state == "open"
    assert standing(PROMISE, [linked()], papers, dt.date(2021, 11, 16)).state == "overdue"


def test_a_quote_stands_in_its_text_or_does_not() -> None:
    text = "Begin \nnovember ontvangt  u de volgende voortgangsbrief van het programma."
    assert occurs("Begin november ontvangt u de volgende", text)
    assert occurs("Begin november (…) van het programma", text)
    assert not occurs("van het programma ... Begin november", text)
    assert not occurs("", text)
