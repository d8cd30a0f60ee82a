"""The type table as ASN.1 text (X.680), for other people's tools and for comparison with other codecs."""

from __future__ import annotations

from jinyun.net.csae.notation import (
    BitString,
    Boolean,
    Characters,
    Choice,
    Enumerated,
    Integer,
    Member,
    Named,
    OctetString,
    Sequence,
    SequenceOf,
    Type,
)
from jinyun.net.csae.types import dictionary


def text(dialect: str = "A") -> str:
    """Return one ASN.1 module with every type of a dialect. Raises ``ValueError`` for an unknown dialect."""
    types = dictionary(dialect).types
    lines = [f"{name} ::= {_shape(shape)}\n" for name, shape in types.items()]
    return "\n".join(["CSAE DEFINITIONS AUTOMATIC TAGS ::= BEGIN\n", *lines, "END\n"])


def _size(low: int, high: int | None, extensible: bool = False) -> str:
    if high is None:
        return ""
    bounds = str(low) if low == high else f"{low}..{high}"
    return f" (SIZE({bounds}{', ...' if extensible else ''}))"


def _members(members: tuple[Member, ...], additions: tuple[Member, ...] | None) -> str:
    parts = [_member(m) for m in members]
    if additions is not None:
        parts += ["...", *map(_member, additions)]
    return "{\n    " + ",\n    ".join(parts) + "\n}"


def _member(member: Member) -> str:
    return f"{member.name} {_shape(member.type)}{' OPTIONAL' if member.optional else ''}"


def _shape(of: Type) -> str:
    match of:
        case Named():
            return of.name
        case Integer():
            return f"INTEGER ({of.low}..{of.high}{', ...' if of.extensible else ''})"
        case Boolean():
            return "BOOLEAN"
        case Enumerated():
            return "ENUMERATED { " + ", ".join([*of.names, *(["..."] if of.extensible else [])]) + " }"
        case BitString():
            names = ", ".join(f"{name}({bit})" for bit, name in enumerate(of.names))
            return f"BIT STRING{f' {{ {names} }}' if names else ''}{_size(of.size, of.size, of.extensible)}"
        case OctetString():
            return f"OCTET STRING{_size(of.low, of.high, of.extensible)}"
        case Characters():
            return f"IA5String{_size(of.low, of.high)}"
        case SequenceOf():
            return f"SEQUENCE{_size(of.low, of.high)} OF {_shape(of.element)}"
        case Sequence():
            return f"SEQUENCE {_members(of.members, of.additions)}"
        case Choice():
            return f"CHOICE {_members(of.members, of.additions)}"
