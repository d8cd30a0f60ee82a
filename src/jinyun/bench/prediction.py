"""Prediction: where the cloud says that everybody will be, against where they were one, three and five seconds later.

The street of science-city runs without a broker (:mod:`jinyun.world.offline`, simulated); its cloud fuses what the cars and the
roadside send, and once a second predicts from its own tracks, the lights as the controllers tell them, and the map. A track
counts that stands for a participant within 2 m who is still on the street five seconds later. Peers in the same run, from
the same tracks: constant velocity, and constant turn rate and speed. Lamps are taken for unknown.

* ``{class}_likeliest_m_{1,3,5}``: mean distance of the likeliest hypothesis from the truth; ``_best_`` of the best of those
  more likely than 0.1; ``_cv_`` and ``_ctr_`` of the peers. ``_moving_`` the same for those that move now or do later.
* ``way_share``: vehicles whose true lane five seconds later is on a hypothesis, ``way_share_moving`` those that changed lane.
* ``turn_brier``: of vehicles that come into a junction within five seconds (0 best, 2 worst; over straight, left, right,
  U-turn), beside that of who knows how often which is taken, ``turn_brier_base_rate``. ``turn_told_{k}`` and
  ``turn_true_{k}``: mean stated probability and true share of turns told with a probability in the k-th fifth.
* ``pass_brier``: of vehicles of which it was told, with doubt, whether they pass the stop line ahead within five seconds, with
  its base rate; ``pass_told`` and ``pass_true`` are the mean stated probability and the true share.
* ``{class}_within_{1,2}_sd_{along,across}``: share of places of the moving five seconds later within so many stated standard
  deviations of the nearest hypothesis more likely than 0.1 (68 and 95 % if errors were normal).
* ``ms_{n}`` and ``lanes_ms_{n}``: time of this thread for a frame's prediction and its lanes, for so many tracks scattered
  over the map's lanes (synthetic), lanes known from the frame before.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench.machine import describe
from jinyun.cloud import twin
from jinyun.cloud.decode import Decoder
from jinyun.cloud.lanes import DRIVEN, RIDDEN, Lanes
from jinyun.cloud.prediction import Roadway, predict, roadway
from jinyun.hdmap import Map, Turn
from jinyun.net.block import Block
from jinyun.shapes import SIGHTING, SIGNAL, TRACK, Kind
from jinyun.world.offline import Conditions, moments
from jinyun.world.signals import Signals

ZONE = "science-city"
SECONDS = 120.0
BEGIN_FRAMES, EVERY = 50, 10
"""The first frames are not predicted from; of the others every tenth is."""
NEAR_M = 2.0
AHEAD = {1: 1, 3: 5, 5: 9}
"""Seconds, and the sample then."""
LIKELY, DOUBT = 0.1, 0.05
MOVING_MPS = 0.5
HORIZON_FRAMES = 50
CLASSES = {"car": Kind.MOTOR, "cyclist": Kind.NON_MOTOR, "pedestrian": Kind.PEDESTRIAN}
SIZES = (1000, 5000)
ROUNDS = 30
TURNS = (Turn.STRAIGHT, Turn.LEFT, Turn.RIGHT, Turn.U_TURN)
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Moment:
    """What the cloud knew at one instant and said of it."""

    frame: int
    tracks: NDArray[np.void]
    signals: NDArray[np.void]
    history: Any


@dataclass(slots=True)
class Recording:
    """The street's truth by frame and participant, and the moments that are predicted from."""

    map: Map
    now: list[Moment] = field(default_factory=list)
    number: list[NDArray[np.int64]] = field(default_factory=list)
    place: list[Floats] = field(default_factory=list)  # (n, 3): x, y, speed
    kind: list[NDArray[np.uint8]] = field(default_factory=list)
    lane: list[NDArray[np.int64]] = field(default_factory=list)  # SUMO's own, -1 for people on foot


