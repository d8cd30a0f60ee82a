"""What the generated functions call for the few things that are not straight lines.

Decoders walk one big integer ``n`` of which ``r`` bits are left to read. A negative ``r`` makes Python's own shift raise
``ValueError``, so no cut message needs a check. Whatever is not the plain case (a refused value, an extension addition
the table does not know, a fragmented length) raises too: the caller then asks the plain reader, which either explains
what is wrong or gives the value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinyun.net.csae.lengths import FRAGMENT, determinant

Decode = Callable[[int, int], tuple[Any, int]]
Encode = Callable[[Any], tuple[int, int]]

_WINDOW = 4096
_WINDOW_MASK = (1 << _WINDOW) - 1


class NotPlain(Exception):
    """Not the plain case: the generated function gives up."""


def length(n: int, r: int) -> tuple[int, int]:
    """Return a length below 16384 and the bits left behind it (X.691, 11.9.3)."""
    r -= 8
    size = n >> r & 255
    if size < 128:
        return size, r
    if size > 191:
        raise NotPlain
    r -= 8
    size = n >> r & 0x3FFF
    if size < 128:
        raise NotPlain
    return size, r


def octets(n: int, r: int) -> tuple[bytes, int]:
    """Return octets behind a length."""
    size, r = length(n, r)
    r -= 8 * size
    return (n >> r & (1 << 8 * size) - 1).to_bytes(size, "big"), r


def open_value(decode: Decode, n: int, r: int) -> tuple[Any, int]:
    """Return a value that stands in octets of its own and fills them to the last zero bit of padding."""
    size, r = length(n, r)
    end = r - 8 * size
    value, r = decode(n, r)
    if not 0 <= r - end < 8 or n >> end & (1 << r - end) - 1:
        raise NotPlain
    return value, end


def elements(decode: Decode, n: int, r: int, count: int, most: int) -> tuple[list[Any], int]:
    """Return ``count`` elements of at most ``most`` bits each (0 means without a bound).

    A shift costs time in proportion to what it yields, so no more of a long message is handed on than needed: a window
    that the whole list fits in where there is a bound; else what is left to read, or one window per element that is wide
    enough nearly always.
    """
    values = []
    width = count * most
    if 0 < width < r:
        behind = r - width
        n, r = n >> behind & (1 << width) - 1, width
        for _ in range(count):
            value, r = decode(n, r)
            values.append(value)
        return values, r + behind
    for _ in range(count):
        if r > 2 * _WINDOW:
            try:
                value, left = decode(n >> r - _WINDOW & _WINDOW_MASK, _WINDOW)
                r -= _WINDOW - left
            except (ValueError, IndexError, NotPlain):  # longer than the window, or to be refused
                value, r = decode(n, r)
        else:
            n &= (1 << r) - 1
            value, r = decode(n, r)
        values.append(value)
    return values, r


def text(bits: int, count: int) -> str:
    """Return ``count`` seven-bit characters."""
    return "".join([chr(bits >> 7 * i & 127) for i in range(count - 1, -1, -1)])


def put_octets(data: bytes) -> tuple[int, int]:
    """Return octets behind their length as (bits, number of bits)."""
    size = len(data)
    if size >= FRAGMENT:
        raise NotPlain
    bits, width = determinant(size)
    return bits << 8 * size | int.from_bytes(data, "big"), width + 8 * size


def put_open(encoded: tuple[int, int]) -> tuple[int, int]:
    """Return a value padded to octets of its own behind their length, as (bits, number of bits)."""
    bits, width = encoded
    size = (width + 7) // 8
    if not 0 < size < FRAGMENT:
        raise NotPlain
    head, head_width = determinant(size)
    return head << 8 * size | bits << 8 * size - width, head_width + 8 * size


def put_text(value: str) -> int:
    """Return the seven-bit characters of ``value`` one after the other."""
    bits = 0
    for octet in value.encode("ascii"):
        bits = bits << 7 | octet
    return bits
