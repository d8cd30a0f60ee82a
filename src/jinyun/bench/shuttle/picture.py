"""The picture of what the road is worth to the shuttle: each loop with its messages and without, joined by a line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

ROAD, ALONE, INK, FAINT = "#1f6fb2", "#d9822b", "#222", "#c8ccd0"
WIDE, ROW, TOP, LEFT, BETWEEN = 400, 22, 96, 96, 36


@dataclass(frozen=True, slots=True)
class _Panel:
    zh: str
    en: str
    name: str
    begin: float  # of the axis
    most: float | None  # end of the axis where it is known
    digits: int


PANELS = (
    _Panel("急制动（次/圈）", "hard brakings in a loop", "hard_brakings", 0.0, None, 0),
    _Panel("最小碰撞时间（秒）", "least time to collision, s", "least_ttc_s", 0.0, None, 1),
    _Panel("一圈用时（分钟）", "time for a loop, min", "loop_min", 0.0, None, 1),
    _Panel("舒适时间占比（%）", "time in comfort, %", "comfort", 90.0, 100.0, 1),
)


def value(loop: dict[str, Any], name: str) -> float:
    """Return what a panel shows of a loop; NaN where nothing was found."""
    if name == "comfort":
        return 100.0 * float(loop["comfortable_steps"]) / max(int(loop["moving_steps"]), 1)
    its = float(loop[name])
    return its if math.isfinite(its) else math.nan


def pairs(driven: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return (with the road, without) of the seeds that were driven both ways; usual loops first, then hard ones."""
    road, alone = ({one["seed"]: one for one in driven if one["road"] is way} for way in (True, False))
    both = sorted(road.keys() & alone.keys(), key=lambda seed: (road[seed]["hard"], seed))
    return [(road[seed], alone[seed]) for seed in both]


def svg(driven: list[dict[str, Any]]) -> str:
    """Return the picture of loops as :func:`jinyun.bench.shuttle.loops.drive` tells them; it needs nothing else."""
    rows = pairs(driven)
    hard = sum(one["hard"] for one, _ in rows)
    pitch = ROW * len(rows) + 90  # from one panel to the one below
    high = TOP + 2 * pitch - 20
    across = LEFT + 2 * (WIDE + BETWEEN) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {high}" '
        f'font-family="system-ui, sans-serif" font-size="14"><rect width="{across}" height="{high}" fill="#fff"/>',
        f'<text x="16" y="26" font-size="18" font-weight="600" fill="{INK}">智慧道路对接驳车的价值 '
        "What the smart road is worth to the shuttle</text>",
        f'<text x="16" y="50" fill="{INK}">模拟数据 simulated · {len(rows)} 对圈 pairs of loops, '
        f"其中困难 of them hard {hard}</text>",
        f'{_dot(across - 330, 45)}<text x="{across - 318}" y="50">有路侧 with the road</text>',
        f'{_ring(across - 160, 45)}<text x="{across - 148}" y="50">仅单车 without</text>',
    ]
    for k, panel in enumerate(PANELS):
        parts += _panel(panel, rows, LEFT + (k % 2) * (WIDE + BETWEEN), TOP + (k // 2) * pitch)
    return "\n".join([*parts, "</svg>"])


def _panel(
    panel: _Panel, rows: list[tuple[dict[str, Any], dict[str, Any]]], left: float, top: float
) -> list[str]:  # fmt: skip
    shown = [(value(one, panel.name), value(other, panel.name)) for one, other in rows]
    known = [its for pair in shown for its in pair if math.isfinite(its)]
    end = panel.most if panel.most is not None else _round_up(max(known, default=1.0))
    begin = min([panel.begin, *(math.floor(its) for its in known)]) if panel.begin else 0.0

    def at(its: float) -> float:
        return left + (WIDE - 20) * (its - begin) / (end - begin)

    usual = sum(not one["hard"] for one, _ in rows)
    bottom = top + 24 + ROW * len(rows) + (8 if 0 < usual < len(rows) else 0)
    parts = [f'<text x="{left}" y="{top}" font-weight="600" fill="{INK}">{panel.zh} {panel.en}</text>']
    for k in range(5):
        its = begin + (end - begin) * k / 4
        parts.append(
            f'<line x1="{at(its):.1f}" x2="{at(its):.1f}" y1="{top + 10}" y2="{bottom}" stroke="{FAINT}"/>'
            f'<text x="{at(its):.1f}" y="{bottom + 16}" font-size="12" text-anchor="middle" fill="#555">{its:g}</text>'
        )
    for k, ((one, _), (road, alone)) in enumerate(zip(rows, shown, strict=True)):
        y = top + 24 + ROW * k + (8 if one["hard"] and usual else 0)
        if left == LEFT:
            name = f"{one['seed']} {'困难 hard' if one['hard'] else '一般 usual'}"
            parts.append(f'<text x="{left - 8}" y="{y + 4}" font-size="11" text-anchor="end" fill="#555">{name}</text>')
        if math.isfinite(road) and math.isfinite(alone):
            parts.append(
                f'<line x1="{at(road):.1f}" x2="{at(alone):.1f}" y1="{y}" y2="{y}" stroke="#888" stroke-width="2"/>'
            )
        if math.isfinite(alone):
            parts.append(_ring(at(alone), y))
        if math.isfinite(road):
            parts.append(_dot(at(road), y))
    return parts


def _dot(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="{ROAD}"/>'


def _ring(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y}" r="6" fill="#fff" stroke="{ALONE}" stroke-width="2.5"/>'


def _round_up(its: float) -> float:
    """Return an end for an axis of four equal parts."""
    for step in (1, 2, 3, 4, 5, 6, 8, 10, 20, 50, 100):
        if its <= 4 * step:
            return 4.0 * step
    return its
