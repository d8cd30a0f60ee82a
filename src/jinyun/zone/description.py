"""What stands in ``zone.toml``: the zone's name, place, devices, stops, lines and traffic."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jinyun.zone.plan import Metres
from jinyun.zone.profile import Name
from jinyun.zone.reading import Written

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Point = Annotated[tuple[float, float], Field()]
Source = Literal["video", "microwaveRadar", "lidar", "integrated"]


class Origin(Written):
    """The zero of the zone's metres, in degrees of the zone's datum."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-80, le=80)


class MapSource(Written):
    """Which file of the folder the precise map is compiled from: a road plan, or a map of another format."""

    plan: str = "roads.toml"
    file: str | None = Field(default=None, description="OpenDRIVE, Lanelet2, SUMO net or OpenStreetMap; no plan then")
    open: list[str] | None = Field(default=None, description="with file: its roads that are open for tests; none: all")
    region: int = Field(default=0, ge=0, le=65535, description="NodeReferenceID.region; 0 is for tests only")


class SensorType(Written):
    """What a kind of roadside sensor sees, and how badly; one standard deviation each (simulated zones)."""

    source: Source
    mast_m: float = Field(gt=0, le=60)
    range_m: float = Field(gt=0, le=1000)
    fov_deg: float = Field(gt=0, le=360)
    position_sd_m: Metres
    speed_sd_mps: float = Field(ge=0, le=20)
    heading_sd_deg: float = Field(ge=0, le=180)
    size_sd_m: float = Field(ge=0, le=5)
    miss: Share
    clutter_per_s: float = Field(ge=0, le=100)
    latency_ms: float = Field(ge=0, le=2000)
    latency_sd_ms: float = Field(ge=0, le=500)
    id_change_per_min: float = Field(ge=0, le=60, description="changes of ptcId, for each object")


class Sensor(Written):
    """One sensor on an RSU's mast; ``heading_deg`` is where the middle of its field of view looks."""

    type: str
    heading_deg: float = Field(default=0, ge=0, lt=360)


class Placed(Written):
    """Something that stands at a place, written as metres ``at`` or as degrees; loading completes the other."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")
    zh: str
    en: str
    at: Point | None = None
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)

    @property
    def name(self) -> Name:
        return Name(zh=self.zh, en=self.en)

    @property
    def x_m(self) -> float:
        return self.at[0] if self.at else float("nan")

    @property
    def y_m(self) -> float:
        return self.at[1] if self.at else float("nan")


class Rsu(Placed):
    """A roadside unit; ``junction`` is the plan's node whose SPAT and MAP it sends, ``node`` that node's number."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,8}$")
    zh: str = ""
    en: str = ""
    junction: str | None = None
    node: int | None = Field(default=None, ge=0, le=65535)
    sensors: list[Sensor] = []


class Crossing(Placed):
    """A pedestrian crossing with its own detection, at a node; ``toward`` names the neighbour whose arm it crosses."""

    zh: str = ""
    en: str = ""
    node: str
    toward: str | None = None
    rsu: str


class Stop(Placed):
    """A stop of the lines; ``at`` lies on the side of the road where passengers wait."""

    road: str
    length_m: float = Field(default=24, gt=5, le=100)
    smart: bool = False
    step_free: bool | None = Field(
        default=None, description="whether a wheelchair gets on without a step; none: unknown"
    )


class Charger(Placed):
    """A charging place."""

    piles: int = Field(ge=1, le=1000)
    power_kw: float = Field(gt=0, le=2000)


class Notice(Placed):
    """A sign, a hazard or a toll on the road; without path and radius it holds on the carriageway nearest to its place."""

    zh: str = ""
    en: str = ""
    code: int = Field(
        default=0, ge=0, le=65535, description="signs: GB 5768.2, hazards: GB/T 29100, as RSI would say it"
    )
    radius_m: float = Field(default=0, ge=0, le=2000, description="round its place, or to both sides of the path")
    path: list[Point] = Field(default=[], max_length=32, description="where it holds, upstream first; metres")
    limit_kmh: float | None = Field(default=None, gt=0, le=130)
    price_yuan: float | None = Field(default=None, ge=0, le=100_000)


