"""A case as a picture (SVG): from above at the moment that decided it, and everybody's speed over time."""

from __future__ import annotations

import html as markup
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDE, TALL, LEFT = 940.0, 240.0, 44.0
AROUND_M = 62.0
"""What is shown of the road before and behind the one under test."""
PLOT_TALL, BETWEEN = 140.0, 54.0
COLOURS = ("#0b62a8", "#b3261e", "#7a5b00", "#0a6b3d", "#6a3fa0", "#444")
SAID = {
    "zh": ("俯视，第 {t:.1f} 秒", "车速（km/h）", "时间（s）"),
    "en": ("from above at {t:.1f} s", "speed (km/h)", "time (s)"),
}
Rows = NDArray[np.void]


def picture(case: dict[str, Any], rows: Rows, lang: str) -> str:
    """Return a case as SVG; the one under test is its first participant and drives to the right."""
    if not len(rows):
        return ""
    when = _moment(case, rows)
    by = [rows[rows["actor"] == number] for number in range(len(case["actors"]))]
    parts = [
        f'<svg viewBox="0 0 {WIDE:.0f} {TALL + BETWEEN + PLOT_TALL + 56:.0f}" font-family="sans-serif" font-size="12">',
        *_above(case, by, when, SAID[lang][0].format(t=when)), *_speeds(case, by, when, SAID[lang]), *_legend(case, by),
    ]  # fmt: skip
    return "".join([*parts, "</svg>"])


def _moment(case: dict[str, Any], rows: Rows) -> float:
    """Return when the first rule was broken, or the end."""
    told = [rule["at_s"] for rule in case["rules"] if rule["outcome"] == "fail" and rule.get("at_s") is not None]
    last = float(rows["t_s"].max())
    return min(float(told[0]), last) if told else last


