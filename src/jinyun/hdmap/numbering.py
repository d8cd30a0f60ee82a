"""Numbers that outlive a revision of the map: signal groups keep their phase, junctions their node number.

Roadside units, signal controllers and cars know a light by these numbers. A compiled or read map numbers by place, so
a new arm of a junction would shift the numbers of the others. ``kept`` says how a map numbers, as text for a file beside
the zone's description (:data:`FILE`); ``renumbered`` gives a later map the same numbers wherever it has the same groups.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import precise
from jinyun.hdmap.fault import MapError
from jinyun.hdmap.precise import Map

FILE = "phases.json"
TURNED_RAD = math.radians(40)
"""A group whose approach has turned by more is another."""
MOVED_M = 25.0
"""A group whose stop line or crossing has moved farther is another."""
MOST_BYTES = 10_000_000
MOST_NODE = 65_535


def kept(map: Map) -> str:
    """Return how the map numbers its junctions and their signal groups, as JSON text."""
    places = _places(map)
    told: dict[str, Any] = {}
    for junction, id in enumerate(map.junctions["id"].tolist()):
        rows = np.flatnonzero(map.groups["junction"] == junction)
        told[id] = {
            "node": int(map.junctions["node"][junction]),
            "groups": [
                {
                    "phase": int(map.groups["phase"][row]), "walkers": bool(map.groups["walkers"][row]),
                    "turns": int(map.groups["turns"][row]), "heading_rad": round(float(map.groups["heading_rad"][row]), 4),
                    "x_m": round(places[row][0], 2), "y_m": round(places[row][1], 2),
                }
                for row in rows.tolist()
            ],
        }  # fmt: skip
    return json.dumps({"format": 1, "junctions": told}, ensure_ascii=False, indent=1)


def keep(map: Map, path: Path) -> None:
    """Write how the map numbers into a file, for later revisions."""
    path.write_text(kept(map) + "\n", encoding="utf-8")


def from_file(map: Map, path: Path, *, nodes: bool = True) -> Map:
    """Return the map with the numbers in a file of :func:`keep`; raises :class:`MapError` where that is none.

    Without ``nodes`` junctions stay as they are numbered: a zone's plan says so itself.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MapError(f"{path.name}: -: cannot be read: {error}") from None
    return renumbered(map, text, path.name, nodes=nodes)


def renumbered(map: Map, text: str, name: str = FILE, *, nodes: bool = True) -> Map:
    """Return the map with the numbers of an earlier one (:func:`kept`).

    A group keeps its phase if its junction had one for the same kind of road users within 25 m and 40 degrees; of
    several the one whose movements are most alike. What is new gets a number that nothing had before.
    """
    told = _parsed(text, name)
    places = _places(map)
    phases, numbers = map.groups["phase"].copy(), map.junctions["node"].copy()
    taken = {one["node"] for one in told.values()}
    free = iter(sorted(set(range(1, MOST_NODE + 1)) - taken - set(numbers.tolist())))
    for junction, id in enumerate(map.junctions["id"].tolist()):
        before = told.get(id)
        if nodes and before:
            numbers[junction] = before["node"]
        elif nodes and numbers[junction] in taken:
            numbers[junction] = next(free, 0)
        rows = np.flatnonzero(map.groups["junction"] == junction).tolist()
        groups = before["groups"] if before else []
        pairs = sorted(
            (cost, row, k)
            for row in rows
            for k, group in enumerate(groups)
            if (cost := _cost(map, places, row, group)) < 1
        )
        same: dict[int, int] = {}
        for _, row, k in pairs:
            if row not in same and groups[k]["phase"] not in same.values():
                same[row] = groups[k]["phase"]
        if groups:
            used = {group["phase"] for group in groups}
            new = iter(number for number in range(1, 256) if number not in used)
            for row in rows:
                phases[row] = same[row] if row in same else next(new, 0)
    return _with(map, phases, numbers)


