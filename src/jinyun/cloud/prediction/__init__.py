"""Prediction (预测): where everybody may be in the next five seconds, by which way, and how likely.

    roadway   what is needed of a map, once for each revision                          :mod:`.roadway`
    ways      the ways a vehicle may take by lanes, lights and lamps                   :mod:`.ways`
    driving   its speed along each: bends, red lights, whoever drives ahead            :mod:`.driving`
    free      vehicles off the map and people on foot                                  :mod:`.free`

``predict`` depends on its arguments alone. Its work is done by compiled loops over columns; nothing here makes an object
per participant. How it is meant and how good it is: ``docs/prediction.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.cloud.lanes import Lanes
from jinyun.cloud.prediction import driving, free, ways
from jinyun.cloud.prediction.roadway import NOWHERE, Roads, Roadway, code_of, roadway
from jinyun.hdmap.match import History
from jinyun.shapes import Kind, Light

__all__ = ["MOST", "TIMES_S", "Lamp", "Manner", "Paths", "Roadway", "lights", "predict", "roadway"]

TIMES_S = np.arange(1, driving.STEPS + 1) * driving.STEP_S
"""The instants of the samples, seconds from now: 0.5 to 5.0."""
MOST = ways.MOST_WAYS
"""Hypotheses of one track at most."""
LEAST = 0.005
"""A hypothesis less likely than this is left out."""
PLACE_SD_M, SPEED_SD_MPS, HEADING_SD_RAD = 0.3, 0.3, 0.05
"""Noise of a track that does not state it."""
LENGTH_M = 4.5
"""Length of who does not state it."""
SLOWEST_MPS = 0.05
"""Slower is standing."""


class Manner(IntEnum):
    """What a hypothesis says that a participant does."""

    FREE = 0
    """Goes on with its turn and acceleration: no lane guides it."""
    FOLLOW = 1
    """Follows its lane and one way on."""
    STOP = 2
    """Stops at the line ahead while its light holds it."""
    GO = 3
    """Passes the line ahead although its light closes or is closed."""
    CHANGE = 4
    """Changes to the lane beside."""
    WALK = 5
    """Walks on."""
    CROSS = 6
    """Goes over a crossing."""
    WAIT = 7
    """Stays where it stands, on foot."""


class Lamp(IntEnum):
    """What a vehicle's turn lamps show."""

    UNKNOWN = 0
    OFF = 1
    LEFT = 2
    RIGHT = 3


@dataclass(frozen=True, slots=True)
class Paths:
    """Hypotheses as columns; those of track ``i`` are the rows ``first[i]`` to ``first[i + 1]``, the likeliest first.

    Samples have shape (m, 10), at :data:`TIMES_S`. ``x_m, y_m`` are the middle of the body, the standard deviations along and
    across the heading of the sample, given that this is the way it goes.
    """

    first: NDArray[np.int64]
    track: NDArray[np.int32]
    probability: NDArray[np.float32]  # those of a track sum to 1
    manner: NDArray[np.uint8]
    turn: NDArray[np.uint8]  # hdmap.Turn at the first junction of the way, 0 for none
    lane: NDArray[np.int32]  # (m, 8): rows of the map's lanes in order, -1 beyond the last
    line: NDArray[np.int32]  # row of the stop line ahead on the way, -1 for none within reach
    line_m: NDArray[np.float32]  # from the front of the body to it, NaN for none
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    heading_rad: NDArray[np.float32]
    speed_mps: NDArray[np.float32]
    along_sd_m: NDArray[np.float32]
    across_sd_m: NDArray[np.float32]


