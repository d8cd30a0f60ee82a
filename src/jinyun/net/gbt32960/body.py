"""Data units of GB/T 32960.3: bytes to dictionaries of raw integers and back, exactly.

An item is ``{"item": name, ...}``; its lists are lists of dictionaries, cells and temperatures tuples of raw integers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from typing import Any

from jinyun.net.gbt32960 import fields
from jinyun.net.gbt32960.fields import Layout

Item = dict[str, Any]
_LISTS = ("battery", "motor", "engine", "other")


class Cut(Exception):
    """A body ends before its fields do, or holds what cannot be; carries the place and the reason."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place, self.reason = place, reason


@cache
def _run(width: str, count: int) -> struct.Struct:
    return struct.Struct(f">{count}{width}")


def _take(layout: Layout, data: bytes, at: int, place: str) -> tuple[Item, int]:
    end = at + layout.size
    if end > len(data):
        raise Cut(place, f"{layout.size} bytes wanted, {len(data) - at} left")
    return dict(zip(layout.names, layout.struct.unpack_from(data, at), strict=True)), end


def _take_run(width: str, count: int, data: bytes, at: int, place: str) -> tuple[tuple[int, ...], int]:
    run = _run(width, count)
    if at + run.size > len(data):
        raise Cut(place, f"{count} numbers wanted, {len(data) - at} bytes left")
    return run.unpack_from(data, at), at + run.size


def _count(data: bytes, at: int, place: str) -> tuple[int, int]:
    if at >= len(data):
        raise Cut(place, "count missing")
    return data[at], at + 1


def _repeated(
    data: bytes, at: int, place: str, one: Callable[[bytes, int, str], tuple[Item, int]]
) -> tuple[list[Item], int]:
    count, at = _count(data, at, place)
    if count >= 0xFE:  # abnormal, invalid: a list that is not there
        return [{"count": count}], at
    rows = []
    for index in range(count):
        row, at = one(data, at, f"{place}[{index}]")
        rows.append(row)
    return rows, at


def _pack(edition: int) -> Callable[[bytes, int, str], tuple[Item, int]]:
    def one(data: bytes, at: int, place: str) -> tuple[Item, int]:
        row, at = _take(fields.PACK[edition], data, at, place)
        row["cells"], at = _take_run("H", row.pop("count"), data, at, f"{place}.cells")
        return row, at

    return one


def _probes(data: bytes, at: int, place: str) -> tuple[Item, int]:
    row, at = _take(fields.PROBES, data, at, place)
    row["temperatures"], at = _take_run("B", row.pop("count"), data, at, f"{place}.temperatures")
    return row, at


def _read_item(edition: int, kind: str, data: bytes, at: int) -> tuple[Item, int]:
    if kind == "vehicle":
        return _take(fields.VEHICLE[edition], data, at, kind)
    if kind == "position":
        return _take(fields.POSITION[edition], data, at, kind)
    if kind == "engine":
        return _take(fields.ENGINE[edition], data, at, kind)
    if kind == "extremes":
        return _take(fields.EXTREMES, data, at, kind)
    if kind == "motors":
        motor = fields.MOTOR[edition]
        rows, at = _repeated(data, at, kind, lambda d, a, p: _take(motor, d, a, p))
        return {"motors": rows}, at
    if kind == "packs":
        rows, at = _repeated(data, at, kind, _pack(edition))
        return {"packs": rows}, at
    if kind == "probes":
        rows, at = _repeated(data, at, kind, _probes)
        return {"packs": rows}, at
    if kind == "fuel_cell":
        head, at = _take(fields.FUEL_CELL_HEAD, data, at, kind)
        count = head.pop("probe_count")
        head["temperatures"], at = _take_run("B", count if count < 0xFFFE else 0, data, at, f"{kind}.temperatures")
        if count >= 0xFFFE:
            head["probe_count"] = count
        tail, at = _take(fields.FUEL_CELL_TAIL, data, at, kind)
        return {**head, **tail}, at
    return _read_alarms(edition, data, at)


def _read_alarms(edition: int, data: bytes, at: int) -> tuple[Item, int]:
    item, at = _take(fields.ALARMS_HEAD, data, at, "alarms")
    for name in _LISTS:
        count, at = _count(data, at, f"alarms.{name}")
        absent = count >= 0xFE
        codes, at = _take_run("I", 0 if absent else count, data, at, f"alarms.{name}")
        item[name] = count if absent else codes
    if edition == 2025:
        count, at = _count(data, at, "alarms.levels")
        absent = count >= 0xFE
        pairs, at = _take_run("B", 0 if absent else 2 * count, data, at, "alarms.levels")
        item["levels"] = count if absent else tuple(zip(pairs[::2], pairs[1::2], strict=True))
    return item, at


