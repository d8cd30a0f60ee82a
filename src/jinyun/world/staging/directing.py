"""Directing (编排): deeds are begun by kind and rate, for whoever they are possible, and act until they are over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.shapes import Kind
from jinyun.world.cars import shares
from jinyun.world.staging import (
    emergency,
    hard_braking,
    heedless_change,
    jamming,
    losing_control,
    not_yielding,
    overtaking,
    red_light,
    riding_across,
    standing,
    stepping_out,
    turning_left,
    unheeding,
)
from jinyun.world.staging.deed import Act, Deed
from jinyun.world.staging.deed import Kind as KindOfDeed
from jinyun.world.staging.stage import Stage
from jinyun.world.street import Snapshot, Street

WAYS: Mapping[str, KindOfDeed] = {
    "unheeding": unheeding.possible, "hard_braking": hard_braking.possible, "red_light": red_light.possible,
    "not_yielding": not_yielding.possible, "turning_left": turning_left.possible,
    "heedless_change": heedless_change.possible, "standing": standing.possible, "stepping_out": stepping_out.possible,
    "riding_across": riding_across.possible, "emergency": emergency.possible, "overtaking": overtaking.possible,
    "losing_control": losing_control.possible, "jamming": jamming.possible,
}  # fmt: skip
KINDS = tuple(WAYS)
"""What is staged; deeds of the kinds are begun in turn."""
OFTEN: Mapping[str, float] = {"overtaking": 2.0, "turning_left": 1.5}
"""Deeds that come to something less often are begun more often."""
CONNECTED_SHARE, PREFERRED = 0.1, 0.6
"""Deeds look for one of the tenth of vehicles that are always connected, so often, before they take anybody."""
LEAST_MPS = 3.0
LOOKED_AT = 90
"""Vehicles asked whether a deed is possible for them, in one step."""
RESTS_S, AGAIN_S = 20.0, 0.5
"""So long nobody is taken again; so long after a look in vain the next one comes."""


@dataclass(slots=True)
class Staging:
    """A street on which deeds are staged; :meth:`step` moves it on by 0.1 s and returns who is where."""

    street: Street
    map: Map
    seed: int
    per_minute: float = 12.0
    kinds: tuple[str, ...] = KINDS
    watched: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    """Places (m) near which most people cross, so that somebody may see them; anywhere if there are none."""
    deeds: list[Deed] = field(default_factory=list)
    stage: Stage = field(init=False)
    _acts: list[tuple[Deed, Act]] = field(default_factory=list)
    _rested: dict[int, float] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """``per_minute`` deeds of each kind; raises ``ValueError`` for kinds there are not."""
        unknown = set(self.kinds) - set(KINDS)
        if unknown:
            raise ValueError(f"nothing is staged as {sorted(unknown)}; there are {', '.join(KINDS)}")
        self.stage = Stage(self.street, self.map, np.random.default_rng([self.seed, 7]), self.watched)
        every, now_s = 60.0 / self.per_minute, self.stage.time_s
        self._due = {kind: now_s + every * (k + 1) / len(self.kinds) for k, kind in enumerate(self.kinds)}

    def step(self) -> Snapshot:
        """Let every deed act, begin those that are due, move the street on and lay over it what it does not know."""
        stage = self.stage
        if stage.now is not None:
            self._act(stage.now)
        now = stage.now = stage.overlay.on(self.street.step())
        stage.row = {number: row for row, number in enumerate(now.number.tolist())}
        return now

    def _act(self, now: Snapshot) -> None:
        stage = self.stage
        stage.here = set(self.street.api.vehicle.getIDList())
        going = []
        for deed, act in self._acts:
            if self._goes_on(act):
                going.append((deed, act))
            else:
                deed.end_s = now.time_s
                for number in deed.all:
                    stage.busy.discard(number)
                    stage.overlay.forget(number)
                    self._rested[number] = now.time_s + RESTS_S
        self._acts = going
        for kind, due in self._due.items():
            if now.time_s >= due:
                begun = self._begin(kind, now)
                every = 60.0 / self.per_minute / OFTEN.get(kind, 1.0) * float(stage.rng.uniform(0.7, 1.3))
                self._due[kind] = now.time_s + (every if begun else AGAIN_S)

    def _goes_on(self, act: Act) -> bool:
        """Let a deed act and return whether it goes on; it ends where somebody has left the street in the middle of it."""
        try:
            return next(act, "over") is None
        except self.street.api.TraCIException:
            return False

    def _begin(self, kind: str, now: Snapshot) -> bool:
        """Look for somebody for whom the deed is possible and let it begin; return whether there was one."""
        for row in self._candidates(now):
            number = int(now.number[row])
            found = WAYS[kind](self.stage, f"v{number}", row, now)
            if found is None:
                continue
            deed = Deed(kind, found.by or number, found.other, now.time_s, comes=found.comes)
            self.deeds.append(deed)
            self.stage.busy |= set(deed.all)
            self._acts.append((deed, found.act))
            return True
        return False

    def _candidates(self, now: Snapshot) -> list[int]:
        """Return rows of cars that drive by themselves, in an order of chance; the ones always connected first, often."""
        cars = np.flatnonzero(
            (now.kind == Kind.MOTOR) & (now.speed_mps > LEAST_MPS) & np.isin(now.classification, (10, 20))
        )
        cars = self.stage.rng.permutation(cars)
        if self.stage.rng.random() < PREFERRED:
            cars = cars[np.argsort(shares(now.number[cars], 1) >= CONNECTED_SHARE, kind="stable")]
        free = [
            int(row) for row in cars.tolist()
            if int(now.number[row]) not in self.stage.busy and f"v{int(now.number[row])}" in self.stage.here
            and self._rested.get(int(now.number[row]), 0.0) < now.time_s
        ]  # fmt: skip
        return free[:LOOKED_AT]


def by_kind(deeds: list[Deed]) -> Mapping[str, int]:
    """Return how many deeds of each kind there were."""
    return {kind: sum(deed.kind == kind for deed in deeds) for kind in KINDS}
