"""The centre's HTTP: the pages, the map, the status and the live WebSocket (``docs/api.md``)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from nats.aio.client import Client as Link
from nats.aio.msg import Msg
from starlette.exceptions import HTTPException

from jinyun import __version__, hdmap
from jinyun.centre import (
    accounts_api,
    charging,
    doorway,
    growth,
    industry,
    ledger,
    metrics,
    notices_api,
    oidc,
    open_data,
    pages,
    replaying,
    road,
    stops,
    stream,
    supervision,
    trials,
)
from jinyun.centre.access import guard
from jinyun.centre.advised import Advised
from jinyun.centre.applications import catalogue
from jinyun.centre.cabin import Cabins
from jinyun.centre.cabin import routes as cabin_routes
from jinyun.centre.happenings import Supervised
from jinyun.centre.live import Account, Hub, until_one_ends
from jinyun.centre.notices import Notices
from jinyun.centre.registry import RegistryAway, open_registry
from jinyun.centre.registry.opening import now_us
from jinyun.centre.road import RoadWord
from jinyun.centre.sheets import Sheet, Sheets
from jinyun.centre.stream import News
from jinyun.hdmap.tables import Columns
from jinyun.net import parts, topics
from jinyun.net.client import link_to
from jinyun.state import read_json
from jinyun.zone import Zone

STATUS_S = 0.5
SEND_TIMEOUT_S = 10.0


Drawn = tuple[dict[str, Columns], dict[str, Any]] | Sheets


class Centre:
    """What the routes share: the zone, its drawn map, the viewers and the link to the broker."""

    def __init__(self, zone: Zone, state_dir: Path, drawn: Drawn | None = None) -> None:
        self.zone, self.state_dir = zone, state_dir
        self.hub, self.account, self.advised = Hub(), Account(), Advised()
        self.road = RoadWord()
        self.cabins = Cabins()
        self.registry = open_registry(state_dir, patient=True)
        self.link: Link | None = None
        self.news = News()
        self.notices = Notices(self)
        self.supervised = Supervised(zone, state_dir, now_us)
        self.notices.sources += [self.supervised.events, self.supervised.duties]
        self.applications = catalogue(zone.profile)
        drawn = drawn or hdmap.drawing(hdmap.open(zone), zone)
        self.map = drawn if isinstance(drawn, Sheets) else Sheets(*drawn)

    def status(self) -> dict[str, Any]:
        run = read_json(self.state_dir / "run.json") or {}
        return self.account.compose(
            run.get("parts", []), len(self.hub.viewers), __version__, self.zone.id, self.zone.simulated
        )

    async def follow(self, nats_url: str) -> None:
        """Take frames and status from the broker for ever; a broker that goes away is awaited."""

        joiners = [parts.Joiner() for _ in range(4)]

        async def live(message: Msg) -> None:
            if frame := joiners[0].take(message.data):
                self.hub.show(frame)
                self.advised.take(frame)

        async def replay(message: Msg) -> None:
            if frame := joiners[1].take(message.data):
                self.hub.show(frame, replay=True)

        async def status(message: Msg) -> None:
            with contextlib.suppress(ValueError):
                if told := joiners[2].take(message.data):
                    self.account.take(json.loads(told))

        async def replay_status(message: Msg) -> None:
            with contextlib.suppress(ValueError):
                if told := joiners[3].take(message.data):
                    self.account.take_replay(json.loads(told))

        self.link = link = await link_to(nats_url, "jinyun-centre", connect_timeout=2)
        await link.subscribe(topics.frame_subject(self.zone.id), cb=live, pending_msgs_limit=50)
        await link.subscribe(topics.replay_frame_subject(self.zone.id), cb=replay, pending_msgs_limit=50)
        await link.subscribe(topics.status_subject(self.zone.id), cb=status)
        await link.subscribe(topics.replay_status_subject(self.zone.id), cb=replay_status)
        await link.subscribe(topics.road_subject(self.zone.id, "*"), cb=self.road.hear, pending_msgs_limit=50)
        await self.cabins.follow(link, self.zone)

    async def report(self) -> None:
        """Tell viewers the status twice a second, and who follows the news what is new in it."""
        while True:
            status = self.status()
            self.hub.tell(json.dumps(status, ensure_ascii=False))
            self.news.take(status)
            await asyncio.sleep(STATUS_S)


def create(zone: Zone, state_dir: Path, nats_url: str, drawn: Drawn | None = None, public: bool = True) -> FastAPI:
    """Return the application of one zone, with its own map or with what is drawn of another.

    ``public``: who did not sign in sees what a public display sees; else nothing. Raises ``RegistryError``.
    """
    centre = Centre(zone, state_dir, drawn)

    async def follow() -> None:
        while True:
            try:
                return await centre.follow(nats_url)
            except Exception:  # the broker is not there yet; nats-py raises a family of its own
                await asyncio.sleep(0.2)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(follow()),
            asyncio.create_task(centre.report()),
            asyncio.create_task(centre.notices.watch()),
        ]
        yield
        for task in tasks:
            task.cancel()
        journal.write()
        centre.registry.close()

    app = FastAPI(
        title="Jinyun 缙云", summary="What the centre of a vehicle-road-cloud zone answers", version=__version__,
        lifespan=lifespan, docs_url=None, redoc_url=None, dependencies=[Depends(guard)],
    )  # fmt: skip
    app.state.centre = centre

    journal = ledger.journal_of(centre)
    app.add_middleware(ledger.Usage, journal=journal)
    app.add_middleware(doorway.Doorway, registry=centre.registry, public=public)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(RegistryAway, _away)

    @app.get("/api/v1/zone")
    def get_zone() -> dict[str, Any]:
        """Return what the zone is called, where its origin lies and whether its data is simulated."""
        return {
            "id": zone.id,
            "name": {"zh": zone.name.zh, "en": zone.name.en},
            "simulated": zone.simulated,
            "origin": {"lon": zone.origin.lon, "lat": zone.origin.lat},
            "datum": zone.datum,
            "version": __version__,
            "map_tag": centre.map.tag,
        }

    @app.get("/api/v1/status")
    def get_status() -> dict[str, Any]:
        """Return the status that viewers get twice a second."""
        return centre.status()

    @app.get("/api/v1/signals")
    def get_signals() -> dict[str, Any]:
        """Return what the messages of each junction's signals are worth, phase by phase; renewed every 5 s."""
        return read_json(state_dir / "signals.json") or {"zone": zone.id, "t_us": None, "stations": []}

    @app.get("/api/v1/applications")
    def get_applications() -> dict[str, Any]:
        """Return all cooperative applications: what each is and its parameters with their origin."""
        return {"zone": zone.id, "simulated": zone.simulated, "applications": centre.applications}

    @app.get("/api/v1/applications/{id}/episodes", response_class=Response)
    def get_episodes(id: str) -> JSONResponse:
        """Return the last episodes of one application's advice, the newest first; 404 where there is no such application."""
        row = next((about["row"] for about in centre.applications if about["id"].lower() == id.lower()), None)
        if row is None:
            return JSONResponse({"reason": f"no application {id}: /api/v1/applications lists them"}, 404)
        return JSONResponse({"id": centre.applications[row]["id"], "episodes": centre.advised.of(row)})

    def sheet(request: Request, found: Sheet, tag: str, **headers: str) -> Response:
        headers |= {"ETag": f'"{tag}"', "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(found.small(), media_type="application/octet-stream", headers=headers)
        return Response(found.plain, media_type="application/octet-stream", headers=headers)

    @app.get("/api/v1/map", response_class=Response)
    def get_map(request: Request) -> Response:
        """Return the overview of the zone's map and the list of its tiles: a container of columns (``docs/api.md``)."""
        return sheet(request, centre.map.overview, centre.map.tag)

    @app.get("/api/v1/map/tiles/{tag}/{level}/{column}/{row}", response_class=Response)
    def get_tile(request: Request, tag: str, level: int, column: int, row: int) -> Response:
        """Return one tile of the map with that tag for good; 404 where there is none or the map has changed."""
        found = centre.map.tiles.get((level, column, row)) if tag == centre.map.tag else None
        if found is None:
            reason = "no such tile" if tag == centre.map.tag else "the map has changed: ask for /api/v1/map again"
            return JSONResponse({"reason": reason}, 404)
        return sheet(request, found, f"{tag}-{level}-{column}-{row}", **{"Cache-Control": doorway.FOR_GOOD})

    @app.get("/metrics", response_class=Response)
    def get_metrics() -> Response:
        """Return the account for Prometheus."""
        return Response(metrics.exposition(centre.status()), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/healthz")
    def get_health() -> JSONResponse:
        """Return 200 while frames arrive, 503 with the reason otherwise."""
        fresh = centre.status()["cloud_fresh"]
        return JSONResponse(
            {"ok": fresh, "reason": None if fresh else "no status from the cloud for 3 s"}, 200 if fresh else 503
        )

    @app.websocket("/api/v1/live")
    async def live(socket: WebSocket) -> None:
        """Send frames (binary) and status (text) as they come; a viewer may ask for the centre's time, and nothing else."""
        await socket.accept()
        slot = centre.hub.join()
        if slot is None:
            await socket.close(1013, "too many viewers")
            return

        async def listen() -> None:
            while (heard := await socket.receive())["type"] != "websocket.disconnect":
                slot.asked(heard.get("text") or "")

        async def send() -> None:
            while True:
                text, frame, answer = await slot.next()
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    if answer is not None:
                        await socket.send_text(answer)
                    if text is not None:
                        await socket.send_text(text)
                    if frame is not None:
                        await socket.send_bytes(frame)

        try:
            await until_one_ends(listen(), send())
        finally:
            centre.hub.leave(slot)

    if (pages.STATIC / "index.html").exists():
        app.mount("/assets", StaticFiles(directory=pages.STATIC / "assets"), name="assets")

    provider = oidc.load(state_dir)
    outside = provider.settings.name if provider is not None else None
    app.include_router(accounts_api.routes(centre.registry, zone.id, public, outside))
    app.include_router(oidc.routes(centre.registry, provider))
    app.include_router(open_data.routes(centre))
    app.include_router(notices_api.routes(centre))
    app.include_router(stream.routes(centre))
    app.include_router(supervision.routes(centre))
    app.include_router(replaying.routes(centre))
    app.include_router(cabin_routes(centre))
    app.include_router(charging.routes(centre))
    app.include_router(road.routes(centre))
    app.include_router(stops.routes(centre))
    app.include_router(growth.routes(centre))
    app.include_router(industry.routes(centre))
    app.include_router(ledger.routes(centre, journal))
    app.include_router(trials.routes(centre))
    app.include_router(pages.routes())
    return app


async def _refused(_: Request, error: Exception) -> Response:
    """Tell why a request is refused, in the form of all refusals."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"reason": str(error.detail)}, error.status_code, error.headers)


async def _not_understood(_: Request, error: Exception) -> Response:
    """Tell which parameters or members are not what they must be; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    wrong = [{"at": ".".join(map(str, each["loc"])), "why": str(each["msg"])} for each in error.errors()[:20]]
    reason = "; ".join(f"{each['at']}: {each['why']}" for each in wrong)
    return Response(json.dumps({"reason": reason, "wrong": wrong}), 422, media_type="application/json")


async def _away(_: Request, __: Exception) -> Response:
    """Tell that the registry does not answer now; the live map goes on without it."""
    return JSONResponse({"reason": doorway.AWAY}, 503, {"Retry-After": doorway.AGAIN_S.decode()})
