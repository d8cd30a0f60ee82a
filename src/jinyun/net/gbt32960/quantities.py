"""Raw integers of GB/T 32960.3 as quantities in units, codes as words in Chinese and English.

Abnormal (FE, FFFE, ...) and invalid (FF, FFFF, ...) are NaN for a quantity. Positions in GCJ-02 are marked and never turned
into WGS-84: that transformation is not public and has no exact inverse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from jinyun.net.gbt32960.body import Item
from jinyun.net.gbt32960.fields import ALARMS, DATUMS, INVALID, ITEMS, Field, Kind, Layout, Part, Rows, Run, Text

NAN = float("nan")
POSITION_INVALID, SOUTH, WEST = 1, 2, 4
"""Bits of a position's status."""
_KINDS = {edition: {kind.name: kind for kind in kinds.values()} for edition, kinds in ITEMS.items()}
_STATUS = (
    (POSITION_INVALID, ("无效定位", "invalid"), ("有效定位", "valid")),
    (SOUTH, ("南纬", "south"), ("北纬", "north")),
    (WEST, ("西经", "west"), ("东经", "east")),
)
_GEARS = ("N", *map(str, range(1, 13)), "R", "D", "P")


def kind_of(edition: int, item: Item) -> Kind | None:
    """Return the table's row of an item, None for a custom or undescribed one."""
    return _KINDS[edition].get(item["item"])


def is_stated(field: Field, raw: int) -> bool:
    """Return whether ``raw`` says something, and neither abnormal nor invalid."""
    return raw < INVALID[field.width] - 1


def quantity(field: Field, raw: int) -> float:
    """Return ``raw`` in the field's unit, NaN where it is abnormal or invalid or where the field is no quantity."""
    if field.per is None or not is_stated(field, raw):
        return NAN
    return (raw + field.offset * field.per) / field.per


def values(edition: int, item: Item) -> Item:
    """Return ``item`` in the same shape with each quantity as a float in its unit; codes stay as they are."""
    kind = kind_of(edition, item)
    return {**item, **_values(kind.parts, item)} if kind else dict(item)


def _values(parts: tuple[Part, ...], item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, Layout):
            found |= {f.name: quantity(f, item[f.name]) for f in part.fields if f.per is not None}
        elif isinstance(part, Run) and part.field.per is not None:
            field, per = part.field, part.field.per
            zero, limit = -field.offset * per, INVALID[field.width] - 1
            found[field.name] = tuple([(raw - zero) / per if raw < limit else NAN for raw in item[field.name]])
        elif isinstance(part, Rows):
            found[part.name] = [{**row, **_values(part.parts, row)} for row in item[part.name]]
    return found


# -- places, gears, alarms -----------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a vehicle says it is: degrees, east and north positive, NaN unknown.

    ``valid`` is what the receiver says of itself; ``datum`` is "WGS-84", "GCJ-02", "other", or "" where nobody says (2016).
    """

    lon: float
    lat: float
    valid: bool
    datum: str


def place(edition: int, item: Item) -> Place:
    """Return the place of a position item. A status that is abnormal or invalid leaves the hemisphere unknown: NaN."""
    status = item["status"]
    if status >= 0xFE:
        return Place(NAN, NAN, False, "")
    found = values(edition, item)
    lon = -found["longitude"] if status & WEST else found["longitude"]
    lat = -found["latitude"] if status & SOUTH else found["latitude"]
    valid = not status & POSITION_INVALID and abs(lon) <= 180.0 and abs(lat) <= 90.0
    return Place(lon, lat, valid, DATUMS.get(item.get("coordinates", 0), ("", ""))[1])


class Gear(NamedTuple):
    """A gear lever's byte: ``position`` is N, 1 to 12, R, D or P; ``valid`` is False where edition 2025 says so."""

    position: str
    drive_force: bool
    brake_force: bool
    valid: bool


def gear(edition: int, raw: int) -> Gear | None:
    """Return what the byte says, None where it is abnormal or invalid as a whole."""
    if raw >= 0xFE:
        return None
    valid = edition == 2016 or not raw & 0x80
    return Gear(_GEARS[raw & 0x0F], bool(raw & 0x20), bool(raw & 0x10), valid)


