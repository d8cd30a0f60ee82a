"""How SPAT is sent: how often, in what order, with what counter and what time, station by station.

Two senders' faults that look alike are kept apart: a message that overtook another on the way carries an earlier counter, a
clock that was set back does not; a pause without a missing counter is the sender's, one with is the link's. A wrong clock
and a slow link both make messages old: the fastest message of ten seconds tells which.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality.spat import NO_MINUTE, NO_TIME, NOT_STATED, Heard
from jinyun.cloud.quality.stations import Stations, enlarged
from jinyun.cloud.quality.telling import events
from jinyun.zone import Profile

Ints = NDArray[np.int64]

LACKS, MINUTE, FUTURE, ORDER, STUCK, UNSTEADY, GAP = range(7)
"""Codes of events."""
FIRST, RECEIVED, EVENT, STATED, COUNT, MESSAGE, BATCH, FRESH, BEFORE, STEP, SAME, STRAYED, PERIOD = range(13)
"""Columns of the state: the first and the last message's times, its counter and step, how often that was odd."""
SECOND, MESSAGES, LATE, WORST, FASTEST = range(5)
"""Columns of a second's account: which one, messages, those too old, the oldest and the youngest age at receipt."""
SLOTS = 16
WINDOW_S = 10
CONTINUOUS_US = 1_000_000
"""A light that changes between messages farther apart may have shown another between them."""
STUCK_AFTER = 3
"""Messages with one counter before it is called stuck; fewer are repeats."""
STRAY, STRAYED_MOST = 2, 8
"""A counter's odd step weighs so much against a regular one; of so much, the counter is called unsteady."""


