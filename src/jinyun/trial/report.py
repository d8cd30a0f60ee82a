"""The report of a run as one page that needs nothing else: what was not passed first, all items by sheet, pictures."""

from __future__ import annotations

import html as markup
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinyun.trial import record
from jinyun.trial.catalogue.items import load
from jinyun.trial.scene import picture
from jinyun.trial.verdict import item as verdicts
from jinyun.trial.verdict.certificate import STYLE, WORDS, element

MOST_PICTURES = 60
STYLE_HERE = """
.wide{overflow-x:auto}.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.6rem;margin:1rem 0}
.facts div{background:#f4f7f9;padding:.5rem .8rem;border-radius:.4rem}.facts small{display:block;color:#52616e}
.facts b{font-size:1.15rem;overflow-wrap:anywhere}.bar{display:inline-block;height:.6rem;background:#dbe3ea;width:12rem;
border-radius:.3rem;overflow:hidden;vertical-align:middle}.bar i{display:block;height:100%;background:#0a6b3d}
td.id,td.fig,td.pass,td.fail,td.invalid{white-space:nowrap}td.fig{text-align:right;font-variant-numeric:tabular-nums}
td.name{min-width:11rem}td.why{min-width:14rem;color:#38444f}h3{font-size:1rem;margin:1.6rem 0 .3rem}.soft{color:#52616e}
figure{margin:1rem 0 2rem;break-inside:avoid}figcaption{margin-bottom:.3rem}svg{max-width:100%;height:auto;background:#f7f9fb}
ul.not{padding-left:1.2rem}
"""


def html(folder: Path, lang: str) -> str:
    """Return the page of a finished run."""
    summary, words = record.get(folder / "summary.json"), WORDS[lang]
    sheets = {item.sheet.id: item.sheet for item in load().values()}
    items: list[dict[str, Any]] = summary["items"]
    missed = [told for told in items if told["outcome"] != "pass"]
    shown = {told["id"] for told in [told for told in missed if told["shown"]][:MOST_PICTURES]}
    parts = [
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{words['report']}</title><style>{STYLE}{STYLE_HERE}</style>",
        f"<h1>{words['report']}</h1><p class=draft>{words['simulated']}</p>{_facts(summary, words)}",
        f"<h2>{words['not_passed']}</h2>",
    ]
    if missed:
        rows = (_missed(told, lang, words, told["id"] in shown) for told in missed)
        parts.append(f"<ul class=not>{''.join(rows)}</ul>")
    else:
        parts.append(f"<p>{words['all_passed']}</p>")
    parts.append(f"<h2>{words['score']}</h2><div class=wide><table>")
    for of in verdicts.score(items):
        title = getattr(sheets.get(of["sheet"]), lang, of["sheet"])
        parts.append(
            f"<tr><td>{markup.escape(title)}</td><td class=fig>{of['passed']}/{of['items']}</td>"
            f"<td><span class=bar><i style='width:{of['score']:.0f}%'></i></span> {of['score']}</td></tr>"
        )
    parts.append(f"</table></div><h2>{words['domain']}</h2><div class=wide><table>")
    for of in summary["domain"]:
        share = 100 * of["passed"] / of["items"]
        parts.append(
            f"<tr><td>{element(of['element'], lang)}</td><td class=fig>{of['passed']}/{of['items']}</td>"
            f"<td><span class=bar><i style='width:{share:.0f}%'></i></span></td></tr>"
        )
    parts.append(f"</table></div><h2>{words['items']}</h2>")
    for sheet in dict.fromkeys(told["sheet"] for told in items):
        title, note = getattr(sheets.get(sheet), lang, sheet), getattr(sheets.get(sheet), f"note_{lang}", "")
        parts.append(f"<h3>{markup.escape(title)}</h3><p class=soft>{markup.escape(note)}</p>")
        parts.append(_table((told for told in items if told["sheet"] == sheet), lang, words, shown))
    if shown:
        parts.append(f"<h2>{words['pictures']}</h2>")
    for told in missed:
        if told["id"] in shown:
            parts.append(_figure(folder, told, lang))
    parts.append("</html>")
    return "".join(parts)


def _facts(summary: dict[str, Any], words: dict[str, str]) -> str:
    facts = (
        (words["driver"], f"{summary['driver']} {summary['version']}"), (words["profile"], summary["profile"]),
        (words["cases"], summary["cases"]), (words["passed"], summary["passed"]), (words["failed"], summary["failed"]),
        (words["invalid"], summary["invalid"]), (words["played_for"], f"{summary['simulated_seconds'] / 3600:.1f} h"),
        (words["took"], f"{summary['seconds']:.0f} s"), (words["digest"], summary["deterministic_digest"][:16]),
    )  # fmt: skip
    cells = (f"<div><small>{word}</small><b>{markup.escape(str(value))}</b></div>" for word, value in facts)
    return f"<div class=facts>{''.join(cells)}</div>"


def _missed(told: dict[str, Any], lang: str, words: dict[str, str], linked: bool) -> str:
    why = "；" if lang == "zh" else "; "
    reasons = markup.escape(why.join(rule[lang] for rule in told["why"][:2]))
    name = f"{told['id']} {markup.escape(told[lang])}"
    link = f'<a href="#{told["id"]}">{name}</a>' if linked else name
    counts = f"{told['passed']}/{told['cases']}"
    return f"<li><span class={told['outcome']}>{words[told['outcome']]}</span> {link} ({counts}) {reasons}</li>"


def _table(rows: Iterable[dict[str, Any]], lang: str, words: dict[str, str], shown: set[str]) -> str:
    heads = "".join(f"<th>{words[key]}</th>" for key in ("item", "name", "clause", "limits", "cases", "outcome", "why"))
    parts = [f"<div class=wide><table><tr>{heads}</tr>"]
    for told in rows:
        id = f'<a href="#{told["id"]}">{told["id"]}</a>' if told["id"] in shown else told["id"]
        why = "<br>".join(markup.escape(rule[lang]) for rule in told["why"][:3])
        parts.append(
            f"<tr><td class=id>{id}</td><td class=name>{markup.escape(told[lang])}</td>"
            f"<td class=id>{markup.escape(told['clause'])}</td><td class=id>{words[told['limits']]}</td>"
            f"<td class=fig>{told['passed']}/{told['cases']}</td>"
            f"<td class={told['outcome']}>{words[told['outcome']]}</td><td class=why>{why}</td></tr>"
        )
    return "".join([*parts, "</table></div>"])


def _figure(folder: Path, told: dict[str, Any], lang: str) -> str:
    case = record.get(record.stem(folder, told["shown"]).with_suffix(".json"))
    values = " · ".join(f"{key} {value:g}" for key, value in case["values"].items())
    head = f'<h3 id="{told["id"]}">{told["shown"]} · {markup.escape(told[lang])}</h3>'
    if case.get("error"):
        return f"{head}<p>{markup.escape(case['error'])}</p>"
    why = "<br>".join(markup.escape(rule[lang]) for rule in case["rules"] if rule["outcome"] != "pass")
    caption = f"<figcaption><span class=soft>{markup.escape(values)}</span><br>{why}</figcaption>"
    return f"{head}<figure>{caption}{picture(case, record.rows(folder, case['case']), lang)}</figure>"
