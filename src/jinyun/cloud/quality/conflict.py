"""Which signal groups must not be green together (绿冲突), people crossing and merging included, and whether they are.

Ways that meet at an angle never go together. Where a turn meets a way from the opposite arm, or people on the road it turns
into, it gives way under a full light (实施条例, article 38) and so may go; an arrow promises a free way (GB 14886: flows
under arrows conflict with no other), so a protected one may not. People never cross the arm that is released, nor the road
that straight traffic enters. Right turns always give way unless a protected arrow says otherwise.

All of it is worked out once for each revision of a junction's map; a SPAT then costs one look at a bit mask per group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality import meeting
from jinyun.cloud.quality.layout import NO_PHASE, Way
from jinyun.cloud.quality.spat import Heard
from jinyun.hdmap import Turn
from jinyun.shapes import Light

OPPOSITE_RAD = np.radians(135.0)
"""Roads whose headings at the stop line differ by more face each other; others meet at an angle."""
ENTRY_SHARE = 0.4
"""A crossing that a way meets in this first share of its line lies on the arm it comes from."""
MOST_GROUPS = 64
"""Groups of one station that are held against each other: one bit each."""
NEVER, UNLESS_ARROW, ALWAYS = 0, 1, 2
"""Whether a way gives way to the one it meets."""
COLUMNS = 5  # first group, second group, first light, second light, place of the junction's message in the batch


@dataclass
class Conflicts:
    """What must not be green together at one junction, by phase; the texts say which ways meet."""

    always: dict[tuple[int, int], str] = field(default_factory=dict)
    arrows: dict[tuple[int, int], str] = field(default_factory=dict)  # only where neither gives way by its light
    within: dict[int, str] = field(default_factory=dict)  # phases that release ways at an angle by themselves
    arrow: set[int] = field(default_factory=set)  # phases of a single turn

    def text(self, a: int, b: int) -> str:
        return self.always.get((a, b)) or self.arrows.get((a, b), "")


def conflicts(ways: Sequence[Way]) -> Conflicts:
    """Return which phases of a junction conflict; ways without a phase or a line take no part."""
    used = sorted((way for way in ways if way.phase not in NO_PHASE and way.line is not None), key=lambda w: w.bicycle)
    found = Conflicts()
    turns: dict[int, int] = {}
    for way in used:
        if not way.bicycle:
            turns[way.phase] = turns.get(way.phase, 0) | way.turn
    found.arrow = {phase for phase, turn in turns.items() if turn in (Turn.LEFT, Turn.RIGHT, Turn.U_TURN)}
    if not used:
        return found
    lines = [way.line for way in used if way.line is not None]
    bounds = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)
    points = np.concatenate(lines)
    at = meeting.crossings(np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1]), bounds)
    start, end = (_numbered([getattr(way, side) for way in used]) for side in ("start", "end"))
    merges = end[:, None] == end
    meets = np.triu((np.isfinite(at) | merges) & (start[:, None] != start), 1)
    for i, j in np.argwhere(meets).tolist():
        a, b = (used[i], used[j]) if used[i].phase <= used[j].phase else (used[j], used[i])
        at_a, at_b = (at[i, j], at[j, i]) if a is used[i] else (at[j, i], at[i, j])
        merge = bool(merges[i, j]) and not a.walkers and not b.walkers
        verdict = _together(a, b, float(at_a), float(at_b), merge, found.arrow)
        table = found.always if verdict else found.arrows
        if verdict is None or (a.phase == b.phase and not verdict) or (a.phase, b.phase) in table:
            continue
        text = f"{_words(a)} and {_words(b)} {'merge' if merge else 'cross'}"
        if a.phase == b.phase:
            found.within.setdefault(a.phase, text)
        else:
            table[a.phase, b.phase] = text
    return found


def _numbered(keys: Sequence[object]) -> NDArray[np.int64]:
    """Return a number for each key, equal for equal ones."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def _together(a: Way, b: Way, at_a: float, at_b: float, merge: bool, arrow: set[int]) -> bool | None:
    """Return True where two ways that meet may never go together, False where lights of arrows decide, None otherwise."""
    if a.walkers and b.walkers:
        return None
    if a.walkers or b.walkers:
        way, at = (b, at_b) if a.walkers else (a, at_a)
        if at < ENTRY_SHARE and way.turn not in (Turn.RIGHT, Turn.U_TURN):
            return True
        return {NEVER: True, UNLESS_ARROW: False, ALWAYS: None}[_yields(way, arrow)]
    same = a.arm == b.arm
    if same and merge:
        return None  # lanes of one road that become one
    opposite = not same and abs(meeting.turned_rad(a.heading_rad, b.heading_rad)) > OPPOSITE_RAD
    late = (Turn.RIGHT, Turn.U_TURN)
    if not (same or opposite or a.turn in late or b.turn in late):
        return True
    if opposite and a.turn == b.turn == Turn.LEFT:
        return None  # opposite left turns pass each other
    yields = _yields(a, arrow), _yields(b, arrow)
    if ALWAYS in yields:
        return None
    return yields == (NEVER, NEVER) and not same


