"""What the source says is stored right, what we do not know is reported; a crash loses and doubles nothing."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from follow_up.source import DOSSIERS, Falls, Source, Values, commitment, decision, document, motion, uuid
from luwte.follow_up.importing import import_tk
from luwte.follow_up.model import Commitment, Document, ImportRun, Motion, Row, Vote
from luwte.follow_up.store import Store, opened
from luwte.follow_up.tk import REGISTER, Notes, filters, moment, nodes, questions, read, text_literal
from luwte.follow_up.transport import CannotImport, Refused, Transport

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def everything() -> Source:
    case = motion(
        301, Kabinetsappreciatie="Ontijdig", GerelateerdNaar=[{"Id": uuid(9), "Document": [{"Id": uuid(205)}]}]
    )
    return Source(
        Document=[
            document(205),
            document(221, Soort="Verslag van een commissiedebat"),
            document(1221, "31015", Volgnummer=221),
            document(7, Volgnummer=-1, Onderwerp="Bijlage"),
            document(248),
            document(249),
            document(250, Datum="0001-01-01T00:00:00Z"),
        ],
        Zaak=[case, motion(302)],
        Besluit=[
            decision(400, case),
            decision(401, motion(302), BesluitSoort="Ingediend"),
            decision(402, motion(302), BesluitSoort="Stemmen - uitstellen"),
        ],
        Toezegging=[
            commitment(501, Status="Half", KamerbriefNakoming=[{"Id": uuid(205)}, {"Id": uuid(999)}]),
            commitment(502, DatumNakoming="2026-06-30T00:00:00+02:00"),
        ],
        Elsewhere=[document(999, "31015")],
    )


def bring_in(store: Store, source: Transport, now: dt.datetime = NOW, **more: Any) -> ImportRun:
    return import_tk(store, source, ["28638", "31015"], now=now, **more)


def rows(store: Store) -> list[Row]:
    return [*store.all(Document), *store.all(Motion), *store.all(Commitment)]


def paper(store: Store, name: str) -> Document:
    found = store.get(Document, f"document/{name}")
    assert found is not None, name
    return found


@pytest.mark.parametrize("top", [None, 2])
def test_papers_motions_votes_and_commitments_are_stored_as_they_are(top: int | None) -> None:
    with opened(None) as store:
        told: list[tuple[int, int | None]] = []
        run = bring_in(store, everything(), say=lambda done, expected: told.append((done, expected)), top=top)

        assert (paper(store, "28638-221").soort, paper(store, "31015-221").soort) == (
            "Verslag van een commissiedebat",
            "Brief regering",
        )
        letter = paper(store, "28638-205")
        assert (letter.title, letter.date, letter.kind) == ("Brief 205", dt.date(2021, 11, 17), "kamerstuk")
        assert letter.author == "staatssecretaris"
        assert letter.urls == ["https://www.tweedekamer.nl/kamerstukken/detail?id=2021Z00205&did=2021D00205"]
        annex = paper(store, "2021D00007")
        assert (annex.kind, annex.dossier, annex.number) == ("site", "28638", None)
        assert paper(store, "28638-250").date is None
        assert paper(store, "31015-999").tk_id == uuid(999)

        first, second = store.all(Motion)
        assert (first.id, first.appreciation, first.register_status) == ("motion/28638-301", "Ontijdig", "Afgedaan")
        assert (first.result, first.voted_on) == ("adopted", dt.date(2025, 12, 16))
        assert first.submitters == ["A. Eerste", "B. Tweede"]
        assert first.votes[0] == Vote(party="Partij A", vote="Voor", seats=20)
        assert first.related == [uuid(205)]
        assert (second.result, second.voted_on) == ("postponed", None)

        half, dated = store.all(Commitment)
        assert (half.id, half.register_status, half.due_to) == ("commitment/TZ202603-501", "Half", None)
        assert half.letters == [uuid(205), uuid(999)]
        assert (half.made_on, half.made_by) == (dt.date(2026, 3, 19), "minister van Justitie en Veiligheid")
        assert (dated.due_to, dated.due_rule) == (dt.date(2026, 6, 30), REGISTER)

        assert run.unknown["Toezegging.Status"] == ["Half"]
        assert run.unknown["Zaak.Kabinetsappreciatie"] == ["Ontijdig"]
        assert run.unknown["Besluit.BesluitSoort"] == ["Ingediend"]
        assert run.finished == NOW
        assert run.last_changed == "2026-03-20T10:00:00.5Z"
        assert told[-1][0] == 15
        assert run.stored == len(rows(store)) + 2  # two motions again, with what was decided on them


def test_importing_twice_changes_nothing() -> None:
    with opened(None) as store:
        bring_in(store, everything())
        before = rows(store)
        again = bring_in(store, everything(), since=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        assert rows(store) == before
        # A motion is read before the decision on it, and neither changes what the other said.
        assert again.stored == 0


def test_the_next_look_asks_for_what_changed_and_learns_what_was_taken_away() -> None:
    source = everything()
    with opened(None) as store:
        bring_in(store, source)
        known = paper(store, "28638-205")
        source.entities["Document"] = [
            {"Id": uuid(205), "Verwijderd": True, "ApiGewijzigdOp": "2026-11-26T12:00:00Z"},
            {"Id": uuid(4711), "Verwijderd": True, "ApiGewijzigdOp": "2026-11-26T12:00:00Z"},
            document(260, ApiGewijzigdOp="2026-03-20T10:00:00.5Z"),
            document(261),
        ]
        run = bring_in(store, source, NOW + DAY)
        assert run.since == "2026-03-19T10:00:00Z"
        assert paper(store, "28638-205") == msgspec.structs.replace(known, withdrawn=True)
        assert paper(store, "28638-260").title == "Brief 260"  # at the same instant as the last that was stored
        assert store.get(Document, "document/28638-261") is None
        assert len(store.all(Document)) == 9
        source.entities["Document"] = [document(205, ApiGewijzigdOp="2026-11-27T12:00:00Z")]
        bring_in(store, source, NOW + 2 * DAY)
        assert paper(store, "28638-205") == known


@pytest.mark.parametrize("top", [None, 2])
def test_fewer_records_than_counted_are_no_whole_answer(top: int | None) -> None:
    source = everything()
    source.wrong_by = 1
    with opened(None) as store:
        with pytest.raises(CannotImport, match=r"counts 8 records and gives 7\."):
            bring_in(store, source, top=top)
        assert len(store.all(Document)) == 7
        source.wrong_by = 0
        bring_in(store, source, top=top)
        assert len(store.all(Commitment)) == 2


def test_what_a_person_typed_stays() -> None:
    source = everything()
    mine = Commitment(
        id="commitment/TZ202603-502",
        origin="letter",
        quote="My words",
        confirmed=True,
        source="document/letter",
        due_text="begin november",
        due_to=dt.date(2026, 11, 10),
        recommendation="recommendation/1",
    )
    seeded = Document(
        id="document/28638-205", kind="kamerstuk", title="Typed", dossier="28638", number=205, confirmed=True
    )
    with opened(None) as store:
        with store.deed():
            store.put(mine)
            store.put(seeded)
        bring_in(store, source)
        found = store.get(Commitment, mine.id)
        assert found is not None
        typed = ("confirmed", "quote", "due_text", "due_to", "due_rule", "recommendation", "source", "origin")
        assert [getattr(found, name) for name in typed] == [getattr(mine, name) for name in typed]
        assert found.register_status == "Openstaand"
        assert found.tk_id == uuid(502)
        letter = paper(store, "28638-205")
        assert (letter.confirmed, letter.title, letter.tk_id) == (True, "Brief 205", uuid(205))


def test_the_register_may_take_back_its_own_date_and_a_phrase_is_read_only_where_there_is_none() -> None:
    def reads(row: Commitment) -> Commitment:
        return msgspec.structs.replace(row, due_text="medio mei", due_to=dt.date(2026, 5, 20), due_rule="medio")

    source = everything()
    with opened(None) as store:
        bring_in(store, source, read_due=reads)
        assert [row.due_rule for row in store.all(Commitment)] == ["medio", REGISTER]
        source.entities["Toezegging"] = [commitment(502)]
        bring_in(store, source, since=NOW - 1000 * DAY)
        assert [row.due_to for row in store.all(Commitment)] == [dt.date(2026, 5, 20), None]


def test_two_documents_under_one_number_are_two_rows() -> None:
    source = Source(Document=[document(1), document(2, Volgnummer=1)])
    with opened(None) as store:
        run = bring_in(store, source)
        assert [row.id for row in store.all(Document)] == ["document/2021D00002", "document/28638-1"]
        assert run.unknown["Document.Volgnummer"] == ["more than one: 28638-1"]


def test_a_crash_at_any_moment_resumes_to_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(None) as store:
        whole = everything()
        expected = bring_in(store, whole), rows(store)
    for at in range(1, len(whole.asked) + 1):
        with opened(None) as store:
            with pytest.raises(CannotImport):
                bring_in(store, Falls(everything(), at))
            again = everything()
            assert (bring_in(store, again), rows(store)) == expected
            assert len(again.asked) == len(whole.asked) - at + 1

    put = Store.put
    puts = expected[0].stored + expected[0].pages + 1
    for at in range(1, puts + 1):
        left = [at]

        def falls(self: Store, row: Row, left: list[int] = left) -> bool:
            left[0] -= 1
            if left[0] == 0:
                raise ZeroDivisionError
            return put(self, row)

        with opened(None) as store:
            monkeypatch.setattr(Store, "put", falls)
            with pytest.raises(ZeroDivisionError):
                bring_in(store, everything())
            monkeypatch.setattr(Store, "put", put)
            assert (bring_in(store, everything()), rows(store)) == expected


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from follow_up.source import Source
from follow_up.test_importing import bring_in, everything
from luwte.follow_up.store import Store, opened
put, left = Store.put, [12]
def dies(self, row):
    done = put(self, row)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
Store.put = dies
with opened(Path(sys.argv[1])) as store:
    bring_in(store, everything())
"""


