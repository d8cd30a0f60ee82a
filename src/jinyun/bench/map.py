"""The precise map: how many places a second find their lane, how often a wrong one, how long a map takes to load.

One core; rates are medians of rounds in which ours and the peers take turns, by the time of this thread.

* ``match_points_per_s``: :meth:`Map.match` of places with 0.3 m noise and headings, scattered over all lanes of
  science-city in no order; ``_500km`` the same on nine of science-city side by side, some 540 km of road. ``nearest_...``
  is :meth:`Map.nearest_lane`, ``history_...`` :meth:`Map.match` with history, a call a tick as the cloud makes it.
* ``wrong_lane_share``: a minute of science-city's simulated street at 10 Hz (simulated), every vehicle's place given 0.3 m
  of noise and its heading 1 degree; ours is matched with history and held against SUMO's own lane. A place counts where one
  lane alone lies within two standard deviations (0.6 m) of it in the vehicle's direction: where a car is astride a border,
  where lanes have not parted yet or one begins where another ends, 0.3 m cannot tell and either is right.
  ``counted_share`` says how many places that is, ``..._strict`` is the share over all places, ``..._alone`` without history.
* ``load_s``: from the zone's files on disk to the map, in a process that is warm; ``load_s_<file>`` a file by
  :func:`hdmap.read`. Peers read the same file: sumolib science-city's net, the lanelet2 library the Lanelet2 map.
"""

from __future__ import annotations

import argparse
import gc
import math
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap, zone
from jinyun.bench.machine import describe
from jinyun.hdmap import LaneKind, Map, fence
from jinyun.hdmap.match import History

MAPS = Path(__file__).parents[3].parent / "shared" / "data" / "maps"
LANELETS = "autoware_intersection_lanelet2.osm"
NOISE_M, NOISE_RAD = 0.3, math.radians(1)
RIDDEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE, LaneKind.INNER, LaneKind.INNER_BICYCLE)
POINTS = 200_000
TILES, TILE_M = 9, 8_000.0
ROUNDS = 5
STREET_S = 60.0
Floats = NDArray[np.float64]
Places = tuple[Floats, Floats, Floats]


