"""When which shuttle charges how much (充电计划): no departure missed, the transformer's limit never exceeded, cheap and even.

A linear programme over slots of a quarter of an hour, solved by HiGHS: each stay of a shuttle at the depot gives a window, what
it has and what it must leave with; each slot has a limit for all together. Where that cannot be, the plan gives what can be and
says who leaves with how much too little. Efficiency is part of the demand: energies here are those that go into the battery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SLOT_S = 900
SHORT_COST, PEAK_COST, LATE_COST = 1e4, 0.05, 1e-4
"""Of a missing kWh (so much that none is if that can be), of a kW of the peak, and of waiting: the earlier of equals."""
EXACT_KWH = 1e-4
MOST_STAYS, MOST_SLOTS = 400, 400


class PlanError(ValueError):
    """The question makes no sense; the message says where."""


class Stay(NamedTuple):
    """One stay of a shuttle at the depot: slots ``first`` to ``last`` (excluded), what is needed and what its pile gives."""

    shuttle: str
    first: int
    last: int
    need_kwh: float
    pile_kw: float
    room_kwh: float
    """What the battery can still take."""


@dataclass(frozen=True)
class Plan:
    """Power of each stay in each slot (kW), and by how much each stay falls short (kWh)."""

    stays: tuple[Stay, ...]
    power_kw: Floats
    short_kwh: Floats
    limit_kw: Floats

    @property
    def feasible(self) -> bool:
        """Whether every shuttle leaves with what it needs."""
        return bool((self.short_kwh <= EXACT_KWH).all())

    @property
    def total_kw(self) -> Floats:
        """Power of all together in each slot."""
        total: Floats = self.power_kw.sum(axis=0)
        return total

    def missing(self) -> list[tuple[str, float]]:
        """Return who leaves with too little, and how much (kWh)."""
        return [(stay.shuttle, round(float(short), 2)) for stay, short in zip(self.stays, self.short_kwh, strict=True)
                if short > EXACT_KWH]  # fmt: skip


def plan(
    stays: Sequence[Stay], limit_kw: Sequence[float] | Floats, price: Sequence[float] | Floats | None = None
) -> Plan:
    """Return the plan for some stays under a limit in each slot; ``price`` (per kWh) makes slots dearer or cheaper.

    Raises :class:`PlanError` for windows outside of the slots, or numbers that are none.
    """
    limit = np.asarray(limit_kw, np.float64)
    slots = len(limit)
    cost = np.zeros(slots) if price is None else np.asarray(price, np.float64)
    _check(stays, limit, cost)
    hours = SLOT_S / 3600
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("log_to_console", False)
    solver.setOptionValue("threads", 1)
    infinity = highspy.kHighsInf
    inside = [(i, t) for i, stay in enumerate(stays) for t in range(stay.first, stay.last)]
    column = {pair: k for k, pair in enumerate(inside)}
    for i, t in inside:
        solver.addCol((cost[t] + LATE_COST * t) * hours, 0.0, stays[i].pile_kw, 0, [], [])
    short = len(inside)
    for stay in stays:
        solver.addCol(SHORT_COST, 0.0, max(stay.need_kwh, 0.0), 0, [], [])
    peak = short + len(stays)
    solver.addCol(PEAK_COST, 0.0, infinity, 0, [], [])
    for i, stay in enumerate(stays):
        own = [column[i, t] for t in range(stay.first, stay.last)]
        solver.addRow(stay.need_kwh, infinity, len(own) + 1, [*own, short + i], [*[hours] * len(own), 1.0])
        if own:
            solver.addRow(-infinity, max(stay.room_kwh, 0.0), len(own), own, [hours] * len(own))
    for t in range(slots):
        here = [column[i, t] for i, stay in enumerate(stays) if stay.first <= t < stay.last]
        if here:
            solver.addRow(-infinity, float(limit[t]), len(here), here, [1.0] * len(here))
            solver.addRow(-infinity, 0.0, len(here) + 1, [*here, peak], [*[1.0] * len(here), -1.0])
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise PlanError(f"the solver found nothing: {solver.modelStatusToString(solver.getModelStatus())}")
    values = np.array(solver.getSolution().col_value)
    power = np.zeros((len(stays), slots))
    for (i, t), k in column.items():
        power[i, t] = min(max(values[k], 0.0), stays[i].pile_kw)
    over = np.maximum(power.sum(axis=0) / np.maximum(limit, 1e-9), 1.0)
    power = power / over  # a solver's tolerance is no excuse before a transformer
    given = power.sum(axis=1) * hours
    short_kwh = np.maximum(np.array([stay.need_kwh for stay in stays]) - given, 0.0)
    return Plan(tuple(stays), power, short_kwh, limit)


def _check(stays: Sequence[Stay], limit: Floats, cost: Floats) -> None:
    slots = len(limit)
    if not 0 < slots <= MOST_SLOTS or len(stays) > MOST_STAYS:
        raise PlanError(f"{slots} slots and {len(stays)} stays: at most {MOST_SLOTS} and {MOST_STAYS}")
    if not (np.isfinite(limit).all() and (limit >= 0).all()) or len(cost) != slots or not np.isfinite(cost).all():
        raise PlanError("limit and price are finite numbers for each slot, the limit not below 0")
    for stay in stays:
        if not 0 <= stay.first <= stay.last <= slots:
            raise PlanError(f"{stay.shuttle}: slots {stay.first} to {stay.last} of {slots}")
        if not np.isfinite([stay.need_kwh, stay.pile_kw, stay.room_kwh]).all() or stay.pile_kw < 0:
            raise PlanError(f"{stay.shuttle}: energies and power are finite numbers")


def periods(power_kw: Floats, first: int = 0) -> list[tuple[int, float]]:
    """Return a charging schedule's periods (seconds from the start of slot ``first``, watts): equal neighbours are one."""
    found: list[tuple[int, float]] = []
    for k, kw in enumerate(power_kw[first:].tolist()):
        watts = float(np.floor(kw * 1000))
        if not found or found[-1][1] != watts:
            found.append((k * SLOT_S, watts))
    return found
