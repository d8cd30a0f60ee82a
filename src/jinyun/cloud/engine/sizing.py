"""How many machines a number of vehicles takes (规模测算): measured costs, on paper beyond the machine that they are of.

A zone decodes, lets its applications advise and publishes in one process each, so one zone holds at most what was sustained;
more vehicles take more zones side by side. What a zone costs is a sum: each message at the broker and in decoding, each
participant in the picture in fusion and in the applications. Nothing here was measured on more than one machine;
:data:`ASSUMED` says what is taken for granted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

FRAME_HZ = 10
"""Frames a second: fixed, like the tick."""
CAR_HZ = 10
"""Messages a second of each car of ``bench zone``."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure: what it is of, in which unit, the command that prints it and the page that states it."""

    what: str
    value: float
    unit: str
    command: str
    page: str


MEASURED = {
    "sustained_per_s": Figure(
        "messages that one zone sustains, receipt to picture at the 99th percentile within 100 ms", 40_000, "messages/s",
        "jinyun bench zone --json", "load.md",
    ),
    "cloud_cores": Figure("the cloud at that rate", 0.46, "cores", "jinyun bench zone --json", "load.md"),
    "applications_cores": Figure("its applications at that rate", 0.40, "cores", "jinyun bench zone --json", "load.md"),
    "broker_cores": Figure("the broker at that rate", 0.16, "cores", "jinyun bench zone --json", "load.md"),
    "generator_cores": Figure(
        "the generator of the messages, on the same two cores", 0.25, "cores", "jinyun bench zone --json", "load.md"
    ),
    "fusion_ms": Figure(
        "fusion of 5,000 participants, of which one of 4,000 takes four fifths", 17.5, "ms a frame", "jinyun bench fusion",
        "fusion.md",
    ),
    "participant_mb": Figure(
        "memory of a thousand participants more", 8.9, "MB/1,000", "jinyun bench zone --json", "load.md"
    ),
    "resting_mb": Figure(
        "cloud and applications after two hours with 2,500 cars", 750, "MB", "jinyun bench soak --json", "load.md"
    ),
}  # fmt: skip
"""Everything the model rests on; a newer measurement is entered here."""

ASSUMED = (
    "all vehicles named are on the road at once and each tells its state ten times a second (or as --hz says)",
    "zones cost each other nothing on one machine, and a core of yours does what one of the measured AMD EPYC does",
    "a zone is laid out for half of what was sustained, so that it can take its neighbour's vehicles for a while",
    "a machine is filled up to the share of its cores that was busy when the rate was sustained",
    "one machine in ten, one at least, stands by",
    "not counted, because not measured: pages and their viewers, encryption of devices' links, disks and the record's "
    "reading, prediction over more than one zone, the region's and the centre's own work above the zones",
)
"""What the model takes for granted."""

FILL = 0.5
SPARE = 10
"""One machine of so many stands by."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a number of vehicles takes; ``cores`` are those at work, ``machines`` with those that stand by."""

    vehicles: int
    hz: float
    cores_a_machine: int
    messages_per_s: float
    zones: int
    broker_cores: float
    decoding_cores: float
    fusion_cores: float
    applications_cores: float
    memory_gb: float
    machines: int

    @property
    def cores(self) -> float:
        return self.broker_cores + self.decoding_cores + self.fusion_cores + self.applications_cores

    def as_json(self) -> dict[str, Any]:
        """Return it with the figures and assumptions it rests on."""
        values = {name: getattr(self, name) for name in self.__slots__} | {"cores": self.cores}
        rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}
        figures = {
            name: {"value": its.value, "unit": its.unit, "command": its.command} for name, its in MEASURED.items()
        }
        return {**rounded, "measured": figures, "assumed": list(ASSUMED)}


def of(name: str) -> float:
    """Return a measured figure's value."""
    return MEASURED[name].value


def most_participants() -> float:
    """Return how many participants were in the picture at the sustained rate."""
    return of("sustained_per_s") / CAR_HZ


