"""Turns that a net makes in a point, made into curves that can be driven.

Where two arms of a junction meet at a sharp angle, ``netconvert`` leads the turn between them straight across, so that
the way bends by a right angle where it begins and where it ends. Here such a way becomes a curve that sets out and
arrives in the directions of the lanes it joins; its lanes keep their shares of it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from jinyun.hdmap import curve
from jinyun.hdmap.curve import Line
from jinyun.hdmap.netfile import Net, NetLane

SHARP_RAD = math.radians(60)
"""A way that bends by more in a point is made into a curve; lanes that shift sideways bend by less than this."""
SAMPLES = 24
WIDEST_RAD = math.radians(250)


def rounded(net: Net) -> Net:
    """Return the net with the sharp ways through its junctions as curves."""
    onward = {link.start: link.via or link.end for link in net.links if _ridden(net, link.start, link.end)}
    lanes = dict(net.lanes)
    for link in net.links:
        if not link.via or link.start.startswith(":") or not _ridden(net, link.start, link.end):
            continue
        way = [net.lanes[link.via]]
        while (following := onward.get(way[-1].id, "")).startswith(":") and len(way) < 4:
            way.append(net.lanes[following])
        before, after = net.lanes[link.start], net.lanes[link.end]
        bends = [_bend(a, b) for a, b in zip([before, *way], [*way, after], strict=True)]
        if max(bends) > SHARP_RAD:
            lanes.update(_curved(before, way, after))
    edges = {
        id: replace(edge, lanes=tuple(lanes[lane.id] for lane in edge.lanes)) for id, edge in net.edges.items()
    }  # fmt: skip
    return replace(net, edges=edges, lanes=lanes)


def _ridden(net: Net, start: str, end: str) -> bool:
    return not {net.lanes[start].use, net.lanes[end].use} & {"crossing", "area", "walk"}


def _bend(a: NetLane, b: NetLane) -> float:
    back, ahead = a.shape[-1] - a.shape[-2], b.shape[1] - b.shape[0]
    turn = math.atan2(ahead[1], ahead[0]) - math.atan2(back[1], back[0])
    return abs((turn + math.pi) % (2 * math.pi) - math.pi)


def _curved(before: NetLane, way: list[NetLane], after: NetLane) -> dict[str, NetLane]:
    """Return the lanes of a way through a junction on one curve between the lanes it joins."""
    start, end = before.shape[-1], after.shape[0]
    out, into = before.shape[-1] - before.shape[-2], after.shape[1] - after.shape[0]
    line = _arch(start, end, math.atan2(out[1], out[0]), math.atan2(into[1], into[0]))
    shares = np.concatenate([[0.0], np.cumsum([max(lane.length_m, 0.1) for lane in way])])
    total = curve.length_m(line)
    cuts = shares / shares[-1] * total
    found = {}
    for lane, a, b in zip(way, cuts, cuts[1:], strict=False):
        part = curve.part(line, float(a), float(b))
        found[lane.id] = replace(lane, shape=part, length_m=curve.length_m(part))
    return found


def _arch(start: Line, end: Line, heading: float, arrival: float) -> Line:
    """Return a curve between places with headings (counter-clockwise from east): a cubic that is nearly an arc."""
    chord = end - start
    size, way = math.hypot(chord[0], chord[1]), math.atan2(chord[1], chord[0])
    turn = sum(_wrapped(b - a) for a, b in ((heading, way), (way, arrival)))  # more than half a turn stays one
    turn = min(abs(turn), WIDEST_RAD)
    reach = size * (2 / 3) * math.tan(turn / 4) / max(math.sin(turn / 2), 0.2) if turn > 1e-3 else size / 3
    first = start + reach * np.array([math.cos(heading), math.sin(heading), 0.0])
    second = end - reach * np.array([math.cos(arrival), math.sin(arrival), 0.0])
    u = np.linspace(0, 1, SAMPLES + 1)[:, None]
    line: Line = (1 - u) ** 3 * start + 3 * u * (1 - u) ** 2 * first + 3 * u**2 * (1 - u) * second + u**3 * end
    line[:, 2] = start[2] + u[:, 0] * (end[2] - start[2])
    return line


def _wrapped(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi
