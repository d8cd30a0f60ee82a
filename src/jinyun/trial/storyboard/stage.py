"""The stage (舞台): all that there is while a scenario plays, and its signals."""

from __future__ import annotations

from dataclasses import dataclass, field

from jinyun.trial.fault import TrialError
from jinyun.trial.road.network import Network
from jinyun.trial.scenario.model import Controller, Phase, Position, Scenario
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.places import Spot, spot


@dataclass
class Stage:
    """Actors on a network at one time; ``dt`` is the step."""

    scenario: Scenario
    network: Network
    dt: float
    actors: dict[str, Actor]
    t_s: float = 0.0
    step: int = 0
    parameters: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    signals: dict[str, str] = field(default_factory=dict)
    phases: dict[str, str] = field(default_factory=dict)
    shifts: dict[str, float] = field(default_factory=dict)
    """By controller: seconds by which an action moved its program."""
    touching: set[frozenset[str]] = field(default_factory=set)
    log: list[tuple[float, str, str, str]] = field(default_factory=list)
    """(time, kind of element, name, what happened)."""

    @property
    def source(self) -> str:
        return self.scenario.source

    def actor(self, name: str) -> Actor:
        """Return an actor; raises :class:`TrialError` where there is none of that name."""
        found = self.actors.get(name)
        if found is None:
            raise TrialError(f"{self.source}: no entity {name!r}")
        return found

    def spot(self, position: Position) -> Spot:
        """Return where a position lies now."""
        return spot(position, self.network, self.actors, self.source)

    def put(self, actor: Actor, position: Position) -> None:
        """Place an actor."""
        found = self.spot(position)
        if found.road:
            actor.put(found.road, found.s_m, found.t_m, found.lane, found.turned_rad, found.rising)
        else:
            actor.put_free(found.x_m, found.y_m, found.h_rad)
        actor.present = True

    def light(self) -> None:
        """Set the signals to what their controllers show now."""
        for controller in self.scenario.controllers:
            phase = phase_at(controller, self.t_s + self.shifts.get(controller.name, 0.0))
            if phase is None:
                continue
            name, states = phase
            if self.phases.get(controller.name) != name:
                self.phases[controller.name] = name
                self.log.append((self.t_s, "signal", controller.name, name))
            for signal, state in states:
                self.signals[signal] = state

    def remaining_s(self, signal: str) -> float:
        """Return how long a signal keeps its state; infinity where no controller changes it."""
        for controller in self.scenario.controllers:
            if not any(signal == id for phase in controller.phases for id, _ in phase.states):
                continue
            t = self.t_s + self.shifts.get(controller.name, 0.0)
            now, cycle = self.signals.get(signal), sum(phase.duration_s for phase in controller.phases)
            passed = 0.0
            while passed < 2 * cycle:
                found = _phase(controller, t + passed)
                if found is None or dict(found[0].states).get(signal, now) != now:
                    return passed
                passed += max(found[1], 1e-6)
        return float("inf")


def _phase(controller: Controller, t_s: float) -> tuple[Phase, float] | None:
    cycle = sum(phase.duration_s for phase in controller.phases)
    t = t_s - controller.delay_s
    if not controller.phases or cycle <= 0 or t < -1e-9:
        return None
    t %= cycle
    for phase in controller.phases:
        if t < phase.duration_s - 1e-9:
            return phase, phase.duration_s - t
        t -= phase.duration_s
    return controller.phases[-1], 1e-3


def phase_at(controller: Controller, t_s: float) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """Return a controller's phase and states at a time, None before it begins."""
    found = _phase(controller, t_s)
    return None if found is None else (found[0].name, found[0].states)
