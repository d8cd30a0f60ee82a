"""A zone as its desk shows it: accounts, devices of which one is silent, papers, an event, a vehicle, a notice, a record."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jinyun.centre import accounts
from jinyun.centre.notices import of_episode, step
from jinyun.state import write_json
from jinyun.supervision.ledger import Ledger
from tests.browser.alone import Alone
from tests.supervision.crash import record

ACCOUNT, PASSWORD = "regulator", "a long word for tests 7"
COMPANY, OTHER = "云行测试（模拟）", "山城智驾（模拟）"
VIN = "LJYTEST0000000001"
RECORDED_S = 20.0


def devices(centre: Any) -> list[dict[str, Any]]:
    """What the cloud says of the zone's units: all online but the first, which is silent, and the second, which is late."""
    rows = []
    for n, rsu in enumerate(centre.zone.rsus):
        state = "silent" if n == 0 else "late" if n == 1 else "online"
        quiet = n == 0
        rows.append({
            "id": rsu.id, "kind": "rsu", "zh": rsu.name.zh, "en": rsu.name.en, "x_m": rsu.x_m, "y_m": rsu.y_m, "state": state,
            "rates": {} if quiet else {"rsm": 10.0, "spat": 9.9, "map": 1.0, "rsi": 0.0},
            "age_ms": 41_000 if quiet else 900 if n == 1 else 40 + n, "clock_offset_ms": 0.3 * n - 4, "lost": 3 * (n % 5 == 2),
            "duplicate": 0, "refused": 0, "out_of_order": 0, "longest_gap_ms": {"rsm": 180 + n},
            "delay_ms": {"p50": 62 + n % 9, "p99": 118 + n % 31},
        })  # fmt: skip
    return rows


def account(centre: Any) -> dict[str, Any]:
    """The account of a cloud at work."""
    now = time.time_ns() // 1000
    first = centre.zone.rsus[0].id
    return {
        "rates": {"bsm": 812.4, "rsm": 530.0, "spat": 310.2, "map": 33.0, "rsi": 1.2}, "lost": 27, "refused": 0,
        "latency_ms": {"p50": 58.2, "p99": 112.6},
        "hops_ms": {
            "decode": {"p50": 0.4, "p99": 1.9}, "fuse": {"p50": 4.6, "p99": 11.2}, "predict": {"p50": 6.1, "p99": 14.0},
            "receive_to_picture": {"p50": 21.3, "p99": 44.8},
        },
        "devices": devices(centre),
        "episodes": [{
            "id": 1, "rule": "device.silent", "source": f"rsu/{first}", "field": "link", "severity": "fault",
            "reason": "nothing received for 41 s", "opened_us": now - 41_000_000, "last_us": now, "count": 41, "open": True,
        }],
    }  # fmt: skip


def vehicle(vin: str, plate: str, subject: str, **wishes: Any) -> dict[str, Any]:
    later = (datetime.now(UTC).date() + timedelta(days=200)).isoformat()
    return {
        "vin": vin, "plate": plate, "subject": subject, "is_registered": False, "has_passed_mandatory_tests": True,
        "has_manual_mode": True, "has_automated_mode": True, "switches_at_once": True, "is_marked": True, "software": "2.4.1",
        "hardware": "B", "inspection_until": later, "compulsory_insurance_until": later, "accident_insurance_cny": 5_000_000,
        "accident_insurance_until": later, **wishes,
    }  # fmt: skip


def declaration(id: str, vin: str, subject: str, roads: list[str]) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return {
        "id": id, "stage": "test", "subject": subject, "vin": vin, "driver": "D-07", "city": "重庆",
        "begins": (today - timedelta(days=170)).isoformat(), "ends": (today + timedelta(days=190)).isoformat(),
        "roads": roads, "items": ["信号灯识别", "跟车行驶", "行人避让"],
        "plate_until": (today + timedelta(days=20)).isoformat(), "plate_roads": roads,
    }  # fmt: skip


def furnish(found: Alone, state: Path) -> None:
    """Put all of it into a centre that serves."""
    centre = found.centre
    now = time.time_ns() // 1000
    accounts.create(centre.registry, ACCOUNT, "regulator", None, PASSWORD)
    accounts.create(centre.registry, "company", "company", OTHER, PASSWORD)
    accounts.create(centre.registry, "boss", "admin", None, PASSWORD)
    record(state / "record", seconds=RECORDED_S)
    write_json(state / "recording.json", {"folder": str(state / "record"), "ring": False})
    found.account = account(centre)
    step(centre.registry, [of_episode(episode) for episode in found.account["episodes"]], now)
    ledger = Ledger(state)
    ledger.hand_in("vehicle", vehicle(VIN, "渝A·T0001试", COMPANY), now)
    ledger.hand_in("vehicle", vehicle("LJYTEST0000000002", "渝A·T0002试", OTHER, accident_insurance_cny=1_000_000), now)
    roads = list(centre.zone.open_roads)[:3]
    ledger.hand_in("declaration", declaration("CQ-2026-014", VIN, COMPANY, roads), now)
    ledger.hand_in("declaration", declaration("CQ-2026-021", "LJYTEST0000000002", OTHER, roads), now)
    at = datetime.now(UTC) - timedelta(hours=5)
    ledger.hand_in(
        "accident",
        {"id": "A-3", "declaration": "CQ-2026-014", "vin": VIN, "at": at.isoformat(), "severity": "serious"},
        now,
    )
    body = {
        "zh": "轮廓相触，相对速度 2.1 m/s", "en": "outlines touch at 2.1 m/s against each other", "tracks": [512, 87],
        "x_m": 12.0, "y_m": 40.0, "lon": 106.3, "lat": 29.6, "pack": None,
    }  # fmt: skip
    ledger.happened("20261130T080000000Z-contact-512-87", "contact", now - 3_600_000_000, "", body)
    ledger.breached("conduct.section", VIN, "section-exit", ("驶出申报路段", "left its declared roads"), now, 1)
    ledger.close()
    row = {
        "vehicle": VIN, "mode": "automated", "lon": 106.301, "lat": 29.602, "speed_mps": 8.4, "t_us": now, "age_s": 0.12,
        "items": [1, 2, 3, 4, 5, 6, 10], "declaration": "CQ-2026-014", "on_section": False, "complete_share": 0.9833,
        "longest_gap_s": 1.2, "breaches": [{
            "rule": "conduct.section", "subject": VIN, "field": "section-exit",
            "reason": {"zh": "驶出申报路段", "en": "left its declared roads"},
        }],
    }  # fmt: skip
    told = {"t_us": now, "zone": centre.zone.id, "vehicles": [row], "refused": {}}
    (state / "supervision.json").write_text(json.dumps(told, ensure_ascii=False))
