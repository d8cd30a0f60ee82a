"""asn1tools as the independent codec of whole frames (:mod:`tests.net.csae.oracle` compiles it)."""

from __future__ import annotations

from typing import Any

from tests.net.csae.oracle import asn1


def compiled() -> Any:
    """Return asn1tools' codec of all types, unaligned PER."""
    return asn1()


def frame(name: str, value: dict[str, Any]) -> bytes:
    """Return a MessageFrame as asn1tools encodes it."""
    data: bytes = compiled().encode("MessageFrame", (name, value))
    return bytes(data)
