"""Plans against brute force, an independent graph library, and the small networks of which everything is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinyun.growth import asking, baselines, windows
from jinyun.growth.demand import Demand
from jinyun.growth.description import Points, Stage
from jinyun.growth.network import Network
from jinyun.growth.plan import GROUND, Effort, Plan, described, plan, sound, total
from jinyun.growth.problem import Problem, connected, problem, shares, used, value
from jinyun.growth.relaxation import Relaxation
from jinyun.zone import load_profile, profiles_dir

PROFILE = load_profile(profiles_dir() / "national-2020.toml")
SIDE = 4


def grid(seed: int, side: int = SIDE) -> tuple[Network, Demand]:
    """Return a square grid of 1 km streets, one street of it open, with drawn trips, lines, anchors and cells."""
    rng = np.random.default_rng(seed)
    at = [(i, j) for j in range(side) for i in range(side)]
    ends = [
        (u, v)
        for u in range(len(at))
        for v in range(u + 1, len(at))
        if sum(abs(a - b) for a, b in zip(at[u], at[v], strict=True)) == 1
    ]
    m = len(ends)
    a, b = (np.array([e[k] for e in ends], np.int32) for k in (0, 1))
    x, y = (np.array([p[k] for p in at], float) * 1000 for k in (0, 1))
    open_ = np.zeros(m, bool)
    open_[0] = True
    network = Network(
        tuple(f"J{i}" for i in range(len(at))), x, y, tuple(f"s{e}" for e in range(m)), a, b, rng.uniform(600, 1400, m),
        np.ones(m, np.int8), np.zeros(m), open_, tuple(np.array([[x[u], y[u]], [x[v], y[v]]]) for u, v in ends),
    )  # fmt: skip
    graph = nx.Graph([(int(u), int(v), {"e": e}) for e, (u, v) in enumerate(ends)])
    pairs, routes = [], []
    for _ in range(6):
        u, v = (int(i) for i in rng.choice(len(at), 2, replace=False))
        path = nx.shortest_path(graph, u, v)
        pairs.append((u, v))
        routes.append((tuple(sorted(graph.edges[s]["e"] for s in zip(path, path[1:]) if graph.edges[s]["e"] > 0)),))  # noqa: B905, RUF007
    demand = Demand(
        tuple(pairs), rng.uniform(10, 100, 6), tuple(routes), rng.uniform(0, 500, m),
        tuple((int(v),) for v in rng.choice(np.arange(2, len(at)), 3, replace=False)), rng.uniform(1, 5, 3),
        tuple((int(e),) for e in range(1, m)), rng.uniform(1, 3, m - 1), np.zeros(m - 1, np.int8), np.zeros((m - 1, 2)),
    )  # fmt: skip
    return network, demand


def stages(*km: float, money: float = 1000, points: Points | None = None) -> list[Stage]:
    aims = points or Points(corridor=25, anchors=25, trips=25, loops=5, area=15, density=5)
    return [
        Stage(id=f"s{i}", zh="段", en="Stage", km=k, budget_mcny=money, tunnel_km=0, points=aims)
        for i, k in enumerate(km)
    ]


def replace_stage(stage: Stage, test_cars: float) -> Stage:
    return stage.model_copy(update={"test_cars": test_cars})


def question(seed: int, *km: float, side: int = SIDE, money: float = 1000) -> Problem:
    network, demand = grid(seed, side)
    p = problem(network, demand, stages(*km, money=money), PROFILE)
    return replace(p, low=np.maximum(p.low - [1.2, 0, 0, 0], 0))  # streets of 1 km do not add up to a hundredth


def by_graph(p: Problem, chosen: np.ndarray) -> bool:
    """Return whether chosen candidates and what is open hang together, by networkx on the network's own junctions."""
    net = p.network
    rows = [*np.flatnonzero(net.open), *p.segment[chosen]]
    return nx.is_connected(nx.Graph([(int(net.a[e]), int(net.b[e])) for e in rows]))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_plan_of_all_there_are_exceeds_the_bound_and_the_best_is_found(seed: int) -> None:
    p = question(seed, 4.0, side=3)
    best = -np.inf
    for bits in product((False, True), repeat=len(p.a)):
        chosen = np.array(bits)
        over = used(p, chosen)
        if (over <= p.high[0] + 1e-9).all() and (over >= p.low[0] - 1e-9).all() and by_graph(p, chosen):
            best = max(best, value(p, chosen, 0))
    bound = Relaxation(p).grow(30)
    assert bound >= best - 1e-6
    if np.isfinite(best):
        found = plan(p, Effort(tries=60, moves=40_000, bound_s=10, polish_s=0.5))
        assert sum(found.points) == pytest.approx(best, abs=1e-6)
        assert bound <= best * 1.25


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_a_window_over_everything_finds_the_best_of_all_plans_there_are(seed: int) -> None:
    p = question(seed, 4.0, side=3)
    best, start = -np.inf, None
    for bits in product((False, True), repeat=len(p.a)):
        chosen = np.array(bits)
        over = used(p, chosen)
        if (over <= p.high[0] + 1e-9).all() and (over >= p.low[0] - 1e-9).all() and by_graph(p, chosen):
            start = chosen if start is None else start
            best = max(best, value(p, chosen, 0))
    assert start is not None
    first = np.where(start, 0, 1).astype(np.int32)
    found = windows.improved(p, first, 0, np.ones(len(p.a), bool), 60.0)
    level = first if found is None else found
    assert value(p, level == 0, 0) == pytest.approx(best, abs=1e-6)


