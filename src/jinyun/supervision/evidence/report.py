"""The report of an event (事件报告): one page of HTML in Chinese or English, and one PDF in both."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from jinyun.cloud import findings
from jinyun.supervision import kinds
from jinyun.supervision.evidence.sheet import LIGHTS, Scene

PARTICIPANTS = {
    "zh": {"motor": "机动车", "non-motor": "非机动车", "pedestrian": "行人", "rsu": "路侧单元", "unknown": "未知"},
    "en": {"motor": "motor vehicle", "non-motor": "non-motor vehicle", "rsu": "roadside unit"},
}  # fmt: skip
"""What kinds of participants are called."""
WORDS = {
    "zh": {
        "simulated": "本事件由仿真产生，非真实道路数据",
        "when": "时间", "where": "地点", "map": "地图版本", "covers": "记录范围",
        "pictures": "现场图", "who": "参与者", "timeline": "时间线", "proof": "校验：在本目录运行 python3 verify.py",
        "columns": ("目标", "类型", "车辆", "速度 m/s", "航向 °", "距离 m"), "rows": ("相对时间 s", "事项", "来源", "内容"),
        "sent": "下发", "short": "事件前记录不足", "gaps": "记录缺口",
        "note": "本报告依据平台融合结果，是待核查的线索，不是责任认定",
    },
    "en": {
        "simulated": "This event comes from a simulated street: no real road's data", "when": "Time", "where": "Place",
        "map": "Map revision", "covers": "Recorded", "pictures": "Pictures", "who": "Participants", "timeline": "Timeline",
        "proof": "To prove it: python3 verify.py in this folder",
        "columns": ("track", "kind", "vehicle", "speed m/s", "heading °", "distance m"),
        "rows": ("at s", "what", "who", "text"),
        "sent": "sent down", "short": "less than asked before the event", "gaps": "gaps in the record",
        "note": "Made of what the platform believed: something to be looked at, no finding of liability",
    },
}  # fmt: skip
STYLE = (
    'body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1d211c}'
    "h1{font-size:1.5rem}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    ".sheet{display:grid;grid-template-columns:repeat(3,1fr);gap:.75rem}figure{margin:0}svg{width:100%}"
    ".marked{color:#a02c08;font-weight:600}.warn{background:#fff3cd;padding:.5rem .75rem}"
)
SHOWN = 200


def at_text(t_us: int) -> str:
    """Return an instant to the millisecond, in UTC."""
    return datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"


def what_text(what: str, language: str) -> str:
    """Return what a row of the timeline is called: a kind of event, a finding's rule, or something sent down."""
    if what in kinds.KINDS:
        return kinds.of(what)[0 if language == "zh" else 1]
    return str(WORDS[language]["sent"]) if what == "sent" else findings.name(what)[language]


def covers_text(facts: dict[str, Any]) -> str:
    """Return how much is recorded around the event."""
    cover = facts["coverage"]
    return f"−{cover['before_s']:.1f} s … +{cover['after_s']:.1f} s, {cover['frames']} × 10 Hz"


def as_html(facts: dict[str, Any], scene: Scene, language: str) -> str:
    """Return the report as one page that needs nothing else."""
    words, event = WORDS[language], facts["event"]
    place = 0 if language == "zh" else 1
    title = f"{kinds.of(event['kind'])[place]} {event['id']}"
    warn = [str(words["simulated"])] if event["simulated"] else []
    if facts["coverage"]["before_s"] < facts["coverage"]["asked_before_s"]:
        warn.append(f"{words['short']}: {facts['coverage']['before_s']:.1f} s")
    if facts["gaps"]:
        warn.append(f"{words['gaps']}: {len(facts['gaps'])}")
    rows = [
        (words["when"], at_text(event["t_us"])), (words["where"], f"{event['lon']:.7f}, {event['lat']:.7f} (WGS-84)"),
        (words["map"], str(event["map_revision"])), (words["covers"], covers_text(facts)), ("", event[language]),
    ]  # fmt: skip
    pictures = "".join(
        f"<figure>{scene.svg(moment, f'{at_s:+.0f} s')}<figcaption>{at_s:+.0f} s</figcaption></figure>"
        for at_s, moment in scene.pictures
    )
    who = "".join(
        f'<tr class="{"marked" if row["involved"] else ""}"><td>{row["track"]}</td>'
        f"<td>{PARTICIPANTS[language].get(row['kind'], row['kind'])}</td>"
        f"<td>{row['vehicle']}</td><td>{row['speed_mps']}</td><td>{row['heading_deg']}</td><td>{row['distance_m']}</td></tr>"
        for row in facts["participants"]
    )
    near = sorted(facts["timeline"], key=lambda row: abs(row["at_s"]))[:SHOWN]
    what = "".join(
        f"<tr><td>{row['at_s']:+.2f}</td><td>{escape(what_text(str(row['what']), language))}</td>"
        f"<td>{escape(str(row['who']))}</td><td>{escape(str(row[language]))}</td></tr>"
        for row in sorted(near, key=lambda row: float(row["at_s"]))
    )
    heads = ["".join(f"<th>{escape(word)}</th>" for word in words[name]) for name in ("columns", "rows")]
    return (
        f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><h1>{escape(title)}</h1>"
        + "".join(f'<p class="warn">{escape(word)}</p>' for word in warn)
        + "<table>" + "".join(f"<tr><th>{escape(str(a))}</th><td>{escape(str(b))}</td></tr>" for a, b in rows) + "</table>"
        + f'<h2>{words["pictures"]}</h2><div class="sheet">{pictures}</div>'
        + f"<h2>{words['who']}</h2><table><tr>{heads[0]}</tr>{who}</table>"
        + f"<h2>{words['timeline']}</h2><table><tr>{heads[1]}</tr>{what}</table>"
        + f"<p>{words['note']}</p><p><code>{words['proof']}</code></p></html>"
    )  # fmt: skip


