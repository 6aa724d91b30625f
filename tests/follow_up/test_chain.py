"""The letter's own chain: entered from its file, without a mistake, seven days late; and mistakes that are found."""

import datetime as dt
from importlib.resources import as_file, files
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.errors import CannotStart
from luwte.follow_up.checking import check
from luwte.follow_up.entry import enter
from luwte.follow_up.model import Assessment, Commitment, Document, Link, Recommendation, Response, Row, link_id
from luwte.follow_up.reminding import LADDER, all_due, calendar, digest, draft, reminders
from luwte.follow_up.reviewing import decide, question, waiting
from luwte.follow_up.store import Store, opened

TODAY = dt.date(2026, 11, 26)
PROMISE = "commitment/begin-november-2021"


def letters(store: Store) -> int:
    with as_file(files("luwte.follow_up") / "data") as folder:
        return enter(store, folder / "letter_2021.toml")


def test_the_chain_of_the_letter_has_no_mistake_and_every_quote_stands_in_it() -> None:
    with opened(None) as store:
        assert letters(store) > 40
        assert letters(store) == 0
        assert [one for one in check(store) if one.is_wrong] == []
        assert len(store.all(Recommendation)) == len(store.all(Response)) == 3
        assert all(
            row.source for kind in (Document, Recommendation, Response, Commitment, Link) for row in store.all(kind)
        )
        late = next(due for due in all_due(store, TODAY) if due.commitment.id == PROMISE)
        assert (late.standing.state, late.standing.days) == ("late", 7)
        assert late.standing.fulfilled_by == "document/28638-205"
        assert [
            due.standing.state for due in all_due(store, dt.date(2021, 11, 16)) if due.commitment.id == PROMISE
        ] == ["overdue"]


