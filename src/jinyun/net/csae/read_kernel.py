"""The reading kernel: octets to columns.

It walks the instructions of a :class:`~jinyun.net.csae.program.Program` for one message after the other, over a row of
words and the columns of all tables, which lie one behind the other in one array of int32 (and one of uint64 for what is
wider). One bad message is refused with the bit where it is bad, its rows are given back, and the next begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from jinyun.net.csae.program import (
    BIT,
    CHOICE,
    COLUMN,
    END_LIST,
    EXT,
    EXTENSIBLE,
    EXTRA,
    INTS,
    JUMP,
    KIND,
    LEAF_OPT,
    LIST,
    LOW,
    NO_COLUMN,
    OPT,
    PRE,
    REGISTER,
    SPAN,
    UNBOUNDED,
    WIDE,
    WIDTH,
)
from jinyun.net.csae.words import ABSENT, DEPTH, GENERAL, GOING_ON, OK, OTHER, REFUSED, U, octet_length, take


@njit(cache=True, nogil=True)
def skip_additions(words: Any, at: Any, end: Any) -> Any:
    """Return (how many additions, bit behind them) of a sequence that knows none; -1 for what is not plain."""
    if at + 7 > end:
        return -1, at
    count = np.int64(take(words, at, 7)) + 1
    at += 7
    if count > 64 or at + count > end:
        return -1, at
    bitmap = take(words, at, count)
    at += count
    present = 0
    while bitmap:
        bitmap &= bitmap - U(1)
        size, at = octet_length(words, at, end)
        if size < 1 or at + 8 * size > end:
            return -1, at
        at += 8 * size
        present += 1
    return (present, at) if present else (-1, at)


@njit(cache=True, nogil=True)
def blank(flat: Any, base: Any, columns: Any, begin: Any, end: Any, absent: Any) -> None:
    """Make rows ``begin`` to ``end`` of columns ``columns[0]`` to ``columns[1]`` absent again."""
    for column in range(columns[0], columns[1]):
        for row in range(begin, end):
            flat[base[column] + row] = absent


@njit(cache=True, nogil=True)
def enter(words: Any, at: Any, end: Any, frame: Any, message_id: Any) -> Any:
    """Return (verdict, bit where the message begins) behind the head of a MessageFrame."""
    if at + 4 > end:
        return GENERAL, at
    head = np.int64(take(words, at, 4))
    if frame >= 0:
        return (GOING_ON, at + 4) if head == frame else (OTHER, at)
    if head < 8:
        return OTHER, at
    if at + 8 > end or take(words, at, 8) != U(0x80):
        return GENERAL, at
    size, inner = octet_length(words, at + 8, end)
    if size < 0 or inner + 8 * size != end or inner + 16 > end:
        return GENERAL, at
    number = np.int64(take(words, inner, 16))
    if number >> 15:
        return GENERAL, at
    if number != message_id:
        return OTHER, at
    size, inner = octet_length(words, inner + 16, end)
    if size < 1 or inner + 8 * size != end:
        return GENERAL, at
    return GOING_ON, inner


@njit(cache=True, nogil=True)
def read(
    words: Any,
    starts: Any,
    ends: Any,
    frame: Any,
    message_id: Any,
    code: Any,
    alternatives: Any,
    targets: Any,
    narrow: Any,
    base: Any,
    wide: Any,
    wide_base: Any,
    parents: Any,
    capacity: Any,
    columns: Any,
    rows: Any,
    verdicts: Any,
    bits: Any,
    unknown: Any,
) -> Any:
    """Read every message into columns that are all absent; return how many got the verdict GENERAL.

    Where a table's ``capacity`` does not suffice it returns -1, and nothing in the columns is to be used.
    ``starts`` and ``ends`` are bits of ``words``; column ``c`` of row ``r`` is ``narrow[base[c] + r]``; ``parents`` are
    the places of each table's column ``parent``; ``columns[t]`` bounds the narrow and the wide columns of table ``t``;
    ``rows`` counts the rows in use of each table and is changed.
    """
    registers = np.zeros(DEPTH, np.int64)
    left = np.zeros(DEPTH, np.int64)
    outer = np.zeros(DEPTH, np.int64)
    before = np.zeros(len(rows), np.int64)
    general = 0
    for message in range(len(starts)):
        end = ends[message]
        for table in range(len(rows)):
            before[table] = rows[U(table)]
        row = message
        depth = 0
        step = 0
        skipped = 0
        verdict, at = enter(words, starts[message], end, frame, message_id)
        while verdict == GOING_ON:
            kind = code[U(step), KIND]
            if kind <= LEAF_OPT:
                if kind == LEAF_OPT and not registers[U(code[U(step), REGISTER])] >> code[U(step), BIT] & 1:
                    step += 1
                    continue
                width = code[U(step), WIDTH]
                if at + width > end:
                    verdict = REFUSED
                    if code[U(step), EXTRA] and at < end:
                        if take(words, at, 1):
                            verdict = GENERAL
                        at += 1
                    break
                raw = np.int64(take(words, at, width))
                if raw > code[U(step), SPAN]:
                    verdict = REFUSED
                    if code[U(step), EXTRA]:
                        if raw >> (width - 1):
                            verdict = GENERAL
                        at += 1
                    break
                narrow[U(base[U(code[U(step), COLUMN])] + row)] = raw + code[U(step), LOW]
                at += width
                step += 1
            elif kind == PRE:
                width = code[U(step), WIDTH]
                if at + width > end:
                    verdict = REFUSED
                    at = end
                    break
                registers[U(code[U(step), REGISTER])] = np.int64(take(words, at, width))
                at += width
                step += 1
            elif kind == OPT:
                if registers[U(code[U(step), REGISTER])] >> code[U(step), BIT] & 1:
                    if code[U(step), COLUMN] != NO_COLUMN:
                        narrow[U(base[U(code[U(step), COLUMN])] + row)] = 1
                    step += 1
                else:
                    step = code[U(step), EXTRA]
            elif kind == INTS:
                width = code[U(step), WIDTH]
                if at + width > end:
                    verdict = REFUSED
                    break
                raw = np.int64(take(words, at, width))
                if raw > code[U(step), SPAN]:
                    verdict = REFUSED
                    break
                at += width
                column = code[U(step), COLUMN]
                narrow[U(base[U(column)] + row)] = raw
                place = code[U(step), EXTRA] + raw * code[U(step), BIT]
                for number in range(place, place + code[U(step), BIT]):
                    width = alternatives[U(number), 0]
                    if at + width > end:
                        verdict = REFUSED
                        break
                    raw = np.int64(take(words, at, width))
                    if raw > alternatives[U(number), 2]:
                        verdict = REFUSED
                        break
                    at += width
                    column += 1
                    narrow[U(base[U(column)] + row)] = raw + alternatives[U(number), 1]
                step += 1
            elif kind == EXT:
                if registers[U(code[U(step), REGISTER])] >> code[U(step), BIT]:
                    if code[U(step), EXTRA]:
                        verdict = GENERAL
                        break
                    count, at = skip_additions(words, at, end)
                    if count < 0:
                        verdict = GENERAL
                        break
                    skipped += count
                step += 1
            elif kind == LIST:
                width = code[U(step), WIDTH]
                count = code[U(step), LOW]
                if code[U(step), BIT] == UNBOUNDED:
                    size, at = octet_length(words, at, end)
                    if size < 0:
                        verdict = GENERAL
                        break
                    count = size
                elif width:
                    if at + width > end:
                        verdict = REFUSED
                        if code[U(step), BIT] == EXTENSIBLE:
                            verdict = GENERAL
                        break
                    raw = np.int64(take(words, at, width))
                    if raw > code[U(step), SPAN]:
                        verdict = REFUSED
                        if code[U(step), BIT] == EXTENSIBLE:
                            verdict = GENERAL
                        break
                    at += width
                    count += raw
                narrow[U(base[U(code[U(step), COLUMN])] + row)] = count
                if count == 0:
                    step = code[U(step), EXTRA]
                    continue
                table = code[U(step), REGISTER]
                if rows[U(table)] >= capacity[U(table)]:
                    return -1
                left[U(depth)] = count
                outer[U(depth)] = row
                depth += 1
                narrow[parents[U(table)] + rows[U(table)]] = row
                row = rows[U(table)]
                rows[U(table)] += 1
                step += 1
            elif kind == END_LIST:
                left[U(depth - 1)] -= 1
                if left[U(depth - 1)]:
                    table = code[U(step), REGISTER]
                    if rows[U(table)] >= capacity[U(table)]:
                        return -1
                    row = rows[U(table)]
                    rows[U(table)] += 1
                    narrow[parents[U(table)] + row] = outer[U(depth - 1)]
                    step = code[U(step), EXTRA]
                else:
                    depth -= 1
                    row = outer[U(depth)]
                    step += 1
            elif kind == WIDE:
                width = code[U(step), WIDTH]
                if at + width > end:
                    verdict = REFUSED
                    if code[U(step), EXTRA]:
                        verdict = GENERAL
                    break
                value = take(words, at, width)
                if code[U(step), EXTRA] and value >> U(width - 1):
                    verdict = GENERAL
                    break
                wide[wide_base[code[U(step), COLUMN]] + row] = value
                at += width
                step += 1
            elif kind == CHOICE:
                width = code[U(step), WIDTH]
                if at + width > end:
                    verdict = GENERAL
                    break
                raw = np.int64(take(words, at, width))
                if raw > code[U(step), SPAN]:
                    verdict = GENERAL
                    break
                at += width
                narrow[U(base[U(code[U(step), COLUMN])] + row)] = raw
                step = targets[code[U(step), EXTRA] + raw]
            elif kind == JUMP:
                step = code[U(step), EXTRA]
            else:
                verdict = OK
                if end - at > 7 or (end > at and take(words, at, end - at)):
                    verdict = REFUSED
        verdicts[message] = verdict
        if verdict == OK:
            unknown[message] = skipped
            bits[message] = -1
            continue
        general += verdict == GENERAL
        bits[message] = at - starts[message]
        blank(narrow, base, columns[0, 0], message, message + 1, ABSENT)
        blank(wide, wide_base, columns[0, 1], message, message + 1, 0)
        for table in range(1, len(rows)):
            blank(narrow, base, columns[table, 0], before[table], rows[table], ABSENT)
            blank(wide, wide_base, columns[table, 1], before[table], rows[table], 0)
            rows[table] = before[table]
    return general
