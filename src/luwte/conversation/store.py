"""All SQL for `conversation`, `companion`, `envelope` and `wrap`. Nobody else touches them."""

from typing import Any

from luwte.conversation.model import Chain, Conversation, End, LockedEnvelope, LockedWrap, StartProof
from luwte.crypto.envelope import SHARED_LOG
from luwte.plumbing.db import ReadTx, WriteTx

_COLUMNS = (
    "key, id, team, number, epoch, started, waiting_since, times, holder, ended_by, left_at, priority, muted,"
    " for_later, page, rewrapped, rotates, generation, note_generation"
)


def _conversation(row: tuple[Any, ...] | None) -> Conversation | None:
    return Conversation(*row) if row else None


def find(tx: ReadTx, id: bytes) -> Conversation | None:
    """The conversation with this id."""
    return _conversation(tx.one(f"SELECT {_COLUMNS} FROM conversation WHERE id = ?", id))


def secrets(tx: ReadTx, id: bytes) -> tuple[bytes, bytes] | None:
    """The hashes of its start and of its credential."""
    row = tx.one("SELECT start_hash, credential_hash FROM conversation WHERE id = ?", id)
    return (row[0], row[1]) if row else None


def next_number(tx: ReadTx, team: str, since: int) -> int:
    """The number of the next conversation of the day that began at minute *since*."""
    row = tx.one("SELECT max(number) FROM conversation WHERE team = ? AND started >= ?", team, since)
    return int(row[0] or 0) + 1 if row else 1


def create(
    tx: WriteTx,
    *,
    id: bytes,
    team: str,
    number: int,
    epoch: int,
    start_hash: bytes,
    proof: StartProof,
    minute: int,
    for_later: bool,
    rotates: bool = False,
) -> int:
    """Add a conversation that waits; its key."""
    return tx.insert(
        "INSERT INTO conversation (id, team, number, epoch, start_hash, ve, vg, credential_hash, team_cert, sig,"
        " started, waiting_since, times, for_later, rotates) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
        id,
        team,
        number,
        epoch,
        start_hash,
        proof.ve,
        proof.vg,
        proof.credential_hash,
        proof.team_cert,
        proof.sig,
        minute,
        minute,
        int(for_later),
        int(rotates),
    )