@njit(cache=True)
def listen(
    station: Ints,
    message: Ints,
    count: Ints,
    receive: Ints,
    event: Ints,
    stated: Ints,
    lacks: Ints,
    minute_off: Ints,
    batch: int,
    limits: Ints,
    state: Ints,
    seconds: Ints,
    fresh: NDArray[np.bool_],
    before: Ints,
    found: Ints,
) -> int:
    """Take messages in the order they came; return how many events were written to ``found``.

    ``limits`` are the most age, the most lead and the most gap (us). ``fresh`` says which messages are newer than those
    before, ``before`` when the one before was so, 0 where that says nothing of what lay between.
    """
    n = 0
    for i in range(len(station)):
        fresh[i], before[i] = False, 0
        s = station[i]
        if s < 0:
            continue
        my = state[s]
        if my[BATCH] == batch and my[MESSAGE] == message[i]:  # the rest of a junction told in two parts
            fresh[i], before[i] = my[FRESH] == 1, my[BEFORE]
            continue
        second = seconds[s, receive[i] // 1_000_000 % SLOTS]
        if second[SECOND] != receive[i] // 1_000_000:
            second[SECOND], second[MESSAGES], second[LATE], second[WORST] = receive[i] // 1_000_000, 0, 0, 0
            second[FASTEST] = 1 << 60
        second[MESSAGES] += 1
        codes = found[n : n + 4]
        used = 0
        if lacks[i]:
            codes[used, 0], codes[used, 2] = LACKS, lacks[i]
            used += 1
        if minute_off[i]:
            codes[used, 0], codes[used, 2] = MINUTE, minute_off[i]
            used += 1
        if stated[i] != NOT_STATED:
            age = receive[i] - stated[i]
            second[WORST], second[FASTEST] = max(second[WORST], age), min(second[FASTEST], age)
            if age > limits[0]:
                second[LATE] += 1
            if age < -limits[1]:
                codes[used, 0], codes[used, 2] = FUTURE, -age
                used += 1
        step = (count[i] - my[COUNT]) % 128
        newer, connected = True, my[FIRST] > 0
        if connected and stated[i] != NOT_STATED and my[STATED] != NOT_STATED:
            moved = stated[i] - my[STATED]
            if moved > 0:
                my[SAME] = my[SAME] + 1 if step == 0 else 0
                if my[SAME] >= STUCK_AFTER:
                    codes[used, 0], codes[used, 2] = STUCK, count[i]
                    used += 1
                elif moved > limits[2] and step == 1:
                    codes[used, 0], codes[used, 2] = GAP, moved
                    used += 1
                elif step and my[STEP] and my[PERIOD] and 2 * moved < 3 * my[PERIOD]:
                    my[STRAYED] = (
                        min(my[STRAYED] + STRAY, 2 * STRAYED_MOST) if step != my[STEP] else max(my[STRAYED] - 1, 0)
                    )
                    if my[STRAYED] >= STRAYED_MOST and step != my[STEP]:
                        codes[used, 0], codes[used, 2], codes[used, 3] = UNSTEADY, step, my[STEP]
                        used += 1
                my[STEP] = step
                if moved < CONTINUOUS_US:
                    my[PERIOD] = moved if my[PERIOD] == 0 else (7 * my[PERIOD] + moved) // 8
            elif step > 64 or (step == 0 and moved == 0):  # overtaken on the way, or sent again
                newer = False
            else:
                codes[used, 0], codes[used, 2] = ORDER, moved
                used += 1
                connected = False
        elif connected and event[i] < my[EVENT]:
            newer = False
        for k in range(used):
            codes[k, 1], codes[k, 5] = s, receive[i]
        n += used
        my[MESSAGE], my[BATCH], my[FRESH] = message[i], batch, 1 if newer else 0
        if not newer:
            continue
        fresh[i] = True
        if connected and 0 <= event[i] - my[EVENT] <= CONTINUOUS_US:
            before[i] = my[EVENT]
        my[BEFORE] = before[i]
        my[RECEIVED], my[EVENT], my[STATED], my[COUNT] = receive[i], event[i], stated[i], count[i]
        if my[FIRST] == 0:
            my[FIRST] = receive[i]
    return n


class Broadcast:
    """How every station sends."""

    def __init__(self, stations: Stations, profile: Profile) -> None:
        self._stations = stations
        self.state = np.zeros((len(stations.source), 13), np.int64)
        self.seconds = np.zeros((len(stations.source), SLOTS, 5), np.int64)
        self._batch = 0
        most_age, lead, gap = (
            profile[f"signal.{key}"].value for key in ("age_most_ms", "lead_most_ms", "spat_gap_most_ms")
        )
        self._limits = np.array([most_age, lead, gap], np.int64) * 1000
        self._least_hz, self._most_hz = profile["link.spat_rate_hz"].value, profile["signal.spat_rate_most_hz"].value
        self._in_time = profile["signal.in_time_least"].value
        stations.on_grow.append(self._grow)
        stations.on_clear.append(self._clear)

    def _grow(self, stations: int, groups: int) -> None:
        self.state, self.seconds = enlarged(self.state, stations, 0), enlarged(self.seconds, stations, 0)

    def _clear(self, stations: list[int], groups: list[int]) -> None:
        self.state[stations] = 0
        self.seconds[stations] = 0

    def take(self, heard: Heard, station: Ints) -> tuple[NDArray[np.bool_], Ints, Ints]:
        """Return (which messages are newer, when the one before was so or 0, events) of a window."""
        self._batch += 1
        fresh, before = np.empty(len(station), np.bool_), np.empty(len(station), np.int64)
        found = events(4 * len(station))
        n = listen(
            station, heard.message, heard.counter, heard.receive_us, heard.event_us, heard.stated_us, heard.lacks,
            heard.minute_off_us, self._batch, self._limits, self.state, self.seconds, fresh, before, found,
        )  # fmt: skip
        return fresh, before, found[:n]

    def told(self, event: list[int]) -> tuple[str, str, str]:
        """Return (rule, severity, reason) of an event."""
        code, _, a, b, _, _ = event
        if code == LACKS:
            words = [word for bit, word in ((NO_TIME, "no timeStamp"), (NO_MINUTE, "no moy")) if a & bit]
            return "spat.minimum", "warning", f"carries {' and '.join(words)}: it cannot be timed by what it says"
        if code == MINUTE:
            hours = a / 3.6e9
            likely = ": local time in place of UTC" if abs(abs(hours) - 8) < 0.1 else ""
            side = "ahead of" if a > 0 else "behind"
            return "spat.time.minute", "fault", f"its minute of the year is {_span(abs(a))} {side} receipt{likely}"
        if code == FUTURE:
            lead = (
                f"stated {a / 1000:.0f} ms after receipt, {self._limits[1] / 1000:.0f} ms allowed: its clock is ahead"
            )
            return "spat.time.future", "fault", lead
        if code == ORDER:
            back = f"its time went back by {-a / 1000:.0f} ms" if a else "two messages carry the same time"
            return "spat.time.order", "fault", f"{back} while its counter went on"
        if code == STUCK:
            return "spat.count", "warning", f"msgCnt stays {a} while messages follow each other"
        if code == UNSTEADY:
            return "spat.count", "warning", f"msgCnt steps by {a} after {b} though no message is missing"
        reason = f"paused for {a / 1000:.0f} ms, {self._limits[2] / 1000:.0f} ms allowed, with no counter missing"
        return "spat.gap", "warning", reason

    def second(self, now_us: int) -> list[tuple[int, str, str, str]]:
        """Return (station, rule, severity, reason) of what the last ten whole seconds show. Call once a second."""
        alive = np.array(self._stations.alive(), np.int64)
        now_s = now_us // 1_000_000
        if not len(alive):
            return []
        settled = alive[(self.state[alive, FIRST] > 0) & (self.state[alive, FIRST] // 1_000_000 < now_s - WINDOW_S)]
        within = self.seconds[settled]
        counted = (within[:, :, SECOND] >= now_s - WINDOW_S) & (within[:, :, SECOND] < now_s)
        messages, late = (np.where(counted, within[:, :, k], 0).sum(axis=1) for k in (MESSAGES, LATE))
        few = (messages < self._least_hz * WINDOW_S - 1) | (messages > self._most_hz * WINDOW_S + 1)
        old = late > (1 - self._in_time) * messages
        found = []
        for k in np.flatnonzero(few | old).tolist():
            row, n = int(settled[k]), int(messages[k])
            if n == 0:
                quiet = (now_us - int(self.state[row, RECEIVED])) / 1e6
                found.append((row, "spat.silent", "fault", f"no SPAT for {quiet:.0f} s"))
                continue
            if few[k]:
                reason = f"{n / WINDOW_S:.1f} SPAT a second in 10 s, {self._least_hz:g} to {self._most_hz:g} asked"
                found.append((row, "spat.rate", "warning", reason))
            if old[k]:
                youngest = int(within[k, counted[k], FASTEST].min())
                worst = int(within[k, counted[k], WORST].max())
                cause = "its clock is behind or its link slow" if youngest > self._limits[0] else "its link is slow"
                reason = (
                    f"{late[k]} of {n} SPAT in 10 s were over {self._limits[0] / 1000:.0f} ms old at receipt, "
                    f"{youngest / 1000:.0f} to {worst / 1000:.0f} ms: {cause}"
                )
                found.append((row, "spat.time.late", "warning", reason))
        return found

    def rate_hz(self, row: int, now_us: int) -> float:
        """Return how many messages a second came in the last ten whole seconds."""
        within = self.seconds[row]
        now_s = now_us // 1_000_000
        counted = (within[:, SECOND] >= now_s - WINDOW_S) & (within[:, SECOND] < now_s)
        return float(within[counted, MESSAGES].sum()) / WINDOW_S


def _span(us: int) -> str:
    seconds = us / 1e6
    return (
        f"{seconds / 3600:.2f} h"
        if seconds > 5400
        else f"{seconds / 60:.1f} min"
        if seconds > 90
        else f"{seconds:.0f} s"
    )