WRONG: dict[str, tuple[type[Row], str, dict[str, object], str]] = {
    "a claim without evidence": (
        Assessment,
        "",
        {
            "id": "assessment/x",
            "target": PROMISE,
            "at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            "status": "done",
            "reason": "x",
        },
        "no_evidence",
    ),
    "a quote that nobody wrote": (Response, "response/ckm-2021-1", {"quote": "Dat doe ik niet."}, "quote_not_found"),
    "a quote with a word more": (
        Commitment,
        PROMISE,
        {"quote": "Begin november ontvangt u zeker de volgende voortgangsbrief"},
        "quote_not_found",
    ),
    "an answer to nothing": (Response, "response/ckm-2021-1", {"recommendation": "recommendation/9"}, "dead_reference"),
    "a report that is a paper": (
        Recommendation,
        "recommendation/ckm-2021-1",
        {"report": "document/28638-205"},
        "wrong_kind",
    ),
    "evidence that is not there": (
        Assessment,
        "",
        {
            "id": "assessment/x",
            "target": PROMISE,
            "at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            "status": "done",
            "reason": "x",
            "evidence": ["document/0-0"],
        },
        "dead_reference",
    ),
    "due before it was made": (Commitment, PROMISE, {"due_from": None, "due_to": dt.date(2020, 1, 1)}, "dates"),
    "due backwards": (Commitment, PROMISE, {"due_from": dt.date(2022, 1, 1)}, "dates"),
    "a text that is another one": (Document, "document/letter", {"text_sha256": "0" * 64}, "text_missing"),
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_every_mistake_is_found_and_named(name: str) -> None:
    kind, id, changes, code = WRONG[name]
    with opened(None) as store:
        letters(store)
        row = store.get(kind, id) if id else None
        with store.deed():
            store.put(msgspec.structs.replace(row, **changes) if row else msgspec.convert(changes, kind))
        assert code in {one.code for one in check(store) if one.is_wrong}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[motion]]\nid = 3", "motion 1"),
        ("[[report]]\nid = 'report/a'\ntitle = 'A'", "publisher"),
        ("[[report]]\nid = 'paper/a'\ntitle = 'A'\npublisher = 'B'", "report/"),
        ("[[report]]\nid = 'report/a'\ntitle = 'A'\npublisher = 'B'\nname = 'C'", "name"),
        ("[[report]]\nid = 'report/a'\ntitle = 'A'\npublisher = 'B'\n" * 2, "twice"),
        ("[report]\nid = 'report/a'", "two brackets"),
        ("[[rapport]]\nid = 'a'", "rapport"),
        ("[[import_run]]\nid = 'import_run/a'", "import_run"),
        (
            "[[response]]\nid = 'response/a'\nposition = 'maybe'\nrecommendation = ''\ndocument = ''\nquote = ''",
            "position",
        ),
        ("[[text]]\ndocument = 'document/a'\nfile = '../../etc/passwd'", "beside"),
        ("[[text]]\nfile = 'a'", "text 1"),
        ("this is no TOML", "line 1"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "chain.toml"
    file.write_text(text)
    with opened(None) as store:
        with pytest.raises(CannotStart) as refused:
            enter(store, file)
        assert says in str(refused.value)
        assert str(file) in str(refused.value)
        assert store.all(Document) == []


def test_one_bad_row_keeps_all_others_out(tmp_path: Path) -> None:
    file = tmp_path / "chain.toml"
    file.write_text("[[document]]\nid = 'document/a'\nkind = 'site'\ntitle = 'A'\n[[document]]\nid = 'document/b'\n")
    with opened(None) as store:
        with pytest.raises(CannotStart, match="document 2"):
            enter(store, file)
        assert store.all(Document) == []


def test_an_assessment_is_added_and_never_rewritten(tmp_path: Path) -> None:
    file = tmp_path / "more.toml"
    row = "[[assessment]]\ntarget = 'recommendation/ckm-2021-1'\nat = 2026-11-26\nstatus = 'unclear'\nreason = 'x'\n"
    file.write_text(row)
    with opened(None) as store:
        letters(store)
        with pytest.raises(CannotStart, match="never changed"):
            enter(store, file)
        file.write_text(row.replace("2026-11-26", "2026-12-01"))
        assert enter(store, file) == 1


def test_somebody_says_yes_or_no_once_for_all() -> None:
    with opened(None) as store:
        letters(store)
        first, *others = waiting(store)
        assert "?" in question(store, first)
        assert decide(store, [first.id], "rejected", "Noor", dt.datetime(2026, 11, 26)) == 1
        assert decide(store, [first.id], "rejected", "Noor", dt.datetime(2026, 11, 27)) == 0
        assert waiting(store) == others
        with pytest.raises(CannotStart):
            decide(store, [others[0].id, "link/none"], "confirmed", "Noor", dt.datetime(2026, 11, 26))
        assert waiting(store) == others


def test_the_ladder_is_climbed_once_and_ends_when_it_is_done() -> None:
    with opened(None) as store:
        letters(store)
        last = dt.date(2021, 11, 10)
        kept = next(link for link in store.all(Link) if link.to_id == PROMISE)
        said: list[tuple[dt.date, int]] = []
        day = dt.date(2021, 9, 1)
        while day < dt.date(2022, 3, 1):
            said += [(one.on, one.step) for one in reminders(store, day - dt.timedelta(days=1), day)]
            day += dt.timedelta(days=1)
        # Fulfilled on 17 November: the last step is never said.
        assert said == [(last + dt.timedelta(days=step), step) for step in LADDER[:3]]
        with store.deed():
            store.put(msgspec.structs.replace(kept, state="rejected"))
        assert [one.step for one in reminders(store, dt.date(2021, 9, 1), dt.date(2022, 3, 1))] == list(LADDER)
        assert PROMISE in digest(store, reminders(store, last, dt.date(2022, 3, 1)), dt.date(2022, 3, 1))
        commitment = store.get(Commitment, PROMISE)
        assert commitment is not None
        assert "Begin november" in draft(store, commitment, dt.date(2022, 3, 1))
        assert "111 dagen geleden" in draft(store, commitment, dt.date(2022, 3, 1))


@given(st.text(min_size=1, max_size=300))
def test_a_calendar_says_what_was_promised_whatever_that_is(quote: str) -> None:
    promise = Commitment(id="commitment/x", origin="letter", quote=quote, due_to=dt.date(2027, 1, 1))
    with opened(None) as store:
        with store.deed():
            store.put(promise)
        text = calendar(store, TODAY)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert not any(character in text.replace("\r\n", "") for character in "\r\n\0")
    lines = text.replace("\r\n ", "").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert lines.count("BEGIN:VALARM") == lines.count("END:VALARM") == len(LADDER)
    assert sum(line.startswith("BEGIN:") for line in lines) == 2 + len(LADDER)


def test_the_same_two_rows_are_linked_in_one_way_once() -> None:
    assert link_id("a", "b", "fulfils") == link_id("a", "b", "fulfils")
    assert len({link_id("a", "b", "fulfils"), link_id("b", "a", "fulfils"), link_id("a", "b", "repeats")}) == 3


def test_a_text_comes_to_a_document_that_is_there_and_to_no_other(tmp_path: Path) -> None:
    file = tmp_path / "text.toml"
    (tmp_path / "plain.txt").write_text("Een voortgangsbrief.")
    file.write_text("[[text]]\ndocument = 'document/28638-205'\nfile = 'plain.txt'\n")
    with opened(None) as store:
        with pytest.raises(CannotStart, match="no such document"):
            enter(store, file)
        letters(store)
        assert enter(store, file) == 1
        paper = store.get(Document, "document/28638-205")
        assert paper is not None
        assert store.text(paper.text_sha256) == "Een voortgangsbrief."
