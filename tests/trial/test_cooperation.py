"""Cooperation tells: who hears messages passes what who hears none fails, for each application of the catalogue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jinyun.trial.catalogue.items import Item, load
from jinyun.trial.driver.interface import Command, Mission, Observation, Offer
from jinyun.trial.driver.reference import Reference
from jinyun.trial.verdict.case import run
from tests.trial.support import limits, played

TOLD = [item for item in load().values() if "cooperation" in item.form.needs]


class Deaf:
    """The reference driver to whom nothing is passed on that is known by message only; it knows nothing of its deafness."""

    name, version = "deaf", "1"

    def __init__(self) -> None:
        self.driver = Reference()

    def begin(self, mission: Mission) -> None:
        self.driver.begin(mission)

    def drive(self, observation: Observation) -> Command:
        return self.driver.drive(replace(
            observation, seen=tuple(replace(one, emergency=False) for one in observation.seen if not one.heard),
            lights=tuple(light for light in observation.lights if not light.heard),
            posted=tuple(one for one in observation.posted if not one.heard),
        ))  # fmt: skip


def test_there_is_an_item_of_each_application_that_asks_something_of_a_vehicle() -> None:
    assert {item.form.clause for item in TOLD if item.sheet.id == "v2x"} == {
        "FCW", "ICW", "LTA", "BSW", "DNPW", "EBW", "AVW", "CLW", "HLW", "SLW", "RLVW", "VRUCW", "GLOSA", "IVS", "TJW", "EVW",
        "VNFP", "SDS", "CLC", "CIP", "CVM", "DLM", "CHPVP", "VRUSP",
    }  # fmt: skip


@pytest.mark.parametrize("item", TOLD, ids=lambda item: item.id)
def test_only_who_hears_passes(item: Item) -> None:
    deaf = Offer("deaf", "", "", Deaf)
    cases = item.cases()
    for case in (cases[0], cases[-1]):
        assert run(item, case, deaf, limits()).result.outcome == "fail", case
        assert played(item.id, **case.values).result.outcome == "pass", case