def test_a_killed_process_resumes_to_the_same_rows(tmp_path: Path) -> None:
    with opened(None) as store:
        expected = bring_in(store, everything()), rows(store)
    file = tmp_path / "chain.db"
    command = [sys.executable, "-c", KILLED, str(file), str(Path(__file__).parent.parent)]
    paths = os.pathsep.join(sys.path)
    killed = subprocess.run(command, check=False, capture_output=True, env={**os.environ, "PYTHONPATH": paths})
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with opened(file) as store:
        (run,) = store.all(ImportRun)
        assert run.finished is None
        assert 0 < len(rows(store)) < len(expected[1])
        assert (bring_in(store, everything()), rows(store)) == expected


def test_a_page_that_the_source_no_longer_knows_is_asked_for_from_the_start() -> None:
    class Forgets(Source):
        def fetch(self, url: str) -> bytes:
            if "skiptoken=3" in url and "Document?" in url and not self.asked:
                self.asked.append(url)
                raise Refused("it answers 400")
            return super().fetch(url)

    source = everything()
    with opened(None) as store:
        with pytest.raises(CannotImport):
            bring_in(store, Falls(source, 2))
        run = bring_in(store, Forgets(size=3, **source.entities))
        assert run.finished is not None
        assert len(store.all(Document)) == 8


