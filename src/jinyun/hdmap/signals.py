"""Fixed-time signal programs for a compiled net, written so that a countdown to the next light is honest.

Each junction gets stages: opposite arms go together (straight on and right, people crossing beside them), then their
left turns where they have lanes of their own. Between stages every changing light shows 3 s yellow and all stand
2 s red. A green link that must give way to another green link (netconvert's yielding table) is ``g``, else ``G``.

``netconvert`` has programs of its own, but gives walkers at a crossing in mid-block no green and lets left turns share
the opposing stage; hence these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jinyun.hdmap import conflicts, curve
from jinyun.hdmap.curve import Line
from jinyun.hdmap.netfile import Net, NetLink

YELLOW_S, ALL_RED_S = 3, 2
WALK_S = 8
"""Shortest green of people crossing before clearance begins."""
WALKING_MPS = 1.2
KERB_M = 2.0
"""So near to the end of a crossing people wait, they do not walk."""
OPPOSITE_RAD = np.radians(140)
MIDBLOCK_GREEN_S = 46

Steps = list[tuple[float, str]]


@dataclass(frozen=True)
class _Link:
    signal: int
    arm: str  # edge it comes from; for walkers the arm they cross
    onto: str
    direction: str
    use: str
    lane: str
    onto_lane: str = ""


def programs(net: Net, arm_of: dict[str, str]) -> dict[str, Steps]:
    """Return the steps (seconds, state string) of each traffic light of ``net``.

    ``arm_of`` names for each edge at a light the arm it belongs to: both directions of one road have one name.
    """
    by_light: dict[str, list[NetLink]] = {}
    for link in net.links:
        if link.tl:
            by_light.setdefault(link.tl, []).append(link)
    return {light: _program(net, light, links, arm_of) for light, links in sorted(by_light.items())}


def install(net_file: Path, made: dict[str, Steps], offsets_s: dict[str, float]) -> None:
    """Replace the programs in ``net_file`` by ``made``, each shifted by its offset."""

    def block(match: re.Match[str]) -> str:
        light = match.group(1)
        if light not in made:
            return match.group(0)
        phases = "".join(f'        <phase duration="{seconds:g}" state="{state}"/>\n' for seconds, state in made[light])
        offset = offsets_s.get(light, 0.0)
        head = f'<tlLogic id="{light}" type="static" programID="0" offset="{offset:g}">'
        return f"{head}\n{phases}    </tlLogic>"

    text = net_file.read_text(encoding="utf-8")
    text = re.sub(r'<tlLogic id="([^"]+)".*?</tlLogic>', block, text, flags=re.DOTALL)
    net_file.write_text(text, encoding="utf-8")


def _program(net: Net, light: str, links: list[NetLink], arm_of: dict[str, str]) -> Steps:
    cars, walkers = [], []
    for link in links:
        start, end = net.lanes[link.start], net.lanes[link.end]
        if end.use == "crossing":
            crossed = {arm_of[edge] for edge in net.edges[end.edge].over}
            walkers.append(_Link(link.signal, min(crossed), "", "", "walk", link.end))
        else:
            arm, onto = arm_of[start.edge], arm_of.get(end.edge, end.edge)
            cars.append(_Link(link.signal, arm, onto, link.direction.lower(), start.use, link.start, link.end))
    width = max(link.signal for link in links) + 1
    give_way = _yielding(net, light, links, width)
    stages = _stages(net, cars, walkers)
    steps: Steps = []
    greens = [frozenset(cars_green) for cars_green, _, _ in stages]
    for k, (_, walk_green, seconds) in enumerate(stages):
        now, following = greens[k], greens[(k + 1) % len(stages)]
        walking = frozenset(walk_green)
        both = _state(width, now | walking, give_way)
        alone = _state(width, now, give_way)
        clearance = min(_clearance_s(net, [w for w in walkers if w.signal in walking]), seconds - WALK_S)
        if walking:
            steps += [(seconds - clearance, both), (clearance, alone)]
        else:
            steps.append((seconds, alone))
        changing = now - following if len(stages) > 1 else now
        if changing:
            yellow = "".join("y" if i in changing else c for i, c in enumerate(alone))
            steps.append((YELLOW_S, yellow))
            steps.append((ALL_RED_S, "".join("r" if i in changing else c for i, c in enumerate(alone))))
    return steps


def _stages(net: Net, cars: list[_Link], walkers: list[_Link]) -> list[tuple[list[int], list[int], int]]:
    """Return the stages as (links of vehicles, links of walkers, seconds)."""
    arms = sorted({link.arm for link in cars})
    heading = {arm: _heading(net, next(link.lane for link in cars if link.arm == arm)) for arm in arms}
    if len(arms) <= 2:  # a crossing in mid-block: all traffic, then all who walk
        walk = WALK_S + 4 + _clearance_s(net, walkers)
        return [([link.signal for link in cars], [], MIDBLOCK_GREEN_S), ([], [w.signal for w in walkers], walk)]
    stages: list[tuple[list[int], list[int], int]] = []
    through: list[tuple[set[str], set[str]]] = []
    for group in _axes(arms, heading):
        lanes_here = {link.lane for link in cars if link.arm in group and link.use != "bike" and len(group) > 1}
        own_left = {n for n in lanes_here if all(link.direction == "l" for link in cars if link.lane == n)}
        left_arms = {link.arm for link in cars if link.lane in own_left}
        later = [link for link in cars if link.arm in left_arms and link.direction == "l"]
        first = [link for link in cars if link.arm in group and link not in later]
        lanes = max(len({link.lane for link in first if link.arm == arm and link.use != "bike"}) for arm in group)
        stages.append(([link.signal for link in first], [], min(16 + 5 * lanes, 36)))
        through.append((group, {link.onto for link in first if link.direction == "s"}))
        if later:
            stages.append(([link.signal for link in later], [], 12 + 2 * len(left_arms)))
            through.append((set(), set(arms)))
    crossed = _crossed(net, cars, walkers)
    alone: list[_Link] = []
    for walker in walkers:
        free = [
            k for k, (group, onto) in enumerate(through)
            if group and walker.arm not in group | onto and not crossed[walker.lane] & set(stages[k][0])
        ]  # fmt: skip
        if not free:
            alone.append(walker)
            continue
        stage = max(free, key=lambda k: (stages[k][2], -k))
        signals, walking, seconds = stages[stage]
        seconds = max(seconds, WALK_S + _clearance_s(net, [walker]))
        stages[stage] = (signals, [*walking, walker.signal], seconds)
    if (
        alone
    ):  # arms at odd angles: somebody goes straight over their crossing in every stage, so they get one of their own
        stages.append(([], [walker.signal for walker in alone], WALK_S + 4 + _clearance_s(net, alone)))
    return stages


def _crossed(net: Net, cars: list[_Link], walkers: list[_Link]) -> dict[str, set[int]]:
    """Return for each crossing the signal indices of those who go straight on over it, also where it is not their arm's."""
    onward = {link.start: link.via for link in net.links if link.via}
    after = {(link.start, link.end): link.via for link in net.links}
    lines = []
    straight = [car for car in cars if car.direction == "s"]
    for car in straight:
        lane = after[car.lane, car.onto_lane]
        parts = []
        while lane:
            parts.append(net.lanes[lane].shape)
            lane = onward.get(lane, "")
        lines.append(np.vstack(parts) if parts else net.lanes[car.lane].shape[-2:])
    found: dict[str, set[int]] = {walker.lane: set() for walker in walkers}
    for walker in walkers:
        crossing = net.lanes[walker.lane].shape
        length = curve.length_m(crossing)
        if length > 2 * KERB_M:
            middle = curve.part(crossing, KERB_M, length - KERB_M)
            found[walker.lane] = {car.signal for car, line in zip(straight, lines, strict=True) if _meet(middle, line)}
    return found


