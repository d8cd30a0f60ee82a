"""The kernel that reads reports of GB/T 32960.3 into columns, by the same table as the codec of single packets.

It walks all packets twice with the same steps: once to check each and to count its rows, once to write them into columns
of exactly that size. One bad packet is refused with the place where it is bad, and the next begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

FIXED, RUN, ROWS, NEXT, DONE = range(5)
"""Steps of an item; each has seven words:
FIXED  size, first field, field behind the last, 1 in a row of its own table (else in the packet's)
RUN    width of the count, no count from, width of a number, run (-1: kept by nobody), where in the row the number of the
       first one stands (-1: it is 1), zero: a count and so many numbers
ROWS   width of the count, no count from, step behind NEXT, table (-1: kept by nobody): a count and so many rows up to NEXT
NEXT   0, 0, step behind ROWS, table: the row is over
DONE   the item is over
"""
UNKNOWN, CUSTOM, OPAQUE = -1, -2, -3
"""What a type byte opens, beside the kinds of the table."""
OK, REFUSED, GENERAL, OTHER = range(4)
"""Verdicts: read; refused; a report that only the codec of single packets carries (encrypted); no report."""
START, LENGTH, CHECKSUM, TIME, TYPE, FIRST_KIND = range(1, 7)
"""Faults: what of the frame, an item of no known type, or from FIRST_KIND on which kind of item."""
MOTORS, PACKS, CELLS, PROBES = range(4)
"""Tables with rows of their own; the last two are runs."""
CUSTOM_BIT, OPAQUE_BIT = 30, 31
"""Bits of what a report holds beside the kinds of the table."""

_HEADER, _MAX_DATA = 24, 65_531
_DAY_S = 86_400
_BEIJING_S = 8 * 3600


@njit(cache=True, nogil=True, error_model="numpy")
def _number(octets: Any, at: Any, width: Any) -> Any:
    """Return ``width`` octets (1, 2 or 4) from ``at`` on as one number."""
    found = np.int64(octets[at])
    for n in range(1, width):
        found = found << 8 | np.int64(octets[at + n])
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _frame(octets: Any, begin: Any, length: Any) -> Any:
    """Return (verdict, fault) of a frame before its data unit is looked at."""
    if length < 2 or octets[begin] != octets[begin + 1] or (octets[begin] != 0x23 and octets[begin] != 0x24):
        return REFUSED, START
    if length < _HEADER + 1:
        return REFUSED, LENGTH
    size = _number(octets, begin + 22, 2)
    if size > _MAX_DATA or length != _HEADER + size + 1:
        return REFUSED, LENGTH
    folded = np.uint8(0)
    for at in range(begin + 2, begin + length):
        folded ^= octets[at]
    if folded != 0:
        return REFUSED, CHECKSUM
    if (octets[begin + 2] != 2 and octets[begin + 2] != 3) or octets[begin + 3] != 0xFE:
        return OTHER, 0
    if octets[begin + 21] != 1:
        return GENERAL, 0
    if size < 6:
        return REFUSED, TIME
    return OK, 0


@njit(cache=True, nogil=True, error_model="numpy")
def _event_us(octets: Any, at: Any) -> Any:
    """Return six octets of Beijing time as us UTC, 0 where they are no date."""
    year, month, day = 2000 + np.int64(octets[at]), np.int64(octets[at + 1]), np.int64(octets[at + 2])
    hour, minute, second = np.int64(octets[at + 3]), np.int64(octets[at + 4]), np.int64(octets[at + 5])
    if month < 1 or month > 12 or day < 1 or hour > 23 or minute > 59 or second > 59:
        return 0
    longest = 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31
    if month == 2:
        longest = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    if day > longest:
        return 0
    # Days of the civil calendar, the year counted from March so that the leap day is its last.
    y = year - 1 if month <= 2 else year
    days = 365 * y + y // 4 - y // 100 + y // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1 - 719_468
    return (days * _DAY_S + hour * 3600 + minute * 60 + second - _BEIJING_S) * 1_000_000


@njit(cache=True, nogil=True, error_model="numpy")
def _copy(source: Any, target: Any) -> None:
    for n in range(len(source)):
        target[n] = source[n]


@njit(cache=True, nogil=True, error_model="numpy")
def walk(
    octets: Any, begins: Any, lengths: Any, opens: Any, kinds: Any, steps: Any, fields: Any, per: Any, units: Any,
    verdict: Any, fault: Any, place: Any, stop: Any, held: Any, counts: Any, filling: Any, base: Any, first_row: Any,
    vin: Any, event_us: Any, quantities: Any, codes: Any, owner: Any, pack: Any, position: Any, value: Any,
) -> None:  # fmt: skip
    """Judge all packets and count their rows, or, ``filling``, write the rows of those that were found good.

    ``opens`` (2, 256) tells what a type byte opens, ``kinds`` the first step and the bit of each kind, ``fields`` of each
    field its place, width, whether it is a code (-1), from where on it says nothing, and its zero; ``per`` and ``units`` how
    many of the raw number make one of each field and each run. Judging fills ``verdict``, ``fault`` and the octet of the
    packet where it is (``place``), ``stop`` where its readable part ends, ``held`` the bits of the kinds in it, and the
    first of three ``counts`` with the rows of each table. Filling writes the column of a field from ``base`` on, the rows
    of a table from its ``first_row`` on. A custom item without a length is understood as in ``body``.
    """
    rows, before, kept = counts[0], counts[1], counts[2]
    for i in range(len(begins)):
        begin = begins[i]
        if filling:
            if verdict[i] != OK:
                continue
            end = stop[i]
            event_us[i] = _event_us(octets, begin + _HEADER)
            for n in range(17):
                vin[i, n] = octets[begin + 4 + n]
        else:
            verdict[i], fault[i] = _frame(octets, begin, lengths[i])
            if verdict[i] != OK:
                continue
            end = begin + lengths[i] - 1
            _copy(rows, before)
        edition = octets[begin] - 0x23
        at, custom, found, kept_found = begin + _HEADER + 6, -1, 0, 0
        while at < end:
            item, opened = at, opens[edition, octets[at]]
            if opened >= 0:
                found |= 1 << kinds[opened, 1]
                at += 1
                s, left, row, row_at = kinds[opened, 0], 0, 0, 0
                while steps[s, 0] != DONE:
                    step, lead, word, table = steps[s, 0], steps[s, 1], steps[s, 3], steps[s, 4]
                    start, count = at, 0
                    at += lead
                    if at > end:
                        at = -1
                        break
                    if step == FIXED:
                        if filling:
                            r = row if table else i
                            for f in range(steps[s, 2], word):
                                size = fields[f, 1]
                                raw = _number(octets, start + fields[f, 0], size)
                                if fields[f, 2] < 0:
                                    codes[base[f] + r] = raw
                                else:
                                    stated = raw < fields[f, 3]
                                    quantities[base[f] + r] = (raw - fields[f, 4]) / per[f] if stated else np.nan
                        s += 1
                        continue
                    if lead > 0:
                        count = _number(octets, start, lead)
                        if count >= steps[s, 2]:
                            count = 0
                    if step == RUN:
                        start = at
                        at += count * word
                        if at > end:
                            at = -1
                            break
                        if table >= 0:
                            if filling:
                                own = _number(octets, row_at + steps[s, 5], 2) if steps[s, 5] >= 0 else 1
                                run, unit, limit = first_row[table] + rows[table], units[table], (1 << 8 * word) - 2
                                for n in range(count):
                                    raw = _number(octets, start + n * word, word)
                                    owner[run + n] = i
                                    pack[run + n] = octets[row_at]
                                    position[run + n] = own + n if own < 0xFFFE else 0
                                    value[run + n] = (raw - steps[s, 6]) / unit if raw < limit else np.nan
                            rows[table] += count
                        s += 1
                        continue
                    left = count if step == ROWS else left - 1
                    if left > 0:
                        row_at = at
                        if table >= 0:
                            row = rows[table]
                            rows[table] += 1
                            if filling:
                                owner[first_row[table] + row] = i
                    # Rows begin behind ROWS; NEXT goes back there; without one (more), on behind NEXT.
                    if (step == ROWS) == (left > 0):
                        s += 1
                    else:
                        s = word
            elif opened == CUSTOM:
                custom, kept_found = at, found
                _copy(rows, kept)
                found |= 1 << CUSTOM_BIT
                at = at + 3 + _number(octets, at + 1, 2) if at + 3 <= end else end + 1
                if at > end:
                    at = -1
            elif opened == OPAQUE:
                found |= 1 << OPAQUE_BIT
                break
            else:
                at = -1
            if at < 0:
                if custom >= 0:
                    at, found = custom, kept_found | 1 << CUSTOM_BIT
                    _copy(kept, rows)
                else:
                    verdict[i], place[i] = REFUSED, item - begin
                    fault[i] = FIRST_KIND + kinds[opened, 1] if opened >= 0 else TYPE
                    _copy(before, rows)
                break
        if not filling and verdict[i] == OK:
            stop[i] = at
            held[i] = found