def behind(tx: ReadTx, team: str, epoch: int, after: int, size: int) -> list[Conversation]:
    """Some that ended and are wrapped to a key before *epoch*, by key, after the key *after*."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM conversation WHERE team = ? AND epoch < ? AND key > ? AND ended IS NOT NULL"
        " ORDER BY key LIMIT ?",
        team,
        epoch,
        after,
        size,
    )
    return [Conversation(*row) for row in rows]


def count_behind(tx: ReadTx, team: str, epoch: int) -> int:
    """How many ended and are wrapped to a key before *epoch*."""
    row = tx.one("SELECT count(*) FROM conversation WHERE team = ? AND epoch < ? AND ended IS NOT NULL", team, epoch)
    return int(row[0]) if row else 0


def replace_wraps(tx: WriteTx, key: int, wraps: list[LockedWrap], epoch: int) -> None:
    """Put wraps to the key of *epoch* in the place of those that are there."""
    for wrap in wraps:
        tx.execute(
            "UPDATE wrap SET locked = ?, epoch = ?"
            " WHERE conversation = ? AND log = ? AND generation = ? AND purpose = ?",
            wrap.locked,
            wrap.epoch,
            key,
            *wrap[:3],
        )
    tx.execute("UPDATE conversation SET epoch = ?, rewrapped = 1 WHERE key = ?", epoch, key)


def rotate(tx: WriteTx, key: int, log: int, generation: int) -> None:
    """The log goes on under the secret of this generation."""
    column = "generation" if log == SHARED_LOG else "note_generation"
    tx.execute(f"UPDATE conversation SET {column} = ? WHERE key = ?", generation, key)


def oldest_epoch(tx: ReadTx, team: str) -> int | None:
    """The oldest that anything of this team is wrapped under; None when it has no conversation."""
    row = tx.one("SELECT min(epoch) FROM conversation WHERE team = ?", team)
    return row[0] if row else None


def start_proof(tx: ReadTx, key: int) -> StartProof:
    """What was signed at the start, but for the wraps."""
    row = tx.one("SELECT ve, vg, credential_hash, team_cert, sig FROM conversation WHERE key = ?", key)
    assert row is not None
    return StartProof(*row)


def put_wrap(tx: WriteTx, key: int, wrap: LockedWrap) -> bool:
    """Keep a wrap; False when that place is taken: the first one stays."""
    return (
        tx.execute(
            "INSERT OR IGNORE INTO wrap (conversation, log, generation, purpose, locked, epoch)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            key,
            *wrap,
        )
        == 1
    )


def wraps(tx: ReadTx, key: int, purposes: tuple[int, ...]) -> list[LockedWrap]:
    """The wraps for these purposes, by log and generation."""
    marks = ", ".join("?" * len(purposes))
    rows = tx.all(
        f"SELECT log, generation, purpose, locked, epoch FROM wrap WHERE conversation = ? AND purpose IN ({marks})"
        " ORDER BY log, generation, purpose",
        key,
        *purposes,
    )
    return [LockedWrap(*row) for row in rows]


def known(tx: WriteTx, id: bytes) -> Conversation | None:
    """`find` for the writer, who remembers what it read."""
    found: Conversation | None = tx.memory["conversation"].get(id)
    if found is None:
        found = find(tx, id)
        if found is not None:
            tx.remember("conversation", id, found)
    return found


def end(tx: WriteTx, key: int, log: int) -> End:
    """The end of a log; `append` moves it on. Read once, by a pass over the log, and remembered."""
    found: End | None = tx.memory["envelope"].get((key, log))
    if found is None:
        found = End(0, {}, set())
        rows = tx.all(
            "SELECT sender, writer, seq, hash, msg_id FROM envelope WHERE conversation = ? AND log = ? ORDER BY n",
            key,
            log,
        )
        for sender, writer, seq, hash, msg_id in rows:
            found.add(sender, Chain(writer, seq, hash), msg_id)
        tx.remember("envelope", (key, log), found)
    return found


def message(tx: ReadTx, key: int, log: int, msg_id: bytes) -> tuple[bytes, int, int] | None:
    """Hash, number and minute of the envelope with this message id."""
    row = tx.one(
        "SELECT hash, n, minute FROM envelope WHERE conversation = ? AND log = ? AND msg_id = ?", key, log, msg_id
    )
    return (row[0], row[1], row[2]) if row else None


def append(
    tx: WriteTx,
    key: int,
    log: int,
    end: End,
    sender: bytes,
    chain: Chain,
    *,
    msg_id: bytes,
    cert: bytes | None,
    generation: int,
    minute: int,
    locked: bytes,
) -> None:
    """Add an envelope after *end*; its sender stands at *chain* then. The log only grows."""
    tx.later(
        "INSERT INTO envelope (conversation, log, n, msg_id, sender, writer, seq, hash, cert, generation, minute,"
        " locked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        key,
        log,
        end.n + 1,
        msg_id,
        sender,
        chain.owner,
        chain.seq,
        chain.prev,
        cert,
        generation,
        minute,
        locked,
    )
    end.add(sender, chain, msg_id)


def after(tx: ReadTx, key: int, log: int, n: int, size: int) -> list[LockedEnvelope]:
    """The next envelopes after number *n*, about *size* bytes of them."""
    rows = tx.some(
        "SELECT n, minute, cert, msg_id, locked FROM envelope WHERE conversation = ? AND log = ? AND n > ? ORDER BY n",
        key,
        log,
        n,
        size=size,
    )
    return [LockedEnvelope(*row) for row in rows]


def opening(tx: ReadTx, key: int, log: int, n: int, limit: int) -> list[LockedEnvelope]:
    """The envelopes of generation 0 after number *n*: what was written before the first Take."""
    rows = tx.all(
        "SELECT n, minute, cert, msg_id, locked FROM envelope WHERE conversation = ? AND log = ? AND generation = 0"
        " AND n > ? ORDER BY n LIMIT ?",
        key,
        log,
        n,
        limit,
    )
    return [LockedEnvelope(*row) for row in rows]


def last(tx: ReadTx, key: int, log: int) -> int:
    """The highest number of a log."""
    row = tx.one("SELECT max(n) FROM envelope WHERE conversation = ? AND log = ?", key, log)
    return int(row[0] or 0) if row else 0


def waiting(tx: ReadTx, team: str) -> list[tuple[Conversation, int]]:
    """The conversations that wait and were not left, longest first, with the highest number of their shared log."""
    rows = tx.all(
        f"SELECT {_COLUMNS}, (SELECT coalesce(max(n), 0) FROM envelope WHERE conversation = key AND log = 1)"
        " FROM conversation WHERE team = ? AND holder IS NULL AND ended IS NULL AND left_at IS NULL"
        " ORDER BY waiting_since, key",
        team,
    )
    return [(Conversation(*row[:-1]), row[-1]) for row in rows]


def in_line(tx: ReadTx, team: str) -> list[tuple[bytes, bool, str, bool]]:
    """`waiting` in a hurry: the id, whether it returned, its priority, whether it was left for later; longest first."""
    rows = tx.all(
        "SELECT id, times > 0, priority, for_later FROM conversation"
        " WHERE team = ? AND holder IS NULL AND ended IS NULL AND left_at IS NULL ORDER BY waiting_since, key",
        team,
    )
    return [(id, bool(again), priority, bool(for_later)) for id, again, priority, for_later in rows]


def held_by(tx: ReadTx, account: str) -> list[Conversation]:
    """The conversations that this account has, oldest first."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM conversation WHERE holder = ? AND ended IS NULL ORDER BY key",
        account,
    )
    return [Conversation(*row) for row in rows]


