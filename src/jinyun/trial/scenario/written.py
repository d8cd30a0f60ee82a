"""The compact form of a scenario, checked: a road, who is on it, what happens when, and what the one under test shall do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jinyun.trial.fault import TrialError
from jinyun.trial.scenario.bodies import BODIES

Number = float | str
"""A number, or ``$parameter`` or ``${expression}``."""


class Form(BaseModel):
    """A table of the compact form; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RoadForm(Form):
    """A road by rule: stretches ``[length_m, curvature_1pm]`` one after another."""

    id: str = "1"
    stretches: list[tuple[Number, Number]] = [(600.0, 0.0)]
    lanes: Annotated[int, Field(ge=1, le=8)] = 1
    opposite: Annotated[int, Field(ge=0, le=8)] = 0
    width_m: float = 3.5
    shoulder_m: float = 0.0
    limit_kmh: Number = 60.0
    start: tuple[Number, Number, Number] = (0.0, 0.0, 0.0)
    """x, y and direction [degrees counter-clockwise from east]."""


class PlaceForm(Form):
    """A place on a road: in a lane (negative right of the middle), or by offset ``t_m`` from the reference line."""

    road: str = "1"
    s_m: Number
    lane: Number | None = None
    t_m: Number | None = None
    offset_m: Number = 0.0
    h_deg: Number | None = None


class ActorForm(PlaceForm):
    """A participant beside the one under test."""

    name: str
    kind: Literal[tuple(BODIES)]  # type: ignore[valid-type]
    kmh: Number = 0.0
    connected: bool = False
    """Whether its messages are heard where the case has cooperation."""
    hidden: bool = False
    """Whether sensors of the one under test never see it (it is behind what the scene does not model)."""
    emergency: bool = False
    absent: bool = False
    """Whether it is not there until an event lets it appear."""


class WhenForm(Form):
    """What starts an event; several keys must all hold."""

    time_s: Number | None = None
    of: str | None = None
    gap_m: Number | None = None
    ttc_s: Number | None = None
    headway_s: Number | None = None
    travelled_m: Number | None = None
    eta_s: Number | None = None
    at: PlaceForm | None = None
    after: str | None = None
    signal: str | None = None
    state: str | None = None
    slower_than_kmh: Number | None = None


class DoForm(Form):
    """What an event does; one or more of these."""

    kmh: Number | None = None
    rate_mps2: Number | None = None
    seconds: Number | None = None
    shape: Literal["linear", "cubic", "sinusoidal", "step"] = "linear"
    lane: Number | None = None
    lane_seconds: Number = 3.0
    offset_m: Number | None = None
    offset_mps2: Number = 1.0
    path: list[tuple[Number, Number]] | None = None
    """Points (s, t) on its road to be walked or driven through."""
    signal: str | None = None
    state: str | None = None
    leave: bool = False
    appear: bool = False


class EventForm(Form):
    actor: str | None = None
    name: str
    when: WhenForm = WhenForm(time_s=0.0)
    do: DoForm


class StepForm(Form):
    name: str
    seconds: Number
    states: dict[str, str]


class SignalForm(Form):
    """A signal at a stop line of the one under test."""

    id: str
    s_m: Number
    steps: list[tuple[str, Number]] | None = None
    """(``red``, ``yellow``, ``green``, ``dark`` or another state, seconds), round and round."""
    told: bool = False
    """Whether it is only told by message, not seen."""


class SignForm(Form):
    """Something that holds on a stretch for the one under test, as a sign or (``told``) as a message."""

    kind: Literal["limit", "hazard", "closed", "crossing", "yield", "stop", "queue", "advice"]
    s_m: Number
    end_m: Number | None = None
    kmh: Number | None = None
    lane: int | None = None
    told: bool = False


class TroubleForm(Form):
    """What befalls the one under test: its sensors fail, its domain ends, somebody takes the wheel."""

    kind: Literal["sensor", "domain", "intervene"]
    time_s: Number
    human_after_s: Number | None = None
    """Seconds after a request until a human takes over; none: nobody does."""


class MissionForm(Form):
    """What the one under test shall do."""

    kind: Literal[tuple(BODIES)] = "car"  # type: ignore[valid-type]
    road: str = "1"
    lane: Number = -1
    s_m: Number = 20.0
    kmh: Number = 30.0
    """Its speed at the beginning."""
    wanted_kmh: Number | None = None
    """What it drives at where nothing hinders; none: the limit."""
    to_m: Number | None = None
    """Station at which it has arrived; none: none."""
    stop_m: Number | None = None
    """Station where its front shall stand at the end."""
    stop_t_m: Number | None = None
    """Offset from its lane's middle where it shall stand."""
    pull_over: bool = False
    change_by_m: Number | None = None
    """Station by which it must be in lane ``change_lane``."""
    change_lane: Number | None = None
    visibility_m: Number = 150.0
    cooperation: bool = False


class ScenarioForm(Form):
    """A whole scenario."""

    id: str
    zh: str
    en: str
    about: str = ""
    seconds: Number = 40.0
    parameters: dict[str, float] = {}
    road: RoadForm = RoadForm()
    roads: list[RoadForm] = []
    mission: MissionForm = MissionForm()
    actors: list[ActorForm] = []
    events: list[EventForm] = []
    signals: list[SignalForm] = []
    signs: list[SignForm] = []
    troubles: list[TroubleForm] = []


def checked(written: dict[str, Any], name: str) -> ScenarioForm:
    """Return the form; raises :class:`TrialError` naming every field that is wrong."""
    try:
        return ScenarioForm.model_validate(written)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(str(p) for p in fault['loc'])}: {fault['msg']}" for fault in error.errors()[:8])
        raise TrialError(f"{name}: {told}") from None
