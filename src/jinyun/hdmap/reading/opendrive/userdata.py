"""User data of our own in OpenDRIVE files: elements within ``userData`` of code ``jinyun``."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import numpy as np

from jinyun.hdmap.reading.source import Source

CODE = "jinyun"


def own(element: ET.Element, tag: str) -> Iterator[ET.Element]:
    """Yield what an element's user data of ours has of one tag."""
    for data in element.iterfind("userData"):
        if data.get("code") == CODE:
            yield from data.iterfind(tag)


def first(element: ET.Element, tag: str) -> ET.Element | None:
    """Return the first of what :func:`own` yields, None where there is none."""
    return next(own(element, tag), None)


def numbers(item: ET.Element, where: str, source: Source) -> list[float]:
    """Return the pairs of numbers that an element holds, one after another; raises :class:`MapError`."""
    try:
        values = [float(text) for text in (item.text or "").split()]
    except ValueError:
        raise source.fault(where, f"{item.tag} holds something that is no number") from None
    if len(values) % 2 or not np.isfinite(values).all():
        raise source.fault(where, f"{item.tag} does not hold pairs of numbers")
    return values