def holders(tx: ReadTx) -> list[str]:
    """The accounts that have an open conversation."""
    rows = tx.all("SELECT DISTINCT holder FROM conversation WHERE holder IS NOT NULL AND ended IS NULL")
    return [row[0] for row in rows]


def going_on(tx: ReadTx) -> list[Conversation]:
    """The conversations that nobody ended or left; what was left for later needs nobody there."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM conversation WHERE ended IS NULL AND left_at IS NULL AND NOT for_later ORDER BY key"
    )
    return [Conversation(*row) for row in rows]


def leave(tx: WriteTx, key: int, minute: int) -> None:
    """The visitor left at *minute*."""
    tx.execute("UPDATE conversation SET left_at = ? WHERE key = ?", minute, key)


def come_back(tx: WriteTx, key: int, waiting_since: int) -> None:
    """The visitor did not leave after all, and waits from *waiting_since*."""
    tx.execute("UPDATE conversation SET left_at = NULL, waiting_since = ? WHERE key = ?", waiting_since, key)


def turn_page(tx: WriteTx, key: int, page: bytes) -> None:
    """Of all page lives this one goes on."""
    tx.execute("UPDATE conversation SET page = ? WHERE key = ?", page, key)


def ids(tx: ReadTx) -> list[bytes]:
    """Every conversation there is."""
    return [row[0] for row in tx.all("SELECT id FROM conversation")]


def last_heard(tx: ReadTx, team: str, before: int) -> list[tuple[bytes, int]]:
    """The conversations of a team that began before a minute, with the minute of the last message, or of the start."""
    newest = "(SELECT minute FROM envelope WHERE conversation = key AND log = {} ORDER BY n DESC LIMIT 1)"
    rows = tx.all(
        f"SELECT id, max(started, coalesce({newest.format(1)}, 0), coalesce({newest.format(2)}, 0))"
        " FROM conversation WHERE team = ? AND started < ? ORDER BY started",
        team,
        before,
    )
    return [(row[0], row[1]) for row in rows]


def erase(tx: WriteTx, key: int) -> None:
    """Remove every row of it; what else names it goes with it (the trigger `conversation_erased`)."""
    for table in ("envelope", "wrap", "companion"):
        tx.execute(f"DELETE FROM {table} WHERE conversation = ?", key)
    tx.execute("DELETE FROM conversation WHERE key = ?", key)


def prioritise(tx: WriteTx, key: int, priority: str) -> None:
    """Staff put it in this class."""
    tx.execute("UPDATE conversation SET priority = ? WHERE key = ?", priority, key)


def running(tx: ReadTx, team: str) -> list[Conversation]:
    """The conversations of a team that somebody has, oldest first."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM conversation WHERE team = ? AND holder IS NOT NULL AND ended IS NULL ORDER BY key",
        team,
    )
    return [Conversation(*row) for row in rows]


