"""What changed from one revision of a map to the next (地图差异): lanes, their places, limits, ways on and signal phases.

Lanes are the same where their ids are; a lane under a new id that lies where a lost one lay is that one renamed. Maps with
different origins are compared on the ground.
"""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.precise import Map

Line = NDArray[np.float64]

MOVED_M = 0.02
"""A lane that lies farther off somewhere has moved."""
SAME_PLACE_M = 1.0
"""A lane whose beginning, middle and end lie so near to another's is that one under a new id."""
SPEED_MPS = 0.1
WIDTH_M = 0.05
HEADING_RAD = float(np.radians(30))


class Differences(TypedDict):
    """Lists, empty where nothing changed; a change has the old and the new value."""

    lanes_added: list[str]
    lanes_removed: list[str]
    lanes_renamed: list[dict[str, str]]
    lanes_moved: list[dict[str, Any]]  # lane, metres
    speed_changed: list[dict[str, Any]]  # lane, old_kmh, new_kmh (None unknown)
    width_changed: list[dict[str, Any]]  # lane, old_m, new_m
    links_added: list[str]
    links_removed: list[str]
    junctions_added: list[str]
    junctions_removed: list[str]
    junctions_renumbered: list[dict[str, Any]]  # junction, old, new
    phases_renumbered: list[dict[str, Any]]  # junction, old, new (0 none)


def differences(old: Map, new: Map) -> Differences:
    """Return what changed from ``old`` to ``new``."""
    lines = [_lines(old, old), _lines(new, old)]
    ids: list[dict[str, int]] = [{str(id): row for row, id in enumerate(map.lanes["id"])} for map in (old, new)]
    pairs = {id: id for id in ids[0] if id in ids[1]}
    renamed = _renamed(
        {id: lines[0][row] for id, row in ids[0].items() if id not in pairs},
        {id: lines[1][row] for id, row in ids[1].items() if id not in pairs},
    )
    pairs |= renamed
    found: Differences = {
        "lanes_added": sorted(set(ids[1]) - set(pairs.values())),
        "lanes_removed": sorted(set(ids[0]) - set(pairs)),
        "lanes_renamed": [{"old": a, "new": b} for a, b in sorted(renamed.items())],
        "lanes_moved": [], "speed_changed": [], "width_changed": [],
        "links_added": [], "links_removed": [],
        "junctions_added": sorted(set(new.junctions["id"].tolist()) - set(old.junctions["id"].tolist())),
        "junctions_removed": sorted(set(old.junctions["id"].tolist()) - set(new.junctions["id"].tolist())),
        "junctions_renumbered": [], "phases_renumbered": [],
    }  # fmt: skip
    for before, after in pairs.items():
        _lane(found, old, new, ids[0][before], ids[1][after], lines)
    found["lanes_moved"].sort(key=lambda moved: -moved["metres"])
    links = [_links(old, pairs), _links(new, {})]
    found["links_added"], found["links_removed"] = sorted(links[1] - links[0]), sorted(links[0] - links[1])
    _junctions(found, old, new)
    return found


def _lines(map: Map, frame: Map) -> list[Line]:
    """Return the lanes' middle lines in the metres of ``frame``."""
    x, y = map.points["x_m"], map.points["y_m"]
    own, other = ((float(m.about["lon"][0]), float(m.about["lat"][0])) for m in (map, frame))
    if own != other and np.isfinite([*own, *other]).all():
        x, y = frame.project(*map.project.inverse(x, y))
    whole = np.column_stack([x, y])
    return np.split(whole, np.cumsum(map.lanes["count"].astype(np.int64))[:-1])


