"""Wraps: a secret reaches one key in one place, and nobody else anywhere else."""

from dataclasses import replace

import pyhpke
import pytest
from crypto_play import contexts, flips, keys, truncations
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import assume, given

from luwte.crypto.primitives import CannotOpen, Malformed, public_of, sha256
from luwte.crypto.wrap import NO_CONVERSATION, Purpose, WrapContext, unwrap, wrap

SECRET = b"\x01" * 32
PRIVATE = b"\x02" * 32
HERE = WrapContext("luwte-demo", "youth", 3, b"c" * 16, 1, Purpose.TEAM)
WRAPPED = wrap(SECRET, public_of(PRIVATE), HERE)

SUITE = pyhpke.CipherSuite.new(
    pyhpke.KEMId.DHKEM_X25519_HKDF_SHA256, pyhpke.KDFId.HKDF_SHA256, pyhpke.AEADId.AES256_GCM
)


@given(secret=keys, private=keys, context=contexts)
def test_what_is_wrapped_unwraps_in_its_place(secret: bytes, private: bytes, context: WrapContext) -> None:
    wrapped = wrap(secret, public_of(private), context)
    assert len(wrapped) == 80
    assert unwrap(wrapped, private, context) == secret


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(HERE, organisation="luwte-dem"),
        replace(HERE, team="youti"),
        replace(HERE, organisation="luwte-demoy", team="outh"),
        replace(HERE, epoch=2),
        replace(HERE, conv=b"d" * 16),
        replace(HERE, conv=NO_CONVERSATION),
        replace(HERE, generation=0),
        *(replace(HERE, purpose=purpose) for purpose in Purpose if purpose is not Purpose.TEAM),
    ],
)
def test_a_wrap_opens_in_no_other_place(elsewhere: WrapContext) -> None:
    """Organisation, team, epoch, conversation, generation and purpose each matter alone."""
    assert unwrap(WRAPPED, PRIVATE, HERE) == SECRET
    with pytest.raises(CannotOpen):
        unwrap(WRAPPED, PRIVATE, elsewhere)


@given(here=contexts, there=contexts)
def test_no_two_places_are_the_same(here: WrapContext, there: WrapContext) -> None:
    assume(here != there)
    assert here.info(public_of(PRIVATE)) != there.info(public_of(PRIVATE))


@given(other=keys)
def test_another_recipient_cannot_open(other: bytes) -> None:
    assume(public_of(other) != public_of(PRIVATE))
    with pytest.raises(CannotOpen):
        unwrap(WRAPPED, other, HERE)


def test_one_flipped_bit_or_a_missing_byte_is_noticed() -> None:
    for spoilt in [*flips(WRAPPED), *truncations(WRAPPED), WRAPPED + b"\0"]:
        # HPKE reads the top bit of enc as zero but hashes it, so this too fails.
        with pytest.raises(CannotOpen):
            unwrap(spoilt, PRIVATE, HERE)


def test_the_recipient_is_named_in_the_wrap() -> None:
    """A wrap bound to another key's hash does not open, though the key itself fits."""
    info = HERE.info(public_of(b"\x03" * 32))
    public = pyhpke.KEMKey.from_pyca_cryptography_key(X25519PublicKey.from_public_bytes(public_of(PRIVATE)))
    enc, sender = SUITE.create_sender_context(public, info=info)
    with pytest.raises(CannotOpen):
        unwrap(enc + sender.seal(SECRET), PRIVATE, HERE)


def test_only_secrets_of_32_bytes_are_wrapped() -> None:
    for secret in (b"", bytes(31), bytes(33)):
        with pytest.raises(Malformed):
            wrap(secret, public_of(PRIVATE), HERE)


@given(secret=keys, private=keys, context=contexts)
def test_a_second_implementation_reads_and_writes_the_same(secret: bytes, private: bytes, context: WrapContext) -> None:
    """pyhpke, written apart from OpenSSL's, with the info string spelled out once more."""
    own = X25519PrivateKey.from_private_bytes(private)
    public = public_of(private)
    organisation, team = context.organisation.encode(), context.team.encode()
    info = b"".join(
        [
            b"luwte/v1/wrap\0",
            len(organisation).to_bytes(2, "big") + organisation,
            len(team).to_bytes(2, "big") + team,
            context.epoch.to_bytes(4, "big"),
            context.conv,
            context.generation.to_bytes(4, "big"),
            sha256(public),
            bytes([context.purpose]),
        ]
    )
    enc, sender = SUITE.create_sender_context(pyhpke.KEMKey.from_pyca_cryptography_key(own.public_key()), info=info)
    assert unwrap(enc + sender.seal(secret), private, context) == secret

    wrapped = wrap(secret, public, context)
    reader = SUITE.create_recipient_context(wrapped[:32], pyhpke.KEMKey.from_pyca_cryptography_key(own), info=info)
    assert reader.open(wrapped[32:]) == secret