def numbered(tx: ReadTx, team: str, number: int, since: int, until: int) -> Conversation | None:
    """The conversation of a team with this number that started from minute *since* on and before *until*."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM conversation WHERE team = ? AND started >= ? AND started < ? AND number = ?",
        team,
        since,
        until,
        number,
    )
    return Conversation(*row) if row else None


def answered_and_missed(tx: ReadTx, team: str, since: int) -> tuple[int, int]:
    """Of those that started since: how many somebody had, and how many ended or were left before anybody had them."""
    row = tx.one(
        "SELECT coalesce(sum(times > 0), 0), coalesce(sum(times = 0 AND coalesce(ended, left_at) IS NOT NULL), 0)"
        " FROM conversation WHERE team = ? AND started >= ?",
        team,
        since,
    )
    assert row is not None
    return row[0], row[1]


def seat(tx: WriteTx, key: int, account: str) -> bool:
    """Give it to *account*, if it waits: of two who try, one wins."""
    return (
        tx.execute(
            "UPDATE conversation SET holder = ?, times = times + 1 WHERE key = ? AND holder IS NULL AND ended IS NULL",
            account,
            key,
        )
        == 1
    )


def unseat(tx: WriteTx, key: int, minute: int) -> None:
    """Nobody has it: it waits from *minute*, and its visitor is heard again."""
    tx.execute("UPDATE conversation SET holder = NULL, muted = 0, waiting_since = ? WHERE key = ?", minute, key)


def pass_on(tx: WriteTx, key: int, account: str) -> None:
    """From who has it to *account*, who judges anew whether the visitor is heard."""
    tx.execute("UPDATE conversation SET holder = ?, muted = 0, times = times + 1 WHERE key = ?", account, key)


def mute(tx: WriteTx, key: int, on: bool) -> None:
    """Whether the visitor's messages are refused."""
    tx.execute("UPDATE conversation SET muted = ? WHERE key = ?", int(on), key)


def accompany(tx: WriteTx, key: int, account: str, reason: str, minute: int) -> None:
    """*account* reads along from now on."""
    tx.execute(
        "INSERT INTO companion (conversation, account, reason, since) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (conversation, account) DO UPDATE SET reason = excluded.reason",
        key,
        account,
        reason,
        minute,
    )


def part(tx: WriteTx, key: int, account: str) -> bool:
    """*account* reads along no more; False when it did not."""
    return tx.execute("DELETE FROM companion WHERE conversation = ? AND account = ?", key, account) == 1


def companions(tx: ReadTx, key: int) -> list[tuple[str, str]]:
    """Who reads along, and why."""
    return [
        (row[0], row[1])
        for row in tx.all("SELECT account, reason FROM companion WHERE conversation = ? ORDER BY since", key)
    ]


def accompanied_by(tx: ReadTx, account: str) -> list[tuple[Conversation, str]]:
    """The open conversations that this account reads along with, and why."""
    rows = tx.all(
        f"SELECT {_COLUMNS}, c.reason FROM companion c JOIN conversation ON key = c.conversation"
        " WHERE c.account = ? AND ended IS NULL ORDER BY key",
        account,
    )
    return [(Conversation(*row[:-1]), row[-1]) for row in rows]


def stop(tx: WriteTx, key: int, minute: int, by: str, reason: str | None) -> None:
    """It takes no more messages."""
    tx.execute("UPDATE conversation SET ended = ?, ended_by = ?, end_reason = ? WHERE key = ?", minute, by, reason, key)
