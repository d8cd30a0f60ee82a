"""The account of every sender, message by message: counts, gaps, repeats and the clock, as one compiled loop.

A message says when it was so only by the sender's clock. ``receive - event`` is transport delay plus clock offset; its
lower envelope over half a minute is the offset of a bad clock, or the shortest delay of a good one. A source whose clock
is absent or jumps is timed by our receipt; one whose clock is steadily wrong is corrected by the envelope.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

EARLIEST_US = -50_000
"""A message from the future by more than this proves a wrong clock; less is ordinary synchronisation."""
LATEST_US = 1_000_000
"""If even the fastest message of half a minute is older than this, the clock is wrong, not the network."""
HALF_ENVELOPE_US = 15_000_000
JUMP_US = 2_000_000
ERRATIC_AFTER = 3
"""So many jumps within half an envelope and the clock is not used at all."""

NO_TIME = np.iinfo(np.int64).min
"""Event time of a message that carries none."""
NOTHING = np.iinfo(np.int64).max
"""An envelope that has seen no message."""
NO_COUNT = -1
"""Message count of one that carries none."""

ABSENT, JUMPED, OFFSET = 1, 2, 4
"""What was wrong with a message's time."""

PREVIOUS, CURRENT, WINDOW_FROM, LAST_DELAY, JUMPS, ERRATIC = range(6)
"""Columns of the clocks: the envelope's two halves, when the running one began, the last delay, jumps, verdict."""
LOST, DUPLICATE, LATE, LAST = range(4)
"""Columns of the tallies: gaps and repeats of msgCnt, messages stamped before an earlier one of their kind, last receipt."""
AGES = 26
"""Bins of age at receipt, half an octave each from 1 ms on: the last begins at 6 s."""


@njit(cache=True)
def clock_offset_us(clock: NDArray[np.int64]) -> int:
    """Return what must be added to the event times of one source: 0 while its clock is plausible."""
    least = min(clock[PREVIOUS], clock[CURRENT])
    if least == NOTHING or EARLIEST_US <= least <= LATEST_US:
        return 0
    return int(least)


@njit(cache=True)
def _time(clock: NDArray[np.int64], event_us: int, receive_us: int) -> tuple[int, int]:
    """Return (time to use, what was wrong) of one message and take it into its sender's clock."""
    delay = receive_us - event_us
    jumped = False
    if receive_us - clock[WINDOW_FROM] > HALF_ENVELOPE_US:
        clock[PREVIOUS], clock[CURRENT] = clock[CURRENT], NOTHING
        clock[WINDOW_FROM] = receive_us
        clock[ERRATIC] = 1 if clock[JUMPS] >= ERRATIC_AFTER or (clock[ERRATIC] == 1 and clock[JUMPS] > 0) else 0
        clock[JUMPS] = 0
    if clock[CURRENT] != NOTHING and abs(delay - clock[LAST_DELAY]) > JUMP_US:
        jumped = True
        clock[PREVIOUS] = clock[CURRENT] = NOTHING  # what was learnt of another offset says nothing of this one
        clock[JUMPS] += 1
        if clock[JUMPS] >= ERRATIC_AFTER:
            clock[ERRATIC] = 1
    clock[LAST_DELAY] = delay
    clock[CURRENT] = min(clock[CURRENT], delay)
    if jumped or clock[ERRATIC] == 1:
        return receive_us, JUMPED
    offset = clock_offset_us(clock)
    return event_us + offset, OFFSET if offset else 0


@njit(cache=True)
def account(
    row: NDArray[np.int64],
    kind: int,
    count: NDArray[np.int64],
    event_us: NDArray[np.int64],
    receive_us: NDArray[np.int64],
    clocks: NDArray[np.int64],
    tallies: NDArray[np.int64],
    received: NDArray[np.int64],
    last_count: NDArray[np.int64],
    newest_us: NDArray[np.int64],
    last_us: NDArray[np.int64],
    gap_us: NDArray[np.int64],
    ages: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Enter messages of one kind, in the order they came; return (times to use, flags of what was wrong with them).

    ``row`` is each message's sender, ``count`` its msgCnt (T/CSAE 53: +1 per message of a kind, modulo 128). The other
    arrays are the senders' state, changed in place: ``clocks`` (n, 6), ``tallies`` (n, 4), ``ages`` (n, AGES) and, a
    column per kind, ``received``, ``last_count``, ``newest_us`` (stamp), ``last_us`` (receipt) and ``gap_us`` (the longest
    pause).
    """
    used = np.empty(len(row), np.int64)
    wrong = np.zeros(len(row), np.uint8)
    for i in range(len(row)):
        at = row[i]
        received[at, kind] += 1
        tallies[at, LAST] = receive_us[i]
        if last_us[at, kind] > 0:
            gap_us[at, kind] = max(gap_us[at, kind], receive_us[i] - last_us[at, kind])
        last_us[at, kind] = receive_us[i]
        if count[i] != NO_COUNT:
            last = last_count[at, kind]
            last_count[at, kind] = count[i]
            step = (count[i] - last) % 128
            if last != NO_COUNT:
                if step == 0:
                    tallies[at, DUPLICATE] += 1
                elif step <= 64:  # a longer step is a sender that began again
                    tallies[at, LOST] += step - 1
        if event_us[i] == NO_TIME:
            used[i], wrong[i] = receive_us[i], ABSENT
            continue
        if event_us[i] < newest_us[at, kind]:
            tallies[at, LATE] += 1
        else:
            newest_us[at, kind] = event_us[i]
        used[i], wrong[i] = _time(clocks[at], event_us[i], receive_us[i])
        age_ms = max(0, receive_us[i] - used[i]) / 1000.0
        ages[at, min(AGES - 1, int(2.0 * np.log2(1.0 + age_ms)))] += 1
    return used, wrong


def age_ms(ages: NDArray[np.int64], share: float) -> float | None:
    """Return the age at receipt that ``share`` (0..1) of the messages in ``ages`` (AGES bins) stayed within, to 40 %."""
    total = int(ages.sum())
    if total == 0:
        return None
    at = int(np.searchsorted(np.cumsum(ages), share * total))
    return round(float(2.0 ** ((min(at, AGES - 1) + 1) / 2.0) - 1.0), 1)
