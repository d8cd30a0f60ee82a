"""Reads a message member by member, straight from X.691, and knows at every moment which field and bit it is at.

This is the plain reading of the standard: slow, and the one that explains. It finds the field and the bit for
:class:`CsaeError`, lays out a message for people (:func:`layout`), and is the oracle of the generated functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from jinyun.net.csae.errors import CsaeError
from jinyun.net.csae.lengths import FRAGMENT, parts, signed_octets
from jinyun.net.csae.notation import (
    BitString,
    Boolean,
    Characters,
    Choice,
    Dictionary,
    Enumerated,
    Integer,
    Member,
    Named,
    OctetString,
    Sequence,
    SequenceOf,
    Shape,
    Type,
)
from jinyun.net.csae.runtime import text


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf of a message: its path, the name of its type ("" where it has none), its first bit, bits and value."""

    path: str
    type: str
    shape: Shape
    bit: int
    width: int
    value: Any


class Reader:
    """A place in a message; ``base`` is the bit of the whole message where these octets begin."""

    def __init__(
        self,
        dictionary: Dictionary,
        data: bytes,
        unknown: list[str] | None = None,
        path: str = "",
        base: int = 0,
        see: Callable[[Field], None] | None = None,
    ) -> None:
        self.dictionary = dictionary
        self.data = data
        self.left = 8 * len(data)
        self.end = base + self.left
        self.unknown = unknown
        self.path = path
        self.see = see

    @property
    def at(self) -> int:
        """The bit of the whole message to be read next."""
        return self.end - self.left

    def refuse(self, reason: str, bit: int | None = None) -> NoReturn:
        """Raise the error for the field and bit read now."""
        raise CsaeError(reason, self.path, self.at if bit is None else bit)

    def take(self, width: int) -> int:
        """Return the next ``width`` bits as a number."""
        if width > self.left:
            self.refuse(f"cut: {width} bits wanted, {self.left} left")
        begin = 8 * len(self.data) - self.left
        self.left -= width
        octets = self.data[begin >> 3 : begin + width + 7 >> 3]
        return int.from_bytes(octets, "big") >> (self.left & 7) & (1 << width) - 1

    def units(self, count: int, width: int) -> int:
        """Return ``count`` octets or characters of ``width`` bits as one number; a cut is at the first that is not whole."""
        if count * width > self.left:
            whole = self.left // width
            self.refuse(f"cut: {count} of {width} bits wanted, {whole} there", self.at + whole * width)
        return self.take(count * width)

    def number(self, width: int, count: int, what: str) -> int:
        """Return a ``width``-bit number below ``count``."""
        bit = self.at
        value = self.take(width)
        if value >= count:
            self.refuse(f"{what} {value} of {count}", bit)
        return value

    def determinant(self) -> int:
        """Return the length of the next part (X.691, 11.9.3.6 to 11.9.3.8)."""
        bit = self.at
        first = self.take(8)
        if first < 0x80:
            return first
        if first < 0xC0:
            size = (first & 0x3F) << 8 | self.take(8)
            if size < 128:
                self.refuse(f"length {size} in two octets", bit)
            return size
        if not 0xC1 <= first <= 0xC4:
            self.refuse(f"fragment length {first:#04x}", bit)
        return (first & 7) * FRAGMENT

    def lengths(self, read: Callable[[int], None]) -> int:
        """Call ``read`` with the size of each part of a value; return the whole count."""
        bit = self.at
        sizes: list[int] = []
        while not sizes or sizes[-1] >= FRAGMENT:
            sizes.append(self.determinant())
            read(sizes[-1])
        if sizes != parts(sum(sizes)):
            self.refuse("fragments that are not the largest first", bit)
        return sum(sizes)

    def open_octets(self) -> tuple[bytes, int]:
        """Return octets behind a length, and the bit of the whole message where they begin."""
        chunks: list[bytes] = []
        begins: list[int] = []

        def more(size: int) -> None:
            begins.append(self.at)
            chunks.append(self.units(size, 8).to_bytes(size, "big"))

        self.lengths(more)
        return b"".join(chunks), begins[0]

    def small(self) -> int:
        """Return a normally small number (X.691, 11.6)."""
        bit = self.at
        if not self.take(1):
            return self.take(6)
        size = self.determinant()
        value = self.take(8 * size)
        if value < 64 or size != (value.bit_length() + 7) // 8:
            self.refuse(f"small number {value} in {size} octets", bit)
        return value

    def finish(self) -> None:
        """Require that nothing but the zero bits up to the next octet is left."""
        if self.left > 7:
            self.refuse(f"{self.left} bits after the end")
        bit = self.at
        if self.take(self.left):
            self.refuse("padding that is not zero", bit)

    def skip(self, name: str, index: int | str) -> None:
        """Count an extension addition that the type table does not know."""
        if self.unknown is not None:
            self.unknown.append(f"{name}+{index}")

    # -- types ---------------------------------------------------------------------------------------------------

    def read(self, of: Type, name: str) -> Any:
        """Return the value of the type at this place; ``name`` is the type's own or its place in its parent."""
        if isinstance(of, Named):
            name = of.name
        shape = self.dictionary.shape(of)
        match shape:
            case Sequence():
                return self.sequence(shape, name)
            case SequenceOf():
                return self.sequence_of(shape, name)
            case Choice():
                return self.choice(shape, name)
        bit = self.at
        value = self.leaf(shape, name)
        if self.see is not None:
            self.see(Field(self.path, of.name if isinstance(of, Named) else "", shape, bit, self.at - bit, value))
        return value

    def leaf(self, shape: Shape, name: str) -> Any:
        """Return the value of a type that has no members."""
        match shape:
            case Integer():
                return self.integer(shape)
            case Boolean():
                return bool(self.take(1))
            case Enumerated():
                if shape.extensible and self.take(1):
                    self.skip(name, self.small())
                    return None
                return shape.names[self.number(shape.width, len(shape.names), "value")]
            case BitString():
                return self.bit_string(shape)
            case OctetString():
                return self.octet_string(shape)
            case Characters():
                count = shape.low + self.number(
                    (shape.high - shape.low).bit_length(), shape.high - shape.low + 1, "length"
                )
                return text(self.units(count, 7), count)
        raise TypeError(f"{shape!r} is not a leaf")

    def integer(self, shape: Integer) -> int:
        bit = self.at
        if shape.extensible and self.take(1):
            octets = self.determinant()
            if not 0 < octets < FRAGMENT:
                self.refuse(f"integer of {octets} octets", bit)
            raw = self.take(8 * octets)
            value = raw - (raw >> 8 * octets - 1 << 8 * octets)
            if shape.low <= value <= shape.high:
                self.refuse(f"{value} written as an extension of {shape.low}..{shape.high}", bit)
            if octets != signed_octets(value):
                self.refuse(f"{value} in {octets} octets", bit)
            return value
        bit = self.at
        value = shape.low + self.take(shape.width)
        if value > shape.high:
            self.refuse(f"{value} is not in {shape.low}..{shape.high}", bit)
        return value

    def bit_string(self, shape: BitString) -> tuple[bytes, int]:
        bit = self.at
        if not (shape.extensible and self.take(1)):
            value = self.take(shape.size)
            return (value << -shape.size % 8).to_bytes((shape.size + 7) // 8, "big"), shape.size
        collected = 0

        def more(size: int) -> None:
            nonlocal collected
            collected = collected << size | self.take(size)

        count = self.lengths(more)
        if count == shape.size or (shape.names and count < shape.size):
            self.refuse(f"{count} bits written as an extension of {shape.size}", bit)
        return (collected << -count % 8).to_bytes((count + 7) // 8, "big"), count

    def octet_string(self, shape: OctetString) -> bytes:
        if shape.high is None:
            return self.open_octets()[0]
        bit = self.at
        if shape.extensible and self.take(1):
            value, _ = self.open_octets()
            if shape.low <= len(value) <= shape.high:
                self.refuse(f"{len(value)} octets written as an extension of {shape.low}..{shape.high}", bit)
            return value
        span = shape.high - shape.low
        count = shape.low + self.number(span.bit_length(), span + 1, "length")
        number = self.take(8 * count) if shape.low == shape.high <= 8 else self.units(count, 8)
        return number.to_bytes(count, "big")

    def sequence_of(self, shape: SequenceOf, name: str) -> list[Any]:
        values: list[Any] = []
        path = self.path

        def more(size: int) -> None:
            for _ in range(size):
                self.path = f"{path}[{len(values)}]"
                values.append(self.read(shape.element, f"{name}[]"))
            self.path = path

        if shape.high is None:
            self.lengths(more)
        else:
            span = shape.high - shape.low
            more(shape.low + self.number(span.bit_length(), span + 1, "count"))
        return values

    def sequence(self, shape: Sequence, name: str) -> dict[str, Any]:
        path = self.path
        extended = shape.additions is not None and self.take(1)
        present = {m.name for m in shape.optionals if self.take(1)}
        value: dict[str, Any] = {}
        for member in shape.members:
            if not member.optional or member.name in present:
                self.path = f"{path}.{member.name}" if path else member.name
                value[member.name] = self.read(member.type, f"{name}.{member.name}")
        self.path = path
        if extended:
            self.additions(shape.additions or (), name, value)
        return value

    def additions(self, known: tuple[Member, ...], name: str, value: dict[str, Any]) -> None:
        """Read the extension additions of a SEQUENCE (X.691, 19.7 to 19.9)."""
        bit = self.at
        count = self.take(6) + 1 if not self.take(1) else self.determinant()
        if not count < FRAGMENT or (self.at - bit > 7 and count <= 64):
            self.refuse(f"{count} extension additions in a long form", bit)
        present = [i for i in range(count) if self.take(1)]
        if not present:
            self.refuse("extension without an addition", bit)
        if known and count != len(known):
            self.skip(name, f"of{count}")
        for i in present:
            if i < len(known):
                value[known[i].name] = self.open_type(known[i], name)
            else:
                self.skip(name, i)
                self.open_octets_of_unknown()

    def open_octets_of_unknown(self) -> None:
        bit = self.at
        if not self.open_octets()[0]:
            self.refuse("open type without an octet", bit)

    def open_type(self, member: Member, name: str) -> Any:
        """Read the value of a member that stands in octets of its own (X.691, 11.2)."""
        data, begin = self.open_octets()
        path = f"{self.path}.{member.name}" if self.path else member.name
        inner = Reader(self.dictionary, data, self.unknown, path, begin, self.see)
        value = inner.read(member.type, f"{name}.{member.name}")
        inner.finish()
        return value

    def choice(self, shape: Choice, name: str) -> tuple[str | None, Any]:
        path = self.path
        if shape.additions is not None and self.take(1):
            index = self.small()
            if index < len(shape.additions):
                member = shape.additions[index]
                return member.name, self.open_type(member, name)
            self.skip(name, index)
            self.open_octets_of_unknown()
            return None, None
        member = shape.members[self.number(shape.width, len(shape.members), "alternative")]
        self.path = f"{path}.{member.name}" if path else member.name
        value = self.read(member.type, f"{name}.{member.name}")
        self.path = path
        return member.name, value


def read(dictionary: Dictionary, name: str, data: bytes, unknown: list[str] | None = None) -> Any:
    """Return the value of type ``name`` that ``data`` is, in the conventions of :func:`jinyun.net.csae.decode_type`.

    Raises :class:`CsaeError` with the field and bit of the first thing that is wrong.
    """
    reader = Reader(dictionary, data, unknown)
    value = reader.read(Named(name), name)
    reader.finish()
    return value


def layout(dictionary: Dictionary, name: str, data: bytes) -> list[Field]:
    """Return the leaves of a message in the order of their bits. Raises :class:`CsaeError` like :func:`read`."""
    fields: list[Field] = []
    reader = Reader(dictionary, data, see=fields.append)
    reader.read(Named(name), name)
    reader.finish()
    return fields
