"""Canned replies, sealed so that the server keeps them and cannot read them."""

from typing import Final, NamedTuple

from luwte.crypto.envelope import pad, unpad
from luwte.crypto.primitives import Malformed, hkdf, open_sealed, sealed
from luwte.crypto.wrap import lp

KIND: Final = 1
LARGEST: Final = 4096
"""The padded bucket beyond which a reply is too long."""


class ReplyText(NamedTuple):
    """What a counsellor wrote to say again: its language, a name to find it by, the words."""

    language: str
    name: str
    text: str


def own_key(amk: bytes) -> bytes:
    """The key of an account's own replies."""
    return hkdf(amk, "luwte/v1/replies")


def team_key(team_private: bytes, team: str, epoch: int) -> bytes:
    """The key of a team's replies, which every member of that epoch has."""
    return hkdf(team_private, f"luwte/v1/team-replies/{team}/{epoch}")


def seal_reply(key: bytes, owner: str, id: bytes, version: int, reply: ReplyText) -> bytes:
    """Seal a reply for one place and one version: moved or renumbered it does not open."""
    body = pad(bytes([KIND]) + b"".join(lp(field.encode()) for field in reply))
    if len(body) > LARGEST:
        raise Malformed("too long for a reply")
    return sealed(key, owner, _place(id, version), body)


def open_reply(key: bytes, owner: str, id: bytes, version: int, box: bytes) -> ReplyText:
    """Give what `seal_reply` got, or raise CannotOpen or Malformed."""
    body = unpad(open_sealed(key, owner, _place(id, version), box))
    if not body or body[0] != KIND:
        raise Malformed("not a reply")
    fields, rest = [], body[1:]
    while rest:
        size = int.from_bytes(rest[:2], "big")
        if len(rest) < 2 + size:
            raise Malformed("a reply that is cut off")
        try:
            fields.append(rest[2 : 2 + size].decode())
        except UnicodeDecodeError:
            raise Malformed("a reply that is not text") from None
        rest = rest[2 + size :]
    if len(fields) != len(ReplyText._fields):
        raise Malformed("a reply with other fields")
    return ReplyText(*fields)


def _place(id: bytes, version: int) -> str:
    return f"replies/{id.hex()}/{version}"