def per_message() -> tuple[float, float]:
    """Return the core seconds of a message at the broker, and in the cloud without its fusion."""
    rate = of("sustained_per_s")
    return of("broker_cores") / rate, (of("cloud_cores") - most_participants() * per_participant()[0]) / rate


def per_participant() -> tuple[float, float]:
    """Return the cores that a participant in the picture keeps busy in fusion, and in the applications."""
    fusion = of("fusion_ms") / 1000 / 5000 * FRAME_HZ
    return fusion, of("applications_cores") / most_participants()


def busy_share() -> float:
    """Return the share of the measured machine's two cores that was busy at the sustained rate."""
    return sum(of(f"{who}_cores") for who in ("cloud", "applications", "broker", "generator")) / 2


def size(vehicles: int, hz: float = 10.0, cores_a_machine: int = 8) -> Size:
    """Return what ``vehicles`` on the road at once take, each told ``hz`` times a second; raises ``ValueError``."""
    if not 1 <= vehicles <= 100_000_000:
        raise ValueError(f"{vehicles} is no number of vehicles (1..100,000,000)")
    if not 0.01 <= hz <= 10:
        raise ValueError(f"{hz:g} is no rate of a vehicle's messages (0.01..10 a second)")
    if not 2 <= cores_a_machine <= 512:
        raise ValueError(f"{cores_a_machine} is no number of cores of a machine (2..512)")
    rate = vehicles * hz
    zones = math.ceil(vehicles / (most_participants() * FILL))  # at 10 Hz and below it is these that bound a zone
    at_broker, decoding = per_message()
    fusion, applications = per_participant()
    resting_gb = (of("resting_mb") - 2.5 * of("participant_mb")) / 1000
    parts = (rate * at_broker, rate * decoding, vehicles * fusion, vehicles * applications)
    usable, full_zone = cores_a_machine * busy_share(), sum(parts) / vehicles * most_participants() * FILL
    at_work = math.ceil(zones / math.floor(usable / full_zone))
    memory_gb = zones * resting_gb + vehicles * of("participant_mb") / 1_000_000
    machines = at_work + math.ceil(at_work / SPARE)
    return Size(vehicles, hz, cores_a_machine, rate, zones, *parts, memory_gb, machines)


STATED = (10_000, 100_000, 1_000_000)


def table() -> str:
    """Return the table of ``docs/deploy.md``."""
    head = (
        "| vehicles on the road at once | messages/s | zones | cores busy | memory | machines of 8 cores, with spares |"
    )
    rows = [head, "|---|---|---|---|---|---|"]
    for its in (size(vehicles) for vehicles in STATED):
        rows.append(
            f"| {its.vehicles:,} | {its.messages_per_s:,.0f} | {its.zones:,} | {its.cores:,.1f} | {its.memory_gb:,.0f} GB "
            f"| {its.machines:,} |"
        )
    return "\n".join(rows)


def account(its: Size) -> str:
    """Return it in words, for people."""
    lines = [
        f"{its.vehicles:,} vehicles on the road at once, {its.hz:g} messages a second each: "
        f"{its.messages_per_s:,.0f} messages/s",
        f"  zones      {its.zones:,}, each laid out for {FILL:.0%} of {of('sustained_per_s'):,.0f} messages/s and of "
        f"{most_participants():,.0f} participants",
        f"  cores busy {its.cores:,.1f}: broker {its.broker_cores:,.1f}, decoding {its.decoding_cores:,.1f}, "
        f"fusion {its.fusion_cores:,.1f}, applications {its.applications_cores:,.1f}",
        f"  memory     {its.memory_gb:,.0f} GB",
        f"  machines   {its.machines:,} of {its.cores_a_machine} cores, one in {SPARE} of them standing by",
        "on paper, from one machine's measurements (docs/load.md, docs/fusion.md); taken for granted:",
    ]
    return "\n".join([*lines, *(f"  - {text}" for text in ASSUMED)])
