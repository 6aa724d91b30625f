"""Envelopes: they open in their place and nowhere else, and the server reads exactly what they say in the open."""

from dataclasses import dataclass

import pytest
import two_keys
from crypto_play import flips, headers, keys, texts, truncations
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from luwte.crypto import envelope as env
from luwte.crypto.envelope import Header, open_envelope, parse, seal
from luwte.crypto.primitives import CannotOpen, Malformed, sha256, sign, signing_public_of

SECRET = b"\x01" * 32
SEED = b"\x02" * 32
CERT_ID = b"\x03" * 16
HEADER = Header(env.MESSAGE, env.VISITOR, b"c" * 16, 1, b"s" * 8, 7, b"m" * 16, b"p" * 32, 6, b"h" * 32)
ENVELOPE = seal(SECRET, HEADER, env.content("hello"))


@given(secret=keys, header=headers, text=texts)
def test_what_is_sealed_opens_again(secret: bytes, header: Header, text: str) -> None:
    """The header reads back as it was, the text too, and the size is one of seven."""
    envelope = seal(secret, header, env.content(text))
    assert parse(envelope)._replace(salt=b"") == header
    assert env.read_content(open_envelope(secret, envelope)) == text
    assert len(envelope) - 194 - 16 in env.BUCKETS


def test_one_flipped_bit_anywhere_is_noticed() -> None:
    for spoilt in flips(ENVELOPE):
        with pytest.raises(CannotOpen):
            open_envelope(SECRET, spoilt)


def test_a_shortened_or_lengthened_envelope_is_refused() -> None:
    for spoilt in [*truncations(ENVELOPE), ENVELOPE + b"\0", b"\0" + ENVELOPE, ENVELOPE * 2]:
        with pytest.raises(CannotOpen):
            open_envelope(SECRET, spoilt)
        with pytest.raises(Malformed):
            parse(spoilt)


@given(other=keys)
def test_another_secret_does_not_open(other: bytes) -> None:
    if other != SECRET:
        with pytest.raises(CannotOpen):
            open_envelope(other, ENVELOPE)


@given(header=headers)
def test_a_sealed_part_does_not_move_to_another_header(header: Header) -> None:
    """Whatever the new place is called, the old commitment and ciphertext do not fit it."""
    moved = env.pack(header._replace(salt=parse(ENVELOPE).salt)) + ENVELOPE[162:]
    if moved != ENVELOPE:
        with pytest.raises(CannotOpen):
            open_envelope(SECRET, moved)


def test_the_salt_never_repeats() -> None:
    """Not with the same header and body, and not when a header that was read is sealed again."""
    again = parse(ENVELOPE)
    salts = {parse(seal(SECRET, again, b"same")).salt for _ in range(2000)}
    assert len(salts | {again.salt}) == 2001


def test_an_envelope_made_to_open_under_two_keys_opens_under_one() -> None:
    """AES-GCM alone would read it twice, with sound padding both times; the commitment lets one pass."""
    envelope = two_keys.forge(two_keys.FIRST, two_keys.SECOND)
    read = []
    for secret in (two_keys.FIRST, two_keys.SECOND):
        key, _ = two_keys.derive(secret)
        read.append(env.unpad(AESGCM(key).decrypt(bytes(12), envelope[194:], envelope[:194])))
    assert read[0] != read[1]

    assert open_envelope(two_keys.FIRST, envelope) == read[0]
    with pytest.raises(CannotOpen):
        open_envelope(two_keys.SECOND, envelope)


def test_nothing_is_decrypted_before_the_commitment_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[bytes] = []

    @dataclass
    class Watched:
        key: bytes

        def decrypt(self, *_: bytes) -> bytes:
            tried.append(self.key)
            raise AssertionError("decrypted")

    monkeypatch.setattr(env, "AESGCM", Watched)
    with pytest.raises(CannotOpen):
        open_envelope(b"\x09" * 32, ENVELOPE)
    assert tried == []


@pytest.mark.parametrize(
    ("offset", "value", "error"),
    [(0, b"l", Malformed), (1, b"X", Malformed), (2, b"\x02", env.UnknownVersion), (3, b"\x02", env.UnknownVersion)],
)
def test_magic_version_and_suite_are_told_apart(offset: int, value: bytes, error: type[Malformed]) -> None:
    spoilt = ENVELOPE[:offset] + value + ENVELOPE[offset + 1 :]
    with pytest.raises(Malformed) as refusal:
        parse(spoilt)
    assert type(refusal.value) is error


@pytest.mark.parametrize(("offset", "value"), [(4, 0), (4, 4), (4, 5), (5, 0), (5, 4)])
def test_reserved_classes_and_directions_can_be_read_but_neither_sealed_nor_opened(offset: int, value: int) -> None:
    """The server has to name the reason, so it must be able to read them."""
    header = parse(ENVELOPE[:offset] + bytes([value]) + ENVELOPE[offset + 1 :])
    assert value in (header.klass, header.direction)
    with pytest.raises(Malformed):
        seal(SECRET, header, b"")
    start = bytearray(env.pack(HEADER._replace(salt=b"r" * 32)))
    start[offset] = value
    with pytest.raises(CannotOpen):
        open_envelope(SECRET, _sealed_by_hand(bytes(start)))


def _sealed_by_hand(start: bytes, padded: bytes = env.pad(b"")) -> bytes:
    key, commitment = env._derive(SECRET, start)
    plain = start + commitment
    return plain + AESGCM(key).encrypt(bytes(12), padded, plain)


