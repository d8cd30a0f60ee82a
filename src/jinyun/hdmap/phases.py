"""Signal groups and their programs: which links share a light, and what it shows through the cycle.

A group is what one signal head governs: the links of one arm whose lights change at the same instants. Its number is
SPAT's ``PhaseID`` (T/CSAE 53): arms clockwise from north, on each arm straight on before left before right, then the
crossings clockwise; so it is the same in every compile of the same plan. A group of several movements shows the light
of its straight one where it has one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.netfile import Net, NetLink
from jinyun.shapes import Light

LIGHTS = {
    "G": Light.PROTECTED_GREEN,
    "g": Light.PERMISSIVE_GREEN,
    "s": Light.PERMISSIVE_GREEN,
    "y": Light.YELLOW,
    "Y": Light.YELLOW,
    "u": Light.RED,
    "r": Light.RED,
    "o": Light.FLASHING_YELLOW,
    "O": Light.DARK,
}
"""SUMO's signal letters in the words of T/CSAE 53 LightState."""
MOST_PHASES = 16
"""SPAT holds 1 to 16 phases for one intersection (T/CSAE 53 PhaseList)."""
_ORDER = {"s": 0, "l": 1, "r": 2, "t": 3}


@dataclass
class Groups:
    """The tables ``groups``, ``steps`` and ``lights`` of the map, and the group of each (traffic light, link index)."""

    table: dict[str, NDArray[Any]] = field(default_factory=dict)
    steps: dict[str, NDArray[Any]] = field(default_factory=dict)
    lights: dict[str, NDArray[Any]] = field(default_factory=dict)
    row_of: dict[tuple[str, int], int] = field(default_factory=dict)


def groups_of(net: Net, row_of_node: dict[str, int], arm_of: dict[str, str]) -> Groups:
    """Return the signal groups of all traffic lights of the net, in the order of their junctions' rows."""
    made = Groups()
    table: dict[str, list[Any]] = defaultdict(list)
    steps: dict[str, list[Any]] = defaultdict(list)
    lights: list[int] = []
    by_light: dict[str, list[NetLink]] = defaultdict(list)
    for link in net.links:
        if link.tl:
            by_light[link.tl].append(link)
    for light in sorted(by_light, key=lambda light: row_of_node[light]):
        _, program = net.programs[light]
        heads = _heads(net, by_light[light], program, arm_of)
        letters = []
        for phase, (key, links) in enumerate(heads, start=1):
            row = len(table["junction"])
            main = min(links, key=lambda link: (_rank(net, link)[0], not _yields(program, link), link.signal))
            turns = 0
            for link in links:
                turns |= {"s": 1, "l": 2, "r": 4, "t": 8}.get(link.direction.lower(), 1)
                made.row_of[light, link.signal] = row
            table["junction"].append(row_of_node[light])
            table["phase"].append(phase)
            table["walkers"].append(key[0] == 1)
            table["turns"].append(0 if key[0] == 1 else turns)
            table["heading_rad"].append(_heading(net, main.start if key[0] == 0 else main.end))
            letters.append(main.signal)
        for seconds, state in program:
            steps["junction"].append(row_of_node[light])
            steps["duration_s"].append(seconds)
            steps["first_light"].append(len(lights))
            lights += [int(LIGHTS[state[signal]]) for signal in letters]
    kinds = {"junction": np.int32, "phase": np.uint8, "turns": np.uint8, "first_light": np.int32}
    made.table = {key: np.array(values, dtype=kinds.get(key)) for key, values in table.items()}
    made.steps = {key: np.array(values, dtype=kinds.get(key)) for key, values in steps.items()}
    made.lights = {"light": np.array(lights, np.uint8)}
    return made


def _heads(
    net: Net, links: list[NetLink], program: list[tuple[float, str]], arm_of: dict[str, str]
) -> list[tuple[tuple[int, float, str], list[NetLink]]]:
    """Return the groups of one light as (sort key, links), in the order of their phase numbers."""
    by_head: dict[tuple[int, str, str], list[NetLink]] = defaultdict(list)
    for link in links:
        series = "".join(state[link.signal] for _, state in program).upper()
        walkers = net.lanes[link.end].use == "crossing"
        arm = link.end if walkers else arm_of[net.lanes[link.start].edge]
        by_head[int(walkers), arm, series].append(link)
    while len(by_head) > MOST_PHASES:
        _merge_smallest(net, by_head)
    ordered = []
    for (walkers_, arm, series), its in by_head.items():
        main = min(its, key=lambda link: (_rank(net, link), link.signal))
        approach = min((link for link in links if _arm(net, link, arm_of) == arm), key=lambda link: link.signal)
        angle = _heading(net, approach.end if walkers_ else approach.start)
        place = round(float((angle + np.pi) % (2 * np.pi)), 3)  # the side of the junction it comes from
        ordered.append(((walkers_, place, f"{_rank(net, main)[0]}{series}"), its))
    return sorted(ordered, key=lambda head: head[0])


def _arm(net: Net, link: NetLink, arm_of: dict[str, str]) -> str:
    return link.end if net.lanes[link.end].use == "crossing" else arm_of[net.lanes[link.start].edge]


def _rank(net: Net, link: NetLink) -> tuple[int, int]:
    bicycle = net.lanes[link.start].use == "bike"
    return _ORDER.get(link.direction.lower(), 4) + (10 if bicycle else 0), link.signal


def _yields(program: list[tuple[float, str]], link: NetLink) -> bool:
    """Return whether a link's green is one that gives way: then so does its group's, though others of it need not."""
    return any(state[link.signal] == "g" for _, state in program)


def _merge_smallest(net: Net, by_head: dict[tuple[int, str, str], list[NetLink]]) -> None:
    """Put the cyclists' head with the fewest links to another head of its arm; cars' heads stay as they are."""
    own = [key for key, its in by_head.items() if all(net.lanes[link.start].use == "bike" for link in its)]
    if not own:
        raise ValueError(f"{next(iter(by_head.values()))[0].tl}: more than {MOST_PHASES} signal groups")
    smallest = min(own, key=lambda key: (len(by_head[key]), key))
    into = next(key for key in by_head if key[:2] == smallest[:2] and key != smallest)
    by_head[into] += by_head.pop(smallest)


def _heading(net: Net, lane: str) -> float:
    p, q = net.lanes[lane].shape[-2:, :2]
    return float(np.arctan2(q[0] - p[0], q[1] - p[1]))
