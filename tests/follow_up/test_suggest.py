"""A machine suggests and a person decides: a citation that is wrong can be rejected, and stays rejected."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from follow_up.source import Source, commitment, document, motion, uuid
from luwte.follow_up.importing import import_tk
from luwte.follow_up.model import Document, Link
from luwte.follow_up.store import Store, opened
from luwte.follow_up.suggest import suggest
from luwte.follow_up.transport import Recording, Replaying

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
TEXT = "In mijn brief van 23 april (Kamerstuk 28638, nr. 248) ... motie (28638, nr. 301) ... (28638, nr. 251), nr. 9999"


@dataclass
class Cited:
    dossier: str
    number: int
    quote: str
    addition: str = ""


def cite(text: str) -> Iterator[Cited]:
    for number in (248, 301, 251, 9999):
        if f"nr. {number}" in text:
            yield Cited("28638", number, f"28638, nr. {number}")


def filled(store: Store) -> None:
    source = Source(
        Document=[document(248), document(249), document(251), document(205)],
        Zaak=[motion(301, GerelateerdNaar=[{"Id": uuid(9), "Document": [{"Id": uuid(249)}]}])],
        Toezegging=[commitment(501, KamerbriefNakoming=[{"Id": uuid(205)}])],
    )
    import_tk(store, source, ["28638"], now=NOW)
    with store.deed():
        (letter,) = store.where(Document, "tk_id", uuid(251))
        store.put(msgspec.structs.replace(letter, text_sha256=store.keep_text(TEXT)))


def test_fields_and_citations_are_suggested_and_nothing_is_confirmed() -> None:
    with opened(None) as store:
        filled(store)
        assert suggest(store, cite) == 4
        found = {(link.from_id, link.to_id): link for link in store.all(Link)}
        assert {link.state for link in found.values()} == {"suggested"}
        kept = found["document/28638-205", "commitment/TZ202603-501"]
        assert (kept.relation, kept.basis) == ("fulfils", "source_field")
        answer = found["document/28638-249", "motion/28638-301"]
        assert (answer.relation, answer.basis) == ("responds_to", "source_field")
        assert found["document/28638-251", "motion/28638-301"].basis == "citation"
        assert found["document/28638-251", "document/28638-248"].quote == "28638, nr. 248"
        assert suggest(store, cite) == 0


def test_a_citation_of_248_that_is_really_249_is_rejected_and_not_suggested_again() -> None:
    with opened(None) as store:
        filled(store)
        suggest(store, cite)
        (wrong,) = [link for link in store.all(Link) if link.to_id == "document/28638-248"]
        with store.deed():
            store.put(msgspec.structs.replace(wrong, state="rejected", by="a person", at=NOW))
        before = store.all(Link)
        assert suggest(store, cite) == 0
        filled(store)
        assert suggest(store, cite) == 0
        assert store.all(Link) == before


def test_an_import_that_was_recorded_is_replayed_without_a_network(tmp_path: Path) -> None:
    source = Source(Document=[document(n) for n in range(1, 8)], Zaak=[motion(301)], Toezegging=[commitment(501)])
    with opened(None) as store, opened(None) as other:
        import_tk(store, Recording(source, tmp_path / "pages"), ["28638"], now=NOW)
        import_tk(other, Replaying(tmp_path / "pages"), ["28638"], now=NOW)
        assert other.all(Document) == store.all(Document)
        assert len(other.all(Document)) == 7
