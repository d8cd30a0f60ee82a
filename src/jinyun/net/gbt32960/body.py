"""Items of a report: bytes to dictionaries of raw integers and back, exactly, by the table in ``fields``.

An item is ``{"item": kind, field: raw integer, ...}``; its rows are lists of dictionaries, its runs of numbers tuples. A
list whose count says abnormal or invalid is empty, and the raw count stands beside it as ``<list>_count``. Custom items
are ``{"item": "custom", "type", "data"}``, or with ``rest`` instead of ``data`` where the sender left the length out;
``{"item": "undescribed", "type", "rest"}`` is what no public text describes.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

from jinyun.net.gbt32960.fields import CUSTOM, INVALID, ITEMS, OPAQUE, Layout, Part, Rows, Run

Item = dict[str, Any]
_WIDTH = {"B": 1, "H": 2, "I": 4}
_CODES = {edition: {kind.name: code for code, kind in kinds.items()} for edition, kinds in ITEMS.items()}


class Cut(Exception):
    """A body ends before its fields do, or holds what cannot be; carries the place and the reason."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place, self.reason = place, reason


@lru_cache(1024)
def _numbers(width: str, count: int) -> struct.Struct:
    return struct.Struct(f">{count}{width}")


# -- reading -------------------------------------------------------------------------------------------------------------


def read_items(edition: int, data: bytes, at: int) -> list[Item]:
    """Return the items of a report's data unit from ``at`` on; raises :class:`Cut` where one does not fit.

    Custom items carry their length. Some senders leave it out: where what is read as a length leads nowhere, the last
    custom item is the rest of the unit, kept as bytes. So is everything from an item on that no public text describes.
    """
    items: list[Item] = []
    kinds, opaque = ITEMS[edition], OPAQUE[edition]
    custom: tuple[int, int] | None = None  # the last custom item: its number and where it begins
    try:
        while at < len(data):
            code = data[at]
            kind = kinds.get(code)
            if kind is not None:
                item: Item = {"item": kind.name}
                at = _read(kind.parts, data, at + 1, kind.name, item)
                items.append(item)
            elif code in CUSTOM:
                custom = len(items), at
                body, at = _octets(data, at + 1, "custom")
                items.append({"item": "custom", "type": code, "data": body})
            elif code in opaque:
                items.append({"item": "undescribed", "type": code, "rest": data[at + 1 :]})
                break
            else:
                raise Cut(f"item {len(items)}", f"type 0x{code:02X} is not of edition {edition}")
    except Cut:
        if custom is None:
            raise
        number, begin = custom
        items[number:] = [{"item": "custom", "type": data[begin], "rest": data[begin + 1 :]}]
    return items


def _read(parts: tuple[Part, ...], data: bytes, at: int, place: str, item: Item) -> int:
    """Add what ``parts`` say to ``item``; return where they end."""
    for part in parts:
        if isinstance(part, Layout):
            end = at + part.size
            if end > len(data):
                raise Cut(place, f"{part.size} bytes wanted, {len(data) - at} left")
            item.update(zip(part.names, part.struct.unpack_from(data, at), strict=True))
            at = end
        elif isinstance(part, Run):
            name = part.field.name
            count, at = _count(part.width, data, at, place, name, item)
            numbers = _numbers(part.field.width, count)
            if at + numbers.size > len(data):
                raise Cut(f"{place}.{name}", f"{count} numbers wanted, {len(data) - at} bytes left")
            item[name] = numbers.unpack_from(data, at)
            at += numbers.size
        elif isinstance(part, Rows):
            count, at = _count("B", data, at, place, part.name, item)
            item[part.name] = rows = []
            for number in range(count):
                row: Item = {}
                at = _read(part.parts, data, at, f"{part.name}[{number}]", row)
                rows.append(row)
        else:
            item[part.name], at = _octets(data, at, f"{place}.{part.name}")
    return at


def _count(width: str, data: bytes, at: int, place: str, name: str, item: Item) -> tuple[int, int]:
    end = at + _WIDTH[width]
    if end > len(data):
        raise Cut(f"{place}.{name}", "count missing")
    count = int.from_bytes(data[at:end], "big")
    if count >= INVALID[width] - 1:
        item[f"{name}_count"] = count
        return 0, end
    return count, end


def _octets(data: bytes, at: int, place: str) -> tuple[bytes, int]:
    size = int.from_bytes(data[at : at + 2], "big")
    end = at + 2 + size
    if end > len(data):
        raise Cut(place, f"{size} octets announced, {max(0, len(data) - at - 2)} left")
    return data[at + 2 : end], end


# -- writing -------------------------------------------------------------------------------------------------------------


def write_items(edition: int, items: list[Item]) -> bytes:
    """Return the bytes of ``items``; the inverse of :func:`read_items`.

    Raises ``KeyError`` for a field that is missing, ``struct.error`` or ``OverflowError`` for a number that does not fit.
    """
    out: list[bytes] = []
    for item in items:
        if "rest" in item:
            out += (bytes([item["type"]]), item["rest"])
        elif item["item"] == "custom":
            out += (bytes([item["type"]]), len(item["data"]).to_bytes(2, "big"), item["data"])
        else:
            code = _CODES[edition][item["item"]]
            out.append(bytes([code]))
            _write(ITEMS[edition][code].parts, item, out)
    return b"".join(out)


def _write(parts: tuple[Part, ...], item: Item, out: list[bytes]) -> None:
    for part in parts:
        if isinstance(part, Layout):
            out.append(part.struct.pack(*[item[name] for name in part.names]))
        elif isinstance(part, Run):
            numbers = item[part.field.name]
            out.append(_counted(part.width, part.field.name, item))
            out.append(_numbers(part.field.width, len(numbers)).pack(*numbers))
        elif isinstance(part, Rows):
            out.append(_counted("B", part.name, item))
            for row in item[part.name]:
                _write(part.parts, row, out)
        else:
            out += (len(item[part.name]).to_bytes(2, "big"), item[part.name])


def _counted(width: str, name: str, item: Item) -> bytes:
    count = len(item[name])
    if count >= INVALID[width] - 1:
        raise OverflowError(f"{name}: {count} are too many")
    stated: int = item.get(f"{name}_count", count)
    return stated.to_bytes(_WIDTH[width], "big")
