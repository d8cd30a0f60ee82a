"""What a file tells of a drive: rows of participants, their bodies, lights and stop lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.shapes import Kind
from jinyun.shapes import Light as Colour
from jinyun.trial.scenario.bodies import BODIES
from jinyun.trial.scenario.model import Entity, EntityKind

Floats = NDArray[np.float64]
OBSERVED = ("t_s", "x_m", "y_m", "h_rad", "v_mps", "a_mps2", "limit_mps")
USUAL: dict[str, tuple[EntityKind, str]] = {
    "vehicle": ("vehicle", "car"), "car": ("vehicle", "car"), "van": ("vehicle", "ambulance"), "truck": ("vehicle", "truck"),
    "bus": ("vehicle", "bus"), "shuttle": ("vehicle", "shuttle"), "motorbike": ("vehicle", "motorcycle"),
    "bicycle": ("vehicle", "bicycle"), "cyclist": ("vehicle", "bicycle"), "pedestrian": ("pedestrian", "pedestrian"),
    "object": ("object", "cone"), "obstacle": ("object", "cone"), "barrier": ("object", "barrier"), "": ("vehicle", "car"),
}  # fmt: skip
"""By the word for a kind: OpenSCENARIO's kind, and the body that is taken where no size is told."""
KINDS: dict[int, str] = {Kind.UNKNOWN: "", Kind.MOTOR: "car", Kind.NON_MOTOR: "cyclist", Kind.PEDESTRIAN: "pedestrian"}
STATES = {
    Colour.RED: "red", Colour.FLASHING_RED: "red", Colour.YELLOW: "yellow", Colour.PERMISSIVE_GREEN: "green",
    Colour.PROTECTED_GREEN: "green", Colour.FLASHING_GREEN: "green",
}  # fmt: skip
"""A signal's state in the words of scenarios; any other is "off"."""


class Words(NamedTuple):
    """Something said in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class StopLine:
    """A stop line as a piece across the lane: its middle, the direction of who obeys it, its width."""

    signal: str
    x_m: float
    y_m: float
    h_rad: float
    width_m: float


@dataclass
class Table:
    """Rows of a recorded drive; unknown numbers are NaN, ``h_rad`` is counter-clockwise from east."""

    source: str
    names: list[str]
    """By participant."""
    who: NDArray[np.int64]
    """By row: which participant."""
    columns: dict[str, Floats]
    """OBSERVED, by row; places are those of reference points."""
    bodies: list[Entity]
    lights: list[tuple[float, str, str]] = field(default_factory=list)
    lines: list[StopLine] = field(default_factory=list)
    commands: list[tuple[float, float, float, str, str]] = field(default_factory=list)
    """(time, acceleration, curvature, lamps, request) of the one judged, where the file tells them."""
    simulated: bool | None = None
    notes: list[Words] = field(default_factory=list)


def entity(name: str, kind: str, length_m: float, width_m: float, ahead_m: float) -> tuple[Entity, bool]:
    """Return a participant's body, and whether its size had to be assumed; raises ``KeyError`` for an unknown kind."""
    what, usual = USUAL[kind]
    body = BODIES[usual]
    assumed = not (length_m > 0 and width_m > 0)
    return Entity(
        name, what, kind or "car", body.length_m if assumed else length_m, body.width_m if assumed else width_m,
        body.height_m, ahead_m if np.isfinite(ahead_m) else 0.0,
    ), assumed  # fmt: skip