class TransitLine(Written):
    """A line that drives a loop or there and back without end; ``via`` are the plan's nodes it passes, in order."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,8}$")
    zh: str
    en: str
    kind: Literal["shuttle", "bus"]
    colour: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    via: list[str] = Field(min_length=2)
    stops: list[str] = Field(min_length=1)
    vehicles: int = Field(ge=1, le=50)
    automated: int = Field(
        default=0, ge=0, le=50, description="of the vehicles, those that drive themselves (shuttles)"
    )
    dwell_s: Seconds = 20


class OnBoardUnit(Written):
    """How well connected cars of a simulated zone know their place (one standard deviation each)."""

    drift_sd_m: Metres
    drift_time_s: float = Field(gt=0, le=3600)
    noise_sd_m: Metres
    speed_sd_mps: float = Field(ge=0, le=10)
    heading_sd_deg: float = Field(ge=0, le=90)


class Traffic(Written):
    """Who is on the street of a simulated zone at any time."""

    vehicles: int = Field(ge=0, le=5000, description="cars and trucks together")
    trucks: Share
    bicycles: int = Field(ge=0, le=2000)
    persons: int = Field(ge=0, le=5000)
    connected: Share
    electric: Share
    through: Share = Field(description="share of trips from one edge of the zone to another")
    seed: int = Field(ge=0, le=2**31 - 1)
    obu: OnBoardUnit


class SignalControl(Written):
    """What the road does with the zone's signals beside giving way to who may ask."""

    actuated: list[str] = Field(default=[], max_length=256, description="nodes whose greens follow who comes")


class Duty(Written):
    """One shuttle on the road, every day: from when until when (local time), and how far."""

    leaves: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    back: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    km: float = Field(gt=0, le=2000)


class DepotVehicle(Written):
    """A shuttle of the depot: the id by which it charges, and its VIN in GB/T 32960 where it has one."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")
    vin: str = Field(default="", max_length=17)
    duties: list[Duty] = Field(default=[], max_length=24)


class Depot(Written):
    """Where and how the shuttles of the zone are charged overnight and between duties."""

    place: str = Field(description="id of the charging place")
    limit_kw: float = Field(gt=0, le=20_000, description="what the transformer gives all piles of that place together")
    battery_kwh: float = Field(gt=0, le=2000)
    least_share: Share = Field(default=0.2, description="no shuttle sets out or comes back with less")
    kwh_per_km: float = Field(gt=0, le=10)
    timezone: str = "Asia/Shanghai"
    vehicles: list[DepotVehicle] = Field(default=[], max_length=200)


class Corrections(Written):
    """Where corrections of GNSS come from (NTRIP); the caster's word is read from the environment."""

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=2101, ge=1, le=65_535)
    mountpoint: str = Field(pattern=r"^[^\s/]{1,100}$")
    user: str = Field(default="", max_length=100)
    word_from: str = Field(default="JINYUN_NTRIP_WORD", pattern=r"^[A-Z][A-Z0-9_]{0,63}$")


class Description(Written):
    """A whole ``zone.toml``."""

    format: Literal[1]
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    name: Name
    simulated: bool
    datum: Literal["WGS-84", "CGCS2000"]
    version: str
    profile: str
    origin: Origin
    map: MapSource
    sensor_types: dict[str, SensorType] = {}
    rsus: list[Rsu] = []
    crossings: list[Crossing] = []
    stops: list[Stop] = []
    chargers: list[Charger] = []
    lines: list[TransitLine] = []
    signs: list[Notice] = Field(default=[], max_length=64)
    hazards: list[Notice] = Field(default=[], max_length=64)
    tolls: list[Notice] = Field(default=[], max_length=64)
    traffic: Traffic | None = None
    signals: SignalControl = SignalControl()
    depot: Depot | None = None
    corrections: Corrections | None = None
