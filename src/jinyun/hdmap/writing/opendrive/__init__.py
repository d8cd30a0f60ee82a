"""OpenDRIVE 1.7 (ASAM) of the precise map: a road for each edge, connecting roads inside junctions, what stands there.

Borders are carried to a centimetre as linear lane offsets and widths along reference lines of lines and arcs. What
OpenDRIVE has no words for stands in user data (:mod:`jinyun.hdmap.writing.opendrive.beyond`) or is left out: the ways of
walkers over areas and crossings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from jinyun.hdmap.precise import LaneKind, Map
from jinyun.hdmap.writing.georeference import proj
from jinyun.hdmap.writing.opendrive.beyond import Beyond
from jinyun.hdmap.writing.opendrive.laying import Laid
from jinyun.hdmap.writing.opendrive.linkage import Link, Network, network
from jinyun.hdmap.writing.opendrive.reference import Floats
from jinyun.hdmap.writing.opendrive.standing import Standing, standing

__all__ = ["write"]

KINDS = {
    LaneKind.CAR: "driving", LaneKind.BUS: "bus", LaneKind.BICYCLE: "biking", LaneKind.SIDEWALK: "sidewalk",
    LaneKind.INNER: "driving", LaneKind.INNER_BICYCLE: "biking",
}  # fmt: skip
SAME_M = 5e-4
"""A width that goes on as straight as before within this needs no new entry."""


def write(map: Map, path: Path) -> None:
    """Write the map as OpenDRIVE."""
    found = network(map)
    path.write_text("\n".join(_lines(map, found, standing(found), Beyond(found))) + "\n", encoding="utf-8")


def _lines(map: Map, found: Network, there: Standing, beyond: Beyond) -> Iterator[str]:
    x, y = map.points["x_m"], map.points["y_m"]
    west, south, east, north = (number(float(v)) for v in (x.min(), y.min(), x.max(), y.max()))
    name = str(map.about["zone"][0]) or str(map.about["source"][0])
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<OpenDRIVE>"
    yield (
        f'<header revMajor="1" revMinor="7" name={quoteattr(name)} version="1.00" north="{north}" south="{south}" '
        f'east="{east}" west="{west}" vendor="Jinyun">'
    )
    if (text := proj(map)) is not None:
        yield f"<geoReference><![CDATA[{text}]]></geoReference>"
    yield "</header>"
    for road in range(len(found.roads)):
        yield from _road(map, found, there, beyond, road)
    for group, label, control in there.controllers:
        yield (
            f'<controller id="{group + 1}" name={quoteattr(label)} sequence="0">{control}{beyond.of_group(group)}'
            f"</controller>"
        )
    for junction in found.junctions:
        kind = ' type="direct"' if junction.row < 0 else ""
        label = "" if junction.row < 0 else _name(map, junction.row)
        yield f'<junction id="{junction.id}" name={quoteattr(label)}{kind}>'
        for k, item in enumerate(junction.connections):
            other = "linkedRoad" if junction.row < 0 else "connectingRoad"
            yield (
                f'<connection id="{k}" incomingRoad="{item.incoming}" {other}="{item.other}" '
                f'contactPoint="{item.contact}">'
            )
            yield from (f'<laneLink from="{a}" to="{b}"/>' for a, b in item.pairs)
            yield "</connection>"
        yield from there.of_junction.get(junction.row, ())
        if junction.row >= 0:
            yield beyond.of_junction(junction.row)
        yield "</junction>"
    yield from beyond.of_map()
    yield "</OpenDRIVE>"


def _name(map: Map, row: int) -> str:
    return str(map.junctions["en"][row]) or str(map.junctions["id"][row])


def _road(map: Map, found: Network, there: Standing, beyond: Beyond, road: int) -> Iterator[str]:
    laid = found.roads[road]
    reference = laid.reference
    edge = int(map.lanes["edge"][next(lane for lane in laid.lanes if lane >= 0)])
    row = found.inside[road]
    inside = next(junction.id for junction in found.junctions if junction.row == row) if row >= 0 else -1
    yield (
        f'<road name={quoteattr(str(map.edges["id"][edge]))} length="{number(reference.length_m)}" id="{road + 1}" '
        f'junction="{inside}" rule="RHT">'
    )
    before, after = found.before.get(road), found.after.get(road)
    if before or after:
        yield "<link>"
        yield from _link("predecessor", before)
        yield from _link("successor", after)
        yield "</link>"
    yield "<planView>"
    for s, x, y, heading, length, curvature in zip(
        reference.s, reference.x, reference.y, reference.heading, reference.length, reference.curvature, strict=True
    ):
        shape = f'<arc curvature="{number(float(curvature))}"/>' if curvature else "<line/>"
        yield (
            f'<geometry s="{number(float(s))}" x="{number(float(x))}" y="{number(float(y))}" '
            f'hdg="{number(math.remainder(float(heading), 2 * math.pi))}" length="{number(float(length))}">{shape}</geometry>'
        )
    yield "</planView>"
    if np.any(laid.z_m):
        yield "<elevationProfile>"
        yield from _straight(laid.z_s_m, laid.z_m, "elevation", "s")
        yield "</elevationProfile>"
    yield "<lanes>"
    if np.abs(laid.t_m[0]).max() > SAME_M:
        yield from _straight(laid.s_m, laid.t_m[0], "laneOffset", "s")
    yield '<laneSection s="0"><center><lane id="0" type="none" level="false"/></center><right>'
    for k, lane in enumerate(laid.lanes):
        yield from _lane(map, found, beyond, laid, k, lane)
    yield "</right></laneSection></lanes>"
    if items := there.objects.get(road):
        yield "<objects>"
        yield from items
        yield "</objects>"
    if items := there.signals.get(road):
        yield "<signals>"
        yield from items
        yield from there.references.get(road, ())
        yield "</signals>"
    elif items := there.references.get(road):
        yield "<signals>"
        yield from items
        yield "</signals>"
    yield beyond.of_road(road)
    yield "</road>"


def _link(tag: str, link: Link | None) -> Iterator[str]:
    if link is not None:
        contact = f' contactPoint="{link.contact}"' if link.contact else ""
        yield f'<{tag} elementType="{link.kind}" elementId="{link.id}"{contact}/>'


def _lane(map: Map, found: Network, beyond: Beyond, laid: Laid, k: int, lane: int) -> Iterator[str]:
    kind = KINDS[LaneKind(int(map.lanes["kind"][lane]))] if lane >= 0 else "none"
    yield f'<lane id="{-1 - k}" type="{kind}" level="false">'
    links = [(tag, sorted(set(of.get(lane, ())), reverse=True))
             for tag, of in (("predecessor", found.lane_before), ("successor", found.lane_after))]  # fmt: skip
    if lane >= 0 and any(numbers for _, numbers in links):
        yield "<link>" + "".join(f'<{tag} id="{n}"/>' for tag, numbers in links for n in numbers) + "</link>"
    yield from _straight(laid.s_m, np.maximum(laid.t_m[k] - laid.t_m[k + 1], 0), "width", "sOffset")
    if lane >= 0 and math.isfinite(speed := float(map.lanes["speed_limit_mps"][lane])):
        yield f'<speed sOffset="0" max="{number(round(speed, 4))}" unit="m/s"/>'
    if lane >= 0:
        yield beyond.of_lane(laid, k)
    yield "</lane>"


def _straight(s: Floats, values: Floats, tag: str, key: str) -> Iterator[str]:
    """Yield a quantity along the road as elements, each a straight piece; pieces that go on as before are left out."""
    first = 0
    for k in range(len(s)):
        last = k + 1 >= len(s)
        if k > first and not last:  # does the piece from ``first`` reach beyond the next station?
            slope = (values[first + 1] - values[first]) / (s[first + 1] - s[first])
            if abs(values[first] + slope * (s[k + 1] - s[first]) - values[k + 1]) < SAME_M:
                continue
        if last and k > 0:
            return
        b = 0.0 if last else float(values[k + 1] - values[k]) / float(s[k + 1] - s[k])
        b = 0.0 if abs(b) * float(s[-1] - s[k]) < SAME_M / 5 else b
        yield f'<{tag} {key}="{number(float(s[k]))}" a="{number(float(values[k]))}" b="{number(b)}" c="0" d="0"/>'
        first = k


def number(value: float) -> str:
    """Return a number in as many digits as it needs."""
    text = format(value, ".11g")
    return "0" if text == "-0" else text
