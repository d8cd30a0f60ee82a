"""What the centre's tests share: passwords that cost little to check; what they cost otherwise is a test of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from jinyun.centre import accounts
from jinyun.centre.registry.location import VARIABLE
from tests.centre.postgres import Links, Postgres, Store, installed, removed

REAL = accounts._HASHER


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(accounts, "_HASHER", cheap)
        patch.setattr(accounts, "_DUMMY", cheap.hash("nobody's"))
        patch.delenv(VARIABLE, raising=False)  # registries of tests are where the tests say
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; the test is skipped where there is none."""
    server = installed()
    yield server
    removed(server)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Both kinds of registries, one after the other: a module's tests hold for either."""
    links = Links()
    yield Store(request.param, request.getfixturevalue("postgres") if request.param == "postgresql" else None)
    links.close()
