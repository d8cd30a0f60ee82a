"""Cases of who drives beside others (行驶类测例): SDS, CLC, CHPVP, CPM.

SDS: due are all without a unit within the radius of the path, undue are all others. CLC: the change is due where nobody is
within four seconds' way beside, undue where somebody is abreast. CHPVP: those ahead in the lane of one on duty, within reach
and with a unit, make way; nobody does for one who may not ask. CPM: who is off the rule by half is told, who keeps it is not.
"""

from __future__ import annotations

import numpy as np

from jinyun.bench.evaluation.asking.town import AMBULANCE, Town, request
from jinyun.bench.evaluation.asking.verdict import Verdict
from jinyun.cloud.cooperation.hearing import Heard
from jinyun.cloud.cooperation.lanechange import number
from jinyun.hdmap import LaneKind
from jinyun.shapes import Kind

Rng = np.random.Generator
PID = b"P" * 17


def sharing(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Ask about a stretch of a lane and count of whom one is told."""
    lane = int(rng.choice(town.long))
    radius, ahead_m = float(rng.uniform(10.0, 30.0)), float(rng.uniform(30.0, 100.0))
    asker = town.on(lane, 20.0, 8.0)
    s, x, y = town.line(lane).T
    ends = [(float(np.interp(at, s, x)), float(np.interp(at, s, y))) for at in (20 + ahead_m, 50 + ahead_m)]
    due: set[int] = set()
    undue: set[int] = set()
    a, b = (np.array(end) for end in ends)
    for _ in range(int(rng.integers(2, 6))):
        px, py = (float(v) for v in (a + b) / 2 + rng.uniform(-3, 3, 2) * radius)
        share = float(np.clip((np.array([px, py]) - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1))
        away = float(np.hypot(*(a + share * (b - a) - [px, py])))
        if abs(away - radius) < 0.5:
            continue  # places in messages are rounded
        unit = bool(rng.random() < 0.3)
        kind = Kind.MOTOR if unit else Kind(int(rng.choice([Kind.MOTOR, Kind.PEDESTRIAN])))
        who = town.at(px, py, float(rng.uniform(0, 6.28)), float(rng.uniform(0, 1.5)), kind, unit)
        (due if away < radius and not unit else undue).add(who)
    points = []
    for x_m, y_m in ends:
        at = town.place(x_m, y_m)
        points.append({"offsetLL": ("position-LatLon", {"lon": at["long"], "lat": at["lat"]})})
    area = {"detectArea": [{"activePath": points, "pathRadius": round(radius * 10)}]}
    out = town.step(town.vir(asker, request("sensorSharing", area)), verdict=verdict)
    seen: list[tuple[int, int]] = []
    for one in out:
        if one.message == "ssm" and one.vehicle == town.vehicle(asker):
            value = one.content(town.zone.project, town.now_us)
            for its in value["participants"]:
                of = its["ptc"]["pos"]["offsetLL"][1]
                seen.append((value["sensorPos"]["long"] + of["lon"], value["sensorPos"]["lat"] + of["lat"]))
    for who in due | undue:
        at = town.place(town.rows[who]["x_m"], town.rows[who]["y_m"])
        came = any(abs(lon - at["long"]) <= 3 and abs(lat - at["lat"]) <= 3 for lon, lat in seen)
        (verdict.due if who in due else verdict.undue)(came)


def lane_change(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Ask for the lane beside, that is empty or not."""
    lanes = town.map.lanes
    beside = town.long[(lanes["left"][town.long] >= 0)]
    beside = beside[lanes["kind"][lanes["left"][beside]] == LaneKind.CAR]
    lane = int(rng.choice(beside))
    target, s, speed = int(lanes["left"][lane]), float(rng.uniform(60, 100)), float(rng.uniform(7, 14))
    asker = town.on(lane, s, speed)
    blocked = bool(rng.random() < 0.5)
    if blocked:
        town.on(
            target, s + float(rng.uniform(-4.0, 4.0)), speed + float(rng.uniform(-1, 1)), unit=bool(rng.random() < 0.5)
        )
    elif rng.random() < 0.5:
        town.on(target, s + float(rng.uniform(55, 75)), speed + float(rng.uniform(0, 2)))
    info = {"upstreamNode": {"id": 1}, "downstreamNode": {"id": 2}, "targetLane": number(town.map, target)}
    out = town.step(town.vir(asker, request("laneChange", info)), verdict=verdict)
    came = ("laneChangingToLeft",) in town.told(out, "CLC", asker)
    (verdict.undue if blocked else verdict.due)(came)


def priority(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Ask for a clear way, on duty or not, behind others on the same lane and on others."""
    lane, duty = int(rng.choice(town.long)), bool(rng.random() < 0.6)
    one = town.on(lane, 20.0, float(rng.uniform(8, 16)), classification=AMBULANCE, siren=duty)
    reach = max(town.rows[one]["speed_mps"] * 10.0, 80.0)
    others = []
    at = 20.0
    while (at := at + float(rng.uniform(14, 60))) < float(town.map.lanes["length_m"][lane]) - 20.0:
        unit = bool(rng.random() < 0.7)
        who = town.on(lane, at, float(rng.uniform(4, 10)), unit=unit)
        if abs(at - 20.0 - 4.6 - reach) > 5.0 and unit:
            others.append((who, at - 20.0 - 4.6 < reach))
    behind = town.on(lane, 5.0, 6.0)
    others.append((behind, False))
    info = {"upstreamNode": {"id": 1}, "downstreamNode": {"id": 2}, "targetLane": 1}
    out = town.step(town.vir(one, request("clearTheWay", info)), verdict=verdict)
    for who, ahead in others:
        came = bool(town.told(out, "CHPVP", who))
        (verdict.due if ahead and duty else verdict.undue)(came)


def platoon(town: Town, rng: Rng, verdict: Verdict) -> None:
    """Let two drive in a platoon, at the distance of the rule or far from it; the third is none of it."""
    lane, speed = int(rng.choice(town.long)), float(rng.uniform(8, 18))
    rule = 4.0 + 0.6 * speed
    off = float(rng.choice([0.0, 0.0, 0.0, -0.5, 0.6])) + float(rng.uniform(-0.1, 0.1))
    leader = town.on(lane, 120.0, speed)
    second = town.on(lane, 120.0 - 4.6 - rule * (1 + off), speed)
    third = town.on(lane, 120.0 + 30.0, speed)
    rows = [{"vid": town.octets(leader)}, {"vid": town.octets(second)}]
    value = {
        "id": town.octets(leader), "pid": PID, "role": "leader", "status": "navigating",
        "leadingExt": {"memberList": rows, "capacity": 4, "openToJoin": True},
    }  # fmt: skip
    out = town.step(Heard("clpmm", 1, town.now_us, value), verdict=verdict)
    said = town.told(out, "CPM", second)
    if abs(off) > 0.35:
        verdict.due(said == [("slow-down",) if off < 0 else ("speed-up",)])
    elif abs(off) < 0.2:
        verdict.undue(bool(said))
    verdict.undue(bool(town.told(out, "CPM", third) or town.told(out, "CPM", leader)))
