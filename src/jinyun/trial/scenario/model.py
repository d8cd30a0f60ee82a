"""What a scenario is made of, in OpenSCENARIO's words; metres, seconds, radians counter-clockwise from east."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Shape = Literal["linear", "cubic", "sinusoidal", "step"]
Dimension = Literal["time", "distance", "rate"]
Space = Literal["parameter", "variable"]
Change = Literal["set", "add", "multiply"]
EntityKind = Literal["vehicle", "pedestrian", "object"]
Rule = Literal["equalTo", "greaterThan", "lessThan", "greaterOrEqual", "lessOrEqual", "notEqualTo"]
Edge = Literal["none", "rising", "falling", "risingOrFalling"]
Priority = Literal["override", "skip", "parallel"]


@dataclass(frozen=True, slots=True)
class Orientation:
    """A heading, absolute or relative to the place's own; NaN where none is told."""

    h_rad: float = math.nan
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """A place in one of OpenSCENARIO's ways; ``kind`` says which numbers hold."""

    kind: Literal[
        "world", "relative world", "relative object", "road", "relative road", "lane", "relative lane", "route"
    ]
    x: float = 0.0
    y: float = 0.0
    road: str = ""
    lane: int = 0
    s: float = 0.0
    t: float = 0.0
    entity: str = ""
    turn: Orientation = Orientation()
    route: Route | None = None
    ds_lane: bool = False
    """Whether ``s`` of a relative lane position is measured along the lane, not the reference line."""


