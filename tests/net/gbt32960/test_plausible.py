"""Items that contradict each other are doubted, with the values that prove it; good ones are not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from jinyun.net.gbt32960 import Packet, decode
from jinyun.net.gbt32960.plausible import Doubt, check
from jinyun.net.gbt32960.quantities import values
from tests.net.gbt32960.packets import VIN, recorded, reports, vehicle


def doubts(edition: int, *items: dict[str, Any]) -> list[Doubt]:
    return check(Packet(edition, 2, 0xFE, VIN, 1, None, {"items": list(items)}))


def pack(edition: int = 2016, index: int = 1, **fields: Any) -> dict[str, Any]:
    row = {"index": index, "voltage": 3800, "current": 10_100 if edition == 2016 else 30_100, "cells_total": 100,
           "first_cell": 1, "cells": (3800,) * 100}  # fmt: skip
    return row | fields


def packs(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"item": "packs", "packs": list(rows)}


@pytest.mark.parametrize("edition", [2016, 2025])
def test_items_that_agree_are_not_doubted(edition: int) -> None:
    half = 10_050 if edition == 2016 else 30_050
    assert doubts(edition, vehicle(edition), packs(pack(edition))) == []
    assert doubts(edition, vehicle(edition), packs(pack(edition, current=half), pack(edition, 2, current=half))) == []
    assert doubts(edition, vehicle(edition)) == doubts(edition) == doubts(edition, packs()) == []


def test_a_current_off_by_the_offset_of_the_other_edition_is_told_as_such() -> None:
    (doubt,) = doubts(2016, vehicle(current=30_100), packs(pack()))
    assert (doubt.rule, doubt.field) == ("current.disagrees", "packs.current")
    assert doubt.reason == "vehicle 2010.0 A, packs 10.0 A: just as far apart as the offsets of the two editions"
    (doubt,) = doubts(2016, vehicle(current=10_600), packs(pack()))
    assert "offsets" not in doubt.reason


def test_voltages_and_cells_that_do_not_add_up() -> None:
    assert [doubt.rule for doubt in doubts(2016, vehicle(voltage=4200), packs(pack()))] == ["voltage.disagrees"]
    (doubt,) = doubts(2016, vehicle(), packs(pack(cells=(3300,) * 100)))
    assert doubt == ("cells.sum", "packs[0].cells", "100 cells add up to 330.0 V, the pack states 380.0 V")
    assert doubts(2016, vehicle(), packs(pack(cells=(3300,) * 60))) == []  # the others come in another frame
    assert doubts(2016, vehicle(), packs(pack(cells=(0xFFFF,) * 100))) == []  # unknown is not wrong
    assert doubts(2016, vehicle(), packs(pack(voltage=0xFFFF, current=0xFFFE, cells=()))) == []


def test_charge_speed_and_place() -> None:
    assert [d.rule for d in doubts(2016, vehicle(soc=101))] == ["soc.range"]
    assert doubts(2016, vehicle(soc=100)) == doubts(2016, vehicle(soc=0xFF)) == []
    (doubt,) = doubts(2016, vehicle(charge=1))
    assert doubt == ("speed.charging", "vehicle.speed", "36.0 km/h while charging parked")
    assert doubts(2016, vehicle(charge=1, speed=0)) == doubts(2016, vehicle(charge=1, speed=0xFFFF)) == []
    place = {"item": "position", "status": 0, "longitude": 106_000_000, "latitude": 29_000_000}
    assert doubts(2016, place) == doubts(2016, place | {"status": 1, "longitude": 0, "latitude": 0}) == []
    assert [d.rule for d in doubts(2016, place | {"latitude": 91_000_000})] == ["position.range"]
    assert [d.rule for d in doubts(2016, place | {"longitude": 0, "latitude": 0})] == ["position.unset"]


def test_the_two_currents_of_real_packets_agree() -> None:
    """Of edition 2016 both are offset by -1000 A, of 2025 by -3000 A: only then do vehicle and pack agree."""
    compared = 0
    for frame in reports(recorded()):
        packet = decode(frame)
        items = {item["item"]: values(packet.edition, item) for item in packet.items}
        rows = items.get("packs", {}).get("packs", [])
        if "vehicle" in items and rows:
            assert math.isclose(sum(row["current"] for row in rows), items["vehicle"]["current"], abs_tol=1.0)
            compared += 1
        assert [doubt.rule for doubt in check(packet)] in ([], ["position.unset"])
    assert compared == 9
