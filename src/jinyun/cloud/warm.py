"""Warm: the cloud's kernels are compiled, or loaded, before the first device is heard, not while it waits.

A throw-away cloud sees a throw-away street of a few seconds: the whole way of a message, from its octets to the frame and
the scorecard. Numba keeps what it compiled beside the sources, so this is long only where the sources are new; then a
second process, ``python -m jinyun.cloud.warm``, begins at the other end of the way and the two share the work.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jinyun import hdmap
from jinyun.cloud import prediction, tracking, twin
from jinyun.cloud.apps import Applications, Scene
from jinyun.cloud.apps.avw import explained_by_place
from jinyun.cloud.apps.dnpw import coming
from jinyun.cloud.apps.scene import IN_USE, LEFT_LAMP, UNIT
from jinyun.cloud.cooperation import conducting
from jinyun.cloud.lanes import Lanes
from jinyun.cloud.live import Cloud
from jinyun.cloud.quality.overlooked import Cells
from jinyun.cloud.roadevents import Posting, RoadEvents
from jinyun.cloud.tracking import life
from jinyun.net import csae
from jinyun.net.block import Arrival, Block, scan
from jinyun.net.samples import SMALLEST
from jinyun.parent import end_with_parent
from jinyun.record import messages
from jinyun.shapes import REPORT, SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGHTING, SIGNAL, TRACK, Kind, Light
from jinyun.zone import Notice, Zone, load

BEGAN_US = 1_795_000_000_000_000
TICKS = 25
"""Tenths of a second the street lasts: over two whole seconds, so that what is asked once a second is asked."""
CARS = 6
SPEED_MPS, APART_M, ASIDE_M = 10.0, 40.0, 0.3


def warm(zone: Zone, map: hdmap.Map | None, advised: bool = True) -> None:
    """Compile or load what the cloud of ``zone`` calls. It leaves nothing behind but the compiled kernels.

    Where another process asks the applications (not ``advised`` here) it has to :func:`advise` for itself.
    """
    scan(np.frombuffer(b"PING\r\n", np.uint8), 1, 1)
    helper = None
    if scan.stats.cache_misses:  # it had to be compiled: so has the rest
        own = [sys.executable, "-m", "jinyun.cloud.warm", "--zone", str(zone.folder)]
        helper = subprocess.Popen(own, stdin=subprocess.PIPE)
        _follow()
        helper.communicate()
    _see(zone, map, advised)


def advise(zone: Zone, map: hdmap.Map) -> None:
    """Compile or load what the applications call, and nothing else."""
    _advise(zone, map)


def _see(zone: Zone, map: hdmap.Map | None, advised: bool) -> None:
    """Let a cloud of its own see the street as messages."""
    cloud = Cloud(zone, map=map)
    if not advised:
        cloud.advising = cloud.counsel = None
    for now_us, arrivals in _street(zone):
        block = Block.of(arrivals)
        messages.pack(np.zeros(0, messages.TURN), [block], np.empty(0))
        cloud.advance(block, now_us)
        cloud.fused(now_us)
        cloud.published(now_us)
    cloud.account(now_us)
    if map is not None and advised:
        _advise(zone, map)


def _judge(zone: Zone, map: hdmap.Map | None) -> None:
    """Let what reads and judges see the street, and nobody follow it: what the other process compiles meanwhile."""
    cloud = Cloud(zone, map=map)
    for now_us, arrivals in _street(zone):
        decoded = cloud.decoder.read(Block.of(arrivals))
        cloud.claims.take(decoded.sightings, now_us)
        cloud.truth.take(decoded.spats, decoded.maps, now_us)
        cloud.scorecard.take(decoded.sightings)
        cloud.scorecard.second(cloud.twin.tracks, cloud.decoder.sources, now_us)
    cloud.account(now_us)
    Cells(1).make_room(1)  # the street's cells grow in number seldom


def _advise(zone: Zone, map: hdmap.Map) -> None:
    """Let the applications see who comes to a light and to a danger, and one on duty behind: what is rare in a street."""
    fit = (map.lanes["kind"] == hdmap.LaneKind.CAR) & (map.lanes["left"] < 0) & (map.lanes["length_m"] > 160)
    lines = np.flatnonzero(np.isin(map.stop_lines["lane"], np.flatnonzero(fit)))
    if not len(lines):
        return
    line, road, lanes = int(lines[0]), prediction.roadway(map), Lanes(map)
    shape = map.lane_line(int(map.stop_lines["lane"][line]))
    way = (shape[-1] - shape[-2]) / np.hypot(*(shape[-1] - shape[-2]))
    rows = np.zeros(3, TRACK)
    rows["id"], rows["kind"], rows["vehicle_id"], rows["seen_by"] = (1, 2, 3), Kind.MOTOR, (1, 2, 3), SEEN_BY_ITSELF
    rows["x_m"], rows["y_m"] = (shape[-1] - np.outer((100.0, 116.0, 140.0), way)).T
    rows["heading_rad"], rows["speed_mps"], rows["length_m"] = np.arctan2(*way), SPEED_MPS, 4.5
    rows["width_m"], rows["position_sd_m"], rows["speed_sd_mps"], rows["existence"] = 1.8, 0.3, 0.2, 1.0
    signals = np.zeros(1, SIGNAL)
    junction = int(map.stop_lines["junction"][line])
    signals["region"], signals["node"] = map.about["region"][0], map.junctions["node"][junction]
    signals["phase"], signals["light"] = map.stop_lines["phase"][line], Light.RED
    signals["event_us"], signals["likely_end_us"] = BEGAN_US, BEGAN_US + 6_000_000
    located = lanes.step(rows)
    paths = prediction.predict(rows, signals, road, BEGAN_US, history=lanes.history)
    reports = np.zeros(3, REPORT)
    reports["siren"][2], reports["lights"][1] = IN_USE, LEFT_LAMP
    events = RoadEvents(road, zone.project)
    radii = ((0.0, ()), (10.0, ()), (5.0, [tuple(shape[-2]), tuple(shape[-1])]))
    for number, (radius_m, path) in enumerate(radii):
        at = (float(rows["x_m"][0]), float(rows["y_m"][0]))
        events.declare(Posting.EVENT, [Notice(id=f"w{number}", at=at, radius_m=radius_m, path=list(path))], BEGAN_US)
    scene = Scene(
        BEGAN_US, rows, located, paths, signals, reports, map, road, np.empty(0, UNIT), posted=events.step(BEGAN_US)
    )
    applications = Applications(zone.profile)
    applications.step(scene)
    every = np.arange(len(rows))  # who stands for no reason, or passes where somebody comes, is rarer still
    explained_by_place(scene, every, applications.of_each["AVW"])
    coming(scene, every, applications.of_each["DNPW"]["farthest_m"])
    conducting.warm(map)
    map.nearest_lane(rows["x_m"], rows["y_m"])  # asked of those who leapt, several at once


def _predict(map: hdmap.Map) -> None:
    """Let lanes and ways of one driver and one walker be looked for."""
    rows, lanes = np.zeros(2, TRACK), Lanes(map)
    rows["id"], rows["kind"] = (1, 2), (Kind.MOTOR, Kind.PEDESTRIAN)
    lanes.step(rows)
    prediction.predict(rows, np.empty(0, SIGNAL), prediction.roadway(map), BEGAN_US, history=lanes.history)


def _follow() -> None:
    """Let a picture of its own follow the street as sightings, without the way there."""
    state = twin.State()
    rows = np.zeros(3 * CARS, SIGHTING)
    car, order = np.arange(len(rows)) % CARS, np.arange(len(rows))
    own = order < CARS
    rows["source"] = np.where(own, car, CARS + order // CARS)
    rows["by"] = np.where(own, SEEN_BY_ITSELF, SEEN_BY_ROAD)
    rows["kind"] = np.where(car == 0, Kind.PEDESTRIAN, Kind.MOTOR)
    rows["vehicle_id"] = np.where(own, car + 1, 0)
    rows["length_m"], rows["width_m"], rows["height_m"] = 4.0, 1.8, 1.5
    rows["speed_mps"], rows["position_sd_m"] = SPEED_MPS, 0.5
    for tick in range(TICKS):
        now_us = BEGAN_US + tick * twin.TICK_US
        rows["event_us"], rows["receive_us"] = now_us - 50_000, now_us
        rows["participant"] = _number(tick, car)
        rows["y_m"], rows["x_m"] = SPEED_MPS * tick / 10, APART_M * car + np.where(own, 0.0, ASIDE_M)
        tracking.take(state.tracks, rows, now_us)
        twin.step(state, np.empty(0, SIGHTING), np.empty(0, SIGNAL), now_us)
    its, none = state.tracks, np.empty(0, np.int64)
    life.merge(its.rows, its.chains, its.links, its.passes, none, none)  # of twins, who are rare


def _street(zone: Zone) -> Iterator[tuple[int, list[Arrival]]]:
    """Yield (receipt in µs, messages): cars in a row that report themselves, two units that see them, one signal."""
    for tick in range(TICKS):
        now_us = BEGAN_US + tick * twin.TICK_US
        mark = (now_us - 50_000) // 1000 % 60_000
        along_m = SPEED_MPS * tick / 10
        bodies = [_body(zone, car, along_m, mark) for car in range(CARS)]
        messages = [("obu", f"warm{car}", "bsm", _bsm(body, car, tick)) for car, body in enumerate(bodies)]
        for unit in ("warm1", "warm2"):
            messages.append(("rsu", unit, "rsm", _rsm(zone, bodies, tick)))
            lights = SMALLEST["spat"] | {"msgCnt": tick % 128, "moy": 1, "timeStamp": mark}
            messages.append(("rsu", unit, "spat", lights))
        messages += [("rsu", "warm1", message, SMALLEST[message]) for message in ("map", "rsi") if tick % 10 == 0]
        arrivals = []
        for kind, name, message, value in messages:
            subject = f"jinyun.{zone.id}.{kind}.{name}.up.{message}"
            arrivals.append(Arrival(now_us, subject, csae.encode(f"{message}Frame", value)))
        yield now_us, arrivals


def _number(tick: int, car: Any) -> Any:
    """Return what the roadside calls a car: it loses it once and counts on."""
    return car + 1 + (100 if tick > TICKS // 2 else 0)


def _body(zone: Zone, car: int, along_m: float, mark: int) -> dict[str, Any]:
    lon, lat = zone.project.inverse(np.array([APART_M * car]), np.array([along_m]))
    return {
        "lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7), "speed": round(SPEED_MPS / 0.02),
        "heading": 0, "secMark": mark, "size": {"width": 180, "length": 400},
    }  # fmt: skip


def _bsm(body: dict[str, Any], car: int, tick: int) -> dict[str, Any]:
    own = {name: body[name] for name in ("speed", "heading", "secMark", "size")}
    place = {"lat": body["lat"], "long": body["long"]}
    return SMALLEST["bsm"] | own | {"msgCnt": tick % 128, "id": b"warm%04d" % car, "pos": place}


def _rsm(zone: Zone, bodies: list[dict[str, Any]], tick: int) -> dict[str, Any]:
    seen = [
        {
            "ptcType": "pedestrian" if number == 0 else "motor", "ptcId": _number(tick, number), "source": "video",
            "secMark": body["secMark"], "posConfidence": {"pos": "a1m"}, "speed": body["speed"],
            "heading": body["heading"], "size": body["size"],
            "pos": {"offsetLL": ("position-LatLon", {"lat": body["lat"], "lon": body["long"]})},
        }
        for number, body in enumerate(bodies)
    ]  # fmt: skip
    reference = {"lat": round(zone.origin.lat * 1e7), "long": round(zone.origin.lon * 1e7)}
    return SMALLEST["rsm"] | {"msgCnt": tick % 128, "id": b"warm0000", "refPos": reference, "participants": seen}


def main() -> None:
    """Compile as a second process."""
    parser = argparse.ArgumentParser(prog="python -m jinyun.cloud.warm")
    parser.add_argument("--zone", type=Path, required=True)
    args = parser.parse_args()
    end_with_parent()
    zone = load(args.zone)
    map = hdmap.open(zone)
    _judge(zone, map)
    _predict(map)


if __name__ == "__main__":
    main()
