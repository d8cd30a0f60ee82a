"""All that the cooperation remembers (协同状态) from frame to frame; plain values, so that a replay comes to the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.cooperation.agreements import Agreement, Ledger, Outcome, Suggestion
from jinyun.cloud.cooperation.requests import Board, Key, Request

if TYPE_CHECKING:
    from jinyun.cloud.apps.scene import Scene
    from jinyun.zone import Projection


def speed_of(scene: Scene, row: int) -> float:
    """Return how fast the one in a row is, 0 where nobody knows (m/s)."""
    speed = float(scene.tracks["speed_mps"][row])
    return speed if np.isfinite(speed) else 0.0


class Outgoing(NamedTuple):
    """One message to be written and sent: to a vehicle or person (id) or to a roadside unit (row of the zone's)."""

    application: str
    message: str
    vehicle: int
    unit: int
    content: Any
    """A :class:`~.agreements.Suggestion`, or a function of (projection, now) that returns the message's value."""
    place: tuple[float, float] = (0.0, 0.0)
    """Where it is about, for RSC's reference."""


@dataclass
class State:
    """What stands: requests, agreements, and what single applications count."""

    board: Board = field(default_factory=Board)
    ledger: Ledger = field(default_factory=Ledger)
    places: dict[int, int] = field(default_factory=dict)
    """By agreement: the junction or whatever else of the map it is about."""
    planned_us: dict[tuple[str, int], int] = field(default_factory=dict)
    ended: dict[Key, str] = field(default_factory=dict)
    """Requests that ended in this frame, and how: cancel, complete, finish, expired."""
    turned_down: set[Key] = field(default_factory=set)
    """Requests that stand and have been refused once: counted once."""
    out: list[Outgoing] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """By id, why an application could not go on in the last step."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What single applications keep, by their ids."""
    foreign: Counter[int] = field(default_factory=Counter)
    """Requests in the name of a vehicle that speaks through another device, by sender; they are not heard."""

    _tracks: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    _ids: NDArray[np.uint64] | None = None
    _order: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _by_track: NDArray[np.int64] | None = None

    def begin(self, scene: Scene) -> None:
        """Look at a new frame."""
        self._tracks = scene.tracks["vehicle_id"]
        self._ids = None
        self._by_track = None

    def row_of_vehicle(self, vehicle: int) -> int:
        """Return the row of a vehicle's track, -1 where it has none."""
        if self._ids is None:
            self._order = np.argsort(self._tracks, kind="stable")
            self._ids = self._tracks[self._order]
        at = int(np.searchsorted(self._ids, np.uint64(vehicle)))
        return int(self._order[at]) if vehicle and at < len(self._ids) and int(self._ids[at]) == vehicle else -1

    def row_of(self, request: Request, scene: Scene) -> int:
        """Return the row of who asks, -1 where it is not seen."""
        return self.row_of_vehicle(request.vehicle)

    def row_of_track(self, track: int, scene: Scene) -> int:
        """Return the row of a track, -1 where it is gone."""
        ids = scene.id
        if self._by_track is None:
            self._by_track = np.argsort(ids, kind="stable")
        at = int(np.searchsorted(ids, track, sorter=self._by_track))
        row = int(self._by_track[at]) if at < len(ids) else -1
        return row if row >= 0 and int(ids[row]) == track else -1

    def close(self, agreement: Agreement, outcome: Outcome) -> None:
        """End an agreement and forget its place."""
        self.ledger.close(agreement.number, outcome)
        self.places.pop(agreement.number, None)

    def suggest(self, application: str, suggestion: Suggestion, now_us: int) -> None:
        """Say something to one vehicle once."""
        self.out.append(Outgoing(application, "rsc", suggestion.vehicle, -1, suggestion))

    def tell(self, application: str, message: str, vehicle: int, write: Callable[[Projection, int], Any], unit: int = -1
             ) -> None:  # fmt: skip
        """Send a message to a vehicle or, with ``unit``, to a roadside unit; ``write`` returns its value."""
        self.out.append(Outgoing(application, message, vehicle, unit, write))