def record(seconds: float, seed: int | None = None) -> Recording:
    """Run the street and the cloud that sees it; SUMO holds one street in a process."""
    here = zones.load(zones.find(ZONE))
    map = hdmap.open(here)
    found, decoder, state, lanes = Recording(map), Decoder(here.project), twin.State(), Lanes(map)
    lit = [row for row in range(len(map.junctions["id"])) if map.junctions["steps"][row] > 0]
    programs, names = Signals(map, lit), [str(map.junctions["id"][row]) for row in lit]
    lane_row = {str(id): row for row, id in enumerate(map.lanes["id"])}
    for frame, moment in enumerate(moments(here, map, {"": Conditions()}, seconds, seed)):
        sumo = import_module("libsumo")
        arrivals = sorted([*moment.own, *moment.road[""]], key=lambda arrival: arrival.receive_us)
        sightings = decoder.read(Block.of(arrivals)).sightings if arrivals else np.empty(0, SIGHTING)
        signals = _signals(sumo, programs, names, here.map.region, moment.t_us)
        shown = twin.step(state, sightings, signals, moment.t_us)
        lanes.step(shown.tracks)
        if frame >= BEGIN_FRAMES and frame % EVERY == 0:
            found.now.append(Moment(frame, shown.tracks, shown.signals, lanes.history))
        now = moment.now
        on = {int(id[1:]): lane_row.get(sumo.vehicle.getLaneID(id), -1) for id in sumo.vehicle.getIDList()}
        numbers = now.number.astype(np.int64)
        order = np.argsort(numbers)
        found.number.append(numbers[order])
        found.place.append(np.column_stack([now.x_m, now.y_m, now.speed_mps])[order])
        found.kind.append(now.kind[order])
        found.lane.append(np.array([on.get(number, -1) for number in numbers[order].tolist()], np.int64))
    return found


def _signals(sumo: Any, programs: Signals, names: list[str], region: int, now_us: int) -> NDArray[np.void]:
    """Return the lights as their controllers tell them."""
    light, now_s = sumo.trafficlight, sumo.simulation.getTime()
    steps, left = [light.getPhase(name) for name in names], [light.getNextSwitch(name) - now_s for name in names]
    told = programs.told(steps, left)
    rows = np.zeros(len(told.phase), SIGNAL)
    rows["region"], rows["node"], rows["phase"] = region, programs.node[told.junction], told.phase
    rows["light"], rows["event_us"] = told.light, now_us
    rows["likely_end_us"] = np.where(np.isfinite(told.ends_s), now_us + np.nan_to_num(told.ends_s, posinf=0) * 1e6, 0)
    return rows


@dataclass(slots=True)
class Scored:
    """Predicted tracks beside what became of the participants they stand for; rows of all moments."""

    kind: NDArray[np.uint8]
    moving: NDArray[np.bool_]
    errors: dict[str, Floats]  # (n, 3) by method: metres after 1, 3 and 5 s
    off: Floats  # (n, 2): along and across after 5 s, in stated standard deviations
    way: NDArray[np.int8]  # -1 no vehicle, 1 the true lane is on a hypothesis
    changed: NDArray[np.bool_]  # on another lane than now
    turn: NDArray[np.uint8]  # the true turn at the first junction entered, 0 for none
    told: Floats  # (n, 4): probability of each of TURNS
    passes: Floats  # probability told of passing the line ahead, NaN where there is none or no doubt


def score(recording: Recording, road: Roadway) -> Scored:
    """Predict from every moment and hold it against what came."""
    parts = [_scored(recording, road, moment) for moment in recording.now
             if moment.frame + HORIZON_FRAMES < len(recording.number)]  # fmt: skip
    joined: dict[str, Any] = {}
    for name in Scored.__slots__:
        columns = [getattr(part, name) for part in parts]
        if name == "errors":
            joined[name] = {method: np.concatenate([its[method] for its in columns]) for method in columns[0]}
        else:
            joined[name] = np.concatenate(columns)
    return Scored(**joined)


