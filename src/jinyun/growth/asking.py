"""What if: one more road, one road less, more money, more trips; answered in seconds from a plan that is known.

The answer is a plan near the known one, built again where it changed. Its bound comes free of charge: the relaxation's
prices bound what a change of limits can bring (weak duality of linear programs), and forcing or forbidding a road can
only take away. More trips or passengers of lines can bring no more than their share of the points grows, fewer no more
than before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jinyun.growth import baselines, rebuilding, search
from jinyun.growth.baselines import MONEY
from jinyun.growth.network import Bools, Floats, Ints
from jinyun.growth.plan import GROUND, Plan, described, places, sound, total
from jinyun.growth.problem import AIMS, LIMITS, Problem, value


class QuestionError(ValueError):
    """The question names a segment or a stage that is not there, or no plan answers it."""


@dataclass(frozen=True)
class Question:
    """Changes to a plan: segments to open in a stage at the latest, segments never to open, factors of budgets and demand.

    ``trips``, ``lines``: trips per day, and passengers and loads of lines, times this; shares stay of what there is now.
    """

    open_in: tuple[tuple[str, int], ...] = ()
    without: tuple[str, ...] = ()
    budget: float = 1.0
    km: float = 1.0
    trips: float = 1.0
    lines: float = 1.0


def changed(p: Problem, question: Question) -> Problem:
    """Return the problem with the question's limits and demand, each aim measured by the whole that it was of before."""
    low, high = p.low.copy(), p.high.copy()
    high[:, LIMITS.index("cost")] *= question.budget
    high[:, LIMITS.index("km")] *= question.km
    low[:, LIMITS.index("km")] *= question.km
    weight, already = p.weight.copy(), p.already.copy()
    for aim, factor in (("corridor", question.lines), ("trips", question.trips)):
        weight[AIMS.index(aim)] *= factor
        already[AIMS.index(aim)] *= factor
    return replace(p, low=low, high=high, weight=weight, already=already, pair_worth=p.pair_worth * question.trips)


def answer(p: Problem, known: Plan, question: Question, tries: int = 6, seed: int = 1) -> dict[str, Any]:
    """Return the plan that answers a question, what it brings against the known one, and its bound.

    ``kept``: what the known plan itself would bring then, None where the question rules it out.

    Raises :class:`QuestionError`.
    """
    q = changed(p, question)
    row = {p.network.segments[e]: i for i, e in enumerate(p.segment)}
    for id in [*question.without, *(id for id, _ in question.open_in)]:
        if id not in row:
            raise QuestionError(f"{id!r} is no candidate segment")
    for id, stage in question.open_in:
        if not 0 <= stage < p.stages:
            raise QuestionError(f"{id}: no stage {stage + 1}, there are {p.stages}")
        if id in question.without:
            raise QuestionError(f"{id}: both to open and never to open")
    banned = np.zeros(len(p.a), bool)
    banned[[row[id] for id in question.without]] = True
    wanted = np.full(len(p.a), p.stages, np.int32)
    for id, stage in question.open_in:
        wanted[row[id]] = stage
    level = known.level
    for price in (GROUND, GROUND + MONEY, 0.2 * GROUND + MONEY):  # with dear money, cheaper roads
        level = _near(q, known.level, banned, wanted, price, tries, seed)
        if sound(q, level):
            break
    kept = total(q, known.level)
    holds = sound(q, known.level) and not (banned & (known.level < p.stages)).any() and (known.level <= wanted).all()
    if holds and (not sound(q, level) or kept > total(q, level)):
        level = known.level
    if not sound(q, level):
        raise QuestionError("no plan near the known one keeps kilometres, budget and connection with these changes")
    points = tuple(value(q, level <= k, k) for k in range(q.stages))
    bound = bounded(p, q, known)
    found = replace(known, level=level, points=points)
    return {
        "value": sum(points), "was": sum(known.points), "change": sum(points) - sum(known.points),
        "kept": kept if holds else None, "bound": bound,
        "gap": bound / sum(points) - 1, "stages": described(q, found), "level": level,
    }  # fmt: skip


def bounded(p: Problem, q: Problem, known: Plan) -> float:
    """Return what no plan of ``q`` (:func:`changed`) exceeds: the known bounds and, at their prices, the changes of limits.

    A share of more than all there was before is counted at its points: that much more demand can bring at most.
    """
    more = 0.0
    for k, bound in enumerate(known.bounds):
        binds = np.isfinite(p.high[k])
        more += bound.points + float(bound.prices[binds] @ np.maximum(q.high[k, binds] - p.high[k, binds], 0))
        more += float(p.points[k] @ np.maximum(_whole(q) - _whole(p), 0))
    return more


def _whole(p: Problem) -> Floats:
    """Return the share that each aim has when everything is open; only that of trips and lines changes with demand."""
    found = np.ones(len(AIMS))
    found[AIMS.index("corridor")] = p.already[AIMS.index("corridor")] + p.weight[AIMS.index("corridor")].sum()
    found[AIMS.index("trips")] = p.already[AIMS.index("trips")] + p.pair_worth.sum()
    return found


