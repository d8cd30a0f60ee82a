"""An independent judge of plans: drives bodies along lines and says where two overlap. Shares no code with the planner."""

from __future__ import annotations

import numpy as np


def places(line, pieces, t):
    """Return (east, north, heading) of a body at times ``t`` by its plan of (from, from where, speed, acceleration) rows."""
    k = np.clip(np.searchsorted(pieces[:, 0], t, side="right") - 1, 0, None)
    dt = t - pieces[k, 0]
    return along(line, pieces[k, 1] + pieces[k, 2] * dt + pieces[k, 3] * dt**2 / 2)


def along(line, s):
    """Return (east, north, heading clockwise from north) at distances along a line; NaN beyond its end."""
    legs = np.diff(line, axis=0)
    ends = np.append(0.0, np.hypot(legs[:, 0], legs[:, 1]).cumsum())
    x, y = np.interp(s, ends, line[:, 0]), np.interp(s, ends, line[:, 1])
    leg = np.clip(np.searchsorted(ends, s, side="right") - 1, 0, len(legs) - 1)
    heading = np.arctan2(legs[leg, 0], legs[leg, 1])
    off = s > ends[-1]
    return np.where(off, np.nan, x), np.where(off, np.nan, y), heading


def overlap(a, b):
    """Return where rectangles (x, y, heading, length, width) overlap, by their corners on the four edge normals."""
    near = np.hypot(a[0] - b[0], a[1] - b[1]) < (np.hypot(a[3], a[4]) + np.hypot(b[3], b[4])) / 2
    found = np.zeros(near.shape, bool)
    rows = np.flatnonzero(near)
    if len(rows):
        corners = [_corners(*(np.broadcast_to(v, near.shape)[rows] for v in one)) for one in (a, b)]
        apart = np.zeros(len(rows), bool)
        for box in corners:
            for edge in (box[:, 1] - box[:, 0], box[:, 3] - box[:, 0]):
                spans = [np.einsum("nkd,nd->nk", other, edge) for other in corners]
                apart |= (spans[0].max(1) < spans[1].min(1)) | (spans[1].max(1) < spans[0].min(1))
        found[rows] = ~apart
    return found


def _corners(x, y, heading, length, width):
    ahead = np.stack([np.sin(heading), np.cos(heading)], 1) * (length / 2)[:, None]
    right = np.stack([np.cos(heading), -np.sin(heading)], 1) * (width / 2)[:, None]
    middle = np.stack([x, y], 1)
    return np.stack(
        [middle + ahead + right, middle - ahead + right, middle - ahead - right, middle + ahead - right], axis=1
    )
