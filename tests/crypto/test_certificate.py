"""Certificates: what the root did not say, in this place and at this time, is not believed."""

from dataclasses import replace
from typing import Any

import pytest
from crypto_play import certificates, flips, keys, truncations
from hypothesis import given

from luwte.crypto.certificate import (
    TOLERANCE,
    Certificate,
    Type,
    Untrusted,
    cert_id,
    check_admin,
    check_chain,
    issue,
    parse,
)
from luwte.crypto.primitives import Malformed, public_of, sha256, sign, signing_public_of, verify

ROOT, ADMIN, STAFF, STRANGER = (bytes([n]) * 32 for n in (1, 2, 3, 4))
ROOT_PUBLIC = signing_public_of(ROOT)
NOW = 1_800_000_000
DAY = 86_400

admin_certificate = Certificate(
    Type.TEAM_ADMIN, "luwte-demo", "team-admin", (signing_public_of(ADMIN),), (), 0, NOW - DAY, NOW + 365 * DAY
)
staff_certificate = Certificate(
    Type.STAFF,
    "luwte-demo",
    "account-7",
    (signing_public_of(STAFF), public_of(STAFF)),
    ("youth/counsellor", "elders/lead"),
    2,
    NOW - DAY,
    NOW + 90 * DAY,
)
team_certificate = Certificate(
    Type.TEAM, "luwte-demo", "youth", (public_of(b"\x05" * 32),), (), 2, NOW - DAY, NOW + 14 * DAY
)
ADMIN_RAW = issue(admin_certificate, ROOT)
STAFF_RAW = issue(staff_certificate, ADMIN)
TEAM_RAW = issue(team_certificate, ADMIN)


def check(leaf: bytes, *, root: bytes = ROOT_PUBLIC, admin: bytes = ADMIN_RAW, **asked: Any) -> Certificate:
    expected: dict[str, Any] = {"organisation": "luwte-demo", "type": Type.STAFF, "now": NOW} | asked
    return check_chain(root, admin, leaf, **expected).certificate


def reason(leaf: bytes, **asked: Any) -> str:
    with pytest.raises(Untrusted) as refusal:
        check(leaf, **asked)
    return refusal.value.reason


@given(certificate=certificates(), seed=keys)
def test_a_certificate_reads_back_as_it_was_issued(certificate: Certificate, seed: bytes) -> None:
    raw = issue(certificate, seed)
    signed = parse(raw)
    assert signed.certificate == certificate
    assert signed.raw == raw
    assert verify(signing_public_of(seed), signed.signature, b"luwte/v1/cert\0" + raw[:-64])
    assert cert_id(raw) == sha256(raw)[:16]


def test_a_sound_chain_is_believed() -> None:
    assert check(STAFF_RAW, team="youth", role="counsellor", subject="account-7") == staff_certificate
    assert check(STAFF_RAW, team="elders") == staff_certificate
    assert check(TEAM_RAW, type=Type.TEAM, team="youth") == team_certificate


def test_every_flipped_bit_in_either_certificate_is_refused() -> None:
    for spoilt in flips(STAFF_RAW):
        assert reason(spoilt) in ("malformed", "signature")
    for spoilt in flips(ADMIN_RAW):
        assert reason(STAFF_RAW, admin=spoilt) in ("malformed", "signature")


def test_missing_and_trailing_bytes_are_refused() -> None:
    for spoilt in truncations(STAFF_RAW):
        with pytest.raises(Malformed):
            parse(spoilt)
        assert reason(spoilt) == "malformed"
    assert reason(STAFF_RAW + b"\0") == "malformed"
    assert reason(STAFF_RAW[:-64] + b"\0" + STAFF_RAW[-64:]) == "malformed"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"organisation": "luwte"}, "organisation"),
        ({"type": Type.TEAM}, "type"),
        ({"type": Type.PARTNER}, "type"),
        ({"subject": "account-8"}, "subject"),
        ({"team": "you"}, "team"),
        ({"team": "youth/counsellor"}, "team"),
        ({"team": "youth", "role": "lead"}, "role"),
        ({"team": "elders", "role": "counsellor"}, "role"),
        ({"root": signing_public_of(STRANGER)}, "signature"),
        ({"admin": issue(admin_certificate, STRANGER)}, "signature"),
        ({"admin": issue(replace(admin_certificate, organisation="other"), ROOT)}, "organisation"),
        ({"admin": issue(replace(admin_certificate, keys=(signing_public_of(STRANGER),)), ROOT)}, "signature"),
        ({"admin": issue(replace(team_certificate, subject="team-admin"), ROOT)}, "type"),
        ({"admin": b""}, "malformed"),
    ],
)
def test_a_certificate_holds_only_where_it_is_meant(asked: dict[str, Any], expected: str) -> None:
    assert reason(STAFF_RAW, **asked) == expected


