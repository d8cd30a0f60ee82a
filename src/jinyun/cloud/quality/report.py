"""The scorecard as one page to keep (中文在前): work list, every device beside the profile's figures, its last hours as curves.

The page is one self-contained HTML file without scripts or links; pictures are inline SVG.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from jinyun.cloud.quality import rollups
from jinyun.state import read_json

MINUTES, HOURS, DAYS = 180, 72, 60
"""Of each period so many lines are read."""
WIDTH, HEIGHT = 150, 28
FIGURES = (
    ("completeness", "value", "完整率", "completeness", 100.0, " %"),
    ("false", "value", "虚警率", "false", 100.0, " %"),
    ("position_m", "p95", "位置误差p95", "position p95", 1.0, " m"),
    ("speed_mps", "p95", "速度误差p95", "speed p95", 1.0, " m/s"),
    ("heading_deg", "p95", "航向误差p95", "heading p95", 1.0, "°"),
    ("size_m", "p95", "尺寸误差p95", "size p95", 1.0, " m"),
    ("delay_ms", "p95", "时延p95", "delay p95", 1.0, " ms"),
    ("rate_hz", "value", "频率", "rate", 1.0, " Hz"),
    ("changes_per_min", "value", "编号变更/分", "id changes/min", 1.0, ""),
)
"""Columns of the page: figure, which of its values, its names, what makes it its unit."""
STYLE = """\
body{font:14px/1.5 system-ui,"Noto Sans SC",sans-serif;margin:2em;color:#1c2733;background:#fff}
h1{font-size:22px}h2{font-size:17px;margin-top:2em}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:4px 9px;border-bottom:1px solid #dde3e8;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}td.text{text-align:left;white-space:normal}
.no{color:#b3261e;font-weight:600}.few{color:#8a949d}small{color:#5d6b78}.wide{overflow-x:auto}svg{vertical-align:middle}"""


class ReportError(Exception):
    """There is nothing to report; one clear line."""


def gather(folder: Path, zone_id: str) -> dict[str, Any]:
    """Return the scorecard as of its last minute with what the minutes, hours and days before came to.

    Raises :class:`ReportError` where the zone has kept none.
    """
    latest = read_json(folder / "latest.json")
    if not isinstance(latest, dict) or not {"t_us", "devices", "work", "zone", "profile"} <= latest.keys():
        raise ReportError(
            f"zone {zone_id} has no scorecard in {folder}: it is kept from the first minute of jinyun run"
        )
    return latest | {
        "minutes": rollups.read(folder, "minute", MINUTES),
        "hours": rollups.read(folder, "hour", HOURS),
        "days": rollups.read(folder, "day", DAYS),
    }


def _clock(t_us: int) -> str:
    return datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M")


def curve(values: Sequence[float | None], low: float, high: float, limit: float | None, label: str) -> str:
    """Return an inline SVG of values in time order; gaps where they are unknown, the limit as a dashed line."""
    step = WIDTH / max(len(values) - 1, 1)
    span = max(high - low, 1e-9)

    def y(value: float) -> float:
        return HEIGHT - 2 - (min(max(value, low), high) - low) / span * (HEIGHT - 4)

    runs: list[list[str]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{i * step:.1f},{y(value):.1f}")
    lines = "".join(
        f'<polyline points="{" ".join(run)}" fill="none" stroke="#1f6feb" stroke-width="1.5"/>'
        if len(run) > 1
        else f'<circle cx="{run[0].split(",")[0]}" cy="{run[0].split(",")[1]}" r="1.5" fill="#1f6feb"/>'
        for run in runs
        if run
    )
    dashed = ""
    if limit is not None:
        dashed = f'<line x1="0" x2="{WIDTH}" y1="{y(limit):.1f}" y2="{y(limit):.1f}" stroke="#b3261e" stroke-dasharray="3 3"/>'
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(label)}"><title>{escape(label)}</title>'
        f"{dashed}{lines}</svg>"
    )


def _cell(figure: dict[str, Any], which: str, scale: float, unit: str) -> str:
    value = figure.get(which)
    if value is None:
        return '<td class="few">–</td>'
    kind = "few" if not figure.get("valid") else "no" if figure.get("meets") is False else ""
    mark = " ✗" if kind == "no" else ""
    return f'<td class="{kind}" title="n = {figure.get("of")}">{value * scale:.3g}{unit}{mark}</td>'


def _series(lines: Sequence[dict[str, Any]], device: str, name: str, which: str) -> list[float | None]:
    out: list[float | None] = []
    for line in lines:
        figure = line["devices"].get(device, {}).get(name, {})
        out.append(figure.get(which) if figure.get("valid") else None)
    return out


def _table(devices: dict[str, dict[str, Any]], lines: Sequence[dict[str, Any]], first_zh: str, first_en: str) -> str:
    head = f"<th>{first_zh}<br><small>{first_en}</small></th>"
    head += "".join(f"<th>{zh}<br><small>{en}</small></th>" for _, _, zh, en, _, _ in FIGURES)
    if lines:
        head += "<th>完整率曲线<br><small>completeness, minutes</small></th>"
        head += "<th>位置误差曲线<br><small>position p95, minutes</small></th>"
    rows = []
    for device, figures in sorted(devices.items()):
        cells = "".join(_cell(figures.get(name, {}), which, scale, unit) for name, which, _, _, scale, unit in FIGURES)
        if lines:
            whole = _series(lines, device, "completeness", "value")
            place = _series(lines, device, "position_m", "p95")
            cells += (
                f"<td>{curve(whole, 0.5, 1.0, figures['completeness'].get('least'), f'{device} completeness')}</td>"
            )
            cells += f"<td>{curve(place, 0.0, 5.0, figures['position_m'].get('most'), f'{device} position p95')}</td>"
        rows.append(f"<tr><td>{escape(device)}</td>{cells}</tr>")
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def html(report: dict[str, Any]) -> str:
    """Return the page of what :func:`gather` gave."""
    zone, when = escape(str(report["zone"])), _clock(report["t_us"])
    simulated = "（仿真数据 simulated）" if report.get("simulated") else ""
    work = "".join(
        f'<tr><td>{n}</td><td class="text">{escape(row["device"])}</td>'
        f'<td class="text">{escape(row["zh"])}<br><small>{escape(row["en"])}</small></td>'
        f"<td>{_clock(row['since_us'])}</td><td>{row['harm']}</td><td>{escape(row['rule'])}</td></tr>"
        for n, row in enumerate(report["work"], 1)
    )
    if work:
        head = "<tr><th>序</th><th>设备<br><small>device</small></th><th>故障<br><small>fault</small></th>"
        head += "<th>起始 UTC<br><small>since</small></th><th>影响<br><small>harm</small></th>"
        head += "<th>规则<br><small>rule</small></th></tr>"
        work = f'<div class="wide"><table>{head}{work}</table></div>'
    else:
        work = "<p>没有待处理的故障。<small>Nothing stands.</small></p>"
    past = "".join(
        f"<h2>{zh} <small>{en} {_clock(lines[-1]['t_us'])} UTC</small></h2>"
        + _table(lines[-1]["devices"], [], "设备", "device")
        for zh, en, lines in (
            ("最近一小时", "last whole hour", report["hours"]),
            ("最近一天", "last whole day", report["days"]),
        )
        if lines
    )
    return f"""<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{zone} 感知质量</title><style>{STYLE}</style>
<h1>{zone} 路侧感知质量报告 {simulated}<br>
<small>Roadside data scorecard · {when} UTC · {escape(str(report["profile"]))}</small></h1>
<p>✗ 不符合指标；灰色为样本不足；悬停可见样本数。虚线为指标。
<small>✗ misses the profile's figure; grey: too few to say; the count shows on hover. Dashed: the figure.</small></p>
<h2>工作清单 <small>Work list, the most harmful first</small></h2>{work}
<h2>设备 <small>Devices, last minutes</small></h2>{_table(report["devices"], report["minutes"], "设备", "device")}
<h2>点位 <small>Sites</small></h2>{_table(report.get("sites", {}), [], "点位", "site")}{past}</html>
"""


def text(report: dict[str, Any]) -> str:
    """Return a few lines for a terminal: the work list and how many devices meet each figure."""
    lines = [
        f"{report['zone']} {_clock(report['t_us'])} UTC, profile {report['profile']}, {len(report['devices'])} devices"
    ]
    for n, row in enumerate(report["work"], 1):
        lines.append(f"{n:3d}. {row['device']}: {row['en']} since {_clock(row['since_us'])} ({row['rule']})")
    if not report["work"]:
        lines.append("nothing stands")
    for name, _, _, en, _, _ in FIGURES:
        each = [figures[name].get("meets") for figures in report["devices"].values() if name in figures]
        known = [meets for meets in each if meets is not None]
        if known:
            lines.append(
                f"{en}: {sum(known)} of {len(known)} devices meet the figure, {len(each) - len(known)} not judged"
            )
    return "\n".join(lines)
