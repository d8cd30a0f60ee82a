"""Papers of a simulated zone (模拟申报材料): what the automated vehicles of its own simulated street would have handed in.

A zone whose street is simulated shows supervision at work from its first start: each automated vehicle of its lines gets a
paper of its own, a safety driver and a declaration of a road test on the open roads of its line. All of it says that it is
simulated; a real zone gets none.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from jinyun.hdmap import Map
from jinyun.hdmap.courses import courses
from jinyun.supervision.deadlines import after_months
from jinyun.supervision.ledger import Ledger
from jinyun.supervision.papers import Declaration, Driver, Vehicle
from jinyun.zone import Zone

SUBJECT = "模拟测试主体"
CITY = "模拟城市"
MONTHS = 12


def vehicle_name(zone: Zone, device: str) -> str:
    """Return the VIN under which an automated vehicle of the simulated street reports: the depot's word, else a made-up one."""
    if zone.depot is not None:
        for its in zone.depot.vehicles:
            if its.id == device:
                return its.vin
    return f"SIM-{device}"


def papers(zone: Zone, map: Map, today: date) -> list[tuple[str, dict[str, Any]]]:
    """Return (kind, content) of the papers of all automated vehicles, as they would stand on ``today`` (a day in China)."""
    begins = date(today.year, 1 if today.month <= 6 else 7, 1)
    ends = after_months(begins, MONTHS) - timedelta(days=1)
    profile = zone.profile
    found: list[tuple[str, dict[str, Any]]] = []
    for course in courses(zone, map):
        roads = _open_roads(map, course.edges)
        for k in range(min(course.line.automated, course.line.vehicles)):
            device = f"{course.line.id}-{k + 1}"
            vin, driver = vehicle_name(zone, device), f"SIM-D-{device}"
            found.append(("driver", {
                "id": driver, "name": f"模拟安全员 {device}", "subject": SUBJECT, "has_contract": True,
                "licence_since": date(begins.year - 10, 1, 1), "drink_or_drugs": False,
                "grave_accident_at_fault": False, "is_trained": True,
            }))  # fmt: skip
            found.append(("vehicle", {
                "vin": vin, "plate": f"模拟{device}", "subject": SUBJECT, "device": device, "is_registered": False,
                "has_passed_mandatory_tests": True, "has_manual_mode": True, "has_automated_mode": True,
                "switches_at_once": True, "is_marked": True, "software": "simulated", "hardware": "simulated",
                "inspection_until": after_months(ends, 6), "compulsory_insurance_until": after_months(ends, 6),
                "accident_insurance_cny": profile["supervision.insurance_cny"].value,
                "accident_insurance_until": after_months(ends, 6),
                "common_items_passed": [
                    f"模拟通用项目 {n + 1}" for n in range(int(profile["supervision.common_items"].value))
                ],
                "track_test_by": "模拟检测机构", "track_test_city": CITY,
            }))  # fmt: skip
            found.append(("declaration", {
                "id": f"SIM-{device}-{begins:%Y%m}", "stage": "test", "subject": SUBJECT, "vin": vin, "driver": driver,
                "city": CITY, "begins": begins, "ends": ends, "roads": roads, "items": ["模拟接驳运行"],
                "papers": [f"模拟材料 {n + 1}" for n in range(int(profile["supervision.declaration_papers"].value))],
                "plate_until": ends, "plate_roads": roads,
            }))  # fmt: skip
    return found


def hand_in(zone: Zone, map: Map, ledger: Ledger, today: date, now_us: int) -> int:
    """Enter the papers that the ledger of a simulated zone has none of yet; return how many. 0 in a real zone."""
    if not zone.simulated:
        return 0
    known: dict[str, set[str]] = {
        "driver": {one.id for one in ledger.papers(Driver)},
        "vehicle": {one.vin for one in ledger.papers(Vehicle)},
        "declaration": {one.id for one in ledger.papers(Declaration)},
    }
    entered = 0
    for kind, content in papers(zone, map, today):
        if content["vin" if kind == "vehicle" else "id"] not in known[kind]:
            ledger.hand_in(kind, content, now_us)
            entered += 1
    return entered


def _open_roads(map: Map, edges: list[str]) -> list[str]:
    """Return the roads that edges belong to and that are open for tests, in part or wholly."""
    ids = map.edges["id"].astype(str)
    roads = map.edges["road"].astype(str)
    is_open = np.zeros(len(ids), bool)
    np.logical_or.at(is_open, map.lanes["edge"], map.lanes["open"].astype(bool))
    on = np.isin(ids, edges) & is_open
    return sorted({str(road) for road in roads[on]} - {""})
