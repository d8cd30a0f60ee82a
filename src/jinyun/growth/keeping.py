"""Plans on disk: kept whole, read again for what-if, for the pages, and to hold what was promised against what came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from jinyun.growth import baselines
from jinyun.growth.demand import Demand, demand
from jinyun.growth.description import Growth, read
from jinyun.growth.drawing import draw
from jinyun.growth.network import Floats, Network
from jinyun.growth.plan import GROUND, Bound, Effort, Plan, described, plan, sound, total
from jinyun.growth.problem import AIMS, LIMITS, Problem, connected, problem, shares, value
from jinyun.state import read_json, write_json
from jinyun.zone import Zone

FOLDER = "growth"
FILE = "plan.json"
SHIPPED = "growth-plan.json"
"""A plan that comes with the zone, used until one is made."""


BASELINES = {
    "greedy": "most points per CNY along whole ways", "greedy_per_km": "most points per kilometre along whole ways",
    "rings": "ring by ring around what is open",
}  # fmt: skip
PRICED = ("km", "mcny", "tunnel_km", "test_cars")
"""What prices are told of: a unit of each limit."""


class Question:
    """A zone's growth, opened: its description, network, demand and the planner's problem."""

    def __init__(self, zone: Zone) -> None:
        """Read and draw; raises :class:`jinyun.zone.ZoneError` where the zone has no ``growth.toml``."""
        self.zone = zone
        self.growth: Growth = read(zone.folder)
        self.network: Network = draw(zone, self.growth)
        self.demand: Demand = demand(self.network, self.growth, zone.profile)
        self.problem: Problem = problem(self.network, self.demand, self.growth.stages, zone.profile)


def made(q: Question, effort: Effort | None = None, seed: int = 1) -> tuple[Plan, dict[str, Any]]:
    """Return a new plan and all that is told of it, with the baselines beside it."""
    p = q.problem
    found = plan(p, effort, seed)
    rivals = {"greedy": baselines.greedy(p), "greedy_per_km": baselines.greedy(p, GROUND), "rings": baselines.rings(p)}
    stages = described(p, found)
    for stage, said in zip(q.growth.stages, stages, strict=True):
        said |= {"id": stage.id, "zh": stage.zh, "en": stage.en}
    whole = sum(found.points)
    worth = {name: total(p, level) for name, level in rivals.items()}
    strongest = max(worth, key=lambda name: worth[name])
    myopic = [value(p, found.myopic <= k, k) for k in range(p.stages)]
    told = {
        "zone": q.zone.id, "simulated": q.growth.simulated, "stages": stages,
        "gap": round(found.gap, 5), "seconds": round(found.seconds, 1),
        "vs_greedy": round(whole / worth["greedy"], 5), "vs_rings": round(whole / worth["rings"], 5),
        "vs_greedy_per_km": round(whole / worth["greedy_per_km"], 5),
        "strongest": strongest, "vs_strongest": round(whole / worth[strongest], 5),
        "bound_vs_strongest": round(sum(b.points for b in found.bounds) / worth[strongest], 5),
        "joint": {"value": round(whole, 4), "bound": round(sum(b.points for b in found.bounds), 4), "gap": round(found.gap, 5)},
        "stage_by_stage": [
            {"value": round(v, 4), "bound": round(b, 4), "gap": round(b / v - 1, 5)}
            for v, b in zip(myopic, found.myopic_bounds, strict=True)
        ],
        "baselines": {
            name: {"value": round(worth[name], 4), "stages": [round(value(p, level <= k, k), 4) for k in range(p.stages)],
                   "connected": all(connected(p, level <= k) for k in range(p.stages)),
                   "what": BASELINES[name], "keeps_limits": sound(p, level),
                   "shares": [dict(zip(AIMS, np.round(shares(p, level <= k), 4).tolist(), strict=True))
                              for k in range(p.stages)]}
            for name, level in rivals.items()
        },
        "open_km": round(q.network.open_km, 3), "candidate_km": round(q.network.candidate_km, 3),
        "segments": len(p.a), "prices": [dict(zip(PRICED, np.round(b.prices, 5).tolist(), strict=True))
                                         for b in found.bounds],
    }  # fmt: skip
    return found, told


def keep(folder: Path, q: Question, found: Plan, told: dict[str, Any]) -> None:
    """Keep a plan in the zone's state folder as the one that what-if and the pages go on from."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    write_json(folder / FOLDER / FILE, {
        "told": told, "segments": [q.network.segments[e] for e in q.problem.segment], "level": found.level.tolist(),
        "myopic": found.myopic.tolist(), "myopic_bounds": list(found.myopic_bounds),
        "bounds": [{"points": b.points, "prices": b.prices.tolist(), "opened": np.round(b.opened, 6).tolist()}
                   for b in found.bounds],
    })  # fmt: skip


def kept(folder: Path, q: Question) -> tuple[Plan, dict[str, Any]] | None:
    """Return the plan that was kept, None where there is none or it was made for another network."""
    said = read_json(folder / FOLDER / FILE) or read_json(q.zone.folder / SHIPPED)
    try:
        if said is None or said["segments"] != [q.network.segments[e] for e in q.problem.segment]:
            return None
        level = np.array(said["level"], np.int32)
        bounds = tuple(Bound(b["points"], _prices(b["prices"]), np.array(b["opened"])) for b in said["bounds"])
        points = tuple(value(q.problem, level <= k, k) for k in range(q.problem.stages))
        found = Plan(level, points, bounds, np.array(said["myopic"], np.int32), tuple(said["myopic_bounds"]),
                     float(said["told"]["seconds"]))  # fmt: skip
        return found, said["told"]
    except (KeyError, TypeError, ValueError):
        return None


def _prices(kept: list[float]) -> Floats:
    """Return the prices of all limits; a plan that was kept before there was a limit knows no price of it."""
    prices = np.zeros(len(LIMITS))
    prices[: len(kept)] = kept
    return prices


def delivered(q: Question, found: Plan, opened: set[str]) -> list[dict[str, Any]]:
    """Return for each stage what was promised and what the sections open by the records deliver: km, points, shares.

    ``opened``: ids of candidates in the state *opened* (:mod:`jinyun.growth.section`). Points count what is joined.
    """
    p = q.problem
    now = np.array([p.network.segments[e] in opened for e in p.segment], bool)
    told = []
    for k, stage in enumerate(q.growth.stages):
        planned = found.level <= k
        told.append({
            "id": stage.id, "promised_km": round(p.network.open_km + float(p.use[0] @ planned), 3),
            "delivered_km": round(p.network.open_km + float(p.use[0] @ (now & planned)), 3),
            "promised_value": round(value(p, planned, k), 4), "delivered_value": round(value(p, now, k), 4),
            "outside_plan_km": round(float(p.use[0] @ (now & ~planned)), 3),
        })  # fmt: skip
    return told
