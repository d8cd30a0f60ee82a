"""What is open for tests now (开放状态): the map's own word, but for sections of which a file says otherwise.

Growth writes the file at each step of a section's life (``{"ROAD.NUMBER": true or false}``); whoever fences asks here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.precise import Map

FILE = "open.json"
"""Its name in the zone's ``growth`` folder."""


def lanes_open(map: Map, states: Mapping[str, bool]) -> NDArray[np.bool_]:
    """Return which lanes are open for tests, given whether sections (road and number within it) are."""
    lanes: NDArray[np.bool_] = map.lanes["open"].astype(bool).copy()
    count: dict[str, int] = {}
    for row, road in enumerate(map.sections["road"]):
        number = count.get(road, 0)
        count[road] = number + 1
        name = f"{road}.{number}"
        if name in states:
            lanes[map.lanes["section"] == row] = states[name]
    return lanes


def read(path: Path) -> dict[str, bool]:
    """Return the states in a file; none where there is no such file or it is broken."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(id): value for id, value in said.items() if isinstance(value, bool)} if isinstance(said, dict) else {}
