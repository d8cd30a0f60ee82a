"""Cases at places (定点类测例): VRUSP, GSPA, RTS, DLM.

VRUSP: who asks to cross where no car comes must be told to go; while one comes that cannot be asked, nobody is told to. GSPA:
the bay that is offered must be one where nobody stands and that nobody else was offered; where all are taken none. RTS:
who drives to a toll with a unit is offered to pay, who is behind it, on duty or without a unit is not. DLM: an instruction
is told by the units near its lanes from ten minutes before it holds, and by no others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.asking.town import AMBULANCE, Town, request
from jinyun.bench.evaluation.asking.verdict import Verdict
from jinyun.cloud.cooperation.hearing import Heard
from jinyun.cloud.cooperation.instructions import Instruction
from jinyun.cloud.roadevents import OWN, Posting
from jinyun.hdmap import LaneKind
from jinyun.shapes import Kind
from jinyun.zone.description import Notice

Rng = np.random.Generator
GO = ("goStraightForward",)
MINUTE_US = 60_000_000


def crossing(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Ask to cross, with nobody near or with a car without a unit that comes."""
    table, points = town.map.crossings, town.map.crossing_points
    dark = np.flatnonzero(table["phase"] == 0)
    if not len(dark):
        return
    row = int(rng.choice(dark))
    first, count = int(table["first"][row]), int(table["count"][row])
    ends = np.column_stack([points[name][[first, first + count - 1]] for name in ("x_m", "y_m")])
    middle, way = ends.mean(axis=0), ends[1] - ends[0]
    asker = town.at(float(ends[0, 0]), float(ends[0, 1]), float(np.arctan2(*way)), 0.0, Kind.PEDESTRIAN)
    comes = bool(rng.random() < 0.5)
    if comes:
        across = np.array([np.arctan2(way[1], -way[0]), np.arctan2(-way[1], way[0])])
        lane, _, s = town.map.nearest_lane(
            np.full(2, middle[0]), np.full(2, middle[1]), across % (2 * np.pi), [LaneKind.CAR]
        )
        side = int(np.argmax(np.where(lane >= 0, s, -1.0)))
        before = float(s[side]) - float(rng.uniform(14.0, 45.0))
        if lane[side] < 0 or before < 3.0:
            return
        town.on(int(lane[side]), before, float(rng.uniform(9, 14)), unit=False)
    value = {"id": town.octets(asker), "non-motorData": {"personalReq": {"crossing": "request"}}}
    out = town.step(Heard("psm", 1, town.now_us, value), verdict=verdict)
    (verdict.undue if comes else verdict.due)(GO in town.told(out, "VRUSP", asker))


def parking(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Ask for bays, one after the other, where some are taken."""
    bays = town.map.bays
    if not len(bays["id"]):
        return
    x, y = float(bays["x_m"].mean()), float(bays["y_m"].mean())
    near = town.long[np.argsort(_away(town, x, y))[:12]]
    taken = rng.random(len(bays["id"])) < (1.0 if rng.random() < 0.3 else rng.uniform(0.2, 0.9))
    askers = [town.on(int(lane), float(rng.uniform(20, 120)), 6.0) for lane in rng.choice(near, 2, replace=False)]
    for bay in np.flatnonzero(taken).tolist():
        town.at(float(bays["x_m"][bay]), float(bays["y_m"][bay]), float(bays["heading_rad"][bay]), 0.0, unit=False,
                length_m=4.2)  # fmt: skip
    asks = request("parking", {"vehicleClass": {"classification": 10}, "req": (bytes(2), 12)})
    out = town.step(*(town.vir(who, asks) for who in askers), verdict=verdict)
    offered: list[int] = []
    fits = (bays["lane"] >= 0) & (bays["length_m"] >= 4.6) & (bays["width_m"] >= 1.8) & ~taken
    for who in askers:
        pam = [one for one in out if one.message == "pam" and one.vehicle == town.vehicle(who)]
        for one in pam:
            bay = one.content(town.zone.project, town.now_us)["parkingAreaGuidance"][0]["targetParkingSlot"] - 1
            verdict.undue(bool(not fits[bay] or bay in offered))
            offered.append(bay)
        if fits.sum() >= 2:
            verdict.due(bool(pam))
        elif not fits.any():
            verdict.undue(bool(pam))


def _away(town: Town, x_m: float, y_m: float) -> NDArray[np.float64]:
    first = town.map.lanes["first"][town.long].astype(np.int64)
    away: NDArray[np.float64] = np.hypot(town.map.points["x_m"][first] - x_m, town.map.points["y_m"][first] - y_m)
    return away


def tolls(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Drive to a toll, or where none is."""
    lane, toll_m = int(rng.choice(town.long)), 120.0
    s, x, y = town.line(lane).T
    path = [(float(np.interp(at, s, x)), float(np.interp(at, s, y))) for at in (toll_m, toll_m + 8.0)]
    events = town.events
    events.forget((OWN,))
    notice = Notice(id="T", zh="", en="", at=path[0], path=path, radius_m=1.2, price_yuan=3.0)
    events.declare(Posting.TOLL, (notice,), town.now_us)
    town.posted = events.step(town.now_us)
    speed = float(rng.uniform(10, 16))
    comes = [town.on(lane, float(rng.uniform(30, 80)), speed)]
    others = [
        town.on(lane, toll_m + 25.0, speed), town.on(lane, 20.0, speed, classification=AMBULANCE, siren=True),
        town.on(lane, 8.0, speed, unit=False),
    ]  # fmt: skip
    out = town.step(verdict=verdict)
    paid = {one.vehicle for one in out if one.message == "vpm"}
    for who in comes:
        verdict.due(town.vehicle(who) in paid)
    for who in others:
        verdict.undue(town.vehicle(who) in paid)


def lanes(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Instruct about a lane, now, soon, later or before."""
    lane = int(rng.choice(town.long))
    begins = int(rng.choice([-30, 5, 30, -120])) * MINUTE_US
    ends = begins + 60 * MINUTE_US
    holds = begins <= 10 * MINUTE_US and ends > 0
    town.state.kept["DLM"] = (Instruction("one", (lane,), "closed", town.now_us + begins, town.now_us + ends),)
    town.on(lane, 50.0, 8.0)
    out = town.step(verdict=verdict)
    said = {one.unit for one in out if one.application == "DLM"}
    line = town.line(lane)
    numbered = int(town.map.approaches.number(lane)[0]) >= 0
    for unit in range(len(town.units)):
        away = float(np.hypot(line[:, 1] - town.units["x_m"][unit], line[:, 2] - town.units["y_m"][unit]).min())
        if away <= 490.0 and holds and numbered:
            verdict.due(unit in said)
        elif away >= 510.0 or not holds:
            verdict.undue(unit in said)
