"""Make a backup of a folder that may be in use; restore one into a new folder; make a backup key."""

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from luwte import __version__
from luwte.app import read_secret
from luwte.audit import actions as audit
from luwte.audit import checkpoints
from luwte.backup import model, store
from luwte.backup.model import DATABASE, MANIFEST, PLAIN, Counts, Manifest, Part, Secrets
from luwte.errors import CannotStart
from luwte.housekeeping import at_rest
from luwte.plumbing import files, keystore, ledger
from luwte.plumbing.copies import Say, check_database, copy_database, quiet
from luwte.plumbing.db import ReadTx, WriteTx, look
from luwte.plumbing.files import only_one
from luwte.plumbing.migrate import check_not_newer, migrate, released
from luwte.staff import actions as staff

TURNS = 5
"""How often the copying of a database begins again because somebody erases; after that the erasure waits for it."""

AFTER_AN_ERASURE = 1.0
"""Seconds until then: its rows are gone, too."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back."""

    made: str
    keys_made: str
    counts: Counts
    first_bad_record: int | None
    erased_again: int
    """Conversations that were erased since the copy was made, and so once more."""
    left_out: list[str]
    """Names of those whose account came back without its half of the key: they were removed since."""


def make(
    folder: Path, out: Path, minute: int, *, keys: Path | None = None, recipient: bytes = b"", say: Say = quiet
) -> Manifest:
    """Copy what *folder* holds to the new folder *out*, and its secrets, sealed to *recipient*, to the file *keys*.

    A server may be running on *folder*. Whatever fails, there is no *out*. Raises `CannotStart`.
    """
    if not (folder / DATABASE).exists():
        raise CannotStart("There is no database in this folder. Point --dir at the data folder.")
    if out.is_relative_to(folder):
        raise CannotStart("A backup in the data folder would be lost with it. Choose another place.")
    if keys is not None:
        _check_place(keys, folder, out)
    made = model.written(minute)
    with files.new_folder(out) as filling:
        _copy_giving_way(folder, filling / DATABASE, say)
        # The keys after the database. A key is on disk before its conversation is, and erased before it, so whatever
        # conversation is in the copy and has no key now *is* erased. The other way round a conversation that began
        # between the two would look as if it were.
        slots = keystore.copy(folder / "keys")
        # The ledger after the keys, for the same reason: what has no key in the copy is named in the ledger.
        erased = ledger.copy(folder)
        for name in PLAIN:
            if (folder / name).exists():
                files.write_whole(filling / name, (folder / name).read_bytes())
        manifest = _describe(filling, made, slots, erased, say)
        files.write_whole(filling / MANIFEST, model.write_manifest(manifest))
        if keys is not None:
            files.write_whole(keys, model.seal(_secrets(folder, slots, erased, made), recipient))
            files.write_whole(ledger_beside(keys), erased)
            _remember(folder, keys, made)
    return manifest


def ledger_beside(keys: Path) -> Path:
    """Where the ledger lies beside a sealed copy of the keys. It holds no secret."""
    return keys.with_name(keys.name + ".ledger")


def expired(folder: Path, minute: int) -> list[model.SealedCopy]:
    """The sealed copies that this folder knows of, that are still there, and that have had their days."""
    return [one for one in _sealed_copies(folder) if model.is_expired(one.made, minute) and Path(one.path).exists()]


def restore(
    source: Path,
    folder: Path,
    minute: int,
    *,
    keys: Path,
    identity: bytes | None = None,
    newest: Path | None = None,
    say: Say = quiet,
) -> Restored:
    """Make *folder* anew from the backup *source* and the secrets in *keys*.

    *keys* is a sealed copy, opened with *identity*, or a data folder in which they are still whole. *newest* is the
    newest ledger of erasures: what it names is erased again, before anybody can start on the folder. Whatever fails,
    there is no *folder*. All sessions end: who signed out since would be signed in again. Raises `CannotStart`, also
    for a ledger that misses an erasure which is known of.
    """
    if folder.is_relative_to(source):
        raise CannotStart("The restored folder must not lie in the backup: that holds no keys.")
    if (folder / "lock").exists():
        with only_one(folder):
            pass
    files.check_empty(folder)
    manifest = model.read_manifest((source / MANIFEST).read_bytes())
    check_not_newer(manifest.schema, len(released()))
    secrets = _bring_secrets(keys, identity, minute)
    if newest is None and not keys.is_dir() and model.is_expired(secrets.made, minute):
        raise CannotStart(
            f"These keys are from {secrets.made}, more than {model.SEALED_DAYS} days ago: what was erased since opens"
            " with them. Take newer ones, or name the newest ledger with --ledger."
        )
    erased = _newest_ledger(secrets, [ledger_beside(keys), *([newest] if newest else [])])
    with files.new_folder(folder) as filling:
        for name, part in manifest.parts.items():
            say(f"copying {name}")
            _copy(source / name, filling / name, part)
        if check_database(filling / DATABASE, say) != manifest.schema:
            raise CannotStart("The backup is not what its manifest says.")
        _put(filling, {**secrets.files, ledger.FILE: erased})
        migrate(filling / DATABASE, keep=False)
        counts, first_bad = look(filling / DATABASE, lambda tx: _look_over(tx, secrets.files["keys"]))
        _check_counts(counts, manifest.counts)
        known = look(filling / DATABASE, lambda tx: [store.erasures(tx), checkpoints.erasures(tx)])
        _check_ledger(erased, [manifest.ledger, *_known_beside(source), *known])
        counts, again, out = asyncio.run(_replay(filling, f"backup {manifest.made}, keys {secrets.made}", minute))
    return Restored(manifest.made, secrets.made, counts, first_bad, again, out)


