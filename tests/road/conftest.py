"""The reference zone and its map, for the rooms of the road."""

import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.hdmap import Map
from jinyun.zone import Zone


@pytest.fixture(scope="session")
def here() -> Zone:
    return zones.load(zones.find("zones/science-city"))


@pytest.fixture(scope="session")
def precise_map(here: Zone) -> Map:
    return hdmap.open(here)
