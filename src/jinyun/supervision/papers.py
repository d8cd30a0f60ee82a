"""Papers (申报材料): what subjects hand in about drivers, vehicles, declarations, changes, reports and accidents.

Each is a form with typed fields; what a form lacks is refused with the field's name, what it says is held against the
rules (:mod:`.rules`). Days are days in China, instants carry their offset.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Paper(BaseModel):
    """A form: no field that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Violation(Paper):
    """A serious violation of a driver (speeding by half or more, overload, red light ...)."""

    day: date
    what: str


class Driver(Paper):
    """A safety driver 安全员 (第七条)."""

    id: str = Field(min_length=1, max_length=64)
    name: str
    subject: str
    has_contract: bool
    licence_since: date
    points_by_cycle: list[int] = Field(default_factory=list, max_length=30)  # the newest last
    violations: list[Violation] = Field(default_factory=list, max_length=100)
    drink_or_drugs: bool
    grave_accident_at_fault: bool
    is_trained: bool


class Vehicle(Paper):
    """A test vehicle (第八条、第二十五条)."""

    vin: str = Field(min_length=1, max_length=32)
    plate: str
    subject: str
    device: str = ""  # its on-board unit, as it stands in topics
    bsm_id: str = Field(default="", pattern=r"^([0-9a-f]{16})?$")
    is_registered: bool
    has_passed_mandatory_tests: bool
    has_manual_mode: bool
    has_automated_mode: bool
    switches_at_once: bool
    is_marked: bool
    software: str
    hardware: str
    inspection_until: date
    compulsory_insurance_until: date
    accident_insurance_cny: float = Field(ge=0)
    guarantee_cny: float = Field(default=0.0, ge=0)
    accident_insurance_until: date
    passenger_insurance_until: date | None = None
    common_items_passed: list[str] = Field(default_factory=list, max_length=50)
    odd_items_required: list[str] = Field(default_factory=list, max_length=50)
    odd_items_passed: list[str] = Field(default_factory=list, max_length=50)
    track_test_by: str = ""
    track_test_city: str = ""


class Declaration(Paper):
    """A safety self-declaration 安全性自我声明: of a road test or a demonstration (第十、十一、十六、十七条)."""

    id: str = Field(min_length=1, max_length=64)
    stage: Literal["test", "demonstration"]
    subject: str
    vin: str
    driver: str
    city: str
    begins: date
    ends: date
    roads: list[str] = Field(max_length=1000)  # ids of roads of the zone's map that were declared
    items: list[str] = Field(max_length=200)
    papers: list[str] = Field(default_factory=list, max_length=50)  # which supporting documents came with it
    plate_until: date | None = None
    plate_roads: list[str] = Field(default_factory=list, max_length=1000)
    tested_under: str = ""  # of a demonstration: the declaration of the test before it
    carries_passengers: bool = False
    renews: str = ""  # the declaration whose expired plate is renewed
    items_asked_again: list[str] = Field(default_factory=list, max_length=50)


class Change(Paper):
    """A change of a vehicle's software or hardware (第二十九条)."""

    vin: str
    at: AwareDatetime
    what: str
    reported: AwareDatetime | None = None


class Filed(Paper):
    """A report that was handed in (第三十、三十一条): which declaration (or the authority's), for which period."""

    declaration: str
    kind: Literal["half-year", "final", "authority"]
    period_ends: date
    filed: date


class Accident(Paper):
    """An accident and what was done about it (第三十二、三十五、三十六条)."""

    id: str = Field(min_length=1, max_length=64)
    declaration: str
    vin: str
    at: AwareDatetime
    severity: Literal["damage", "minor", "serious", "death", "destroyed"]
    at_fault: bool | None = None  # None until liability is found
    reported: AwareDatetime | None = None  # by the subject to the authority
    reported_up: AwareDatetime | None = None  # by the authority to its own
    liability_found: AwareDatetime | None = None
    analysed: AwareDatetime | None = None
    forwarded: AwareDatetime | None = None
    event: str = ""  # the pack that proves it

    @property
    def is_grave(self) -> bool:
        """Whether somebody was badly hurt or died, or a vehicle was destroyed."""
        return self.severity in ("serious", "death", "destroyed")


class Offence(Paper):
    """A violation of a test vehicle itself (第三十二条)."""

    declaration: str
    at: AwareDatetime
    what: Literal["red-light", "wrong-way", "other-grave", "other"]


class Operator(Paper):
    """What the operator of the zone can do (第五、六条), as found, not as said."""

    monitors_live: bool
    records_events: bool
    replays: bool
    guards_network: bool
