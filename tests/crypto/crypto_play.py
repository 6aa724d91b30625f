"""What the crypto tests play with: strategies for headers, certificates and places, and a few ways to spoil bytes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from luwte.crypto.certificate import Certificate, Type
from luwte.crypto.envelope import MAX_COUNT, MESSAGE, NOTE, TEAM, VISITOR, Header
from luwte.crypto.primitives import public_of, signing_public_of
from luwte.crypto.wrap import Purpose, WrapContext

VECTORS = Path(__file__).parents[2] / "vectors"

keys = st.binary(min_size=32, max_size=32)
slugs = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
counts = st.integers(0, 2**32 - 1)
times = st.integers(0, MAX_COUNT - 1)


def fixed(length: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=length, max_size=length)


headers = st.builds(
    Header,
    klass=st.just(MESSAGE),
    direction=st.sampled_from([VISITOR, TEAM, NOTE]),
    conv=fixed(16),
    generation=counts,
    sender=fixed(8),
    seq=st.integers(0, MAX_COUNT),
    msg_id=fixed(16),
    prev=fixed(32),
    seen_seq=st.integers(0, MAX_COUNT),
    seen_head=fixed(32),
    salt=st.just(b""),
)

contexts = st.builds(
    WrapContext,
    organisation=names,
    team=names,
    epoch=counts,
    conv=fixed(16),
    generation=counts,
    purpose=st.sampled_from(Purpose),
)


def key_set(type: Type, seeds: tuple[bytes, bytes]) -> tuple[bytes, ...]:
    """The public keys that a certificate of this type has, in order."""
    signing, agreement = signing_public_of(seeds[0]), public_of(seeds[1])
    return {
        Type.TEAM_ADMIN: (signing,),
        Type.TEAM: (agreement,),
        Type.STAFF: (signing, agreement),
        Type.PARTNER: (signing, agreement),
        Type.RECOVERY: (agreement,),
    }[type]


@st.composite
def certificates(draw: st.DrawFn) -> Certificate:
    type = draw(st.sampled_from(Type))
    first, second = sorted(draw(st.lists(times, min_size=2, max_size=2, unique=True)))
    return Certificate(
        type=type,
        organisation=draw(names),
        subject={Type.TEAM_ADMIN: "team-admin", Type.RECOVERY: "recovery"}.get(type) or draw(names),
        keys=key_set(type, (draw(keys), draw(keys))),
        roles=tuple(draw(st.lists(names, max_size=4))) if type is Type.STAFF else (),
        epoch=draw(counts),
        not_before=first,
        not_after=second,
    )


def flips(data: bytes) -> Iterator[bytes]:
    """All bytes that differ from *data* in one bit."""
    for bit in range(len(data) * 8):
        spoilt = bytearray(data)
        spoilt[bit // 8] ^= 1 << (bit % 8)
        yield bytes(spoilt)


def truncations(data: bytes) -> Iterator[bytes]:
    """All proper beginnings and endings of *data*."""
    for length in range(len(data)):
        yield data[:length]
        yield data[len(data) - length :]


def read_vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())
