"""The drawn network: the size that the zone asks for, the same each time, joined, and hills crossed by tunnels alone."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from jinyun import zone as zones
from jinyun.growth import keeping
from jinyun.growth.drawing import at_random, draw
from jinyun.zone import ZoneError


@pytest.fixture(scope="module")
def question() -> keeping.Question:
    return keeping.Question(zones.load(zones.find("science-city")))


def test_the_reference_zone_has_600_km_of_candidates_in_1198_km2_around_its_42_open_km(
    question: keeping.Question,
) -> None:
    west, south, east, north = question.growth.extent_m
    assert (east - west) * (north - south) / 1e6 == pytest.approx(1198, abs=0.1)
    assert question.network.candidate_km >= 600
    assert 42 <= question.network.open_km < 43
    assert question.network.simulated and question.growth.simulated


def test_what_is_drawn_is_joined_and_drawn_again_is_the_same(question: keeping.Question) -> None:
    net = question.network
    graph = nx.Graph(zip(net.a.tolist(), net.b.tolist(), strict=True))
    assert nx.is_connected(graph)
    again = draw(question.zone, question.growth)
    assert again.segments == net.segments
    assert np.array_equal(again.length_m, net.length_m)


def test_no_road_is_shorter_than_the_way_through_the_air(question: keeping.Question) -> None:
    net = question.network
    straight = np.hypot(net.x_m[net.a] - net.x_m[net.b], net.y_m[net.a] - net.y_m[net.b])
    drawn = np.array(["." not in id for id in net.segments])
    assert (net.length_m[drawn] >= straight[drawn] * 0.999).all()


def test_routes_of_a_trip_join_its_ends(question: keeping.Question) -> None:
    net, demand = question.network, question.demand
    opened = [(int(net.a[e]), int(net.b[e])) for e in np.flatnonzero(net.open)]
    for (start, goal), ways in list(zip(demand.pairs, demand.routes, strict=True))[::25]:
        for way in ways:
            graph = nx.Graph([*opened, *((int(net.a[e]), int(net.b[e])) for e in way)])
            assert way == () or nx.has_path(graph, start, goal)


def test_all_money_and_kilometres_of_the_stages_are_within_what_there_is(question: keeping.Question) -> None:
    p = question.problem
    assert (p.low <= p.high).all()
    assert p.high[-1, 0] < p.use[0].sum()


def test_a_random_network_has_about_the_size_asked_for_and_is_joined() -> None:
    net = at_random(3, 400)
    assert 300 <= len(net.segments) <= 500
    assert nx.is_connected(nx.Graph(zip(net.a.tolist(), net.b.tolist(), strict=True)))
    assert net.open_km >= 30


def test_a_description_with_faults_is_refused_with_all_of_them(tmp_path: object) -> None:
    from pathlib import Path

    from jinyun.growth.description import read

    folder = Path(str(tmp_path))
    text = (zones.find("science-city") / "growth.toml").read_text(encoding="utf-8")
    text = text.replace('via = ["centre", "station"]', 'via = ["centre", "stattion"]').replace("km = 300", "km = 100")
    (folder / "growth.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ZoneError) as refused:
        read(folder)
    assert any("did you mean 'station'" in line for line in refused.value.messages)
    assert any("stages[1].km" in line for line in refused.value.messages)
