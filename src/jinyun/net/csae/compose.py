"""Writes a message member by member, straight from X.691: the plain counterpart of :mod:`jinyun.net.csae.dissect`.

Slow and explaining, like its counterpart: it finds the member that does not fit, and is the oracle of the generated
functions. It takes whatever counts as an integer (NumPy's too), which the generated functions leave to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import Any, NoReturn

from jinyun.net.csae.errors import CsaeError
from jinyun.net.csae.lengths import determinant, parts, signed_octets
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


class Writer:
    """Bits written so far, and the path of the member being written."""

    def __init__(self, dictionary: Dictionary, path: str = "", base: int = 0) -> None:
        self.dictionary = dictionary
        self.bits = 0
        self.width = 0
        self.path = path
        self.base = base

    def refuse(self, reason: str) -> NoReturn:
        """Raise the error for the member written now."""
        raise CsaeError(reason, self.path, self.base + self.width)

    def put(self, value: int, width: int) -> None:
        """Append ``width`` bits."""
        self.bits = self.bits << width | value
        self.width += width

    def octets(self) -> bytes:
        """Return what was written, padded with zeros to whole octets; at least one (X.691, 11.1)."""
        count = max(1, (self.width + 7) // 8)
        return (self.bits << 8 * count - self.width).to_bytes(count, "big")

    def put_octets(self, data: bytes) -> None:
        """Append octets behind their length, in fragments where there are many."""
        at = 0
        for size in parts(len(data)):
            self.put(*determinant(size))
            self.put(int.from_bytes(data[at : at + size], "big"), 8 * size)
            at += size

    def put_count(self, count: int, low: int, high: int, what: str) -> None:
        """Append a count within bounds."""
        if not low <= count <= high:
            self.refuse(f"{count} {what}, not {low}..{high}")
        self.put(count - low, (high - low).bit_length())

    def write(self, of: Type, value: Any) -> None:
        """Append the value of a type."""
        shape: Shape = self.dictionary.shape(of)
        match shape:
            case Integer():
                self.integer(shape, value)
            case Boolean():
                if not isinstance(value, (bool, int)):
                    self.refuse(f"{value!r} is not a truth value")
                self.put(bool(value), 1)
            case Enumerated():
                if not isinstance(value, str) or value not in shape.names:
                    self.refuse(f"{value!r} is none of {', '.join(shape.names)}")
                self.put(shape.names.index(value), shape.width + shape.extensible)
            case BitString():
                self.bit_string(shape, value)
            case OctetString():
                self.octet_string(shape, value)
            case Characters():
                if not isinstance(value, str) or not value.isascii():
                    self.refuse(f"{value!r} is not a text of seven-bit characters")
                self.put_count(len(value), shape.low, shape.high, "characters")
                for character in value:
                    self.put(ord(character), 7)
            case SequenceOf():
                self.sequence_of(shape, value)
            case Sequence():
                self.sequence(shape, value)
            case Choice():
                self.choice(shape, value)

    def integer(self, shape: Integer, value: Any) -> None:
        try:
            number = index(value)
        except TypeError:
            self.refuse(f"{value!r} is not an integer")
        inside = shape.low <= number <= shape.high
        if shape.extensible:
            self.put(not inside, 1)
            if not inside:
                octets = signed_octets(number)
                self.put(*determinant(octets))
                self.put(number & (1 << 8 * octets) - 1, 8 * octets)
                return
        if not inside:
            self.refuse(f"{number} is not in {shape.low}..{shape.high}")
        self.put(number - shape.low, shape.width)

    def bit_string(self, shape: BitString, value: Any) -> None:
        try:
            data, count = value
            number = int.from_bytes(data, "big") >> 8 * len(data) - index(count)
        except (TypeError, ValueError):
            self.refuse(f"{value!r} is not (octets, number of bits)")
        if shape.names and count < shape.size:
            number, count = number << shape.size - count, shape.size
        if shape.extensible:
            self.put(count != shape.size, 1)
        elif shape.names:
            while count > shape.size and number & 1 == 0:
                number, count = number >> 1, count - 1
        if count == shape.size:
            self.put(number, count)
        elif shape.extensible:
            for size in parts(count):
                self.put(*determinant(size))
                count -= size
                self.put(number >> count & (1 << size) - 1, size)
        else:
            self.refuse(f"{count} bits, not {shape.size}")

    def octet_string(self, shape: OctetString, value: Any) -> None:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            self.refuse(f"{value!r} is not octets")
        data = bytes(value)
        if shape.high is None:
            self.put_octets(data)
            return
        if shape.extensible:
            inside = shape.low <= len(data) <= shape.high
            self.put(not inside, 1)
            if not inside:
                self.put_octets(data)
                return
        self.put_count(len(data), shape.low, shape.high, "octets")
        self.put(int.from_bytes(data, "big"), 8 * len(data))

    def sequence_of(self, shape: SequenceOf, value: Any) -> None:
        if not isinstance(value, (list, tuple)):
            self.refuse(f"{type(value).__name__} is not a list")
        path = self.path
        sizes = [len(value)]
        if shape.high is None:
            sizes = parts(len(value))
        else:
            self.put_count(len(value), shape.low, shape.high, "elements")
        at = 0
        for size in sizes:
            if shape.high is None:
                self.put(*determinant(size))
            for i in range(at, at + size):
                self.path = f"{path}[{i}]"
                self.write(shape.element, value[i])
            at += size
        self.path = path

    def member(self, member: Member, value: Any) -> None:
        path = self.path
        self.path = f"{path}.{member.name}" if path else member.name
        self.write(member.type, value)
        self.path = path

    def open_type(self, member: Member, value: Any) -> None:
        """Append the value of a member in octets of its own (X.691, 11.2)."""
        inner = Writer(self.dictionary, self.path, self.base + self.width)
        inner.member(member, value)
        self.put_octets(inner.octets())

    def sequence(self, shape: Sequence, value: Any) -> None:
        if not isinstance(value, Mapping):
            self.refuse(f"{type(value).__name__} is not a mapping of members")
        additions = shape.additions or ()
        names = {m.name for m in shape.members} | {m.name for m in additions}
        for name in value:
            if name not in names:
                self.refuse(f"no member {name!r}")
        present = [m for m in additions if m.name in value]
        if shape.additions is not None:
            self.put(bool(present), 1)
        for member in shape.optionals:
            self.put(member.name in value, 1)
        for member in shape.members:
            if member.name in value:
                self.member(member, value[member.name])
            elif not member.optional:
                self.refuse(f"member {member.name!r} is missing")
        if present:
            self.put(len(additions) - 1, 7)
            for member in additions:
                self.put(member.name in value, 1)
            for member in present:
                self.open_type(member, value[member.name])

    def choice(self, shape: Choice, value: Any) -> None:
        if not (isinstance(value, (tuple, list)) and len(value) == 2):
            self.refuse(f"{value!r} is not (alternative, value)")
        name, inner = value
        for i, member in enumerate(shape.members):
            if member.name == name:
                self.put(i, shape.width + (shape.additions is not None))
                self.member(member, inner)
                return
        for i, member in enumerate(shape.additions or ()):
            if member.name == name:
                self.put(0x80 | i, 8)
                self.open_type(member, inner)
                return
        names = [m.name for m in (*shape.members, *(shape.additions or ()))]
        self.refuse(f"{name!r} is none of {', '.join(names)}")


def write(dictionary: Dictionary, name: str, value: Any) -> bytes:
    """Return the octets of a value of type ``name``. Raises :class:`CsaeError` with the member that does not fit."""
    writer = Writer(dictionary)
    writer.write(Named(name), value)
    return writer.octets()
