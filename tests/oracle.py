"""asn1tools as the independent codec: compiled from the type table beside the checkout, or the test is skipped."""

from __future__ import annotations

from functools import cache
from typing import Any

import asn1tools

from tests.conftest import shared_json


def _tuples(node: Any) -> Any:
    """Turn the pairs inside size, restricted-to and named-bits back into tuples, as asn1tools' parser gives them."""
    if isinstance(node, dict):
        return {
            key: [tuple(item) if isinstance(item, list) else item for item in value]
            if key in ("size", "restricted-to", "named-bits", "values") and isinstance(value, list)
            else _tuples(value)
            for key, value in node.items()
        }
    return [_tuples(item) for item in node] if isinstance(node, list) else node


@cache
def compiled() -> Any:
    """Return asn1tools' codec of all 336 types, unaligned PER."""
    return asn1tools.compile_dict(_tuples(shared_json("csae/types.json")), "uper")


def frame(name: str, value: dict[str, Any]) -> bytes:
    """Return a MessageFrame as asn1tools encodes it."""
    data: bytes = compiled().encode("MessageFrame", (name, value))
    return data