def _scored(recording: Recording, road: Roadway, moment: Moment) -> Scored:
    tracks, frame = moment.tracks, moment.frame
    paths = predict(tracks, moment.signals, road, 0 if not len(moment.signals) else int(moment.signals["event_us"].max()),
                    history=moment.history)  # fmt: skip
    row, true = _pairs(recording, frame, tracks)
    ahead = [_at(recording, frame + n, recording.number[frame][true]) for n in range(HORIZON_FRAMES + 1)]
    there = np.all([at >= 0 for at in ahead], axis=0)
    row, true = row[there], true[there]
    at = [its[there] for its in ahead]
    place = np.stack([recording.place[frame + n][at[n]] for n in range(HORIZON_FRAMES + 1)], 1)  # (n, 51, 3)
    lane = np.stack([recording.lane[frame + n][at[n]] for n in range(HORIZON_FRAMES + 1)], 1)
    its, n = tracks[row], len(row)
    far = place[:, [10 * s for s in AHEAD], :2]
    x, y = (paths_of[:, list(AHEAD.values())] for paths_of in (paths.x_m, paths.y_m))
    first = paths.first[row]
    errors = {"likeliest": np.hypot(x[first] - far[:, :, 0], y[first] - far[:, :, 1])}
    best, best_row = np.full((n, 3), np.inf), first.copy()
    for k in range(int(np.diff(paths.first).max(initial=0))):
        here = np.minimum(first + k, len(x) - 1)
        valid = (first + k < paths.first[row + 1]) & ((paths.probability[here] > LIKELY) | (k == 0))
        error = np.where(valid[:, None], np.hypot(x[here] - far[:, :, 0], y[here] - far[:, :, 1]), np.inf)
        best_row = np.where(error[:, 2] < best[:, 2], here, best_row)
        best = np.minimum(best, error)
    errors |= {"best": best, **_peers(its, far)}
    v = place[:, :, 2]
    heading = paths.heading_rad[best_row, -1].astype(np.float64)
    dx, dy = far[:, 2, 0] - x[best_row, 2], far[:, 2, 1] - y[best_row, 2]
    along, across = dx * np.sin(heading) + dy * np.cos(heading), dx * np.cos(heading) - dy * np.sin(heading)
    off = np.column_stack([along / paths.along_sd_m[best_row, -1], across / paths.across_sd_m[best_row, -1]])
    vehicle = recording.kind[frame][true] != Kind.PEDESTRIAN
    turn = _true_turns(recording.map, lane)
    told, passes, lined, on_way = np.zeros((n, len(TURNS))), np.zeros(n), np.ones(n, np.bool_), np.zeros(n, np.bool_)
    begin = np.column_stack([tracks["x_m"], tracks["y_m"]])[paths.track][:, :, None]
    steps = np.diff(np.concatenate([begin, np.stack([paths.x_m, paths.y_m], 1)], 2), axis=2)
    gone = np.hypot(steps[:, 0], steps[:, 1]).sum(1)
    for k in range(int(np.diff(paths.first).max(initial=0))):
        here = np.minimum(first + k, len(x) - 1)
        p = np.where(first + k < paths.first[row + 1], paths.probability[here], 0.0)
        on_way |= (p > 0) & (paths.lane[here] == lane[:, -1:]).any(1)
        for c, bit in enumerate(TURNS):
            told[:, c] += p * (paths.turn[here] & bit > 0)
        passes += p * (gone[here] > paths.line_m[here])
        lined &= (p == 0) | (paths.line[here] >= 0)
    inside = recording.map.lanes["junction"][lane[:, 0]] >= 0
    doubt = vehicle & lined & ~inside & (passes > DOUBT) & (passes < 1 - DOUBT)
    return Scored(
        kind=its["kind"], moving=(v.max(1) > MOVING_MPS), errors=errors, off=off,
        way=np.where(vehicle & (lane[:, -1] >= 0), on_way, -1).astype(np.int8), changed=lane[:, 0] != lane[:, -1],
        turn=turn, told=told, passes=np.where(doubt, passes, np.nan),
    )  # fmt: skip


