"""Messages to roadside units as JSON: the forms of :mod:`jinyun.net.rsu_json`, which reads them back to the same values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinyun.net.csae.notation import BitString, Choice, Enumerated, Named, OctetString, Sequence, SequenceOf, Type
from jinyun.net.csae.types import dictionary
from jinyun.net.rsu_json import ROOT_OF


def plain(message: str, value: Mapping[str, Any], dialect: str = "A") -> dict[str, Any]:
    """Return a message as JSON in the plain form, with absolute places as ``lat``/``lon``; the reader takes it back."""
    result: dict[str, Any] = _plain(dictionary(dialect).shape(ROOT_OF[message]), value, dialect)
    return result


def openv2x(message: str, value: Mapping[str, Any], dialect: str = "A") -> dict[str, Any]:
    """Return a message as OpenV2X's devices read it: MAP with wrapped lists and numbers as text, RSM under ``rsms``.

    Its RSM has absolute places and the source as a number; what else there is comes in the plain form.
    """
    if message == "map":
        wrapped: dict[str, Any] = _wrapped(dictionary(dialect).shape(ROOT_OF[message]), value, dialect)
        return wrapped
    if message != "rsm":
        return plain(message, value, dialect)
    reference = value["refPos"]
    rows = []
    for participant in value["participants"]:
        row = _plain(dictionary(dialect).shape("ParticipantData"), participant, dialect)
        way, offset = participant["pos"]["offsetLL"]
        base = (0, 0) if way == "position-LatLon" else (reference["long"], reference["lat"])
        row["pos"] = {"lat": base[1] + offset["lat"], "lon": base[0] + offset["lon"]}
        if "offsetV" in participant["pos"]:
            row["pos"]["offsetV"] = _plain(
                dictionary(dialect).shape("VerticalOffset"), participant["pos"]["offsetV"], dialect
            )
        row["source"] = _source_number(participant["source"], dialect)
        rows.append(row)
    place = {"lat": reference["lat"], "lon": reference["long"]}
    if "elevation" in reference:
        place["ele"] = reference["elevation"]
    return {"rsms": [{"msgCnt": value["msgCnt"], "id": value["id"].hex(), "refPos": place, "participants": rows}]}


def _source_number(name: str, dialect: str) -> int:
    shape = dictionary(dialect).shape("SourceType")
    assert isinstance(shape, Enumerated)
    return shape.names.index(name)


def _wrapped(of: Type, value: Any, dialect: str) -> Any:
    """Return a value as an ASN.1 tool writes XML as JSON: lists under their element's name, leaves as text."""
    shape = dictionary(dialect).shape(of)
    if isinstance(shape, SequenceOf):
        name = shape.element.name if isinstance(shape.element, Named) else "item"
        return {name: [_wrapped(shape.element, row, dialect) for row in value]}
    if isinstance(shape, Choice):
        types = {member.name: member.type for member in (*shape.members, *(shape.additions or ()))}
        return {value[0]: _wrapped(types[value[0]], value[1], dialect)}
    if isinstance(shape, Sequence):
        types = {member.name: member.type for member in (*shape.members, *(shape.additions or ()))}
        return {name: _wrapped(types[name], part, dialect) for name, part in value.items()}
    if isinstance(shape, Enumerated):
        return {value: None}
    return str(_plain(shape, value, dialect))


def _plain(of: Type, value: Any, dialect: str) -> Any:
    shape = dictionary(dialect).shape(of)
    if isinstance(shape, BitString):
        data, size = value
        return f"{int.from_bytes(data, 'big') >> (8 * len(data) - size):0{size}b}" if size else ""
    if isinstance(shape, OctetString):
        return value.hex()
    if isinstance(shape, SequenceOf):
        return [_plain(shape.element, row, dialect) for row in value]
    if isinstance(shape, Choice):
        types = {member.name: member.type for member in (*shape.members, *(shape.additions or ()))}
        return {value[0]: _plain(types[value[0]], value[1], dialect)}
    if isinstance(shape, Sequence):
        types = {member.name: member.type for member in (*shape.members, *(shape.additions or ()))}
        return {name: _plain(types[name], part, dialect) for name, part in value.items()}
    return value