def _meet(one: Line, other: Line) -> bool:
    """Return whether two lines cross."""
    whole = np.vstack([one[:, :2], other[:, :2]])
    bounds = np.array([0, len(one), len(whole)])
    first, second = np.array([0]), np.array([1])
    gap, _, _ = conflicts.nearest(whole[:, 0], whole[:, 1], np.zeros(len(whole)), bounds, first, second)
    return bool(gap[0] < 1e-9)


def _axes(arms: list[str], heading: dict[str, float]) -> list[set[str]]:
    """Return the arms in groups that go together: pairs that face each other, the most opposite first; then the rest."""
    pairs = sorted(
        ((_between(heading[a], heading[b]), a, b) for i, a in enumerate(arms) for b in arms[i + 1 :]), reverse=True
    )
    groups: list[set[str]] = []
    left = set(arms)
    for angle, a, b in pairs:
        if angle >= OPPOSITE_RAD and {a, b} <= left:
            groups.append({a, b})
            left -= {a, b}
    return groups + [{arm} for arm in sorted(left)]


def _between(a: float, b: float) -> float:
    return abs((a - b + np.pi) % (2 * np.pi) - np.pi)


def _heading(net: Net, lane: str) -> float:
    p, q = net.lanes[lane].shape[-2:, :2]
    return float(np.arctan2(q[0] - p[0], q[1] - p[1]))


def _clearance_s(net: Net, walkers: list[_Link]) -> int:
    """Return the seconds a walker who has just set out needs to the far side, or to the island of a wide road."""
    longest = max((net.lanes[w.lane].length_m for w in walkers), default=0.0)
    return int(np.ceil(min(longest, 26.0) / WALKING_MPS))


def _yielding(net: Net, light: str, links: list[NetLink], width: int) -> list[set[int]]:
    """Return for each signal index the indices it gives way to."""
    junction = net.junctions[light]
    row_of_lane = {lane: row for row, lane in enumerate(junction.inner)}
    onward = {link.start: link.via for link in net.links if link.start.startswith(":") and link.via}
    row_of: dict[int, int] = {}
    signal_of: dict[int, int] = {}
    for link in links:
        inner = link.via or link.end  # a crossing is its own inner lane
        while inner not in row_of_lane and inner in onward:
            inner = onward[inner]
        row_of[link.signal] = row_of_lane[inner]
        signal_of.setdefault(row_of_lane[inner], link.signal)
    give_way: list[set[int]] = [set() for _ in range(width)]
    for signal, row in row_of.items():
        response = junction.yields[row]
        give_way[signal] = {signal_of[j] for j in signal_of if response[-1 - j] == "1"}
    return give_way


def _state(width: int, green: frozenset[int], give_way: list[set[int]]) -> str:
    return "".join("r" if i not in green else "g" if give_way[i] & green else "G" for i in range(width))
