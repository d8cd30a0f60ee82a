"""Raw numbers as quantities, places, gears and alarms, in both languages."""

from __future__ import annotations

import math
from typing import Any

from jinyun.net.gbt32960 import quantities as q
from jinyun.net.gbt32960.fields import EDITIONS, ITEMS, POSITION, Kind, Layout, Rows, Run
from tests.net.gbt32960.packets import vehicle


def test_offsets_are_those_of_the_edition() -> None:
    for edition in EDITIONS:
        found = q.values(edition, vehicle(edition))
        assert (found["speed"], found["odometer"], found["voltage"], found["current"], found["soc"]) == (
            36.0, 12345.6, 380.0, 10.0, 80.0,
        )  # fmt: skip
    packs = {"item": "packs", "packs": [{"index": 1, "voltage": 3800, "current": 10_005, "cells_total": 2, "first_cell": 1,
                                         "cells": (3340, 0xFFFF)}]}  # fmt: skip
    (pack,) = q.values(2016, packs)["packs"]
    assert (pack["voltage"], pack["current"], pack["cells"][0]) == (380.0, 0.5, 3.34) and math.isnan(pack["cells"][1])
    (pack,) = q.values(2025, {"item": "packs", "packs": [{"index": 1, "voltage": 1, "current": 30_022, "cells": ()}]})[
        "packs"
    ]
    assert pack["current"] == 2.2
    motor = {
        "index": 1,
        "state": 1,
        "controller_temperature": 0,
        "rotation": 32_000,
        "torque": 200_005,
        "temperature": 250,
    }
    (motor_values,) = q.values(2025, {"item": "motors", "motors": [motor]})["motors"]
    assert (motor_values["rotation"], motor_values["torque"], motor_values["temperature"]) == (0.0, 0.5, 210.0)


def test_abnormal_and_invalid_are_unknown() -> None:
    item = vehicle(speed=0xFFFE, odometer=0xFFFFFFFF, soc=0xFE, insulation=0xFFFF, voltage=0xFFFD)
    found = q.values(2016, item)
    assert all(math.isnan(found[name]) for name in ("speed", "odometer", "soc", "insulation"))
    assert found["voltage"] == 6553.3 and found["state"] == 1


def test_places_have_signs_a_datum_and_are_never_turned_into_another() -> None:
    item: dict[str, Any] = {
        "item": "position",
        "status": 0,
        "coordinates": 2,
        "longitude": 106_500_001,
        "latitude": 29_500_000,
    }
    assert q.place(2025, item) == (106.500001, 29.5, True, "GCJ-02")
    assert q.place(2025, item | {"coordinates": 1}).datum == "WGS-84"
    assert q.place(2016, item | {"status": 6}) == (-106.500001, -29.5, True, "GCJ-02")
    del item["coordinates"]
    assert q.place(2016, item).datum == ""
    assert q.place(2016, item | {"status": 1}).valid is False
    unknown = q.place(2016, item | {"status": 0xFF})
    assert math.isnan(unknown.lon) and math.isnan(unknown.lat) and not unknown.valid
    assert not q.place(2016, item | {"longitude": 0xFFFFFFFF}).valid
    assert not q.place(2016, item | {"latitude": 90_000_001}).valid


def test_gears() -> None:
    assert q.gear(2016, 0x2E) == ("D", True, False, True)
    assert q.gear(2025, 0x9F) == ("P", False, True, False)
    assert [q.gear(2016, code).position for code in range(16)] == [  # type: ignore[union-attr]
        "N", *map(str, range(1, 13)), "R", "D", "P",
    ]  # fmt: skip
    assert q.gear(2016, 0xFE) is None and q.gear(2025, 0xFF) is None


def test_alarms_have_names_and_levels() -> None:
    found = q.alarms({"flags": 1 << 23 | 1 | 1 << 31, "levels": [{"bit": 23, "level": 3}]})
    assert [(a.bit, a.name, a.level) for a in found] == [
        (0, "temperature_difference", None), (23, "thermal_event", 3), (31, "bit_31", None),
    ]  # fmt: skip
    assert found[1].zh == "热事件报警"
    assert q.alarms({"flags": 0xFFFFFFFF}) == q.alarms({"flags": 0}) == []


def test_readings_say_every_number_in_both_languages() -> None:
    rows = {row.path: row for row in q.readings(2016, vehicle(charge=0xFE, speed=0xFFFF))}
    assert len(rows) == 13
    assert (rows["vehicle.state"].zh, rows["vehicle.state"].en) == ("启动", "on")
    assert (rows["vehicle.charge"].zh, rows["vehicle.charge"].en) == ("异常", "abnormal")
    assert (rows["vehicle.speed"].zh, rows["vehicle.speed"].name_zh) == ("无效", "车速")
    assert (rows["vehicle.gear"].zh, rows["vehicle.gear"].en) == ("D挡，有驱动力", "D, drive force")
    current = rows["vehicle.current"]
    assert (current.raw, current.value, current.unit, current.name_en) == (10_100, 10.0, "A", "current")
    position = {"item": "position", "status": 5, "coordinates": 2, "longitude": 1, "latitude": 1}
    rows = {row.path: row for row in q.readings(2025, position)}
    assert rows["position.status"].en == "invalid, north, west" and rows["position.coordinates"].zh == "GCJ-02"
    alarms = {"item": "alarms", "level": 2, "flags": 3, "battery": (7,), "motor": (), "engine": (), "other": (),
              "levels": [{"bit": 1, "level": 2}]}  # fmt: skip
    rows = {row.path: row for row in q.readings(2025, alarms)}
    assert rows["alarms.flags"].zh == "温度差异报警、电池高温报警"
    assert rows["alarms.battery[0]"].raw == 7 and rows["alarms.levels[0].bit"].en == "battery temperature"
    assert list(q.readings(2016, {"item": "custom", "type": 0x80, "data": b""})) == []


def _described(kind: Kind) -> list[str]:
    names = []
    for part in kind.parts:
        parts = part.parts if isinstance(part, Rows) else (part,)
        for inner in parts:
            if isinstance(inner, Layout):
                names += [field.zh for field in inner.fields]
            elif isinstance(inner, Run):
                names.append(inner.field.zh)
    return names


def test_every_field_has_a_chinese_name_and_its_place() -> None:
    assert all(all(_described(kind)) for edition in EDITIONS for kind in ITEMS[edition].values())
    assert (
        POSITION[2025].at == {"status": 0, "coordinates": 1, "longitude": 2, "latitude": 6}
        and POSITION[2025].size == 10
    )
