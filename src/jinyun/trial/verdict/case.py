"""One concrete case with one driver: compiled, read back, played, measured, judged; the same arguments give the same result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.trial.catalogue.items import Case, Item
from jinyun.trial.catalogue.setting import setting_of
from jinyun.trial.driver.interface import Offer
from jinyun.trial.driver.offers import check
from jinyun.trial.driver.seat import EGO, Seat, Setting
from jinyun.trial.fault import TrialError
from jinyun.trial.measure.summary import measures
from jinyun.trial.measure.tracks import tracks_of
from jinyun.trial.road.network import Network
from jinyun.trial.road.reading import read_text as read_road
from jinyun.trial.scenario.compact import Compiled, compile, number
from jinyun.trial.scenario.model import Scenario
from jinyun.trial.scenario.reading import read_text
from jinyun.trial.storyboard.play import STEP_S, Played, play
from jinyun.trial.storyboard.stage import Stage
from jinyun.trial.verdict.evidence import Evidence, Judged, Outcome
from jinyun.trial.verdict.rules import RULES

AFTER_S = 1.0
"""A run goes on so long after the one under test has arrived."""
_ROADS: dict[bytes, Network] = {}


@dataclass(frozen=True)
class Result:
    """What a case came to."""

    case: str
    item: str
    values: dict[str, float]
    driver: str
    outcome: Outcome
    judged: tuple[Judged, ...]
    measures: tuple[dict[str, Any], ...]
    seconds: float
    """Simulated."""
    digest: str
    """Of the rows and of what was judged."""

    def told(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "case": self.case, "item": self.item, "values": self.values, "driver": self.driver, "outcome": self.outcome,
            "rules": [one.told() for one in self.judged], "measures": list(self.measures), "seconds": self.seconds,
            "digest": self.digest, "simulated": True,
        }  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A case as it was played, with its files."""

    result: Result
    played: Played
    compiled: Compiled
    setting: Setting
    seat: Seat
    network: Network


def prepared(item: Item, case: Case) -> tuple[Compiled, Scenario, Network]:
    """Return a case's files and what they read as."""
    compiled = compile(item.scenario, case.values)
    if (network := _ROADS.get(compiled.xodr)) is None:
        if len(_ROADS) > 64:
            _ROADS.clear()
        network = _ROADS[compiled.xodr] = read_road(compiled.xodr, f"{compiled.name}.xodr")
    return compiled, read_text(compiled.xosc, f"{case.id}.xosc", Path()), network


def run(item: Item, case: Case, offer: Offer, limits: Mapping[str, float]) -> Run:
    """Play and judge one case; ``limits`` are the profile's numbers by key."""
    compiled, scenario, network = prepared(item, case)
    values = {**item.scenario.parameters, **case.values}
    setting = setting_of(item.scenario, values)
    seat = Seat(check(offer.make()), setting)
    over: list[float] = []

    def done(stage: Stage) -> bool:
        there = seat.mission is not None and seat.near_m + seat.mission.front_m > setting.arrive_m  # NaN: nowhere
        if there and not over:
            over.append(stage.t_s + AFTER_S)
        return bool(over) and stage.t_s >= over[0]

    most = number(item.scenario.seconds, values, item.id) + 1.0
    played = play(scenario, network, driven=EGO, drive=seat.drive, each=done, stop_at_contact=EGO, most_s=most)
    tracks = tracks_of(played, seat, STEP_S)
    evidence = Evidence(played, seat, tracks, setting)
    told = tuple(judge(evidence, rule.rule, arguments(rule.args, values, limits, item.id)) for rule in item.form.rules)
    outcome = _outcome(told, _missed(item, played))
    measured = tuple(one.told() for one in measures(tracks))
    digest = _digest(played.rows, told)
    result = Result(case.id, item.id, case.values, offer.name, outcome, told, measured, float(tracks.t[-1]), digest)
    return Run(result, played, compiled, setting, seat, network)


def judge(evidence: Evidence, rule: str, args: Mapping[str, float | str]) -> Judged:
    """Return what a rule says of a run; raises :class:`TrialError` where there is no such rule."""
    if rule not in RULES:
        raise TrialError(f"no rule {rule!r}; there are {', '.join(RULES)}")
    return RULES[rule](evidence, args)


def arguments(
    args: Mapping[str, float | str], values: Mapping[str, float], limits: Mapping[str, float], where: str
) -> dict[str, float | str]:
    """Return a rule's arguments with parameters and numbers of the profile put in."""
    found: dict[str, float | str] = {}
    for key, value in args.items():
        if isinstance(value, str) and value.startswith("trial."):
            if value not in limits:
                raise TrialError(f"{where}: the profile has no {value!r}")
            found[key] = limits[value]
        elif isinstance(value, str) and value.startswith("$"):
            found[key] = number(value, values, where)
        else:
            found[key] = value
    return found


def _missed(item: Item, played: Played) -> list[str]:
    """Return the events of others that never began: then the case did not show what it should."""
    began = {name for _, kind, name, what in played.log if kind == "event" and what == "start"}
    return [event.name for event in item.scenario.events if event.actor is not None and event.name not in began]


def _outcome(told: tuple[Judged, ...], missed: list[str]) -> Outcome:
    if any(one.outcome == "fail" for one in told):
        return "fail"
    if missed or any(one.outcome == "invalid" for one in told):
        return "invalid"
    return "pass"


def _digest(rows: NDArray[np.void], told: tuple[Judged, ...]) -> str:
    of = hashlib.sha256()
    for name in rows.dtype.names or ():
        column = rows[name]
        of.update(
            (np.rint(column * 1e6).astype(np.int64) if column.dtype.kind == "f" else column.astype(np.int64)).tobytes()
        )
    of.update(json.dumps([(one.rule, one.outcome) for one in told]).encode())
    return of.hexdigest()