def read_items(edition: int, data: bytes, at: int) -> list[Item]:
    """Return the items of a realtime data unit from ``at`` on; raises :class:`Cut` where one does not fit.

    Custom items (80..FE) carry their length. Some senders leave it out: where what is read as a length leads nowhere, the
    custom item is the rest of the unit, kept as bytes. So is everything from an item on that no public text describes.
    """
    items: list[Item] = []
    known, opaque = fields.ITEM_OF[edition], fields.OPAQUE[edition]
    while at < len(data):
        code = data[at]
        kind = known.get(code)
        if kind is not None:
            item, at = _read_item(edition, kind, data, at + 1)
            items.append({"item": kind, **item})
        elif edition == 2025 and code == fields.SIGNATURE:
            item, at = _read_signature(data, at + 1)
            items.append(item)
        elif 0x80 <= code <= 0xFE:
            end = at + 3 + int.from_bytes(data[at + 1 : at + 3], "big")
            if at + 3 <= len(data) and end <= len(data):
                try:
                    following = read_items(edition, data, end)
                except Cut:
                    pass
                else:
                    return [*items, {"item": "custom", "type": code, "data": data[at + 3 : end]}, *following]
            return [*items, {"item": "custom", "type": code, "rest": data[at + 1 :]}]
        elif code in opaque:
            return [*items, {"item": "undescribed", "type": code, "rest": data[at + 1 :]}]
        else:
            raise Cut(f"item {len(items)}", f"type 0x{code:02X} is not of edition {edition}")
    return items


def _read_signature(data: bytes, at: int) -> tuple[Item, int]:
    algorithm, at = _count(data, at, "signature.algorithm")
    parts = []
    for name in ("r", "s"):
        size = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + size > len(data):
            raise Cut(f"signature.{name}", f"{size} bytes announced, {len(data) - at - 2} left")
        parts.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return {"item": "signature", "algorithm": algorithm, "r": parts[0], "s": parts[1]}, at


def _put(layout: Layout, item: Item) -> bytes:
    return layout.struct.pack(*[item[name] for name in layout.names])


def _put_rows(rows: list[Item], one: Callable[[Item], bytes]) -> bytes:
    if len(rows) == 1 and set(rows[0]) == {"count"}:
        return bytes([rows[0]["count"]])
    return bytes([len(rows)]) + b"".join(map(one, rows))


def _put_alarms(edition: int, item: Item) -> bytes:
    out = [_put(fields.ALARMS_HEAD, item)]
    for name in _LISTS:
        codes = item[name]
        out.append(
            bytes([codes]) if isinstance(codes, int) else bytes([len(codes)]) + _run("I", len(codes)).pack(*codes)
        )
    if edition == 2025:
        levels = item["levels"]
        if isinstance(levels, int):
            out.append(bytes([levels]))
        else:
            out.append(bytes([len(levels)]) + bytes(value for pair in levels for value in pair))
    return b"".join(out)


def _put_fuel_cell(item: Item) -> bytes:
    temperatures = item["temperatures"]
    head = {**item, "probe_count": item.get("probe_count", len(temperatures))}
    return _put(fields.FUEL_CELL_HEAD, head) + bytes(temperatures) + _put(fields.FUEL_CELL_TAIL, item)


def _put_pack(edition: int, row: Item) -> bytes:
    cells = row["cells"]
    return _put(fields.PACK[edition], {**row, "count": len(cells)}) + _run("H", len(cells)).pack(*cells)


def _put_probes(row: Item) -> bytes:
    return _put(fields.PROBES, {**row, "count": len(row["temperatures"])}) + bytes(row["temperatures"])


def _body(edition: int, item: Item) -> bytes:
    kind = item["item"]
    if kind in ("vehicle", "position", "engine"):
        return _put(
            {"vehicle": fields.VEHICLE, "position": fields.POSITION, "engine": fields.ENGINE}[kind][edition], item
        )
    if kind == "extremes":
        return _put(fields.EXTREMES, item)
    if kind == "motors":
        return _put_rows(item["motors"], lambda row: _put(fields.MOTOR[edition], row))
    if kind == "packs":
        return _put_rows(item["packs"], lambda row: _put_pack(edition, row))
    if kind == "probes":
        return _put_rows(item["packs"], _put_probes)
    if kind == "fuel_cell":
        return _put_fuel_cell(item)
    return _put_alarms(edition, item)


def write_items(edition: int, items: list[Item]) -> bytes:
    """Return the bytes of ``items``; the inverse of :func:`read_items`."""
    codes = {kind: code for code, kind in fields.ITEM_OF[edition].items()}
    out = []
    for item in items:
        kind = item["item"]
        if kind == "signature":
            r, s = item["r"], item["s"]
            head = bytes([fields.SIGNATURE, item["algorithm"]])
            out.append(head + len(r).to_bytes(2, "big") + r + len(s).to_bytes(2, "big") + s)
        elif "rest" in item:
            out.append(bytes([item["type"]]) + item["rest"])
        elif kind == "custom":
            out.append(bytes([item["type"]]) + len(item["data"]).to_bytes(2, "big") + item["data"])
        else:
            out.append(bytes([codes[kind]]) + _body(edition, item))
    return b"".join(out)
