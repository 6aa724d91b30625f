"""What a backup says of itself is read with suspicion; the two halves of a key are never mistaken for each other."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.backup.model import (
    DATABASE,
    Counts,
    Manifest,
    Part,
    Secrets,
    halves,
    open_sealed,
    read_half,
    read_manifest,
    seal,
    write_manifest,
    written,
)
from luwte.crypto import box
from luwte.crypto.primitives import public_of
from luwte.errors import CannotStart

PART = Part(4096, "ab" * 32)
MANIFEST = Manifest(1, "0.1.0", 1, "2026-11-25T22:03Z", 0, Counts(3, 2, 1, 40, 7), None, {DATABASE: PART})
PRIVATE = b"\x02" * 32
SECRETS = Secrets("2026-11-25T22:03Z", {"keys": b"slots" * 100, "secret": b"s" * 32})


def test_a_manifest_is_read_as_it_was_written() -> None:
    """And it names its fields in words, for a person who opens it."""
    assert read_manifest(write_manifest(MANIFEST)) == MANIFEST
    assert json.loads(write_manifest(MANIFEST))["counts"]["without_key"] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "format 2"),
        ({"format": 0}, "format 0"),
        ({"format": "1"}, "not a backup's"),
        ({"schema": None}, "not a backup's"),
        ({"counts": {}}, "not a backup's"),
        ({"parts": {}}, "other files"),
        ({"parts": {DATABASE: {"bytes": 1, "sha256": ""}, "../../etc/passwd": {"bytes": 1, "sha256": ""}}}, "other"),
        ({"parts": {DATABASE: {"bytes": 1, "sha256": ""}, "keys": {"bytes": 1, "sha256": ""}}}, "other files"),
    ],
)
def test_another_manifest_is_refused_in_one_line(changes: dict[str, Any], words: str) -> None:
    """A later format, a wrong kind of value, a file that no backup has."""
    changed = json.loads(write_manifest(MANIFEST)) | changes
    with pytest.raises(CannotStart, match=words) as caught:
        read_manifest(json.dumps(changed).encode())
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Whatever lies there: a manifest or one plain refusal."""
    with pytest.raises(CannotStart):
        read_manifest(data)


def test_sealed_secrets_open_with_the_private_half_alone() -> None:
    """Not with another key; not when a bit is changed; nothing of them is to be seen from outside."""
    sealed = seal(SECRETS, public_of(PRIVATE))
    assert open_sealed(sealed, PRIVATE) == SECRETS
    assert b"slots" not in sealed
    assert b"2026" not in sealed
    for spoiled in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:30]):
        with pytest.raises(CannotStart, match="does not open"):
            open_sealed(spoiled, PRIVATE)
    with pytest.raises(CannotStart, match="does not open"):
        open_sealed(sealed, b"\x03" * 32)
    with pytest.raises(CannotStart, match="not a sealed copy"):
        open_sealed(b"slots" * 100, PRIVATE)


@pytest.mark.parametrize("files", [{"keys": b""}, {**SECRETS.files, "../main.db": b""}, {**SECRETS.files, "lock": b""}])
def test_sealed_secrets_hold_no_other_file(files: dict[str, bytes]) -> None:
    """Anybody can seal something to a public key: what comes out is written to fixed names only."""
    with pytest.raises(CannotStart, match="other files"):
        open_sealed(seal(replace(SECRETS, files=files), public_of(PRIVATE)), PRIVATE)


def test_a_box_with_something_else_in_it_is_refused() -> None:
    """It opens, and is no secrets."""
    magic = seal(SECRETS, public_of(PRIVATE))[:20]
    for inside in (b"", b"\xc1", msgspec.msgpack.encode({"made": 7})):
        with pytest.raises(CannotStart, match="does not open"):
            open_sealed(magic + box.seal_to(public_of(PRIVATE), "backup", inside), PRIVATE)


def test_the_halves_of_a_key_are_told_apart() -> None:
    """The private one, where the public one belongs, is the mistake that matters."""
    text = halves(PRIVATE)
    assert read_half("private", text["private"]) == PRIVATE
    assert read_half("public", text["public"]) == public_of(PRIVATE)
    with pytest.raises(CannotStart, match="must not lie on the server"):
        read_half("public", text["private"])
    with pytest.raises(CannotStart, match="private one is needed"):
        read_half("private", text["public"])
    for other in ("", "ssh-ed25519 AAAA", text["public"] * 2, text["public"].replace("ke", "KE")):
        with pytest.raises(CannotStart, match="not a backup key"):
            read_half("public", other)
    with pytest.raises(CannotStart, match="must not be used"):
        read_half("public", f"luwte backup key, public: {'00' * 32}\n")


def test_minutes_sort_as_they_passed() -> None:
    """They are compared as text."""
    minutes = [0, 1, 29_400_000, 29_400_001, 40_000_000]
    assert sorted(map(written, minutes)) == list(map(written, minutes))
    assert written(29_400_003) == "2025-11-24T16:03Z"