def _yields(way: Way, arrow: set[int]) -> int:
    if way.turn in (0, Turn.STRAIGHT):
        return NEVER
    return UNLESS_ARROW if way.phase in arrow and not way.bicycle else ALWAYS


_SIDES = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_MOVES = {Turn.STRAIGHT: "straight on", Turn.LEFT: "left", Turn.RIGHT: "right", Turn.U_TURN: "back"}


def _words(way: Way) -> str:
    """Return a way in words: where it comes from and how it turns."""
    if way.walkers:
        return "people"
    side = _SIDES[round((np.degrees(way.heading_rad) + 180.0) / 45.0) % 8] if np.isfinite(way.heading_rad) else "?"
    who = "cyclists " if way.bicycle else ""
    return f"{who}{_MOVES.get(Turn(way.turn), 'on') if way.turn else 'on'} from the {side}"


def masks(found: Conflicts, phases: Sequence[int]) -> NDArray[np.uint64]:
    """Return for each of a station's phases, in the order of their bits, the bits it conflicts with.

    Shape (phases, 3): whatever the lights, where both assert themselves, and 1 where the phase is an arrow.
    """
    bit = {phase: k for k, phase in enumerate(phases[:MOST_GROUPS])}
    table = np.zeros((len(phases), 3), np.uint64)
    for column, pairs in ((0, found.always), (1, found.arrows)):
        for a, b in pairs:
            if a in bit and b in bit:
                table[bit[a], column] |= np.uint64(1 << bit[b])
                table[bit[b], column] |= np.uint64(1 << bit[a])
    for phase in found.arrow & bit.keys():
        table[bit[phase], 2] = 1
    return table


@njit(cache=True)
def clash(
    first: NDArray[np.int64],
    count: NDArray[np.int64],
    fresh: NDArray[np.bool_],
    group: NDArray[np.int64],
    light: NDArray[np.int64],
    before: NDArray[np.int64],
    bit: NDArray[np.int64],
    mask: NDArray[np.uint64],
    found: NDArray[np.int64],
) -> int:
    """Write the pairs of groups that are released together but must not be to ``found``; return how many.

    Junction messages own ``count`` phases from ``first`` on; ``group`` and ``light`` are the phases', ``before`` (the light
    before the present one), ``bit`` and ``mask`` the groups'.
    """
    pairs = 0
    one = np.uint64(1)
    for i in range(len(first)):
        if not fresh[i]:
            continue
        moving, asserting = np.uint64(0), np.uint64(0)
        for p in range(first[i], first[i] + count[i]):
            g = group[p]
            if g < 0 or bit[g] < 0 or light[p] < Light.FLASHING_GREEN or light[p] > Light.YELLOW:
                continue
            mine = one << np.uint64(bit[g])
            moving |= mine
            decided = light[p] if light[p] in (Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN) else before[g]
            if mask[g, 2] == 0 or decided == Light.PROTECTED_GREEN:
                asserting |= mine
        if moving == 0:
            continue
        for p in range(first[i], first[i] + count[i]):
            g = group[p]
            if g < 0 or bit[g] < 0 or not (moving >> np.uint64(bit[g])) & one:
                continue
            hit = mask[g, 0] & moving
            if (asserting >> np.uint64(bit[g])) & one:
                hit |= mask[g, 1] & asserting
            if hit == 0:
                continue
            for q in range(p + 1, first[i] + count[i]):
                h = group[q]
                if h >= 0 and bit[h] >= 0 and (hit >> np.uint64(bit[h])) & one and pairs < len(found):
                    found[pairs, 0], found[pairs, 1] = g, h
                    found[pairs, 2], found[pairs, 3], found[pairs, 4] = light[p], light[q], i
                    pairs += 1
    return pairs


def pairs_of(
    heard: Heard,
    fresh: NDArray[np.bool_],
    group: NDArray[np.int64],
    before: NDArray[np.int64],
    bit: NDArray[np.int64],
    mask: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """Return the rows (first group, second group, their lights, junction's row) that :func:`clash` finds in a window."""
    found = np.empty((4 * len(group) + 16, COLUMNS), np.int64)
    n = clash(heard.first, heard.phases, fresh, group, heard.light, before, bit, mask, found)
    return found[:n]
