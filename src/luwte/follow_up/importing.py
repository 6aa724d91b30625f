"""One look at a source, page by page, into the store. A page and how far we are is one deed: a crash loses a page."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from typing import Any

import msgspec

from luwte.follow_up.model import Commitment, Document, ImportRun, Motion, Row, slug
from luwte.follow_up.store import Store
from luwte.follow_up.tk import (
    FINAL,
    REGISTER,
    ROOT,
    Found,
    Notes,
    Page,
    Question,
    by_ids,
    changed,
    moment,
    questions,
    read,
    read_page,
)
from luwte.follow_up.transport import CannotImport, Refused, Transport

OVERLAP = dt.timedelta(days=1)
"""How far before the last change an increment begins, so that nothing is missed, even if a clock is somewhat off."""

MINISTRIES = ("Justitie",)
"""Whose commitments are brought in: the register knows them by ministry, not by dossier."""

AT_ONCE = 20
"""Documents that are asked for by their ids in one question."""

Say = Callable[[int, int | None], None]
ReadDue = Callable[[Commitment], Commitment]


def silent(done: int, expected: int | None) -> None:
    """Say nothing."""


def import_tk(
    store: Store,
    transport: Transport,
    dossiers: Sequence[str],
    *,
    since: dt.datetime | None = None,
    now: dt.datetime,
    say: Say = silent,
    ministries: Sequence[str] = MINISTRIES,
    read_due: ReadDue | None = None,
    top: int | None = None,
) -> ImportRun:
    """Bring in papers, motions, votes and commitments; what was there already stays as it is.

    An unfinished look of the same query goes on where it was; otherwise, without *since*, only what changed since the
    last one is asked for. *read_due* fills in when a promise is due whose date neither the register nor a person says.
    *top*: pages of this many by `$skip`, for a source that gives no next page.

    What a person typed stays: `confirmed`, a confirmed quote, a due date without a rule, and whatever the source has
    no field for. What the source takes away is marked withdrawn, and all that we know of it stays.

    Raises `CannotImport`; the pages before stay stored, and the same call goes on from there.
    """
    query = "tk " + " ".join([*dossiers, *ministries])
    look = _Look(store, transport, say, read_due, _run(store, query, since, now))
    asked = questions(dossiers, ministries, look.run.since, top)
    for number, question in enumerate(asked):
        if number >= look.run.step:
            look.answer(number, question)
    for question in _named_only(store):
        look.answer(len(asked), question)
    return look.finish(now)


def _run(store: Store, query: str, since: dt.datetime | None, now: dt.datetime) -> ImportRun:
    """The run that goes on, or a new one."""
    runs = [run for run in store.all(ImportRun) if run.query == query]
    asked = _spelled(since) if since is not None else None
    if runs and runs[-1].finished is None and asked in (None, runs[-1].since):
        return runs[-1]
    last = next((run for run in reversed(runs) if run.finished is not None), None)
    if asked is None:
        asked = _next_since(last) if last is not None else ""
    seen = last.last_changed if last is not None else ""
    id = f"import_run/{slug(query)}-{len(runs) + 1:06}"
    return ImportRun(id=id, source=ROOT, query=query, started=now, since=asked, last_changed=seen)


def _next_since(last: ImportRun) -> str:
    """What changed after a run began may have been on a page that it had read before, so its beginning counts, too."""
    seen = moment(last.last_changed)
    return _spelled(min(seen, last.started) - OVERLAP) if seen is not None else ""


def _spelled(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named_only(store: Store) -> Iterator[Question]:
    """Questions for the documents that commitments and motions name and that we do not have."""
    names = (id for row in store.each(Commitment) for id in row.letters)
    more = (id for row in store.each(Motion) for id in row.related)
    missing = iter([id for found in (names, more) for id in found if not store.where(Document, "tk_id", id)])
    while some := list(islice(missing, AT_ONCE)):
        yield from by_ids(dict.fromkeys(some))


class _Look:
    """A run, and what it needs to go on."""

    def __init__(self, store: Store, transport: Transport, say: Say, read_due: ReadDue | None, run: ImportRun) -> None:
        self._store, self._transport, self._say, self._read_due = store, transport, say, read_due
        self.run = run
        self._before = self._expected_before = 0

    def answer(self, step: int, question: Question) -> None:
        """Store every page of the answer to one question, from where the run is."""
        goes_on = self.run.step == step and bool(self.run.next_url)
        url = self.run.next_url if goes_on else question.url
        seen, expected = (self.run.seen, self.run.expected) if goes_on else (0, None)
        asked: set[str] = set()
        while url:
            if url in asked:
                raise CannotImport("The source names a page as the next one that it has given already.")
            asked.add(url)
            try:
                page = read_page(url, self._transport.fetch(url))
            except Refused:
                if not goes_on:
                    raise
                # The source does not know the page any more at which an earlier look was interrupted.
                url, seen, expected, goes_on = question.url, 0, None, False
                asked.clear()
                continue
            goes_on = False
            seen += len(page.records)
            expected = page.count if page.count is not None else expected
            short = not page.next_url and expected is not None and seen < expected
            self._keep(step, question.entity, page, seen, expected)
            self._say(self._before + seen, None if expected is None else self._expected_before + expected)
            if short:
                raise CannotImport(
                    f"The source counts {expected:,} records and gives {seen:,}. Please try again later."
                )
            url = page.next_url
        self._before += seen
        self._expected_before += seen if expected is None else max(seen, expected)

    def finish(self, now: dt.datetime) -> ImportRun:
        """Everything was seen."""
        run = msgspec.structs.replace(self.run, finished=now, next_url="", seen=0, expected=None)
        with self._store.deed():
            self._store.put(run)
        return run

    def _keep(self, step: int, entity: str, page: Page, seen: int, expected: int | None) -> None:
        """One deed: the rows of a page, and how far we are."""
        run = self.run
        notes = Notes({name: list(words) for name, words in run.unknown.items()}, run.unreadable)
        last, stored = run.last_changed, run.stored
        complete = not page.next_url and (expected is None or seen >= expected)
        with self._store.deed():
            for number, value in enumerate(page.records, 1):
                for found in read(entity, value, f"page {run.pages + 1}, record {number}", notes):
                    row = _merged(self._store, found, notes, self._read_due)
                    stored += row is not None and self._store.put(row)
                last = _later(last, changed(value))
            run = msgspec.structs.replace(
                run,
                step=step + complete,
                next_url=page.next_url,
                seen=0 if not page.next_url else seen,
                expected=expected if page.next_url else None,
                pages=run.pages + 1,
                stored=stored,
                last_changed=last,
                unknown=notes.words,
                unreadable=notes.unreadable,
            )
            self._store.put(run)
        self.run = run


def _later(one: str, other: str) -> str:
    before, after = moment(one), moment(other)
    return other if after is not None and (before is None or after > before) else one


def _merged(store: Store, found: Found, notes: Notes, read_due: ReadDue | None) -> Row | None:
    """The row as it is now to be; None when the source took away what we never had."""
    known = _known(store, found)
    if known is None:
        if found.fields == {"withdrawn": True}:
            return None
        source = f"{ROOT}{'Zaak' if found.kind is Motion else found.entity}({found.tk_id})"
        id = _free(store, found, notes)
        row: Row = found.kind(id=id, source=source, tk_id=found.tk_id, **found.fields)
    else:
        # What the source does not say now it may have said before: nothing never takes the place of something.
        fields = {name: value for name, value in found.fields.items() if value not in (None, "", [])}
        row = msgspec.structs.replace(known, tk_id=found.tk_id, **_kept_by_hand(known, fields, found.fields))
        if not known.source:
            row = msgspec.structs.replace(row, source=f"{ROOT}{found.entity}({found.tk_id})")
    if isinstance(row, Commitment) and row.due_to is None and not row.due_text and read_due is not None:
        return read_due(row)
    return row


def _kept_by_hand(known: Row, fields: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The fields that the source may change in a row that is there."""
    if isinstance(known, Document) and "urls" in fields:
        fields["urls"] = list(dict.fromkeys([*known.urls, *fields["urls"]]))
    if (
        isinstance(known, Motion)
        and "result" in fields
        and _rank(known.result, known.voted_on) > _rank(fields["result"], fields.get("voted_on"))
    ):
        fields = {name: value for name, value in fields.items() if name not in ("result", "voted_on", "votes")}
    if isinstance(known, Commitment):
        fields.pop("origin", None)
        if known.confirmed and known.quote:
            fields.pop("quote", None)
        due = {name: value for name, value in said.items() if name.startswith("due_")}
        for name in due:
            fields.pop(name, None)
        # A date that a rule read and a person confirmed is the person's, too.
        by_hand = known.due_to is not None and (not known.due_rule or (known.confirmed and known.due_rule != REGISTER))
        if due and not by_hand and (due["due_to"] is not None or known.due_rule == REGISTER):
            fields |= due
    return fields


def _rank(result: str, day: dt.date | None) -> tuple[bool, bool, dt.date]:
    """Of two decisions the one that is final counts, then the later one."""
    return result in FINAL, result != "unknown", day or dt.date.min


def _known(store: Store, found: Found) -> Document | Motion | Commitment | None:
    """The row that the record is of: by the source's own id, or one that a person made under the same name."""
    for row in store.where(found.kind, "tk_id", found.tk_id):
        return row
    for name in found.names:
        if (mine := store.get(found.kind, name)) is not None and not mine.tk_id:
            return mine
    return None


def _free(store: Store, found: Found, notes: Notes) -> str:
    """The best name that no other row has; two documents under one number are two rows, and it is reported."""
    prefix = {Document: "document", Motion: "motion", Commitment: "commitment"}[found.kind]
    for name in found.names:
        if not store.exists(name):
            return name
        notes.add(f"{found.entity}.Volgnummer", f"more than one: {name.partition('/')[2]}")
    tk = f"{prefix}/tk-{found.tk_id}"
    return next(name for n in count() if not store.exists(name := f"{tk}-{n}" if n else tk))
