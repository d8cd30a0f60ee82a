"""The two kernels that run a :class:`~jinyun.net.csae.program.Program`: octets to columns, and columns to octets.

Both walk the instructions of one message after the other over a row of big-endian 64-bit words and the columns of all
tables, which lie one behind the other in one array of int32 (and one of uint64 for what is wider). One bad message is
refused with the bit where it is bad, its rows are given back, and the next begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from jinyun.net.csae.program import (
    BIT,
    CHOICE,
    COLUMN,
    END,
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

ABSENT = -(2**31)
"""What a narrow column holds where there is no value; no element of the standard can be that."""

OK, REFUSED, GENERAL, OTHER = range(4)
"""Verdicts: read; refused at a bit; only the codec of single messages can tell; a frame of another kind."""

U = np.uint64
"""An index that is not negative: spares the kernel the question whether to count from the end."""

_GOING_ON = -1
_DEPTH = 64
_FRAGMENTS = 16384


@njit(cache=True, nogil=True)
def take(words: Any, at: Any, width: Any) -> Any:
    """Return ``width`` bits (1..64) from bit ``at`` on, as uint64."""
    shift = U(at & 63)
    word = U(at >> 6)
    high = words[word] << shift
    low = (words[word + U(1)] >> U(1)) >> (U(63) - shift)
    return (high | low) >> U(64 - width)


@njit(cache=True, nogil=True)
def put(words: Any, at: Any, width: Any, value: Any) -> None:
    """Write ``width`` bits (1..64) of a uint64 from bit ``at`` on, over zeros."""
    word = U(at >> 6)
    room = 64 - (at & 63)
    if width <= room:
        words[word] |= value << U(room - width)
    else:
        words[word] |= value >> U(width - room)
        words[word + U(1)] |= value << U(64 - (width - room))


@njit(cache=True, nogil=True)
def octet_length(words: Any, at: Any, end: Any) -> Any:
    """Return (length, bit behind it) of a length determinant below 16384; length -1 where it is none."""
    if at + 8 > end:
        return -1, at
    first = np.int64(take(words, at, 8))
    if first < 128:
        return first, at + 8
    if first > 191 or at + 16 > end:
        return -1, at
    size = np.int64(take(words, at, 16)) & 0x3FFF
    return (size, at + 16) if size > 127 else (-1, at)


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
        return (_GOING_ON, at + 4) if head == frame else (OTHER, at)
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
    return _GOING_ON, inner


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
    """Read every message into columns that are all absent; return False where a table's ``capacity`` does not suffice.

    ``starts`` and ``ends`` are bits of ``words``; column ``c`` of row ``r`` is ``narrow[base[c] + r]``; ``parents`` are
    the places of each table's column ``parent``; ``columns[t]`` bounds the narrow and the wide columns of table ``t``;
    ``rows`` counts the rows in use of each table and is changed.
    """
    registers = np.zeros(_DEPTH, np.int64)
    left = np.zeros(_DEPTH, np.int64)
    outer = np.zeros(_DEPTH, np.int64)
    before = np.zeros(len(rows), np.int64)
    for message in range(len(starts)):
        end = ends[message]
        for table in range(len(rows)):
            before[table] = rows[U(table)]
        row = message
        depth = 0
        step = 0
        skipped = 0
        verdict, at = enter(words, starts[message], end, frame, message_id)
        while verdict == _GOING_ON:
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
                    return False
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
                        return False
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
        bits[message] = at - starts[message]
        blank(narrow, base, columns[0, 0], message, message + 1, ABSENT)
        blank(wide, wide_base, columns[0, 1], message, message + 1, 0)
        for table in range(1, len(rows)):
            blank(narrow, base, columns[table, 0], before[table], rows[table], ABSENT)
            blank(wide, wide_base, columns[table, 1], before[table], rows[table], 0)
            rows[table] = before[table]
    return True


@njit(cache=True, nogil=True)
def put_head(words: Any, at: Any, octets: Any, message_id: Any) -> Any:
    """Write the head of a second-stage frame so that it ends before bit ``at``; return the bit where it begins."""
    inner_width = 8 if octets < 128 else 16
    size = 2 + inner_width // 8 + octets
    width = 8 if size < 128 else 16
    at -= 24 + width + inner_width
    put(words, at, 8, U(0x80))
    put(words, at + 8, width, U(size if size < 128 else 0x8000 | size))
    put(words, at + 8 + width, 16, U(message_id))
    put(words, at + 24 + width, inner_width, U(octets if octets < 128 else 0x8000 | octets))
    return at


@njit(cache=True, nogil=True)
def write(
    words: Any,
    starts: Any,
    frame: Any,
    message_id: Any,
    code: Any,
    alternatives: Any,
    targets: Any,
    presence: Any,
    narrow: Any,
    base: Any,
    wide: Any,
    wide_base: Any,
    first: Any,
    first_base: Any,
    ends: Any,
    verdicts: Any,
    columns: Any,
) -> None:
    """Write every message of the columns into zeroed words, one behind the other; set the bits ``starts`` and ``ends``.

    ``first[first_base[t] + r]`` is the first row in table ``t`` of the list that belongs to row ``r`` of its parent. Where
    a number does not fit, the verdict is REFUSED and ``columns`` names the column (wide ones as -1 - column); where a
    message needs fragmented lengths it is GENERAL.
    """
    head = 64 if frame < 0 else 0
    at = 0
    registers = np.zeros(_DEPTH, np.int64)
    left = np.zeros(_DEPTH, np.int64)
    outer = np.zeros(_DEPTH, np.int64)
    for message in range(len(starts)):
        begin = ((at + 63) & ~63) + head
        at = begin
        row = message
        depth = 0
        step = 0
        verdict = _GOING_ON
        bad = 0
        if frame >= 0:
            put(words, at, 4, U(frame))
            at += 4
        while verdict == _GOING_ON:
            kind = code[U(step), KIND]
            if kind <= LEAF_OPT:
                if kind == LEAF_OPT and not registers[U(code[U(step), REGISTER])] >> code[U(step), BIT] & 1:
                    step += 1
                    continue
                raw = narrow[U(base[U(code[U(step), COLUMN])] + row)] - code[U(step), LOW]
                if raw < 0 or raw > code[U(step), SPAN]:
                    verdict = REFUSED
                    bad = code[U(step), COLUMN]
                    break
                put(words, at, code[U(step), WIDTH], U(raw))
                at += code[U(step), WIDTH]
                step += 1
            elif kind == PRE:
                flags = 0
                place = code[U(step), EXTRA]
                for number in range(place, place + code[U(step), BIT]):
                    flags = flags << 1 | (narrow[U(base[U(presence[U(number)])] + row)] != ABSENT)
                registers[U(code[U(step), REGISTER])] = flags
                put(words, at, code[U(step), WIDTH], U(flags))
                at += code[U(step), WIDTH]
                step += 1
            elif kind == OPT:
                if registers[U(code[U(step), REGISTER])] >> code[U(step), BIT] & 1:
                    step += 1
                else:
                    step = code[U(step), EXTRA]
            elif kind == INTS:
                column = code[U(step), COLUMN]
                chosen = narrow[U(base[U(column)] + row)]
                if chosen < 0 or chosen > code[U(step), SPAN]:
                    verdict = REFUSED
                    bad = column
                    break
                put(words, at, code[U(step), WIDTH], U(chosen))
                at += code[U(step), WIDTH]
                place = code[U(step), EXTRA] + chosen * code[U(step), BIT]
                for number in range(place, place + code[U(step), BIT]):
                    column += 1
                    raw = narrow[U(base[U(column)] + row)] - alternatives[U(number), 1]
                    if raw < 0 or raw > alternatives[U(number), 2]:
                        verdict = REFUSED
                        bad = column
                        break
                    put(words, at, alternatives[U(number), 0], U(raw))
                    at += alternatives[U(number), 0]
                step += 1
            elif kind == EXT:
                step += 1
            elif kind == LIST:
                count = np.int64(narrow[U(base[U(code[U(step), COLUMN])] + row)])
                raw = count - code[U(step), LOW]
                unbounded = code[U(step), BIT] == UNBOUNDED
                most = 127 if unbounded else code[U(step), SPAN]
                if raw < 0 or raw > most:
                    verdict = REFUSED
                    bad = code[U(step), COLUMN]
                    break
                if code[U(step), WIDTH]:
                    put(words, at, code[U(step), WIDTH], U(raw))
                    at += code[U(step), WIDTH]
                if count == 0:
                    step = code[U(step), EXTRA]
                    continue
                left[U(depth)] = count
                outer[U(depth)] = row
                depth += 1
                row = first[first_base[code[U(step), REGISTER]] + row]
                step += 1
            elif kind == END_LIST:
                left[U(depth - 1)] -= 1
                if left[U(depth - 1)]:
                    row += 1
                    step = code[U(step), EXTRA]
                else:
                    depth -= 1
                    row = outer[U(depth)]
                    step += 1
            elif kind == WIDE:
                width = code[U(step), WIDTH]
                value = wide[U(wide_base[U(code[U(step), COLUMN])] + row)]
                free = width - code[U(step), EXTRA]
                if free < 64 and value >> U(free):
                    verdict = REFUSED
                    bad = -1 - code[U(step), COLUMN]
                    break
                put(words, at, width, value)
                at += width
                step += 1
            elif kind == CHOICE:
                chosen = narrow[U(base[U(code[U(step), COLUMN])] + row)]
                if chosen < 0 or chosen > code[U(step), SPAN]:
                    verdict = REFUSED
                    bad = code[U(step), COLUMN]
                    break
                if code[U(step), WIDTH]:
                    put(words, at, code[U(step), WIDTH], U(chosen))
                    at += code[U(step), WIDTH]
                step = targets[code[U(step), EXTRA] + chosen]
            elif kind == JUMP:
                step = code[U(step), EXTRA]
            elif kind == END:
                verdict = OK
        ends[message] = at
        if verdict == OK and frame < 0:
            octets = max(1, (at - begin + 7) >> 3)
            at = begin + 8 * octets
            ends[message] = at
            if octets < _FRAGMENTS - 4:
                begin = put_head(words, begin, octets, message_id)
            else:
                verdict = GENERAL
        starts[message] = begin
        verdicts[message] = verdict
        columns[message] = bad
        if verdict != OK:
            for word in range(begin >> 6, (at >> 6) + 1):
                words[word] = 0
            at = begin
            ends[message] = begin
