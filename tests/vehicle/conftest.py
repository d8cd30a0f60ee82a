from __future__ import annotations

import pytest

from jinyun.hdmap import Map
from jinyun.vehicle.shuttle.guideline import Guideline, guideline
from jinyun.zone import Zone
from tests.hdmap.reference import reference


@pytest.fixture(scope="session")
def here() -> Zone:
    return reference()[0]


@pytest.fixture(scope="session")
def precise_map() -> Map:
    return reference()[1]


@pytest.fixture(scope="session")
def loop(here: Zone, precise_map: Map) -> Guideline:
    return guideline(here, precise_map, next(line for line in here.lines if line.id == "L1"))
