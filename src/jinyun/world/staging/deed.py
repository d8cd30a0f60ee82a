"""What a staged deed is (行为): who does what to whom, and when; and how a kind of deed says whether one is possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jinyun.world.staging.stage import Stage
    from jinyun.world.street import Snapshot

Act = Iterator[None]
"""What is done, a step of the street at a time."""


@dataclass(slots=True)
class Deed:
    """One staged deed: what, by whom (number), against whom (0 nobody), from when until when (simulated seconds)."""

    kind: str
    by: int
    other: int
    begin_s: float
    end_s: float = float("nan")
    comes: int = 0
    """Who comes towards or across on account of the deed, 0 nobody."""

    @property
    def all(self) -> tuple[int, ...]:
        """Everybody it is about."""
        return tuple(number for number in (self.by, self.other, self.comes) if number)


class Possible(NamedTuple):
    """A deed that can begin now: against whom (number, 0 nobody), what is done, who comes on account of it, and by whom it is
    done where that is not the one who was asked (0: it is)."""

    other: int
    act: Act
    comes: int = 0
    by: int = 0


Kind = Callable[["Stage", str, int, "Snapshot"], Possible | None]
"""Says whether the vehicle with that id, in that row of the street, can do the deed now; None: not here."""
