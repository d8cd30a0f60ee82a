"""The week's report (周报): by company and vehicle, what was driven and what rules and measures said of it.

Hours, kilometres, takeovers and disengagements are those of the half-year's report; beside them stands what was measured live,
with the seconds in which it could be: who was not watched has no least time to collision.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from jinyun.supervision.demand import Demand
from jinyun.supervision.ledger import Ledger, Measure
from jinyun.supervision.papers import Vehicle
from jinyun.supervision.tables import HEADS, Form, rows

COUNTS = (
    ("speed-limit", "超速", "over the limit"), ("wrong-way", "逆行", "wrong way"), ("red-light", "闯红灯", "red light run"),
    ("contact", "疑似碰撞", "contact, to be looked at"), ("hard-braking", "急减速", "hard braking"),
)  # fmt: skip
MEASURES = (
    ("judged_h", "自报数据判定时长 h", "judged by its own data h"), ("limit_known_h", "限速已知时长 h", "limit known h"),
    ("over_limit_s", "超速时长 s", "over the limit s"), ("over_limit_max_kmh", "最大超速 km/h", "most over the limit km/h"),
    ("braking_max_mps2", "最大减速度 m/s²", "hardest braking m/s²"), ("seen_h", "路侧可见时长 h", "seen by the road h"),
    ("ttc_min_s", "最小 TTC s", "least TTC s"), ("ttc_below_s", "TTC ≤ 1.5 s 时长 s", "TTC of 1.5 s or less, s"),
    ("headway_min_s", "最小车头时距 s", "least time headway s"), ("drac_max_mps2", "最大 DRAC m/s²", "greatest DRAC m/s²"),
)  # fmt: skip
NOTE = (
    "限速、逆行、急减速依据车辆自报数据；TTC、车头时距、DRAC、闯红灯、疑似碰撞依据路侧融合航迹，"
    "仅在路侧可见时段内统计，需结合记录核查，不作为处罚依据。礼让行人未实时评价。",
    "Limit, direction and braking are judged by the vehicle's own data; TTC, time headway, DRAC, red lights and contacts by "
    "the zone's tracks, only while the road sees the vehicle: a reason to look at the record, not a verdict. Letting people "
    "pass is not judged live.",
)
_KEPT = (
    "subject", "vehicle", "declaration", "stage", "automated_h", "automated_km", "manual_h", "manual_km", "takeovers",
    "disengagements", "takeovers_per_1000_km", "disengagements_per_1000_km", "faults", "offences", "accidents",
)  # fmt: skip
WEEK = Form(
    tuple(next(head for head in HEADS if head[0] == name) for name in _KEPT) + COUNTS + MEASURES, NOTE,
    ("企业周报", "week of each company"),
)  # fmt: skip


def week_of(day: date) -> tuple[date, date]:
    """Return Monday and Sunday of a day's week."""
    first = day - timedelta(days=day.weekday())
    return first, first + timedelta(days=6)


def table(ledger: Ledger, first: date, last: date, company: str | None = None) -> list[dict[str, Any]]:
    """Return a row for each vehicle and declaration of the days, by company; a company's rows end with their sum."""
    asked = Demand(first.isoformat(), last.isoformat())
    vin_of = {one.plate: one.vin for one in ledger.papers(Vehicle)} | {
        one.vin: one.vin for one in ledger.papers(Vehicle)
    }
    subject_of = {one.vin: one.subject for one in ledger.papers(Vehicle)}
    measured = {vin_of.get(name, name): its for name, its in ledger.measures(asked).items()}
    counted: dict[tuple[str, str], int] = {}
    for one in ledger.counted(asked):
        key = vin_of.get(one["vehicle"], one["vehicle"]), one["kind"]
        counted[key] = counted.get(key, 0) + one["count"]
    found, told = [], set()
    for row in rows(ledger, first, last):
        vin = row["vehicle"]
        row["subject"] = row["subject"] or subject_of.get(vin, "")
        if company is not None and row["subject"] != company:
            continue
        if vin in told:  # measures are a vehicle's, whatever it is declared for: they stand in its first row
            row |= {name: 0 for name, *_ in COUNTS} | {name: None for name, *_ in MEASURES}
        else:
            row |= {name: counted.get((vin, f"rule-{name}"), 0) for name, *_ in COUNTS} | _values(measured.get(vin, {}))
        told.add(vin)
        found.append({name: row[name] for name, *_ in WEEK.heads})
    found.sort(key=lambda row: (row["subject"], row["vehicle"], row["declaration"]))
    summed = []
    for subject in dict.fromkeys(row["subject"] for row in found):
        its = [row for row in found if row["subject"] == subject]
        summed += [*its, _sum(subject, its)]
    return summed


def _values(measured: dict[str, Measure]) -> dict[str, float | None]:
    """Return a vehicle's measures by the report's names, None where nothing was measured; sums of hours in hours."""
    found: dict[str, float | None] = {}
    for name, *_ in MEASURES:
        if name.endswith("_h"):
            one = measured.get(f"{name.removesuffix('_h')}_s")
            found[name] = None if one is None else round(one.value / 3600, 3)
        else:
            one = measured.get(name)
            found[name] = None if one is None else round(one.value, 2)
    for name, base in (("over_limit_s", "limit_known_h"), ("ttc_below_s", "seen_h")):
        if found[name] is None and found[base] is not None:
            found[name] = 0.0  # it was watched, and there was none
    return found


def _sum(subject: str, its: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a company's row: sums, the worst of what has no sum, rates of the sums."""
    row: dict[str, Any] = {name: None for name, *_ in WEEK.heads}
    row |= {"subject": subject, "vehicle": f"Σ {len({one['vehicle'] for one in its})}", "declaration": "", "stage": ""}
    for name in row:
        known = [one[name] for one in its if isinstance(one[name], int | float)]
        if name.endswith("_per_1000_km") or not known:
            continue
        row[name] = min(known) if "_min_" in name else max(known) if "_max_" in name else round(sum(known), 3)
    for name in ("takeovers", "disengagements"):
        km = row["automated_km"] or 0.0
        row[f"{name}_per_1000_km"] = round(1000 * row[name] / km, 2) if km > 0 else None
    return row
