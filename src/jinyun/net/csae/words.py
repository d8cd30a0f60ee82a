"""Bits of messages in rows of big-endian 64-bit words, for the kernels.

The kernels are compiled with these functions and with the instruction set of :mod:`jinyun.net.csae.program` inside, and
numba keeps them by the date of their own file alone: after a change here or there, remove ``__pycache__``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

U = np.uint64
"""An index that is not negative: spares a kernel the question whether to count from the end."""

FRAGMENTS = 16384
"""A length from here on is written in fragments, which the kernels leave to the codec of single messages."""

ABSENT = -(2**31)
"""What a narrow column holds where there is no value; no element of the standard can be that."""

OK, REFUSED, GENERAL, OTHER = range(4)
"""Verdicts: done; refused at a bit; only the codec of single messages can tell; a frame of another kind."""

GOING_ON = -1
DEPTH = 64
"""More than sequences or lists are ever nested."""


@njit(cache=True, nogil=True)
def take(words: Any, at: Any, width: Any) -> Any:
    """Return ``width`` bits (1..64) from bit ``at`` on, as uint64."""
    shift = U(at & 63)
    word = U(at >> 6)
    high = words[word] << shift
    low = (words[word + U(1)] >> U(1)) >> (U(63) - shift)
    return (high | low) >> U(64 - width)


@njit(cache=True, nogil=True)
def put(words: Any, at: Any, width: Any, value: Any) -> None:
    """Write ``width`` bits (1..64) of a uint64 from bit ``at`` on, over zeros."""
    word = U(at >> 6)
    room = 64 - (at & 63)
    if width <= room:
        words[word] |= value << U(room - width)
    else:
        words[word] |= value >> U(width - room)
        words[word + U(1)] |= value << U(64 - (width - room))


@njit(cache=True, nogil=True)
def octet_length(words: Any, at: Any, end: Any) -> Any:
    """Return (length, bit behind it) of a length determinant below 16384; length -1 where it is none."""
    if at + 8 > end:
        return -1, at
    first = np.int64(take(words, at, 8))
    if first < 128:
        return first, at + 8
    if first > 191 or at + 16 > end:
        return -1, at
    size = np.int64(take(words, at, 16)) & 0x3FFF
    return (size, at + 16) if size > 127 else (-1, at)
