"""Rules about what was to be done: arrive, stop, change lanes, ask for a takeover, come to a stop of least risk."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from jinyun.trial.verdict.evidence import STANDING_MPS, Arguments, Evidence, Judged, judged


def arrives(run: Evidence, args: Arguments) -> Judged:
    """It reaches the end of its way, within ``within_s`` where that is told."""
    aim = run.setting.arrive_m
    step = run.passes(aim)
    limit = float(args.get("within_s", math.inf))
    if step is None:
        left = aim - float(run.front[-1])
        return judged("arrives", False, left, limit, "m", float(run.t[-1]), run.rows([len(run.t) - 1]),
                      f"未到达，还差 {left:.0f} m", f"did not arrive: {left:.0f} m were left")  # fmt: skip
    t = float(run.t[step])
    return judged(
        "arrives", t <= limit, t, limit, "s", t, run.rows([step]), f"{t:.1f} s 到达", f"arrived after {t:.1f} s"
    )


def stops_there(run: Evidence, args: Arguments) -> Judged:
    """At the end it stands with its front within ``within_m`` of the place, and within ``aside_m`` of it across the lane."""
    off = float(run.front[-1]) - run.setting.stop_m
    aside = abs(float(run.tracks.own.d[-1]) - run.setting.stop_d_m)
    limit, most = float(args["within_m"]), float(args.get("aside_m", math.inf))
    fine = abs(off) <= limit and bool(run.v[-1] < STANDING_MPS) and aside <= most
    return judged("stops_there", fine, abs(off), limit, "m", float(run.t[-1]), run.rows([len(run.t) - 1]),
                  f"停车位置偏差 {off:+.2f} m，横向 {aside:.2f} m，车速 {run.v[-1] * 3.6:.1f} km/h",
                  f"{off:+.2f} m off, {aside:.2f} m aside, at {run.v[-1] * 3.6:.1f} km/h")  # fmt: skip


def stays_before(run: Evidence, args: Arguments) -> Judged:
    """Its front never passes a place of the way (``s_m`` from where it begins)."""
    place = float(args["s_m"])
    step = run.passes(place)
    if step is None:
        left = place - float(run.front.max())
        return judged(
            "stays_before", True, left, 0, "m", math.nan, [], f"停在前方 {left:.1f} m", f"stayed {left:.1f} m before"
        )
    return judged(
        "stays_before",
        False,
        float(run.v[step]),
        0,
        "m/s",
        float(run.t[step]),
        run.rows([step]),
        "越过该处",
        "passed it",
    )


def halts(run: Evidence, args: Arguments) -> Judged:
    """It stands once with its front within ``within_m`` before a place (``s_m``) and goes on."""
    place, limit = float(args["s_m"]), float(args["within_m"])
    standing = np.flatnonzero((run.v < STANDING_MPS) & (run.front <= place + 0.01) & (run.front >= place - limit))
    if not len(standing):
        near = np.flatnonzero((run.front <= place) & (run.front >= place - limit))
        slowest = float(run.v[near].min()) if len(near) else math.nan
        return judged("halts", False, slowest, 0, "m/s", math.nan, run.rows(near[:1]), "未停车", "did not stop")
    step = int(standing[0])
    return judged(
        "halts",
        True,
        place - float(run.front[step]),
        limit,
        "m",
        float(run.t[step]),
        run.rows([step]),
        "已停车",
        "stopped",
    )


def slow_at(run: Evidence, args: Arguments) -> Judged:
    """Its speed is at most ``kmh`` when its front passes a place (``s_m``)."""
    place, limit = float(args["s_m"]), float(args["kmh"])
    step = run.passes(place)
    if step is None:
        fine = bool(run.v[-1] < STANDING_MPS)
        return judged(
            "slow_at", True if fine else None, 0, limit, "km/h", math.nan, [], "未通过该处", "did not come there"
        )
    value = float(run.v[step]) * 3.6
    return judged("slow_at", value <= limit, value, limit, "km/h", float(run.t[step]), run.rows([step]),
                  f"通过时车速 {value:.1f} km/h", f"passed it at {value:.1f} km/h")  # fmt: skip


def changes_lane(run: Evidence, _: Arguments) -> Judged:
    """It is in the wanted lane when it passes the place by which it must be."""
    step = run.passes(run.setting.change_by_m)
    if step is None:
        step = len(run.t) - 1
    off = abs(float(run.tracks.own.d[step]) - run.setting.change_d_m)
    limit = run.tracks.mission.lane_width_m / 2 - run.tracks.own.entity.width_m / 2
    return judged("changes_lane", off <= limit, off, limit, "m", float(run.t[step]), run.rows([step]),
                  f"距目标车道中心 {off:.2f} m", f"{off:.2f} m from the middle of the lane")  # fmt: skip


def _befell(run: Evidence, *kinds: str) -> float:
    return min((one.time_s for one in run.setting.troubles if one.kind in kinds), default=math.nan)


def releases(run: Evidence, args: Arguments) -> Judged:
    """It gives way to a human's hands within ``within_s`` of the intervention."""
    begin, limit = _befell(run, "intervene"), float(args["within_s"])
    took = run.seat.released_s - begin
    if math.isnan(took):
        return judged("releases", False, math.nan, limit, "s", begin, [], "未交还控制权", "did not give way")
    step = round((begin + took) / run.tracks.dt)
    return judged("releases", took <= limit + 1e-9, took, limit, "s", begin + took, run.rows([step]),
                  f"{took:.2f} s 内交还控制权", f"gave way within {took:.2f} s")  # fmt: skip


