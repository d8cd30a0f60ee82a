"""Growth (连线·成网·成片) in the centre: the plan and its stages, what-if, margins, readiness, and the life of sections."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field

from jinyun.centre.access import EVERYBODY, LAW, SHIFT, STAFF, ZONE, Role, Rule, Viewer, asking, declare
from jinyun.growth import asking as what_if
from jinyun.growth import keeping, readiness, section, verifying
from jinyun.growth.plan import Plan
from jinyun.zone import ZoneError

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

declare(
    {
        "GET /api/v1/growth": Rule(EVERYBODY),
        "GET /api/v1/growth/margins": Rule(EVERYBODY),
        "GET /api/v1/growth/score": Rule(EVERYBODY),
        "POST /api/v1/growth/whatif": Rule(STAFF, "supervise"),
        "GET /api/v1/growth/sections/{id}": Rule(ZONE, "supervision"),
        "POST /api/v1/growth/sections/{id}": Rule(tuple(dict.fromkeys((*SHIFT, *LAW))), "supervise"),
    }
)
Asking = Annotated[Viewer, Depends(asking)]
APPROVES = {Role.OPERATOR: "operator", Role.REGULATOR: "regulator"}


class Change(BaseModel):
    """A question: segments by id, stages from 1, factors of budgets and kilometres."""

    without: list[str] = Field(default_factory=list, max_length=50)
    open_in: dict[str, int] = Field(default_factory=dict, max_length=50)
    budget: float = Field(default=1.0, gt=0, le=10)
    km: float = Field(default=1.0, gt=0, le=3)
    trips: float = Field(default=1.0, gt=0, le=10)
    lines: float = Field(default=1.0, gt=0, le=10)


class Step(BaseModel):
    """The next state of a section, or ``approve``."""

    to: str = Field(max_length=20)
    reason: str = Field(min_length=1, max_length=400)


class Desk:
    """The zone's growth, opened when first asked for; one question is computed at a time."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._one = threading.Lock()
        self._question: keeping.Question | None = None

    def question(self) -> keeping.Question:
        with self._one:
            if self._question is None:
                try:
                    self._question = keeping.Question(self._centre.zone)
                except ZoneError as error:
                    raise HTTPException(404, error.messages[0]) from None
            return self._question

    def plan(self) -> tuple[keeping.Question, Plan, dict[str, Any]]:
        q = self.question()
        known = keeping.kept(self._centre.state_dir, q)
        if known is None:
            raise HTTPException(404, "no plan is kept for this zone: jinyun growth plan makes one")
        return q, *known


def routes(centre: Centre) -> APIRouter:
    """Return the routes of growth."""
    router = APIRouter(prefix="/api/v1/growth", tags=["growth"])
    desk = Desk(centre)
    folder = centre.state_dir / keeping.FOLDER

    @router.get("")
    def get_growth() -> dict[str, Any]:
        """Return the network, the anchors, the kept plan (None: none yet) and the state of every section."""
        q = desk.question()
        known = keeping.kept(centre.state_dir, q)
        states = section.sections(folder, q.network)
        opened = {id for id, one in states.items() if one.state == "opened"}
        level: dict[str, int] = {}
        if known is not None:
            level = {q.network.segments[e]: int(k) for e, k in zip(q.problem.segment, known[0].level, strict=True)}
        net = q.network
        told = None if known is None else {
            **known[1], "stages": [{key: value for key, value in stage.items() if key != "segments"}
                                   for stage in known[1]["stages"]]}  # fmt: skip
        return {
            "zone": centre.zone.id, "simulated": q.growth.simulated, "extent_m": q.growth.extent_m,
            "segments": [
                {"id": id, "km": round(float(net.length_m[e]) / 1000, 3), "kind": int(net.kind[e]),
                 "tunnel": bool(net.tunnel_m[e] > 0), "state": states[id].state if id in states else "",
                 "stage": level.get(id, -1 if net.open[e] else q.problem.stages),
                 "line": np.round(net.shape[e]).astype(int).tolist()}
                for e, id in enumerate(net.segments)
            ],
            "anchors": [{"id": a.id, "zh": a.zh, "en": a.en, "kind": a.kind, "at": a.at} for a in q.growth.anchors],
            "stages": [{"id": s.id, "zh": s.zh, "en": s.en, "km": s.km} for s in q.growth.stages],
            "plan": told,
            "delivered": None if known is None else keeping.delivered(q, known[0], opened),
        }  # fmt: skip

    @router.get("/margins")
    def get_margins() -> dict[str, Any]:
        """Return what each candidate is worth at the margin, in points and points per million CNY."""
        q, plan, _ = desk.plan()
        return {"zone": centre.zone.id, "simulated": q.growth.simulated, "margins": what_if.margins(q.problem, plan)}

    @router.get("/score")
    def get_score() -> dict[str, Any]:
        """Return which of the zone's own sections are ready to open, from their records."""
        q = desk.question()
        told = readiness.score(centre.zone, q.network, *readiness.records(centre.zone, centre.state_dir))
        return {"zone": centre.zone.id, "simulated": centre.zone.simulated, "sections": told}

    @router.post("/whatif")
    def post_whatif(change: Change) -> dict[str, Any]:
        """Return the plan with one thing changed, and its bound; 422 with the reason where there is none."""
        q, plan, _ = desk.plan()
        asked = what_if.Question(
            tuple((id, stage - 1) for id, stage in change.open_in.items()),
            tuple(change.without),
            change.budget,
            change.km,
            change.trips,
            change.lines,
        )
        try:
            answer = what_if.answer(q.problem, plan, asked)
        except what_if.QuestionError as error:
            raise HTTPException(422, str(error)) from None
        level = answer.pop("level")
        return answer | {
            "levels": {q.network.segments[e]: int(k) for e, k in zip(q.problem.segment, level, strict=True)}
        }

    @router.get("/sections/{id}")
    def get_section(id: str) -> dict[str, Any]:
        """Return the state of a section, what may follow, and its trail; 404 where there is no such section."""
        net = desk.question().network
        if id not in net.segments:
            raise HTTPException(404, f"no section {id}")
        one = section.sections(folder, net).get(id, section.Section(id))
        trail = [entry for entry in section.entries(folder) if entry["section"] == id]
        return {**vars(one), "next": section.NEXT[one.state], "trail": trail}

    @router.post("/sections/{id}")
    def post_section(id: str, step: Step, viewer: Asking) -> dict[str, Any]:
        """Bring a section into its next state or approve its opening; 409 with what is missing."""
        net = desk.question().network
        try:
            if step.to == "approve":
                role = APPROVES.get(viewer.role, "")
                one = section.approve(folder, id, role, viewer.account, step.reason, network=net)
            else:
                if id not in net.segments:
                    raise HTTPException(404, f"no section {id}")
                evidence = {}
                if step.to == "verified":
                    evidence = verifying.days_passed(centre.zone, net, id, centre.state_dir)
                one = section.step(folder, id, step.to, viewer.account, step.reason, centre.zone.profile, network=net,
                                   evidence=evidence)  # fmt: skip
        except section.SectionError as error:
            raise HTTPException(409, str(error)) from None
        return {**vars(one), "next": section.NEXT[one.state]}

    return router