def tiled(map: Map, tiles: int) -> Map:
    """Return the lanes of a map so many times side by side, as a map of lanes, edges and ways on."""
    points, lanes = map.points, map.lanes
    n, m, e = len(points["x_m"]), len(lanes["id"]), len(map.edges["id"])
    side = math.ceil(math.sqrt(tiles))
    east, north = (np.repeat(of * TILE_M, n) for of in (np.arange(tiles) % side, np.arange(tiles) // side))
    moved = {name: np.tile(values, tiles) for name, values in points.items()}
    for name in moved:
        moved[name] = moved[name] + (east if "x_m" in name else north if "y_m" in name else 0.0)
    lane = {name: np.tile(values, tiles) for name, values in lanes.items()}
    for name, by in (("first", n), ("edge", e), ("left", m), ("right", m)):
        shift = np.repeat(np.arange(tiles) * by, m)
        lane[name] = np.where(lane[name] >= 0, lane[name] + shift, -1).astype(lanes[name].dtype)
    lane["id"] = np.char.add(np.repeat(np.arange(tiles).astype("U2"), m), np.char.add("/", lane["id"]))
    follows = map.successors["lane"]
    first = map.successors_first["row"]
    return replace(
        map, points=moved, lanes=lane,
        successors_first={"row": np.append((first[:-1] + np.arange(tiles)[:, None] * len(follows)).ravel(),
                                           tiles * len(follows)).astype(first.dtype)},
        successors={"lane": (follows + np.arange(tiles)[:, None] * m).ravel().astype(follows.dtype)},
    )  # fmt: skip


def scattered(map: Map, count: int, rng: np.random.Generator) -> Places:
    """Return places on ridden lanes, by their length and in no order, with noise, and the lanes' headings there."""
    rows = np.flatnonzero(np.isin(map.lanes["kind"], RIDDEN))
    length = map.lanes["length_m"][rows]
    lane = rng.choice(rows, count, p=length / length.sum())
    first, pieces = map.lanes["first"][lane].astype(np.int64), map.lanes["count"][lane].astype(np.int64) - 1
    s = map.points["s_m"]
    at = rng.random(count) * s[first + pieces]
    k = first.copy()
    for step in range(int(pieces.max())):  # the piece on which each station lies
        k = np.where(
            (step < pieces) & (s[first + np.minimum(step, pieces)] <= at), first + np.minimum(step, pieces - 1), k
        )
    x, y = map.points["x_m"], map.points["y_m"]
    dx, dy = x[k + 1] - x[k], y[k + 1] - y[k]
    share = np.clip((at - s[k]) / np.maximum(s[k + 1] - s[k], 1e-9), 0, 1)
    noise = rng.normal(0, NOISE_M, (2, count))
    return x[k] + share * dx + noise[0], y[k] + share * dy + noise[1], np.arctan2(dx, dy)


def _rate(work: Callable[[], object], items: int, seconds: float) -> float:
    """Return how many items ``work`` gets done in a second of this thread."""
    runs, begin = 0, time.thread_time()
    while (spent := time.thread_time() - begin) < seconds or not runs:
        work()
        runs += 1
    return runs * items / max(spent, 1e-9)


def _seconds(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of this thread that ``work`` takes."""
    taken = []
    for _ in range(rounds):
        begin = time.thread_time()
        work()
        taken.append(time.thread_time() - begin)
    return statistics.median(taken)


def record(seconds: float, path: Path) -> None:
    """Run science-city's street and write where every vehicle is, ten times a second, with SUMO's own lane."""
    from jinyun.world.street import Street

    here = zone.load(zone.find())
    map = hdmap.open(here)
    street = Street(here, map)
    sumo = import_module("libsumo")
    numbers: dict[str, int] = {}
    rows: list[tuple[int, int, float, float, float, int]] = []
    for tick in range(round(seconds * 10)):
        street.step()
        for id in sumo.vehicle.getIDList():
            x, y = sumo.vehicle.getPosition(id)
            lane = map.lane_row(sumo.vehicle.getLaneID(id))
            heading = math.radians(sumo.vehicle.getAngle(id))
            rows.append((tick, numbers.setdefault(id, len(numbers)), x, y, heading, lane))
    np.save(path, np.array(rows))


def _street(seconds: float) -> NDArray[np.float64]:
    """Return what :func:`record` wrote in a process of its own: libsumo is one simulation a process."""
    with tempfile.TemporaryDirectory(prefix="jinyun-bench-") as folder:
        path = Path(folder) / "street.npy"
        argv = [sys.executable, "-m", "jinyun.bench.map", "--seconds", str(seconds), "--out", str(path)]
        subprocess.run(argv, check=True)
        recorded: NDArray[np.float64] = np.load(path)
    return recorded


def _wrong(map: Map, street: NDArray[np.float64], rng: np.random.Generator) -> dict[str, float]:
    """Return how often the matched lane is not SUMO's, and the rate of matching with history."""
    tick, who, x, y, heading, lane = street.T
    truth, number = lane.astype(np.int64), who.astype(np.int64)
    px, py = x + rng.normal(0, NOISE_M, len(x)), y + rng.normal(0, NOISE_M, len(x))
    turned = heading + rng.normal(0, NOISE_RAD, len(x))
    counted = fence.covering(map, x, y, heading, kinds=RIDDEN, beyond_m=2 * NOISE_M) == 1
    alone = map.match(px, py, turned, sd_m=NOISE_M, kinds=RIDDEN).lane != truth
    nearest = map.nearest_lane(px, py, turned, RIDDEN)[0] != truth
    history, followed = History(int(number.max()) + 1), np.zeros(len(x), bool)
    bounds = np.flatnonzero(np.diff(tick)) + 1
    begin = time.thread_time()
    for rows in np.split(np.arange(len(x)), bounds):
        part = slice(rows[0], rows[-1] + 1)
        found = map.match(
            px[part], py[part], turned[part], sd_m=NOISE_M, kinds=RIDDEN, history=history, rows=number[part]
        )
        followed[part] = found.lane != truth[part]
    spent = time.thread_time() - begin
    return {
        "history_points_per_s": len(x) / spent, "street_points": float(len(x)), "street_vehicles": float(len(history)),
        "counted_share": float(counted.mean()), "wrong_lane_share": float(followed[counted].mean()),
        "wrong_lane_share_alone": float(alone[counted].mean()), "wrong_lane_share_nearest": float(nearest[counted].mean()),
        "wrong_lane_share_strict": float(followed.mean()), "wrong_lane_share_alone_strict": float(alone.mean()),
    }  # fmt: skip


def _lanelet2(
    path: Path, seconds: float, rounds: int, rng: np.random.Generator
) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the lanelet2 library's figures on a Lanelet2 map, and ours on the same."""
    try:
        library: Any = import_module("lanelet2")
        for part in ("io", "projection", "core", "geometry"):
            import_module(f"lanelet2.{part}")
    except ImportError:
        return {"lanelet2": "not installed: pip install lanelet2"}, {}
    ours = hdmap.read(path)
    lon, lat = (float(ours.about[key][0]) for key in ("lon", "lat"))

    def read() -> Any:
        return library.io.loadRobust(str(path), library.projection.UtmProjector(library.io.Origin(lat, lon)))[0]

    lanelets = read().laneletLayer
    x, y, heading = scattered(ours, 2000, rng)
    far = [library.core.BasicPoint2d(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    find = library.geometry.findNearest
    turns = [
        (
            _rate(lambda: [find(lanelets, point, 1) for point in far], len(far), seconds),
            _rate(lambda: ours.match(x, y, heading, sd_m=NOISE_M), len(x), seconds),
        )
        for _ in range(rounds)
    ]
    figures = {
        "match_points_per_s_lanelet2_map": statistics.median(b for _, b in turns),
        "match_vs_lanelet2": statistics.median(b / a for a, b in turns),
    }
    peer = {"version": metadata.version("lanelet2"), "file": path.name, "load_s": _seconds(read, rounds),
            "nearest_points_per_s": statistics.median(a for a, _ in turns)}  # fmt: skip
    return {"lanelet2": peer}, figures


def _sumolib(map: Map, places: Places, seconds: float, rounds: int) -> dict[str, Any]:
    """Return sumolib's figures on the same net: neighbouring lanes within the reach that ours has."""
    read = import_module("sumolib").net.readNet
    net = read(str(map.net_file), withInternal=True)
    few = list(zip(*(column[:20].tolist() for column in places[:2]), strict=True))

    def find() -> None:
        for x, y in few:
            min(net.getNeighboringLanes(x, y, 5.0, includeJunctions=True), key=lambda found: found[1], default=None)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that without rtree it looks at every lane
        find()
        rate = _rate(find, len(few), seconds)
    peer: dict[str, Any] = {
        "version": metadata.version("sumolib"), "neighbouring_lanes_points_per_s": rate,
        "index": "rtree" if find_spec("rtree") else "none: looks at every lane (rtree is not installed)",
        "load_s": _seconds(lambda: read(str(map.net_file), withInternal=True), rounds),
    }  # fmt: skip
    return peer


def measure(seconds: float = 20.0, street_s: float = STREET_S, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure for about ``seconds`` beside the street's and return ``{"bench", "machine", "figures", "peers"}``."""
    here = zone.load(zone.find())
    map = hdmap.open(here)
    rng = np.random.default_rng(20)
    large = tiled(map, TILES)
    x, y, heading = scattered(map, POINTS, rng)
    tile = rng.integers(0, TILES, POINTS)
    side = math.ceil(math.sqrt(TILES))
    far = x + tile % side * TILE_M, y + tile // side * TILE_M
    wide: tuple[tuple[str, Map, Places], ...] = (("", map, (x, y, heading)), ("_500km", large, (*far, heading)))
    for _, of, (px, py, head) in wide:  # builds the index, loads the kernels
        of.match(px[:9], py[:9], head[:9], sd_m=NOISE_M)
        of.nearest_lane(px[:9], py[:9], head[:9])
    map.match(x[:1], y[:1], heading[:1], sd_m=NOISE_M, history=History(1))
    gc.freeze()
    slice_s = seconds / (rounds * 8)
    work: dict[str, Callable[[], object]] = {}
    for name, of, (px, py, head) in wide:
        work[f"match_points_per_s{name}"] = lambda of=of, a=px, b=py, c=head: of.match(a, b, c, sd_m=NOISE_M)  # type: ignore[misc]
        work[f"nearest_points_per_s{name}"] = lambda of=of, a=px, b=py, c=head: of.nearest_lane(a, b, c)  # type: ignore[misc]
    try:
        turns = [{name: _rate(call, POINTS, slice_s) for name, call in work.items()} for _ in range(rounds)]
        figures = {name: statistics.median(turn[name] for turn in turns) for name in work}
        figures["load_s"] = _seconds(lambda: hdmap.open(here), rounds)
        figures["index_s"] = _seconds(lambda: replace(map).index, rounds)
        figures["index_s_500km"] = _seconds(lambda: replace(large).index, rounds)
        figures["lane_km"] = float(map.lanes["length_m"].sum() / 1000)
        figures["road_km"] = float(map.sections["length_m"].sum() / 1000)
        figures["road_km_500km"] = TILES * figures["road_km"]
        figures["lane_km_500km"] = TILES * figures["lane_km"]
        if street_s:
            figures |= _wrong(map, _street(street_s), rng)
        peers: dict[str, Any] = {"sumolib": _sumolib(map, (x, y, heading), slice_s, rounds)}
        figures["match_vs_sumolib"] = (
            figures["match_points_per_s"] / peers["sumolib"]["neighbouring_lanes_points_per_s"]
        )
        figures["load_s_net"] = _seconds(lambda: hdmap.read(map.net_file), min(rounds, 3))
        for path in sorted(MAPS.glob("*.xodr")) + sorted(MAPS.glob("*.osm")):
            figures[f"load_s_{path.stem}"] = _seconds(lambda path=path: hdmap.read(path), rounds)  # type: ignore[misc]
        if (MAPS / LANELETS).exists():
            found, more = _lanelet2(MAPS / LANELETS, slice_s, rounds, rng)
            peers |= found
            figures |= more
    finally:
        gc.unfreeze()
    return {"bench": "map", "machine": describe(), "figures": figures, "peers": peers}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jinyun.bench.map", description="record the simulated street")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    record(args.seconds, args.out)


if __name__ == "__main__":
    main()
