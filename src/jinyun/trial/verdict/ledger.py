"""The ledger (台账) of a vehicle, and what each stage of admission asks of it.

Stages: closed track (封闭场地测试) -> open road test (道路测试) -> demonstration (示范应用) -> operation (示范运营).
What the national rule of 2021 (工信部联通装〔2021〕97号) asks is a number of the profile with its article; what local rules
ask is not public and is a local number.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from jinyun.trial.fault import TrialError
from jinyun.trial.scenario.written import Form

STAGES = (
    ("track", "封闭场地测试", "closed track test"),
    ("road", "道路测试", "open road test"),
    ("demonstration", "示范应用", "demonstration"),
    ("operation", "示范运营", "demonstration operation"),
)


class VehicleForm(Form):
    """Who is to be admitted."""

    vin: str
    maker: str
    model: str
    software: str
    owner: str = ""


class PaperForm(Form):
    """Insurance and declaration; dates are days."""

    insurance_cny: float = 0.0
    insurance_until: dt.date | None = None
    inspection_until: dt.date | None = None
    declared_on: dt.date | None = None
    declared_until: dt.date | None = None
    passenger_insurance: bool = False


class DriveForm(Form):
    """A drive in automated mode on the planned section, at a stage, with a version of the software."""

    day: dt.date
    hours: float
    km: float
    stage: Literal["road", "demonstration", "operation"] = "road"
    software: str = ""
    area: str = ""


class IncidentForm(Form):
    """What happened: a violation, or an accident with or without fault."""

    day: dt.date
    kind: Literal["violation", "accident"]
    at_fault: bool = True
    what: str = ""
    stage: Literal["road", "demonstration", "operation"] = "road"


class Ledger(Form):
    """All of it."""

    vehicle: VehicleForm
    papers: PaperForm = PaperForm()
    drives: list[DriveForm] = []
    incidents: list[IncidentForm] = []
    area: str = ""
    """The section that the next stage is asked for; drives elsewhere do not count. Empty: all count."""


def read(path: Path) -> Ledger:
    """Return a ledger; raises :class:`TrialError` naming every field that is wrong."""
    try:
        return Ledger.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrialError(f"{path.name}: {error}") from None
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(str(p) for p in fault['loc'])}: {fault['msg']}" for fault in error.errors()[:8])
        raise TrialError(f"{path.name}: {told}") from None


def _condition(id: str, met: bool, zh: str, en: str) -> dict[str, Any]:
    return {"id": id, "met": met, "zh": zh, "en": en}


def stages(
    ledger: Ledger | None, items: Sequence[Mapping[str, Any]], limits: Mapping[str, float], today: dt.date
) -> list[dict[str, Any]]:
    """Return each stage with its conditions; a stage is met where all its conditions and the stages before are."""
    passed = [told for told in items if told["outcome"] == "pass"]
    all_items = _condition(
        "items", len(passed) == len(items) and bool(items), f"测试项目通过 {len(passed)}/{len(items)}",
        f"{len(passed)} of {len(items)} items passed",
    )  # fmt: skip
    conditions: list[list[dict[str, Any]]] = [[all_items], [], [], []]
    if ledger is not None:
        conditions[1] = _papers(ledger, limits, today)
        insured = ledger.papers.passenger_insurance
        passengers = _condition("passengers", insured, "已为乘员投保", "passengers are insured")
        conditions[2] = [*_driven(ledger, limits, "road", "demo"), passengers]
        conditions[3] = _driven(ledger, limits, "demonstration", "operation")
    else:
        for rows in conditions[1:]:
            rows.append(_condition("ledger", False, "未提供台账", "no ledger was given"))
    found, before = [], True
    for (id, zh, en), rows in zip(STAGES, conditions, strict=True):
        before = before and all(row["met"] for row in rows)
        found.append({"id": id, "zh": zh, "en": en, "met": before, "conditions": rows})
    return found


def _papers(ledger: Ledger, limits: Mapping[str, float], today: dt.date) -> list[dict[str, Any]]:
    papers, least = ledger.papers, limits["trial.stage.insurance_cny"]
    months = int(limits["trial.stage.permit_months"])
    enough = papers.insurance_cny >= least and papers.insurance_until is not None and papers.insurance_until >= today
    zh = f"事故责任保险 {papers.insurance_cny:,.0f} 元（不低于 {least:,.0f} 元），在有效期内"
    en = f"accident insurance of {papers.insurance_cny:,.0f} CNY (at least {least:,.0f}), valid today"
    rows = [_condition("insurance", enough, zh, en)]
    begin, end = papers.declared_on, papers.declared_until
    fine = begin is not None and end is not None and begin <= today <= end <= later(begin, months)
    ends = [day for day in (papers.insurance_until, papers.inspection_until) if day is not None]
    fine = fine and end is not None and all(end <= day for day in ends)
    zh = f"安全性自我声明在有效期内，不超过 {months} 个月，且不超出保险和检验有效期"
    en = f"the declaration is valid today, for at most {months} months and not beyond insurance and inspection"
    rows.append(_condition("declaration", fine, zh, en))
    return rows


def later(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or that month's last."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month, min(day.day, last))


def _driven(ledger: Ledger, limits: Mapping[str, float], stage: str, key: str) -> list[dict[str, Any]]:
    counted = [
        drive for drive in ledger.drives if drive.stage == stage and (not ledger.area or drive.area == ledger.area)
    ]
    hours, km = sum(drive.hours for drive in counted), sum(drive.km for drive in counted)
    least_h, least_km = limits[f"trial.stage.{key}_hours"], limits[f"trial.stage.{key}_km"]
    bad = [one for one in ledger.incidents if one.stage == stage and (one.kind == "violation" or one.at_fault)]
    return [
        _condition("driven", hours >= least_h or km >= least_km,
                   f"自动驾驶 {hours:g} 小时、{km:g} 公里（不少于 {least_h:g} 小时或 {least_km:g} 公里）",
                   f"{hours:g} h and {km:g} km automated (at least {least_h:g} h or {least_km:g} km)"),
        _condition("clean", not bad, f"无交通违法和责任事故（记录 {len(bad)} 起）",
                   f"no violation and no accident at fault ({len(bad)} on record)"),
    ]  # fmt: skip