class Alarm(NamedTuple):
    """One alarm that is on; ``level`` is its own where edition 2025 tells it, else None."""

    bit: int
    name: str
    zh: str
    level: int | None


def alarms(item: Item) -> list[Alarm]:
    """Return the general alarms that are on, none where the flags are abnormal or invalid."""
    flags = item["flags"]
    if flags >= 0xFFFFFFFE:
        return []
    levels = {row["bit"]: row["level"] for row in item.get("levels", ())}
    found = []
    for bit in range(32):
        if flags >> bit & 1:
            name, zh = ALARMS[bit] if bit < len(ALARMS) else (f"bit_{bit}", f"保留位{bit}")
            found.append(Alarm(bit, name, zh, levels.get(bit)))
    return found


# -- for people ----------------------------------------------------------------------------------------------------------


class Reading(NamedTuple):
    """One number of an item, in words: ``value`` is NaN where it is no quantity, ``zh`` and ``en`` what a code says."""

    path: str
    name_zh: str
    name_en: str
    raw: int
    value: float
    unit: str
    zh: str
    en: str


def readings(edition: int, item: Item) -> Iterator[Reading]:
    """Yield every number of an item in the order of the wire; nothing for items that are carried as bytes."""
    kind = kind_of(edition, item)
    if kind:
        yield from _readings(edition, kind.parts, item, kind.name)


def _readings(edition: int, parts: tuple[Part, ...], item: Item, place: str) -> Iterator[Reading]:
    for part in parts:
        if isinstance(part, Layout):
            for field in part.fields:
                yield _reading(edition, field, item[field.name], f"{place}.{field.name}")
        elif isinstance(part, Run):
            for number, raw in enumerate(item[part.field.name]):
                yield _reading(edition, part.field, raw, f"{place}.{part.field.name}[{number}]")
        elif isinstance(part, Rows):
            for number, row in enumerate(item[part.name]):
                yield from _readings(edition, part.parts, row, f"{place}.{part.name}[{number}]")


def _reading(edition: int, field: Field, raw: int, path: str) -> Reading:
    zh, en = words(edition, field, raw)
    return Reading(path, field.zh, field.en, raw, quantity(field, raw), field.unit, zh, en)


def words(edition: int, field: Field, raw: int) -> Text:
    """Return what a raw number says beyond its quantity, ("", "") where that is nothing."""
    if not is_stated(field, raw):
        return ("异常", "abnormal") if raw == INVALID[field.width] - 1 else ("无效", "invalid")
    if field.texts is not None:
        return field.texts.get(raw, ("", ""))
    say = _WORDS.get(field.name)
    return say(edition, raw) if say else ("", "")


def _gear_words(edition: int, raw: int) -> Text:
    found = gear(edition, raw)
    assert found is not None  # abnormal and invalid have been said
    zh, en = [f"{found.position}挡"], [found.position]
    for said, zh_words, en_words in ((found.drive_force, "有驱动力", "drive force"),
                                     (found.brake_force, "有制动力", "brake force"),
                                     (not found.valid, "挡位无效", "not valid")):  # fmt: skip
        if said:
            zh.append(zh_words)
            en.append(en_words)
    return "，".join(zh), ", ".join(en)


def _status_words(_: int, raw: int) -> Text:
    said = [on if raw & bit else off for bit, on, off in _STATUS]
    return "，".join(zh for zh, _ in said), ", ".join(en for _, en in said)


def _flag_words(_: int, raw: int) -> Text:
    found = alarms({"flags": raw})
    if not found:
        return "无报警", "none"
    return "、".join(alarm.zh for alarm in found), ", ".join(alarm.name.replace("_", " ") for alarm in found)


def _bit_words(_: int, raw: int) -> Text:
    return (ALARMS[raw][1], ALARMS[raw][0].replace("_", " ")) if raw < len(ALARMS) else ("", "")


_WORDS: dict[str, Callable[[int, int], Text]] = {
    "gear": _gear_words, "status": _status_words, "flags": _flag_words, "bit": _bit_words,
}  # fmt: skip
