"""What an outside witness keeps: all records and all signed checkpoints of a log, in one file of JSON lines.

The first line is {"luwte_audit": 1, "key", "records", "checkpoints"} with the key as C2SP writes verifier keys; then a
line for each record, then one {"checkpoint": note} for each checkpoint.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from luwte.audit import actions, checkpoints, store
from luwte.audit.model import Fault, Record, Root, examine
from luwte.audit.notary import Erasures, origin_of, read_key
from luwte.crypto import note
from luwte.crypto.primitives import CannotOpen, Malformed, signing_public_of
from luwte.errors import CannotStart
from luwte.plumbing.db import Db, ReadTx, WriteTx, look
from luwte.plumbing.files import writing_whole
from luwte.plumbing.metrics import Metrics
from luwte.plumbing.migrate import check_current
from luwte.plumbing.relay import Relay

FORMAT = 1
NO_FILE = "This is neither an export of an audit log nor one signed checkpoint: {name}"


class Head(msgspec.Struct, forbid_unknown_fields=True):
    """The first line of an export."""

    luwte_audit: int
    key: str
    records: int
    checkpoints: int


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One record in an export; bytes are hexadecimal."""

    n: int
    minute: int
    actor: str
    action: str
    object: str
    reason: str
    result: str
    hash: str


class Signed(msgspec.Struct, forbid_unknown_fields=True):
    """One checkpoint in an export."""

    checkpoint: str


@dataclass(frozen=True, slots=True)
class Witness:
    """What somebody outside remembers of a log."""

    key: tuple[str, bytes] | None
    """Whose signatures; None: the file does not say, as with one checkpoint from a desk."""
    hashes: dict[int, bytes]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What looking a log through came to."""

    records: int
    checkpoints: int
    fault: Fault | None
    strange: int
    """Checkpoints that the server's own key did not sign."""
    other_key: bool
    """Whether the witness's file was signed by another key than the one that is in the folder now."""

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return self.fault is None and not self.strange and not self.other_key


def export(folder: Path, organisation: str, out: Path, minute: int, erasures: Erasures) -> Head:
    """Write the whole log to *out*, whole or not at all; a server may go on in *folder*.

    That it was exported is on record, and under a checkpoint, before anything is written. Raises `CannotStart`.
    """
    if out.exists():
        raise CannotStart(f"There is something at {out.name} already. What a witness keeps is not written over.")
    database = folder / "main.db"
    check_current(database)
    seed, origin = read_key(folder), origin_of(organisation)
    asyncio.run(_put_on_record(database, minute, "done"))
    try:
        asyncio.run(_sign(database, origin, seed, erasures(), minute))
        return look(database, lambda tx: _write(tx, out, note.verifier(origin, signing_public_of(seed))))
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # the same full disk, perhaps; what was tried is on record
            asyncio.run(_put_on_record(database, minute, "failed"))
        raise


def verify(folder: Path, organisation: str, kept: Path | None) -> Verdict:
    """Look the log in *folder* through, against the file *kept* where given. Raises `CannotStart`."""
    name, public = origin_of(organisation), signing_public_of(read_key(folder))

    def opened(text: str) -> str:
        return note.open_note(text, name, public)

    witness = read(kept) if kept is not None else Witness(None, {}, [])
    whose = witness.key or (name, public)
    roots = _roots(witness.notes, whose, kept)
    fault, strange = look(folder / "main.db", lambda tx: actions.look_through(tx, opened, roots, witness.hashes))
    records, checkpoints = look(folder / "main.db", actions.count)
    return Verdict(records, checkpoints + len(roots), fault, len(strange), whose != (name, public))


def read(path: Path) -> Witness:
    """An export, or one signed checkpoint as a desk shows it. Raises `CannotStart` when it is neither, or not whole."""
    text = path.read_text(errors="replace")
    if not text.startswith("{"):
        return Witness(None, {}, [text if text.endswith("\n") else text + "\n"])
    try:
        lines = text.removesuffix("\n").split("\n")  # not at what Unicode calls a line's end: that may be in a text
        head = msgspec.json.decode(lines[0], type=Head)
        rows = [_record(line) for line in lines[1 : head.records + 1]]
        notes = [msgspec.json.decode(line, type=Signed).checkpoint for line in lines[head.records + 1 :]]
        key = note.read_verifier(head.key)
    except (msgspec.MsgspecError, Malformed, ValueError):
        raise CannotStart(NO_FILE.format(name=path.name)) from None
    if head.luwte_audit != FORMAT:
        raise CannotStart(f"This export has format {head.luwte_audit}; this version knows {FORMAT}.")
    if (len(rows), len(notes)) != (head.records, head.checkpoints):
        raise CannotStart(f"{path.name} is not whole.")
    if examine(rows, _roots(notes, key, path)) is not None:
        raise CannotStart(f"{path.name} itself was altered: its records do not fit its checkpoints.")
    return Witness(key, {record.n: hash for record, hash in rows}, notes)


def _roots(notes: list[str], key: tuple[str, bytes], path: Path | None) -> list[Root]:
    try:
        found = [note.read(note.open_note(text, *key)) for text in notes]
    except (Malformed, CannotOpen):
        name = path.name if path else ""
        raise CannotStart(f"A checkpoint in {name} is not signed by the key that it should be.") from None
    return [(one.size, one.root) for one in found]


def _record(line: str) -> tuple[Record, bytes]:
    one = msgspec.json.decode(line, type=Line)
    record = Record(one.n, one.minute, one.actor, one.action, bytes.fromhex(one.object), one.reason, one.result)
    return record, bytes.fromhex(one.hash)


def _line(record: Record, hash: bytes) -> Line:
    return Line(
        record.n,
        record.minute,
        record.actor,
        record.action,
        record.object.hex(),
        record.reason,
        record.result,
        hash.hex(),
    )


def _write(tx: ReadTx, out: Path, key: str) -> Head:
    records, checkpoints = actions.count(tx)
    head = Head(FORMAT, key, records, checkpoints)
    with writing_whole(out) as file:
        file.write(msgspec.json.encode(head) + b"\n")
        for record, hash in store.everything(tx):
            file.write(msgspec.json.encode(_line(record, hash)) + b"\n")
        for text in store.notes(tx):
            file.write(msgspec.json.encode(Signed(text)) + b"\n")
    return head


async def _put_on_record(database: Path, minute: int, result: str) -> None:
    await _with(database, lambda db: db.write(_exported, minute, result))


async def _sign(database: Path, origin: str, seed: bytes, ledger: int, minute: int) -> None:
    async def sign(db: Db) -> None:
        while not await db.write(checkpoints.make, origin, seed, ledger, minute):
            pass

    try:
        await _with(database, sign)
    except checkpoints.Altered:
        raise CannotStart("The audit log was altered. luwte audit verify says where.") from None


async def _with(database: Path, work: Callable[[Db], Awaitable[object]]) -> None:
    # Beside a server that runs: SQLite lets one write at a time, and the audit log is read again for each record.
    db = Db(database, Relay(), Metrics())
    try:
        await work(db)
    finally:
        await db.close()


def _exported(tx: WriteTx, minute: int, result: str) -> None:
    actions.record(tx, minute=minute, actor=actions.OPERATOR, action="audit.export", result=result)
