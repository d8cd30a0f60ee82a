"""All signals of a zone under one roof (信号网): who asks at which, what is ordered, and what all of it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinyun.hdmap import Map
from jinyun.road.signals.control import Change, Demand, Junction, Rules, Want
from jinyun.road.signals.plan import Limits, plans
from jinyun.zone import Profile

DemandOf = Callable[[int], Mapping[int, Demand]]
"""Who comes to a junction, by its node and then by phase; asked only where it matters."""


@dataclass
class Network:
    """The signalised junctions of a map; ``actuated`` names those whose greens follow who comes."""

    junctions: dict[int, Junction] = field(default_factory=dict)

    @classmethod
    def of(cls, map: Map, profile: Profile, actuated: Collection[str] = ()) -> Network:
        """Return the network of a map; raises ``ValueError`` for an actuated junction that has no light."""
        rules, known = Rules.of(profile), plans(map, Limits.of(profile))
        missing = sorted(set(actuated) - {plan.id for plan in known.values()})
        if missing:
            raise ValueError(f"no signal {missing[0]!r} on this map")
        return cls({node: Junction(plan, rules, plan.id in actuated) for node, plan in known.items()})

    def step(
        self,
        now_s: float,
        places: Mapping[int, tuple[int, float]],
        wants: Mapping[int, list[Want]],
        demand_of: DemandOf,
    ) -> list[Change]:
        """Return what is to be changed now; ``places`` are (step, seconds left) by node, of those that are known."""
        changes = []
        for node, (step, left_s) in places.items():
            junction = self.junctions.get(node)
            if junction is None:
                continue
            asked = wants.get(node, [])
            needed = junction.actuated or junction.grant is not None or bool(asked)
            change = junction.step(now_s, step, left_s, asked, demand_of(node) if needed else None)
            if change is not None:
                changes.append(change)
        return changes

    def told(self) -> dict[str, Any]:
        """Return the sum of all ledgers."""
        counts: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        benefit = cost = 0.0
        for junction in self.junctions.values():
            counts.update(junction.ledger.counts)
            refused.update(junction.ledger.refused)
            benefit += junction.ledger.benefit_s
            cost += junction.ledger.cost_vehicle_s
        names = ("requested", "needless", "granted", "used", "unused", "longer", "sooner", "emergency", "walkers")
        return {
            **{name: counts[name] for name in names},
            "refused": dict(refused), "benefit_s": round(benefit, 1), "cost_vehicle_s": round(cost, 1),
        }  # fmt: skip
