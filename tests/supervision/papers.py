"""Papers that stand up to every rule, for tests to spoil one field at a time."""

from __future__ import annotations

from datetime import date
from typing import Any

from jinyun import zone as zones
from jinyun.supervision.papers import Declaration, Driver, Vehicle
from jinyun.supervision.rules import Breach

PROFILE = zones.load_profile(zones.profiles_dir() / "national-2020.toml")
TODAY = date(2026, 11, 30)


def driver(**changes: Any) -> Driver:
    whole: dict[str, Any] = {
        "id": "D1", "name": "张三", "subject": "A", "has_contract": True, "licence_since": date(2015, 5, 1),
        "points_by_cycle": [12, 3, 0, 6], "violations": [{"day": date(2024, 1, 1), "what": "speeding"}],
        "drink_or_drugs": False, "grave_accident_at_fault": False, "is_trained": True,
    }  # fmt: skip
    return Driver(**whole | changes)


def vehicle(**changes: Any) -> Vehicle:
    whole: dict[str, Any] = {
        "vin": "LTEST000000000001", "plate": "渝A0001临", "subject": "A", "device": "shuttle-1", "bsm_id": "00000000000000a1",
        "is_registered": False, "has_passed_mandatory_tests": True, "has_manual_mode": True, "has_automated_mode": True,
        "switches_at_once": True, "is_marked": True, "software": "1.0", "hardware": "A",
        "inspection_until": date(2029, 1, 1), "compulsory_insurance_until": date(2029, 1, 1),
        "accident_insurance_cny": 5_000_000, "accident_insurance_until": date(2029, 1, 1),
        "passenger_insurance_until": date(2029, 1, 1), "common_items_passed": [f"item-{n}" for n in range(14)],
        "odd_items_required": ["tunnel"], "odd_items_passed": ["tunnel"], "track_test_by": "an institute",
        "track_test_city": "重庆",
    }  # fmt: skip
    return Vehicle(**whole | changes)


def declaration(**changes: Any) -> Declaration:
    whole: dict[str, Any] = {
        "id": "T1", "stage": "test", "subject": "A", "vin": "LTEST000000000001", "driver": "D1", "city": "重庆",
        "begins": date(2026, 1, 1), "ends": date(2027, 7, 1), "roads": ["r1", "r2"], "items": ["following"],
        "papers": [f"paper-{n}" for n in range(11)], "plate_until": date(2027, 7, 1), "plate_roads": ["r1"],
    }  # fmt: skip
    return Declaration(**whole | changes)


def fields(breaches: list[Breach]) -> list[str]:
    assert all(breach.reason.zh and breach.reason.en and breach.subject for breach in breaches)
    return [breach.field for breach in breaches]
