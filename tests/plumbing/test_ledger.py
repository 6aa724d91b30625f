"""The ledger of erasures: it only grows, knows what it was told, and damage in it is never taken for less."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.errors import CannotStart
from luwte.plumbing import ledger
from luwte.plumbing.ledger import Entry, Ledger, name_of

IDS = st.lists(st.binary(min_size=16, max_size=16), max_size=20)


@given(IDS, IDS)
def test_it_knows_exactly_what_was_added_also_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory, first: list[bytes], second: list[bytes]
) -> None:
    """Numbers from 1 without a gap; what is added again stays where it was."""
    path = tmp_path_factory.mktemp("it") / ledger.FILE
    for added in (first, second):
        one = Ledger(path)
        one.add(added, len(added))
        one.close()
    one = Ledger(path)
    distinct = dict.fromkeys([*first, *second])
    assert one.highest == ledger.highest(path.parent) == ledger.size(path.parent) == len(distinct)
    assert all(id in one for id in distinct)
    assert b"never" not in one
    named = {id: len(first) for id in first} | {id: len(second) for id in second if id not in first}
    assert ledger.read(path.read_bytes()) == [Entry(n, name_of(id), named[id]) for n, id in enumerate(distinct, 1)]
    one.close()


def written(path: Path, count: int) -> bytes:
    """A ledger with some entries."""
    one = Ledger(path)
    one.add([bytes([n]) * 16 for n in range(count)], 7)
    one.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    "tail",
    [b"\0" * 20, b"\0" * 52, b"\0" * 200, os.urandom(51), b"\0" * 8 + os.urandom(44)],
    ids=["a few zeros", "an entry of zeros", "more zeros", "no entry", "no number"],
)
def test_what_a_power_failure_cut_short_is_passed_over(tmp_path: Path, tail: bytes) -> None:
    """Nobody relied on it: the erasure had not gone on."""
    whole = written(tmp_path / ledger.FILE, 3)
    (tmp_path / ledger.FILE).write_bytes(whole + tail)
    assert ledger.highest(tmp_path) == 3
    one = Ledger(tmp_path / ledger.FILE)
    one.add([b"i" * 16], 8)
    one.close()
    assert ledger.highest(tmp_path) == 4
    assert ledger.copy(tmp_path).startswith(whole)


def test_damage_in_the_middle_is_refused(tmp_path: Path) -> None:
    """A bit anywhere, an entry taken out, two swapped: all of them are told with their place."""
    whole = written(tmp_path / ledger.FILE, 4)
    size = len(whole) // 4
    spoiled = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in (0, 9, 60, 103, 150)]
    spoiled += [
        whole[size:],
        whole[:size] + whole[2 * size :],
        whole[size : 2 * size] + whole[:size] + whole[2 * size :],
    ]
    for data in spoiled:
        (tmp_path / ledger.FILE).write_bytes(data)
        with pytest.raises(CannotStart, match="damaged at entry"):
            Ledger(tmp_path / ledger.FILE)
        with pytest.raises(CannotStart, match="damaged at entry"):
            ledger.highest(tmp_path)


def test_no_ledger_is_an_empty_one(tmp_path: Path) -> None:
    """Asking makes none."""
    assert (ledger.highest(tmp_path), ledger.size(tmp_path), ledger.copy(tmp_path)) == (0, 0, b"")
    assert list(tmp_path.iterdir()) == []
