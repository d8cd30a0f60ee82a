"""Tables of reports (报告表): the half-year's and June's and December's (and others of their form), as XLSX and as a page.

Every rate stands beside its denominator; where that is zero there is no rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from jinyun.supervision.deadlines import day_of
from jinyun.supervision.demand import Demand
from jinyun.supervision.ledger import Ledger
from jinyun.supervision.papers import Accident, Declaration, Offence, Vehicle
from jinyun.zone import Zone

HEADS = (
    ("declaration", "声明", "declaration"), ("stage", "阶段", "stage"), ("subject", "主体", "subject"), ("vehicle", "车辆",
     "vehicle"),
    ("automated_h", "自动驾驶时长 h", "automated h"), ("automated_km", "自动驾驶里程 km", "automated km"),
    ("manual_h", "人工时长 h", "manual h"), ("manual_km", "人工里程 km", "manual km"),
    ("takeovers", "接管次数", "takeovers"), ("disengagements", "脱离次数", "disengagements"),
    ("takeovers_per_1000_km", "接管/1000 km", "takeovers per 1,000 km"),
    ("disengagements_per_1000_km", "脱离/1000 km", "disengagements per 1,000 km"),
    ("faults", "故障", "faults"), ("offences", "违法", "violations"), ("accidents", "事故", "accidents"),
    ("accidents_at_fault", "有责事故", "accidents at fault"),
)  # fmt: skip
"""Columns: (name in a row, Chinese, English)."""
STAGES = {"test": ("道路测试", "road test"), "demonstration": ("示范应用", "demonstration")}
NOTE = (
    "接管：自动驾驶行驶中由驾驶人、远程或无人声明地退出；脱离：系统自行退出或伴随故障退出；分母为同一车辆同一期间的自动驾驶里程。",
    "Takeover: automated mode ended by driver, remote or nobody named while moving; disengagement: by the system or with a "
    "fault. The denominator is the automated way of the same vehicle and period.",
)


@dataclass(frozen=True)
class Form:
    """What a report looks like: its columns, its note and what it is called, in Chinese and English."""

    heads: tuple[tuple[str, str, str], ...] = HEADS
    note: tuple[str, str] = NOTE
    called: tuple[str, str] = ("道路测试与示范应用报告", "tests and demonstrations")


HALF_YEAR = Form()


def rows(ledger: Ledger, first: date, last: date) -> list[dict[str, Any]]:
    """Return a row for each vehicle and declaration that drove between two days, both included."""
    asked = Demand(first.isoformat(), last.isoformat())
    declared = {one.id: one for one in ledger.papers(Declaration)}
    plates = {one.plate: one.vin for one in ledger.papers(Vehicle)}
    accidents = [one for one in ledger.papers(Accident) if first <= day_of(one.at) <= last]
    offences = [one for one in ledger.papers(Offence) if first <= day_of(one.at) <= last]
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def row(vehicle: str, declaration: str) -> dict[str, Any]:
        vin = plates.get(vehicle, vehicle)
        paper = declared.get(declaration)
        fresh: dict[str, Any] = {name: 0.0 if name.endswith(("_h", "_km")) else 0 for name, *_ in HEADS}
        fresh |= {
            "declaration": declaration,
            "vehicle": vin,
            "stage": paper.stage if paper else "",
            "subject": paper.subject if paper else "",
        }
        return found.setdefault((vin, declaration), fresh)

    for paper in declared.values():
        if paper.begins <= last and first <= paper.ends:
            row(paper.vin, paper.id)
    for one in ledger.driven(asked):
        mode = one["mode"] if one["mode"] == "automated" else "manual"
        own = row(one["vehicle"], one["declaration"])
        own[f"{mode}_h"] += one["hours"]
        own[f"{mode}_km"] += one["km"]
    names = {"takeover": "takeovers", "disengagement": "disengagements", "fault": "faults"}
    for one in ledger.counted(asked):
        if one["kind"] in names:
            row(one["vehicle"], one["declaration"])[names[one["kind"]]] += one["count"]
    for own in found.values():
        own["accidents"] = sum(one.declaration == own["declaration"] for one in accidents)
        own["accidents_at_fault"] = sum(
            one.declaration == own["declaration"] and one.at_fault is True for one in accidents
        )
        own["offences"] = sum(one.declaration == own["declaration"] for one in offences)
        for name in ("takeovers", "disengagements"):
            km = own["automated_km"]
            own[f"{name}_per_1000_km"] = round(1000 * own[name] / km, 2) if km > 0 else None
        for name in ("automated_h", "automated_km", "manual_h", "manual_km"):
            own[name] = round(own[name], 3)
    return [found[key] for key in sorted(found, key=lambda key: (key[1], key[0]))]


def title(zone: Zone, first: date, last: date, form: Form = HALF_YEAR) -> tuple[str, str]:
    """Return what the report is called, in Chinese and English."""
    made = (" · 仿真数据", " · simulated data") if zone.simulated else ("", "")
    return (
        f"{zone.name.zh} {form.called[0]} {first} 至 {last}{made[0]}",
        f"{zone.name.en}: {form.called[1]} from {first} to {last}{made[1]}",
    )


def as_xlsx(
    zone: Zone, table: list[dict[str, Any]], first: date, last: date, path: Path, form: Form = HALF_YEAR
) -> None:
    """Write the report as a workbook: a sheet in each language."""
    book = Workbook()
    book.remove(book.active)
    for place, name in ((1, "中文"), (2, "English")):
        sheet = book.create_sheet(name)
        sheet.append([title(zone, first, last, form)[place - 1]])
        sheet.append([head[place] for head in form.heads])
        for row in table:
            sheet.append([_told(row, head[0], place) for head in form.heads])
        sheet.append([])
        sheet.append([form.note[place - 1]])
        sheet["A1"].font = Font(bold=True, size=13)
        for cell in sheet[2]:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        for k, head in enumerate(form.heads):
            told = [str(_told(row, head[0], place)) for row in table] + [head[place]]
            widest = max(sum(1 + (ord(c) > 0x2E7F) for c in text) for text in told)
            sheet.column_dimensions[get_column_letter(k + 1)].width = min(max(widest + 2, 8), 34)
        sheet.freeze_panes = "A3"
        sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    book.save(path)


def as_html(
    zone: Zone, table: list[dict[str, Any]], first: date, last: date, language: str, form: Form = HALF_YEAR
) -> str:
    """Return the report as one page."""
    place = 1 if language == "zh" else 2
    heads = "".join(f"<th>{escape(head[place])}</th>" for head in form.heads)
    body = "".join(
        "<tr>" + "".join(_cell(_told(row, head[0], place)) for head in form.heads) + "</tr>" for row in table
    )
    name = escape(title(zone, first, last, form)[place - 1])
    style = "body{font:15px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;margin:2rem}table{border-collapse:collapse}"
    style += "td,th{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    style += (
        "td.n{text-align:right;font-variant-numeric:tabular-nums}td:not(.n){white-space:nowrap}h1{font-size:1.4rem}"
    )
    style += "@media print{@page{size:A4 landscape}body{margin:0;font-size:11px}}"
    note = escape(form.note[place - 1])
    return (
        f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><meta charset="utf-8"><title>{name}</title>'
        f"<style>{style}</style><h1>{name}</h1><table><tr>{heads}</tr>{body}</table><p>{note}</p></html>"
    )


def _told(row: dict[str, Any], name: str, place: int) -> Any:
    """Return a value in the words of a language (1 Chinese, 2 English)."""
    value = row[name]
    return STAGES.get(str(value), (value, value))[place - 1] if name == "stage" else value


def _cell(value: Any) -> str:
    if value is None:
        return '<td class="n">–</td>'
    return f'<td class="n">{value}</td>' if isinstance(value, int | float) else f"<td>{escape(str(value))}</td>"
