"""The draft certificate (证书草案) as a page in either language and as PDF in both."""

from __future__ import annotations

import html as markup
import io
import tomllib
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

FONT = "STSong-Light"
WORDS: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
STYLE = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1b2733;
background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #cfd8e0}
table{border-collapse:collapse;width:100%}
td,th{padding:.25rem .5rem;border-bottom:1px solid #e3e9ee;text-align:left;vertical-align:top}
.draft{background:#fff4d6;padding:.5rem 1rem;border-left:4px solid #d59f00}
.pass,.met{color:#0a6b3d}.fail,.unmet{color:#b3261e;font-weight:600}.invalid{color:#7a5b00}code{word-break:break-all}
"""


def element(name: str, lang: str) -> str:
    """Return an element of the operational design domain in words; itself where there are none."""
    return WORDS[lang].get(f"domain-{name}", markup.escape(name))


def facts(told: dict[str, Any], lang: str) -> list[tuple[str, str]]:
    """Return the head of the certificate as (word, value)."""
    words, vehicle = WORDS[lang], told["vehicle"] or {}
    rows = [(words[key], str(vehicle.get(key) or words["none"])) for key in ("vin", "maker", "model", "owner")]
    rows += [
        (words[key], str(told[key] or words["none"])) for key in ("software", "driver", "profile", "platform", "day")
    ]
    counts = ", ".join(f"{words[key]} {told[key]}" for key in ("passed", "failed", "invalid"))
    return [*rows, (words["cases"], f"{told['cases']}: {counts}"), (words["digest"], told["digest"])]


def html(told: dict[str, Any], lang: str) -> str:
    """Return the certificate as one page that needs nothing else."""
    words = WORDS[lang]

    def table(head: list[str], rows: list[list[str]]) -> str:
        top = "".join(f"<th>{markup.escape(cell)}</th>" for cell in head)
        return f"<table><tr>{top}</tr>{''.join('<tr>' + ''.join(row) + '</tr>' for row in rows)}</table>"

    def cell(text: object, of: str = "") -> str:
        return f'<td class="{of}">{markup.escape(str(text))}</td>' if of else f"<td>{markup.escape(str(text))}</td>"

    items = [
        [cell(one["id"]), cell(one[lang]), cell(f"{one['document']}, {one['clause']}"), cell(words[one["limits"]]),
         cell(f"{one['passed']}/{one['cases']}"), cell(words[one["outcome"]], one["outcome"])] for one in told["items"]
    ]  # fmt: skip
    stages = []
    for stage in told["stages"]:
        state = "met" if stage["met"] else "unmet"
        rows = "<br>".join(f"{'✓' if row['met'] else '✗'} {markup.escape(row[lang])}" for row in stage["conditions"])
        stages.append([cell(stage[lang]), f"<td>{rows}</td>", cell(words[state], state)])
    scores = [
        [cell(one["sheet"]), cell(f"{one['passed']}/{one['items']}"), cell(one["score"])] for one in told["score"]
    ]
    domain = [[cell(element(one["element"], lang)), cell(f"{one['passed']}/{one['items']}")] for one in told["domain"]]
    columns = ["", *(words[key] for key in ("item", "clause", "limits", "cases", "outcome"))]
    head = [[cell(word), cell(value)] for word, value in facts(told, lang)]
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{words['title']}</title><style>{STYLE}</style><h1>{words['title']}</h1><p class=draft>{words['draft']}</p>"
        f"{table([words['vehicle'], ''], head)}<h2>{words['score']}</h2>{table(['', words['passed'], words['score']], scores)}"
        f"<h2>{words['stages']}</h2>{table(['', '', ''], stages)}"
        f"<h2>{words['domain']}</h2>{table([words['element'], words['passed']], domain)}"
        f"<h2>{words['items']}</h2>{table(columns, items)}"
        f"<h2>{words['evidence']}</h2><p>{words['sealed']}</p></html>"
    )


def pdf(told: dict[str, Any]) -> bytes:
    """Return the certificate as PDF: Chinese, then English."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    text = ParagraphStyle("text", fontName=FONT, fontSize=8.5, leading=12, wordWrap="CJK")
    large = ParagraphStyle("large", parent=text, fontSize=15, leading=22)
    middle = ParagraphStyle("middle", parent=text, fontSize=11, leading=18)
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.25, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    story: list[Any] = []
    for number, lang in enumerate(("zh", "en")):
        words = WORDS[lang]

        def line(value: object) -> Paragraph:
            return Paragraph(markup.escape(str(value)), text)

        if number:
            story.append(PageBreak())
        story += [Paragraph(words["title"], large), Paragraph(words["draft"], text), Spacer(1, 4 * mm)]
        head = [[line(a), line(b)] for a, b in facts(told, lang)]
        story += [Table(head, colWidths=[40 * mm, 130 * mm], style=grid), Paragraph(words["stages"], middle)]
        stages = []
        for stage in told["stages"]:
            rows = [line(f"{'[x]' if row['met'] else '[ ]'} {row[lang]}") for row in stage["conditions"]]
            stages.append([line(stage[lang]), rows, line(words["met" if stage["met"] else "unmet"])])
        story += [Table(stages, colWidths=[32 * mm, 113 * mm, 25 * mm], style=grid), Paragraph(words["items"], middle)]
        items = [
            [line(one["id"]), line(one[lang]), line(words[one["limits"]]), line(f"{one['passed']}/{one['cases']}"),
             line(words[one["outcome"]])] for one in told["items"]
        ]  # fmt: skip
        story += [Table(items, colWidths=[34 * mm, 78 * mm, 22 * mm, 16 * mm, 20 * mm], style=grid, repeatRows=0)]
        story += [Spacer(1, 4 * mm), Paragraph(words["sealed"], text)]
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=A4, title=WORDS["en"]["title"], margins=18 * mm, invariant=1).build(story)
    return out.getvalue()
