"""Keys that grow from a secret: always the same, each for one use, and sealed ones open in one place."""

from typing import Any

import pytest
from crypto_play import fixed, flips, keys, names, truncations
from hypothesis import given, settings

from luwte.crypto import keys as module
from luwte.crypto.keys import (
    VisitorKeys,
    kek,
    login_proof,
    open_amk,
    open_staff_key,
    seal_amk,
    seal_staff_key,
    sign_start,
    start_is_signed,
    visitor_keys,
)
from luwte.crypto.primitives import (
    CannotOpen,
    Malformed,
    hkdf,
    open_sealed,
    public_of,
    sealed,
    sha256,
    signing_public_of,
    stretch,
)

VISITOR = visitor_keys(b"\x01" * 32)
TEAM_CERT = b"t" * 16
WRAPS = [bytes([n]) * 80 for n in range(4)]
START: dict[str, Any] = {
    "line": "youth",
    "ve": VISITOR.ve_public,
    "vg": VISITOR.vg_public,
    "credential_hash": sha256(VISITOR.credential),
    "team_cert": TEAM_CERT,
    "wraps": WRAPS,
    "signature": sign_start("youth", VISITOR, TEAM_CERT, WRAPS),
}


@given(vs=keys)
def test_a_visitors_keys_are_those_that_the_protocol_names(vs: bytes) -> None:
    visitor = visitor_keys(vs)
    ve, vg = hkdf(vs, "luwte/v1/ve"), hkdf(vs, "luwte/v1/vg")
    assert (visitor.ve_private, visitor.ve_public) == (ve, public_of(ve))
    assert (visitor.vg_seed, visitor.vg_public) == (vg, signing_public_of(vg))
    assert visitor.credential == hkdf(vs, "luwte/v1/server-auth")
    assert visitor.conv == sha256(public_of(ve) + signing_public_of(vg))[:16]
    assert len({vs, ve, vg, visitor.credential}) == 4


def test_printing_a_visitors_keys_shows_no_secret() -> None:
    shown = repr(VISITOR)
    for secret in (VISITOR.ve_private, VISITOR.vg_seed, VISITOR.credential):
        assert repr(secret) not in shown
        assert secret.hex() not in shown


def test_a_start_is_signed_as_a_whole() -> None:
    assert start_is_signed(**START)


@pytest.mark.parametrize(
    "change",
    [
        {"line": "youti"},
        {"line": ""},
        {"ve": public_of(b"\x07" * 32)},
        {"vg": signing_public_of(b"\x07" * 32)},
        {"credential_hash": bytes(32)},
        {"team_cert": bytes(16)},
        {"wraps": [WRAPS[1], WRAPS[0], *WRAPS[2:]]},
        {"wraps": WRAPS[:3]},
        {"wraps": [*WRAPS, WRAPS[0]]},
        {"wraps": [WRAPS[0][:79], WRAPS[1] + b"\0", *WRAPS[2:]]},
        {"signature": bytes(64)},
        {"signature": b""},
        {"ve": bytes(32)},
        {"ve": VISITOR.ve_public[:31]},
        {"credential_hash": b""},
        {"team_cert": b"t" * 15},
    ],
)
def test_a_start_with_any_part_changed_is_refused(change: dict[str, Any]) -> None:
    assert not start_is_signed(**(START | change))


def test_a_start_with_a_key_that_everybody_can_use_is_refused_though_it_is_signed() -> None:
    weak = VisitorKeys(b"", bytes(32), VISITOR.vg_seed, VISITOR.vg_public, VISITOR.credential, VISITOR.conv)
    signature = sign_start("youth", weak, TEAM_CERT, WRAPS)
    assert not start_is_signed(**(START | {"ve": bytes(32), "signature": signature}))


def test_a_start_with_missing_wraps_is_not_signed() -> None:
    with pytest.raises(Malformed):
        sign_start("youth", VISITOR, TEAM_CERT, WRAPS[:3])