def test_a_window_changes_no_other_stage_and_tears_nothing() -> None:
    p = question(5, 5.0, 9.0, 14.0)
    level = known(p).level
    rng = np.random.default_rng(2)
    for k in (0, 1, 2, 1, 0):
        found = windows.improved(p, level, k, rng.random(len(level)) < 0.6, 60.0)
        if found is None:
            continue
        for other in range(p.stages):
            assert by_graph(p, found <= other)
            assert other == k or np.array_equal(found <= other, level <= other)
        assert value(p, found <= k, k) > value(p, level <= k, k)
        level = found


def test_a_bound_broken_off_midway_still_lies_above_the_bound_of_the_end() -> None:
    p = question(8, 6.0)
    ended = Relaxation(p).grow(30)
    broken = Relaxation(p)
    broken.solver.setOptionValue("simplex_iteration_limit", 25)
    broken.solver.run()
    assert broken.constant + broken.priced_bound() >= ended - 1e-6


def test_every_stage_of_a_plan_is_connected_by_an_independent_graph_library() -> None:
    p = question(5, 5.0, 9.0, 14.0)
    found = plan(p, Effort(tries=9, moves=20_000, bound_s=10, polish_s=0.5))
    for k in range(p.stages):
        assert by_graph(p, found.level <= k)
        assert p.low[k, 0] - 1e-6 <= used(p, found.level <= k)[0] <= p.high[k, 0] + 1e-6
    said = described(p, found)
    assert [row["connected"] for row in said] == [True] * 3
    assert said[-1]["total_km"] == pytest.approx(p.network.open_km + sum(row["opened_km"] for row in said), abs=0.01)
    assert sum(found.points) <= sum(bound.points for bound in found.bounds) + 1e-6
    assert total(p, found.level) >= total(p, baselines.greedy(p)) - 1e-9 or not sound(p, baselines.greedy(p))


def test_connection_is_judged_as_networkx_judges_it() -> None:
    p = question(7, 5.0)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(300):
        chosen = rng.random(len(p.a)) < rng.uniform(0.1, 0.7)
        assert connected(p, chosen) == by_graph(p, chosen)
        seen.add(connected(p, chosen))
    assert seen == {True, False}


def test_all_open_serves_everything_and_nothing_open_serves_what_is_served_today() -> None:
    p = question(3, 5.0)
    everything = shares(p, np.ones(len(p.a), bool))
    assert everything[:5] == pytest.approx(1)
    assert shares(p, np.zeros(len(p.a), bool)) == pytest.approx(p.already)


def test_a_trip_counts_only_when_its_whole_way_is_open() -> None:
    p = question(3, 5.0)
    way = max(range(len(p.routes)), key=lambda r: len(p.routes[r]))
    chosen = np.zeros(len(p.a), bool)
    chosen[p.routes[way]] = True
    whole = shares(p, chosen)[2]
    chosen[p.routes[way][0]] = False
    assert whole - shares(p, chosen)[2] >= p.pair_worth[p.pair[way]] - 1e-12


def test_the_state_of_the_search_agrees_with_a_fresh_count_after_many_toggles() -> None:
    from jinyun.growth import search

    p = question(11, 5.0, 9.0)
    inst = search.instance(p)
    st = search.state(p, inst, np.full(len(p.a), p.stages, np.int32))
    rng = np.random.default_rng(3)
    for _ in range(500):
        search._toggle(inst, st, int(rng.integers(p.stages)), int(rng.integers(len(p.a))))
    for k in range(p.stages):
        assert st.points[k] == pytest.approx(value(p, st.open[k], k))
        assert st.used[k] == pytest.approx(used(p, st.open[k]))


def known(p: Problem) -> Plan:
    return plan(p, Effort(tries=9, moves=20_000, bound_s=10, polish_s=0.5))


