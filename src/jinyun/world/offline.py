"""The street without a broker and faster than its clock, for those who measure: what really is beside what is sent.

Every message is encoded as on the live way and given as an arrival at the instant it would have been received; several
worlds of sensors (another weather, a fault) may look at the same street at once, so that they can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.net.block import Arrival
from jinyun.world import cars
from jinyun.world.clock import Clock
from jinyun.world.faults import Fault
from jinyun.world.roadside import Roadside
from jinyun.world.sending import Message
from jinyun.world.street import STEP_S, Snapshot, Street
from jinyun.zone import Zone

EPOCH_US = 1_795_000_000_000_000
"""UTC of the simulation's first instant: any will do, and the same one makes runs the same."""
NETWORK_S = 0.005
"""From sending to receipt."""
SECOND_STEPS = round(1 / STEP_S)


@dataclass(frozen=True)
class Conditions:
    """Under what conditions the roadside looks at the street."""

    weather: str = "clear"
    faults: Mapping[str, Fault] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """The street at one instant, and for each set of conditions who could be seen and what has arrived since the last.

    ``own`` holds the arrivals of the cars, ``road`` those of the roadside, by the name of the conditions.
    """

    t_us: int
    now: Snapshot
    connected: NDArray[np.bool_]
    visible: dict[str, NDArray[np.bool_]]
    own: list[Arrival]
    road: dict[str, list[Arrival]]


class FreeClock(Clock):
    """A clock that nobody waits for."""

    def __init__(self) -> None:
        self._monotonic_s, self._utc_us = 0.0, EPOCH_US


def second(street: Street) -> Snapshot | None:
    """Move a street on by one step for who looks once a second; return the snapshot where a second of its time is full.

    A street looks after its population in :meth:`Street.step` at full seconds only: one that is moved on in any other way
    empties.
    """
    if (round(street.api.simulation.getTime() / STEP_S) + 1) % SECOND_STEPS == 0:
        return street.step()
    street.api.simulationStep()
    return None


def moments(
    zone: Zone, map: Map, conditions: Mapping[str, Conditions], seconds: float, seed: int | None = None,
    made: Callable[[Zone, Map, int], Street] = Street,
) -> Iterator[Moment]:  # fmt: skip
    """Yield the street ten times a second for ``seconds`` of its time; it is the same for the same seed.

    ``made`` makes another kind of street of the zone, the map and the seed.
    """
    assert zone.traffic is not None
    seed = zone.traffic.seed if seed is None else seed
    street, clock = made(zone, map, seed), FreeClock()
    try:
        fleet = cars.Cars(zone, zone.traffic.connected, seed)
        units = {name: Roadside(zone, map, seed, its.weather, its.faults) for name, its in conditions.items()}
        waiting: dict[str, list[Message]] = {name: [] for name in ("", *units)}
        for _ in range(round(seconds / STEP_S)):
            now = street.step()
            yield Moment(
                t_us=clock.utc_us(now.time_s),
                now=now,
                connected=cars.connected(now, zone.traffic.connected),
                visible={name: its.visible(now) for name, its in units.items()},
                own=_due(waiting, "", now.time_s),
                road={name: _due(waiting, name, now.time_s) for name in units},
            )
            waiting[""] += fleet.messages(now, clock)
            for name, its in units.items():
                waiting[name] += its.rsm(now, clock)
    finally:
        street.close()


def _due(waiting: dict[str, list[Message]], name: str, time_s: float) -> list[Arrival]:
    """Take out and return what has been received by ``time_s``, in the order of receipt."""
    at_s = time_s - NETWORK_S
    due = sorted((m for m in waiting[name] if m.due_s <= at_s), key=lambda message: message.due_s)
    waiting[name] = [m for m in waiting[name] if m.due_s > at_s]
    return [Arrival(EPOCH_US + round((m.due_s + NETWORK_S) * 1e6), m.topic.replace("/", "."), m.payload) for m in due]
