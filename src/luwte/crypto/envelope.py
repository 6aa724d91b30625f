"""The envelope: the 194 bytes that the server reads, and the sealed part that it cannot.

`parse` does no cryptography and is what the server calls for each message;
everything that needs a secret is for browsers, and here for their twin.
"""

import hmac
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from luwte.crypto.primitives import (
    SIGNATURE_BYTES,
    CannotOpen,
    Malformed,
    hkdf_salted,
    random_bytes,
    sha256,
    sign,
    verify,
)

MAGIC: Final = b"LW"
VERSION: Final = 1
SUITE: Final = 1
MESSAGE: Final = 1
ROTATION: Final = 5
VISITOR, TEAM, NOTE = 1, 2, 3
SHARED_LOG, TEAM_LOG = 1, 2
TEXT: Final = 1

BUCKETS: Final = (256, 512, 1024, 2048, 4096, 8192, 16384)
HEADER_BYTES: Final = 162
COMMITMENT_BYTES: Final = 32
PLAIN_BYTES: Final = HEADER_BYTES + COMMITMENT_BYTES
TAG_BYTES: Final = 16
CERT_ID_BYTES: Final = 16
MAX_BODY: Final = BUCKETS[-1] - 4
MAX_ENVELOPE: Final = PLAIN_BYTES + BUCKETS[-1] + TAG_BYTES
# A browser counts exactly up to here.
MAX_COUNT: Final = 2**53 - 1
NO_PREVIOUS: Final = bytes(32)

_SIZES: Final = frozenset(PLAIN_BYTES + bucket + TAG_BYTES for bucket in BUCKETS)
_START: Final = MAGIC + bytes([VERSION, SUITE])
_FIELDS: Final = struct.Struct(">4xBB16sI8sQ16s32sQ32s32s")
_ZERO_NONCE: Final = bytes(12)
_DIRECTIONS: Final = {MESSAGE: (VISITOR, TEAM, NOTE), ROTATION: (TEAM, NOTE)}


class UnknownVersion(Malformed):
    """Another version or suite: not damage, but not ours to read."""


class Header(NamedTuple):
    """What an envelope says in the open. A tuple, because the server makes one for each message."""

    klass: int
    direction: int
    conv: bytes
    generation: int
    sender: bytes
    seq: int
    msg_id: bytes
    prev: bytes
    seen_seq: int
    seen_head: bytes
    salt: bytes = b""


def parse(envelope: bytes) -> Header:
    """Read the header; raise Malformed for bytes that are no envelope. Says nothing about what is allowed."""
    if envelope[:4] != _START:
        if len(envelope) >= 4 and envelope[:2] == MAGIC:
            raise UnknownVersion("another version or suite")
        raise Malformed("not an envelope")
    if len(envelope) not in _SIZES:
        raise Malformed("no size that an envelope has")
    header = tuple.__new__(Header, _FIELDS.unpack_from(envelope))
    if header.seq > MAX_COUNT or header.seen_seq > MAX_COUNT:
        raise Malformed("a number that a browser cannot count to")
    return header


def seal(secret: bytes, header: Header, body: bytes) -> bytes:
    """Seal *body* under a fresh salt; whatever salt *header* has is not used."""
    return _seal(secret, header, lambda _: body)


def seal_signed(secret: bytes, header: Header, cert_id: bytes, signing_seed: bytes, content: bytes) -> bytes:
    """Seal *content* of a staff member, signed together with the header that it travels in."""
    return _seal(secret, header, lambda salted: staff_body(salted, cert_id, signing_seed, content))


def open_envelope(secret: bytes, envelope: bytes) -> bytes:
    """Give the body, or raise CannotOpen. The commitment is compared before anything is decrypted."""
    try:
        check_readable(parse(envelope))
    except Malformed:
        raise CannotOpen from None
    key, commitment = _derive(secret, envelope[:HEADER_BYTES])
    # AES-GCM can be made to open under two keys; the commitment cannot.
    if not hmac.compare_digest(commitment, envelope[HEADER_BYTES:PLAIN_BYTES]):
        raise CannotOpen
    try:
        return unpad(AESGCM(key).decrypt(_ZERO_NONCE, envelope[PLAIN_BYTES:], envelope[:PLAIN_BYTES]))
    except (InvalidTag, Malformed):
        raise CannotOpen from None


def check_readable(header: Header) -> None:
    """Raise Malformed for a class or direction that this version reserves."""
    if header.direction not in _DIRECTIONS.get(header.klass, ()):
        raise Malformed("a class or direction that is not in use")