def as_pdf(facts: dict[str, Any], scene: Scene, path: Path) -> None:
    """Write the report as a PDF in both languages: facts and the picture sheet."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas = Canvas(str(path), pagesize=A4, invariant=True)
    event = facts["event"]
    height = A4[1]
    zh, en, _ = kinds.of(event["kind"])
    canvas.setTitle(event["id"])
    canvas.setFont("STSong-Light", 16)
    canvas.drawString(18 * mm, height - 22 * mm, f"{zh} {en}")
    canvas.setFont("STSong-Light", 9)
    lines = [event["id"], at_text(event["t_us"]), f"{event['lon']:.7f}, {event['lat']:.7f} (WGS-84)",
             f"地图版本 map {event['map_revision']}",
             f"记录范围 recorded {covers_text(facts)}", event["zh"], event["en"]]  # fmt: skip
    lines += [f"{WORDS['zh']['simulated']} · {WORDS['en']['simulated']}"] if event["simulated"] else []
    lines += [f"{WORDS['zh']['note']}", f"{WORDS['en']['note']}"]
    y = height - 30 * mm
    for line in lines:
        canvas.drawString(18 * mm, y, line[:110])
        y -= 4.6 * mm
    side = 56 * mm
    for k, (at_s, moment) in enumerate(scene.pictures):
        left, bottom = 18 * mm + (k % 3) * (side + 3 * mm), y - (1 + k // 3) * (side + 8 * mm)
        _picture(canvas, scene, moment, left, bottom, side, f"{at_s:+.0f} s")
    y -= 2 * (side + 8 * mm) + 8 * mm
    canvas.setFont("STSong-Light", 8)
    for row in facts["participants"][:14]:
        mark = "*" if row["involved"] else " "
        canvas.drawString(
            18 * mm,
            y,
            f"{mark} {row['track']}  {row['kind']}  {row['vehicle']}  {row['speed_mps']} m/s  {row['distance_m']} m",
        )
        y -= 4 * mm
    canvas.showPage()
    canvas.save()


def _picture(
    canvas: Canvas, scene: Scene, moment: dict[str, Any] | None, left: float, bottom: float, side: float, label: str
) -> None:
    canvas.saveState()
    canvas.setFillColor("#f3f4f1")
    canvas.rect(left, bottom, side, side, stroke=0, fill=1)
    clip = canvas.beginPath()
    clip.rect(left, bottom, side, side)
    canvas.clipPath(clip, stroke=0, fill=0)
    unit = side / 80

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (x + 40) * unit, bottom + (y + 40) * unit

    canvas.setStrokeColor("#ccd0c8")
    canvas.setLineWidth(3 * unit)
    for line in scene.lines:
        way = canvas.beginPath()
        way.moveTo(*at(line[0, 0] - scene.x_m, line[0, 1] - scene.y_m))
        for x, y in line[1:].tolist():
            way.lineTo(*at(x - scene.x_m, y - scene.y_m))
        canvas.drawPath(way, stroke=1, fill=0)
    for box in moment["boxes"] if moment else ():
        canvas.setFillColor("#c2300b" if int(box["id"]) in scene.event.tracks else "#45607c")
        corners = scene.outline(box)
        way = canvas.beginPath()
        way.moveTo(*at(*corners[0]))
        for corner in corners[1:]:
            way.lineTo(*at(*corner))
        way.close()
        canvas.drawPath(way, stroke=0, fill=1)
    for k, (_, _, light) in enumerate((moment["lights"] if moment else [])[:16]):
        canvas.setFillColor(LIGHTS.get(light, "#999999"))
        canvas.circle(*at(-37 + 4.5 * k, -37), 1.6 * unit, stroke=0, fill=1)
    canvas.restoreState()
    canvas.setFillColor("#222222")
    canvas.setFont("STSong-Light", 8)
    canvas.drawString(left, bottom - 4 * mm, label)
