"""Labelled cases of who asks (请求类评测): the applications of T/CSAE 157, whose street is a dialogue.

A case puts vehicles and people on the zone's map, lets somebody ask, or not, or ask what he must not have, and reads what goes
down. What is due is told from how the case was laid, by the code here alone.

    town        the map, whom a case puts on it, one step of the cooperation       :mod:`.town`
    verdict     what came of the cases of one application                          :mod:`.verdict`
    moving      SDS, CLC, CHPVP, CPM                                               :mod:`.moving`
    places      VRUSP, GSPA, RTS, DLM                                              :mod:`.places`
    data        DDS, PDS                                                           :mod:`.data`
    passing     CIP, CVM                                                           :mod:`.passing`
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np

from jinyun.bench.evaluation.asking import data, moving, passing, places
from jinyun.bench.evaluation.asking.town import Town
from jinyun.bench.evaluation.asking.verdict import Verdict
from jinyun.hdmap import Map
from jinyun.zone import Zone

CASES: Mapping[str, Callable[[Town, np.random.Generator, Verdict], None]] = {
    "CHPVP": moving.priority, "CIP": passing.junction, "CLC": moving.lane_change, "CPM": moving.platoon,
    "CVM": passing.merge, "DDS": data.corrections, "DLM": places.lanes, "GSPA": places.parking, "PDS": data.probes,
    "RTS": places.tolls, "SDS": moving.sharing, "VRUSP": places.crossing,
}  # fmt: skip
"""One case of each application."""
MANY: Mapping[str, int] = {"CIP": 400, "CVM": 400}
USUAL, WARM = 150, 3
"""So many cases of each; appointments are few among them, so there are more."""


def asked(zone: Zone, map: Map, seed: int = 1, only: Collection[str] = ()) -> dict[str, Verdict]:
    """Return what came of the cases of each of the applications, or of those alone."""
    town, found = Town(zone, map), {}
    for row, (id, case) in enumerate(CASES.items()):
        if only and id not in only:
            continue
        rng = np.random.default_rng([seed, row])
        for many in (WARM, MANY.get(id, USUAL)):  # the first ones compile what planning calls, and are not counted
            verdict = Verdict()
            for _ in range(many):
                town.clear()
                case(town, rng, verdict)
        found[id] = verdict
    return found
