"""Rules of conduct towards others: letting pass, room beside, time gap."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from jinyun.trial.measure import along
from jinyun.trial.measure.summary import pairwise_distance, pet
from jinyun.trial.verdict.evidence import Arguments, Evidence, Judged, judged


def lets_pass(run: Evidence, args: Arguments) -> Judged:
    """Whoever crosses is through first, at least ``pet_s`` before the one under test comes there."""
    name, limit = str(args["actor"]), float(args["pet_s"])
    met = pet(run.tracks, name)
    if math.isnan(met.pet_s):
        return judged("lets_pass", True, math.nan, limit, "s", math.nan, [], "路径未相遇", "their ways did not meet")
    step = min(int(met.arrives_s / run.tracks.dt), len(run.t) - 1)
    fine = not met.first and met.pet_s >= limit
    who = ("被测车先行", "it went first") if met.first else ("让行", "let pass")
    return judged("lets_pass", fine, met.pet_s, limit, "s", met.arrives_s, run.rows([step], name),
                  f"{who[0]}，后侵入时间 {met.pet_s:.1f} s", f"{who[1]}, post-encroachment time {met.pet_s:.1f} s")  # fmt: skip


def room_beside(run: Evidence, args: Arguments) -> Judged:
    """It leaves at least ``least_m`` to whom it passes."""
    name, limit = str(args["actor"]), float(args["least_m"])
    if name not in run.tracks.others:
        return judged("room_beside", None, math.nan, limit, "m", math.nan, [], "无此目标", "nobody of that name")
    other, own = run.tracks.others[name], run.tracks.own
    beside = np.abs(other.s - own.s) < (other.entity.length_m + own.entity.length_m) / 2
    away = np.where(beside, pairwise_distance(run.tracks, name), np.nan)
    if not np.isfinite(away).any():
        return judged("room_beside", None, math.nan, limit, "m", math.nan, [], "未并行", "it was never beside")
    step = int(np.nanargmin(away))
    value = float(away[step])
    return judged("room_beside", value >= limit, value, limit, "m", float(run.t[step]), run.rows([step], name),
                  f"侧向最小距离 {value:.2f} m", f"at least {value:.2f} m beside")  # fmt: skip


def time_gap(run: Evidence, args: Arguments) -> Judged:
    """Behind somebody it keeps at least ``least_s``, from ``from_s`` on and while it drives faster than 5 m/s."""
    name, limit = str(args["actor"]), float(args["least_s"])
    gap = run.tracks.gap(name)
    headway = along.time_headway_s(gap, run.v)
    counts = np.isfinite(headway) & (run.v > 5.0) & (run.t >= float(args.get("from_s", 0.0)))
    if not counts.any():
        return judged("time_gap", None, math.nan, limit, "s", math.nan, [], "未跟车", "it followed nobody")
    told = np.where(counts, headway, np.inf)
    step = int(np.argmin(told))
    value = float(told[step])
    return judged("time_gap", value >= limit, value, limit, "s", float(run.t[step]), run.rows([step], name),
                  f"最小车头时距 {value:.2f} s", f"time gap of at least {value:.2f} s")  # fmt: skip


def stands_behind(run: Evidence, args: Arguments) -> Judged:
    """At the end it stands behind somebody, at least ``least_m`` and at most ``most_m`` away."""
    name = str(args["actor"])
    other, own = run.tracks.others[name], run.tracks.own
    away = float((other.s - other.entity.length_m / 2 - run.front)[-1])
    least, most = float(args["least_m"]), float(args.get("most_m", math.inf))
    fine = bool(own.v[-1] < 0.2) and least <= away <= most
    return judged("stands_behind", fine, away, least, "m", float(run.t[-1]), run.rows([len(run.t) - 1], name),
                  f"距前方 {away:.1f} m，车速 {own.v[-1] * 3.6:.1f} km/h",
                  f"{away:.1f} m behind at {own.v[-1] * 3.6:.1f} km/h")  # fmt: skip


def overtakes(run: Evidence, args: Arguments) -> Judged:
    """At the end it is ahead of somebody."""
    name = str(args["actor"])
    other = run.tracks.others[name]
    ahead = float(run.tracks.own.s[-1] - other.s[np.isfinite(other.s)][-1])
    return judged("overtakes", ahead > 0, ahead, 0.0, "m", float(run.t[-1]), run.rows([len(run.t) - 1], name),
                  f"最终领先 {ahead:.0f} m", f"{ahead:.0f} m ahead at the end")  # fmt: skip


RULES: dict[str, Callable[[Evidence, Arguments], Judged]] = {
    "lets_pass": lets_pass, "room_beside": room_beside, "time_gap": time_gap, "stands_behind": stands_behind,
    "overtakes": overtakes,
}  # fmt: skip
