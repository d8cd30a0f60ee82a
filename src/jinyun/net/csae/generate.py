"""Turns a type of the table into straight-line Python: one decoding and one encoding function per type.

A *run* is a stretch of members whose widths are known beforehand, across the borders of nested sequences. A decoder
reads a run from the big integer at once and cuts its members out with constant shifts; an encoder puts one together the
same way. Only where an OPTIONAL member, a CHOICE or a count comes up does the position become a matter of run time.

The functions decide only the plain case (see :mod:`jinyun.net.csae.runtime`) and are compiled at first use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from jinyun.net.csae import runtime
from jinyun.net.csae.notation import (
    BitString,
    Boolean,
    Characters,
    Choice,
    Dictionary,
    Enumerated,
    Integer,
    Named,
    OctetString,
    Sequence,
    SequenceOf,
    Type,
)

_INLINE_LEAVES = 16
"""A sequence with at most so many leaves, and nothing of variable shape in it, is written out where it is used."""
_BIT_TABLE = 10
"""The values of a bit string of at most so many bits are looked up, not built."""


class Source:
    """Lines of a function being written, and the constants it names."""

    def __init__(self, dictionary: Dictionary, signature: str) -> None:
        self.dictionary = dictionary
        self.lines = [f"def {signature}:"]
        self.depth = 1
        self.constants: dict[str, Any] = {"NotPlain": runtime.NotPlain}
        self.count = 0

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def fresh(self, letter: str) -> str:
        """Return a variable name not used before."""
        self.count += 1
        return f"{letter}{self.count}"

    def constant(self, value: Any, name: str) -> str:
        """Return the name under which the function sees ``value``."""
        self.constants.setdefault(name, value)
        return name

    def table(self, values: Any) -> str:
        """Return a name for a constant that needs none of its own."""
        for name, value in self.constants.items():
            if value is values:
                return name
        return self.constant(values, f"T{len(self.constants)}")

    def require(self, refused: list[str]) -> None:
        """Give up where one of the conditions holds."""
        if refused:
            self.line(f"if {' or '.join(refused)}: raise NotPlain")

    def compile(self, of: str) -> Callable[..., Any]:
        """Return the function."""
        code = compile("\n".join(self.lines), f"<T/CSAE {of}>", "exec")
        exec(code, self.constants)  # the text is made from our own table alone
        function: Callable[..., Any] = self.constants["function"]
        return function

    def leaves(self, of: Type) -> int:
        """Return how many leaves a type writes out to when inlined; far too many where its shape varies."""
        shape = self.dictionary.shape(of)
        if isinstance(shape, Sequence):
            if shape.additions:
                return 1000
            return sum(self.leaves(m.type) for m in shape.members)
        if isinstance(shape, (SequenceOf, Choice)):
            return 1000
        return 1

    def inlined(self, of: Type) -> bool:
        """Tell whether a sequence or choice is written out in place: it is small, or nothing else uses it."""
        if not isinstance(of, Named):
            return True
        shape = self.dictionary.shape(of)
        if isinstance(shape, (Sequence, Choice)) and shape.additions:
            return False
        return uses(self.dictionary)[of.name] == 1 or self.leaves(of) <= _INLINE_LEAVES

    def width(self, of: Type) -> int | None:
        """Return the bits of a type that always has the same number of them, else None."""
        shape = self.dictionary.shape(of)
        match shape:
            case Integer():
                return None if shape.extensible else shape.width
            case Boolean():
                return 1
            case Enumerated():
                return shape.width + shape.extensible
            case BitString():
                return shape.size + shape.extensible
            case OctetString() if shape.low == shape.high and not shape.extensible:
                return 8 * shape.low
            case Sequence() if not shape.optionals and not shape.additions:
                total = int(shape.additions is not None)
                for member in shape.members:
                    width = self.width(member.type)
                    if width is None:
                        return None
                    total += width
                return total
        return None

    def most(self, of: Type) -> int:
        """Return the most bits that a plain value of a type takes; 0 where there is no bound."""
        shape = self.dictionary.shape(of)
        match shape:
            case OctetString() if shape.high is not None:
                return 1 + (shape.high - shape.low).bit_length() + 8 * shape.high
            case Characters():
                return (shape.high - shape.low).bit_length() + 7 * shape.high
            case SequenceOf() if shape.high is not None:
                element = self.most(shape.element)
                return element and (shape.high - shape.low).bit_length() + shape.high * element
            case Integer():
                return shape.width + shape.extensible
            case Sequence() | Choice():
                widths = [self.most(m.type) for m in shape.members]
                if shape.additions or not all(widths):
                    return 0
                if isinstance(shape, Choice):
                    return 1 + shape.width + max(widths)
                return 1 + len(shape.optionals) + sum(widths)
        return self.width(of) or 0


@cache
def uses(dictionary: Dictionary) -> Counter[str]:
    """Return how many members and lists name each type."""
    found: Counter[str] = Counter()

    def see(of: Type) -> None:
        if isinstance(of, Named):
            found[of.name] += 1
        elif isinstance(of, SequenceOf):
            see(of.element)
        elif isinstance(of, (Sequence, Choice)):
            for member in (*of.members, *(of.additions or ())):
                see(member.type)

    for shape in dictionary.types.values():
        see(shape)
    return found


def identifier(name: str) -> str:
    """Return a Python name for a type's name."""
    return name.replace("-", "_")


def bit_values(size: int) -> tuple[tuple[bytes, int], ...]:
    """Return every value of a short bit string by its number."""
    octet_count = (size + 7) // 8
    return tuple(((i << -size % 8).to_bytes(octet_count, "big"), size) for i in range(1 << size))
