"""SPAT as columns for the checks: whose each junction's state is, when, and of each phase the light, its end and what follows.

Input are the tables that :func:`jinyun.net.csae.batch.decode` makes of ``spatFrame``, as the decoder has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Table = Mapping[str, NDArray[Any]]
Ints = NDArray[np.int64]

NO_END = 0
"""The end of a light that is not told, or told as unknown."""
NOT_STATED = np.iinfo(np.int64).min
"""The time of a message that carries none."""
NO_TIME, NO_MINUTE = 1, 2
"""What a junction's state lacks: any second, the minute of the year."""
MOST_MARK = 36_000
"""Of this value of TimeMark and above nothing is known but that it is long."""
LAST_SECOND_MS, NO_SECOND_MS = 59_999, 60_999
NO_MINUTE_MARK = 527_040
MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
LAST_LIGHT = 8

SOURCE, REGION, NODE, STATUS, MESSAGE, COUNTER, RECEIVE, EVENT, STATED, LACKS, MINUTE_OFF, FIRST, PHASES = range(13)
PHASE, JUNCTION, LIGHT, END, LEAST, MOST, MARK, TIMED, NEXT = range(9)


class Spat(NamedTuple):
    """The SPAT of one window as decoded: tables, and for each message the sender's row and receipt.

    ``event_us`` is for each row of ``intersections`` when it was so, by the sender's clock as the cloud corrected it.
    """

    tables: Mapping[str, Table]
    rows: Ints
    receive_us: Ints
    event_us: Ints


class Heard(NamedTuple):
    """The junctions and phases of a window, one row each; phases of one junction stand together."""

    source: Ints  # the rest of this half: for each junction's state
    region: Ints
    node: Ints
    status: Ints
    message: Ints  # its message in the window
    counter: Ints  # msgCnt
    receive_us: Ints
    event_us: Ints
    stated_us: Ints  # by the sender's clock, NOT_STATED without
    lacks: Ints  # bits NO_TIME, NO_MINUTE
    minute_off_us: Ints  # by how much the minute of the year differs from receipt, 0 where it agrees
    first: Ints
    phases: Ints
    phase: Ints  # from here on: for each phase
    junction: Ints  # its row above
    light: Ints
    end_us: Ints  # NO_END where not told
    least_us: Ints
    most_us: Ints
    mark: Ints  # the countdown as sent (0.1 s), -1 where it is no countdown
    timed: Ints  # 1 where there is any timing
    next_light: Ints  # -1 where none is announced


def heard(spat: Spat) -> Heard:
    """Return the columns of a window's SPAT; messages that were refused have no rows."""
    messages, junctions = spat.tables["messages"], spat.tables["intersections"]
    phases, states = spat.tables["intersections.phases"], spat.tables["intersections.phases.phaseStates"]
    of_junction = np.empty((13, len(junctions["parent"])), np.int64)
    of_phase = np.empty((9, len(phases["parent"])), np.int64)
    begins, length = _year_us(datetime.fromtimestamp(int(spat.receive_us[0]) / 1e6, UTC).year)
    counting, clocked = "timing.counting.", "timing.utcTiming."
    _read(
        spat.rows, spat.receive_us, spat.event_us, messages["msgCnt"], messages["moy"], messages["timeStamp"],
        junctions["parent"], junctions["intersectionId.region"], junctions["intersectionId.id"], junctions["status"],
        junctions["moy"], junctions["timeStamp"], junctions["phases"], phases["id"], phases["phaseStates"],
        states["light"], states["timing"],
        states[f"{counting}likelyEndTime"], states[f"{counting}minEndTime"], states[f"{counting}maxEndTime"],
        states[f"{clocked}likelyEndUTCTime"], states[f"{clocked}minEndUTCTime"], states[f"{clocked}maxEndUTCTime"],
        begins, length, of_junction, of_phase,
    )  # fmt: skip
    return Heard(*of_junction, *of_phase)


