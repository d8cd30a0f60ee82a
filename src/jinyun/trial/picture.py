"""Pictures as SVG: which cut-ins who avoids, and a run's speeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jinyun.trial.driver.competent import MODELS
from jinyun.trial.driver.cutin import human_needs_m, outcomes

CLOSING_MPS = np.linspace(1.0, 16.0, 31)
GAP_M = np.linspace(1.0, 60.0, 60)
INWARDS_MPS = 1.2
CELL, LEFT, TOP = 6, 60, 40
NAMES = {"careful_human": "谨慎驾驶人 careful human", "reg157": "Reg157", "rss": "RSS", "fsm": "FSM"}
AVOIDED, STRUCK, NAMED = "#cfe8d6", "#e8a29b", "#1b2733"


def cut_in_map(numbers: Mapping[str, float], v_mps: float) -> tuple[str, dict[str, Any]]:
    """Return the map of avoidable and unavoidable cut-ins as SVG, and what it shows as numbers.

    Across: the gap when the cut-in begins; upwards: by how much the other is slower. The line is the careful human's edge
    in closed form. Simulated.
    """
    gap, closing = np.meshgrid(GAP_M, CLOSING_MPS)
    width, height = len(GAP_M) * CELL, len(CLOSING_MPS) * CELL
    parts, told = [], {}
    for number, model in enumerate(MODELS):
        contact = outcomes(
            model, np.full(gap.shape, v_mps), np.maximum(v_mps - closing, 0.0), gap, INWARDS_MPS, numbers
        ).contact
        told[model] = {"unavoidable": int(contact.sum()), "of": int(contact.size)}
        x0, y0 = LEFT + (number % 2) * (width + 70), TOP + (number // 2) * (height + 80)
        parts.append(
            f'<text x="{x0}" y="{y0 - 10}" font-size="14">{NAMES[model]}: {contact.sum()}/{contact.size}</text>'
        )
        parts.append(f'<rect x="{x0}" y="{y0}" width="{width}" height="{height}" fill="{AVOIDED}"/>')
        for row, column in np.argwhere(contact).tolist():
            y = y0 + height - (row + 1) * CELL
            parts.append(f'<rect x="{x0 + column * CELL}" y="{y}" width="{CELL}" height="{CELL}" fill="{STRUCK}"/>')
        line = " ".join(
            f"{x0 + (human_needs_m(float(c), INWARDS_MPS, numbers) - GAP_M[0]) / (GAP_M[1] - GAP_M[0]) * CELL + CELL / 2:.1f},"
            f"{y0 + height - (k + 0.5) * CELL:.1f}"
            for k, c in enumerate(CLOSING_MPS) if human_needs_m(float(c), INWARDS_MPS, numbers) <= GAP_M[-1]
        )  # fmt: skip
        parts.append(f'<polyline points="{line}" fill="none" stroke="{NAMED}" stroke-width="1.5"/>')
        for metres in range(10, 61, 10):
            x = x0 + (metres - GAP_M[0]) / (GAP_M[1] - GAP_M[0]) * CELL + CELL / 2
            parts.append(f'<text x="{x:.0f}" y="{y0 + height + 14}" text-anchor="middle">{metres}</text>')
        for speed in (4, 8, 12, 16):
            y = y0 + height - ((speed - CLOSING_MPS[0]) / (CLOSING_MPS[1] - CLOSING_MPS[0]) + 0.5) * CELL
            parts.append(f'<text x="{x0 - 6}" y="{y + 4:.0f}" text-anchor="end">{speed}</text>')
        parts.append(
            f'<text x="{x0 + width / 2}" y="{y0 + height + 30}" text-anchor="middle">切入时间距 gap [m]</text>'
        )
        middle = y0 + height / 2
        turned = f'text-anchor="middle" transform="rotate(-90 {x0 - 34} {middle})"'
        parts.append(f'<text x="{x0 - 34}" y="{middle}" {turned}>速度差 closing [m/s]</text>')
    whole_w, whole_h = 2 * (width + 70) + LEFT, 2 * (height + 80) + TOP + 20
    legend = (
        f'<text x="{LEFT}" y="{whole_h - 12}">仿真 simulated · {v_mps * 3.6:.0f} km/h · 红 red: 不可避免 unavoidable · '
        f"绿 green: 可避免 avoidable · 线 line: 谨慎驾驶人解析边界 the careful human in closed form</text>"
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole_w} {whole_h}" '
        f'font-family="sans-serif" font-size="11" fill="{NAMED}">'
        f'<rect width="{whole_w}" height="{whole_h}" fill="#fff"/>{"".join(parts)}{legend}</svg>'
    )
    return svg, {"speed_mps": v_mps, "inwards_mps": INWARDS_MPS, "models": told, "simulated": True}
