"""The storyboard's state machine: stories, acts, groups, manoeuvres, events and actions wait, run and end."""

from __future__ import annotations

from jinyun.trial.scenario import model
from jinyun.trial.storyboard.acting import Runner, begin
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.asking import TriggerWatch
from jinyun.trial.storyboard.stage import Stage

_SHOWN = {"startTransition": "start", "endTransition": "end", "stopTransition": "stop", "skipTransition": "skip"}
_STATES = {"standbyState": "standby", "runningState": "running", "completeState": "complete"}


class Element:
    """An element's state and its last transition with the step it happened in."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name, self.state = kind, name, "standby"
        self.transition, self.at_step = "", -10

    def go(self, transition: str, state: str, stage: Stage) -> None:
        """Make a transition."""
        self.transition, self.at_step, self.state = transition, stage.step, state
        stage.log.append((stage.t_s, self.kind, self.name, transition))

    def shows(self, wanted: str, step: int) -> bool:
        """Return whether the element is in a state, or made a transition in this step or the one before."""
        if wanted in _STATES:
            return self.state == _STATES[wanted]
        return self.transition == _SHOWN[wanted] and self.at_step >= step - 1


class ActionElement(Element):
    """One action of an event, at work on each of the group's actors."""

    def __init__(self, action: model.Action, name: str) -> None:
        super().__init__("action", name)
        self.action = action
        self.runners: list[tuple[Actor | None, Runner]] = []


class EventElement(Element):
    def __init__(self, event: model.Event) -> None:
        super().__init__("event", event.name)
        self.event, self.count = event, 0
        self.watch = None if event.start is None else TriggerWatch(event.start)
        self.actions = [ActionElement(action, action.name) for action in event.actions]


