"""A whole OpenSCENARIO file: declarations, entities, storyboard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from lxml import etree

from jinyun.trial.fault import TrialError, Unsupported
from jinyun.trial.scenario import model
from jinyun.trial.scenario.actions import action
from jinyun.trial.scenario.catalogs import Shelf, declare, parse, parse_bytes
from jinyun.trial.scenario.conditions import trigger
from jinyun.trial.scenario.node import Node, Reading

MINORS = range(4)
SIDE = ("SceneGraphFile", "UsedArea")
PRIORITIES = {"override": "override", "overwrite": "override", "skip": "skip", "parallel": "parallel"}
WALKER = (0.6, 0.6, 1.8)


def read(path: Path, parameters: Mapping[str, str] | None = None) -> model.Scenario:
    """Return the scenario in a file, with ``parameters`` in place of its own; raises :class:`TrialError`.

    What cannot be played raises :class:`Unsupported`, which names every such element at once.
    """
    return read_root(parse(path), path.name, path.parent, parameters)


def read_text(data: bytes, name: str, folder: Path, parameters: Mapping[str, str] | None = None) -> model.Scenario:
    """Return the scenario in ``data``; catalogues are looked for from ``folder``."""
    return read_root(parse_bytes(data, name), name, folder, parameters)


def read_root(
    root: etree._Element, name: str, folder: Path, parameters: Mapping[str, str] | None = None
) -> model.Scenario:
    """Return the scenario of a parsed file."""
    if root.tag != "OpenSCENARIO":
        raise TrialError(f"{name}: {root.tag}: is not OpenSCENARIO XML")
    reading = Reading(name)
    head = Node(root, reading, {})
    for key in root.attrib:
        reading.keys.add((root, str(key)))
    header = head.one("FileHeader")
    version = f"{header.whole('revMajor')}.{header.whole('revMinor')}"
    if header.whole("revMajor") != 1 or header.whole("revMinor") not in MINORS:
        raise header.fault(f"OpenSCENARIO {version} is not read, 1.0 to 1.3 are")
    description = header.text("description", "")
    for key in ("date", "author"):
        header.text(key, "")
    for child in header.children():
        child.leave("tells about the file")
    if (distribution := head.maybe("ParameterValueDistribution")) is not None:
        distribution.leave("refused")
        raise TrialError(f"{name}: ParameterValueDistribution: is a distribution over another file, not a scenario")
    if head.maybe("Catalog") is not None:
        raise TrialError(f"{name}: Catalog: is a catalogue, not a scenario")
    scope: dict[str, str] = dict(parameters or {})
    types: dict[str, str] = {}
    if (declarations := head.maybe("ParameterDeclarations")) is not None:
        declare(declarations, scope, types, keep=frozenset(parameters or {}))
    if parameters and (unknown := [key for key in parameters if key not in types]):
        raise TrialError(f"{name}: ParameterDeclarations: no parameter {', '.join(sorted(unknown))}")
    head = head.within(scope)
    variables = {}
    if (declarations := head.maybe("VariableDeclarations")) is not None:
        for item in declarations.all("VariableDeclaration"):
            item.text("variableType", "string")
            variables[item.text("name")] = item.text("value")
    if (monitors := head.maybe("MonitorDeclarations")) is not None:
        monitors.leave()
    shelf = Shelf(folder, reading)
    if (locations := head.maybe("CatalogLocations")) is not None:
        shelf.open(locations)
    road_file, controllers = _network(head.one("RoadNetwork"))
    entities, selections = _entities(head.one("Entities"), shelf)
    board = head.one("Storyboard")
    init = _init(board.maybe("Init"), shelf, selections)
    stories = tuple(_story(item, shelf, selections) for item in board.all("Story"))
    stop = trigger(board.maybe("StopTrigger"), shelf)
    for child in head.children():
        if child.tag in ("Properties", "License"):
            child.leave()
    known = {entity.name for entity in entities}
    for entity, _ in init:
        if entity and entity not in known:
            raise TrialError(f"{name}: Storyboard/Init: no entity {entity!r}")
    reading.leftovers(root)
    if reading.refused:
        raise Unsupported(name, reading.refused)
    return model.Scenario(
        name, description, road_file, entities, init, stories, stop, scope, types, variables, controllers,
        tuple(reading.notes), version,
    )  # fmt: skip


def _network(node: Node) -> tuple[str, tuple[model.Controller, ...]]:
    logic = node.maybe("LogicFile")
    for tag in SIDE:
        if (side := node.maybe(tag)) is not None:
            side.leave()
    signals = node.maybe("TrafficSignals")
    controllers = []
    for item in signals.all("TrafficSignalController") if signals is not None else ():
        phases = []
        for phase in item.all("Phase"):
            states = [(s.text("trafficSignalId"), s.text("state")) for s in phase.all("TrafficSignalState")]
            if (group := phase.maybe("TrafficSignalGroupState")) is not None:
                group.leave("refused")
                group.refuse("states of signal groups")
            phases.append(model.Phase(phase.text("name"), phase.number("duration"), tuple(states)))
        controllers.append(
            model.Controller(item.text("name"), tuple(phases), item.number("delay", 0.0), item.text("reference", ""))
        )
    return ("" if logic is None else logic.text("filepath")), tuple(controllers)


def _entities(node: Node, shelf: Shelf) -> tuple[tuple[model.Entity, ...], dict[str, tuple[str, ...]]]:
    found: list[model.Entity] = []
    for item in node.all("ScenarioObject"):
        name = item.text("name")
        if name in {entity.name for entity in found}:
            raise item.fault("comes twice")
        controller = ""
        for held in item.all("ObjectController"):
            inner = held.maybe("Controller") or held.maybe("CatalogReference")
            if inner is not None:
                controller = inner.text("name" if inner.tag == "Controller" else "entryName")
            held.leave("a controller named in the scenario does not drive")
        inner = next((child for child in item.children() if child.tag != "ObjectController"), None)
        if inner is None:
            raise item.fault("is nothing")
        if inner.tag == "CatalogReference":
            made = shelf.entry(inner, "", lambda entry, name=name, c=controller: _entity(entry, name, c, shelf))  # type: ignore[misc]
        else:
            made = _entity(inner, name, controller, shelf)
        found.append(made)
    names = {entity.name: entity for entity in found}
    selections: dict[str, tuple[str, ...]] = {}
    for item in node.all("EntitySelection"):
        members = item.one("Members")
        chosen = [ref.text("entityRef") for ref in members.all("EntityRef")]
        for by in members.all("ByType"):
            kind = by.word("objectType", {"vehicle": "vehicle", "pedestrian": "pedestrian", "miscellaneous": "object"})
            chosen += [name for name, entity in names.items() if entity.kind == kind]
        selections[item.text("name")] = tuple(chosen)
    return tuple(found), selections


def _entity(node: Node, name: str, controller: str, shelf: Shelf) -> model.Entity:
    kinds = {"Vehicle": "vehicle", "Pedestrian": "pedestrian", "MiscObject": "object"}
    if node.tag not in kinds:
        node.leave("refused")
        node.refuse("this kind of entity")
        return model.Entity(name, "object", "", 1.0, 1.0, 1.0)
    node = shelf.declared(node)
    kind = kinds[node.tag]
    categories = {"vehicle": "vehicleCategory", "pedestrian": "pedestrianCategory", "object": "miscObjectCategory"}
    category = node.text(categories[kind], "none")
    for key in ("name", "mass", "model", "model3d", "role"):
        node.text(key, "")
    length, width, height, ahead = (4.5, 1.8, 1.5, 1.4) if kind == "vehicle" else (*WALKER, 0.0)
    if (box := node.maybe("BoundingBox")) is not None:
        size, centre = box.one("Dimensions"), box.one("Center")
        length, width, height = size.number("length"), size.number("width"), size.number("height")
        ahead = centre.number("x")
        if abs(centre.number("y")) > 0.05:
            node.reading.note("BoundingBox.Center.y: a box lies on its reference line here")
        centre.number("z")
        if min(length, width) <= 0:
            raise box.fault(f"is {length:g} by {width:g} m")
    limits = (math.inf, math.inf, math.inf)
    if (performance := node.maybe("Performance")) is not None:
        limits = (
            performance.number("maxSpeed"),
            performance.number("maxAcceleration"),
            performance.number("maxDeceleration"),
        )
        for key in ("maxAccelerationRate", "maxDecelerationRate"):
            performance.number(key, math.inf)
    wheelbase = 2.7
    if (axles := node.maybe("Axles")) is not None:
        places = []
        for axle in axles.children():
            places.append(axle.number("positionX"))
            for key in ("maxSteering", "wheelDiameter", "trackWidth", "positionZ"):
                axle.number(key, 0.0)
        if places and max(places) - min(places) > 0.1:
            wheelbase = max(places) - min(places)
    for child in node.children():
        if child.tag in ("Properties", "ParameterDeclarations", "TrailerHitch", "TrailerCoupler", "Trailer"):
            child.leave()
    return model.Entity(
        name,
        cast(model.EntityKind, kind),
        category,
        length,
        width,
        height,
        ahead,
        *limits,
        wheelbase,
        controller,
    )


def _init(
    node: Node | None, shelf: Shelf, selections: dict[str, tuple[str, ...]]
) -> tuple[tuple[str, model.Action], ...]:
    if node is None:
        return ()
    found: list[tuple[str, model.Action]] = []
    for item in node.one("Actions").children():
        if item.tag == "Private":
            ref = item.text("entityRef")
            made = [action(inner, shelf) for inner in item.children()]
            found += [(name, one) for name in selections.get(ref, (ref,)) for one in made]
        elif item.tag == "GlobalAction":
            found.append(("", action(item, shelf)))
        else:
            item.leave("refused")
            item.refuse("this initial action")
    return tuple(found)


def _story(node: Node, shelf: Shelf, selections: dict[str, tuple[str, ...]]) -> model.Story:
    node = shelf.declared(node)
    return model.Story(node.text("name", ""), tuple(_act(item, shelf, selections) for item in node.all("Act")))


def _act(node: Node, shelf: Shelf, selections: dict[str, tuple[str, ...]]) -> model.Act:
    groups = []
    for group in node.all("ManeuverGroup"):
        actors = group.one("Actors")
        names = [ref.text("entityRef") for ref in actors.all("EntityRef")]
        who = tuple(name for ref in names for name in selections.get(ref, (ref,)))
        maneuvers = []
        for child in group.children():
            if child.tag == "Maneuver":
                maneuvers.append(_maneuver(child, shelf))
            elif child.tag == "CatalogReference":
                maneuvers.append(shelf.entry(child, "Maneuver", lambda entry: _maneuver(entry, shelf)))
        groups.append(model.ManeuverGroup(
            group.text("name", ""), who, tuple(maneuvers), group.whole("maximumExecutionCount", 1),
            actors.flag("selectTriggeringEntities", False),
        ))  # fmt: skip
    return model.Act(node.text("name", ""), tuple(groups), trigger(node.maybe("StartTrigger"), shelf),
                     trigger(node.maybe("StopTrigger"), shelf))  # fmt: skip


def _maneuver(node: Node, shelf: Shelf) -> model.Maneuver:
    node = shelf.declared(node)
    return model.Maneuver(node.text("name", ""), tuple(_event(item, shelf) for item in node.all("Event")))


def _event(node: Node, shelf: Shelf) -> model.Event:
    actions = tuple(action(item, shelf) for item in node.all("Action"))
    if not actions:
        raise node.fault("has no Action")
    return model.Event(
        node.text("name", ""), cast(model.Priority, node.word("priority", PRIORITIES)), actions,
        trigger(node.maybe("StartTrigger"), shelf), node.whole("maximumExecutionCount", 1),
    )  # fmt: skip