def requests(run: Evidence, args: Arguments) -> Judged:
    """It asks for a takeover within ``within_s`` of what befell it."""
    begin, limit = _befell(run, "domain", "sensor"), float(args["within_s"])
    took = run.seat.requested_s - begin
    if math.isnan(took):
        return judged("requests", False, math.nan, limit, "s", begin, [], "未发出接管请求", "asked for no takeover")
    return judged(
        "requests",
        took <= limit + 1e-9,
        took,
        limit,
        "s",
        begin + took,
        [],
        f"{took:.2f} s 内发出接管请求",
        f"asked within {took:.2f} s",
    )


def least_risk(run: Evidence, args: Arguments) -> Judged:
    """With nobody taking over it stands within ``within_s``, having braked at most ``most_mps2``, its hazard lamps on."""
    begin, limit = _befell(run, "domain", "sensor"), float(args["within_s"])
    standing = np.flatnonzero((run.v < STANDING_MPS) & (run.t >= begin))
    if not len(standing):
        return judged(
            "least_risk", False, math.nan, limit, "s", math.nan, run.rows([len(run.t) - 1]), "未停车", "did not stop"
        )
    step = int(standing[0])
    took = float(run.t[step]) - begin
    hardest = float(-np.nanmin(np.where(run.t >= begin, run.tracks.own.a, 0.0)))
    lamps = any(command[3] == "hazard" for command in run.seat.commands if command[0] >= begin)
    fine = took <= limit and hardest <= float(args["most_mps2"]) and lamps
    return judged("least_risk", fine, took, limit, "s", float(run.t[step]), run.rows([step]),
                  f"{took:.1f} s 后停车，最大减速度 {hardest:.1f} m/s²，危险警告灯{'开' if lamps else '关'}",
                  f"stood after {took:.1f} s, braked {hardest:.1f} m/s², hazard lamps {'on' if lamps else 'off'}")  # fmt: skip


def keeps_driving(run: Evidence, args: Arguments) -> Judged:
    """It does not stop without reason: never slower than ``kmh`` between the beginning and the end of its way."""
    limit = float(args["kmh"])
    step = int(np.nanargmin(run.v))
    value = float(run.v[step]) * 3.6
    return judged("keeps_driving", value >= limit, value, limit, "km/h", float(run.t[step]), run.rows([step]),
                  f"最低车速 {value:.1f} km/h", f"never slower than {value:.1f} km/h")  # fmt: skip


RULES: dict[str, Callable[[Evidence, Arguments], Judged]] = {
    "arrives": arrives, "stops_there": stops_there, "stays_before": stays_before, "halts": halts, "slow_at": slow_at,
    "changes_lane": changes_lane, "releases": releases, "requests": requests, "least_risk": least_risk,
    "keeps_driving": keeps_driving,
}  # fmt: skip