def _near(p: Problem, level: Ints, banned: Bools, wanted: Ints, price: Floats, tries: int, seed: int) -> Ints:
    """Return a plan near ``level`` without the banned and with the wanted candidates, built again where that tears it."""
    inst = search.instance(p)
    x, y = places(p)
    may = ~banned
    cost = baselines.priced(p, price)
    even = np.ones(len(level))
    result = np.full(len(level), p.stages, np.int32)
    for k in range(p.stages):
        keep = ((level <= k) | (wanted <= k)) & may
        start = np.where(keep | (result < k), np.minimum(result, k), p.stages).astype(np.int32)
        locked = (result < k) | (wanted <= k)
        st = search.state(p, inst, start)
        for e in np.flatnonzero(wanted <= k):
            _join(inst, st, k, int(e), cost, may)
        rebuilding.prune(inst, st, k, np.empty(p.many_junctions, np.bool_))
        rebuilding.shrink(inst, st, k, cost, locked)
        rebuilding.extend(inst, st, k, price, cost, even, may)
        rebuilding.fill(inst, st, k, np.flatnonzero(may)[np.argsort(cost[may])].astype(np.int32))
        rebuilding.rebuild(inst, st, k, price, x, y, may, st.open[k] & locked, even, tries, seed, 0.05)
        result[st.open[k] & (result > k)] = k
    if sound(p, result):
        better, _ = search.improve(
            p, result, moves=40_000, seed=seed, hot=0.02, cold=0.002, free=may & (wanted == p.stages)
        )
        if sound(p, better) and total(p, better) >= total(p, result):
            return better
    return result


def _join(inst: search.Instance, st: search.State, k: int, e: int, cost: Floats, may: Bools) -> None:
    """Open a wanted candidate and the cheapest way to it."""
    n = len(st.mark)
    before, far = np.empty(n, np.int32), np.empty(n)
    barred = np.where(may, cost, 1e9)
    rebuilding.ways_from_open(inst, st, k, barred, before, far, np.empty(n, np.int32), np.empty(n, np.int32))
    v = int(inst.a[e]) if far[inst.a[e]] <= far[inst.b[e]] else int(inst.b[e])
    if not st.open[k, e]:
        search._toggle(inst, st, k, e)
    while before[v] >= 0:
        step = int(before[v])
        if not st.open[k, step]:
            search._toggle(inst, st, k, step)
        v = int(inst.a[step] + inst.b[step]) - v


def margins(p: Problem, plan: Plan) -> list[dict[str, Any]]:
    """Return for each candidate what it is worth at the margin, in points of all stages and per million CNY.

    Opened ones: what the plan loses without it and all that only it joins, over the stages it is open in, and the money
    that frees. Others: what the last stage gains with it alone, None where it would not join.
    """
    inst = search.instance(p)
    told = []
    room = np.empty(p.many_junctions, np.bool_)
    base = search.state(p, inst, plan.level)
    points, spent = base.points.copy(), base.used.copy()
    last = p.stages - 1
    for e in range(len(p.a)):
        stages = range(int(plan.level[e]), p.stages) if plan.level[e] < p.stages else range(last, p.stages)
        opened = plan.level[e] < p.stages
        gain, money, joins = 0.0, 0.0, True
        for k in stages:
            was = base.open[k].copy()
            joins = opened or base.degree[k, p.a[e]] > 0 or base.degree[k, p.b[e]] > 0
            if not joins:
                break
            search._toggle(inst, base, k, e)
            if opened:
                rebuilding.prune(inst, base, k, room)
            gain += abs(points[k] - base.points[k]) if opened else base.points[k] - points[k]
            if k == last:
                money = abs(float(spent[k, 1] - base.used[k, 1]))
            for f in np.flatnonzero(base.open[k] != was):
                search._toggle(inst, base, k, int(f))
            points[k], spent[k] = base.points[k], base.used[k]
        told.append({
            "segment": p.network.segments[p.segment[e]], "stage": int(plan.level[e]) if opened else None,
            "points": round(float(gain), 5) if joins else None, "cost_mcny": round(money, 4) if joins else None,
            "points_per_mcny": round(float(gain) / money, 5) if joins and money > 0 else None,
        })  # fmt: skip
    return told


def sensitivity(p: Problem, known: Plan, factors: tuple[float, ...] = (0.8, 0.9, 1.1, 1.2)) -> list[dict[str, Any]]:
    """Return what changed budgets, kilometres, trips and lines would bring: value found, bound, or why there is no plan."""
    told = []
    for what in ("budget", "km", "trips", "lines"):
        for factor in factors:
            asked: dict[str, Any] = {what: factor}
            question = Question(**asked)
            try:
                found = answer(p, known, question, tries=2)
                told.append(
                    {"of": what, "factor": factor, "value": found["value"], "bound": found["bound"], "reason": None}
                )
            except QuestionError as error:
                told.append({"of": what, "factor": factor, "value": None, "bound": bounded(p, changed(p, question), known),
                             "reason": str(error)})  # fmt: skip
    return told
