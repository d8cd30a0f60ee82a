"""A junction that gives way to who may ask (信号优先与感应控制): what is to become of the running step, and why.

Pure: time, the running step, who wants what and who waits go in, a change comes out. A request is granted as a longer green
(绿灯延长) where it would come just too late, or as an earlier one (红灯早断) where others' greens can be cut without going
below their least. Afterwards the plan is led back to where it would be, a share of each green at a time. Every grant is held
against the plan that would have run: whether who asked passed in time it would not have had, and what that took from others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from jinyun.road.signals.plan import Plan, bounded
from jinyun.zone import Profile

TOUCH_S = 0.4
"""Smaller changes are not worth a command."""
SETTLE_S = 0.9
"""After a change the next waits until it can be seen in what the signal says."""
HORIZON_CYCLES = 2


class Why(StrEnum):
    """Why a step is changed."""

    PRIORITY = "priority"
    EMERGENCY = "emergency"
    WALKERS = "walkers"
    CLEAR = "clear"
    RECOVER = "recover"
    ACTUATED = "actuated"


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of the zone's profile that grants go by."""

    margin_s: float
    worth_s: float
    rest_s: float
    recover_share: float
    gap_s: float
    hold_most_s: float
    call_green_s: float

    @classmethod
    def of(cls, profile: Profile) -> Rules:
        return cls(**{name: profile[f"road.signals.{name}"].value for name in cls.__slots__})


class Want(NamedTuple):
    """Somebody wants a phase: who, which, when it will be there (on the clock of :meth:`Junction.step`), and why."""

    key: tuple[int, int]
    phase: int
    arrives_s: float
    why: Why = Why.PRIORITY


class Change(NamedTuple):
    """The running step of a junction is to last ``left_s`` more."""

    node: int
    step: int
    left_s: float
    why: Why


class Demand(NamedTuple):
    """Who comes on one phase: vehicles that stand, and whether one reaches the line within the gap."""

    queue: int = 0
    soon: bool = False


@dataclass(slots=True)
class Grant:
    """One grant and what became of it."""

    want: Want
    form: str
    """``longer``, ``sooner``: how it was meant to be met."""
    began_s: float
    arrives_s: float
    shift_s: float = 0.0
    """By how much its changes made the plan late."""
    cost_vehicle_s: float = 0.0
    """Seconds taken from others' greens, or added to their reds, times the vehicles that stood there."""
    used: bool | None = None
    benefit_s: float = 0.0


@dataclass
class Ledger:
    """What became of requests: each is counted once in every column it reached."""

    counts: Counter[str] = field(default_factory=Counter)
    benefit_s: float = 0.0
    cost_vehicle_s: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, object]:
        """Return the ledger for a page."""
        names = ("requested", "needless", "granted", "used", "unused", "longer", "sooner", "emergency", "walkers")
        return {
            **{name: self.counts[name] for name in names},
            "refused": dict(self.refused), "benefit_s": round(self.benefit_s, 1),
            "cost_vehicle_s": round(self.cost_vehicle_s, 1),
        }  # fmt: skip


