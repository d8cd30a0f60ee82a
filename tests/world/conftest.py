from __future__ import annotations

from collections.abc import Iterator

import pytest

from jinyun.hdmap import Map
from jinyun.world.street import Street
from jinyun.zone import Zone
from tests.hdmap.reference import reference


@pytest.fixture(scope="session")
def here() -> Zone:
    return reference()[0]


@pytest.fixture(scope="session")
def precise_map() -> Map:
    return reference()[1]


@pytest.fixture(scope="module")
def street(here: Zone, precise_map: Map) -> Iterator[Street]:
    """A street at work; SUMO holds one in a process, so a module has it to itself."""
    running = Street(here, precise_map)
    yield running
    running.close()
