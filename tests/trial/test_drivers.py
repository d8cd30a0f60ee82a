"""Drivers under test: each bad one fails what it should, the edges of collision are those of physics."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.trial.catalogue.items import load
from jinyun.trial.driver.cutin import braking_needs_m, human_needs_m, outcomes
from jinyun.trial.driver.reference import ABILITIES, Reference
from jinyun.trial.scenario.ranges import Spread, boundary
from tests.trial.support import numbers, played

CHOSEN = {
    "red_light": ("gbt41798-6.1.2", "gbt41798-6.1.3"), "green_light": ("gbt41798-6.1.1", "gbt41798-6.1.3"),
    "pedestrian": ("gbt41798-6.3.1", "gbt41798-6.3.3"), "cyclist": ("gbt41798-6.3.3", "gbt41798-6.3.1"),
    "obstacle": ("gbt41798-6.2.6", "gbt41798-6.6.1"), "release": ("gbt41798-6.7.1", "gbt41798-6.8.1"),
    "takeover_request": ("gbt41798-6.7.2", "gbt41798-6.7.1"), "minimal_risk": ("gbt41798-6.8.1", "gbt41798-6.7.2"),
    "stopping": ("gbt41798-6.6.1", "gbt41798-6.2.6"), "speed_limit": ("gbt41798-6.1.5", "gbt41798-6.7.1"),
    "stop_sign": ("gbt41798-6.1.7", "gbt41798-6.1.3"), "lane_keeping": ("gbt41798-6.1.8", "gbt41798-6.7.1"),
    "cooperation": ("v2x-vrucw", "gbt41798-6.1.2"), "changing": ("gbt41798-6.4.8", "gbt41798-6.4.9"),
    "passing": ("gbt41798-6.4.9", "gbt41798-6.2.6"), "lead": ("gbt41798-6.4.5", "gbt41798-6.1.3"),
    "cut_in": ("gbt41798-6.4.1", "gbt41798-6.4.2"), "crossing": ("gbt41798-6.4.6", "gbt41798-6.4.8"),
    "headway": ("gbt41798-6.4.5", "gbt41798-6.4.1"), "comfort": ("gbt41798-6.1.3", "gbt41798-6.1.5"),
}  # fmt: skip
"""By ability: an item that needs it, and one that does not."""


def test_every_item_says_which_abilities_it_needs_and_every_ability_is_needed() -> None:
    needed = {ability for item in load().values() for ability in item.form.needs}
    assert needed <= ABILITIES
    assert ABILITIES - needed == set()


def test_a_case_of_every_ability_is_chosen() -> None:
    assert set(CHOSEN) == ABILITIES


@pytest.mark.parametrize("ability", sorted(CHOSEN))
def test_a_driver_without_an_ability_fails_the_item_that_needs_it_and_no_other(ability: str) -> None:
    needs, other = CHOSEN[ability]
    items = load()
    assert ability in items[needs].form.needs
    assert ability not in items[other].form.needs
    outcomes_ = (played(needs, f"without_{ability}", **case.values).result.outcome for case in items[needs].cases())
    assert any(outcome == "fail" for outcome in outcomes_)  # which of them depends on what comes just then
    assert played(needs).result.outcome == "pass"
    assert played(other, f"without_{ability}").result.outcome == "pass"


@pytest.mark.long
@pytest.mark.parametrize("ability", sorted(ABILITIES))
def test_a_bad_driver_fails_exactly_the_items_that_need_what_it_lacks(ability: str) -> None:
    """Of items that it should pass one case is played, of those that it should fail as many as it takes."""
    failed = set()
    for item in load().values():
        cases = item.cases() if ability in item.form.needs else [item.cases()[len(item.cases()) // 2]]
        if any(played(item.id, f"without_{ability}", **case.values).result.outcome != "pass" for case in cases):
            failed.add(item.id)
    assert failed == {item.id for item in load().values() if ability in item.form.needs}


def test_the_same_case_has_the_same_digest_twice() -> None:
    assert played("gbt41798-6.3.1").result.digest == played("gbt41798-6.3.1").result.digest


@pytest.mark.parametrize("slower_kmh", [30.0, 40.0])
def test_the_reference_drivers_edge_of_collision_at_a_sudden_cut_in_is_its_hardest_braking(slower_kmh: float) -> None:
    """Somebody appears in the lane within a step: the least gap is closing speed squared over twice the braking."""

    def passes(values: dict[str, float]) -> bool:
        run = played("gbt41798-6.4.1", ego_kmh=50, slower_kmh=slower_kmh, seconds=0.05, **values)
        return run.result.outcome == "pass"

    step = 0.5
    edge = boundary(passes, "gap_m", Spread(low=0.5, high=20), [{}], step)[0]
    closing = slower_kmh / 3.6
    # Two steps of 0.1 s pass until the driver has seen it in the lane and its command works; half a metre it keeps.
    exact = braking_needs_m(closing, Reference().manner.hardest_mps2, delay_s=0.2)
    assert edge.fails - step <= exact <= edge.passes + step


@pytest.mark.parametrize("inwards", [0.8, 1.2, 1.8])
def test_the_careful_humans_edge_of_collision_is_the_closed_form_within_a_step_of_the_grid(inwards: float) -> None:
    gap = np.arange(1.0, 80.0, 0.5)
    for closing in (6.0, 9.0, 12.0):
        v = np.full(len(gap), 25.0)
        contact = outcomes("careful_human", v, v - closing, gap, inwards, numbers(), dt=0.01).contact
        wait = (numbers()["human_wandering_m"] + numbers()["human_perception_m"]) / inwards
        exact = human_needs_m(closing, inwards, numbers())
        if (exact - closing * wait) / closing > numbers()["human_critical_ttc_s"]:
            continue  # it waits for the critical time to collision: another formula
        edge = gap[contact].max() + 0.5  # nearer still, it is past before the other is in its lane
        assert abs(edge - exact) <= 0.5 + closing * 0.01


def test_who_reacts_sooner_avoids_more() -> None:
    gap, closing = np.meshgrid(np.arange(1.0, 60.0), np.arange(2.0, 16.0, 2.0))
    v = np.full(gap.shape, 20.0)
    late = dict(numbers(), human_reaction_s=1.5)
    usual = outcomes("careful_human", v, v - closing, gap, 1.2, numbers()).contact
    assert usual.sum() < outcomes("careful_human", v, v - closing, gap, 1.2, late).contact.sum()