@dataclass
class Junction:
    """One junction under control; :meth:`step` is asked a few times a second."""

    plan: Plan
    rules: Rules
    actuated: bool = False
    shift_s: float = 0.0
    """By how much changes have made the plan late, and it has not been led back."""
    grant: Grant | None = None
    ledger: Ledger = field(default_factory=Ledger)
    finished: list[Grant] = field(default_factory=list)
    _step: int = -1
    _began_s: float = 0.0
    _recovered: bool = False
    _rests_until_s: float = -np.inf
    _busy_until_s: float = -np.inf
    _before_s: float = np.nan
    """Place in the cycle less the time when the last change was made, until it has been seen."""
    _counted_s: float = 0.0
    _seen: dict[tuple[int, int], str] = field(default_factory=dict)

    def step(
        self, now_s: float, step: int, left_s: float, wants: Sequence[Want], demand: Mapping[int, Demand] | None = None
    ) -> Change | None:
        """Return what the running step is to become, None where it stays as it is."""
        if step != self._step:
            first = self._step < 0
            self._step, self._recovered = step, False
            self._began_s = now_s - (max(float(self.plan.seconds[step]) - left_s, 0.0) if first else 0.0)
        demand = demand or {}
        self._lag(now_s, step, left_s)
        self._judge(now_s, step, left_s, wants)
        self._consider(now_s, step, left_s, wants)
        if now_s < self._busy_until_s:
            return None
        change = self._decide(now_s, step, left_s, wants, demand)
        if change is not None:
            self._busy_until_s = now_s + SETTLE_S
            self._before_s = float(self.plan.seconds[: step + 1].sum()) - left_s - now_s
            self._counted_s = 0.0
        return change

    def _decide(
        self, now_s: float, step: int, left_s: float, wants: Sequence[Want], demand: Mapping[int, Demand]
    ) -> Change | None:
        spent = now_s - self._began_s
        if self.grant is not None:
            return self._serve(now_s, step, left_s, spent, demand)
        clear = next((want for want in wants if want.why is Why.CLEAR), None)
        if clear is not None and self.plan.free(step) and not self._motor_green(step):
            return self._change(step, left_s, max(left_s, clear.arrives_s - now_s), spent, Why.CLEAR)
        if self.actuated:
            return self._by_demand(step, left_s, spent, demand)
        return self._recover(step, left_s, spent)

    def _lag(self, now_s: float, step: int, left_s: float) -> None:
        """Find by how much the last change made the plan late, as seen; what clocks and others do to it is none of ours."""
        at = float(self.plan.seconds[: step + 1].sum()) - left_s
        if np.isnan(self._before_s):
            return
        half = self.plan.cycle_s / 2
        moved = (self._before_s + now_s - at + half) % self.plan.cycle_s - half
        new, self._counted_s = moved - self._counted_s, moved
        self.shift_s += new
        if self.grant is not None:
            self.grant.shift_s += new
        if now_s >= self._busy_until_s:
            self._before_s = float("nan")

    # -- who asks, and what became of it -------------------------------------------------------------------------

    def _judge(self, now_s: float, step: int, left_s: float, wants: Sequence[Want]) -> None:
        """End the grant of who asks no more: it has passed, or gone another way."""
        standing = {want.key: want for want in wants}
        for key in [key for key in self._seen if key not in standing]:
            del self._seen[key]
        grant = self.grant
        if grant is None:
            return
        if grant.want.key in standing:
            grant.want = standing[grant.want.key]
            most = self.rules.hold_most_s if grant.want.why is Why.EMERGENCY else 2 * self.plan.cycle_s
            if now_s - grant.began_s <= most:
                return
            grant.used = False
        else:
            wait = self.would_wait_s(step, left_s, grant.want.phase, grant.shift_s)
            group = self.plan.group_of(grant.want.phase)
            grant.used = wait > 0 and self.plan.green(step, group) and abs(grant.shift_s) > TOUCH_S
            grant.benefit_s = wait if grant.used else 0.0
        self._close(grant, now_s)

    def _close(self, grant: Grant, now_s: float) -> None:
        ledger, self.grant = self.ledger, None
        ledger.counts["used" if grant.used else "unused"] += 1
        ledger.benefit_s += grant.benefit_s
        ledger.cost_vehicle_s += grant.cost_vehicle_s
        self.finished = [*self.finished[-31:], grant]
        self._rests_until_s = now_s + self.rules.rest_s

    def would_wait_s(self, step: int, left_s: float, phase: int, shift_s: float) -> float:
        """Return how long a phase would still be red now by the plan without ``shift_s`` of changes, 0 where it is green."""
        plan, group = self.plan, self.plan.group_of(phase)
        ends = np.cumsum(plan.seconds)
        at = (float(ends[step]) - left_s + shift_s) % plan.cycle_s
        would = int(np.searchsorted(ends, at, side="right")) % len(ends)
        left = float(ends[would]) - at
        if plan.green(would, group):
            return 0.0
        start = next((start for start, _ in self.greens(would, left, group)), 0.0)
        return start

    def greens(self, step: int, left_s: float, group: int) -> list[tuple[float, float]]:
        """Return the spans (from, to) in seconds from now in which a group may go, by the plan from here on."""
        plan = self.plan
        found: list[tuple[float, float]] = []
        at, end, k = 0.0, left_s, step
        steps = len(plan.seconds)
        while at < HORIZON_CYCLES * plan.cycle_s:
            if plan.green(k, group):
                if found and found[-1][1] >= at:
                    found[-1] = (found[-1][0], end)
                else:
                    found.append((at, end))
            k = (k + 1) % steps
            at, end = end, end + float(plan.seconds[k])
        return found

    def _consider(self, now_s: float, step: int, left_s: float, wants: Sequence[Want]) -> None:
        """Grant the most urgent request that can and need be granted; each is counted when first seen."""
        order = sorted(wants, key=lambda want: (want.why is not Why.EMERGENCY, want.arrives_s))
        for want in order:
            group = self.plan.group_of(want.phase)
            if want.why is Why.CLEAR:
                continue
            if want.key not in self._seen:
                self._seen[want.key] = "asked"
                self.ledger.counts["requested"] += 1
                if group < 0:
                    self.ledger.refused["phase"] += 1
                    self._seen[want.key] = "refused"
            if self._seen[want.key] in ("refused", "granted") or group < 0:
                continue
            if self.grant is not None:
                if want.why is not Why.EMERGENCY or self.grant.want.why is Why.EMERGENCY:
                    continue
                self.grant.used = False
                self._close(self.grant, now_s)  # the ambulance comes first
            if now_s < self._rests_until_s and want.why is not Why.EMERGENCY:
                self._note(want, "rest")
                continue
            form = self._form(now_s, step, left_s, group, want)
            if form in ("longer", "sooner"):
                self.grant = Grant(want, form, now_s, want.arrives_s)
                self._seen[want.key] = "granted"
                self.ledger.counts.update(("granted", form))
                if want.why is not Why.PRIORITY:
                    self.ledger.counts[want.why.value] += 1
            else:
                self._note(want, form)

    def _note(self, want: Want, form: str) -> None:
        """Count why a request is not granted now, once; it may still be granted later."""
        if self._seen[want.key] == form:
            return
        if form == "needless":
            self.ledger.counts["needless"] += self._seen[want.key] == "asked"
        elif form != "wait" and self._seen[want.key] == "asked":
            self.ledger.refused[form] += 1
        if form != "wait":
            self._seen[want.key] = form

    def _form(self, now_s: float, step: int, left_s: float, group: int, want: Want) -> str:
        """Return how a request can be met: longer, sooner, needless, or why it is not (``wait``, ``late``)."""
        arrives = max(want.arrives_s - now_s, 0.0)
        margin = self.rules.margin_s + 0.1 * arrives
        for start, end in self.greens(step, left_s, group):
            if arrives + margin <= end and start <= arrives:
                return "needless"
            if start <= arrives + self.rules.margin_s and end < arrives + margin:
                need = arrives + margin - end
                if need > self._longest_s(want):
                    continue  # it would be too long: the next green, earlier
                return "longer" if start <= 0 else "wait"
            if start > arrives:
                saved = self._saved_s(step, left_s, now_s - self._began_s, start, want)
                if min(saved, start - arrives) < self.rules.worth_s:
                    return "late" if arrives < 1.0 else "wait"
                return "sooner"
        return "wait"

    def _longest_s(self, want: Want) -> float:
        plan = self.plan
        if want.why is Why.EMERGENCY:
            return self.rules.hold_most_s
        return float((plan.most_s - plan.seconds).max())

    def _floor_s(self, step: int, want: Want) -> float:
        """Return the seconds below which a step is not cut for a request."""
        least = float(self.plan.least_s[step])
        if want.why is Why.WALKERS:
            return max(least, min(float(self.plan.seconds[step]), self.rules.call_green_s))
        return least

    def _saved_s(self, step: int, left_s: float, spent_s: float, until_s: float, want: Want) -> float:
        """Return by how much the steps from now until ``until_s`` can be cut."""
        plan, k = self.plan, step
        saved = max(left_s - max(self._floor_s(step, want) - spent_s, 0.0), 0.0) if plan.free(step) else 0.0
        at = left_s
        while at < until_s - 0.01:
            k = (k + 1) % len(plan.seconds)
            at += float(plan.seconds[k])
            if plan.free(k):
                saved += max(float(plan.seconds[k]) - self._floor_s(k, want), 0.0)
        return saved

    # -- changing the running step -------------------------------------------------------------------------------

    def _serve(
        self, now_s: float, step: int, left_s: float, spent_s: float, demand: Mapping[int, Demand]
    ) -> Change | None:
        grant = self.grant
        assert grant is not None
        plan, want = self.plan, grant.want
        group, arrives = plan.group_of(want.phase), max(want.arrives_s - now_s, 0.0)
        if plan.green(step, group):
            last = not plan.green((step + 1) % len(plan.seconds), group)
            need = arrives + self.rules.margin_s
            if want.why is Why.WALKERS or not last or left_s >= need or need - left_s > self._longest_s(want):
                return None
            asked = need
        else:
            start = next((start for start, _ in self.greens(step, left_s, group)), 0.0)
            need = start - max(arrives - self.rules.margin_s, 0.0)
            if need < TOUCH_S or not plan.free(step):
                return None
            asked = max(left_s - need, self._floor_s(step, want) - spent_s, 0.0)
        change = self._change(step, left_s, asked, spent_s, want.why)
        if change is not None:
            moved = change.left_s - left_s
            grant.cost_vehicle_s += abs(moved) * self._standing(step, group, moved, demand)
        return change

    def _standing(self, step: int, group: int, moved_s: float, demand: Mapping[int, Demand]) -> int:
        """Return how many stand in the groups that a change takes time from: those red at a longer step, green at a cut one."""
        plan = self.plan
        return sum(
            demand[int(phase)].queue
            for k, phase in enumerate(plan.phase.tolist())
            if k != group and phase in demand and plan.green(step, k) == (moved_s < 0)
        )

    def _change(self, step: int, left_s: float, asked_s: float, spent_s: float, why: Why) -> Change | None:
        plan = self.plan
        extra = self.rules.hold_most_s if why is Why.EMERGENCY else 0.0
        left = bounded(plan, step, spent_s, left_s, asked_s, extra)
        if not plan.free(step) or abs(left - left_s) < TOUCH_S:
            return None
        return Change(plan.node, step, left, why)

    def _motor_green(self, step: int) -> bool:
        plan = self.plan
        return any(plan.green(step, k) for k in np.flatnonzero(~plan.walkers).tolist())

    def _by_demand(self, step: int, left_s: float, spent_s: float, demand: Mapping[int, Demand]) -> Change | None:
        """Draw a green out while somebody comes, end it when nobody does and others wait."""
        plan = self.plan
        if not plan.free(step) or not self._motor_green(step):
            return None
        own = [k for k in np.flatnonzero(~plan.walkers).tolist() if plan.green(step, k)]
        wanted = any(demand.get(int(plan.phase[k]), Demand()).soon for k in own)
        waiting = any(
            demand.get(int(phase), Demand()).queue
            for k, phase in enumerate(plan.phase.tolist())
            if not plan.green(step, k)
        )
        if wanted and left_s < 1.5:
            return self._change(step, left_s, left_s + self.rules.gap_s, spent_s, Why.ACTUATED)
        if not wanted and waiting and spent_s >= float(plan.least_s[step]):
            return self._change(step, left_s, 0.0, spent_s, Why.ACTUATED)
        return None

    def _recover(self, step: int, left_s: float, spent_s: float) -> Change | None:
        """Lead the plan back to where it would be: a share of each green at a time, once a step."""
        if self._recovered or abs(self.shift_s) < TOUCH_S or not self.plan.free(step) or not self._motor_green(step):
            return None
        self._recovered = True
        share = self.rules.recover_share * float(self.plan.seconds[step])
        return self._change(step, left_s, left_s - float(np.clip(self.shift_s, -share, share)), spent_s, Why.RECOVER)