def _above(case: dict[str, Any], by: list[Rows], when: float, said: str) -> list[str]:
    own = by[0][min(int(np.searchsorted(by[0]["t_s"], when - 1e-6)), len(by[0]) - 1)]
    c, s = math.cos(own["h_rad"]), math.sin(own["h_rad"])
    scale = (WIDE - 2) / (2 * AROUND_M)

    def on(x: float, y: float) -> tuple[float, float]:
        dx, dy = x - float(own["x_m"]), y - float(own["y_m"])
        return WIDE / 2 + (dx * c + dy * s) * scale, TALL / 2 - (-dx * s + dy * c) * scale

    def line(points: list[tuple[float, float]], colour: str, width: float, dashes: str = "") -> str:
        way = " ".join(f"{a:.1f},{b:.1f}" for a, b in (on(x, y) for x, y in points))
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        return f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'

    clip = f"above-{case['case'].replace('/', '-')}"
    parts = [
        f'<clipPath id="{clip}"><rect width="{WIDE:.0f}" height="{TALL:.0f}"/></clipPath><g clip-path="url(#{clip})">'
    ]
    parts += [line(of, "#9fb0bd", 1.2) for of in case.get("lines", [])]
    for number, (actor, of) in enumerate(zip(case["actors"], by, strict=True)):
        past = of[of["t_s"] <= when + 1e-6]
        if not len(past):
            continue
        colour = COLOURS[number % len(COLOURS)]
        trail = past[:: max(len(past) // 200, 1)]
        parts.append(line(list(zip(trail["x_m"].tolist(), trail["y_m"].tolist(), strict=True)), colour, 1.2, "4 3"))
        at = past[-1]
        if float(at["t_s"]) < when - 0.15:
            continue  # it has left
        x, y = on(float(at["x_m"]), float(at["y_m"]))
        turn = -math.degrees(float(at["h_rad"]) - float(own["h_rad"]))
        long, wide = actor["length_m"] * scale, max(actor["width_m"] * scale, 3.0)
        begin = (actor["ahead_m"] - actor["length_m"] / 2) * scale
        parts.append(
            f'<g class="who" transform="translate({x:.1f} {y:.1f})"><rect transform="rotate({turn:.1f})" x="{begin:.1f}" '
            f'y="{-wide / 2:.1f}" width="{long:.1f}" height="{wide:.1f}" rx="2" fill="{colour}" opacity=".85"/></g>'
        )
    parts.append(f'</g><text x="8" y="16" fill="#38444f">{said}</text>')
    ten = 10 * scale
    parts.append(
        f'<g stroke="#38444f"><path d="M{WIDE - 20 - ten:.1f} {TALL - 12}h{ten:.1f}m0 -4v8m{-ten:.1f} 0v-8"/></g>'
        f'<text x="{WIDE - 20 - ten / 2:.1f}" y="{TALL - 18:.0f}" text-anchor="middle" fill="#38444f">10 m</text>'
    )
    return parts


def _step(most: float, parts: int) -> float:
    """Return an even step that divides ``most`` into about so many parts."""
    return next((step for step in (1, 2, 5, 10, 20, 50, 100) if most / step <= parts), 100.0)


def _speeds(case: dict[str, Any], by: list[Rows], when: float, said: tuple[str, str, str]) -> list[str]:
    longest = max(float(of["t_s"].max()) for of in by if len(of)) or 1.0
    fastest = max(max(float(of["v_mps"].max()) for of in by if len(of)) * 3.6, 10.0)
    top, floor = TALL + BETWEEN, TALL + BETWEEN + PLOT_TALL
    across, up = (WIDE - LEFT - 12) / longest, PLOT_TALL / fastest
    parts = [f'<g stroke="#d4dde4"><path d="M{LEFT} {top}V{floor}H{WIDE - 12}" fill="none" stroke="#8796a3"/>']
    speeds = np.arange(0, fastest + 0.1, _step(fastest, 5))
    times = np.arange(0, longest + 0.1, _step(longest, 12))
    parts += [f'<path d="M{LEFT} {floor - v * up:.1f}H{WIDE - 12}"/>' for v in speeds]
    parts.append('</g><g fill="#38444f">')
    parts += [f'<text x="{LEFT - 6}" y="{floor - v * up + 4:.1f}" text-anchor="end">{v:.0f}</text>' for v in speeds]
    parts += [f'<text x="{LEFT + t * across:.1f}" y="{floor + 16}" text-anchor="middle">{t:.0f}</text>' for t in times]
    parts.append(f'<text x="8" y="{top - 14}">{said[1]}</text>')
    parts.append(f'<text x="{WIDE - 12}" y="{floor + 32}" text-anchor="end">{said[2]}</text></g>')
    for number, of in enumerate(by):
        way = " ".join(
            f"{LEFT + t * across:.1f},{floor - v * 3.6 * up:.1f}"
            for t, v in zip(of["t_s"].tolist(), of["v_mps"].tolist(), strict=True)
        )
        parts.append(
            f'<polyline points="{way}" fill="none" stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="1.6"/>'
        )
    x = LEFT + when * across
    parts.append(f'<path d="M{x:.1f} {top}V{floor}" stroke="#b3261e" stroke-dasharray="3 3"/>')
    return parts


def _legend(case: dict[str, Any], by: list[Rows]) -> list[str]:
    y = TALL + BETWEEN + PLOT_TALL + 46
    parts, x = [], LEFT
    for number, (actor, of) in enumerate(zip(case["actors"], by, strict=True)):
        if not len(of):
            continue
        colour = COLOURS[number % len(COLOURS)]
        parts.append(
            f'<rect x="{x:.0f}" y="{y - 10:.0f}" width="12" height="12" rx="2" fill="{colour}"/>'
            f'<text x="{x + 17:.0f}" y="{y:.0f}" fill="#1b2733">{markup.escape(actor["name"])}</text>'
        )
        x += 40 + 8 * len(actor["name"])
    return parts