@pytest.mark.parametrize(
    "page",
    [b"", b"[]", b"{", b'{"value": 3}', b'{"error": {"code": "x"}}', b"[" * 100_000, b'{"value": [' + b"9" * 5000],
)
def test_what_is_no_page_is_told_in_one_line(page: bytes) -> None:
    class Odd:
        def fetch(self, url: str) -> bytes:
            return page

    with opened(None) as store, pytest.raises(CannotImport, match="not a page of its data"):
        bring_in(store, Odd())


@pytest.mark.parametrize("link", ["https://elsewhere.example/Document", 3, "same", "round"])
def test_a_next_page_elsewhere_or_in_a_circle_is_not_followed(link: Any) -> None:
    class Odd:
        def fetch(self, url: str) -> bytes:
            there = {"same": url, "round": url.split("&round")[0] + ("" if "&round" in url else "&round=1")}
            return json.dumps({"value": [], "@odata.nextLink": there.get(link, link)}).encode()

    with opened(None) as store, pytest.raises(CannotImport, match="next"):
        bring_in(store, Odd())


@pytest.mark.parametrize("digits", range(8))
def test_a_moment_has_none_to_seven_digits_of_a_second(digits: int) -> None:
    found = moment("2025-12-17T12:18:40" + ("." + "9400305"[:digits] if digits else "") + "Z")
    assert found is not None
    assert found.replace(microsecond=0).isoformat() == "2025-12-17T13:18:40+01:00"
    assert found.microsecond == int("940030"[:digits].ljust(6, "0"))


