"""The columns of every table of the precise map with their types, and empty or filled tables of them.

A map always has every column of every table, so that who reads it never asks whether one is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]

_ROWS = {"first": np.int64, "count": np.int64}
_XY = {"x_m": np.float64, "y_m": np.float64}
COLUMNS: dict[str, dict[str, Any]] = {
    "lanes": {
        "id": str, "edge": np.int32, "index": np.uint8, "kind": np.uint8, "first": np.uint32, "count": np.uint32,
        "width_m": np.float32, "speed_limit_mps": np.float32, "length_m": np.float64, "junction": np.int32, "open": bool,
        "tunnel": bool, "section": np.int32, "left": np.int32, "right": np.int32,
    },
    "points": {
        **_XY, "z_m": np.float64, "s_m": np.float64, "left_x_m": np.float64, "left_y_m": np.float64,
        "right_x_m": np.float64, "right_y_m": np.float64,
    },
    "edges": {"id": str, "road": str, **_ROWS, "start": np.int64, "end": np.int64},
    "links": {"start": np.int32, "end": np.int32, "via": np.int32, "turn": np.uint8, "group": np.int32},
    "successors_first": {"row": np.int32},
    "successors": {"lane": np.int32},
    "predecessors_first": {"row": np.int32},
    "predecessors": {"lane": np.int32},
    "junctions": {
        "id": str, "node": np.uint16, **_XY, "signalised": bool, "control": str, "zh": str, "en": str,
        "cycle_s": np.float64, "offset_s": np.float64, "first_group": np.int32, "groups": np.int32,
        "first_step": np.int32, "steps": np.int32,
    },
    "groups": {"junction": np.int32, "phase": np.uint8, "walkers": bool, "turns": np.uint8, "heading_rad": np.float64},
    "steps": {"junction": np.int32, "duration_s": np.float64, "first_light": np.int32},
    "lights": {"light": np.uint8},
    "heads": {
        **_XY, "z_m": np.float64, "heading_rad": np.float64, "junction": np.int32, "phase": np.uint8,
    },
    "stop_lines": {
        "x1_m": np.float64, "y1_m": np.float64, "x2_m": np.float64, "y2_m": np.float64, "junction": np.int64,
        "phase": np.uint8, "turn": np.uint8, "lane": np.int64,
    },
    "conflicts": {
        "junction": np.int32, "first": np.int32, "second": np.int32, "kind": np.uint8, "first_s_m": np.float64,
        "second_s_m": np.float64,
    },
    "crossings": {
        "id": str, "lane": np.int64, **_ROWS, "width_m": np.float64, "junction": np.int64, "phase": np.int64,
        "smart": bool,
    },
    "crossing_points": _XY,
    "stops": {"id": str, "lane": np.int64, "start_m": np.float64, "end_m": np.float64, **_XY},
    "bays": {
        "id": str, "kind": np.uint8, "lane": np.int32, **_XY, "heading_rad": np.float64, "length_m": np.float64,
        "width_m": np.float64,
    },
    "sections": {
        "road": str, "start": str, "end": str, "length_m": np.float64, "open": bool, "tunnel": bool, **_ROWS,
    },
    "section_points": _XY,
    "areas": {**_ROWS, "kind": np.int64, "junction": np.int64},
    "area_points": _XY,
    "about": {
        "zone": str, "lon": np.float64, "lat": np.float64, "region": np.int64, "net": str, "datum": str,
        "projection": str, "source": str, "format": str, "revision": str, "ignored": str,
    },
}  # fmt: skip
"""Type of every column of every table; ``str`` is as wide as its longest text."""


def filled(table: str, values: Mapping[str, Iterable[Any]]) -> Columns:
    """Return the table of ``values`` with the types of :data:`COLUMNS`; a column that is absent is empty.

    Raises ``KeyError`` for a column that the table does not have.
    """
    types = COLUMNS[table]
    if unknown := set(values) - set(types):
        raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
    return {
        name: np.asarray(
            given if isinstance(given := values.get(name, ()), np.ndarray) else list(given),
            dtype=np.str_ if kind is str else kind,
        )
        for name, kind in types.items()
    }


def from_rows(table: str, rows: Iterable[Mapping[str, Any]]) -> Columns:
    """Return the table of ``rows``, each a mapping with the same columns."""
    rows = list(rows)
    return filled(table, {name: [row[name] for row in rows] for name in rows[0]} if rows else {})
