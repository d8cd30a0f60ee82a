"""From duties to stays (时刻表与充电窗口): when each shuttle is at the depot in the next day, and what it must leave with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jinyun.road.charging.plan import SLOT_S, Stay
from jinyun.zone import Depot, Duty

SLOTS = 96
"""A day in quarters of an hour."""


def first_slot_us(now_us: int) -> int:
    """Return when the running quarter of an hour began."""
    return now_us // (SLOT_S * 1_000_000) * SLOT_S * 1_000_000


def stays(depot: Depot, pile_kw: float, shares: Mapping[str, float], now_us: int) -> list[Stay]:
    """Return the stays that begin or go on within a day from now; ``shares`` (0..1) say how full batteries are that are known.

    A shuttle whose battery nobody knows is taken to have the least it may have. It leaves each stay with what its next duty
    takes and that least; so it comes back from every duty with at least the least, and whatever is more is more.
    A slot counts as at the depot only where all of it is: what comes back at ten past charges from quarter past on.
    """
    start = datetime.fromtimestamp(first_slot_us(now_us) / 1e6, UTC).astimezone(ZoneInfo(depot.timezone))
    found = []
    least = depot.least_share * depot.battery_kwh
    for vehicle in depot.vehicles:
        duties = _duties(depot, vehicle.duties, start)
        known = shares.get(vehicle.id, math.nan)
        holds = known * depot.battery_kwh if math.isfinite(known) else least
        at = 0.0
        for leaves_s, back_s, kwh in duties:
            if leaves_s <= 0 < back_s:  # it is out now
                at, holds = back_s, least
                continue
            if back_s <= 0:
                continue
            first, last = math.ceil(at / SLOT_S), min(math.floor(leaves_s / SLOT_S), SLOTS)
            if first >= SLOTS:
                break
            wanted = least + kwh
            inside = leaves_s / SLOT_S <= SLOTS
            need = max(wanted - holds, 0.0) if inside else 0.0
            if last > first or need > 0:
                room = max(depot.battery_kwh - holds, 0.0)
                found.append(Stay(vehicle.id, first, max(last, first), need, pile_kw, room))
            at, holds = back_s, max(least, holds - kwh if holds > wanted else least)
    return found


def _duties(depot: Depot, duties: Sequence[Duty], start: datetime) -> list[tuple[float, float, float]]:
    """Return (leaves, back, kWh) of yesterday's, today's and the next days' duties, in seconds from ``start``."""
    rows = []
    for day in range(-1, 3):
        date = (start + timedelta(days=day)).date()
        for duty in duties:
            leaves, back = (
                datetime.combine(date, time.fromisoformat(text), start.tzinfo) for text in (duty.leaves, duty.back)
            )
            if back <= leaves:
                back += timedelta(days=1)
            rows.append(((leaves - start).total_seconds(), (back - start).total_seconds(), duty.km * depot.kwh_per_km))
    return sorted(rows)