def test_what_is_forbidden_stays_closed_what_is_wanted_opens_in_time_and_the_bound_holds() -> None:
    p = question(5, 5.0, 9.0)
    base = known(p)
    lost = p.network.segments[p.segment[int(np.argmin(base.level))]]
    never = next(p.network.segments[p.segment[e]] for e in np.flatnonzero(base.level == p.stages))
    for asked in (asking.Question(without=(lost,)), asking.Question(open_in=((never, 0),))):
        found = asking.answer(p, base, asked)
        opened = {id for stage in found["stages"] for id in stage["segments"]}
        assert lost not in opened or not asked.without
        assert never in found["stages"][0]["segments"] or not asked.open_in
        assert all(by_graph(p, found["level"] <= k) for k in range(p.stages))
        assert found["value"] <= found["bound"] + 1e-6


def test_a_bound_for_more_kilometres_is_no_lower_than_what_a_new_plan_brings() -> None:
    p = question(5, 5.0, 9.0)
    base = known(p)
    wider = asking.changed(p, asking.Question(km=1.3))
    assert asking.bounded(p, wider, base) >= sum(known(wider).points) - 1e-6


@pytest.mark.parametrize(("trips", "lines"), [(1.5, 1.0), (0.6, 1.0), (1.0, 1.4), (1.3, 0.5)])
def test_with_other_demand_the_kept_plan_is_counted_anew_and_no_new_plan_exceeds_the_bound(
    trips: float, lines: float
) -> None:
    p = question(5, 5.0, 9.0)
    base = known(p)
    asked = asking.Question(trips=trips, lines=lines)
    q = asking.changed(p, asked)
    for k in range(p.stages):
        before, now = (shares(one, base.level <= k) for one in (p, q))
        assert now == pytest.approx(before * [lines, 1, trips, 1, 1, 1])
    found = asking.answer(p, base, asked)
    assert found["kept"] - 1e-9 <= found["value"] <= found["bound"] + 1e-6
    assert sum(known(q).points) <= found["bound"] + 1e-6


def test_a_stage_that_must_carry_test_cars_opens_roads_that_carry_them() -> None:
    network, demand = grid(6)
    kind = np.ones(len(network.a), np.int8)
    kind[::2] = 2  # every other one a country road, which carries fewer
    asked = [replace_stage(one, 7.0) for one in stages(9.0)]
    p = problem(replace(network, kind=kind), demand, asked, PROFILE)
    p = replace(p, low=np.maximum(p.low - [1.2, 0, 0, 0], 0))
    found = known(p)
    net, chosen = p.network, found.level == 0
    rows = [*np.flatnonzero(net.open), *p.segment[chosen]]
    carried = sum((0.5 if kind[e] == 2 else 1.0) * net.length_m[e] / 1000 for e in rows)
    assert carried >= 7.0 - 1e-6
    assert described(p, found)[0]["test_cars"] == pytest.approx(carried, abs=0.06)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), km=st.floats(3.5, 12.0), money=st.sampled_from([4.0, 7.0, 1000.0]))
def test_what_every_way_of_planning_makes_hangs_together_and_keeps_the_money(
    seed: int, km: float, money: float
) -> None:
    p = question(seed, km, km + 4.0, money=money)
    bound = sum(value(p, np.ones(len(p.a), bool), k) for k in range(p.stages))
    for level in (baselines.greedy(p), baselines.greedy(p, GROUND), baselines.rings(p)):
        for k in range(p.stages):
            assert by_graph(p, level <= k)
            assert (used(p, level <= k) <= p.high[k] + 1e-6).all()
        assert total(p, level) <= bound + 1e-9


def test_a_question_about_no_candidate_is_refused_with_its_name() -> None:
    p = question(5, 5.0)
    with pytest.raises(asking.QuestionError, match="s0"):
        asking.answer(p, known(p), asking.Question(without=("s0",)))


def test_the_margin_of_a_segment_is_what_the_plan_loses_without_it_and_what_hangs_on_it() -> None:
    p = question(9, 6.0)
    base = known(p)
    for row, e in zip(asking.margins(p, base), range(len(p.a)), strict=True):
        if base.level[e] == 0:
            rest = base.level == 0
            rest[e] = False
            net = p.network
            graph = nx.Graph([(int(net.a[f]), int(net.b[f])) for f in [*np.flatnonzero(net.open), *p.segment[rest]]])
            joined = nx.node_connected_component(graph, int(net.a[0]))
            rest &= np.isin(net.a[p.segment], list(joined))
            assert row["points"] == pytest.approx(abs(base.points[0] - value(p, rest, 0)), abs=1e-4)
