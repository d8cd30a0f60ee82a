"""The chain's figures on data made by hand, where each answer is known in closed form."""

from __future__ import annotations

import math

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinyun.industry import measures, sample
from jinyun.industry.forecast import forecast
from jinyun.industry.register import Register


def firm(id: str, link: str, local: bool = True) -> dict[str, object]:
    return {"firm": id, "name": id, "link": link, "local": local, "employees": 10}


def hand_made() -> Register:
    return Register(
        firms=[firm("V", "vehicle"), firm("C1", "chips", False), firm("C2", "chips", False), firm("S", "sensors"),
               firm("D", "domain_controller")],
        products=[{"product": p, "firm": f, "link": k, "name": p} for p, f, k in
                  (("c1", "C1", "chips"), ("c2", "C2", "chips"), ("s", "S", "sensors"), ("d", "D", "domain_controller"))],
        supplies=[{"product": p, "buyer": b, "value_cny": v, "year": 2025} for p, b, v in
                  (("c1", "V", 30.0), ("c2", "V", 10.0), ("s", "V", 40.0), ("d", "V", 20.0), ("c1", "D", 5.0))],
    )  # fmt: skip


def test_the_herfindahl_index_of_equal_and_of_unequal_shares() -> None:
    assert measures.herfindahl([5, 5, 5, 5]) == pytest.approx(0.25)
    assert measures.herfindahl([3, 1]) == pytest.approx(0.5625 + 0.0625)
    assert measures.herfindahl([7, 0]) == 1
    assert measures.herfindahl([]) is None


@given(st.lists(st.floats(0.01, 1e9), min_size=1, max_size=30))
def test_the_herfindahl_index_lies_between_one_over_n_and_one(values: list[float]) -> None:
    found = measures.herfindahl(values)
    assert found is not None and 1 / len(values) - 1e-9 <= found <= 1 + 1e-9


def test_local_matching_is_what_local_buyers_buy_of_local_makers() -> None:
    assert measures.matching_rate(hand_made())["share"] == pytest.approx(60 / 105)


def test_coverage_names_the_links_that_no_local_firm_holds() -> None:
    found = measures.coverage(hand_made())
    assert found["covered"] == 3 and "chips" in found["gaps"] and "vehicle" not in found["gaps"]


def test_single_sources_are_those_whose_removal_leaves_a_buyer_without_a_link() -> None:
    register = hand_made()
    found = {(row["buyer"], row["link"]): row["supplier"] for row in measures.single_sources(register)}
    assert found == {("V", "sensors"): "S", ("V", "domain_controller"): "D", ("D", "chips"): "C1"}
    assert next(row for row in measures.single_sources(register) if row["buyer"] == "D")["reach"] == 2


def test_what_lies_downstream_agrees_with_networkx() -> None:
    register = sample.draw(7)
    maker = {row["product"]: row["firm"] for row in register.products}
    edges = [(maker[row["product"]], row["buyer"]) for row in register.supplies if row["year"] == 2025]
    graph = nx.DiGraph(edges)
    onward: dict[str, set[str]] = {}
    for seller, buyer in edges:
        onward.setdefault(seller, set()).add(buyer)
    for seller in onward:
        assert measures.downstream(onward, seller) == nx.descendants(graph, seller)


def test_growth_of_three_quarters_is_of_the_same_three_quarters() -> None:
    points = [("2024-Q1", 100.0), ("2024-Q2", 100.0), ("2024-Q3", 100.0), ("2024-Q4", 900.0), ("2025-Q1", 152.0),
              ("2025-Q2", 150.0), ("2025-Q3", 155.2)]  # fmt: skip
    last = measures.growth(points)[-1]
    assert last["so_far_year_on_year"] == pytest.approx(0.524)
    assert last["year_on_year"] == pytest.approx(0.552)
    assert measures.growth(points)[0]["year_on_year"] is None


def test_the_share_of_the_nation_is_over_the_periods_both_report() -> None:
    register = Register(output=[
        {"period": period, "measure": "icv_vehicles", "region": region, "value": value}
        for period, region, value in (("2025-Q1", "city", 10.0), ("2025-Q1", "nation", 100.0), ("2025-Q2", "city", 12.0))
    ])  # fmt: skip
    assert measures.share_of_nation(register) == [
        {"year": 2025, "periods": 1, "ours": 10.0, "nation": 100.0, "share": 0.1}
    ]


def test_a_series_of_constant_growth_is_foretold_exactly() -> None:
    points = [(f"{2022 + q // 4}-Q{q % 4 + 1}", 100 * 1.1**q) for q in range(6)]
    found = forecast(points, 3)
    assert [row["value"] for row in found] == pytest.approx([100 * 1.1**q for q in (6, 7, 8)])
    assert found[0]["period"] == "2023-Q3"
    assert all(row["high"] - row["low"] < 1e-6 for row in found)


def test_nine_of_ten_futures_lie_in_the_interval_of_nine_tenths() -> None:
    import numpy as np

    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(400):
        values = np.exp(3 + 0.02 * np.arange(13) + rng.normal(0, 0.1, 13))
        points = [(f"{2022 + q // 4}-Q{q % 4 + 1}", float(v)) for q, v in enumerate(values[:12])]
        row = forecast(points, 1)[0]
        inside += row["low"] <= values[12] <= row["high"]
    assert abs(inside / 400 - 0.9) < 4 * math.sqrt(0.9 * 0.1 / 400)


def test_too_short_a_history_is_foretold_by_nothing() -> None:
    assert forecast([("2025-Q1", 1.0), ("2025-Q2", 2.0), ("2025-Q3", 3.0)], 2) == []
