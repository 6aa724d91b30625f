"""Signed notes and checkpoints: the published example, one spelling, and nobody else's signature."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.crypto import note
from luwte.crypto.note import Checkpoint
from luwte.crypto.primitives import CannotOpen, Malformed, signing_public_of

# golang.org/x/mod/sumdb/note, the example of its documentation.
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
LINE = f"\N{EM DASH} PeterNeumann {SIGNATURE}\n"
CHECKPOINT = Checkpoint("luwte-audit/demo", 12, bytes(range(32)), 29_700_000, 3)


def test_the_published_note() -> None:
    """It opens, and signing it gives the very same bytes."""
    name, public = note.read_verifier(KEY)
    assert note.open_note(f"{TEXT}\n{LINE}", name, public) == TEXT
    assert note.sign_note(TEXT, name, SEED) == f"{TEXT}\n{LINE}"
    assert note.verifier(name, signing_public_of(SEED)) == KEY


def test_a_witness_may_sign_beside_it() -> None:
    """Other signature lines are passed over, before and behind ours."""
    name, public = note.read_verifier(KEY)
    other = "\N{EM DASH} somebody AAAAAAAA\n"
    assert note.open_note(f"{TEXT}\n{other}{LINE}{other}", name, public) == TEXT
    with pytest.raises(CannotOpen):
        note.open_note(f"{TEXT}\n{other}", name, public)


@given(at=st.integers(0, 100), bit=st.integers(0, 6))
def test_a_changed_note_is_nobodys(at: int, bit: int) -> None:
    """One bit anywhere in the text."""
    name, public = note.read_verifier(KEY)
    where = at % len(TEXT)
    changed = TEXT[:where] + chr(ord(TEXT[where]) ^ 1 << bit) + TEXT[where + 1 :]
    with pytest.raises((CannotOpen, Malformed)):
        note.open_note(f"{changed}\n{LINE}", name, public)


@given(
    size=st.integers(0, 2**53 - 1),
    minute=st.integers(0, 2**53 - 1),
    ledger=st.integers(0, 2**53 - 1),
    root=st.binary(min_size=32, max_size=32),
)
def test_a_checkpoint_is_read_as_it_was_written(size: int, minute: int, ledger: int, root: bytes) -> None:
    """Whatever is in it."""
    made = Checkpoint("luwte-audit/demo", size, root, minute, ledger)
    assert note.read(note.write(made)) == made


@pytest.mark.parametrize(
    "change",
    [
        ("12\n", "012\n"),
        ("12\n", "+12\n"),
        ("12\n", "-1\n"),
        ("12\n", "9007199254740992\n"),
        ("12\n", "\N{ARABIC-INDIC DIGIT ONE}\n"),
        ("minute ", "Minute "),
        ("erasures 3\n", ""),
        ("erasures 3\n", "erasures 3\nerasures 3\n"),
        ("luwte-audit/demo", "luwte audit"),
        ("luwte-audit/demo", ""),
        ("Hh8=", "Hh9="),
        ("=\n", "\n"),
    ],
    ids=repr,
)
def test_another_spelling_is_no_checkpoint(change: tuple[str, str]) -> None:
    """So that two sides never read one text in two ways."""
    text = note.write(CHECKPOINT)
    assert change[0] in text
    with pytest.raises(Malformed):
        note.read(text.replace(*change))
