"""Rules of conduct: contact, signals, limits, lanes. Each function asks one question of a run."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from jinyun.trial.verdict import tasks, together
from jinyun.trial.verdict.evidence import STANDING_MPS, Arguments, Evidence, Judged, judged

Rule = Callable[[Evidence, Arguments], Judged]
COLOURS = {"red": "红灯", "yellow": "黄灯", "green": "绿灯"}


def no_contact(run: Evidence, _: Arguments) -> Judged:
    """No box touches that of the one under test."""
    name = run.seat.name
    own = [contact for contact in run.played.contacts if name in contact[1:]]
    if not own:
        return judged("no_contact", True, 0, 0, "", math.nan, [], "无碰撞", "no contact")
    t, one, two = own[0]
    other = two if one == name else one
    step = min(round(t / run.tracks.dt), len(run.t) - 1)
    speed = float(run.v[step])
    return judged("no_contact", False, speed, 0, "m/s", t, run.rows([step], other),
                  f"{t:.1f} 秒与 {other} 碰撞，车速 {speed * 3.6:.1f} km/h",
                  f"contact with {other} at {t:.1f} s, at {speed * 3.6:.1f} km/h")  # fmt: skip


def _line(run: Evidence, args: Arguments) -> tuple[str, float]:
    signal = str(args["signal"])
    return signal, next(line for id, line, _ in run.setting.lights if id == signal)


def red_light(run: Evidence, args: Arguments) -> Judged:
    """The front does not cross the stop line while the signal is red."""
    signal, line = _line(run, args)
    crosses = run.passes(line)
    states = run.light(signal)
    if crosses is None or crosses == 0:
        return judged("red_light", True, math.nan, 0, "", math.nan, [], "未越线", "did not cross the line")
    red = str(states[crosses]) == "red"
    t = float(run.t[crosses])
    return judged("red_light", not red, float(run.v[crosses]), 0, "m/s", t, run.rows([crosses]),
                  f"{t:.1f} 秒越过停止线，信号灯为{COLOURS.get(str(states[crosses]), str(states[crosses]))}",
                  f"crossed the line at {t:.1f} s with the light {states[crosses]}")  # fmt: skip


def stops_at_line(run: Evidence, args: Arguments) -> Judged:
    """While the light is red it stands with its front within ``within_m`` before the stop line."""
    signal, line = _line(run, args)
    red = run.light(signal) == "red"
    standing = red & (run.v < STANDING_MPS) & (run.front <= line + 0.01)
    if not red.any():
        return judged(
            "stops_at_line", None, math.nan, math.nan, "m", math.nan, [], "未出现红灯", "the light was never red"
        )
    if not standing.any():
        return judged(
            "stops_at_line",
            False,
            math.nan,
            float(args["within_m"]),
            "m",
            math.nan,
            [],
            "红灯期间未停车",
            "did not stand while it was red",
        )
    step = int(np.flatnonzero(standing)[-1])
    before = line - float(run.front[step])
    limit = float(args["within_m"])
    return judged("stops_at_line", before <= limit, before, limit, "m", float(run.t[step]), run.rows([step]),
                  f"停在停止线前 {before:.2f} m", f"stood {before:.2f} m before the line")  # fmt: skip


def starts(run: Evidence, args: Arguments) -> Judged:
    """After the light turns green it moves within ``within_s``."""
    signal, line = _line(run, args)
    states = run.light(signal)
    green = np.flatnonzero((states[1:] == "green") & (states[:-1] != "green")) + 1
    if not len(green):
        return judged(
            "starts", None, math.nan, math.nan, "s", math.nan, [], "信号灯未转绿", "the light never turned green"
        )
    at = int(green[0])
    if run.front[at] > line:
        return judged(
            "starts", True, 0, float(args["within_s"]), "s", float(run.t[at]), [], "已通过", "was past already"
        )
    moving = np.flatnonzero(run.v[at:] > 0.5)
    limit = float(args["within_s"])
    took = math.inf if not len(moving) else float(moving[0]) * run.tracks.dt
    rest = float(run.t[-1] - run.t[at])
    if not len(moving) and rest < limit:
        return judged("starts", None, math.nan, limit, "s", float(run.t[at]), [], "时间不足", "the run ended too early")
    return judged("starts", took <= limit, took, limit, "s", float(run.t[at]), run.rows([at]),
                  f"绿灯后 {took:.1f} s 起步", f"moved {took:.1f} s after green")  # fmt: skip


def speed_limit(run: Evidence, args: Arguments) -> Judged:
    """It is never faster than the limit that holds at its front, by more than ``over_kmh``."""
    over = (run.v - run.limit()) * 3.6
    step = int(np.nanargmax(over))
    limit = float(args.get("over_kmh", 0.0))
    value = float(over[step])
    return judged("speed_limit", value <= limit, value, limit, "km/h", float(run.t[step]), run.rows([step]),
                  f"最多超速 {max(value, 0):.1f} km/h", f"at most {max(value, 0):.1f} km/h over the limit")  # fmt: skip


def keeps_lane(run: Evidence, args: Arguments) -> Judged:
    """Its box stays within its lane, or beyond by at most ``over_m``."""
    own = run.tracks.own
    turn = own.h - np.interp(own.s, run.tracks.mission.s_m, run.tracks.mission.h_rad)
    half = (own.entity.width_m * np.abs(np.cos(turn)) + own.entity.length_m * np.abs(np.sin(turn))) / 2
    over = np.abs(own.d) + half - run.tracks.mission.lane_width_m / 2
    step = int(np.nanargmax(over))
    limit, value = float(args.get("over_m", 0.0)), float(over[step])
    return judged("keeps_lane", value <= limit, value, limit, "m", float(run.t[step]), run.rows([step]),
                  f"最多越出车道 {max(value, 0):.2f} m", f"at most {max(value, 0):.2f} m out of its lane")  # fmt: skip


def gentle(run: Evidence, args: Arguments) -> Judged:
    """It brakes no harder than ``most_mps2``."""
    a = run.tracks.own.a
    step = int(np.nanargmin(a))
    value, limit = float(-a[step]), float(args["most_mps2"])
    return judged("gentle", value <= limit, value, limit, "m/s²", float(run.t[step]), run.rows([step]),
                  f"最大减速度 {value:.2f} m/s²", f"braked at most {value:.2f} m/s²")  # fmt: skip


def smooth(run: Evidence, args: Arguments) -> Judged:
    """Its jerk stays within ``most_mps3`` for all but one in a hundred steps."""
    jerk = np.abs(np.diff(run.tracks.own.a) / run.tracks.dt)
    value, limit = float(np.nanquantile(jerk, 0.99)), float(args["most_mps3"])
    step = int(np.nanargmax(jerk))
    return judged("smooth", value <= limit, value, limit, "m/s³", float(run.t[step]), run.rows([step]),
                  f"冲击度（99%）{value:.1f} m/s³", f"jerk (99 %) of {value:.1f} m/s³")  # fmt: skip


RULES: dict[str, Rule] = {
    "no_contact": no_contact, "red_light": red_light, "stops_at_line": stops_at_line, "starts": starts,
    "speed_limit": speed_limit, "keeps_lane": keeps_lane, "gentle": gentle, "smooth": smooth,
    **together.RULES, **tasks.RULES,
}  # fmt: skip
"""All rules by name; each docstring is its entry in the documentation."""
