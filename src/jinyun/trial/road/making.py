"""Roads made by rule, as OpenDRIVE: straight or curved stretches one after another with lanes on both sides, and crossroads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element


class Stretch(NamedTuple):
    """A piece of road: its length and curvature (positive turns left, 0 straight)."""

    length_m: float
    curvature_1pm: float = 0.0


class Sign(NamedTuple):
    """A sign or signal beside a road; ``kind`` is a GB 5768 or OpenDRIVE type, a signal is dynamic."""

    id: str
    s_m: float
    kind: str
    value: float | None = None
    dynamic: bool = False


def document(name: str) -> Element:
    """Return an OpenDRIVE document without roads."""
    root = etree.Element("OpenDRIVE")
    etree.SubElement(root, "header", revMajor="1", revMinor="6", name=name, vendor="Jinyun", date="2026-01-01T00:00:00",
                     north="0", south="0", east="0", west="0")  # fmt: skip
    return root


def add_road(
    root: Element, id: str, stretches: Sequence[Stretch], *, right: int, left: int = 0, width_m: float = 3.5,
    shoulder_m: float = 0.0, limit_kmh: float | None = None, start: tuple[float, float, float] = (0.0, 0.0, 0.0),
    signs: Sequence[Sign] = (), junction: str = "-1",
) -> tuple[float, float, float]:  # fmt: skip
    """Add a road to an OpenDRIVE document; return where it ends (x, y, direction).

    ``right`` and ``left`` count lanes on each side of the reference line; ``shoulder_m`` adds one more on the outside.
    """
    length = sum(stretch.length_m for stretch in stretches)
    road = etree.SubElement(root, "road", name=id, length=f"{length:.6f}", id=id, junction=junction, rule="RHT")
    etree.SubElement(road, "link")
    kind = etree.SubElement(road, "type", s="0", type="town")
    if limit_kmh is not None:
        etree.SubElement(kind, "speed", max=f"{limit_kmh:g}", unit="km/h")
    view = etree.SubElement(road, "planView")
    s, (x, y, h) = 0.0, start
    for stretch in stretches:
        piece = etree.SubElement(view, "geometry", s=f"{s:.6f}", x=f"{x:.9f}", y=f"{y:.9f}", hdg=f"{h:.12f}",
                                 length=f"{stretch.length_m:.6f}")  # fmt: skip
        k, span = stretch.curvature_1pm, stretch.length_m
        if k:
            etree.SubElement(piece, "arc", curvature=f"{k:.12g}")
            x, y = x + (math.sin(h + k * span) - math.sin(h)) / k, y - (math.cos(h + k * span) - math.cos(h)) / k
            h += k * span
        else:
            etree.SubElement(piece, "line")
            x, y = x + span * math.cos(h), y + span * math.sin(h)
        s += span
    etree.SubElement(etree.SubElement(road, "elevationProfile"), "elevation", s="0", a="0", b="0", c="0", d="0")
    lanes = etree.SubElement(etree.SubElement(road, "lanes"), "laneSection", s="0")
    if left or shoulder_m:
        side = etree.SubElement(lanes, "left")
        for number in range(left + (shoulder_m > 0), 0, -1):
            _lane(side, number, number > left, width_m, shoulder_m)
    middle = etree.SubElement(etree.SubElement(lanes, "center"), "lane", id="0", type="none", level="false")
    _mark(middle, "solid" if left else "none")
    side = etree.SubElement(lanes, "right")
    for number in range(1, right + (shoulder_m > 0) + 1):
        _lane(side, -number, number > right, width_m, shoulder_m)
    if signs:
        held = etree.SubElement(road, "signals")
        for sign in signs:
            of = etree.SubElement(held, "signal", s=f"{sign.s_m:g}", t=f"{-(right * width_m + 1):g}", id=sign.id, name=sign.id,
                                  dynamic="yes" if sign.dynamic else "no", orientation="+", zOffset="2.5", country="CN",
                                  type=sign.kind, subtype="-1", height="0.8", width="0.8")  # fmt: skip
            if sign.value is not None:
                of.set("value", f"{sign.value:g}")
                of.set("unit", "km/h")
    return x, y, h


def _lane(side: Element, number: int, shoulder: bool, width_m: float, shoulder_m: float) -> None:
    lane = etree.SubElement(side, "lane", id=str(number), type="shoulder" if shoulder else "driving", level="false")
    etree.SubElement(lane, "width", sOffset="0", a=f"{shoulder_m if shoulder else width_m:g}", b="0", c="0", d="0")
    _mark(lane, "solid" if shoulder else "broken")


def _mark(lane: Element, kind: str) -> None:
    etree.SubElement(lane, "roadMark", sOffset="0", type=kind, weight="standard", color="standard", width="0.15")


def to_bytes(root: Element) -> bytes:
    """Return a document as a file's content."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