def predict(
    tracks: NDArray[np.void],
    signals: NDArray[np.void],
    road: Roadway | None,
    now_us: int,
    *,
    lamps: ArrayLike | None = None,
    history: History | None = None,
    rows: ArrayLike | None = None,
) -> Paths:
    """Return where each of ``tracks`` (TRACK rows as of ``now_us``) may be in the next five seconds.

    ``signals`` are SIGNAL rows; ``road`` is what :func:`roadway` made of the zone's map (None: everybody is off the map).
    ``lamps`` are :class:`Lamp` values beside the tracks, None where nobody knows. ``history`` says on which lanes the track
    in its row ``rows[i]`` (default ``i``) is; it is read, not moved on (:class:`jinyun.cloud.lanes.Lanes` does that).
    Without it the tracks are matched by place and heading alone. A track without a place has one hypothesis whose samples
    are NaN. Raises ``ValueError`` where ``lamps`` are not as many as the tracks.
    """
    n = len(tracks)
    kind = tracks["kind"]
    px, py, v, course = (tracks[name].astype(np.float64) for name in ("x_m", "y_m", "speed_mps", "heading_rad"))
    v = np.where(np.isfinite(v) & (v > SLOWEST_MPS), v, 0.0)
    accel, yaw = (_known(tracks[name], 0.0) for name in ("accel_mps2", "yaw_rps"))
    place_sd, speed_sd = _known(tracks["position_sd_m"], PLACE_SD_M), _known(tracks["speed_sd_mps"], SPEED_SD_MPS)
    heading_sd = _known(tracks["heading_sd_rad"], HEADING_SD_RAD)
    lamp = np.zeros(n, np.uint8) if lamps is None else np.ascontiguousarray(lamps, np.uint8)
    if lamp.shape != (n,):
        raise ValueError(f"{len(lamp)} lamps for {n} tracks")
    on_foot = kind == Kind.PEDESTRIAN
    roads = NOWHERE if road is None else road.roads
    light, left_s = lights(signals, roads, now_us)
    most = MOST * n
    out, first = ways.plans(most), np.zeros(n + 1, np.int64)
    probability = np.zeros(most)
    samples = np.empty((most, len(TIMES_S), 6))
    total = 0
    if road is not None and n:
        if history is None:
            known = Lanes(road.map)
            known.step(tracks)
            history, rows = known.history, None
        at = np.arange(n) if rows is None else np.asarray(rows, np.int64)
        lane = history.lane[at].copy()
        lane[on_foot | ~np.isfinite(course)] = -1
        length = tracks["length_m"].astype(np.float64)
        movers = ways.Movers(
            px, py, v, course, accel, np.where(length > 0, length, LENGTH_M) / 2, kind == Kind.NON_MOTOR, lamp, lane,
            history.s_m[at], history.score[at],
        )  # fmt: skip
        total = ways.lay(movers, roads, light, left_s, first, out)
        order, begins = driving.occupants(movers, len(roads.first))
        driving.drive(
            movers, roads, out, total, first, order, begins, driving.state(total), place_sd, speed_sd, probability,
            samples,
        )  # fmt: skip
    guided = np.zeros(n, np.bool_)
    guided[out.of[:total]] = True
    loose = np.flatnonzero(~guided & ~on_foot)
    free.coast(
        loose, px, py, v, course, accel, yaw, place_sd, speed_sd, heading_sd, free.TURN_FADE_S, free.ACCEL_FADE_S,
        TIMES_S, total, samples,
    )  # fmt: skip
    out.of[total : total + len(loose)], probability[total : total + len(loose)] = loose, 1.0
    total = free.walk(
        np.flatnonzero(on_foot), px, py, v, course, place_sd, speed_sd, roads, light, left_s, TIMES_S, total + len(loose),
        out.of, out.manner, probability, samples,
    )  # fmt: skip
    return _paths(n, total, out, probability, samples)


def lights(signals: NDArray[np.void], road: Roads, now_us: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the light of every signal group of the map and how long it burns still (infinity where nobody knows)."""
    light, left_s = np.zeros(len(road.code), np.uint8), np.full(len(road.code), np.inf)
    if not len(road.code) or not len(signals):
        return light, left_s
    order = np.argsort(road.code, kind="stable")
    code = code_of(signals["region"].astype(np.int64), signals["node"].astype(np.int64), signals["phase"])
    at = np.minimum(np.searchsorted(road.code[order], code), len(order) - 1)
    known = road.code[order][at] == code
    group, told = order[at[known]], signals[known]
    light[group] = told["light"]
    ends = told["likely_end_us"]
    left_s[group] = np.where(ends > 0, np.maximum((ends - now_us) / 1e6, 0.0), np.inf)
    light[np.isin(light, (Light.UNAVAILABLE, Light.DARK))] = 0
    return light, left_s


def _known(column: NDArray[np.float32], otherwise: float) -> NDArray[np.float64]:
    values = column.astype(np.float64)
    return np.where(np.isfinite(values), values, otherwise)


def _paths(
    n: int, total: int, out: ways.Plans, probability: NDArray[np.float64], samples: NDArray[np.float64]
) -> Paths:
    """Return the rows in use in the order of their tracks, the likeliest of each first, the hardly likely left out."""
    order = np.lexsort((-probability[:total], out.of[:total]))
    of, share = out.of[order], probability[order]
    begins = np.append(True, of[1:] != of[:-1])[: len(of)]
    keep = begins | (share > LEAST)
    order, of, share = order[keep], of[keep], share[keep]
    whole = np.bincount(of, share, n)
    first = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=n))])
    line, its = out.line[order], samples[order]
    small = its[:, :, ways.HEADING :].astype(np.float32)
    heading, speed, along, across = (np.ascontiguousarray(small[:, :, column]) for column in range(4))
    return Paths(
        first=first, track=of, probability=(share / whole[of]).astype(np.float32), manner=out.manner[order],
        turn=out.turn[order], lane=out.lane[order], line=line,
        line_m=np.where(line >= 0, out.line_m[order], np.nan).astype(np.float32),
        x_m=np.ascontiguousarray(its[:, :, ways.X]), y_m=np.ascontiguousarray(its[:, :, ways.Y]), heading_rad=heading,
        speed_mps=speed, along_sd_m=along, across_sd_m=across,
    )  # fmt: skip
