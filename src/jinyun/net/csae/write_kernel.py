"""The writing kernel: columns to octets, by the same programs as the reading one."""

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
    EXTRA,
    INTS,
    JUMP,
    KIND,
    LEAF_OPT,
    LIST,
    LOW,
    OPT,
    PRE,
    REGISTER,
    SPAN,
    UNBOUNDED,
    WIDE,
    WIDTH,
)
from jinyun.net.csae.words import ABSENT, DEPTH, FRAGMENTS, GENERAL, GOING_ON, OK, REFUSED, U, put


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
    registers = np.zeros(DEPTH, np.int64)
    left = np.zeros(DEPTH, np.int64)
    outer = np.zeros(DEPTH, np.int64)
    for message in range(len(starts)):
        begin = ((at + 63) & ~63) + head
        at = begin
        row = message
        depth = 0
        step = 0
        verdict = GOING_ON
        bad = 0
        if frame >= 0:
            put(words, at, 4, U(frame))
            at += 4
        while verdict == GOING_ON:
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
            if octets < FRAGMENTS - 4:
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
