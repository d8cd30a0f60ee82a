"""The clock of a scenario: triggers, actions, motion, one step after another, and what each step was."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jinyun.trial import road
from jinyun.trial.fault import TrialError
from jinyun.trial.road.network import Network
from jinyun.trial.scenario.model import Entity, Scenario
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.asking import STILL_MPS
from jinyun.trial.storyboard.board import Board
from jinyun.trial.storyboard.gaps import boxes_touch
from jinyun.trial.storyboard.stage import Stage

ROW = np.dtype([
    ("t_s", np.float64), ("actor", np.int16), ("x_m", np.float64), ("y_m", np.float64), ("h_rad", np.float64),
    ("v_mps", np.float64), ("a_mps2", np.float64), ("s_m", np.float64), ("t_m", np.float64), ("lane", np.int16),
])  # fmt: skip
"""What a record holds of one participant at one time; places are those of reference points."""
LONGEST_S = 600.0
STEP_S = 0.1
Drive = Callable[[Stage, float], None]
"""Moves the actors that are driven from outside by one step."""


@dataclass(frozen=True)
class Played:
    """What a scenario was when it played: rows, what happened when, and how it ended."""

    entities: tuple[Entity, ...]
    rows: NDArray[np.void]  # ROW
    log: tuple[tuple[float, str, str, str], ...]
    ended: str
    """``stop`` trigger, ``time`` limit, or ``driver`` where who drives ended it."""
    contacts: tuple[tuple[float, str, str], ...]
    signals: tuple[tuple[float, str, str], ...]

    def of(self, name: str) -> NDArray[np.void]:
        """Return one participant's rows."""
        number = next(k for k, entity in enumerate(self.entities) if entity.name == name)
        rows: NDArray[np.void] = self.rows[self.rows["actor"] == number]
        return rows


def network_of(scenario: Scenario, folder: Path) -> Network:
    """Return the road a scenario names, looked for from its folder; raises :class:`TrialError`."""
    if not scenario.road_file:
        raise TrialError(f"{scenario.source}: RoadNetwork: names no LogicFile: there is no road to play on")
    path = Path(scenario.road_file)
    path = path if path.is_absolute() else folder / path
    if not path.is_file():
        raise TrialError(f"{scenario.source}: RoadNetwork/LogicFile: no file {scenario.road_file!r}")
    return road.read(path)


def stage_of(scenario: Scenario, network: Network, dt: float = STEP_S, driven: str | None = None) -> Stage:
    """Return a stage with all actors, none placed yet; ``driven`` is the one that a driver moves."""
    actors = {entity.name: Actor(entity, network, driven=entity.name == driven) for entity in scenario.entities}
    if driven is not None and driven not in actors:
        raise TrialError(f"{scenario.source}: no entity {driven!r} to drive")
    return Stage(
        scenario, network, dt, actors, parameters=dict(scenario.parameters), variables=dict(scenario.variables)
    )


def play(
    scenario: Scenario, network: Network, *, dt: float = STEP_S, most_s: float = LONGEST_S, driven: str | None = None,
    drive: Drive | None = None, each: Callable[[Stage], bool] | None = None, stop_at_contact: str | None = None,
) -> Played:  # fmt: skip
    """Play a scenario to its end.

    ``drive`` moves the actor ``driven``; ``each`` is called after each step and may end the play by returning True.
    With ``stop_at_contact`` a contact of that actor ends it a second later. Every run of the same arguments is the same.
    """
    stage = stage_of(scenario, network, dt, driven)
    board = Board(stage)
    stage.light()
    board.begin()
    columns: list[tuple[float, ...]] = []
    contacts: list[tuple[float, str, str]] = []
    shown: dict[str, str] = {}
    lights: list[tuple[float, str, str]] = []
    ended, over_s = "time", most_s
    for step in range(round(most_s / dt) + 1):
        stage.step, stage.t_s = step, step * dt
        stage.light()
        for signal, state in stage.signals.items():
            if shown.get(signal) != state:
                shown[signal] = state
                lights.append((stage.t_s, signal, state))
        _touch(stage, contacts)
        _note(stage, columns)
        if stop_at_contact is not None and over_s == most_s and any(stop_at_contact in pair for pair in stage.touching):
            over_s = stage.t_s + 1.0
        if board.step():
            ended = "stop"
            break
        if stage.t_s >= over_s - 1e-9:
            break
        if each is not None and each(stage):
            ended = "driver"
            break
        _move(stage, board, drive)
    rows = np.array(columns, ROW) if columns else np.empty(0, ROW)
    return Played(scenario.entities, rows, tuple(stage.log), ended, tuple(contacts), tuple(lights))


def _move(stage: Stage, board: Board, drive: Drive | None) -> None:
    dt = stage.dt
    for actor in stage.actors.values():
        actor.previous_v = actor.v_mps
    board.act(dt)
    if drive is not None:
        drive(stage, dt)
    for actor in stage.actors.values():
        if not actor.present or not actor.placed:
            continue
        if not actor.driven and not actor.free:
            ahead = actor.v_mps
            actor.v_mps = (actor.previous_v + ahead) / 2  # a speed that changed evenly over the step
            actor.advance(dt, actor.wanted_m)
            actor.v_mps = 0.0 if actor.at_end else ahead
        if not actor.driven:
            actor.a_mps2 = (actor.v_mps - actor.previous_v) / dt
        actor.wanted_m = None
        _count(actor, dt)


def _count(actor: Actor, dt: float) -> None:
    actor.standing_s = actor.standing_s + dt if abs(actor.v_mps) < STILL_MPS else 0.0
    actor.ended_s = actor.ended_s + dt if actor.at_end else 0.0
    on = actor.road != "" and actor.lane != 0
    actor.offroad_s = 0.0 if on else actor.offroad_s + dt


def _touch(stage: Stage, contacts: list[tuple[float, str, str]]) -> None:
    there = [actor for actor in stage.actors.values() if actor.present and actor.placed]
    now: set[frozenset[str]] = set()
    for one, other in itertools.combinations(there, 2):
        if abs(one.x_m - other.x_m) > 30 or abs(one.y_m - other.y_m) > 30:
            continue
        if boxes_touch(one, other):
            pair = frozenset((one.name, other.name))
            now.add(pair)
            if pair not in stage.touching:
                contacts.append((stage.t_s, one.name, other.name))
    stage.touching = now


def _note(stage: Stage, columns: list[tuple[float, ...]]) -> None:
    for number, actor in enumerate(stage.actors.values()):
        if actor.present and actor.placed:
            columns.append((
                round(stage.t_s, 6), number, actor.x_m, actor.y_m, math.remainder(actor.h_rad, 2 * math.pi), actor.v_mps,
                actor.a_mps2, actor.s_m, actor.t_m, actor.lane,
            ))  # fmt: skip
