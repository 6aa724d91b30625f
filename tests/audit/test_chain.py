"""Whoever edits the audit log is found out, by row."""

from hypothesis import given
from hypothesis import strategies as st

from luwte.audit.model import ACTIONS, GENESIS, Record, canonical, chain, first_bad

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


def log_of(records: list[Record]) -> list[tuple[Record, bytes]]:
    """The records, numbered and chained."""
    rows, head = [], GENESIS
    for n, record in enumerate(records, 1):
        numbered = Record(n, record.minute, record.actor, record.action, record.object, record.reason, record.result)
        head = chain(head, numbered)
        rows.append((numbered, head))
    return rows


@given(records=st.lists(RECORD, min_size=1, max_size=8), data=st.data())
def test_any_edit_is_named_by_its_row(records: list[Record], data: st.DataObject) -> None:
    """Edit, delete, insert, swap: the first row that does not follow is named."""
    rows = log_of(records)
    assert first_bad(rows) is None
    place = data.draw(st.integers(0, len(rows) - 1))
    record, kept = rows[place]
    edited = Record(record.n, record.minute + 1, *(getattr(record, name) for name in Record.__slots__[2:]))
    assert first_bad([*rows[:place], (edited, kept), *rows[place + 1 :]]) == place + 1
    if place < len(rows) - 1:
        assert first_bad([*rows[:place], *rows[place + 1 :]]) == place + 1
        assert first_bad([*rows[:place], rows[place + 1], rows[place], *rows[place + 2 :]]) == place + 1
    assert first_bad([*rows[: place + 1], *rows[place:]]) == place + 2


@given(one=RECORD, other=RECORD)
def test_two_records_never_share_their_canonical_bytes(one: Record, other: Record) -> None:
    """Lengths keep neighbouring texts apart."""
    assert (canonical(one) == canonical(other)) == (one == other)
