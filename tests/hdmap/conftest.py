from __future__ import annotations

import pytest

from jinyun.hdmap import Map
from jinyun.zone import Zone
from tests.hdmap.reference import reference


@pytest.fixture(scope="session")
def here() -> Zone:
    return reference()[0]


@pytest.fixture(scope="session")
def precise_map() -> Map:
    return reference()[1]
