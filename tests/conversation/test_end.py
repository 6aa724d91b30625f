"""The end of a log is nothing of its own: it follows from the envelopes, in memory and after every restart."""

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversation.table import DEEDS, Step, Table, a_table
from luwte.conversation import actions, store
from luwte.conversation.model import End
from luwte.crypto.envelope import SHARED_LOG
from luwte.errors import Duplicate
from luwte.plumbing import db as db_module
from luwte.plumbing.db import WriteTx
from luwte.plumbing.migrate import migrate, released
from luwte.plumbing.relay import Relay


def _remembered_and_read(tx: WriteTx, conv: bytes) -> tuple[End, End]:
    key = actions.find(tx, conv).key
    remembered = store.end(tx, key, SHARED_LOG)
    tx.memory.clear()
    return remembered, store.end(tx, key, SHARED_LOG)


@given(steps=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 1)), max_size=30))
@settings(max_examples=40, deadline=None)
def test_what_the_writer_remembers_is_what_the_disk_says(steps: list[Step]) -> None:
    """Numbers, chains and message ids: after any play, read anew they are the same."""

    async def run() -> None:
        async with asyncio.timeout(20), a_table() as table:
            for deed, who in steps:
                await getattr(table, deed)(who)
            await table.settle_writers()
            remembered, read = await table.db.write(_remembered_and_read, table.conv)
            assert remembered == read
            assert read.n == len(table.said)

    asyncio.run(run())


async def _use_a_message_id_again(table: Table) -> None:
    chain = table.writers[0]
    first, data = chain.next(1)
    await table.db.write(actions.append, actions.seal(first, data, table.key), chain.writer, 1, 0)
    header, data = chain.next(1)
    again = header._replace(msg_id=first.msg_id)
    with pytest.raises(Duplicate):
        await table.db.write(actions.append, actions.seal(again, data, table.key), chain.writer, 1, 0)


@pytest.mark.parametrize("remembers", [True, False])
def test_a_message_id_is_used_once(monkeypatch: pytest.MonkeyPatch, remembers: bool) -> None:
    """Also when the writer has forgotten everything in between."""
    if not remembers:
        monkeypatch.setattr(db_module, "REMEMBERED", 0)

    async def run() -> None:
        async with a_table() as table:
            await _use_a_message_id_again(table)

    asyncio.run(run())


def test_a_chain_from_before_goes_on_after_the_upgrade(tmp_path: Path) -> None:
    """Version 1 kept the end of each chain in a table of its own; nothing of it is lost."""
    path = tmp_path / "main.db"
    migrate(path, released()[:1])
    sender, hashes = os.urandom(8), [os.urandom(32) for _ in range(3)]
    old = sqlite3.connect(path)
    old.execute(
        "INSERT INTO conversation (key, id, team, number, epoch, start_hash, ve, vg, credential_hash, team_cert, sig,"
        " started, waiting_since, times) VALUES (1, x'01', 'chat', 1, 1, x'', x'', x'', x'', x'', x'', 5, 5, 1)"
    )
    old.execute("INSERT INTO log VALUES (1, 1, 3, zeroblob(32))")
    for n, digest in enumerate(hashes, 1):
        values = (n, os.urandom(16), digest, b"locked")
        old.execute("INSERT INTO envelope VALUES (1, 1, ?, ?, ?, NULL, 1, 5, ?)", values)
    old.execute("INSERT INTO sender VALUES (1, 1, ?, 'visitor', 3, ?)", (sender, hashes[-1]))
    old.commit()
    old.close()

    migrate(path)

    connection = db_module.connect(path)
    tx = WriteTx(connection, Relay())
    end = store.end(tx, 1, SHARED_LOG)
    assert (end.n, len(end.msg_ids)) == (3, 3)
    chain = end.chain(sender)
    assert (chain.owner, chain.seq, chain.prev) == ("visitor", 3, hashes[-1])
    connection.close()
