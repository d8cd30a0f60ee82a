"""The picture of a plan: the network by stage, and value over cost beside the baselines; SVG that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from jinyun.growth.keeping import Question
from jinyun.growth.plan import Plan

STAGE_COLOURS = ("#d1495b", "#edae49", "#2e86ab", "#7a5195", "#00798c", "#6b7b3a")
OPEN, NEVER = "#2a9d5c", "#c8ccd0"


def svg(q: Question, plan: Plan, told: dict[str, Any]) -> str:
    """Return the picture: map on the left, points of plan, bound and baselines by stage on the right."""
    west, south, east, north = q.growth.extent_m
    wide, high = east - west, north - south
    scale = 1000 / high
    width = wide * scale + 460
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} 1040" '
        'font-family="system-ui, sans-serif" font-size="16">'
        f'<rect width="{width:.0f}" height="1040" fill="#fff"/>'
    ]
    place = {int(e): i for i, e in enumerate(q.problem.segment)}
    for e in np.argsort([-int(plan.level[place[i]]) if i in place else -99 for i in range(len(q.network.segments))])[
        ::-1
    ]:
        line = q.network.shape[int(e)]
        level = int(plan.level[place[int(e)]]) if int(e) in place else -1
        colour = OPEN if level < 0 else NEVER if level >= q.problem.stages else STAGE_COLOURS[level]
        points = " ".join(f"{(x - west) * scale:.1f},{(north - y) * scale + 30:.1f}" for x, y in line)
        thick = 1.2 if level >= q.problem.stages else 3
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{thick}"/>')
    for anchor in q.growth.anchors:
        x, y = (anchor.at[0] - west) * scale, (north - anchor.at[1]) * scale + 30
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#fff" stroke="#222" stroke-width="2"/>'
                     f'<text x="{x + 9:.1f}" y="{y + 5:.1f}" stroke="#fff" stroke-width="4" paint-order="stroke">'
                     f"{escape(anchor.zh)}</text>")  # fmt: skip
    left = wide * scale + 40
    rows = [("计划 plan", [s["value"] for s in told["stages"]], "#222")]
    rows += [(name, row["stages"], "#888") for name, row in told["baselines"].items()]
    for k, stage in enumerate(told["stages"]):
        top = 60 + k * 300
        parts.append(f'<text x="{left:.0f}" y="{top}" font-weight="600">{escape(stage["zh"])} {escape(stage["en"])}: '
                     f'{stage["total_km"]:.0f} km, {stage["cost_cny"] / 1e6:.0f} M CNY</text>')  # fmt: skip
        most = stage["bound"]
        for i, (name, values, colour) in enumerate(rows):
            y = top + 20 + i * 44
            parts.append(
                f'<rect x="{left:.0f}" y="{y}" width="{380 * values[k] / most:.1f}" height="20" fill="{colour}"/>'
            )
            parts.append(f'<text x="{left:.0f}" y="{y + 36}" font-size="13">{escape(name)}: {values[k]:.1f}</text>')
        parts.append(f'<line x1="{left + 380:.0f}" x2="{left + 380:.0f}" y1="{top + 14}" y2="{top + 190}" stroke="#d1495b" '
                     f'stroke-dasharray="4 3"/><text x="{left + 380:.0f}" y="{top + 206}" text-anchor="end" font-size="13" '
                     f'fill="#d1495b">bound {most:.1f}</text>')  # fmt: skip
    label = "模拟数据 simulated data · " if told["simulated"] else ""
    parts.append(f'<text x="10" y="22">{label}{escape(told["zone"])}: {told["open_km"]:.1f} → '
                 f'{told["stages"][-1]["total_km"]:.0f} km, gap {told["gap"]:.1%}</text></svg>')  # fmt: skip
    return "\n".join(parts)