@lru_cache(maxsize=4)
def _year_us(year: int) -> tuple[int, int]:
    """Return when a year of UTC begins, and its length (us)."""
    begins, ends = (int(datetime(year + k, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 for k in range(2))
    return begins, ends - begins


@njit(cache=True)
def _nearest(within_us: int, period_us: int, to_us: int) -> int:
    """Return the instant nearest to ``to_us`` that lies ``within_us`` into a period."""
    near = to_us - to_us % period_us + within_us
    if near - to_us > period_us // 2:
        return near - period_us
    return near + period_us if to_us - near > period_us // 2 else near


@njit(cache=True)
def _end(counting: int, clocked: int, at_us: int) -> int:
    """Return the instant of an end told as a countdown or by the hour (TimeMark, negative absent), NO_END without."""
    if 0 <= counting < MOST_MARK:
        return at_us + counting * 100_000
    if 0 <= clocked < MOST_MARK:
        return _nearest(clocked * 100_000, HOUR_US, at_us)
    return NO_END


@njit(cache=True)
def _read(
    rows: Ints,
    receive: Ints,
    event: Ints,
    counter: NDArray[np.int32],
    minute: NDArray[np.int32],
    second: NDArray[np.int32],
    parent: NDArray[np.int32],
    region: NDArray[np.int32],
    node: NDArray[np.int32],
    status: NDArray[np.int32],
    own_minute: NDArray[np.int32],
    own_second: NDArray[np.int32],
    phases: NDArray[np.int32],
    phase: NDArray[np.int32],
    states: NDArray[np.int32],
    light: NDArray[np.int32],
    timing: NDArray[np.int32],
    likely: NDArray[np.int32],
    least: NDArray[np.int32],
    most: NDArray[np.int32],
    likely_utc: NDArray[np.int32],
    least_utc: NDArray[np.int32],
    most_utc: NDArray[np.int32],
    year_us: int,
    year_length_us: int,
    of_junction: Ints,
    of_phase: Ints,
) -> None:
    """Fill the columns of :class:`Heard`, shapes (13, junctions) and (9, phases)."""
    p = k = 0
    for j in range(len(parent)):
        m = parent[j]
        here = of_junction[:, j]
        received = receive[m]
        here[SOURCE], here[REGION], here[NODE], here[STATUS] = rows[m], max(region[j], 0), node[j], max(status[j], 0)
        here[MESSAGE], here[COUNTER], here[RECEIVE], here[EVENT] = m, counter[m], received, event[j]
        here[STATED], here[LACKS], here[MINUTE_OFF], here[FIRST], here[PHASES] = NOT_STATED, 0, 0, p, phases[j]
        ms = own_second[j] if own_second[j] >= 0 else second[m]
        of_year = own_minute[j] if own_minute[j] >= 0 else minute[m]
        if 0 <= ms <= NO_SECOND_MS:
            here[STATED] = _nearest(min(ms, LAST_SECOND_MS) * 1000, MINUTE_US, received)
        else:
            here[LACKS] |= NO_TIME
        if not 0 <= of_year < NO_MINUTE_MARK:
            here[LACKS] |= NO_MINUTE
        elif here[STATED] != NOT_STATED:
            off = year_us + of_year * MINUTE_US + min(ms, LAST_SECOND_MS) * 1000 - here[STATED]
            if off > year_length_us // 2:
                off -= year_length_us
            elif off < -year_length_us // 2:
                off += year_length_us
            here[MINUTE_OFF] = off
        for _ in range(phases[j]):
            mine, n = of_phase[:, p], states[p]
            mine[PHASE], mine[JUNCTION] = phase[p], j
            mine[LIGHT] = light[k] if 0 <= light[k] <= LAST_LIGHT else 0
            mine[END] = _end(likely[k], likely_utc[k], event[j])
            mine[LEAST] = _end(least[k], least_utc[k], event[j])
            mine[MOST] = _end(most[k], most_utc[k], event[j])
            mine[MARK] = likely[k] if timing[k] == 0 else -1
            mine[TIMED] = 1 if timing[k] >= 0 else 0
            mine[NEXT] = light[k + 1] if n > 1 and 0 < light[k + 1] <= LAST_LIGHT else -1
            p, k = p + 1, k + n
