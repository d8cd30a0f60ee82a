"""Which lane lies beside, before and after another, as columns over all lanes at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap.tables import Columns, filled

Rows = NDArray[np.int32]


def neighbours(edge: NDArray[np.integer], index: NDArray[np.integer]) -> tuple[Rows, Rows]:
    """Return for each lane the row of the lane to its left and to its right on the same edge, -1 where there is none.

    Lanes of an edge lead the same way and are numbered from the right.
    """
    n = len(edge)
    order = np.lexsort((index, edge))
    beside = (np.diff(edge[order].astype(np.int64)) == 0) & (np.diff(index[order].astype(np.int64)) == 1)
    left, right = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    left[order[:-1][beside]] = order[1:][beside]
    right[order[1:][beside]] = order[:-1][beside]
    return left, right


def following(pairs: ArrayLike, lanes: int) -> dict[str, Columns]:
    """Return the tables of successors and predecessors of pairs (lane, the lane after it), shape (n, 2).

    A pair that comes twice counts once; the lanes of one row are in ascending order.
    """
    ways = np.unique(np.asarray(pairs, np.int64).reshape(-1, 2), axis=0)
    back = ways[np.lexsort((ways[:, 0], ways[:, 1]))]
    wanted = np.arange(lanes + 1)
    return {
        "successors_first": filled("successors_first", {"row": np.searchsorted(ways[:, 0], wanted)}),
        "successors": filled("successors", {"lane": ways[:, 1]}),
        "predecessors_first": filled("predecessors_first", {"row": np.searchsorted(back[:, 1], wanted)}),
        "predecessors": filled("predecessors", {"lane": back[:, 0]}),
    }
