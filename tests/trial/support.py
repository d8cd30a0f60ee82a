"""What tests of the proving ground share: its numbers, one case played, a road and a scenario written by hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinyun.trial.catalogue.items import Case, load
from jinyun.trial.driver.offers import offer
from jinyun.trial.road.making import Stretch, add_road, document, to_bytes
from jinyun.trial.runner import competent_numbers, limits_of
from jinyun.trial.verdict.case import Run, run


@cache
def limits() -> dict[str, float]:
    return limits_of("national-2020")


def numbers() -> dict[str, float]:
    return competent_numbers(limits())


def played(item: str, driver: str = "reference", **values: float) -> Run:
    """Play one case of an item, its first with some values replaced."""
    of = load()[item]
    case = Case(item, 0, {**of.cases()[0].values, **values})
    return run(of, case, offer(driver, numbers()), limits())


def straight_road(folder: Path, name: str = "road.xodr", lanes: int = 3, length_m: float = 1500.0) -> Path:
    root = document(name)
    add_road(root, "0", [Stretch(length_m)], right=lanes, left=lanes)
    path = folder / name
    path.write_bytes(to_bytes(root))
    return path


def car(name: str) -> str:
    return f"""<ScenarioObject name="{name}"><Vehicle name="{name}" vehicleCategory="car"><BoundingBox>
<Center x="1.4" y="0" z="0.75"/><Dimensions width="2.0" length="5.0" height="1.5"/></BoundingBox>
<Performance maxSpeed="69" maxAcceleration="10" maxDeceleration="10"/><Axles>
<FrontAxle maxSteering="0.5" wheelDiameter="0.6" trackWidth="1.7" positionX="2.9" positionZ="0.3"/>
<RearAxle maxSteering="0" wheelDiameter="0.6" trackWidth="1.7" positionX="0" positionZ="0.3"/></Axles><Properties/>
</Vehicle></ScenarioObject>"""


def scenario(init: str, story: str, stop: str = "", parameters: str = "", entities: str = "") -> bytes:
    """A scenario of two cars, written as OpenSCENARIO XML."""
    return f"""<?xml version="1.0"?><OpenSCENARIO><FileHeader revMajor="1" revMinor="1" date="2026-01-01T00:00:00"
description="" author=""/>
<ParameterDeclarations>{parameters}</ParameterDeclarations><CatalogLocations/>
<RoadNetwork><LogicFile filepath="road.xodr"/></RoadNetwork><Entities>{car("Ego")}{car("Other")}{entities}</Entities>
<Storyboard><Init><Actions>{init}</Actions></Init><Story name="Story"><Act name="Act">{story}
<StartTrigger><ConditionGroup><Condition name="Begin" delay="0" conditionEdge="none"><ByValueCondition>
<SimulationTimeCondition value="0" rule="greaterThan"/></ByValueCondition></Condition></ConditionGroup>
</StartTrigger></Act></Story>
<StopTrigger>{stop}</StopTrigger></Storyboard></OpenSCENARIO>""".encode()


def placed(name: str, lane: int, s: float, speed: float) -> str:
    return f"""<Private entityRef="{name}"><PrivateAction><TeleportAction><Position><LanePosition roadId="0"
laneId="{lane}" s="{s}" offset="0"/>
</Position></TeleportAction></PrivateAction><PrivateAction><LongitudinalAction><SpeedAction>
<SpeedActionDynamics dynamicsShape="step" dynamicsDimension="time" value="0"/><SpeedActionTarget>
<AbsoluteTargetSpeed value="{speed}"/>
</SpeedActionTarget></SpeedAction></LongitudinalAction></PrivateAction></Private>"""


def event(name: str, action: str, condition: str, priority: str = "parallel") -> str:
    return f"""<Event name="{name}" priority="{priority}"><Action name="{name} action">
<PrivateAction>{action}</PrivateAction></Action>
<StartTrigger><ConditionGroup>{condition}</ConditionGroup></StartTrigger></Event>"""


def group(actor: str, events: str, maneuver: str = "Maneuver") -> str:
    return f"""<ManeuverGroup name="Group {actor}" maximumExecutionCount="1"><Actors selectTriggeringEntities="false">
<EntityRef entityRef="{actor}"/></Actors><Maneuver name="{maneuver}">{events}</Maneuver></ManeuverGroup>"""


def speed_action(value: str, shape: str = "step", dimension: str = "time", amount: str = "0") -> str:
    return f"""<LongitudinalAction><SpeedAction><SpeedActionDynamics dynamicsShape="{shape}"
dynamicsDimension="{dimension}" value="{amount}"/>
<SpeedActionTarget>{value}</SpeedActionTarget></SpeedAction></LongitudinalAction>"""


def headway(
    of: str, by: str, value: float, edge: str = "rising", rule: str = "greaterThan", name: str = "Headway"
) -> str:
    return f"""<Condition name="{name}" delay="0" conditionEdge="{edge}"><ByEntityCondition>
<TriggeringEntities triggeringEntitiesRule="any"><EntityRef entityRef="{by}"/></TriggeringEntities><EntityCondition>
<TimeHeadwayCondition entityRef="{of}" value="{value}" freespace="false" coordinateSystem="road"
relativeDistanceType="longitudinal"
rule="{rule}"/></EntityCondition></ByEntityCondition></Condition>"""


def state(kind: str, ref: str, what: str, delay: float = 0.0, edge: str = "rising", name: str = "State") -> str:
    return f"""<Condition name="{name}" delay="{delay}" conditionEdge="{edge}"><ByValueCondition>
<StoryboardElementStateCondition storyboardElementType="{kind}" storyboardElementRef="{ref}" state="{what}"/>
</ByValueCondition></Condition>"""


def at_time(value: float, rule: str = "greaterThan", edge: str = "none", name: str = "Time", delay: float = 0.0) -> str:
    return f"""<Condition name="{name}" delay="{delay}" conditionEdge="{edge}"><ByValueCondition>
<SimulationTimeCondition value="{value}" rule="{rule}"/></ByValueCondition></Condition>"""