def _pairs(recording: Recording, frame: int, tracks: NDArray[np.void]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of tracks and of the truth that are each other's nearest, alike in kind and within 2 m."""
    places = recording.place[frame][:, :2]
    shown = np.column_stack([tracks["x_m"], tracks["y_m"]])
    if not len(shown) or not len(places):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    far, true = cKDTree(places).query(shown)
    back = cKDTree(shown).query(places)[1]
    rows = np.arange(len(shown))
    fit = (far < NEAR_M) & (back[true] == rows) & (recording.kind[frame][true] == tracks["kind"])
    return rows[fit], true[fit].astype(np.int64)


def _at(recording: Recording, frame: int, number: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of participants in a frame, -1 for who is gone."""
    there = recording.number[frame]
    at = np.minimum(np.searchsorted(there, number), len(there) - 1)
    return np.where(there[at] == number, at, -1)


def _peers(tracks: NDArray[np.void], far: Floats) -> dict[str, Floats]:
    """Return the errors of constant velocity and of constant turn rate and speed, from the same tracks."""
    t = np.array(list(AHEAD), np.float64)
    x, y, v, course, yaw = (
        np.nan_to_num(tracks[name].astype(np.float64))[:, None]
        for name in ("x_m", "y_m", "speed_mps", "heading_rad", "yaw_rps")
    )
    yaw = np.where(np.abs(yaw) < 1e-4, 1e-4, yaw)
    straight = np.hypot(x + v * np.sin(course) * t - far[:, :, 0], y + v * np.cos(course) * t - far[:, :, 1])
    east = x + v / yaw * (np.cos(course) - np.cos(course + yaw * t))
    north = y + v / yaw * (np.sin(course + yaw * t) - np.sin(course))
    return {"cv": straight, "ctr": np.hypot(east - far[:, :, 0], north - far[:, :, 1])}


def _true_turns(map: Map, lane: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the turn that each vehicle takes at the first junction it comes into, 0 for who comes into none."""
    inner = map.lanes["junction"] >= 0
    via = np.zeros(len(inner), np.uint8)
    has = map.links["via"] >= 0
    via[map.links["via"][has]] = map.links["turn"][has]
    inside = (lane >= 0) & inner[lane]
    enters = inside[:, 1:] & ~inside[:, :-1] & (lane[:, :-1] >= 0)
    when = np.argmax(enters, axis=1) + 1
    entered = enters.any(1) & ~inside[:, 0]
    return np.where(entered, via[lane[np.arange(len(lane)), when]], 0).astype(np.uint8)


def figures(scored: Scored) -> dict[str, float]:
    """Return the figures but for the times."""
    found: dict[str, float] = {}
    for name, kind in CLASSES.items():
        for label, which in (("", scored.kind == kind), ("moving_", (scored.kind == kind) & scored.moving)):
            found[f"{name}_{label}samples"] = float(which.sum())
            for method, errors in scored.errors.items():
                for column, seconds in enumerate(AHEAD):
                    found[f"{name}_{label}{method}_m_{seconds}"] = _mean(errors[which, column])
        moving = (scored.kind == kind) & scored.moving
        for column, side in enumerate(("along", "across")):
            for sds in (1, 2):
                found[f"{name}_within_{sds}_sd_{side}"] = _mean(np.abs(scored.off[moving, column]) <= sds)
    found["way_share"] = _mean(scored.way[scored.way >= 0])
    found["way_share_moving"] = _mean(scored.way[(scored.way >= 0) & scored.changed])
    found |= _turns(scored)
    doubt = np.isfinite(scored.passes)
    passed, passes = (scored.turn[doubt] > 0).astype(np.float64), scored.passes[doubt]
    found["passes"] = float(doubt.sum())
    found["pass_brier"] = _mean((passes - passed) ** 2)
    found["pass_brier_base_rate"] = _mean((passed - np.mean(passed)) ** 2) if len(passed) else float("nan")
    found["pass_told"], found["pass_true"] = _mean(passes), _mean(passed)
    return found


def _turns(scored: Scored) -> dict[str, float]:
    turned = scored.turn > 0
    true = np.column_stack([scored.turn[turned] == bit for bit in TURNS]).astype(np.float64)
    told = scored.told[turned]
    found = {
        "turns": float(turned.sum()), "turn_brier": _mean(((told - true) ** 2).sum(1)),
        "turn_brier_base_rate": _mean(((true.mean(0) - true) ** 2).sum(1)) if len(true) else float("nan"),
        "turn_likeliest_true": _mean(np.take_along_axis(true, told.argmax(1)[:, None], 1)) if len(true) else float("nan"),
    }  # fmt: skip
    fifth = np.minimum((told * 5).astype(np.int64), 4)
    for k in range(5):
        found[f"turn_told_{k}"], found[f"turn_true_{k}"] = _mean(told[fifth == k]), _mean(true[fifth == k])
    return found


def _mean(values: NDArray[Any]) -> float:
    return round(float(np.mean(values)), 4) if len(values) else float("nan")


def crowd(map: Map, count: int, seed: int = 1) -> NDArray[np.void]:
    """Return ``count`` tracks on the lanes of a map: two thirds motor vehicles, the rest on bicycles and on foot."""
    rng = np.random.default_rng(seed)
    tracks = np.zeros(count, TRACK)
    tracks["id"] = np.arange(1, count + 1)
    tracks["kind"] = rng.choice([Kind.MOTOR, Kind.NON_MOTOR, Kind.PEDESTRIAN], count, p=[0.66, 0.14, 0.2])
    for kind, kinds in ((Kind.MOTOR, DRIVEN), (Kind.NON_MOTOR, RIDDEN), (Kind.PEDESTRIAN, RIDDEN)):
        of = np.flatnonzero(tracks["kind"] == kind)
        rows = np.flatnonzero(np.isin(map.lanes["kind"], kinds) & (map.lanes["count"] > 1))
        length = map.lanes["length_m"][rows]
        for k, lane in zip(of.tolist(), rng.choice(rows, len(of), p=length / length.sum()).tolist(), strict=True):
            line = map.lane_line(lane)
            piece = int(rng.integers(len(line) - 1))
            here = line[piece] + rng.random() * (line[piece + 1] - line[piece])
            east, north = line[piece + 1] - line[piece]
            tracks["x_m"][k], tracks["y_m"][k] = here
            tracks["heading_rad"][k] = np.arctan2(east, north) % (2 * np.pi)
    tracks["speed_mps"] = np.array([0, 12.0, 4.5, 1.3])[tracks["kind"]] * rng.random(count)
    tracks["length_m"], tracks["width_m"] = 4.6, 1.8
    tracks["position_sd_m"], tracks["speed_sd_mps"], tracks["heading_sd_rad"] = 0.3, 0.3, 0.02
    return tracks


def _times(road: Roadway, signals: NDArray[np.void], sizes: tuple[int, ...], rounds: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for size in sizes:
        tracks, lanes = crowd(road.map, size), Lanes(road.map)
        lanes.step(tracks)
        predict(tracks, signals, road, 0, history=lanes.history)
        located, predicted = [], []
        for _ in range(rounds):
            begin = time.thread_time()
            lanes.step(tracks)
            between = time.thread_time()
            paths = predict(tracks, signals, road, 0, history=lanes.history)
            predicted.append(time.thread_time() - between)
            located.append(between - begin)
        found[f"ms_{size}"] = round(float(np.median(predicted)) * 1000, 3)
        found[f"lanes_ms_{size}"] = round(float(np.median(located)) * 1000, 3)
        found[f"hypotheses_{size}"] = float(len(paths.track))
    return found


def measure(seconds: float = SECONDS, seed: int | None = None) -> dict[str, Any]:
    """Run ``seconds`` of the street (with the zone's own seed by default) and return the figures."""
    recording = record(seconds, seed)
    road = roadway(recording.map)
    told = figures(score(recording, road))
    gc.freeze()
    try:
        times = _times(road, recording.now[-1].signals, SIZES, ROUNDS)
    finally:
        gc.unfreeze()
    return {
        "bench": "prediction", "machine": describe(), "figures": {"simulated_s": seconds, **told, **times},
        "peers": {"constant velocity, constant turn rate": {"in": "figures, as _cv_ and _ctr_: same tracks, same run"}},
    }  # fmt: skip