def make_key(out: Path) -> Path:
    """Make a backup key: its private half at *out*, its public one beside it; the path of that."""
    public = out.with_name(out.name + ".pub")
    for path in (out, public):
        if path.exists():
            raise CannotStart(f"{path.name} is there already. Choose another name: a lost key opens nothing again.")
    text = model.halves(os.urandom(32))
    files.write_whole(out, text["private"].encode())
    files.write_whole(public, text["public"].encode())
    return public


def _describe(filled: Path, made: str, slots: bytes, erased: bytes, say: Say) -> Manifest:
    """Look over what was copied, and say what it is. Raises `CannotStart` when it is damaged."""
    schema = check_database(filled / DATABASE, say)
    counts, first_bad = look(filled / DATABASE, lambda tx: _look_over(tx, slots))
    parts = {name: _part(filled / name) for name in (DATABASE, *PLAIN) if (filled / name).exists()}
    return Manifest(model.FORMAT, __version__, schema, made, len(ledger.read(erased)), counts, first_bad, parts)


def _look_over(tx: ReadTx, slots: bytes) -> tuple[Counts, int | None]:
    """How much there is, and where the audit log does not hold."""
    conversations = store.conversations(tx)
    with_key = len(conversations & keystore.ids(slots, keystore.CONVERSATION))
    counts = Counts(len(conversations), with_key, len(conversations) - with_key, store.envelopes(tx), store.records(tx))
    return counts, audit.verify(tx)


def _check_counts(found: Counts, said: Counts) -> None:
    """Raise `CannotStart` when rows are missing. Whether there is a key depends on the keys that were given."""
    if (found.conversations, found.envelopes, found.records) != (said.conversations, said.envelopes, said.records):
        raise CannotStart("The restored database does not hold what the backup's manifest says.")


def _check_place(keys: Path, folder: Path, out: Path) -> None:
    """Raise `CannotStart` when the sealed keys must not, or cannot, be written there."""
    if keys.is_relative_to(out):
        raise CannotStart("The keys must not lie in the backup: each without the other is worth nothing to a thief.")
    if keys.is_relative_to(folder):
        raise CannotStart("A copy of the keys in the data folder would be lost with it. Choose another place.")
    if not keys.parent.is_dir():
        raise CannotStart("The folder for the sealed keys does not exist.")
    if keys.exists() and not model.is_sealed(keys.read_bytes()):
        raise CannotStart(f"{keys.name} is something else than a sealed copy of keys, and is not written over.")


def _copy_giving_way(folder: Path, target: Path, say: Say) -> None:
    """Copy the database; begin again when somebody erases meanwhile, so that the copy is without it and none waits."""
    for _ in range(TURNS):
        erased = ledger.size(folder)
        if copy_database(folder / DATABASE, target, say, lambda: ledger.size(folder) != erased):  # noqa: B023
            return
        time.sleep(AFTER_AN_ERASURE)
    copy_database(folder / DATABASE, target, say)


def _newest_ledger(secrets: Secrets, places: Sequence[Path]) -> bytes:
    """The longest of the ledgers at hand. Raises `CannotStart` for one that is not of the same folder."""
    found = [ledger.whole(path.read_bytes()) for path in places if path.exists()]
    found.append(ledger.whole(secrets.files.get("ledger", b"")))
    newest = max(found, key=len)
    if not all(newest.startswith(one) for one in found):
        raise CannotStart("These are ledgers of different folders, or one was altered. Take the one of this folder.")
    return newest