@dataclass(frozen=True, slots=True)
class Route:
    """Way points in order."""

    name: str
    points: tuple[Position, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Vertex:
    """A place of a trajectory and when it is passed (NaN: whenever)."""

    at: Position
    time_s: float = math.nan


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A course in the plane: straight pieces, a clothoid or a rational B-spline."""

    name: str
    kind: Literal["polyline", "clothoid", "nurbs"]
    vertices: tuple[Vertex, ...]
    closed: bool = False
    curvature_1pm: float = 0.0
    curvature_change: float = 0.0
    length_m: float = 0.0
    start_s: float = math.nan
    stop_s: float = math.nan
    order: int = 0
    weights: tuple[float, ...] = ()
    knots: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Dynamics:
    """How a value goes over into another: shape, and a time, a distance or a rate."""

    shape: Shape = "step"
    dimension: Dimension = "time"
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Action:
    """What an event does; each kind is a subclass."""

    name: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class SpeedAction(Action):
    """Go over to a speed, absolute or relative to an entity's."""

    dynamics: Dynamics
    value: float
    entity: str = ""
    factor: bool = False
    continuous: bool = False


@dataclass(frozen=True, slots=True)
class SpeedEntry:
    """A speed to be reached ``time_s`` after the one before (NaN: as fast as limits allow)."""

    time_s: float
    speed: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a movement may not exceed; infinity where nothing is told."""

    accel: float = math.inf
    decel: float = math.inf
    speed: float = math.inf


@dataclass(frozen=True, slots=True)
class SpeedProfileAction(Action):
    """Drive through a list of speeds."""

    entries: tuple[SpeedEntry, ...]
    entity: str = ""
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class LongitudinalDistanceAction(Action):
    """Get to a distance from an entity, and keep it if continuous."""

    entity: str
    distance_m: float = math.nan
    gap_s: float = math.nan
    freespace: bool = False
    continuous: bool = False
    limits: Limits = Limits()
    leads: bool | None = None
    """Whether the actor shall be ahead of the entity; None: on the side where it is."""


@dataclass(frozen=True, slots=True)
class LaneChangeAction(Action):
    """Go over to another lane, absolute or counted from an entity's."""

    dynamics: Dynamics
    lane: int
    entity: str = ""
    offset_m: float = 0.0


@dataclass(frozen=True, slots=True)
class LaneOffsetAction(Action):
    """Go over to an offset within the lane."""

    shape: Shape
    offset_m: float
    entity: str = ""
    max_lateral_mps2: float = math.nan
    continuous: bool = False


@dataclass(frozen=True, slots=True)
class LateralDistanceAction(Action):
    """Get to a lateral distance from an entity."""

    entity: str
    distance_m: float
    freespace: bool = False
    continuous: bool = False
    limits: Limits = Limits()
    leftwards: bool | None = None


@dataclass(frozen=True, slots=True)
class TeleportAction(Action):
    """Be somewhere at once."""

    at: Position


@dataclass(frozen=True, slots=True)
class SynchronizeAction(Action):
    """Arrive at a place when another entity arrives at its own."""

    master: str
    master_at: Position
    at: Position
    final_speed: float = math.nan
    final_entity: str = ""
    final_factor: bool = False
    tolerance_m: float = 0.0
    master_tolerance_m: float = 0.0


@dataclass(frozen=True, slots=True)
class FollowTrajectoryAction(Action):
    """Follow a course in the plane."""

    trajectory: Trajectory
    timed: bool = False
    relative_time: bool = True
    scale: float = 1.0
    offset_s: float = 0.0
    begin_m: float = 0.0


@dataclass(frozen=True, slots=True)
class AssignRouteAction(Action):
    """Choose ways at junctions so that way points are passed."""

    route: Route


@dataclass(frozen=True, slots=True)
class AcquirePositionAction(Action):
    """Take the way to a place; the action lasts until it is reached."""

    at: Position


@dataclass(frozen=True, slots=True)
class NothingAction(Action):
    """An action without effect on motion (weather, appearance, a controller); ``what`` names it."""

    what: str


@dataclass(frozen=True, slots=True)
class EntityAction(Action):
    """Put an entity into the scene or take it out."""

    entity: str
    add: Position | None


@dataclass(frozen=True, slots=True)
class SetAction(Action):
    """Set or change a parameter or a variable: ``how`` is ``set``, ``add`` or ``multiply``."""

    space: Space
    key: str
    how: Change
    value: str


@dataclass(frozen=True, slots=True)
class SignalAction(Action):
    """Set a signal's state, or a controller's phase."""

    id: str
    state: str
    controller: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition with its edge and delay; each kind is a subclass of :class:`Asked`."""

    name: str
    delay_s: float
    edge: Edge
    asked: Asked


@dataclass(frozen=True, slots=True)
class Asked:
    """What a condition asks; each kind is a subclass."""


@dataclass(frozen=True, slots=True)
class AskedOfEntities(Asked):
    """A question to entities, of which any or all must say yes."""

    entities: tuple[str, ...]
    all: bool
    kind: str
    value: float = math.nan
    rule: Rule = "greaterThan"
    entity: str = ""
    entity_kind: str = ""
    freespace: bool = False
    along_route: bool = False
    coordinates: Literal["entity", "lane", "road", "trajectory", "world"] = "entity"
    distance: Literal["longitudinal", "lateral", "euclidean"] = "euclidean"
    position: Position | None = None
    direction: str = ""
    opposite_lanes: bool = False
    lanes: tuple[int, int] = (0, 0)
    behind_m: float = 0.0
    ahead_m: float = 0.0


@dataclass(frozen=True, slots=True)
class AskedTime(Asked):
    """The simulated time."""

    rule: Rule
    value: float


@dataclass(frozen=True, slots=True)
class AskedState(Asked):
    """The state or transition of an element of the storyboard."""

    kind: str
    ref: str
    state: str


@dataclass(frozen=True, slots=True)
class AskedValue(Asked):
    """A parameter's or variable's value."""

    space: Space
    key: str
    rule: Rule
    value: str


@dataclass(frozen=True, slots=True)
class AskedSignal(Asked):
    """A signal's state, or a controller's phase."""

    id: str
    state: str
    controller: bool = False


Trigger = tuple[tuple[Condition, ...], ...]
"""Groups of conditions: one group whose conditions all hold is enough. Without groups a trigger never fires."""


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    priority: Priority
    actions: tuple[Action, ...]
    start: Trigger | None
    """None: at once when the manoeuvre begins."""
    most: int = 1


@dataclass(frozen=True, slots=True)
class Maneuver:
    name: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class ManeuverGroup:
    name: str
    actors: tuple[str, ...]
    maneuvers: tuple[Maneuver, ...]
    most: int = 1
    by_trigger: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    name: str
    groups: tuple[ManeuverGroup, ...]
    start: Trigger | None
    stop: Trigger | None


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """A participant; the box's middle lies ``centre_x_m`` ahead of the reference point (the rear axle of a vehicle)."""

    name: str
    kind: EntityKind
    category: str
    length_m: float
    width_m: float
    height_m: float
    centre_x_m: float = 0.0
    max_speed: float = math.inf
    max_accel: float = math.inf
    max_decel: float = math.inf
    wheelbase_m: float = 2.7
    controller: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of a signal controller: how long, and the state of each signal."""

    name: str
    duration_s: float
    states: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Controller:
    """A controller of traffic signals."""

    name: str
    phases: tuple[Phase, ...]
    delay_s: float = 0.0
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scenario; ``notes`` name what of its file has no effect here."""

    source: str
    description: str
    road_file: str
    entities: tuple[Entity, ...]
    init: tuple[tuple[str, Action], ...]
    """(entity or "", action) in the file's order."""
    stories: tuple[Story, ...]
    stop: Trigger | None
    parameters: dict[str, str]
    parameter_types: dict[str, str]
    variables: dict[str, str]
    controllers: tuple[Controller, ...]
    notes: tuple[str, ...]
    version: str
