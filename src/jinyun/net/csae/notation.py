"""How the message types of the T/CSAE sets are written down: a compact notation in plain Python, and its shapes.

The wire format is unaligned PER (X.691) of modules with automatic tags, so a type needs nothing but its kind, its
constraint, the order of its members and its extension marker. A table reads::

    "Position3D": seq("lat Latitude", "long Longitude", "elevation? Elevation"),
    "ParticipantType": enum("unknown motor non-motor pedestrian rsu ..."),
    "VehicleClassification": seq("classification BasicVehicleClass", "fuelType? FuelType", ...),

``?`` marks an OPTIONAL member, ``...`` the extension marker; members after it are extension additions. A member whose
type has no name of its own is written as a pair: ``("id", octets(8))``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import EllipsisType


@dataclass(frozen=True, slots=True)
class Integer:
    """INTEGER (low..high), with an extension marker when ``extensible``."""

    low: int
    high: int
    extensible: bool = False

    @property
    def width(self) -> int:
        """Bits of a root value (X.691, 11.5.7)."""
        return (self.high - self.low).bit_length()


@dataclass(frozen=True, slots=True)
class Boolean:
    """BOOLEAN: one bit."""

    width: int = 1


@dataclass(frozen=True, slots=True)
class Enumerated:
    """ENUMERATED: ``names`` in the order of their numbers, which is all that reaches the wire."""

    names: tuple[str, ...]
    extensible: bool = False

    @property
    def width(self) -> int:
        """Bits of a root value's index (X.691, 14)."""
        return (len(self.names) - 1).bit_length()


@dataclass(frozen=True, slots=True)
class BitString:
    """BIT STRING of exactly ``size`` bits (at least as many where ``extensible``); ``names`` of bits 0, 1, ..."""

    size: int
    names: tuple[str, ...] = ()
    extensible: bool = False


@dataclass(frozen=True, slots=True)
class OctetString:
    """OCTET STRING of ``low..high`` octets; ``high`` None means without a bound."""

    low: int
    high: int | None
    extensible: bool = False


@dataclass(frozen=True, slots=True)
class Characters:
    """IA5String of ``low..high`` seven-bit characters."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class SequenceOf:
    """SEQUENCE OF ``element``, ``low..high`` of them; ``high`` None means without a bound."""

    element: Type
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a SEQUENCE or an alternative of a CHOICE."""

    name: str
    type: Type
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """SEQUENCE of ``members``; ``additions`` are the known extension additions, None where it has no marker.

    ``optionals`` are the members that own a bit of the preamble, in order.
    """

    members: tuple[Member, ...]
    additions: tuple[Member, ...] | None = None
    optionals: tuple[Member, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note the optional members."""
        object.__setattr__(self, "optionals", tuple(m for m in self.members if m.optional))


@dataclass(frozen=True, slots=True)
class Choice:
    """CHOICE of ``members``; ``additions`` are the known extension additions, None where it has no marker."""

    members: tuple[Member, ...]
    additions: tuple[Member, ...] | None = None

    @property
    def width(self) -> int:
        """Bits of a root alternative's index (X.691, 23)."""
        return (len(self.members) - 1).bit_length()


@dataclass(frozen=True, slots=True)
class Named:
    """A reference to the type of that name in the same table."""

    name: str


Shape = Integer | Boolean | Enumerated | BitString | OctetString | Characters | SequenceOf | Sequence | Choice
Type = Shape | Named
Table = dict[str, Shape]
MemberText = str | tuple[str, Shape]


@dataclass(frozen=True, eq=False)
class Dictionary:
    """All types of one dialect; :meth:`shape` follows references."""

    types: Table = field(repr=False)

    def shape(self, of: Type | str) -> Shape:
        """Return the shape that a type or a type's name stands for. Raises ``KeyError`` for an unknown name."""
        if isinstance(of, str):
            return self.types[of]
        return self.types[of.name] if isinstance(of, Named) else of


def integer(low: int, high: int, *, extensible: bool = False) -> Integer:
    """Write INTEGER (low..high)."""
    return Integer(low, high, extensible)


def boolean() -> Boolean:
    """Write BOOLEAN."""
    return Boolean()


def _names(text: str) -> tuple[tuple[str, ...], bool]:
    names = text.split()
    extensible = names[-1:] == ["..."]
    return tuple(names[:-1] if extensible else names), extensible


def enum(text: str) -> Enumerated:
    """Write ENUMERATED by its names in order, ending in ``...`` where it is extensible."""
    return Enumerated(*_names(text))


def bits(size: int, text: str = "") -> BitString:
    """Write BIT STRING (SIZE (size)) with the names of its bits, ending in ``...`` where the size is extensible."""
    return BitString(size, *_names(text))


def octets(low: int, high: int | None = None, *, extensible: bool = False) -> OctetString:
    """Write OCTET STRING (SIZE (low..high)); one bound means exactly so many."""
    return OctetString(low, low if high is None else high, extensible)


def any_octets() -> OctetString:
    """Write OCTET STRING without a size: length and octets, the wire form of an open type too."""
    return OctetString(0, None)


def characters(low: int, high: int) -> Characters:
    """Write IA5String (SIZE (low..high))."""
    return Characters(low, high)


def _type(of: str | Shape) -> Type:
    return Named(of) if isinstance(of, str) else of


def seq_of(element: str | Shape, low: int = 0, high: int | None = None) -> SequenceOf:
    """Write SEQUENCE (SIZE (low..high)) OF element; without bounds the count is a length determinant."""
    return SequenceOf(_type(element), low, high)


def _member(text: MemberText) -> Member:
    name, of = text.split() if isinstance(text, str) else text
    return Member(name.removesuffix("?"), _type(of), name.endswith("?"))


def _members(texts: tuple[MemberText | EllipsisType, ...]) -> tuple[tuple[Member, ...], tuple[Member, ...] | None]:
    marker = texts.index(...) if ... in texts else len(texts)
    root = tuple(_member(t) for t in texts[:marker] if not isinstance(t, EllipsisType))
    if marker == len(texts):
        return root, None
    return root, tuple(_member(t) for t in texts[marker + 1 :] if not isinstance(t, EllipsisType))


def seq(*members: MemberText | EllipsisType) -> Sequence:
    """Write SEQUENCE by its members, ``...`` for the extension marker."""
    return Sequence(*_members(members))


def choice(*members: MemberText | EllipsisType) -> Choice:
    """Write CHOICE by its alternatives, ``...`` for the extension marker."""
    return Choice(*_members(members))