@pytest.mark.parametrize("padded", [bytes(255) + b"\x01", env.pad(b"x" * 252)[:256] * 2, b"\xff" * 256])
def test_bad_padding_by_somebody_who_has_the_secret_is_refused(padded: bytes) -> None:
    start = env.pack(HEADER._replace(salt=b"r" * 32))
    assert open_envelope(SECRET, _sealed_by_hand(start)) == b""
    with pytest.raises(CannotOpen):
        open_envelope(SECRET, _sealed_by_hand(start, padded))


@pytest.mark.parametrize("offset", [34, 90])
def test_a_number_that_browsers_cannot_count_to_is_refused(offset: int) -> None:
    """JavaScript is exact up to 2^53 - 1; beyond it the two languages would read two numbers."""
    largest, beyond = (2**53 - 1).to_bytes(8, "big"), (2**53).to_bytes(8, "big")
    parse(ENVELOPE[:offset] + largest + ENVELOPE[offset + 8 :])
    with pytest.raises(Malformed):
        parse(ENVELOPE[:offset] + beyond + ENVELOPE[offset + 8 :])


@pytest.mark.parametrize(
    "change",
    [
        {"conv": b"c" * 15},
        {"sender": b"s" * 9},
        {"msg_id": b""},
        {"prev": b"p" * 31},
        {"seen_head": b"h" * 33},
        {"seq": -1},
        {"seq": 2**53},
        {"seen_seq": 2**53},
        {"generation": 2**32},
    ],
)
def test_a_header_that_does_not_fit_is_never_sealed(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        seal(SECRET, HEADER._replace(**change), b"")  # type: ignore[arg-type]


def test_nothing_is_signed_under_a_header_without_a_salt() -> None:
    for salt in (b"", bytes(31), bytes(33)):
        with pytest.raises(Malformed):
            env.staff_body(HEADER._replace(salt=salt), CERT_ID, SEED, b"")


@given(text=texts)
def test_text_survives_and_other_content_is_refused(text: str) -> None:
    assert env.read_content(env.content(text)) == text
    for bad in [b"", b"\0" + text.encode(), b"\x02" + text.encode(), b"\x01" + text.encode() + b"\xff"]:
        with pytest.raises(CannotOpen):
            env.read_content(bad)


def test_a_byte_order_mark_is_kept_and_half_a_character_is_no_text() -> None:
    assert env.read_content(env.content("\ufeffhello")) == "\ufeffhello"
    with pytest.raises(Malformed):
        env.content("\ud83d")


def test_a_staff_message_is_its_signers_in_its_place_only() -> None:
    """Another key, another certificate, another header, another text: the signature fits none of them."""
    header = HEADER._replace(direction=env.TEAM)
    envelope = env.seal_signed(SECRET, header, CERT_ID, SEED, env.content("hi"))
    body = open_envelope(SECRET, envelope)
    public = signing_public_of(SEED)

    assert env.read_staff_body(envelope, body, {CERT_ID: public}.get) == (CERT_ID, env.content("hi"))

    other = env.seal_signed(SECRET, header, CERT_ID, SEED, env.content("hi"))
    for place, said, known in [
        (envelope, body, {}),
        (envelope, body, {CERT_ID: signing_public_of(b"\x04" * 32)}),
        (other, body, {CERT_ID: public}),
        (envelope, body[:-1] + b"o", {CERT_ID: public}),
        (envelope, b"\x05" * 16 + body[16:], {b"\x05" * 16: public}),
        (envelope, body[:79], {CERT_ID: public}),
        (envelope, b"", {b"": public}),
    ]:
        with pytest.raises(CannotOpen):
            env.read_staff_body(place, said, known.get)


def test_every_bit_of_header_and_staff_body_is_under_the_signature() -> None:
    envelope = env.seal_signed(SECRET, HEADER, CERT_ID, SEED, env.content("hi"))
    body = open_envelope(SECRET, envelope)
    for spoilt in flips(body):
        with pytest.raises(CannotOpen):
            env.read_staff_body(envelope, spoilt, lambda _: signing_public_of(SEED))
    for start in flips(envelope[:162]):
        with pytest.raises(CannotOpen):
            env.read_staff_body(start + envelope[162:], body, lambda _: signing_public_of(SEED))


def test_the_signature_is_over_the_bytes_that_the_protocol_names() -> None:
    envelope = env.seal_signed(SECRET, HEADER, CERT_ID, SEED, b"\x01x")
    body = open_envelope(SECRET, envelope)
    assert body == CERT_ID + sign(SEED, b"luwte/v1/sig\0" + envelope[:162] + CERT_ID + b"\x01x") + b"\x01x"


@settings(max_examples=50)
@given(envelopes=st.lists(st.binary(max_size=40), min_size=2, max_size=6, unique=True), data=st.data())
def test_two_heads_agree_only_after_the_same_log(envelopes: list[bytes], data: st.DataObject) -> None:
    """Another order, another log, another conversation, one less: another head."""

    def head(conv: bytes, log: int, said: list[bytes]) -> bytes:
        at = env.head_zero(conv, log)
        for n, envelope in enumerate(said, 1):
            at = env.head_next(at, n, sha256(envelope))
        return at

    conv = b"c" * 16
    mine = head(conv, env.SHARED_LOG, envelopes)
    shuffled = data.draw(st.permutations(envelopes))
    assert (head(conv, env.SHARED_LOG, shuffled) == mine) == (shuffled == envelopes)
    assert mine != head(conv, env.TEAM_LOG, envelopes)
    assert mine != head(b"d" * 16, env.SHARED_LOG, envelopes)
    assert mine != head(conv, env.SHARED_LOG, envelopes[:-1])
