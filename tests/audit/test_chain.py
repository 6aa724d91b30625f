"""Whoever changes the audit log is found out, by row."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from luwte.audit.model import ACTIONS, GENESIS, Fault, Record, canonical, chain, examine, leaf
from luwte.crypto import merkle

TEXT = st.text(max_size=12)
RECORD = st.builds(
    Record,
    n=st.just(0),
    minute=st.integers(0, 2**40),
    actor=TEXT,
    action=st.sampled_from(sorted(ACTIONS)),
    object=st.binary(max_size=16),
    reason=TEXT,
    result=TEXT,
)
Rows = list[tuple[Record, bytes]]


def log_of(records: list[Record]) -> Rows:
    """The records, numbered and chained."""
    rows, head = [], GENESIS
    for n, record in enumerate(records, 1):
        numbered = replace(record, n=n)
        head = chain(head, numbered)
        rows.append((numbered, head))
    return rows


def root_of(rows: Rows) -> bytes:
    """What a checkpoint over these rows says."""
    tree = merkle.Frontier()
    for record, _ in rows:
        tree.add(leaf(record))
    return tree.root()


def edited(record: Record, data: st.DataObject) -> Record:
    """The record with one field changed."""
    field = data.draw(st.sampled_from(["minute", "actor", "action", "object", "reason", "result"]))
    other = data.draw(RECORD.filter(lambda one: getattr(one, field) != getattr(record, field)))
    return replace(record, **{field: getattr(other, field)})


def tampered(rows: Rows, data: st.DataObject) -> tuple[str, int, Rows]:
    """What was done, the number of the first row that is wrong by it, and the rows after it."""
    deeds = ["edit", "delete", "insert", *(["swap"] if len(rows) > 1 else [])]
    deed = data.draw(st.sampled_from(deeds))
    place = data.draw(st.integers(0, len(rows) - (2 if deed == "swap" else 1)))
    record, kept = rows[place]
    match deed:
        case "edit":
            return deed, place + 1, [*rows[:place], (edited(record, data), kept), *rows[place + 1 :]]
        case "delete":
            return deed, place + 1, [*rows[:place], *rows[place + 1 :]]
        case "swap":
            return deed, place + 1, [*rows[:place], rows[place + 1], rows[place], *rows[place + 2 :]]
        case _:
            return (
                deed,
                place + 1,
                [
                    *rows[:place],
                    (data.draw(RECORD.filter(lambda one: one != replace(record, n=0))), kept),
                    *rows[place:],
                ],
            )


def renumbered(rows: Rows) -> Rows:
    """The rows with numbers as if nothing had happened, and the hashes that they had."""
    return [(replace(record, n=n), kept) for n, (record, kept) in enumerate(rows, 1)]


@given(records=st.lists(RECORD, min_size=1, max_size=8), data=st.data(), cover=st.booleans())
def test_any_change_is_named_by_its_row(records: list[Record], data: st.DataObject, cover: bool) -> None:
    """Edit, delete, insert, swap any row, the rows behind it renumbered or not: the first that is wrong is named."""
    rows = log_of(records)
    whole = [(len(rows), root_of(rows))]
    assert examine(rows, whole) is None
    deed, first, changed = tampered(rows, data)
    fault = examine(renumbered(changed) if cover else changed, whole)
    last_gone = deed == "delete" and first == len(rows)
    assert fault == Fault(first, first, "missing" if last_gone else "altered")


@given(records=st.lists(RECORD, min_size=1, max_size=8), left=st.integers(0, 7))
def test_a_tail_cut_off_is_named_by_whoever_saw_it(records: list[Record], left: int) -> None:
    """By a checkpoint, or by records that are kept elsewhere. The log alone cannot tell."""
    rows = log_of(records)
    cut = rows[: left % len(rows)]
    missing = Fault(len(cut) + 1, len(cut) + 1, "missing")
    assert examine(cut) is None
    assert examine(cut, [(len(rows), root_of(rows))]) == missing
    assert examine(cut, hashes={record.n: kept for record, kept in rows}) == missing


@given(records=st.lists(RECORD, min_size=1, max_size=8), data=st.data())
def test_a_log_written_anew_is_named_by_whoever_saw_it(records: list[Record], data: st.DataObject) -> None:
    """Every hash done again: an export names the row; checkpoints alone, the stretch between two of them."""
    rows = log_of(records)
    _, first, changed = tampered(rows, data)
    anew = log_of([record for record, _ in changed])
    same = [one for one, _ in anew] == [one for one, _ in rows]
    sizes = data.draw(st.sets(st.integers(1, len(rows)))) | {len(rows)}
    roots = [(size, root_of(rows[:size])) for size in sizes]
    exact, bounded = examine(anew, hashes={one.n: kept for one, kept in rows}), examine(anew, roots)
    if same or anew[: len(rows)] == rows:  # two equal rows changed places, or one was put behind the last
        assert exact is None
        assert bounded is None
        return
    wrong = next((n for n, (a, b) in enumerate(zip(anew, rows, strict=False), 1) if a != b), len(anew) + 1)
    assert exact is not None
    assert exact.first == exact.last == wrong >= first
    assert bounded is not None
    if bounded.why == "missing":  # that much is sure; what is before it no root of that size can tell
        assert wrong <= bounded.first == len(anew) + 1
    else:
        assert bounded.first <= wrong <= bounded.last
        assert bounded.first in {1, *(size + 1 for size in sizes)}


@given(one=RECORD, other=RECORD)
def test_two_records_never_share_their_canonical_bytes(one: Record, other: Record) -> None:
    """Lengths keep neighbouring texts apart."""
    assert (canonical(one) == canonical(other)) == (one == other)
