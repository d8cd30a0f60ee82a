"""Growth planning on random networks of growing size: what the plan brings against the greedy, its gap, and the time.

One stage on a drawn plain (simulated), a fifth of the candidates' kilometres to be opened. Networks double in size up to
5,000 segments; ``seconds`` (of the processor, about) bounds the largest one's time, and smaller ones take less. Two
greedies stand beside the plan: the most points per CNY, and the most per kilometre, the stronger where kilometres bind.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from jinyun.bench.machine import describe
from jinyun.growth import baselines
from jinyun.growth.baselines import MONEY
from jinyun.growth.demand import demand
from jinyun.growth.description import Drawing, Growth, Points, Stage
from jinyun.growth.drawing import at_random, towns_at_random
from jinyun.growth.network import Network
from jinyun.growth.plan import GROUND, Effort, plan, total
from jinyun.growth.problem import Problem, connected, problem
from jinyun.zone import load_profile, profiles_dir

SIZES = (540, 1250, 2650, 5300)
SHARE = 0.2
POINTS = Points(corridor=0, anchors=15, trips=45, loops=5, area=30, density=5)


def asked(segments: int, seed: int = 5) -> Problem:
    """Return the question of a random network: its towns as anchors, a fifth of its kilometres in one stage."""
    network: Network = at_random(seed, segments)
    profile = load_profile(profiles_dir() / "national-2020.toml")
    costs, junctions = network.costs(profile)
    money = (costs.sum() + junctions.sum()) / 1e6 * SHARE * 1.6
    stage = Stage(id="one", zh="一期", en="One", km=network.open_km + SHARE * network.candidate_km, budget_mcny=money,
                  tunnel_km=0, points=POINTS)  # fmt: skip
    x, y = network.x_m, network.y_m
    drawing = Drawing(seed=seed, town_spacing_m=700, country_spacing_m=2000, trip_zone_m=1300, trip_decay_m=3200,
                      trip_pairs=segments)  # fmt: skip
    growth = Growth(format=1, simulated=True, extent_m=(x.min() - 1, y.min() - 1, x.max() + 1, y.max() + 1), stages=[stage],
                    drawing=drawing, anchors=towns_at_random(seed, segments, network))  # fmt: skip
    return problem(network, demand(network, growth, profile), growth.stages, profile)


def measure(seconds: float = 400.0) -> dict[str, Any]:
    """Return for each size the gap, the ratios to the greedies, and the time: on the clock and of the processor."""
    figures: dict[str, float] = {}
    for size in SIZES:
        p = asked(size)
        part = min(size / SIZES[-1], 1.0)
        began = time.process_time()
        rivals = {name: total(p, baselines.greedy(p, price)) for name, price in (("", MONEY), ("_per_km", GROUND))}
        greedy_s = (time.process_time() - began) / len(rivals)
        began = time.process_time()
        found = plan(p, Effort(tries=60, moves=round(300_000 * part), bound_s=0.6 * seconds * part,
                               polish_s=0.2 * seconds * part))  # fmt: skip
        key = f"growth.{len(p.a)}"
        figures |= {
            f"{key}.gap": round(found.gap, 4), f"{key}.seconds": round(found.seconds, 1),
            f"{key}.cpu_s": round(time.process_time() - began, 1), f"{key}.greedy_cpu_s": round(greedy_s, 1),
            f"{key}.connected": float(connected(p, found.level == 0)), f"{key}.km": round(float(np.sum(p.use[0])), 1),
            **{f"{key}.vs_greedy{name}": round(sum(found.points) / worth, 4) for name, worth in rivals.items()},
        }  # fmt: skip
        print(f"growth: {len(p.a)} segments done", file=sys.stderr)
    return {"bench": "growth", "machine": describe(), "figures": figures, "peers": {}}
