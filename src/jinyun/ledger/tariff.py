"""Companies, services, prices and agreements of a zone, as data: ``ledger.toml``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from jinyun.zone.reading import Written, ZoneError, parse, read_toml

FILE = "ledger.toml"
NOBODY = ""
"""The company of what belongs to none."""


class Company(Written):
    """A customer, and which devices are its own (patterns of KIND/ID)."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    zh: str
    en: str
    devices: list[str] = []


class Service(Written):
    """Something counted and sold: ``price_cny`` for every ``per`` units; ``agreed_share`` of good units at least."""

    id: str
    zh: str
    en: str
    source: Literal["record", "journal"] = Field(alias="from")
    kinds: list[str] = []
    unit: Literal["message", "call", "minute", "km"]
    price_cny: Annotated[float, Field(ge=0)]
    per: Annotated[int, Field(ge=1)] = 1
    agreed_share: Annotated[float, Field(ge=0, le=1)] = 0


class Costs(Written):
    """What running the zone costs."""

    per_km_month_cny: Annotated[float, Field(ge=0)] = 0


class Tariff(Written):
    """A whole ``ledger.toml``."""

    format: Literal[1]
    simulated: bool
    companies: list[Company]
    services: list[Service]
    costs: Costs = Costs()

    def owner(self, kind: str, device: str) -> str:
        """Return the id of the company that a device belongs to, :data:`NOBODY` for none."""
        name = f"{kind}/{device}"
        return next((c.id for c in self.companies if any(fnmatchcase(name, each) for each in c.devices)), NOBODY)

    def service(self, kind: str) -> str:
        """Return the id of the service that counts messages of a kind of device, empty where none does."""
        return next((s.id for s in self.services if s.source == "record" and kind in s.kinds), "")


def read(folder: Path) -> Tariff:
    """Return the tariff of the zone in ``folder``; raises :class:`ZoneError` with every fault."""
    tariff = parse(Tariff, read_toml(folder / FILE), FILE)
    faults = []
    for kind in ("companies", "services"):
        ids = [item.id for item in getattr(tariff, kind)]
        faults += [f"{FILE}: {kind}[{i}].id: {id!r} is used twice" for i, id in enumerate(ids) if id in ids[:i]]
    taken: dict[str, str] = {}
    for i, service in enumerate(tariff.services):
        for word in service.kinds:
            if word in taken:
                faults.append(f"{FILE}: services[{i}].kinds: {word!r} is counted by {taken[word]} already")
            taken[word] = service.id
    if faults:
        raise ZoneError(faults)
    return tariff
