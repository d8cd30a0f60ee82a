"""Competent drivers as yardsticks (称职驾驶人): would a careful driver have avoided this?

Models of UN R157's annex and their rivals with the public numbers of ec-jrc/JRC-FSM (profile ``trial.competent.*``): the
careful human, Reg157, RSS and FSM. How the numbers play together is written here from the published descriptions
(K. Mattas et al., Accident Analysis & Prevention 163, 2021); no text of the regulation was at hand, so the models are
marked unverified.

Everything is an array over many situations at once; a driver of the interface is the case of one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.trial.driver.interface import Command, Mission, Observation

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
G = 9.80665
MODELS = ("careful_human", "reg157", "rss", "fsm")


@dataclass
class Situation:
    """One other vehicle ahead, for each of many situations."""

    v: Floats
    ahead: Floats
    """Its speed along the lane [m/s]."""
    ahead_accel: Floats
    gap: Floats
    """From bumper to bumper along the lane [m]."""
    aside: Floats
    """Free distance between the sides of the boxes across the lane [m]; 0 where they overlap."""
    inwards: Floats
    """Speed towards one's own lane [m/s]."""
    moved: Floats
    """How far it has moved towards one's own lane from where it drove [m]."""


@dataclass
class State:
    """What a model remembers: how long ago it saw the danger (NaN: not), and its acceleration."""

    since: Floats
    accel: Floats


def fresh(n: int) -> State:
    """Return the state of ``n`` situations before anything happened."""
    return State(np.full(n, np.nan), np.zeros(n))


def accel(model: str, now: Situation, state: State, numbers: Mapping[str, float], dt: float) -> Floats:
    """Return the acceleration a model commands for the next ``dt`` [m/s²], and renew its state.

    ``numbers`` are the profile's ``trial.competent.*`` without that prefix.
    """
    if model == "careful_human":
        return _careful_human(now, state, numbers, dt)
    if model == "reg157":
        moves = now.moved >= numbers["reg157_lateral_m"]
        return _after_delay(now, state, moves, numbers["reg157_reaction_s"], numbers["reg157_decel_mps2"], dt)
    if model == "rss":
        return _rss(now, state, numbers, dt)
    if model == "fsm":
        return _fsm(now, state, numbers, dt)
    raise ValueError(f"no model {model!r}; there are {', '.join(MODELS)}")


def _ttc(now: Situation) -> Floats:
    closing = now.v - now.ahead
    return np.where(closing > 1e-9, np.maximum(now.gap, 0) / np.maximum(closing, 1e-9), np.inf)


def _seen(state: State, dangerous: Bools, dt: float) -> Floats:
    """Count the time since the danger was first there; return it."""
    state.since = np.where(np.isnan(state.since), np.where(dangerous, 0.0, np.nan), state.since + dt)
    return state.since


def _careful_human(now: Situation, state: State, numbers: Mapping[str, float], dt: float) -> Floats:
    notices = now.moved >= numbers["human_wandering_m"] + numbers["human_perception_m"]
    in_way = (now.aside <= 0) & (now.moved <= 0)  # it drove ahead all along and brakes
    dangerous = (notices | in_way) & (_ttc(now) < numbers["human_critical_ttc_s"]) & (now.gap > 0)
    since = _seen(state, dangerous, dt)
    brakes = since >= numbers["human_reaction_s"] - 1e-9
    hardest = numbers["human_decel_g"] * G
    over = brakes & (now.v <= now.ahead)
    full = np.maximum(state.accel - numbers["human_jerk_mps3"] * dt, -hardest)
    state.accel = np.where(over, -numbers["human_release_mps2"], np.where(brakes, full, 0.0))
    return np.where(now.v > 0, state.accel, 0.0)


def _after_delay(now: Situation, state: State, dangerous: Bools, reaction_s: float, decel: float, dt: float) -> Floats:
    closing = now.v > now.ahead
    follows = (now.aside <= 0) & (_ttc(now) < (now.v - now.ahead) / (2 * decel) + reaction_s + 0.1)
    since = _seen(state, (dangerous | follows) & closing & (now.gap > 0), dt)
    brakes = (since >= reaction_s - 1e-9) & closing
    state.accel = np.where(brakes, -decel, 0.0)
    return state.accel


