"""Octets to values and back, for any type of the tables."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinyun.net.csae import compose, dissect, runtime
from jinyun.net.csae.errors import CsaeError
from jinyun.net.csae.generate_decode import decoder
from jinyun.net.csae.generate_encode import encoder
from jinyun.net.csae.types import dictionary, message_ids

MAX_OCTETS = 65535
"""The longest message: the envelope of a roadside unit's gateway states lengths in two octets."""


@cache
def _decoder(name: str, layout: str) -> runtime.Decode:
    return decoder(dictionary(layout), name, lambda other: _decoder(other, layout))


@cache
def _encoder(name: str, layout: str) -> runtime.Encode:
    return encoder(dictionary(layout), name, lambda other: _encoder(other, layout))


def _known(name: str, dialect: str) -> str:
    if name not in dictionary(dialect).types:
        raise CsaeError(f"no type {name!r}")
    return dialect[0]


def decode_type(name: str, data: bytes, dialect: str = "A", unknown: list[str] | None = None) -> Any:
    """Return the value of type ``name`` that ``data`` is, strictly: what would not be written like this is refused.

    SEQUENCE is a dict without the absent members, SEQUENCE OF a list, CHOICE ``(name, value)``, ENUMERATED its name,
    BIT STRING ``(octets, number of bits)``, OCTET STRING ``bytes``: as asn1tools has it. Extension additions that the
    tables do not know are skipped and appended to ``unknown`` as ``Type+index``; an unknown enumeration value is None, an
    unknown alternative ``(None, None)``.

    Raises :class:`~jinyun.net.csae.errors.CsaeError` for anything else, and ``ValueError`` for an unknown dialect.
    """
    layout = _known(name, dialect)
    data = bytes(data)
    if len(data) > MAX_OCTETS:
        raise CsaeError(f"{len(data)} octets, more than {MAX_OCTETS}")
    value = _plain(name, data, layout)
    return dissect.read(dictionary(layout), name, data, unknown) if value is _NOT_PLAIN else value


_NOT_PLAIN = object()


def _plain(name: str, data: bytes, layout: str) -> Any:
    """Return the value by the generated function, _NOT_PLAIN where it gives up: refused, or with what it does not know."""
    number = int.from_bytes(data, "big")
    try:
        value, left = _decoder(name, layout)(number, 8 * len(data))
    except (runtime.NotPlain, ValueError, IndexError):
        return _NOT_PLAIN
    return value if left < 8 and not number & (1 << left) - 1 else _NOT_PLAIN


def is_plain(data: bytes, dialect: str = "A") -> bool:
    """Return whether a MessageFrame is good without anything that the tables do not know; says nothing of why not."""
    return len(data) <= MAX_OCTETS and _plain("MessageFrame", bytes(data), dialect[0]) is not _NOT_PLAIN


def encode_type(name: str, value: Any, dialect: str = "A") -> bytes:
    """Return the octets of a value of type ``name``, in the conventions of :func:`decode_type`.

    Raises :class:`~jinyun.net.csae.errors.CsaeError` for a value out of range, a member missing, or a member that the
    type does not have.
    """
    layout = _known(name, dialect)
    function = _encoder(name, layout)
    try:
        bits, width = function(value)
        if type(bits) is int:
            count = (width + 7) >> 3 or 1
            return (bits << 8 * count - width).to_bytes(count, "big")
    except Exception:
        pass
    return compose.write(dictionary(layout), name, value)


def decode(data: bytes, dialect: str = "A", unknown: list[str] | None = None) -> tuple[str, dict[str, Any]]:
    """Return ``(frame name, value)`` of a MessageFrame: ``("bsmFrame", {...})``; strict like :func:`decode_type`.

    A second-stage message comes as ``("msgFrameExt", {"messageId": 12, "value": ("SensorSharingMsg", {...})})``; where
    the dialect's id table does not know the ``messageId``, ``value`` is its octets.
    """
    name, value = decode_type("MessageFrame", data, dialect, unknown)
    if name is None:
        raise CsaeError("a frame of an unknown kind", "MessageFrame", 0)
    if name == "msgFrameExt":
        inner = message_ids(dialect).get(value["messageId"])
        if inner is not None:
            try:
                value["value"] = (inner, decode_type(inner, value["value"], dialect, unknown))
            except CsaeError as error:
                at = 8 * (len(data) - len(value["value"])) + error.bit
                raise CsaeError(error.reason, f"msgFrameExt.value.{error.field}".rstrip("."), at) from None
    return name, value


def encode(name: str, value: dict[str, Any], dialect: str = "A") -> bytes:
    """Return the MessageFrame of ``value``, in the conventions of :func:`decode`.

    Raises :class:`~jinyun.net.csae.errors.CsaeError`, also where the type of a second-stage message is not the one that
    its ``messageId`` means in this dialect.
    """
    if name == "msgFrameExt" and isinstance(value, dict) and isinstance(value.get("value"), tuple):
        inner, content = value["value"]
        if message_ids(dialect).get(value.get("messageId", -1)) != inner:
            raise CsaeError(f"messageId {value.get('messageId')} is not {inner}", "msgFrameExt.messageId")
        try:
            value = {**value, "value": encode_type(inner, content, dialect)}
        except CsaeError as error:
            raise CsaeError(error.reason, f"msgFrameExt.value.{error.field}".rstrip("."), error.bit) from None
    return encode_type("MessageFrame", (name, value), dialect)
