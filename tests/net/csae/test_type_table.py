"""Our type table says the same as the published types, and the layouts differ only where they are known to."""

from __future__ import annotations

import random
from typing import Any

import pytest

from jinyun.net import csae
from jinyun.net.csae import asn1
from jinyun.net.csae.notation import (
    BitString,
    Boolean,
    Characters,
    Choice,
    Enumerated,
    Integer,
    Named,
    OctetString,
    Sequence,
    SequenceOf,
    Type,
)
from jinyun.net.csae.types import LAYOUT_B, MODULES, dictionary, message_ids
from tests.net.csae.oracle import random_value, shared


def stated(ours: Type, theirs: dict[str, Any], names: set[str], where: str) -> None:
    """Assert that a type of ours is what the published dictionary states."""
    if theirs["type"] in names:
        assert ours == Named(theirs["type"]), where
        return
    size = theirs.get("size")
    bounds = None if size is None else (size[0] if isinstance(size[0], list) else [size[0], size[0]])
    extensible = size is not None and None in size
    match theirs["type"]:
        case "INTEGER":
            (low, high), *rest = theirs["restricted-to"]
            assert ours == Integer(low, high, bool(rest)), where
        case "BOOLEAN":
            assert ours == Boolean(), where
        case "ENUMERATED":
            listed = [v for v in theirs["values"] if v is not None]
            assert [v[1] for v in listed] == sorted(v[1] for v in listed), where
            assert ours == Enumerated(tuple(v[0] for v in listed), None in theirs["values"]), where
        case "BIT STRING":
            assert isinstance(ours, BitString)
            assert [ours.size, ours.size] == bounds and ours.extensible == extensible, where
            for name, bit in theirs.get("named-bits", []):
                assert ours.names[int(bit)] == name, where
        case "OCTET STRING":
            low, high = bounds or (0, None)
            assert ours == OctetString(low, high, extensible), where
        case "IA5String":
            assert bounds and ours == Characters(*bounds), where
        case "SEQUENCE OF":
            assert isinstance(ours, SequenceOf) and [ours.low, ours.high] == (bounds or [0, None]), where
            stated(ours.element, theirs["element"], names, f"{where}[]")
        case "SEQUENCE" | "CHOICE":
            assert isinstance(ours, Sequence if theirs["type"] == "SEQUENCE" else Choice), where
            members = theirs["members"]
            marker = members.index(None) if None in members else len(members)
            assert (ours.additions is not None) == (None in members), where
            both = [*ours.members, *(ours.additions or ())]
            assert [m.name for m in ours.members] == [m["name"] for m in members[:marker]], where
            assert len(both) == len([m for m in members if m is not None]), where
            for member, other in zip(both, [m for m in members if m is not None], strict=True):
                assert (member.name, member.optional) == (other["name"], other.get("optional", False)), where
                stated(member.type, other, names, f"{where}.{member.name}")
        case other:
            raise AssertionError(f"{where}: {other}")


def test_layout_a_is_the_published_type_table() -> None:
    theirs = shared("types.json")["CSAE"]["types"]
    ours = dictionary("A").types
    assert ours.keys() == theirs.keys()
    for name, shape in ours.items():
        stated(shape, theirs[name], set(theirs) - {name}, name)


def test_no_type_is_written_down_twice() -> None:
    names = [name for module in MODULES for name in module.TYPES]
    assert len(names) == len(set(names))


def test_every_reference_leads_to_a_type() -> None:
    for dialect in ("A", "B"):
        types = dictionary(dialect)

        def follow(of: Type, types: Any = types) -> None:
            if isinstance(of, Named):
                assert of.name in types.types
                return
            for member in [*getattr(of, "members", ()), *(getattr(of, "additions", None) or ())]:
                follow(member.type)
            if isinstance(of, SequenceOf):
                follow(of.element)

        for shape in types.types.values():
            follow(shape)


def test_layouts_differ_only_where_they_are_known_to() -> None:
    a, b = dictionary("A").types, dictionary("B").types
    assert {name for name in a if a[name] != b[name]} == set(LAYOUT_B)


def test_id_tables_disagree_from_sixteen_on() -> None:
    assert message_ids("A")[16] == "CLPMM"
    assert 16 not in message_ids("A158") and 12 in message_ids("B158")


def test_an_unknown_dialect_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="unknown dialect"):
        csae.decode(b"\0", "C")
    with pytest.raises(ValueError, match="no type"):
        csae.decode_type("Nothing", b"\0")


def test_the_table_as_asn1_text_means_the_same_to_asn1tools() -> None:
    asn1tools = pytest.importorskip("asn1tools")
    rng = random.Random(41)
    for dialect in ("A", "B"):
        oracle = asn1tools.compile_string(asn1.text(dialect), "uper")
        for name in ("MessageFrame", "MapData", *message_ids(dialect).values()):
            value = random_value(dictionary(dialect), name, rng)
            data = csae.encode_type(name, value, dialect)
            assert bytes(oracle.encode(name, value)) == data
            assert oracle.decode(name, data) == value
