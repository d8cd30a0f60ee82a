"""Rules that a drive on a road is asked beside those of the catalogue: its lane's direction, the road's edge, red lights."""

from __future__ import annotations

import math

import numpy as np

from jinyun.trial.recorded.ground import Under
from jinyun.trial.recorded.table import StopLine
from jinyun.trial.verdict.evidence import Evidence, Judged, judged

AGAINST = -0.5
"""Cosine below which one drives against a lane: 120 degrees and more."""
HELD_S = 1.0
"""So long something must last: places and borders are known to some decimetres."""
MOVING_MPS = 0.5
RIGHT_RAD = math.radians(35.0)
TURN_S = 15.0
"""Within this time one who may turn right at red has turned by 35 degrees."""


def _held(of: np.ndarray[tuple[int], np.dtype[np.bool_]], dt: float) -> int | None:
    """Return the first step of a spell of at least ``HELD_S``."""
    run = 0
    for step, true in enumerate(of.tolist()):
        run = run + 1 if true else 0
        if run * dt >= HELD_S - 1e-9:
            return step - run + 1
    return None


def wrong_way(run: Evidence, under: Under) -> Judged:
    """It does not drive against its lane's direction for a second or more, outside junctions."""
    against = np.nan_to_num(under.along, nan=1.0) < AGAINST
    step = _held(against & (run.v > MOVING_MPS), run.tracks.dt)
    if not np.isfinite(under.along).any():
        return judged("wrong_way", None, math.nan, 0, "", math.nan, [], "不在道路上", "it is on no road")
    if step is None:
        return judged("wrong_way", True, 0, 0, "s", math.nan, [], "未逆行", "did not drive against the traffic")
    seconds = float((against & (run.v > MOVING_MPS)).sum() * run.tracks.dt)
    return judged("wrong_way", False, seconds, 0, "s", float(run.t[step]), run.rows([step]),
                  f"逆行 {seconds:.1f} s", f"drove against the traffic for {seconds:.1f} s")  # fmt: skip


def on_road(run: Evidence, under: Under) -> Judged:
    """The middle of its box stays on lanes that are driven or in junctions."""
    off = ~under.on & np.isfinite(run.tracks.own.x)
    step = _held(off, run.tracks.dt)
    seconds = float(off.sum() * run.tracks.dt)
    if step is None:
        return judged("on_road", True, seconds, 0, "s", math.nan, [], "未驶出车道", "stayed on the lanes")
    return judged("on_road", False, seconds, 0, "s", float(run.t[step]), run.rows([step]),
                  f"驶出车道 {seconds:.1f} s", f"was off the lanes for {seconds:.1f} s")  # fmt: skip


def speed_known(run: Evidence, over_kmh: float) -> Judged:
    """It is never faster than the limit where that is known, by more than ``over_kmh``."""
    over = (run.v - run.limit()) * 3.6
    if not np.isfinite(over).any():
        return judged("speed_limit", None, math.nan, over_kmh, "km/h", math.nan, [], "限速未知", "no limit is known")
    step = int(np.nanargmax(over))
    value, share = float(over[step]), float(np.isfinite(over).mean() * 100)
    return judged("speed_limit", value <= over_kmh, value, over_kmh, "km/h", float(run.t[step]), run.rows([step]),
                  f"最多超速 {max(value, 0):.1f} km/h（限速已知 {share:.0f}%）",
                  f"at most {max(value, 0):.1f} km/h over the limit (known for {share:.0f} %)")  # fmt: skip


def red_lights(run: Evidence, lines: list[tuple[StopLine, bool]]) -> Judged:
    """Its front crosses no stop line while the line's signal is red; who may turn right at red and does is let go."""
    own = run.tracks.own
    ahead = own.entity.length_m / 2
    x, y = own.x + ahead * np.cos(own.h), own.y + ahead * np.sin(own.h)
    known = {id for _, id, _ in run.played.signals}
    crossed = 0
    for line, right in lines:
        if line.signal not in known:
            continue
        c, s = math.cos(line.h_rad), math.sin(line.h_rad)
        along, aside = (x - line.x_m) * c + (y - line.y_m) * s, -(x - line.x_m) * s + (y - line.y_m) * c
        over = (along[:-1] <= 0) & (along[1:] > 0) & (np.abs(aside[1:]) <= line.width_m / 2)
        over &= (np.cos(own.h[1:] - line.h_rad) > 0.7) & (np.abs(along[1:]) < 10)
        for step in (np.flatnonzero(over) + 1).tolist():
            crossed += 1
            if str(run.light(line.signal)[step]) != "red":
                continue
            later = own.h[step : step + round(TURN_S / run.tracks.dt)] - own.h[step]
            if right and float(np.nanmin(later)) < -RIGHT_RAD:
                continue
            t = float(run.t[step])
            return judged("red_light", False, float(run.v[step]), 0, "m/s", t, run.rows([step]),
                          f"{t:.1f} 秒红灯越过停止线（{line.signal}）",
                          f"crossed the line of {line.signal} at {t:.1f} s at red")  # fmt: skip
    if not known or not lines:
        return judged(
            "red_light", None, math.nan, 0, "", math.nan, [], "记录无信号灯或停止线", "no lights or lines recorded"
        )
    return judged("red_light", True, crossed, 0, "", math.nan, [], f"越过停止线 {crossed} 次，均非红灯",
                  f"crossed {crossed} lines, none at red")  # fmt: skip
