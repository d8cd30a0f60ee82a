"""What was agreed (协同约定): proposed to one vehicle, and whether it was followed, broken, cancelled, withdrawn or ran out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from jinyun.cloud.cooperation.requests import Key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from jinyun.cloud.cooperation.reserving import Plan
    from jinyun.cloud.cooperation.ways import Way

MOST = 2048
"""Agreements open at once."""


class Outcome(StrEnum):
    """What became of an agreement."""

    FOLLOWED = "followed"
    BROKEN = "not_followed"
    CANCELLED = "cancelled"
    """By who asked."""
    WITHDRAWN = "withdrawn"
    """By us: what it relied on no longer holds."""
    EXPIRED = "expired"


class Point(NamedTuple):
    """A place on a way: where, how fast, which way, and in how many seconds."""

    x_m: float
    y_m: float
    speed_mps: float
    heading_rad: float
    after_s: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What one vehicle is asked to do, as RSC can say it."""

    vehicle: int
    behaviour: tuple[str, ...]
    """Bits of DriveBehavior."""
    info: str
    """Bit of CoordinationInfo."""
    life_s: float
    guidance: tuple[Point, ...] = ()


@dataclass(slots=True)
class Agreement:
    """One proposal to one vehicle that is still open."""

    number: int
    application: str
    suggestion: Suggestion
    track: int
    about: int
    """Track of the other one, 0 none."""
    key: Key | None
    """The request behind it, None where the receiver asked for nothing."""
    made_us: int
    ends_us: int
    x_m: float
    y_m: float
    plan: Plan | None = None
    course: tuple[Way, NDArray[np.float64]] | None = None
    """Way and motion of somebody who is guided without a plan of junctions."""
    lane: int = -1
    """Lane that is to be reached or left."""
    partner: int = -1
    """Number of the agreement it belongs to."""
    was_mps: float = 0.0
    """Its speed when it was asked."""
    said_us: int = 0
    seen_us: int = 0


@dataclass
class Ledger:
    """All agreements that are open, and how the others ended."""

    open: dict[int, Agreement] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By (application, ``proposed``, ``refused`` or an outcome)."""
    last: int = 0

    def propose(self, agreement: Agreement) -> Agreement | None:
        """Open an agreement and number it; None where there are too many already."""
        if len(self.open) >= MOST:
            self.counts[agreement.application, "refused"] += 1
            return None
        self.last += 1
        agreement.number = self.last
        agreement.seen_us = agreement.made_us
        self.open[self.last] = agreement
        self.counts[agreement.application, "proposed"] += 1
        return agreement

    def refuse(self, application: str) -> None:
        """Count a request to which nothing can be promised."""
        self.counts[application, "refused"] += 1

    def close(self, number: int, outcome: Outcome) -> None:
        """End an agreement; one that is not open stays as it ended."""
        agreement = self.open.pop(number, None)
        if agreement is not None:
            self.counts[agreement.application, outcome.value] += 1

    def of(self, application: str) -> list[Agreement]:
        """Return an application's open agreements in the order of their numbers."""
        return [one for one in self.open.values() if one.application == application]

    def told(self, application: str) -> dict[str, int]:
        """Return an application's counts for people."""
        names = ("proposed", "refused", *(one.value for one in Outcome))
        return {name: self.counts[application, name] for name in names} | {"open": len(self.of(application))}