def _check_ledger(erased: bytes, known: Iterable[int]) -> None:
    """Raise `CannotStart` when there were more erasures than the ledger has."""
    has, most = len(ledger.read(erased)), max(known)
    if has < most:
        raise CannotStart(
            f"The ledger of erasures ends at {has}, and {most} are known of: what was erased would come back."
            " Name the newest one with --ledger."
        )


def _known_beside(source: Path) -> list[int]:
    """The erasures that newer backups, which lie beside this one, know of."""
    found = []
    for path in source.parent.glob(f"*/{MANIFEST}"):
        with contextlib.suppress(CannotStart):
            found.append(model.read_manifest(path.read_bytes()).ledger)
    return found


def _sealed_copies(folder: Path) -> list[model.SealedCopy]:
    try:
        return msgspec.json.decode((folder / model.SEALED).read_bytes(), type=list[model.SealedCopy])
    except (FileNotFoundError, msgspec.MsgspecError):
        return []


def _remember(folder: Path, keys: Path, made: str) -> None:
    """Know where sealed keys are, to tell when they are too old. One that is there no more, or anew, is forgotten."""
    others = [one for one in _sealed_copies(folder) if one.path != str(keys) and Path(one.path).exists()]
    data = msgspec.json.encode([*others, model.SealedCopy(str(keys), made)])
    files.write_whole(folder / model.SEALED, data)


def _secrets(folder: Path, slots: bytes, erased: bytes, made: str) -> Secrets:
    found = {"keys": slots, "secret": read_secret(folder), "ledger": erased}
    for name in model.SECRET:  # not every folder has all: before its first start, or when it is no demonstration
        if name not in found and (folder / name).exists():
            found[name] = (folder / name).read_bytes()
    return Secrets(made, found)


def _bring_secrets(keys: Path, identity: bytes | None, minute: int) -> Secrets:
    if keys.is_dir():
        with only_one(keys):
            return _secrets(keys, keystore.copy(keys / "keys"), ledger.copy(keys), model.written(minute))
    data = keys.read_bytes()
    if identity is None:
        raise CannotStart("A sealed copy of the key store opens with the private backup key. Name it with --identity.")
    return model.open_sealed(data, identity)


def _put(folder: Path, secrets: Mapping[str, bytes]) -> None:
    for name, data in secrets.items():
        (folder / name).parent.mkdir(mode=0o700, exist_ok=True)
        files.write_whole(folder / name, data)


def _part(path: Path) -> Part:
    with path.open("rb") as file:
        return Part(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _copy(source: Path, target: Path, part: Part) -> None:
    """Copy a part and look at what arrived. Raises `CannotStart` when it is not what was put away."""
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with source.open("rb") as reader, os.fdopen(fd, "wb") as writer:
        while piece := reader.read(1 << 20):
            writer.write(piece)
    if _part(target) != part:
        raise CannotStart(f"{source.name} in this backup was changed or damaged since it was made.")


async def _replay(folder: Path, what: str, minute: int) -> tuple[Counts, int, list[str]]:
    """Erase again what the ledger names, and put on record what was restored; what is left, how many went, and who."""
    async with at_rest(folder) as (db, _, _, again):
        slots = keystore.copy(folder / "keys")
        counts, _ = await db.read(_look_over, slots)
        out = await db.write(_restored, what, minute, keystore.ids(slots, keystore.STAFF))
    return counts, again, out


def _restored(tx: WriteTx, what: str, minute: int, halves: set[bytes]) -> list[str]:
    """Nobody is signed in, and whose half of the key is gone stays out: it is erased when somebody is removed.

    The names of those. Without it an account opens nothing, and a server would not start. Raises `CannotStart` when
    nobody's is there.
    """
    staff.end_all_sessions(tx, minute)
    audit.record(tx, minute=minute, actor=audit.OPERATOR, action="backup.restore", reason=what)
    accounts = [staff.member(tx, team.slug, one.id) for team in staff.teams(tx) for one in staff.members(tx, team.slug)]
    without = [one for one in accounts if one is not None and bytes.fromhex(one.id) not in halves]
    if accounts and len(without) == len(accounts):
        raise CannotStart("The key store does not fit the database. Restore both from the same backup.")
    for account in without:
        staff.disable(tx, account, minute)
        audit.record(tx, minute=minute, actor=audit.OPERATOR, action="staff.remove", reason=account.id)
    return [one.name for one in without]
