"""All SQL for `second_factor` and `recovery_code`."""

from collections.abc import Sequence

from luwte.plumbing.db import ReadTx, WriteTx


def find(tx: ReadTx, account: str) -> tuple[bytes, int] | None:
    """The locked secret of an account, and the newest step of which a code was accepted."""
    row = tx.one("SELECT locked, step FROM second_factor WHERE account = ?", account)
    return (row[0], row[1]) if row else None


def put(tx: WriteTx, account: str, locked: bytes, step: int) -> None:
    """Keep a second factor in place of any other."""
    tx.execute(
        "INSERT INTO second_factor (account, locked, step) VALUES (?, ?, ?)"
        " ON CONFLICT (account) DO UPDATE SET locked = excluded.locked, step = excluded.step",
        account,
        locked,
        step,
    )
    tx.execute("UPDATE account SET second_factor = 1 WHERE id = ?", account)


def forget(tx: WriteTx, account: str) -> None:
    """Nobody comes in with it any more."""
    tx.execute("DELETE FROM second_factor WHERE account = ?", account)
    tx.execute("DELETE FROM recovery_code WHERE account = ?", account)


def move_on(tx: WriteTx, account: str, step: int) -> None:
    """No code up to this step is accepted again."""
    tx.execute("UPDATE second_factor SET step = ? WHERE account = ? AND step < ?", step, account, step)


def put_recovery_codes(tx: WriteTx, account: str, hashes: Sequence[bytes]) -> None:
    """Keep these in place of the ones before."""
    tx.execute("DELETE FROM recovery_code WHERE account = ?", account)
    for hash in hashes:
        tx.execute("INSERT INTO recovery_code (account, hash) VALUES (?, ?)", account, hash)


def has_recovery_code(tx: ReadTx, account: str, hash: bytes) -> bool:
    """Whether it is one that was not used yet."""
    return tx.one("SELECT 1 FROM recovery_code WHERE account = ? AND hash = ?", account, hash) is not None


def take_recovery_code(tx: WriteTx, account: str, hash: bytes) -> None:
    """It was used."""
    tx.execute("DELETE FROM recovery_code WHERE account = ? AND hash = ?", account, hash)


def recovery_codes(tx: ReadTx, account: str) -> int:
    """How many are left."""
    row = tx.one("SELECT count(*) FROM recovery_code WHERE account = ?", account)
    return int(row[0]) if row else 0
