"""Inside or outside (电子围栏): areas given by their corners, the lanes that cover a place, the sections open for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap.nearest import places

if TYPE_CHECKING:
    from jinyun.hdmap.precise import Map


def inside(x_m: ArrayLike, y_m: ArrayLike, areas: Sequence[ArrayLike]) -> NDArray[np.int32]:
    """Return for each place the first of ``areas`` (corners, shape (n, 2)) that it is in, -1 for none.

    A place exactly on an edge is in or out; one that is not finite is out. Corners may go round either way; where an
    outline crosses itself, what it winds round an even number of times is out.
    """
    from jinyun.hdmap import lanefence  # numba takes a second to load: not before a question is asked

    x, y, _ = places(x_m, y_m, None)
    outlines = [np.asarray(area, np.float64).reshape(-1, 2) for area in areas]
    first = np.concatenate([[0], np.cumsum([len(outline) for outline in outlines])]).astype(np.int64)
    corners = np.vstack(outlines) if outlines else np.empty((0, 2))
    found = np.full(len(x), -1, np.int32)
    lanefence.inside(x, y, np.ascontiguousarray(corners), first, found)
    return found


def covering(
    map: Map, x_m: ArrayLike, y_m: ArrayLike, heading_rad: ArrayLike | None = None, *,
    kinds: Sequence[int] | None = None, lanes: NDArray[np.bool_] | None = None, beyond_m: float = 0.0,
) -> NDArray[np.int32]:  # fmt: skip
    """Return how many lanes cover each place, of all or of those of ``kinds`` and of those marked in ``lanes``.

    A lane covers what lies between its borders (half its width to either side) or at most ``beyond_m`` outside; with a
    heading, only if it runs within 30 degrees of it.
    """
    from jinyun.hdmap import lanefence

    x, y, heading = places(x_m, y_m, heading_rad)
    index = map.index
    wanted = index.wanted(kinds)
    if lanes is not None:
        wanted = wanted & np.asarray(lanes, bool)
    found = np.zeros(len(x), np.int32)
    grid = (index.pieces, index.lane, index.cells, index.named)
    which = np.empty((len(x), 0), np.int32)
    lanefence.covering(x, y, heading, beyond_m, index.half_m, index.extent_m, wanted, *grid, found, which)
    return found


def lanes_under(
    map: Map, x_m: ArrayLike, y_m: ArrayLike, *, beyond_m: float = 0.0, lanes: NDArray[np.bool_] | None = None
) -> NDArray[np.int32]:
    """Return which lanes cover each place, shape (n, 4), in no order, -1 for none; of more than four, four.

    Lanes and ``beyond_m`` are as for :func:`covering`; negative metres shrink the lanes.
    """
    from jinyun.hdmap import lanefence

    x, y, heading = places(x_m, y_m, None)
    index = map.index
    wanted = index.wanted(None) if lanes is None else np.asarray(lanes, bool)
    count, found = np.zeros(len(x), np.int32), np.full((len(x), 4), -1, np.int32)
    grid = (index.pieces, index.lane, index.cells, index.named)
    lanefence.covering(x, y, heading, beyond_m, index.half_m, index.extent_m, wanted, *grid, count, found)
    return found


def on_open_road(map: Map, x_m: ArrayLike, y_m: ArrayLike, beyond_m: float = 0.0) -> NDArray[np.bool_]:
    """Return whether each place lies on a lane that is open for tests (开放测试道路), or within ``beyond_m`` of one."""
    covered: NDArray[np.bool_] = covering(map, x_m, y_m, lanes=map.lanes["open"], beyond_m=beyond_m) > 0
    return covered
