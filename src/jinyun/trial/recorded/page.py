"""A judged drive as one page that needs nothing else."""

from __future__ import annotations

import html as markup
from collections.abc import Sequence
from typing import Any

from jinyun.trial.recorded.judging import Verdict
from jinyun.trial.report import STYLE_HERE
from jinyun.trial.scene import picture
from jinyun.trial.verdict.certificate import STYLE, WORDS

Lines = Sequence[Sequence[tuple[float, float]]]
"""Polylines in the record's metres."""


def html(verdict: Verdict, lang: str, borders: Lines = ()) -> str:
    """Return the page of a judged drive; ``borders`` are those of the lanes, for the picture."""
    words, told = WORDS[lang], verdict.told()
    label = {None: "recorded_unknown", True: "recorded_simulated", False: "recorded_real"}[told["simulated"]]
    facts = (
        (words["recorded_of"], told["own"]), (words["item"], told["item"] or words["recorded_road"]),
        (words["outcome"], words[told["outcome"]]), (words["score"], "-" if told["score"] is None else f"{told['score']}"),
        (words["played_for_record"], f"{told['seconds']:.1f} s, {told['km']:.3f} km"),
        (words["participants"], told["participants"]),
    )  # fmt: skip
    cells = "".join(f"<div><small>{word}</small><b>{markup.escape(str(value))}</b></div>" for word, value in facts)
    parts = [
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{words['recorded']}</title><style>{STYLE}{STYLE_HERE}</style><h1>{words['recorded']}</h1>",
        f"<p class=draft>{words[label]}</p><div class=facts>{cells}</div>",
        f"<h2>{words['rules']}</h2><div class=wide><table>",
        *(_row(rule, lang, words) for rule in (*told["rules"], *told["not_judged"])), "</table></div>",
    ]  # fmt: skip
    if told["gaps"] or told["notes"]:
        gaps = [f"{at:.1f} s: {words['silent_for']} {seconds:.1f} s" for at, seconds in told["gaps"]]
        lines = "".join(f"<li>{markup.escape(line)}</li>" for line in (*gaps, *(note[lang] for note in told["notes"])))
        parts.append(f"<h2>{words['notes']}</h2><ul>{lines}</ul>")
    parts += [
        f"<h2>{words['measures']}</h2><div class=wide><table>",
        *(_measure(one, words) for one in told["measures"]),
    ]
    parts.append(f"</table></div><h2>{words['picture']}</h2>{_picture(verdict, told, lang, borders)}</html>")
    return "".join(parts)


def _row(rule: dict[str, Any], lang: str, words: dict[str, str]) -> str:
    outcome = "not_judged" if rule["outcome"] == "invalid" else rule["outcome"]
    at = "" if rule["at_s"] is None else f"{rule['at_s']:.1f} s"
    name = words.get(f"rule-{rule['rule']}", rule["rule"])
    return (
        f"<tr><td class=name>{name}</td><td class={rule['outcome']}>{words[outcome]}</td>"
        f"<td class=fig>{at}</td><td class=why>{markup.escape(rule[lang])}</td></tr>"
    )


def _measure(one: dict[str, Any], words: dict[str, str]) -> str:
    value = f"{one['value']:.3f} {one['unit']}" if one["valid"] and one["value"] is not None else words["not_measured"]
    at = "" if one["at_s"] is None else f"{one['at_s']:.1f} s"
    about = markup.escape(str(one["about"]))
    name = words.get(f"measure-{one['name']}", one["name"])
    return f"<tr><td>{name}</td><td class=fig>{value}</td><td class=fig>{at}</td><td>{about}</td></tr>"


def _picture(verdict: Verdict, told: dict[str, Any], lang: str, borders: Lines) -> str:
    """Return the picture of a drive's moment; of a long one only who comes near is named."""
    near = {one["about"] for one in told["measures"]} | {told["own"]}
    entities = verdict.drive.played.entities
    kept = [k for k, one in enumerate(entities) if one.name in near]
    rows = verdict.drive.played.rows
    rows = rows[[int(actor) in kept for actor in rows["actor"]]].copy()
    rows["actor"] = [kept.index(int(actor)) for actor in rows["actor"]]
    case = {
        "case": told["record"], "rules": told["rules"], "lines": [list(line) for line in borders],
        "actors": [
            {"name": of.name, "length_m": of.length_m, "width_m": of.width_m, "ahead_m": of.centre_x_m}
            for of in (entities[k] for k in kept)
        ],
    }  # fmt: skip
    return f"<figure>{picture(case, rows, lang)}</figure>"
