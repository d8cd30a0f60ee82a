"""Length determinants of PER: how a count without an upper bound is written (X.691, 11.9).

Below 128 one octet, below 16384 two; beyond that the contents come in fragments of one to four times 16384, the largest
first, and a last part that is shorter than 16384 and may be empty.
"""

from __future__ import annotations

FRAGMENT = 16384


def parts(count: int) -> list[int]:
    """Return the sizes of the parts in which ``count`` units are written; the last is below 16384."""
    sizes = []
    while count >= FRAGMENT:
        sizes.append(min(count // FRAGMENT, 4) * FRAGMENT)
        count -= sizes[-1]
    return [*sizes, count]


def determinant(size: int) -> tuple[int, int]:
    """Return the bits and their number that announce a part of ``size`` units."""
    if size < 128:
        return size, 8
    if size < FRAGMENT:
        return 0x8000 | size, 16
    return 0xC0 | size // FRAGMENT, 8


def signed_octets(value: int) -> int:
    """Return the fewest octets that hold ``value`` in two's complement."""
    return (value if value >= 0 else ~value).bit_length() // 8 + 1
