"""Where the street's people go: routes between edges of the zone, found by SUMO's ``duarouter`` once and cached.

A trip runs from one edge of the zone to another (through traffic), or begins and ends on a street inside. Lines follow
the nodes that the zone names, without end where they form a loop.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections import defaultdict, deque
from pathlib import Path

import numpy as np
import sumo  # type: ignore[import-untyped]
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map
from jinyun.hdmap.courses import Course, courses
from jinyun.zone import Zone

__all__ = ["Course", "Pool", "courses", "pool"]

VERSION = 6
"""Raise when the same zone and seed shall give other routes."""
COUNTS = {"through": 260, "local": 520, "truck": 120, "bicycle": 160, "person": 360}
LEAST_TRIP_M = 600.0
LEAST_ROAD_M = 50.0
"""A road that is driven for itself is no shorter."""
LANE_CHANGE_M = 40.0
"""Room that one change of lanes takes."""
FEW_EDGES = {"local": 8, "truck": 2}
"""With fewer edges on which such trips may begin and end they do so on any road."""
Pool = dict[str, list[list[str]]]


def pool(zone: Zone, map: Map, seed: int) -> Pool:
    """Return routes by kind (through, local, truck, bicycle, person), each a list of edge ids; cached beside the map."""
    key = hashlib.sha256(f"{VERSION} {seed} {sorted(COUNTS.items())}".encode()).hexdigest()[:12]
    kept = hdmap.folder_of(zone) / f"routes-{key}.json"
    try:
        found: Pool = json.loads(kept.read_text())
        return found
    except (OSError, ValueError):
        made = _routed(map, seed)
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_name(f".{kept.name}.{os.getpid()}")
    fresh.write_text(json.dumps(made, separators=(",", ":")))
    fresh.replace(kept)
    return made


def _routed(map: Map, seed: int) -> Pool:
    rng = np.random.default_rng(seed)
    edges = _Ends(map)
    lines = ["<routes>", '<vType id="car" vClass="passenger"/>', '<vType id="truck" vClass="truck"/>']
    lines.append('<vType id="bicycle" vClass="bicycle"/>')
    for kind, wanted in COUNTS.items():
        for k in range(int(wanted * 1.3) if edges.has(kind) else 0):
            a, b = edges.pair(kind, rng)
            id = f"{kind}.{k}"
            if kind == "person":
                lines.append(f'<person id="{id}" depart="0"><personTrip from="{a}" to="{b}"/></person>')
            else:
                of = kind if kind in ("truck", "bicycle") else "car"
                lines.append(f'<trip id="{id}" type="{of}" depart="0" from="{a}" to="{b}"/>')
    with tempfile.TemporaryDirectory() as work:
        trips, out = Path(work) / "trips.xml", Path(work) / "routes.xml"
        trips.write_text("\n".join([*lines, "</routes>"]), encoding="utf-8")
        command = [
            str(Path(sumo.SUMO_HOME) / "bin" / "duarouter"), "-n", str(map.net_file), "--route-files", str(trips),
            "-o", str(out), "--vtype-output", "/dev/null", "--ignore-errors", "true", "--no-warnings", "true",
            "--no-step-log", "true", "--seed", str(seed), "--weights.random-factor", "1.5",
        ]  # fmt: skip
        home = {**os.environ, "SUMO_HOME": sumo.SUMO_HOME}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=home)
        if not out.exists():
            raise hdmap.CompileError((done.stderr or done.stdout).strip() or f"duarouter returned {done.returncode}")
        found: Pool = {kind: [] for kind in COUNTS}
        paths, lanes = _Paths(map), _Lanes(map)
        for item in ET.parse(out).getroot():
            kind = item.get("id", "").split(".")[0]
            for way in item.iter("walk" if item.tag == "person" else "route"):
                names = way.get("edges", "").split()
                if kind == "person":
                    names = paths.between(names, rng)
                elif kind != "bicycle" and not lanes.lead(names):
                    continue
                if kind in found and len(found[kind]) < COUNTS[kind] and len(names) >= 2:
                    found[kind].append(names)
                break
    if not found["through"] and not found["local"]:  # a road that leads nowhere on is driven from end to end
        found["through"] = [[id] for id in edges.roads]
    return found


class _Lanes:
    """Which routes a driver can follow without changing lanes where there is no room for it.

    Where lanes begin at the end of a map, or edges are short, two who have to change places would wait for each other.
    """

    def __init__(self, map: Map) -> None:
        self._map = map
        self._row = {str(id): row for row, id in enumerate(map.edges["id"].tolist())}
        driven = np.isin(map.lanes["kind"], (LaneKind.CAR, LaneKind.BUS))
        self._onward: dict[int, list[int]] = defaultdict(list)
        for start, end in zip(map.links["start"].tolist(), map.links["end"].tolist(), strict=True):
            if driven[start] and driven[end]:
                self._onward[start].append(end)
        self._driven = driven

    def lead(self, names: list[str]) -> bool:
        """Return whether the edges named are a route for somebody who begins on the best lane."""
        lanes: set[int] = set()
        edge_of = self._map.lanes["edge"]
        for at, name in enumerate(names):
            row = self._row[name]
            first, count = int(self._map.edges["first"][row]), int(self._map.edges["count"][row])
            own = {lane for lane in range(first, first + count) if self._driven[lane]}
            lanes = {end for lane in lanes for end in self._onward[lane] if edge_of[end] == row} if at else own
            if not lanes:
                return False
            changes = int(float(self._map.lanes["length_m"][first]) / LANE_CHANGE_M)
            for _ in range(min(changes, len(own))):
                lanes |= {lane for near in lanes for lane in (near - 1, near + 1) if lane in own}
        return True


class _Paths:
    """How people walk through a junction: the walking areas and crossings between two sidewalks.

    Left to itself, SUMO's model changes its mind in the middle of a corner when two ways round a junction are equally
    long, and then sets the walker across the street; a walk that names its crossings is kept.
    """

    def __init__(self, map: Map) -> None:
        names = map.edges["id"]
        kind, edge_of = map.lanes["kind"], map.lanes["edge"]
        self._beside: dict[str, list[str]] = defaultdict(list)
        walked = (LaneKind.SIDEWALK, LaneKind.AREA, LaneKind.CROSSING)
        for a, b in _walking_links(map, kind, walked) if (kind == LaneKind.AREA).any() else ():
            one, other = str(names[edge_of[a]]), str(names[edge_of[b]])
            self._beside[one].append(other)
            self._beside[other].append(one)

    def between(self, edges: list[str], rng: np.random.Generator) -> list[str]:
        """Return the edges with the walking areas and crossings between them; nothing where that makes no walk.

        On a map without walking areas SUMO has made its own and finds the way over them itself.
        """
        if not self._beside:
            return edges
        way = edges[:1]
        for edge in edges[1:]:
            inner = self._through(way[-1], edge, rng)
            if inner is None:
                return []
            way += [*inner, edge]
        if any(before == after for before, after in zip(way, way[2:], strict=False)):
            return []  # onto a sidewalk and back off the same end of it: no walker does, and SUMO cannot
        return way

    def _through(self, start: str, end: str, rng: np.random.Generator) -> list[str] | None:
        before = {start: ""}
        waiting = deque([start])
        while waiting:
            here = waiting.popleft()
            following = [edge for edge in self._beside[here] if edge not in before]
            for k in rng.permutation(len(following)):
                edge = following[k]
                if edge == end:
                    inner = []
                    while here != start:
                        inner.append(here)
                        here = before[here]
                    return inner[::-1]
                if edge.startswith(":"):
                    before[edge] = here
                    waiting.append(edge)
        return None


def _walking_links(map: Map, kind: NDArray[np.uint8], walked: tuple[int, ...]) -> list[tuple[int, int]]:
    first, following = map.successors_first["row"], map.successors["lane"]
    return [
        (int(a), int(b))
        for a in np.flatnonzero(np.isin(kind, walked))
        for b in following[first[a] : first[a + 1]]
        if kind[b] in walked
    ]


class _Ends:
    """Edges on which trips begin and end, with their weights."""

    def __init__(self, map: Map) -> None:
        kind, edge_of = map.lanes["kind"], map.lanes["edge"]
        ids = map.edges["id"]
        normal: list[int] = np.flatnonzero(map.edges["road"] != "").tolist()
        has = {k: set(edge_of[kind == k].tolist()) for k in (LaneKind.CAR, LaneKind.BICYCLE, LaneKind.SIDEWALK)}
        length = np.zeros(len(ids))
        speed = np.zeros(len(ids))
        np.maximum.at(length, edge_of, map.lanes["length_m"])
        np.fmax.at(speed, edge_of, map.lanes["speed_limit_mps"])
        tunnel = np.zeros(len(ids), bool)
        tunnel[edge_of[map.lanes["tunnel"]]] = True
        control = map.junctions["control"]
        start, end = map.edges["start"], map.edges["end"]
        fringe = {
            "in": [e for e in normal if start[e] >= 0 and control[start[e]] == "fringe"],
            "out": [e for e in normal if end[e] >= 0 and control[end[e]] == "fringe"],
        }
        inner = [
            e for e in normal
            if length[e] > 60 and speed[e] < 15 and not tunnel[e] and e not in fringe["in"] and e not in fringe["out"]
        ]  # fmt: skip
        walked = [e for e in normal if e in has[LaneKind.SIDEWALK] and length[e] > 40]
        cycled = [e for e in inner if e in has[LaneKind.BICYCLE] or speed[e] < 9]
        lanes = np.bincount(edge_of[kind == LaneKind.CAR], minlength=len(ids))
        self._ids = ids
        self._lines: dict[str, tuple[list[int], list[int]]] = {
            "through": (fringe["in"], fringe["out"]), "local": (inner, inner), "truck": (fringe["in"] + inner, inner),
            "bicycle": (cycled, cycled), "person": (walked, walked),
        }  # fmt: skip
        roads = [e for e in normal if e in has[LaneKind.CAR]]
        self.roads = [str(ids[e]) for e in roads if length[e] > LEAST_ROAD_M]
        for kind_, (starts, ends) in list(self._lines.items()):  # a small map: trips from anywhere to anywhere
            if kind_ in ("through", "local", "truck") and (min(len(starts), len(ends)) < FEW_EDGES.get(kind_, 1)):
                self._lines[kind_] = roads, roads
        self._weight = np.where(np.isin(np.arange(len(ids)), fringe["in"] + fringe["out"]), 400.0 * lanes, length)
        first = map.lanes["first"][map.edges["first"]]
        self._at = np.column_stack([map.points["x_m"][first], map.points["y_m"][first]])

    def has(self, kind: str) -> bool:
        """Return whether trips of a kind have somewhere to begin and to end."""
        return all(self._lines[kind])

    def pair(self, kind: str, rng: np.random.Generator) -> tuple[str, str]:
        """Return the ids of a first and a last edge, far enough apart for a trip (walks: not too far)."""
        starts, ends = self._lines[kind]
        for _ in range(50):
            a, b = self._one(starts, rng), self._one(ends, rng)
            far = float(np.hypot(*(self._at[a] - self._at[b])))
            if (150 < far < 900) if kind == "person" else far > LEAST_TRIP_M:
                break
        return str(self._ids[a]), str(self._ids[b])

    def _one(self, edges: list[int], rng: np.random.Generator) -> int:
        weight = self._weight[edges]
        return int(edges[int(rng.choice(len(edges), p=weight / weight.sum()))])


def around(map: Map, all_: Pool, edges: list[str]) -> tuple[Pool, dict[str, float]]:
    """Return the routes cut to what lies on and beside ``edges``, and by kind the share of all driven metres that is left.

    For who measures on one course and wants its surroundings as busy as ever without the rest of the zone.
    """
    rows = {str(id): k for k, id in enumerate(map.edges["id"])}
    junctions = {int(map.edges[side][rows[edge]]) for edge in edges for side in ("start", "end")} - {-1}
    arms = {id for id, k in rows.items() if {int(map.edges["start"][k]), int(map.edges["end"][k])} & junctions} | set(
        edges
    )
    length = dict.fromkeys(rows, 0.0)
    for edge, metres in zip(map.lanes["edge"], map.lanes["length_m"], strict=True):
        length[str(map.edges["id"][edge])] = float(metres)
    kept: Pool = {}
    shares: dict[str, float] = {}
    for kind, ways in all_.items():
        kept[kind] = []
        for way in ways:
            on = [k for k, edge in enumerate(way) if edge in arms]
            if not on:
                continue
            first, last = max(on[0] - 1, 0), min(on[-1] + 1, len(way) - 1)
            while first > 0 and way[first].startswith(":"):
                first -= 1
            while last < len(way) - 1 and way[last].startswith(":"):
                last += 1
            if last > first:
                kept[kind].append(way[first : last + 1])
        whole = sum(length[edge] for way in ways for edge in way)
        shares[kind] = sum(length[edge] for way in kept[kind] for edge in way) / max(whole, 1.0)
    return kept, shares
