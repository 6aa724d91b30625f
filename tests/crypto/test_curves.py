"""Keys and signatures: one spelling each, and none that everybody can use."""

import hashlib

import pytest
from crypto_play import flips, keys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given

from luwte.crypto import primitives
from luwte.crypto.primitives import (
    _LOW_ORDER_U,
    _SMALL_ORDER_Y,
    ED25519_ORDER,
    FIELD_PRIME,
    CannotOpen,
    Malformed,
    check_ed25519,
    check_x25519,
    public_of,
    sign,
    signing_public_of,
    verify,
)
from luwte.crypto.wrap import Purpose, WrapContext, unwrap, wrap

SEED = b"\x01" * 32
PUBLIC = signing_public_of(SEED)
CONTEXT = WrapContext("luwte-demo", "youth", 1, bytes(16), 0, Purpose.TEAM)
TOP_BIT = 2**255


def little(number: int) -> bytes:
    return number.to_bytes(32, "little")


def encodings(points: frozenset[int]) -> list[bytes]:
    """Every way to write these points in 32 bytes: above the prime too, and with the top bit."""
    spelled = {n + step for n in points for step in (0, FIELD_PRIME)}
    return [little(n + top) for n in spelled if n < TOP_BIT for top in (0, TOP_BIT)]


@pytest.mark.parametrize("public", encodings(_LOW_ORDER_U))
def test_keys_of_low_order_are_refused_everywhere(public: bytes) -> None:
    """The library agrees that an agreement with each of them is all zeros."""
    with pytest.raises(ValueError, match="key"):
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(public))
    with pytest.raises(Malformed):
        check_x25519(public)
    with pytest.raises(Malformed):
        wrap(SEED, public, CONTEXT)
    with pytest.raises(CannotOpen):
        unwrap(public + bytes(48), SEED, CONTEXT)


@given(private=keys)
def test_a_key_has_one_spelling(private: bytes) -> None:
    public = public_of(private)
    assert check_x25519(public) == public
    with pytest.raises(Malformed):
        check_x25519(little(int.from_bytes(public, "little") | TOP_BIT))


@pytest.mark.parametrize(
    "public", [b"", bytes(31), bytes(33), PUBLIC[:31], PUBLIC + b"\0", little(FIELD_PRIME + 9), b"\xff" * 32]
)
def test_bytes_that_are_no_key_are_refused(public: bytes) -> None:
    with pytest.raises(Malformed):
        check_x25519(public)
    with pytest.raises(Malformed):
        check_ed25519(public)


@given(seed=keys)
def test_a_signature_fits_its_message_and_key_only(seed: bytes) -> None:
    public, signature = signing_public_of(seed), sign(seed, b"said")
    assert check_ed25519(public) == public
    assert verify(public, signature, b"said")
    assert not verify(public, signature, b"sai")
    assert verify(PUBLIC, signature, b"said") == (public == PUBLIC)


def test_one_flipped_bit_in_a_signature_or_key_is_noticed() -> None:
    signature = sign(SEED, b"said")
    assert not any(verify(PUBLIC, spoilt, b"said") for spoilt in flips(signature))
    assert not any(verify(spoilt, signature, b"said") for spoilt in flips(PUBLIC))
    assert not any(verify(PUBLIC, spoilt, b"said") for spoilt in (b"", signature[:-1], signature + b"\0"))


@given(seed=keys)
def test_the_other_spelling_of_a_signature_is_refused(seed: bytes) -> None:
    """s + L satisfies the same equation; to accept it would let anybody make a second signature."""
    signature = sign(seed, b"said")
    s = int.from_bytes(signature[32:], "little") + ED25519_ORDER
    assert not verify(signing_public_of(seed), signature[:32] + little(s), b"said")


@pytest.mark.parametrize("public", encodings(_SMALL_ORDER_Y))
def test_keys_and_points_of_small_order_sign_nothing(public: bytes) -> None:
    """With such a key, a signature can be made that fits many messages; the library alone would accept some."""
    with pytest.raises(Malformed):
        check_ed25519(public)
    for number in range(64):
        assert not verify(public, little(1) + bytes(32), number.to_bytes(8, "big"))
    assert not verify(PUBLIC, public + bytes(32), b"said")


def test_our_own_check_refuses_the_other_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even above a library that takes everything."""
    monkeypatch.setattr(primitives, "Ed25519PublicKey", Credulous)
    signature = sign(SEED, b"said")
    assert verify(PUBLIC, signature, b"said")
    s = int.from_bytes(signature[32:], "little") + ED25519_ORDER
    assert not verify(PUBLIC, signature[:32] + little(s), b"said")


class Credulous:
    """A library that takes everything."""

    from_public_bytes = staticmethod(lambda _: Credulous())

    def verify(self, *_: bytes) -> None:
        """Take it."""


def scalar(seed: bytes) -> int:
    number = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return number & (2**254 - 8) | 2**254


def test_a_signature_with_a_neutral_r_is_refused_though_it_holds() -> None:
    """s = k * a needs the secret key, but tells it to everybody who divides by k."""
    r = little(1)
    k = int.from_bytes(hashlib.sha512(r + PUBLIC + b"said").digest(), "little")
    signature = r + little(k * scalar(SEED) % ED25519_ORDER)
    Ed25519PublicKey.from_public_bytes(PUBLIC).verify(signature, b"said")
    assert not verify(PUBLIC, signature, b"said")


def test_a_neutral_key_is_refused_though_one_signature_holds_for_every_message() -> None:
    neutral = little(1)
    signature = PUBLIC + little(scalar(SEED) % ED25519_ORDER)
    for message in (b"yes", b"no"):
        Ed25519PublicKey.from_public_bytes(neutral).verify(signature, message)
        assert not verify(neutral, signature, message)
