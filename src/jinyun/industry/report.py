"""The report of the industry for a fixed date (March, June, December): one set of facts as JSON, HTML and XLSX."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from jinyun.industry import measures
from jinyun.industry.forecast import forecast
from jinyun.industry.register import Register
from jinyun.zone.profile import Profile

AHEAD = 4


def facts(register: Register, profile: Profile) -> dict[str, Any]:
    """Return everything the report tells, as plain data."""
    target = profile["industry.share_target"]
    shares = measures.share_of_nation(register)
    now = shares[-1]["share"] if shares else None
    output = measures.series(register, "output_cny", "city")
    vehicles = measures.series(register, "icv_vehicles", "city")
    return {
        "simulated": register.simulated,
        "firms": len(register.firms), "products": len(register.products),
        "supplies": sum(row["year"] == measures.latest_year(register) for row in register.supplies),
        "coverage": measures.coverage(register),
        "links": measures.links(register),
        "matching": measures.matching_rate(register),
        "single_sources": measures.single_sources(register),
        "growth": {"output_cny": measures.growth(output), "icv_vehicles": measures.growth(vehicles)},
        "share": {"years": shares, "target": target.value, "target_year": int(profile["industry.share_target_year"].value),
                  "status": target.status, "gap": None if now is None else target.value - now},
        "forecast": {"output_cny": forecast(output, AHEAD), "icv_vehicles": forecast(vehicles, AHEAD)},
    }  # fmt: skip


def _percent(value: float | None, signed: bool = False) -> str:
    return "—" if value is None else f"{value * 100:{'+' if signed else ''}.1f} %"


def _money(value: float) -> str:
    return f"{value / 1e8:,.2f}"


def html(told: dict[str, Any], title: str, date: str) -> str:
    """Return the report as one page that needs nothing else, Chinese first."""
    names = {row["link"]: f"{row['zh']} {row['en']}" for row in told["links"]}
    parts = [
        "<!doctype html><html lang=zh><meta charset=utf-8>", f"<title>{escape(title)}</title>",
        "<style>body{font:15px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{border-bottom:1px solid #ccc;padding:.3rem .6rem;"
        "text-align:left}td.n{text-align:right;font-variant-numeric:tabular-nums}.note{background:#fff3cd;padding:.5rem 1rem}"
        "</style>", f"<h1>{escape(title)}</h1><p>{escape(date)}</p>",
    ]  # fmt: skip
    if told["simulated"]:
        parts.append("<p class=note>虚构数据，仅供演示。Simulated data, for demonstration only.</p>")
    cover, match, share = told["coverage"], told["matching"], told["share"]
    last = share["years"][-1] if share["years"] else None
    gaps = "、".join(names[g] for g in cover["gaps"]) or "无 none"
    parts.append(
        f"<p>产业链环节覆盖 {cover['covered']}/{cover['of']}（{_percent(cover['share'])}），缺环：{escape(gaps)}。"
        f"本地配套率 {_percent(match['share'])}（{match['year'] or '—'} 年）。"
        + (f"{last['year']} 年占全国 {_percent(last['share'])}，目标 {_percent(share['target'])}（{share['target_year']} 年）。"
           if last else "")
        + "</p>"
    )  # fmt: skip
    parts += _table(["环节 Link", "企业 Firms", "本地 Local", "产品 Products", "供货（亿元）", "本地占比", "HHI"], [
        [f"{row['zh']} {row['en']}", row["firms"], row["local_firms"], row["products"], _money(row["value_cny"]),
         _percent(row["local_share"]), "—" if row["herfindahl"] is None else f"{row['herfindahl']:.3f}"]
        for row in told["links"]
    ])  # fmt: skip
    parts.append("<h2>单一来源风险 Single-source risks</h2>")
    parts += _table(["采购方 Buyer", "环节 Link", "供应商 Supplier", "亿元", "下游企业 Downstream"], [
        [row["buyer"], names[row["link"]], row["supplier"], _money(row["value_cny"]), row["reach"]]
        for row in told["single_sources"][:30]
    ])  # fmt: skip
    for key, head in (
        ("icv_vehicles", "智能网联汽车产量（辆） Connected vehicles"),
        ("output_cny", "产值（元） Output"),
    ):
        parts.append(f"<h2>{head}</h2>")
        parts += _table(["统计期 Period", "数值 Value", "同比 On the year", "累计 So far", "累计同比"], [
            [row["period"], f"{row['value']:,.0f}", _percent(row["year_on_year"], True), f"{row['so_far']:,.0f}",
             _percent(row["so_far_year_on_year"], True)] for row in told["growth"][key]
        ])  # fmt: skip
        parts += _table(["预测 Forecast", "数值 Value", "90 % 区间 interval"], [
            [row["period"], f"{row['value']:,.0f}", f"{row['low']:,.0f} – {row['high']:,.0f}"]
            for row in told["forecast"][key]
        ])  # fmt: skip
    return "".join(parts)


def _table(head: list[str], rows: list[list[Any]]) -> list[str]:
    if not rows:
        return ["<p>无 none</p>"]
    cells = (
        "".join(f"<td{'' if i == 0 else ' class=n'}>{escape(str(cell))}</td>" for i, cell in enumerate(row))
        for row in rows
    )
    return ["<table><tr>", *(f"<th>{escape(word)}</th>" for word in head), "</tr>", *(f"<tr>{row}</tr>" for row in cells),
            "</table>"]  # fmt: skip


def xlsx(told: dict[str, Any], path: Path) -> None:
    """Write the report's tables as a workbook."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "links"
    if told["simulated"]:
        sheet.append(["虚构数据 SIMULATED"])
    _sheet(sheet, told["links"])
    _sheet(book.create_sheet("single_sources"), told["single_sources"])
    for key in ("icv_vehicles", "output_cny"):
        _sheet(book.create_sheet(key), told["growth"][key])
        _sheet(book.create_sheet(f"{key}_forecast"), told["forecast"][key])
    _sheet(book.create_sheet("share"), told["share"]["years"])
    book.save(path)


def _sheet(sheet: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
