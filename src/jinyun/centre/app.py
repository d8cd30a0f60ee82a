"""The centre's HTTP: the pages, the map, the status and the live WebSocket (``docs/api.md``)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import nats
from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from nats.aio.msg import Msg

from jinyun import __version__, hdmap
from jinyun.centre import metrics
from jinyun.centre.advised import Advised
from jinyun.centre.applications import catalogue
from jinyun.centre.live import Account, Hub
from jinyun.centre.sheets import Sheet, Sheets
from jinyun.hdmap.tables import Columns
from jinyun.net import parts, topics
from jinyun.net.broker import INTERNAL_USER, TOKEN
from jinyun.state import read_json
from jinyun.zone import Zone

STATIC = Path(__file__).with_name("static")
POLICY = "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
STATUS_S = 0.5
SEND_TIMEOUT_S = 10.0
FOR_GOOD = "public, max-age=31536000, immutable"


Drawn = tuple[dict[str, Columns], dict[str, Any]]


class Centre:
    """What the routes share: the zone, its drawn map, the viewers and the link to the broker."""

    def __init__(self, zone: Zone, state_dir: Path, drawn: Drawn | None = None) -> None:
        self.zone, self.state_dir = zone, state_dir
        self.hub, self.account, self.advised = Hub(), Account(), Advised()
        self.applications = catalogue(zone.profile)
        self.map = Sheets(*(drawn or hdmap.drawing(hdmap.open(zone), zone)))

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

        async def quiet(error: Exception) -> None:
            """The page shows the broker's state; the client's own notes of every failed try are not repeated."""

        token = os.environ.get(TOKEN)
        link = await nats.connect(
            nats_url,
            name="jinyun-centre",
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.2,
            ping_interval=2,
            max_outstanding_pings=2,
            allow_reconnect=True,
            error_cb=quiet,
            connect_timeout=2,
            **({"user": INTERNAL_USER, "password": token} if token else {}),
        )
        await link.subscribe(topics.frame_subject(self.zone.id), cb=live, pending_msgs_limit=50)
        await link.subscribe(topics.replay_frame_subject(self.zone.id), cb=replay, pending_msgs_limit=50)
        await link.subscribe(topics.status_subject(self.zone.id), cb=status)
        await link.subscribe(topics.replay_status_subject(self.zone.id), cb=replay_status)

    async def report(self) -> None:
        """Tell viewers the status twice a second."""
        while True:
            self.hub.tell(json.dumps(self.status(), ensure_ascii=False))
            await asyncio.sleep(STATUS_S)


def create(zone: Zone, state_dir: Path, nats_url: str, drawn: Drawn | None = None) -> FastAPI:
    """Return the application of one zone, with its own map or with what is drawn of another."""
    centre = Centre(zone, state_dir, drawn)

    async def follow() -> None:
        while True:
            try:
                return await centre.follow(nats_url)
            except Exception:  # the broker is not there yet; nats-py raises a family of its own
                await asyncio.sleep(0.2)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(follow()), asyncio.create_task(centre.report())]
        yield
        for task in tasks:
            task.cancel()

    app = FastAPI(title="Jinyun 缙云", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.centre = centre

    @app.middleware("http")
    async def policy(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if request.url.path.startswith("/assets/") and response.status_code == 200:
            response.headers["Cache-Control"] = FOR_GOOD
        else:
            response.headers.setdefault("Cache-Control", "no-cache")
        return response

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
        return sheet(request, found, f"{tag}-{level}-{column}-{row}", **{"Cache-Control": FOR_GOOD})

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

        ways = {asyncio.create_task(listen()), asyncio.create_task(send())}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            centre.hub.leave(slot)
            for way in ways:
                way.cancel()
            # A viewer that went away in the middle of a frame is no error of ours.
            await asyncio.gather(*ways, return_exceptions=True)

    if (STATIC / "index.html").exists():
        app.mount("/assets", StaticFiles(directory=STATIC / "assets"), name="assets")

    @app.get("/", include_in_schema=False)
    @app.get("/applications", include_in_schema=False)
    def page() -> Response:
        return shell("./")

    @app.get("/applications/{id}", include_in_schema=False)
    def page_of_an_application(id: str) -> Response:
        return shell("../")

    return app


def shell(root: str) -> Response:
    """Return the page, which finds its parts relative to where it is: ``root`` leads to the centre's own path."""
    try:
        page = (STATIC / "index.html").read_text(encoding="utf-8")
    except OSError:
        return PlainTextResponse("The pages are not built. Run ./jinyun setup (or: pip install .)\n", 503)
    return HTMLResponse(page.replace('="./', f'="{root}'))
