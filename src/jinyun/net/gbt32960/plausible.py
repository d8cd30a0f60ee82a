"""Do the items of one report agree with each other, and with what can be?

A frame that reads and writes byte for byte proves structure, not meaning: an offset of the wrong edition shows only when
the vehicle's current is held against its packs'. Each check returns what it doubts; none refuses anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from jinyun.net.gbt32960.body import Item
from jinyun.net.gbt32960.packet import Packet
from jinyun.net.gbt32960.quantities import NAN, POSITION_INVALID, place, values

EDITIONS_APART_A = 2000.0
"""How far the current offsets of the two editions (-1000 A, -3000 A) lie apart."""
CHARGING_PARKED = 1
_COMPARED = ("vehicle", "packs", "position")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two measurements of the same may lie apart: not taken at one instant, nor by one instrument."""

    current_a: float = 5.0
    current_share: float = 0.05
    voltage_share: float = 0.03


class Doubt(NamedTuple):
    """What of a report cannot be right: the rule's stable name, the place, one sentence with the values that prove it."""

    rule: str
    field: str
    reason: str


def check(packet: Packet, tolerance: Tolerance = Tolerance()) -> list[Doubt]:
    """Return everything that is doubtful in a report; nothing for packets without items."""
    items: dict[str, Item] = {}
    for item in packet.items:
        kind = item["item"]
        if kind in _COMPARED:
            items[kind] = values(packet.edition, item)
        if kind == "position":
            items[kind]["place"] = place(packet.edition, item)
    return [doubt for rule in _RULES for doubt in rule(items, tolerance)]


def _vehicle_and_packs(items: dict[str, Item], name: str) -> tuple[float, list[float]]:
    """Return one quantity of the whole vehicle and of each pack that states it."""
    packs = [pack[name] for pack in items.get("packs", {}).get("packs", ())]
    whole: float = items.get("vehicle", {}).get(name, NAN)
    return whole, [value for value in packs if not math.isnan(value)]


def current(items: dict[str, Item], tolerance: Tolerance) -> Iterator[Doubt]:
    """The vehicle's current is the packs' sum (in parallel) or that of each (in series)."""
    whole, packs = _vehicle_and_packs(items, "current")
    if math.isnan(whole) or not packs:
        return
    off = min(abs(whole - candidate) for candidate in (sum(packs), *packs))
    if off > max(tolerance.current_a, tolerance.current_share * abs(whole)):
        reason = f"vehicle {whole:.1f} A, packs {', '.join(f'{value:.1f}' for value in packs)} A"
        if math.isclose(off, EDITIONS_APART_A, abs_tol=tolerance.current_a):
            reason += ": just as far apart as the offsets of the two editions"
        yield Doubt("current.disagrees", "packs.current", reason)


def voltage(items: dict[str, Item], tolerance: Tolerance) -> Iterator[Doubt]:
    """The vehicle's voltage is that of each pack (in parallel) or their sum (in series)."""
    whole, packs = _vehicle_and_packs(items, "voltage")
    if math.isnan(whole) or not packs:
        return
    off = min(abs(whole - candidate) for candidate in (sum(packs), *packs))
    if off > tolerance.voltage_share * max(whole, *packs):
        reason = f"vehicle {whole:.1f} V, packs {', '.join(f'{value:.1f}' for value in packs)} V"
        yield Doubt("voltage.disagrees", "packs.voltage", reason)


def cells(items: dict[str, Item], tolerance: Tolerance) -> Iterator[Doubt]:
    """The cells of a pack add up to its voltage, where this report holds them all."""
    for number, pack in enumerate(items.get("packs", {}).get("packs", ())):
        total = sum(pack["cells"])
        whole = len(pack["cells"]) == pack.get("cells_total", len(pack["cells"])) and pack["cells"]
        if not whole or math.isnan(total) or math.isnan(pack["voltage"]):
            continue
        if abs(total - pack["voltage"]) > tolerance.voltage_share * max(total, pack["voltage"]):
            reason = f"{len(pack['cells'])} cells add up to {total:.1f} V, the pack states {pack['voltage']:.1f} V"
            yield Doubt("cells.sum", f"packs[{number}].cells", reason)


def charge(items: dict[str, Item], _: Tolerance) -> Iterator[Doubt]:
    """A state of charge is 0 to 100 %."""
    soc = items.get("vehicle", {}).get("soc", NAN)
    if soc > 100.0:
        yield Doubt("soc.range", "vehicle.soc", f"{soc:.0f} % is over 100 %")


def parked(items: dict[str, Item], _: Tolerance) -> Iterator[Doubt]:
    """Who charges while parked stands still."""
    vehicle = items.get("vehicle", {})
    if vehicle.get("charge") == CHARGING_PARKED and vehicle["speed"] > 0.0:
        yield Doubt("speed.charging", "vehicle.speed", f"{vehicle['speed']:.1f} km/h while charging parked")


def position(items: dict[str, Item], _: Tolerance) -> Iterator[Doubt]:
    """A place that its receiver calls valid is on Earth, and not where both numbers were never set."""
    if "position" not in items or items["position"]["status"] & POSITION_INVALID:
        return
    lon, lat, _valid, _datum = items["position"]["place"]
    if abs(lon) > 180.0 or abs(lat) > 90.0:
        yield Doubt("position.range", "position", f"{lon:.6f}°, {lat:.6f}° is no place")
    elif lon == 0.0 and lat == 0.0:
        yield Doubt("position.unset", "position", "0°, 0° is stated as valid")


_RULES: tuple[Callable[[dict[str, Item], Tolerance], Iterator[Doubt]], ...] = (
    current, voltage, cells, charge, parked, position,
)  # fmt: skip
