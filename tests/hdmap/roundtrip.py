"""How a map that was written and read again differs from the one that was written."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map

Fact = dict[Any, tuple[Any, ...]]

WALKED = (LaneKind.AREA, LaneKind.CROSSING)


def follows(map: Map, among: set[int] | None = None) -> set[tuple[int, int]]:
    """Return every (lane, lane after it), without walking areas and crossings, or only lanes ``among`` some."""
    kind = map.lanes["kind"]
    return {
        (lane, after)
        for lane in range(len(kind))
        for after in map.successors_of(lane).tolist()
        if (kind[lane] not in WALKED and kind[after] not in WALKED if among is None else {lane, after} <= among)
    }


@njit(cache=True)
def farthest(places: NDArray[np.float64], line: NDArray[np.float64]) -> float:
    """Return how far one of the places is from the line at most."""
    worst = 0.0
    for i in range(len(places)):
        nearest = np.inf
        for k in range(len(line) - 1):
            ax, ay = line[k, 0], line[k, 1]
            dx, dy = line[k + 1, 0] - ax, line[k + 1, 1] - ay
            px, py = places[i, 0] - ax, places[i, 1] - ay
            share = min(max((px * dx + py * dy) / max(dx * dx + dy * dy, 1e-12), 0.0), 1.0)
            nearest = min(nearest, (px - share * dx) ** 2 + (py - share * dy) ** 2)
        worst = max(worst, nearest)
    return float(np.sqrt(worst))


def apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the Hausdorff distance of two lines, at their points and halfway between them."""
    a, b = np.ascontiguousarray(a[:, :2]), np.ascontiguousarray(b[:, :2])
    fine = [np.vstack([line, (line[1:] + line[:-1]) / 2]) for line in (a, b)]
    return max(farthest(fine[0], b), farthest(fine[1], a))


def borders_apart(map: Map, back: Map, row: dict[int, int]) -> NDArray[np.float64]:
    """Return for each lane how far its borders are from those of the same lane in ``back``."""
    return np.array([
        max(apart(a, b) for a, b in zip(map.borders(lane), back.borders(there), strict=True))
        for lane, there in row.items()
    ])  # fmt: skip


def middles_apart(map: Map, back: Map, row: dict[int, int]) -> NDArray[np.float64]:
    """Return the same for middle lines."""
    return np.array([apart(map.lane_line(lane), back.lane_line(there)) for lane, there in row.items()])