def _renamed(lost: dict[str, Line], come: dict[str, Line]) -> dict[str, str]:
    """Return lost ids with the new id of the lane that lies in their place."""
    if not lost or not come:
        return {}
    names = list(come)
    marks = np.array([[line[0], line[len(line) // 2], line[-1]] for line in come.values()])
    found: dict[str, str] = {}
    taken: set[int] = set()
    for id, line in lost.items():
        ends = np.maximum(*(np.hypot(*(marks[:, k] - line[-1 if k else 0]).T) for k in (0, 2)))
        for k in np.argsort(ends)[:4].tolist():
            if k not in taken and ends[k] < SAME_PLACE_M and apart_m(line, come[names[k]]) < SAME_PLACE_M:
                found[id] = names[k]
                taken.add(k)
                break
    return found


def apart_m(one: Line, other: Line) -> float:
    """Return how far two lines lie apart at most (Hausdorff distance of lines, by their points)."""
    if one.shape == other.shape and np.array_equal(one, other):
        return 0.0
    return max(float(_away(a, b).max()) for a, b in ((one, other), (other, one)))


def _away(places: Line, line: Line) -> NDArray[np.float64]:
    start, way = line[:-1], np.diff(line, axis=0)
    to = places[:, None] - start[None]
    share = np.clip((to * way).sum(2) / np.maximum((way**2).sum(1), 1e-12), 0, 1)
    gap = to - share[..., None] * way
    nearest: NDArray[np.float64] = np.hypot(gap[..., 0], gap[..., 1]).min(axis=1)
    return nearest


def _lane(found: Differences, old: Map, new: Map, a: int, b: int, lines: list[list[Line]]) -> None:
    name = str(old.lanes["id"][a])
    metres = apart_m(lines[0][a], lines[1][b])
    if metres > MOVED_M:
        found["lanes_moved"].append({"lane": name, "metres": round(metres, 3)})
    speeds = [_known(float(map.lanes["speed_limit_mps"][row]) * 3.6) for map, row in ((old, a), (new, b))]
    if _differ(speeds[0], speeds[1], SPEED_MPS * 3.6):
        found["speed_changed"].append({"lane": name, "old_kmh": speeds[0], "new_kmh": speeds[1]})
    widths = [_known(float(map.lanes["width_m"][row])) for map, row in ((old, a), (new, b))]
    if _differ(widths[0], widths[1], WIDTH_M):
        found["width_changed"].append({"lane": name, "old_m": widths[0], "new_m": widths[1]})


def _known(value: float) -> float | None:
    return round(value, 2) if np.isfinite(value) else None


def _differ(a: float | None, b: float | None, by: float) -> bool:
    return (a is None) != (b is None) or (a is not None and b is not None and abs(a - b) > by)


def _links(map: Map, names: dict[str, str]) -> set[str]:
    """Return the ways on as text, lanes by their new names."""
    id = [names.get(str(lane), str(lane)) for lane in map.lanes["id"]]
    return {f"{id[a]} to {id[b]}" for a, b in zip(map.links["start"].tolist(), map.links["end"].tolist(), strict=True)}


def _junctions(found: Differences, old: Map, new: Map) -> None:
    rows = {str(id): row for row, id in enumerate(new.junctions["id"])}
    for row, id in enumerate(old.junctions["id"].tolist()):
        if id not in rows:
            continue
        numbers = int(old.junctions["node"][row]), int(new.junctions["node"][rows[id]])
        if numbers[0] != numbers[1]:
            found["junctions_renumbered"].append({"junction": id, "old": numbers[0], "new": numbers[1]})
        for before, after in _phases(old, row, new, rows[id]):
            found["phases_renumbered"].append({"junction": id, "old": before, "new": after})


def _phases(old: Map, a: int, new: Map, b: int) -> list[tuple[int, int]]:
    """Return the phases of a junction that are numbered otherwise now; a group is the same by who obeys it and from where."""
    rows = [np.flatnonzero(map.groups["junction"] == row) for map, row in ((old, a), (new, b))]
    pairs: list[tuple[int, int]] = []
    free = set(rows[1].tolist())
    for group in rows[0].tolist():
        best: tuple[float, int] | None = None
        for other in sorted(free):
            same = all(old.groups[key][group] == new.groups[key][other] for key in ("walkers", "turns"))
            turn = float(old.groups["heading_rad"][group] - new.groups["heading_rad"][other])
            turn = abs((turn + np.pi) % (2 * np.pi) - np.pi)
            if same and turn < HEADING_RAD:
                same_number = old.groups["phase"][group] == new.groups["phase"][other]
                best = min(best or (np.inf, -1), (round(turn, 3) - 1e-4 * same_number, other))
        if best is None:
            pairs.append((int(old.groups["phase"][group]), 0))
        else:
            free.discard(best[1])
            pairs.append((int(old.groups["phase"][group]), int(new.groups["phase"][best[1]])))
    pairs += [(0, int(new.groups["phase"][other])) for other in sorted(free)]
    return [(before, after) for before, after in pairs if before != after]