def pack(header: Header) -> bytes:
    """The first 162 bytes of an envelope; raise Malformed when a field does not fit."""
    check_readable(header)
    lengths = [len(header.conv), len(header.sender), len(header.msg_id), len(header.prev), len(header.seen_head)]
    if lengths != [16, 8, 16, 32, 32] or len(header.salt) != 32:
        raise Malformed("a field of the wrong length")
    if not (0 <= header.seq <= MAX_COUNT and 0 <= header.seen_seq <= MAX_COUNT):
        raise Malformed("a number that a browser cannot count to")
    if not 0 <= header.generation < 2**32:
        raise Malformed("a generation that does not fit")
    return _START + _FIELDS.pack(*header)[4:]


def _seal(secret: bytes, header: Header, body: Callable[[Header], bytes]) -> bytes:
    # The salt is drawn here and nowhere else: with it each message has a key of its own, and the zero nonce is safe.
    salted = header._replace(salt=random_bytes(32))
    start = pack(salted)
    key, commitment = _derive(secret, start)
    plain = start + commitment
    return plain + AESGCM(key).encrypt(_ZERO_NONCE, pad(body(salted)), plain)


def _derive(secret: bytes, start: bytes) -> tuple[bytes, bytes]:
    if len(secret) != 32:
        raise ValueError("a conversation secret has 32 bytes")
    both = hkdf_salted(secret, start[130:162], b"luwte/v1/msg\0" + sha256(start), 64)
    return both[:32], both[32:]


def pad(body: bytes) -> bytes:
    """Fill *body* with zeros up to the smallest bucket, so that its length does not tell what was said."""
    for bucket in BUCKETS:
        if 4 + len(body) <= bucket:
            return len(body).to_bytes(4, "big") + body + bytes(bucket - 4 - len(body))
    raise Malformed("too long for an envelope")


def unpad(padded: bytes) -> bytes:
    """Undo `pad`; there is exactly one way to pad, and all others are refused."""
    body = padded[4 : 4 + int.from_bytes(padded[:4], "big")]
    if len(body) > MAX_BODY or pad(body) != padded:
        raise Malformed("not padded as it should be")
    return body


def content(text: str) -> bytes:
    """What goes into a body; raise Malformed for half a character."""
    try:
        return bytes([TEXT]) + text.encode()
    except UnicodeEncodeError:
        raise Malformed("not text") from None


def read_content(data: bytes) -> str:
    """The text, or CannotOpen: what came out of an envelope is still a stranger's."""
    if data[:1] != bytes([TEXT]):
        raise CannotOpen
    try:
        return data[1:].decode()
    except UnicodeDecodeError:
        raise CannotOpen from None


def staff_body(header: Header, cert_id: bytes, signing_seed: bytes, content: bytes) -> bytes:
    """What a staff member seals; *header* already has the salt, because the signature covers it."""
    if len(cert_id) != CERT_ID_BYTES:
        raise Malformed("a certificate id has 16 bytes")
    return cert_id + sign(signing_seed, _signed(pack(header), cert_id, content)) + content


def read_staff_body(envelope: bytes, body: bytes, key_of: Callable[[bytes], bytes | None]) -> tuple[bytes, bytes]:
    """Give (cert_id, content), or raise CannotOpen unless *key_of*(cert_id) is a key that signed exactly this.

    *key_of* answers with the Ed25519 key of a certificate that it has checked, or None.
    """
    cert_id, content = body[:CERT_ID_BYTES], body[CERT_ID_BYTES + SIGNATURE_BYTES :]
    signature = body[CERT_ID_BYTES : CERT_ID_BYTES + SIGNATURE_BYTES]
    key = key_of(cert_id)
    if key is None or not verify(key, signature, _signed(envelope[:HEADER_BYTES], cert_id, content)):
        raise CannotOpen
    return cert_id, content


def _signed(start: bytes, cert_id: bytes, content: bytes) -> bytes:
    return b"luwte/v1/sig\0" + start + cert_id + content


def head_zero(conv: bytes, log: int) -> bytes:
    """The head of a log before its first envelope."""
    return sha256(b"luwte/v1/head\0" + conv + bytes([log]))


def head_next(head: bytes, n: int, envelope_hash: bytes) -> bytes:
    """The head after envelope *n*: two sides with the same head have read the same things in the same order."""
    return sha256(head + n.to_bytes(8, "big") + envelope_hash)