def facts(map: Map) -> dict[str, Fact]:
    """Return what a map says, by names instead of rows, without the ways of walkers: what two maps of one place share."""

    def of(table: str, column: str) -> Any:
        """Return a column by row, the names of rows where it holds rows; -1 is None."""
        values = getattr(map, table)[column].tolist()
        named = {"lane": "lanes", "left": "lanes", "right": "lanes", "start": "lanes", "end": "lanes", "via": "lanes",
                 "junction": "junctions", "edge": "edges"}  # fmt: skip
        if table == "edges" and column in ("start", "end"):
            ids = map.junctions["id"].tolist()
        elif column in named and table != "sections":
            ids = getattr(map, named[column])["id"].tolist()
        else:
            return values
        return [ids[row] if row >= 0 else None for row in values]

    def rows(table: str, *columns: str) -> list[tuple[Any, ...]]:
        return list(zip(*(of(table, column) for column in columns), strict=True))

    def lines(table: str, of_points: str) -> list[tuple[float, ...]]:
        points = getattr(map, of_points)
        both = np.column_stack([points["x_m"], points["y_m"]])
        return [
            tuple(both[first : first + count].ravel().tolist())
            for first, count in zip(*(getattr(map, table)[key].tolist() for key in ("first", "count")), strict=True)
        ]

    found: dict[str, Fact] = {}
    kind = dict(rows("lanes", "id", "kind"))
    group = [*rows("groups", "junction", "phase"), None]
    found["lanes"] = {
        row[0]: row[1:]
        for row in rows("lanes", "id", "edge", "index", "kind", "junction", "open", "tunnel", "section", "left", "right",
                        "length_m")
        if row[3] not in WALKED
    }  # fmt: skip
    found["edges"] = {row[0]: row[1:] for row in rows("edges", "id", "road", "start", "end", "count")}
    found["edges"] = {
        name: value for name, value in found["edges"].items() if name in {v[0] for v in found["lanes"].values()}
    }
    found["links"] = {
        (start, end, via): (turn, group[number])
        for start, end, via, turn, number in rows("links", "start", "end", "via", "turn", "group")
        if kind[start] not in WALKED and kind[end] not in WALKED
    }
    found["junctions"] = {
        row[0]: row[1:] for row in rows("junctions", "id", "node", "signalised", "control", "zh", "en", "cycle_s",
                                        "offset_s", "x_m", "y_m")
    }  # fmt: skip
    found["groups"] = {row[:2]: row[2:] for row in rows("groups", "junction", "phase", "walkers", "turns")}
    first = map.junctions["first_group"].tolist()
    row_of = {id: row for row, id in enumerate(map.junctions["id"].tolist())}
    programs: dict[str, list[Any]] = {}
    for junction, seconds, light in rows("steps", "junction", "duration_s", "first_light"):
        begin, count = first[row_of[junction]], int(map.junctions["groups"][row_of[junction]])
        shown = zip(map.groups["phase"][begin : begin + count], map.lights["light"][light : light + count], strict=True)
        programs.setdefault(junction, []).extend([seconds, *sorted((int(phase), int(light)) for phase, light in shown)])
    found["programs"] = {junction: tuple(steps) for junction, steps in programs.items()}
    heads = sorted(
        rows("heads", "junction", "phase", "x_m", "y_m", "z_m"),
        key=lambda head: (*head[:2], *(round(value, 2) for value in head[2:])),
    )
    found["heads"] = dict(enumerate(heads))
    found["stop_lines"] = {
        row[0]: row[1:]
        for row in rows("stop_lines", "lane", "junction", "phase", "turn", "x1_m", "y1_m", "x2_m", "y2_m")
    }
    for table, points, columns in (
        ("crossings", "crossing_points", ("id", "lane", "junction", "phase", "smart", "width_m")),
        ("stops", "", ("id", "lane", "start_m", "end_m", "x_m", "y_m")),
        ("bays", "", ("id", "kind", "lane", "x_m", "y_m", "length_m", "width_m")),
    ):
        places = lines(table, points) if points else [()] * len(getattr(map, table)["id"])
        found[table] = {row[0]: (*row[1:], *place) for row, place in zip(rows(table, *columns), places, strict=True)}
    for table, points, columns in (
        ("sections", "section_points", ("road", "start", "end", "length_m", "open", "tunnel")),
        ("areas", "area_points", ("kind", "junction")),
    ):
        told = zip(rows(table, *columns), lines(table, points), strict=True)
        found[table] = {number: (*row, *place) for number, (row, place) in enumerate(told)}
    return found


def differences(old: Fact, new: Fact, within: float) -> list[tuple[Any, Any, Any]]:
    """Return (name, old, new) of the facts that differ; numbers differ where they are farther apart than ``within``."""

    def same(a: Any, b: Any) -> bool:
        if isinstance(a, float) and isinstance(b, float):
            return abs(a - b) <= within or (np.isnan(a) and np.isnan(b))
        if isinstance(a, tuple) and isinstance(b, tuple):
            return len(a) == len(b) and all(map(same, a, b))
        return bool(a == b)

    return [(key, old.get(key), new.get(key)) for key in [*old, *(new.keys() - old.keys())]
            if not same(old.get(key), new.get(key))]  # fmt: skip


def asam_issues(file: Path, folder: Path) -> tuple[list[str], int]:
    """Return the issues that ASAM's checker finds in an OpenDRIVE file, and how many of its checks ran to their end."""
    config, result = folder / "config.xml", folder / "result.xqar"
    config.write_text(
        f'<Config><Param name="InputFile" value="{file}"/><CheckerBundle application="xodrBundle">'
        f'<Param name="resultFile" value="{result}"/></CheckerBundle></Config>'
    )
    program = Path(sys.executable).with_name("qc_opendrive")
    subprocess.run([program, "-c", str(config)], check=True, capture_output=True, timeout=300)
    root = ET.parse(result).getroot()
    issues = [issue.get("description", "") for issue in root.iter("Issue")]
    return issues, sum(checker.get("status") == "completed" for checker in root.iter("Checker"))
