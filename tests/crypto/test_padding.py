"""Padding: seven sizes, one way to fill each, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luwte.crypto.envelope import BUCKETS, MAX_BODY, MAX_ENVELOPE, pad, unpad
from luwte.crypto.primitives import Malformed

bodies = st.one_of(
    st.binary(max_size=600),
    st.builds(lambda bucket, off: b"x" * max(0, bucket - 4 + off), st.sampled_from(BUCKETS[:-1]), st.integers(-2, 2)),
    st.builds(lambda off: b"\0" * (MAX_BODY - off), st.integers(0, 3)),
)


@given(body=bodies)
def test_padding_comes_off_again_and_fills_the_smallest_bucket(body: bytes) -> None:
    padded = pad(body)
    assert unpad(padded) == body
    assert len(padded) == min(bucket for bucket in BUCKETS if bucket >= len(body) + 4)


@given(body=bodies, at=st.integers(min_value=0), value=st.integers(1, 255))
def test_padding_that_is_not_zero_is_refused(body: bytes, at: int, value: int) -> None:
    """Nobody can hide anything behind the text."""
    padded = bytearray(pad(body))
    room = len(padded) - 4 - len(body)
    if room:
        padded[4 + len(body) + at % room] = value
        with pytest.raises(Malformed):
            unpad(bytes(padded))


@given(body=bodies, more=st.integers(1, 6))
def test_a_bucket_larger_than_needed_is_refused(body: bytes, more: int) -> None:
    """Otherwise a size could carry a signal."""
    larger = [bucket for bucket in BUCKETS if bucket > len(pad(body))]
    if larger:
        with pytest.raises(Malformed):
            unpad(pad(body) + bytes(larger[min(more, len(larger)) - 1] - len(pad(body))))


@given(length=st.integers(0, 2**32 - 1), bucket=st.sampled_from(BUCKETS))
def test_a_length_opens_only_where_it_belongs(length: int, bucket: int) -> None:
    """A length beyond the buffer, or one that a smaller bucket would hold, is refused."""
    padded = length.to_bytes(4, "big") + bytes(bucket - 4)
    smaller = max([0, *(other for other in BUCKETS if other < bucket)])
    if smaller < length + 4 <= bucket or (smaller == 0 and length + 4 <= bucket):
        assert unpad(padded) == bytes(length)
    else:
        with pytest.raises(Malformed):
            unpad(padded)


@given(data=st.binary(max_size=300))
def test_bytes_that_were_not_padded_are_refused(data: bytes) -> None:
    if len(data) not in BUCKETS:
        with pytest.raises(Malformed):
            unpad(data)


def test_the_longest_body_fits_and_one_byte_more_does_not() -> None:
    assert len(pad(bytes(MAX_BODY))) + 194 + 16 == MAX_ENVELOPE == 16594
    with pytest.raises(Malformed):
        pad(bytes(MAX_BODY + 1))
