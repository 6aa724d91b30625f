"""Taking off what HTTP calls a content coding, from whoever it came, into no more memory than is allowed."""

import zlib

import brotli

CODINGS = "gzip, deflate, br"
"""What `unpack` knows, as an Accept-Encoding header: as browsers have it."""


class CannotUnpack(Exception):
    """Another coding, damaged, or larger than allowed."""


def unpack(body: bytes, coding: str, at_most: int) -> bytes:
    """*body* without its *coding* (RFC 9110, 8.4.1; brotli is RFC 7932), of *at_most* so many bytes.

    Raises `CannotUnpack`.
    """
    match coding:
        case "identity":
            out, whole = body, True
        case "gzip" | "deflate":
            inflating = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever it is
            out, whole = _inflated(inflating, body, at_most), inflating.eof
        case "br":
            decoder = brotli.Decompressor()
            out, whole = _decoded(decoder, body, at_most), decoder.is_finished()
        case _:
            raise CannotUnpack("in a coding that nobody asked for")
    if not whole or len(out) > at_most:
        raise CannotUnpack("larger than is allowed when it is unpacked")
    return out


def _inflated(inflating: "zlib._Decompress", body: bytes, at_most: int) -> bytes:
    try:
        return inflating.decompress(body, at_most)
    except zlib.error:
        raise CannotUnpack("damaged") from None


def _decoded(decoder: brotli.Decompressor, body: bytes, at_most: int) -> bytes:
    out = bytearray()
    try:
        out += decoder.process(body, output_buffer_limit=at_most)
        while not decoder.is_finished() and not decoder.can_accept_more_data() and len(out) <= at_most:
            out += decoder.process(b"", output_buffer_limit=at_most)
    except brotli.error:
        raise CannotUnpack("damaged") from None
    return bytes(out)
