"""Messages as JSON, by the JSON Encoding Rules (X.697): for people, files and web interfaces.

SEQUENCE is an object, SEQUENCE OF an array, CHOICE an object of one member, ENUMERATED its name, OCTET STRING its octets in
hexadecimal. BIT STRING is its octets in hexadecimal, of another than its usual size an object of ``value`` and ``length``.
The value of a second-stage message stands in the frame as what it is, not as its octets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinyun.net.csae.errors import CsaeError
from jinyun.net.csae.notation import BitString, Choice, Dictionary, Named, OctetString, Sequence, SequenceOf, Type
from jinyun.net.csae.types import dictionary, message_ids

Json = Any


def to_json(name: str, value: Any, dialect: str = "A") -> Json:
    """Return the JSON form of a decoded frame, ``{"bsmFrame": {...}}``, or of a value of any type.

    ``name`` and ``value`` are what :func:`jinyun.net.csae.decode` gave, or a type's name and what
    :func:`~jinyun.net.csae.decode_type` gave. What only an unknown extension said is null.
    """
    types = dictionary(dialect)
    if name == "msgFrameExt":
        content = value["value"]
        inner = _out(types, Named(content[0]), content[1]) if isinstance(content, tuple) else content.hex()
        return {name: {"messageId": value["messageId"], "value": inner}}
    if name in types.types:
        return _out(types, Named(name), value)
    return _out(types, Named("MessageFrame"), (name, value))


def frame_from_json(form: Json, dialect: str = "A") -> tuple[str, dict[str, Any]]:
    """Return ``(frame name, value)`` for :func:`jinyun.net.csae.encode` from the JSON form of a frame.

    Raises :class:`~jinyun.net.csae.errors.CsaeError` where the form does not belong to the type; that numbers are in range
    is for the encoder to say.
    """
    if isinstance(form, Mapping) and set(form) == {"msgFrameExt"} and isinstance(form["msgFrameExt"], Mapping):
        frame = form["msgFrameExt"]
        inner = message_ids(dialect).get(frame.get("messageId", -1))
        content = frame.get("value")
        if inner is None or isinstance(content, str):
            value: Any = _octets(content, "msgFrameExt.value")
        else:
            value = (inner, from_json(inner, content, dialect))
        return "msgFrameExt", {"messageId": frame.get("messageId"), "value": value}
    name, value = from_json("MessageFrame", form, dialect)
    return name, value


def from_json(name: str, form: Json, dialect: str = "A") -> Any:
    """Return the value of type ``name`` from its JSON form; raises like :func:`frame_from_json`."""
    return _in(dictionary(dialect), Named(name), form, "")


def _out(types: Dictionary, of: Type, value: Any) -> Json:
    shape = types.shape(of)
    if value is None or value == (None, None):
        return None
    match shape:
        case Sequence():
            known = {m.name: m.type for m in (*shape.members, *(shape.additions or ()))}
            return {name: _out(types, known[name], inner) for name, inner in value.items()}
        case SequenceOf():
            return [_out(types, shape.element, inner) for inner in value]
        case Choice():
            known = {m.name: m.type for m in (*shape.members, *(shape.additions or ()))}
            return {value[0]: _out(types, known[value[0]], value[1])}
        case OctetString():
            return value.hex()
        case BitString():
            return value[0].hex() if value[1] == shape.size else {"value": value[0].hex(), "length": value[1]}
    return value


def _octets(form: Json, path: str) -> bytes:
    try:
        return bytes.fromhex(form)
    except (TypeError, ValueError):
        raise CsaeError(f"{form!r} is not octets in hexadecimal", path) from None


def _in(types: Dictionary, of: Type, form: Json, path: str) -> Any:
    shape = types.shape(of)
    match shape:
        case Sequence() | Choice():
            if not isinstance(form, Mapping):
                raise CsaeError(f"{form!r} is not an object", path)
            known = {m.name: m.type for m in (*shape.members, *(shape.additions or ()))}
            value = {}
            for name, inner in form.items():
                if name not in known:
                    raise CsaeError(f"no member {name!r}", path)
                value[name] = _in(types, known[name], inner, f"{path}.{name}" if path else name)
            if isinstance(shape, Sequence):
                return value
            if len(value) != 1:
                raise CsaeError(f"{len(value)} alternatives, not one", path)
            return next(iter(value.items()))
        case SequenceOf():
            if not isinstance(form, list):
                raise CsaeError(f"{form!r} is not an array", path)
            return [_in(types, shape.element, inner, f"{path}[{i}]") for i, inner in enumerate(form)]
        case OctetString():
            return _octets(form, path)
        case BitString():
            if not isinstance(form, Mapping):
                return _octets(form, path), shape.size
            length = form.get("length")
            if not isinstance(length, int):
                raise CsaeError(f"{length!r} is not a number of bits", path)
            return _octets(form.get("value"), path), length
    return form