def _parsed(text: str, name: str) -> dict[str, Any]:
    """Return what a file tells by junction; raises :class:`MapError` where it is not one of :func:`kept`."""
    if len(text) > MOST_BYTES:
        raise MapError(f"{name}: -: larger than {MOST_BYTES // 1_000_000} MB")
    try:
        told = json.loads(text)["junctions"]
        made: dict[str, Any] = {
            str(id): {
                "node": _within(one["node"], 0, MOST_NODE),
                "groups": [
                    {
                        "phase": _within(group["phase"], 1, 255), "walkers": bool(group["walkers"]),
                        "turns": _within(group["turns"], 0, 15),
                        **{key: float(group[key]) for key in ("heading_rad", "x_m", "y_m")},
                    }
                    for group in one["groups"]
                ],
            }
            for id, one in told.items()
        }  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MapError(f"{name}: junctions: is not a file of kept numbers: {error!r}") from None
    for id, one in made.items():
        phases = [group["phase"] for group in one["groups"]]
        if len(set(phases)) < len(phases):
            raise MapError(f"{name}: junctions.{id}: a phase comes twice")
    return made


def _within(value: Any, least: int, most: int) -> int:
    if not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{value!r} is not a whole number from {least} to {most}")
    return value


def _places(map: Map) -> list[tuple[float, float]]:
    """Return where each group is: the middle of the ends of its lanes, or of its crossing or heads."""
    n = len(map.groups["phase"])
    sums = np.zeros((n, 3))
    last = (map.lanes["first"] + map.lanes["count"]).astype(np.int64) - 1
    links = np.flatnonzero(map.links["group"] >= 0)
    at = last[map.links["start"][links]]
    np.add.at(
        sums,
        map.links["group"][links],
        np.column_stack([map.points["x_m"][at], map.points["y_m"][at], np.ones(len(at))]),
    )
    row_of = {
        (int(j), int(p)): row
        for row, (j, p) in enumerate(zip(map.groups["junction"], map.groups["phase"], strict=True))
    }
    sums[map.groups["walkers"]] = 0
    for table, first, count in (
        (map.crossing_points, map.crossings["first"], map.crossings["count"]),
        (map.heads, np.arange(len(map.heads["phase"])), np.ones(len(map.heads["phase"]), int)),
    ):
        named = map.crossings if table is map.crossing_points else map.heads
        for k in range(len(first)):
            row = row_of.get((int(named["junction"][k]), int(named["phase"][k])), -1)
            if row >= 0 and (sums[row, 2] == 0 or table is map.crossing_points):
                points = slice(int(first[k]), int(first[k] + count[k]))
                x, y = float(table["x_m"][points].mean()), float(table["y_m"][points].mean())
                sums[row] = x, y, 1
    total = np.where(sums[:, 2:] > 0, sums[:, 2:], 1)
    return [(x, y) for x, y in (sums[:, :2] / total).tolist()]


def _cost(map: Map, places: list[tuple[float, float]], row: int, group: dict[str, Any]) -> float:
    """Return how unlike a group and an earlier one are; 1 and more are not the same."""
    if bool(map.groups["walkers"][row]) != group["walkers"]:
        return math.inf
    turned = abs((float(map.groups["heading_rad"][row]) - group["heading_rad"] + math.pi) % (2 * math.pi) - math.pi)
    if group["walkers"]:  # a crossing is the same from either end
        turned = min(turned, math.pi - turned)
    moved = math.dist(places[row], (group["x_m"], group["y_m"]))
    if turned > TURNED_RAD or moved > MOVED_M:
        return math.inf
    turns, earlier = int(map.groups["turns"][row]), int(group["turns"])
    both, either = (turns & earlier).bit_count(), (turns | earlier).bit_count()
    unlike = 1 - both / either if either else 0.0
    cost: float = 0.7 * unlike + 0.15 * turned / TURNED_RAD + 0.14 * moved / MOVED_M
    return cost


def _with(map: Map, phases: NDArray[Any], nodes: NDArray[Any]) -> Map:
    """Return the map with other phases of its groups, wherever a phase is named, and other node numbers."""
    key = {
        (int(j), int(old)): int(new)
        for j, old, new in zip(map.groups["junction"], map.groups["phase"], phases, strict=True)
    }

    def moved(table: dict[str, Any]) -> dict[str, Any]:
        named = [key.get((int(j), int(p)), int(p)) for j, p in zip(table["junction"], table["phase"], strict=True)]
        return {**table, "phase": np.array(named, table["phase"].dtype)}

    made = replace(
        map, groups={**map.groups, "phase": phases}, junctions={**map.junctions, "node": nodes}, heads=moved(map.heads),
        stop_lines=moved(map.stop_lines), crossings=moved(map.crossings), about=dict(map.about),
    )  # fmt: skip
    made.about["revision"] = np.array([precise.revision_of(made)])
    return made
