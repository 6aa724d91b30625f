"""What is packed is unpacked whole, within bounds, or not at all; by whoever it was made."""

import contextlib
import gzip
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.plumbing.packing import CannotUnpack, unpack

PACK = {"identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}


@given(st.sampled_from(sorted(PACK)), st.binary(max_size=3000), st.integers(1, 40))
def test_the_same_comes_out_or_nothing(coding: str, piece: bytes, times: int) -> None:
    body = piece * times
    packed = PACK[coding](body)
    assert unpack(packed, coding, len(body)) == body
    if body:
        with pytest.raises(CannotUnpack):
            unpack(packed, coding, len(body) - 1)


@given(st.sampled_from(["gzip", "deflate", "br"]), st.binary(min_size=1, max_size=300), st.integers(0, 10_000))
def test_what_is_cut_or_damaged_is_not_half_read(coding: str, body: bytes, at: int) -> None:
    packed = PACK[coding](body)
    with pytest.raises(CannotUnpack):
        unpack(packed[: at % len(packed)], coding, 1000)
    damaged = bytearray(packed)
    damaged[at % len(packed)] ^= 0xFF
    with contextlib.suppress(CannotUnpack):
        assert len(unpack(bytes(damaged), coding, 1000)) <= 1000


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_bomb_does_not_go_off(coding: str) -> None:
    with pytest.raises(CannotUnpack):
        unpack(PACK[coding](bytes(50_000_000)), coding, 1000)


def test_nothing_else_is_guessed_at() -> None:
    for coding in ("zstd", "compress", "br, gzip", "BR", ""):
        with pytest.raises(CannotUnpack):
            unpack(b"x", coding, 1000)