def test_a_day_is_a_day_in_amsterdam() -> None:
    (found,) = read("Document", document(1, Datum="2021-11-16T23:00:00Z"), "", Notes())
    assert found.fields["date"] == dt.date(2021, 11, 17)


def test_a_filter_that_is_too_long_is_split() -> None:
    many = [str(n) for n in range(1, 200)]
    asked = [one for one in questions(many, ["Justitie"]) if one.entity == "Zaak"]
    assert len(asked) > 1
    names = [f"k/Nummer eq {n}" for n in range(60)]
    split = filters(["Soort eq 'Motie'"], names)
    assert all(nodes(one) <= 100 for one in split)
    assert [name for one in split for name in one.partition("(")[2].rstrip(")").split(" or ")] == names
    assert len(split) > 1
    with pytest.raises(CannotImport, match="more than 100 parts"):
        filters([], [" and ".join(names)])


def test_an_apostrophe_is_doubled_and_no_dossier_gets_out_of_its_place() -> None:
    assert text_literal("'s-Hertogenbosch") == "'''s-Hertogenbosch'"
    (asked,) = [one for one in questions(["35570-VI"], ["O'Hara & co"]) if one.entity == "Toezegging"]
    assert "O%27%27Hara%20%26%20co" in asked.url
    for name in ("", "x", "1 or true", "28638-VI'/x"):
        with pytest.raises(CannotImport):
            questions([name], [])


FIELDS = sorted({*document(1), *motion(1), *decision(1, motion(2)), *commitment(1), "Document"})
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["Motie", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2021-02-30", "\ud800", uuid(1)]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=12,
)


@given(
    entity=st.sampled_from(["Document", "Zaak", "Besluit", "Toezegging"]),
    values=ANY | st.dictionaries(st.sampled_from(FIELDS), ANY),
    whole=st.booleans(),
)
def test_any_record_is_stored_or_reported(entity: str, values: Any, whole: bool) -> None:
    made: dict[str, Values] = {
        "Document": document(1),
        "Zaak": motion(1),
        "Besluit": decision(1, motion(2)),
        "Toezegging": commitment(1),
    }
    record = made[entity] | values if whole and isinstance(values, dict) else values
    with opened(None) as store:
        run = bring_in(store, Source(**{entity: [record]}))
        taken_away = isinstance(record, dict) and record.get("Verwijderd") is True
        assert rows(store) or run.unknown or taken_away
        before = rows(store)
        bring_in(store, Source(**{entity: [record]}), since=NOW - 9999 * DAY)
        assert rows(store) == before


def test_a_dossier_with_an_addition_is_another_one() -> None:
    vi = {**DOSSIERS["28638"], "Nummer": 35570, "Toevoeging": "VI"}
    with opened(None) as store:
        bring_in(store, Source(Document=[document(50, Kamerstukdossier=[vi])]))
        assert paper(store, "35570-VI-50").addition == "VI"
