"""The map check (地图检查): rules that a precise map must keep, each with its id, reason in both languages and severity.

:func:`check` looks at any map, whatever format it came from, and names element and place of each breach. What it is not:
a reader's complaints about a file (a file that makes no map is refused by :func:`jinyun.hdmap.read`), nor a comparison
with the street (:mod:`jinyun.hdmap.received` compares with MAP messages).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from jinyun.hdmap.check import crossings, joints, naming, network, overlaps, shapes, signals, speeds
from jinyun.hdmap.check.rule import FAULT, INFO, WARNING, Found, Rule
from jinyun.hdmap.check.view import View
from jinyun.hdmap.precise import Map

__all__ = ["FAULT", "INFO", "RULES", "WARNING", "Fault", "Rule", "check"]

RULES: tuple[Rule, ...] = (
    *joints.RULES, *shapes.RULES, *overlaps.RULES, *network.RULES, *signals.RULES, *speeds.RULES, *crossings.RULES,
    *naming.RULES,
)  # fmt: skip
"""The catalogue."""
MOST_OF_A_RULE = 1000
"""So many breaches of one rule are told one by one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One breach of a rule: which, how bad, of what element, why, and where (metres; degrees, None without georeference)."""

    rule: str
    severity: str
    element: str
    message: str
    x_m: float
    y_m: float
    lon: float | None
    lat: float | None

    def as_json(self) -> dict[str, Any]:
        """Return the members that ``jinyun map check --json`` prints."""
        return {
            "rule": self.rule, "severity": self.severity, "element": self.element, "message": self.message,
            "lon": self.lon, "lat": self.lat,
        }  # fmt: skip


def check(map: Map, rules: Iterable[Rule] = RULES) -> list[Fault]:
    """Return all breaches of ``rules`` in the order of the catalogue; of each rule at most 1000, then how many more."""
    faults: list[Fault] = []
    with np.errstate(all="ignore"):  # a broken map may hold anything
        view = View(map)
        for rule in rules:
            breaches = iter(rule.find(view))
            faults += [_fault(map, rule, found) for found in islice(breaches, MOST_OF_A_RULE)]
            more = sum(1 for _ in breaches)
            if more:
                found = Found("map", f"breaks this rule {more} more times", faults[-1].x_m, faults[-1].y_m)
                faults.append(_fault(map, rule, found))
    return faults


def _fault(map: Map, rule: Rule, found: Found) -> Fault:
    lon: float | None
    lat: float | None
    lon, lat = None, None
    if math.isfinite(float(map.about["lon"][0])) and math.isfinite(found.x_m) and math.isfinite(found.y_m):
        there = map.project.inverse(found.x_m, found.y_m)
        lon, lat = round(float(there[0]), 7), round(float(there[1]), 7)
    return Fault(rule.id, rule.severity, found.element, found.message, found.x_m, found.y_m, lon, lat)
