"""The statement of a company: what it used, at which quality, at which price; JSON, XLSX and one page of HTML.

A row is one account or device and one service; it belongs to one company. Rows add up to the totals, and all companies'
rows with nobody's add up to the record.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from jinyun.ledger import journal
from jinyun.ledger.counting import Counted
from jinyun.ledger.tariff import NOBODY, Service, Tariff

FEN = Decimal("0.01")


def statements(tariff: Tariff, counted: Counted, given: Path, begin_us: int, end_us: int) -> dict[str, dict[str, Any]]:
    """Return the statement of every company, and of :data:`NOBODY`, from the record's count and the journal in ``given``."""
    services = {service.id: service for service in tariff.services}
    rows: dict[str, list[dict[str, Any]]] = {id: [] for id in [*(company.id for company in tariff.companies), NOBODY]}
    for (kind, device), one in sorted(counted.devices.items()):
        service = services.get(tariff.service(kind))
        if service is not None:
            good = len(one.seconds) / one.spanned if one.spanned else None
            rows[tariff.owner(kind, device)].append(_row(service, f"{kind}/{device}", one.total, one.size, good))
    units: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for line in journal.read(given, begin_us, end_us):
        company = line["company"] if line["company"] in rows else NOBODY
        if line["service"] in services:
            sums = units[company, line["account"], line["service"]]
            for i, name in enumerate(("units", "good", "bytes")):
                sums[i] += line[name]
    for (company, account, id), (many, fine, size) in sorted(units.items()):
        rows[company].append(_row(services[id], f"account/{account}", many, size, fine / many if many else None))
    names = {company.id: (company.zh, company.en) for company in tariff.companies} | {NOBODY: ("未归属", "Nobody's")}
    return {
        id: {
            "company": id, "zh": names[id][0], "en": names[id][1], "simulated": tariff.simulated,
            "begin_us": begin_us, "end_us": end_us, "rows": own, "cut": counted.cut,
            "units": sum(row["units"] for row in own),
            "messages_of_record": sum(row["units"] for row in own if row["from"] == "record"),
            "amount_cny": str(sum((Decimal(row["amount_cny"]) for row in own), Decimal(0))),
        }
        for id, own in rows.items()
    }  # fmt: skip


def _row(service: Service, subject: str, units: int, size: int, good: float | None) -> dict[str, Any]:
    amount = Decimal(str(service.price_cny)) * units / service.per
    return {
        "subject": subject, "service": service.id, "zh": service.zh, "en": service.en, "from": service.source,
        "unit": service.unit, "units": units, "bytes": size, "good_share": None if good is None else round(good, 5),
        "agreed_share": service.agreed_share, "kept": None if good is None else good >= service.agreed_share,
        "price_cny": service.price_cny, "per": service.per,
        "amount_cny": str(amount.quantize(FEN, ROUND_HALF_UP)),
    }  # fmt: skip


COLUMNS = (
    "subject",
    "service",
    "unit",
    "units",
    "bytes",
    "good_share",
    "agreed_share",
    "kept",
    "price_cny",
    "per",
    "amount_cny",
)


def xlsx(told: dict[str, Any], path: Path) -> None:
    """Write one company's statement as a workbook."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "statement"
    sheet.append([told["zh"], told["en"], "虚构数据 SIMULATED" if told["simulated"] else ""])
    sheet.append(list(COLUMNS))
    for row in told["rows"]:
        sheet.append([row[name] if name != "amount_cny" else float(row[name]) for name in COLUMNS])
    sheet.append(["合计 total", "", "", told["units"], "", "", "", "", "", "", float(told["amount_cny"])])
    book.save(path)


def html(told: dict[str, Any], period: str) -> str:
    """Return one company's statement as one page that needs nothing else, Chinese first."""
    head = (
        "对象 Subject",
        "服务 Service",
        "单位 Unit",
        "数量 Units",
        "达标 Good",
        "约定 Agreed",
        "单价 Price",
        "金额（元） CNY",
    )
    body = []
    for row in told["rows"]:
        good = "—" if row["good_share"] is None else f"{row['good_share']:.2%}"
        mark = "" if row["kept"] in (True, None) else " ✗"
        cells = (row["subject"], f"{row['zh']} {row['en']}", row["unit"], f"{row['units']:,}", good + mark,
                 f"{row['agreed_share']:.1%}", f"{row['price_cny']:g}/{row['per']:,}", row["amount_cny"])  # fmt: skip
        body.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    note = "<p class=note>虚构数据，仅供演示。Simulated data.</p>" if told["simulated"] else ""
    style = (
        "body{font:15px/1.6 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left}"
        ".note{background:#fff3cd;padding:.5rem 1rem}"
    )
    head_cells = "".join(f"<th>{word}</th>" for word in head)
    return (
        f"<!doctype html><html lang=zh><meta charset=utf-8><title>用量对账单 Statement</title><style>{style}</style>"
        f"<h1>{escape(told['zh'])} {escape(told['en'])}</h1><p>{escape(period)}</p>{note}"
        f"<table><tr>{head_cells}</tr>{''.join(body)}</table>"
        f"<p>合计 Total: {told['units']:,} · {told['amount_cny']} CNY</p></html>"
    )
