"""The routes of growth, industry and ledger: who gets what, and that what is given out is counted to the message."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.centre import growth, industry, ledger
from jinyun.centre.access import TABLE, Role, Viewer, asking
from jinyun.growth import keeping, section
from jinyun.growth.verifying import senders
from jinyun.hdmap import fence, opening
from jinyun.ledger import journal
from jinyun.state import write_json
from jinyun.supervision.sections import Sections
from tests.ledger.test_statement import some_messages, write_log

opened = keeping.Question
ZONE = zones.load(zones.find("science-city"))


@pytest.fixture
def who() -> SimpleNamespace:
    return SimpleNamespace(viewer=Viewer("boss", Role.ADMIN))


class Client:
    """Asks an application without a server."""

    def __init__(self, app: FastAPI, folder: Path, notes: journal.Journal) -> None:
        self.app, self.folder, self.journal = app, folder, notes

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, None))

    def post(self, path: str, json: object) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, json))

    async def _ask(self, method: str, path: str, json: object) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://centre") as link:
            return await link.request(method, path, json=json)


@cache
def question() -> keeping.Question:
    return opened(ZONE)


@pytest.fixture
def client(tmp_path: Path, who: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(keeping, "Question", lambda zone: question())  # drawn once for all tests
    centre: Any = SimpleNamespace(zone=ZONE, state_dir=tmp_path)
    app = FastAPI()
    notes = ledger.journal_of(centre)
    app.include_router(growth.routes(centre))
    app.include_router(industry.routes(centre))
    app.include_router(ledger.routes(centre, notes))
    app.dependency_overrides[asking] = lambda: who.viewer
    app.add_middleware(ledger.Usage, journal=notes)
    return Client(app, tmp_path, notes)


def record(folder: Path) -> None:
    import time

    shift = time.time_ns() // 1000 - 90_000_000 - some_messages(1)[0][0]
    write_log(folder / "raw.jyr", [(t + shift, subject, payload) for t, subject, payload in some_messages(1)])
    write_json(folder / "recording.json", {"folder": str(folder / "raw.jyr")})


def scorecard(folder: Path, sender: str, days: int) -> None:
    """Write that a sender met its figure on each of the last days."""
    import time

    day_us = 86_400_000_000
    today = time.time_ns() // 1000 // day_us * day_us
    devices = {sender: {"completeness": {"value": 0.99, "valid": True, "meets": True}}}
    lines = [
        {"t_us": today - ago * day_us, "seconds": 86_400, "devices": devices, "work": []} for ago in range(days, 0, -1)
    ]
    (folder / "quality").mkdir(exist_ok=True)
    (folder / "quality" / "day.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_the_page_the_fence_and_supervision_follow_a_suspended_section_at_their_next_question(
    client: Client, who: SimpleNamespace
) -> None:
    map = hdmap.open(ZONE)
    watched = Sections(map, 0.5, client.folder / "growth" / opening.FILE)
    row = int(np.flatnonzero((map.sections["road"] == "yungu") & map.sections["open"])[2])
    id = f"yungu.{int(np.count_nonzero(map.sections['road'][:row] == 'yungu'))}"
    own = (map.lanes["section"] == row) & map.lanes["open"].astype(bool) & (map.lanes["junction"] < 0)
    line = np.asarray(map.lane_line(int(np.flatnonzero(own)[0])))
    x, y = (float(v) for v in line[len(line) // 2])

    def shown() -> str:
        return str(next(r["state"] for r in client.get("/api/v1/growth").json()["segments"] if r["id"] == id))

    watched.renew()
    assert shown() == "opened" and watched.holds(["yungu"], x, y)
    who.viewer = Viewer("li", Role.OPERATOR)
    assert client.post(f"/api/v1/growth/sections/{id}", {"to": "suspended", "reason": "works"}).status_code == 200
    watched.renew()
    lanes = section.lanes_open(map, client.folder / "growth")
    assert shown() == "suspended" and not watched.holds(["yungu"], x, y)
    assert fence.covering(map, [x], [y], lanes=lanes)[0] == 0


def test_growth_gives_network_plan_and_states_that_fit_together(client: Client) -> None:
    told = client.get("/api/v1/growth").json()
    assert told["simulated"] is True
    km = sum(row["km"] for row in told["segments"] if row["stage"] < 0)
    assert km == pytest.approx(told["plan"]["open_km"], abs=0.1)
    for k, stage in enumerate(told["plan"]["stages"]):
        opened = sum(row["km"] for row in told["segments"] if row["stage"] <= k)
        assert opened == pytest.approx(stage["total_km"], abs=0.5)
    assert all(row["state"] == "opened" for row in told["segments"] if row["stage"] < 0)


def test_a_section_goes_its_way_over_the_interface_and_is_refused_with_what_is_missing(
    client: Client, who: SimpleNamespace
) -> None:
    def post(to: str, viewer: Viewer) -> Any:
        who.viewer = viewer
        return client.post(f"/api/v1/growth/sections/{id}", json={"to": to, "reason": "as planned"})

    net = question().network
    id, beside = next((e, found) for e in net.segments if not net.open[net.segments.index(e)]
                      if (found := senders(ZONE, net, e)))  # fmt: skip

    shift, law = Viewer("li", Role.OPERATOR), Viewer("wang", Role.REGULATOR)
    for state in ("proposed", "surveyed", "equipped"):
        assert post(state, shift).json()["state"] == state
    refused = post("verified", shift)
    assert refused.status_code == 409 and "7 are needed" in refused.text
    scorecard(client.folder, beside[0], 8)
    assert post("verified", shift).json()["evidence"]["scorecard_days"] == 8
    assert post("opened", shift).status_code == 409
    assert post("approve", shift).status_code == post("approve", law).status_code == 200
    assert post("opened", shift).json()["state"] == "opened"
    trail = client.get(f"/api/v1/growth/sections/{id}").json()["trail"]
    assert [row["deed"] for row in trail] == [
        "proposed",
        "surveyed",
        "equipped",
        "verified",
        "approve",
        "approve",
        "opened",
    ]
    row = next(r for r in client.get("/api/v1/growth").json()["segments"] if r["id"] == id)
    assert row["state"] == "opened"


def test_a_company_sees_its_own_statement_alone(client: Client, who: SimpleNamespace) -> None:
    record(client.folder)
    everything = client.get("/api/v1/ledger").json()
    assert everything["messages"] == 3000
    assert {row["company"] for row in everything["statements"]} == {"", "yunba", "jinche", "roadside"}
    who.viewer = Viewer("a", Role.COMPANY, "yunba")
    own = client.get("/api/v1/ledger").json()
    assert [row["company"] for row in own["statements"]] == ["yunba"] and "emptiness" not in own
    assert client.get("/api/v1/ledger/yunba/statement.xlsx").status_code == 200
    assert client.get("/api/v1/ledger/jinche/statement.html").status_code == 404


def test_every_call_is_counted_once(client: Client) -> None:
    for _ in range(7):
        assert client.get("/api/v1/industry/templates/firms").status_code == 200
    assert client.get("/api/v1/industry/templates/nothing").status_code == 404
    notes = client.journal
    notes.write()
    lines = list(journal.read(notes.folder, 0, 2**62))
    assert sum(line["units"] for line in lines if line["service"] == "api") == 8


def test_the_chain_joins_firms_that_are_there(client: Client) -> None:
    chain = client.get("/api/v1/industry/chain").json()
    firms = {row["firm"] for row in chain["firms"]}
    assert chain["simulated"] and chain["supplies"]
    assert all(row["from"] in firms and row["to"] in firms for row in chain["supplies"])
    assert client.get("/api/v1/industry").json()["coverage"]["gaps"] == ["chips"]


def test_every_route_is_declared_and_changes_are_for_those_who_answer_for_them() -> None:
    assert Role.PUBLIC not in TABLE["POST /api/v1/growth/sections/{id}"].roles
    assert Role.COMPANY not in TABLE["POST /api/v1/growth/whatif"].roles
    assert Role.PUBLIC not in TABLE["GET /api/v1/ledger"].roles and TABLE["GET /api/v1/ledger"].own
