"""Bodies of participants in scenarios of our own: usual sizes, none of them a standard's."""

from __future__ import annotations

from typing import NamedTuple

from lxml import etree


class Body(NamedTuple):
    """A kind of participant as OpenSCENARIO describes it; the box's middle lies ``ahead_m`` before the reference point."""

    element: str
    category: str
    length_m: float
    width_m: float
    height_m: float
    ahead_m: float
    max_kmh: float = 0.0


BODIES = {
    "car": Body("Vehicle", "car", 4.3, 1.9, 1.5, 1.35, 200),
    "shuttle": Body("Vehicle", "bus", 5.0, 2.0, 2.7, 1.6, 60),
    "truck": Body("Vehicle", "truck", 8.0, 2.5, 3.5, 2.6, 120),
    "bus": Body("Vehicle", "bus", 12.0, 2.55, 3.2, 3.0, 100),
    "ambulance": Body("Vehicle", "van", 5.6, 2.0, 2.6, 1.7, 150),
    "motorcycle": Body("Vehicle", "motorbike", 2.1, 0.8, 1.5, 0.6, 120),
    "bicycle": Body("Vehicle", "bicycle", 1.8, 0.6, 1.7, 0.5, 40),
    "pedestrian": Body("Pedestrian", "pedestrian", 0.5, 0.6, 1.75, 0.0),
    "child": Body("Pedestrian", "pedestrian", 0.4, 0.5, 1.15, 0.0),
    "cone": Body("MiscObject", "obstacle", 0.4, 0.4, 0.7, 0.0),
    "barrier": Body("MiscObject", "barrier", 0.5, 3.0, 1.0, 0.0),
    "triangle": Body("MiscObject", "obstacle", 0.1, 0.5, 0.5, 0.0),
    "cargo": Body("MiscObject", "obstacle", 1.0, 1.0, 0.8, 0.0),
    "parked": Body("Vehicle", "van", 5.0, 2.0, 2.2, 1.5, 120),
}


def add(parent: etree._Element, name: str, kind: str) -> None:
    """Add a ``ScenarioObject`` of a kind."""
    body = BODIES[kind]
    holder = etree.SubElement(parent, "ScenarioObject", name=name)
    key = {"Vehicle": "vehicleCategory", "Pedestrian": "pedestrianCategory", "MiscObject": "miscObjectCategory"}
    of = etree.SubElement(holder, body.element, {"name": kind, key[body.element]: body.category})
    if body.element != "Vehicle":
        of.set("mass", "75" if body.element == "Pedestrian" else "20")
    etree.SubElement(of, "ParameterDeclarations")
    box = etree.SubElement(of, "BoundingBox")
    etree.SubElement(box, "Center", x=f"{body.ahead_m:g}", y="0", z=f"{body.height_m / 2:g}")
    etree.SubElement(
        box, "Dimensions", width=f"{body.width_m:g}", length=f"{body.length_m:g}", height=f"{body.height_m:g}"
    )
    if body.element == "Vehicle":
        etree.SubElement(
            of, "Performance", maxSpeed=f"{body.max_kmh / 3.6:.2f}", maxAcceleration="10", maxDeceleration="10"
        )
        axles = etree.SubElement(of, "Axles")
        wheelbase = body.length_m * 0.62
        for tag, at, steers in (("FrontAxle", wheelbase, "0.6"), ("RearAxle", 0.0, "0")):
            etree.SubElement(axles, tag, maxSteering=steers, wheelDiameter="0.65", trackWidth=f"{body.width_m * 0.85:.2f}",
                             positionX=f"{at:.2f}", positionZ="0.33")  # fmt: skip
    etree.SubElement(of, "Properties")
