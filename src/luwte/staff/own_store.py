"""All SQL for `recovery_sheet`, and what one changes of one's own `account` and `session` rows."""

from luwte.plumbing.db import ReadTx, WriteTx


def put_passphrase(tx: WriteTx, account: str, proof_hash: bytes, sealed_amk: bytes) -> None:
    """Another passphrase opens AMK from now on."""
    tx.execute(
        "UPDATE account SET proof_hash = ?, sealed_amk = ? WHERE id = ?",
        proof_hash,
        sealed_amk,
        account,
    )


def sheet(tx: ReadTx, account: str) -> tuple[bytes, bytes] | None:
    """The hash of the sheet's proof, and the box that it opens."""
    row = tx.one("SELECT proof_hash, sealed_amk FROM recovery_sheet WHERE account = ?", account)
    return (row[0], row[1]) if row else None


def put_sheet(tx: WriteTx, account: str, proof_hash: bytes, sealed_amk: bytes) -> None:
    """Keep this sheet in place of any other."""
    tx.execute(
        "INSERT OR REPLACE INTO recovery_sheet (account, proof_hash, sealed_amk) VALUES (?, ?, ?)",
        account,
        proof_hash,
        sealed_amk,
    )


def drop_sheet(tx: WriteTx, account: str) -> None:
    """It was used."""
    tx.execute("DELETE FROM recovery_sheet WHERE account = ?", account)


def renewed(tx: WriteTx, token_hash: bytes) -> None:
    """A session that began by a sheet is one like any other."""
    tx.execute("UPDATE session SET renews = 0 WHERE token_hash = ?", token_hash)


def sessions(tx: ReadTx, account: str) -> list[tuple[bytes, int, bool]]:
    """Sessions that nobody ended, the newest first: the hash of each token, when it began, whether by a sheet."""
    rows = tx.all(
        "SELECT token_hash, began, renews FROM session WHERE account = ? AND ended IS NULL"
        " ORDER BY began DESC, rowid DESC",
        account,
    )
    return [(row[0], row[1], bool(row[2])) for row in rows]


def end_session(tx: WriteTx, token_hash: bytes, minute: int) -> None:
    """It counts no more."""
    tx.execute("UPDATE session SET ended = ? WHERE token_hash = ?", minute, token_hash)
