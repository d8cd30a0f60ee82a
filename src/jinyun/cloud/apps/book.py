"""The book of advice (建议台账): what is held to whom, opened once, kept while it holds, closed when it has ended.

Applications say ten times a second what holds; the book turns that into episodes. Advice opens when it has held for
``hold_s``, is said again no sooner than ``repeat_s`` after the last time (at once where it became more urgent), and
closes ``linger_s`` after it last held. Two kinds of rows are one episode if application, receiver, unit, ``about`` and
``place`` are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.rows import joined, taken
from jinyun.shapes import ADVICE

_KEY = ("application", "receiver", "unit", "about", "place")
EPISODE = np.dtype(
    [
        *((name, ADVICE[name]) for name in ADVICE.names or ()),
        ("episode", np.uint32),
        ("held_us", np.int64),  # since when it holds
        ("last_us", np.int64),  # when it last held
        ("said_us", np.int64),  # when it was last said, 0 not yet: the episode is not open
    ]
)
"""An advice that holds, with its number and its instants."""
MOST = 65_536
"""Episodes at once; what is beyond waits until others have closed."""


class Terms(NamedTuple):
    """Seconds that an application's advice holds, lingers and rests, by the application's row."""

    hold_s: NDArray[np.float64]
    linger_s: NDArray[np.float64]
    repeat_s: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turned:
    """What one frame changed: rows of EPISODE."""

    opened: NDArray[np.void]
    repeated: NDArray[np.void]
    closed: NDArray[np.void]

    @property
    def said(self) -> NDArray[np.void]:
        """What is to be said now."""
        return joined([self.opened, self.repeated], EPISODE)


class Book:
    """All advice that holds."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.rows: NDArray[np.void] = np.empty(0, EPISODE)
        self._next = 1

    @property
    def open(self) -> NDArray[np.void]:
        """The episodes that are open."""
        return taken(self.rows, self.rows["said_us"] > 0)

    def turn(self, advice: NDArray[np.void], now_us: int) -> Turned:
        """Take what holds at ``now_us`` and return what opened, what is said again and what closed."""
        new = np.zeros(len(advice), EPISODE)
        for name in ADVICE.names or ():
            new[name] = advice[name]
        new["held_us"] = new["last_us"] = now_us
        both = joined([self.rows, new], EPISODE)
        age = np.concatenate([np.zeros(len(self.rows), np.int8), np.ones(len(new), np.int8)])
        order = np.lexsort((-both["urgency"].astype(np.int16), age, *(both[name] for name in reversed(_KEY))))
        both, age = taken(both, order), age[order]
        same = np.ones(len(both), np.bool_)
        same[:1] = False
        for name in _KEY:
            same[1:] &= both[name][1:] == both[name][:-1]
        group = np.cumsum(~same) - 1
        starts = np.flatnonzero(~same)
        rows = taken(both, starts)  # the older one of each; the first new one where there is no older
        urgency_before = np.where(age[starts] == 0, rows["urgency"], 0)
        fresh = np.full(len(starts), len(both))
        np.minimum.at(fresh, group[age == 1], np.flatnonzero(age == 1))
        holds = fresh < len(both)
        for name in ADVICE.names or ():
            rows[name][holds] = both[name][fresh[holds]]
        rows["last_us"][holds] = now_us
        return self._settle(rows, holds, urgency_before, now_us)

    def _settle(
        self, rows: NDArray[np.void], holds: NDArray[np.bool_], urgency_before: NDArray[np.uint8], now_us: int
    ) -> Turned:
        number = rows["application"]
        hold, linger, repeat = (np.rint(term[number] * 1e6).astype(np.int64) for term in self.terms)
        is_open = rows["said_us"] > 0
        over = now_us - rows["last_us"] > np.where(is_open, linger, 0)
        closed = taken(rows, over & is_open)
        opens = ~is_open & holds & (now_us - rows["held_us"] >= hold)
        sooner = rows["urgency"] > urgency_before
        again = is_open & holds & ((now_us - rows["said_us"] >= repeat) | sooner)
        rows["episode"][opens] = np.arange(self._next, self._next + opens.sum())
        self._next += int(opens.sum())
        rows["said_us"][opens | again] = now_us
        opened, repeated = taken(rows, opens), taken(rows, again)
        self.rows = taken(rows, ~over)[:MOST]
        return Turned(opened, repeated, closed)