def _rss(now: Situation, state: State, numbers: Mapping[str, float], dt: float) -> Floats:
    reaction, most, decel = numbers["rss_reaction_s"], numbers["rss_accel_mps2"], numbers["rss_decel_mps2"]
    after = now.v + reaction * most
    safe = now.v * reaction + most * reaction**2 / 2 + after**2 / (2 * decel) - now.ahead**2 / (2 * decel)
    beside = now.aside - now.inwards * reaction <= numbers["rss_lateral_m"]
    since = _seen(state, (now.gap < np.maximum(safe, 0)) & beside & (now.gap > 0), dt)
    brakes = (since >= reaction - 1e-9) & (now.gap < np.maximum(safe, 0)) & (now.v > now.ahead)
    state.accel = np.where(brakes, -decel, 0.0)
    return state.accel


def _fsm(now: Situation, state: State, numbers: Mapping[str, float], dt: float) -> Floats:
    reaction, gentle, hard = numbers["fsm_reaction_s"], numbers["fsm_gentle_mps2"], numbers["fsm_hard_mps2"]
    leader, margin = numbers["fsm_leader_mps2"], numbers["fsm_margin_m"]
    v, ahead, gap = now.v, now.ahead, now.gap - margin
    safe = v * reaction + v**2 / (2 * gentle) - ahead**2 / (2 * leader)
    unsafe = v * reaction + v**2 / (2 * hard) - ahead**2 / (2 * leader)
    proactive = _share(gap, safe, unsafe)
    held = np.maximum(state.accel, -gentle)
    later = np.maximum(v + held * reaction, 0.0)
    travelled = ((v + later) / 2 - ahead) * reaction
    critical = np.where(
        later > ahead,
        _share(gap, travelled + (later - ahead) ** 2 / (2 * gentle), travelled + (later - ahead) ** 2 / (2 * hard)), 0.0,
    )  # fmt: skip
    arrives = np.where(now.inwards > 1e-6, now.aside / np.maximum(now.inwards, 1e-6), np.inf)
    meets = (now.gap + 10.0) / np.maximum(v - ahead, 1e-6)
    concerns = ((now.aside <= 0) | (arrives < meets + 0.1)) & (now.gap > 0)
    since = _seen(state, concerns & ((proactive > 0) | (critical > 0)), dt)
    decel = np.where(critical > 0, critical * (hard - gentle) + gentle, proactive * gentle)
    state.accel = np.where((since >= reaction - 1e-9) & concerns & (v > ahead), -decel, 0.0)
    return state.accel


def _share(gap: Floats, safe: Floats, unsafe: Floats) -> Floats:
    return np.clip((safe - gap) / np.maximum(safe - unsafe, 1e-6), 0.0, 1.0)


class Competent:
    """A model in the driver's seat: keeps its lane and speed and brakes as the model says."""

    version = "1"

    def __init__(self, model: str, numbers: Mapping[str, float]) -> None:
        self.name, self.model, self.numbers = model, model, numbers

    def begin(self, mission: Mission) -> None:
        """Take a new mission."""
        self.mission = mission
        self.states: dict[str, State] = {}
        self.first: dict[str, float] = {}
        self.came: dict[str, float] = {}

    def drive(self, observation: Observation) -> Command:
        """Return the hardest braking that any of those ahead asks for."""
        own, mission = observation.own, self.mission
        wanted = 0.0
        for one in observation.seen:
            if one.kind == "object" and one.heard:
                continue
            gap = one.s_m - one.length_m / 2 - own.front_m
            if one.s_m < own.s_m or gap > 200:
                continue
            aside = abs(one.d_m - own.d_m)
            start = self.first.setdefault(one.name, aside)
            free = max(aside - (one.width_m + own.width_m) / 2, 0.0)
            inwards = max(-one.vd_mps if one.d_m > own.d_m else one.vd_mps, 0.0)
            state = self.states.setdefault(one.name, fresh(1))
            situation = Situation(*(np.array([value]) for value in (
                own.v_mps, one.vs_mps, one.a_mps2, gap, free, inwards, max(start - aside, 0.0) if start > 0.5 else 0.0,
            )))  # fmt: skip
            if start <= 0.5 or free <= 0 or inwards > 0 or not math.isnan(float(state.since[0])):
                wanted = min(wanted, float(accel(self.model, situation, state, self.numbers, 0.1)[0]))
        reach = max(3.5, 0.7 * max(own.v_mps, 1.0))
        bend = mission.at(mission.curvature_1pm, own.s_m)
        return Command(wanted, bend - own.d_m / reach**2 - 2 * own.turned_rad / reach)
