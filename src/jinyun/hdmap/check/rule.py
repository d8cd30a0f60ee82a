"""What a rule of the map check is, and the words that the rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.precise import LaneKind, Map

if TYPE_CHECKING:
    from jinyun.hdmap.check.view import View

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

INFO, WARNING, FAULT = "info", "warning", "fault"
DRIVEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)
RIDDEN = (*DRIVEN, LaneKind.BICYCLE, LaneKind.INNER_BICYCLE)


class Found(NamedTuple):
    """One place where a rule is broken: the element, what is wrong with the numbers that prove it, and where."""

    element: str
    message: str
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its stable id, how bad its breach is, why it is one in both languages, and how breaches are found."""

    id: str
    severity: str
    zh: str
    en: str
    find: Callable[[View], Iterable[Found]]


def rule(id: str, severity: str, zh: str, en: str) -> Callable[[Callable[[View], Iterable[Found]]], Rule]:
    """Make a rule of a function."""

    def made(find: Callable[[View], Iterable[Found]]) -> Rule:
        return Rule(id, severity, zh, en, find)

    return made


__all__ = ["DRIVEN", "FAULT", "INFO", "RIDDEN", "WARNING", "Floats", "Found", "Map", "Rows", "Rule", "rule"]