def test_a_team_certificate_is_for_its_own_team() -> None:
    assert reason(TEAM_RAW, type=Type.TEAM, team="elders") == "team"
    assert reason(TEAM_RAW, type=Type.TEAM, team="youth", role="counsellor") == "role"
    assert reason(TEAM_RAW, type=Type.STAFF) == "type"


def test_a_role_is_always_asked_together_with_its_team() -> None:
    with pytest.raises(ValueError, match="team"):
        check(STAFF_RAW, role="counsellor")


def test_staff_cannot_vouch_for_staff() -> None:
    """A leaf's key signs messages, never certificates; nor does the root sign leaves."""
    assert reason(issue(staff_certificate, STAFF)) == "signature"
    assert reason(issue(staff_certificate, ROOT)) == "signature"
    assert reason(issue(staff_certificate, STAFF), admin=STAFF_RAW) == "signature"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (staff_certificate.not_before - TOLERANCE - 1, "not_yet"),
        (staff_certificate.not_before - TOLERANCE, None),
        (staff_certificate.not_after + TOLERANCE - 1, None),
        (staff_certificate.not_after + TOLERANCE, "expired"),
    ],
)
def test_clocks_may_be_off_by_two_days_and_not_a_second_more(now: int, expected: str | None) -> None:
    if expected is None:
        assert check(STAFF_RAW, now=now) == staff_certificate
    else:
        assert reason(STAFF_RAW, now=now) == expected


def test_an_expired_team_admin_vouches_for_nobody() -> None:
    admin = issue(replace(admin_certificate, not_before=NOW - 9 * DAY, not_after=NOW - TOLERANCE), ROOT)
    assert reason(STAFF_RAW, admin=admin) == "expired"
    later = issue(replace(admin_certificate, not_before=NOW + TOLERANCE + 1), ROOT)
    assert reason(STAFF_RAW, admin=later) == "not_yet"
    with pytest.raises(Untrusted, match="expired"):
        check_admin(ROOT_PUBLIC, admin, organisation="luwte-demo", now=NOW)


def raw_with(certificate: Certificate, **unlawful: Any) -> bytes:
    """A certificate signed by the right key although *unlawful* is in it, made without asking `issue`."""
    from luwte.crypto import certificate as module

    body = module._body(replace(certificate, **unlawful))
    return body + sign(ADMIN, b"luwte/v1/cert\0" + body)


@pytest.mark.parametrize(
    "unlawful",
    [
        {"keys": ()},
        {"keys": (signing_public_of(STAFF),)},
        {"keys": (signing_public_of(STAFF), public_of(STAFF), public_of(STAFF))},
        {"keys": (signing_public_of(STAFF), public_of(STAFF)[:31])},
        {"keys": (signing_public_of(STAFF), public_of(STAFF) + b"\0")},
        {"keys": (signing_public_of(STAFF), bytes(32))},
        {"keys": (signing_public_of(STAFF), b"\x01" + bytes(31))},
        {"keys": (bytes(32), public_of(STAFF))},
        {"type": 5},
        {"type": 0},
        {"not_before": NOW, "not_after": NOW},
        {"not_before": NOW + 1, "not_after": NOW},
        {"not_after": 2**53},
        {"type": Type.PARTNER},
    ],
)
def test_a_signature_does_not_make_up_for_what_is_unlawful(unlawful: dict[str, Any]) -> None:
    assert parse(raw_with(staff_certificate)).certificate == staff_certificate
    assert reason(raw_with(staff_certificate, **unlawful)) == "malformed"


@pytest.mark.parametrize("at", [0, 1])
def test_another_version_or_suite_is_refused(at: int) -> None:
    body = bytearray(STAFF_RAW[:-64])
    body[at] = 2
    assert reason(bytes(body) + sign(ADMIN, b"luwte/v1/cert\0" + body)) == "malformed"


def test_what_nobody_would_accept_is_not_issued() -> None:
    for unlawful in [
        replace(staff_certificate, keys=(public_of(STAFF),)),
        replace(staff_certificate, keys=(signing_public_of(STAFF), bytes(32))),
        replace(team_certificate, roles=("youth/lead",)),
        replace(admin_certificate, subject="admin"),
        replace(staff_certificate, not_after=NOW - 2 * DAY),
        replace(staff_certificate, epoch=2**32),
        replace(staff_certificate, roles=("youth/lead",) * 256),
        replace(staff_certificate, subject="s" * 65536),
    ]:
        with pytest.raises(Malformed):
            issue(unlawful, ADMIN)
