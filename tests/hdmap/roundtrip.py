"""How a map that was written and read again differs from the one that was written."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map

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
    """Return the same for middle lines, for lanes whose middle line lies in the middle of their borders."""
    found = []
    for lane, there in row.items():
        left, right = map.borders(lane)
        if np.abs((left + right) / 2 - map.lane_line(lane)).max() < 0.01:
            found.append(apart(map.lane_line(lane), back.lane_line(there)))
    return np.array(found)


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
