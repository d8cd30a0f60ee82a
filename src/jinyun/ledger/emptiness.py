"""How empty the zone runs: passengers per kilometre, priority used of granted, messages consumed of produced, money in and out.

Each figure says what it is of; None where the record knows nothing of it, which is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinyun.ledger.tariff import Tariff
from jinyun.state import read_json

MONTH_US = 30 * 86_400_000_000


FLEET = "fleet.json"
"""Where the shuttles of a zone tell their trips, in its state folder."""


def driven(state_dir: Path, begin_us: int = 0) -> tuple[int | None, float | None, int]:
    """Return passengers, kilometres and trips that the shuttles tell of; None where none is known.

    They tell the last trips of each vehicle by its own clock, so these are of the time since they run; what was told last
    before ``begin_us`` is of no interest any more.
    """
    said = read_json(state_dir / FLEET)
    if not isinstance(said, dict) or not _counts(said.get("t_us")) or said["t_us"] < begin_us:
        return None, None, 0
    vehicles = said.get("vehicles")
    passengers, km, many = 0, 0.0, 0
    for one in vehicles.values() if isinstance(vehicles, dict) else ():
        trips = one.get("trips") if isinstance(one, dict) else None
        for trip in [*(trips if isinstance(trips, list) else []), one.get("now") if isinstance(one, dict) else None]:
            if isinstance(trip, dict) and _counts(trip.get("passengers")) and _counts(trip.get("km")):
                passengers, km, many = passengers + int(trip["passengers"]), km + float(trip["km"]), many + 1
    return (passengers, km, many) if many else (None, None, 0)


def _counts(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e18


def emptiness(
    tariff: Tariff, told: Mapping[str, Mapping[str, Any]], produced: int, open_km: float, *,
    passengers: int | None = None, vehicle_km: float | None = None, granted: int | None = None, used: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the figures of a time from its statements, the messages produced in it, and what else is known of it."""
    consumed = sum(row["units"] for one in told.values() for row in one["rows"]
                   if row["from"] == "journal" and row["unit"] == "message")  # fmt: skip
    income = sum((Decimal(one["amount_cny"]) for id, one in told.items() if id), Decimal(0))
    span = next(iter(told.values()))["end_us"] - next(iter(told.values()))["begin_us"] if told else 0
    cost = tariff.costs.per_km_month_cny * open_km * span / MONTH_US
    by_service: dict[str, Decimal] = {}
    for id, one in told.items():
        for row in one["rows"]:
            if id:
                by_service[row["service"]] = by_service.get(row["service"], Decimal(0)) + Decimal(row["amount_cny"])
    return {
        "passengers_per_km": _share(passengers, vehicle_km), "used_of_granted": _share(used, granted),
        "passengers": passengers, "vehicle_km": vehicle_km, "granted": granted, "used": used,
        "consumed_of_produced": _share(consumed, produced), "consumed": consumed, "produced": produced,
        "income_cny": float(income), "cost_cny": round(cost, 2), "open_km": round(open_km, 3),
        "income_per_km_cny": _share(float(income), open_km), "cost_per_km_cny": _share(cost, open_km),
        "income_by_service_cny": {id: float(value) for id, value in sorted(by_service.items())},
    }  # fmt: skip


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole
