"""Boxes: a file reaches one key for one use, whole, and nobody else."""

import pyhpke
import pytest
from crypto_play import flips, keys, truncations
from hypothesis import given
from hypothesis import strategies as st

from luwte.crypto.box import open_box, seal_to
from luwte.crypto.primitives import CannotOpen, Malformed, public_of, sha256

PRIVATE = b"\x02" * 32
FILE = b"what must not be lost " * 100
BOX = seal_to(public_of(PRIVATE), "backup", FILE)

SUITE = pyhpke.CipherSuite.new(
    pyhpke.KEMId.DHKEM_X25519_HKDF_SHA256, pyhpke.KDFId.HKDF_SHA256, pyhpke.AEADId.AES256_GCM
)


@given(private=keys, use=st.text(max_size=20), data=st.binary(max_size=5_000))
def test_what_is_sealed_opens_for_its_use(private: bytes, use: str, data: bytes) -> None:
    box = seal_to(public_of(private), use, data)
    assert len(box) == len(data) + 48
    assert open_box(private, use, box) == data


@pytest.mark.parametrize(("private", "use"), [(b"\x03" * 32, "backup"), (PRIVATE, "backu"), (PRIVATE, "")])
def test_a_box_opens_with_no_other_key_and_for_no_other_use(private: bytes, use: str) -> None:
    with pytest.raises(CannotOpen):
        open_box(private, use, BOX)


def test_a_changed_or_shortened_box_does_not_open() -> None:
    for spoiled in [*flips(BOX[:80]), *truncations(BOX[:80])]:
        with pytest.raises(CannotOpen):
            open_box(PRIVATE, "backup", spoiled + BOX[80:] if len(spoiled) == 80 else spoiled)
    for cut in (1, 16, 17):
        with pytest.raises(CannotOpen):
            open_box(PRIVATE, "backup", BOX[:-cut])


def test_nothing_is_sealed_to_a_key_that_everybody_can_open() -> None:
    with pytest.raises(Malformed):
        seal_to(bytes(32), "backup", FILE)


def test_another_library_opens_it() -> None:
    """Made by one, opened by the other."""
    info = b"luwte/v1/box\0backup\0" + sha256(public_of(PRIVATE))
    private = SUITE.kem.deserialize_private_key(PRIVATE)
    context = SUITE.create_recipient_context(BOX[:32], private, info=info)
    assert context.open(BOX[32:]) == FILE