class Board:
    """All elements of a scenario; :meth:`step` brings them up to the stage's time."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.elements: dict[tuple[str, str], list[Element]] = {}
        self.stop = None if stage.scenario.stop is None else TriggerWatch(stage.scenario.stop)
        self.init: list[tuple[Actor | None, Runner]] = []
        self.acts: list[tuple[model.Act, Element, TriggerWatch | None, TriggerWatch | None, list[_Group]]] = []
        self.stories: list[tuple[Element, list[Element]]] = []
        for story in stage.scenario.stories:
            told = self._new(Element("story", story.name))
            acts = []
            for act in story.acts:
                element = self._new(Element("act", act.name))
                acts.append(element)
                start = None if act.start is None else TriggerWatch(act.start)
                stop = None if act.stop is None else TriggerWatch(act.stop)
                self.acts.append((act, element, start, stop, [_Group(group, self) for group in act.groups]))
            told.state = "running"
            self.stories.append((told, acts))

    def _new(self, element: Element) -> Element:
        self.elements.setdefault((element.kind, element.name), []).append(element)
        return element

    def begin(self) -> None:
        """Carry out what is to be done before the first step; actions that last go on."""
        for kind in (model.TeleportAction, model.AssignRouteAction, object):  # a route begins where one stands
            for name, action in self.stage.scenario.init:
                if (kind is object) == isinstance(action, (model.TeleportAction, model.AssignRouteAction)) or (
                    kind is not object and not isinstance(action, kind)
                ):
                    continue
                actor = self.stage.actor(name) if name else None
                driven = actor is not None and actor.driven
                if driven and actor is not None:
                    actor.driven = False  # where and how fast it begins is the scenario's
                runner = begin(action, actor, self.stage)
                if driven and actor is not None:
                    actor.driven = True
                self.init.append((actor, runner))
                if isinstance(action, model.SpeedAction) and action.dynamics.shape == "step" and not action.continuous:
                    runner.step(0.0)
                    self.init.pop()
                elif runner.domain == "":
                    if runner.step(0.0):
                        self.init.pop()
                elif driven:
                    self.init.pop()

    def step(self) -> bool:
        """Look at all triggers; return whether the storyboard has ended."""
        stage = self.stage
        if self.stop is not None and (fired := self.stop.fires(stage, self.elements)) is not None:
            stage.log.append((stage.t_s, "condition", fired[0], "true"))
            stage.log.append((stage.t_s, "storyboard", "", "stop"))
            return True
        for _, element, start, stop, groups in self.acts:
            if element.state == "standby":
                fired = ("", ()) if start is None else start.fires(stage, self.elements)
                if fired is not None:
                    self._told(fired)
                    element.go("start", "running", stage)
                    for group in groups:
                        group.begin(stage, fired[1])
            if element.state == "running":
                for group in groups:
                    group.step(stage)
                if stop is not None and (fired := stop.fires(stage, self.elements)) is not None:
                    self._told(fired)
                    for group in groups:
                        group.halt(stage)
                    element.go("stop", "complete", stage)
                elif groups and all(group.element.state == "complete" for group in groups):
                    element.go("end", "complete", stage)
        for told, acts in self.stories:
            if told.state == "running" and acts and all(act.state == "complete" for act in acts):
                told.go("end", "complete", stage)
        return False

    def _told(self, fired: tuple[str, tuple[str, ...]]) -> None:
        if fired[0]:
            self.stage.log.append((self.stage.t_s, "condition", fired[0], "true"))

    def act(self, dt: float) -> None:
        """Let running actions work for one step; an event whose actions are done ends."""
        self.init = [(actor, runner) for actor, runner in self.init if not runner.step(dt)]
        for _, element, _, _, groups in self.acts:
            if element.state == "running":
                for group in groups:
                    group.act(dt, self.stage)

    def take_over(self, actor: Actor | None, runner: Runner) -> None:
        """End what works on an actor in the same domain as something new."""
        if actor is None or runner.domain == "":
            return

        def clash(other: tuple[Actor | None, Runner]) -> bool:
            domain = other[1].domain
            return other[0] is actor and domain != "" and (domain == runner.domain or "both" in (domain, runner.domain))

        self.init = [other for other in self.init if not clash(other)]
        for _, _, _, _, groups in self.acts:
            for group in groups:
                for events in group.events:
                    for event in events:
                        for action in event.actions:
                            kept = [other for other in action.runners if other[1] is runner or not clash(other)]
                            if len(kept) < len(action.runners):
                                for other in action.runners:
                                    if clash(other) and hasattr(other[1], "leave"):
                                        other[1].leave()
                                action.runners = kept
                                if not kept and action.state == "running":
                                    action.go("stop", "complete", self.stage)


class _Group:
    """A manoeuvre group while it plays."""

    def __init__(self, group: model.ManeuverGroup, board: Board) -> None:
        self.group, self.board = group, board
        self.element = board._new(Element("maneuverGroup", group.name))
        self.maneuvers = [board._new(Element("maneuver", maneuver.name)) for maneuver in group.maneuvers]
        self.events = [[EventElement(event) for event in maneuver.events] for maneuver in group.maneuvers]
        self.count = 0
        for events in self.events:
            for event in events:
                board._new(event)
                for action in event.actions:
                    board._new(action)
        self.actors: tuple[str, ...] = group.actors

    def begin(self, stage: Stage, by: tuple[str, ...]) -> None:
        self.actors = tuple(dict.fromkeys((*self.group.actors, *by))) if self.group.by_trigger else self.group.actors
        self.count += 1
        self.element.go("start", "running", stage)
        for maneuver, events in zip(self.maneuvers, self.events, strict=True):
            maneuver.go("start", "running", stage)
            for event in events:
                event.state, event.count = "standby", 0
                if event.watch is not None:
                    event.watch.reset()

    def step(self, stage: Stage) -> None:
        if self.element.state != "running":
            return
        for maneuver, events in zip(self.maneuvers, self.events, strict=True):
            if maneuver.state != "running":
                continue
            for event in events:
                self._end(event, stage)
            for event in events:
                if event.state == "standby" and event.count < event.event.most:
                    self._try(event, events, stage)
                elif event.state == "running" and event.watch is not None and event.count < event.event.most:
                    pass
            if all(event.state == "complete" for event in events):
                maneuver.go("end", "complete", stage)
        if all(maneuver.state == "complete" for maneuver in self.maneuvers):
            if self.count < self.group.most:
                self.begin(stage, ())
            else:
                self.element.go("end", "complete", stage)

    def _try(self, event: EventElement, events: list[EventElement], stage: Stage) -> None:
        fired = ("", ()) if event.watch is None else event.watch.fires(stage, self.board.elements)
        if fired is None:
            return
        self.board._told(fired)
        others = [other for other in events if other is not event and other.state == "running"]
        if event.event.priority == "skip" and others:
            event.count += 1
            event.go("skip", "standby" if event.count < event.event.most else "complete", stage)
            return
        if event.event.priority == "override":
            for other in others:
                self._stop(other, stage)
        event.count += 1
        event.go("start", "running", stage)
        for action in event.actions:
            action.go("start", "running", stage)
            action.runners = []
            glob = isinstance(
                action.action, (model.EntityAction, model.SetAction, model.SignalAction, model.NothingAction)
            )
            whom: list[Actor | None] = [None] if glob else [stage.actor(name) for name in self.actors]
            for actor in whom:
                runner = begin(action.action, actor, stage)
                self.board.take_over(actor, runner)
                action.runners.append((actor, runner))

    def _stop(self, event: EventElement, stage: Stage) -> None:
        for action in event.actions:
            for _, runner in action.runners:
                if hasattr(runner, "leave"):
                    runner.leave()
            action.runners = []
            if action.state == "running":
                action.go("stop", "complete", stage)
        event.go("stop", "standby" if event.count < event.event.most else "complete", stage)

    def _end(self, event: EventElement, stage: Stage) -> None:
        if event.state != "running":
            return
        for action in event.actions:
            if action.state == "running" and not action.runners:
                action.go("end", "complete", stage)
        if all(action.state == "complete" for action in event.actions):
            again = event.count < event.event.most
            event.go("end", "standby" if again else "complete", stage)
            if again and event.watch is not None:
                event.watch.reset()

    def act(self, dt: float, stage: Stage) -> None:
        for events in self.events:
            for event in events:
                if event.state == "running":
                    for action in event.actions:
                        action.runners = [(actor, runner) for actor, runner in action.runners if not runner.step(dt)]

    def halt(self, stage: Stage) -> None:
        """End all at once."""
        for maneuver, events in zip(self.maneuvers, self.events, strict=True):
            for event in events:
                if event.state == "running":
                    self._stop(event, stage)
                if event.state != "complete":
                    event.state = "complete"
            if maneuver.state != "complete":
                maneuver.go("stop", "complete", stage)
        self.element.go("stop", "complete", stage)