@settings(max_examples=20)
@given(stretched=keys, half=keys)
def test_proof_and_key_tell_nothing_of_each_other(stretched: bytes, half: bytes) -> None:
    """Both grow from the passphrase; the server sees the first and must not get the second."""
    assert login_proof(stretched) == hkdf(stretched, "luwte/v1/login-proof")
    assert kek(stretched, half) == hkdf(stretched + half, "luwte/v1/kek")
    assert login_proof(stretched) not in (stretched, kek(stretched, half))


def test_a_passphrase_is_stretched_the_same_however_it_was_typed() -> None:
    """A letter with an accent has two spellings; a keyboard must not lock anybody out."""
    salt = b"s" * 16
    composed = stretch("caf\u00e9 \ufb01n", salt)
    assert composed == stretch("cafe\u0301 fin", salt)
    assert composed != stretch("cafe fin", salt)
    assert composed != stretch("caf\u00e9 \ufb01n", b"t" * 16)


@pytest.mark.parametrize("salt", [b"", bytes(8), bytes(17)])
def test_a_salt_has_sixteen_bytes(salt: bytes) -> None:
    with pytest.raises(ValueError, match="16"):
        stretch("words", salt)


@given(key=keys, account=names, id=names, secret=fixed(32))
def test_a_sealed_key_opens_in_its_place(key: bytes, account: str, id: str, secret: bytes) -> None:
    if "\0" not in account:
        assert open_sealed(key, account, id, sealed(key, account, id, secret)) == secret


def test_a_sealed_key_opens_for_no_other_key_account_or_use() -> None:
    box = sealed(b"k" * 32, "account-7", "x25519", b"s" * 32)
    for key, account, id in [
        (b"l" * 32, "account-7", "x25519"),
        (b"k" * 32, "account-8", "x25519"),
        (b"k" * 32, "account-7", "ed25519"),
        (b"k" * 32, "account-7x", "25519"),
    ]:
        with pytest.raises(CannotOpen):
            open_sealed(key, account, id, box)
    for spoilt in [*flips(box), *truncations(box), box + b"\0"]:
        with pytest.raises(CannotOpen):
            open_sealed(b"k" * 32, "account-7", "x25519", spoilt)


def test_sealing_twice_gives_other_bytes() -> None:
    assert len({sealed(b"k" * 32, "a", "amk", b"s" * 32)[:12] for _ in range(500)}) == 500


def test_an_account_with_a_nul_cannot_blur_where_its_name_ends() -> None:
    with pytest.raises(ValueError, match="NUL"):
        sealed(b"k" * 32, "a\0b", "amk", b"")


def test_a_staff_member_gets_from_passphrase_to_keys_and_nobody_else_does() -> None:
    amk, private, half = b"a" * 32, b"p" * 32, b"h" * 32
    stretched = b"s" * 32
    box = seal_amk(kek(stretched, half), "account-7", amk)
    key_box = seal_staff_key(amk, "account-7", "x25519", private)

    opened = open_amk(kek(stretched, half), "account-7", box)
    assert open_staff_key(opened, "account-7", "x25519", key_box) == private

    for wrong in (kek(stretched, b"i" * 32), kek(b"t" * 32, half), login_proof(stretched), stretched, half):
        with pytest.raises(CannotOpen):
            open_amk(wrong, "account-7", box)
    for id, account, key in [
        ("ed25519", "account-7", amk),
        ("x25519", "account-8", amk),
        ("x25519", "account-7", half),
    ]:
        with pytest.raises(CannotOpen):
            open_staff_key(key, account, id, key_box)  # type: ignore[arg-type]


def test_each_staff_key_has_a_sealing_key_of_its_own() -> None:
    assert module.staff_key_label("x25519") == "luwte/v1/staff-key/x25519"
    assert hkdf(b"a" * 32, module.staff_key_label("x25519")) != hkdf(b"a" * 32, module.staff_key_label("ed25519"))
