"""Scenes in which somebody asks: VIR and PSM as values, one step of the cooperation, and what it says to whom."""

from __future__ import annotations

from dataclasses import replace

from jinyun.cloud.apps.catalogue import CATALOGUE
from jinyun.cloud.cooperation.conducting import step
from jinyun.cloud.cooperation.hearing import Heard
from jinyun.cloud.cooperation.state import State
from tests.cloud.apps.roads import own
from tests.cloud.apps.scenes import T_US, scene

PARAMETERS = {about.id: own(about.id) for about in CATALOGUE if about.day == 2}
HERE = {"lat": 296_000_000, "long": 1_063_000_000}


def vehicle(mover):
    """Return the id that :func:`tests.cloud.apps.scenes.scene` gives the n-th mover, from 0 on."""
    return 1000 + mover


def vir(mover, *reqs, bits=0, t_s=0.0, source=1):
    """Return the VIR of a mover: its requests and the bits of its behaviour (of sixteen)."""
    asked = {"reqs": list(reqs)} if reqs else {}
    if bits:
        asked["currentBehavior"] = bits.to_bytes(2, "big"), 14
    value = {"id": vehicle(mover).to_bytes(8, "big"), "refPos": HERE, "intAndReq": asked}
    return Heard("vir", source, T_US + round(t_s * 1e6), value)


def psm(mover, crossing="request", t_s=0.0):
    value = {"id": vehicle(mover).to_bytes(8, "big"), "non-motorData": {"personalReq": {"crossing": crossing}}}
    return Heard("psm", 1, T_US + round(t_s * 1e6), value)


def request(kind, info, number=1, status="request", life_s=10.0):
    return {"reqID": number, "status": status, "info": (kind, info), "lifeTime": round(life_s * 100)}


class Talk:
    """A state, and what was said in each step: (message, vehicle, content)."""

    def __init__(self):
        self.state, self.out = State(), []

    def at(self, map, movers, *heard, t_s=0.0, speaks=lambda vehicle: -1, **more):
        """Take one step in a scene and return what it says."""
        found = replace(scene(map, movers, **more), t_us=T_US + round(t_s * 1e6))
        self.state, self.out = step(self.state, found, heard, speaks, PARAMETERS)
        return [(one.message, one.vehicle - 1000, one.content) for one in self.out]

    def told(self, mover):
        """Return the behaviours that a mover was told in the last step."""
        return [one.content.behaviour for one in self.out if one.message == "rsc" and one.vehicle == vehicle(mover)]

    def counts(self, id):
        return {name: many for name, many in self.state.ledger.told(id).items() if many}
