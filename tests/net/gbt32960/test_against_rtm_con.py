"""Another implementation of the standard (rtm-con, PyPI, GPL-2.0) reads the same; it serves tests only."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import pytest

from jinyun.net.gbt32960 import Packet, decode
from jinyun.net.gbt32960.fields import EDITIONS
from jinyun.net.gbt32960.quantities import gear, values
from tests.net.gbt32960.packets import random_items, recorded, report, reports

pytest.importorskip("openpyxl", reason="rtm-con cannot be imported without openpyxl")
rtm_con: Any = pytest.importorskip("rtm_con", reason="rtm-con is not installed")

NAMES: dict[str, tuple[str, dict[str, str]]] = {
    "vehicle": ("whole_vehicle", {
        "speed": "vehicle_speed", "odometer": "mileage_total", "voltage": "voltage_total", "current": "current_total",
        "soc": "soc", "insulation": "insulation_resistance", "accelerator": "accelerator_padel", "brake": "brake_padel",
    }),
    "motors": ("emotor", {
        "controller_temperature": "ctrl_temp", "rotation": "speed", "torque": "torque", "temperature": "temp",
        "controller_voltage": "ctrl_volt", "controller_current": "ctrl_curr",
    }),
    "engine": ("engine", {"crank_speed": "engine_torque", "consumption": "fuel_consumption"}),
    "position": ("gnss", {"longitude": "gnss_lng", "latitude": "gnss_lat"}),
    "extremes": ("pack_extrema", {
        "highest_voltage": "max_cell_volt", "lowest_voltage": "min_cell_volt", "highest_temperature": "max_cell_temp",
        "lowest_temperature": "min_cell_temp",
    }),
    "packs": ("cell_volts", {"voltage": "volt", "current": "curr", "cells": "cell_volts"}),
    "probes": ("probe_temps", {"temperatures": "probe_temps"}),
}  # fmt: skip
"""Our kind and fields, and what they are called there."""
STATES = {"state": "vehicle_state", "charge": "charge_state", "mode": "operate_state", "dcdc": "dcdc_state"}
WORDS = {"on": 1, "off": 2, "other": 3, "parking_charging": 1, "driving_charging": 2, "uncharged": 3,
         "completed_charging": 4, "pure_electric": 1, "hybrid": 2, "fuel": 3, "abnormal": 0xFE, "invalid": 0xFF}  # fmt: skip


def theirs(frame: bytes) -> list[tuple[str, Any]]:
    payload = rtm_con.con_to_pyobj(rtm_con.msg.parse(frame))["payload"]
    return [(item["data_type"], item["data_content"]) for item in payload["data_list"]]


def number(text: Any) -> float:
    """Return what ``12.3 V`` says, NaN for ``65.535 invalid``."""
    said = str(text).split(" ")
    return math.nan if said[-1] in ("invalid", "abnormal") else float(said[0])


def compared(kind: str, ours: Any, other: Any) -> Iterator[tuple[str, float, float]]:
    """Yield (field, our value, theirs) of one item."""
    _, fields = NAMES[kind]
    rows = ours.get("motors", ours.get("packs", [ours]))
    for row, their in zip(rows, other if isinstance(other, list) else [other], strict=True):
        for name, called in fields.items():
            if name in row and isinstance(row[name], tuple):
                yield from ((name, a, number(b)) for a, b in zip(row[name], their[called], strict=True))
            elif name in row:
                yield name, row[name], number(their[called])


def check(frame: bytes) -> int:
    """Hold a report against rtm-con's reading; return how many numbers were compared."""
    packet: Packet = decode(frame)
    known = {there: kind for kind, (there, _) in NAMES.items()}
    other = theirs(frame)
    count = 0
    for item, (called, content) in zip([i for i in packet.items if i["item"] != "signature"], other, strict=False):
        kind = item["item"]
        if kind == "custom":
            break
        assert known.get(called, "alarms") == kind
        for name, ours, their in compared(kind, values(packet.edition, item), content) if kind in NAMES else ():
            if (packet.edition, kind, name) == (2016, "packs", "current"):
                their += 2000.0  # rtm-con takes the offset of 2025 here; item 01 of real packets shows that it is wrong
            if name == "insulation" and math.isnan(ours):
                continue  # rtm-con knows no abnormal insulation
            assert math.isclose(ours, their, abs_tol=1e-6) or (math.isnan(ours) and math.isnan(their)), (kind, name)
            count += 1
        if kind == "vehicle":
            for name, there in STATES.items():
                assert WORDS.get(content[there], content[there]) == item[name]
            if item["gear"] < 0xFE:
                said, found = content["gear_state"], gear(packet.edition, item["gear"])
                assert found is not None and said["gear"].removeprefix("gp") == found.position
                assert (said["driving_force"], said["braking_force"]) == (found.drive_force, found.brake_force)
                assert packet.edition == 2016 or (said["gear_postion_validity"] == "valid") == found.valid
    return count


def test_recorded_packets_say_the_same() -> None:
    assert sum(check(frame) for frame in reports(recorded())) > 1700


@pytest.mark.parametrize("edition", EDITIONS)
def test_random_items_say_the_same(edition: int) -> None:
    rng, count = random.Random(edition), 0
    for _ in range(60):
        items = [
            item for item in random_items(rng, edition)
            if item["item"] in (*NAMES, "alarms") and not any(key.endswith("_count") for key in item)
        ]  # fmt: skip
        for item in items:
            item["packs"] = [row for row in item.get("packs", ()) if not any(key.endswith("_count") for key in row)]
        if not items:
            continue
        if edition == 2025:
            items.append({"item": "signature", "algorithm": 1, "r": b"r", "s": b"s"})
        count += check(report(edition, items))
    assert count > 500
