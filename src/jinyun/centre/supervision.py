"""Supervision in the centre (监管): test vehicles, papers, duties, breaches, events and reports, as JSON for the pages.

A company sees its own: papers it is the subject of, vehicles and events of those. Everybody else who signed in sees all.
"""

from __future__ import annotations

import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, cast

from fastapi import APIRouter, Body, Depends, HTTPException, Path, Query, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, StreamingResponse

from jinyun.centre.access import SIGNED_IN, ZONE, Role, Rule, Viewer, asking, declare
from jinyun.centre.happenings import owners
from jinyun.state import read_json, write_json
from jinyun.supervision import kinds, tables
from jinyun.supervision.deadlines import load
from jinyun.supervision.duties import duties, standing
from jinyun.supervision.events import Event
from jinyun.supervision.evidence.pack import FOLDER
from jinyun.supervision.ledger import KINDS, Ledger, LedgerError
from jinyun.supervision.papers import Paper, Vehicle
from jinyun.supervision.rules import listing

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

declare(
    {
        "GET /api/v1/supervision/rules": Rule(SIGNED_IN, "supervision"),
        "GET /api/v1/supervision/vehicles": Rule(SIGNED_IN, "supervision", own=True),
        "GET /api/v1/supervision/duties": Rule(SIGNED_IN, "supervision", own=True),
        "GET /api/v1/supervision/breaches": Rule(SIGNED_IN, "supervision", own=True),
        "GET /api/v1/supervision/papers/{kind}": Rule(SIGNED_IN, "supervision", personal=True, own=True),
        "POST /api/v1/supervision/papers/{kind}": Rule((*ZONE, Role.COMPANY), "supervise", own=True),
        "GET /api/v1/supervision/report": Rule(SIGNED_IN, "supervision", own=True),
        "GET /api/v1/events": Rule(SIGNED_IN, "supervision", own=True),
        "POST /api/v1/events": Rule(ZONE, "supervise"),
        "GET /api/v1/events/{id}": Rule(SIGNED_IN, "supervision", own=True),
        "POST /api/v1/events/{id}/pack": Rule(ZONE, "supervise"),
        "GET /api/v1/events/{id}/pack": Rule(SIGNED_IN, "supervision", personal=True, own=True),
        "GET /api/v1/events/{id}/report": Rule(SIGNED_IN, "supervision", personal=True, own=True),
    }
)
Kind = Annotated[str, Path(max_length=40, description=", ".join(KINDS))]
Id = Annotated[str, Path(max_length=120, pattern=r"^[A-Za-z0-9_-]+$")]
Day = Annotated[date, Query()]
Asks = Annotated[Viewer, Depends(asking)]
LATEST_US = 2**52


class _Own:
    """Whose a vehicle or a paper is."""

    def __init__(self, ledger: Ledger, viewer: Viewer) -> None:
        self.viewer = viewer
        self.of_vehicle: dict[str, str] = {}
        self.of_paper: dict[str, str] = {}
        if viewer.role is Role.COMPANY:
            self.of_vehicle, self.of_paper = owners(ledger)

    def vehicle(self, name: str) -> bool:
        """Return whether the viewer may see what is of this vehicle; nobody's is for the zone alone."""
        return self.viewer.role is not Role.COMPANY or self.viewer.may_see(self.of_vehicle.get(name))

    def paper(self, name: str) -> bool:
        """Return whether the viewer may see what is of this paper's id, or of this vehicle."""
        whose = self.of_paper.get(name, self.of_vehicle.get(name))
        return self.viewer.role is not Role.COMPANY or self.viewer.may_see(whose)

    def whole(self, paper: Any) -> bool:
        """Return whether the viewer may see a paper."""
        if self.viewer.role is not Role.COMPANY:
            return True
        subject = getattr(paper, "subject", None) or self.of_paper.get(getattr(paper, "declaration", ""))
        return self.viewer.may_see(subject or self.of_vehicle.get(getattr(paper, "vin", "")))

    def may_replace(self, ledger: Ledger, paper: Paper) -> bool:
        """Return whether a paper that is handed in takes the place of none of somebody else's."""
        if self.viewer.role is not Role.COMPANY:
            return True
        name = "vin" if isinstance(paper, Vehicle) else "id"
        same = [one for one in ledger.papers(type(paper)) if getattr(one, name, None) == getattr(paper, name, "")]
        return all(self.whole(one) for one in same)


def routes(centre: Centre) -> APIRouter:
    """Return the routes of supervision."""
    router = APIRouter(tags=["supervision"])
    profile, folder = centre.zone.profile, centre.state_dir
    opened: list[Ledger] = []

    def ledger() -> Ledger:
        if not opened:
            opened.append(Ledger(folder))
        return opened[0]

    def now() -> datetime:
        return datetime.now(UTC)

    @router.get("/api/v1/supervision/rules")
    def get_rules() -> dict[str, Any]:
        """Return the rules with article, numbers and their status, and the tests that hold them."""
        return {"zone": centre.zone.id, "rules": listing(profile)}

    @router.get("/api/v1/supervision/vehicles")
    def get_vehicles(viewer: Asks) -> dict[str, Any]:
        """Return each test vehicle as it is now: mode, place, declaration, completeness of its ten data items, breaches."""
        found = read_json(folder / "supervision.json") or {"t_us": None, "vehicles": [], "refused": {}}
        own = _Own(ledger(), viewer)
        rows = [row for row in found["vehicles"] if own.vehicle(row["vehicle"])]
        refused = found["refused"] if viewer.role is not Role.COMPANY else {}
        return {
            "zone": centre.zone.id, "t_us": found["t_us"], "vehicles": rows, "refused": refused,
            "complete_least": profile["supervision.items_complete_share"].value,
        }  # fmt: skip

    @router.get("/api/v1/supervision/duties")
    def get_duties(viewer: Asks) -> dict[str, Any]:
        """Return what is due by when, the next first: open, near, late or done, and the seconds that are left.

        ``calendar`` names the years whose working days are known, and the notice that says so.
        """
        at, own, known = now(), _Own(ledger(), viewer), load(centre.zone.folder)
        found = [duty for duty in duties(ledger(), profile, known, at) if own.paper(duty.subject)]
        return {
            "zone": centre.zone.id, "now": at.isoformat(), "duties": [duty.as_json(at) for duty in found],
            "calendar": [{"year": year, "number": number} for year, number in known.years.items()],
        }  # fmt: skip

    @router.get("/api/v1/supervision/breaches")
    def get_breaches(viewer: Asks) -> dict[str, Any]:
        """Return what does not stand in the papers, and what was seen in driving, the newest first."""
        own = _Own(ledger(), viewer)
        papers = [
            one.as_json()
            for one in standing(ledger(), profile, load(centre.zone.folder), now())
            if own.paper(one.subject)
        ]
        driving = [row for row in ledger().breaches() if own.vehicle(row["subject"])]
        return {"zone": centre.zone.id, "papers": papers, "driving": driving}

    @router.get("/api/v1/supervision/papers/{kind}")
    def get_papers(viewer: Asks, kind: Kind) -> dict[str, Any]:
        """Return the papers of a kind as they stand now, and what roads are called; 404 for no such kind."""
        if kind not in KINDS:
            raise HTTPException(404, f"no papers {kind!r}: {', '.join(KINDS)}")
        own = _Own(ledger(), viewer)
        found = [paper.model_dump(mode="json") for paper in ledger().papers(KINDS[kind]) if own.whole(paper)]
        roads = {road.id: {"zh": road.zh, "en": road.en} for road in centre.zone.plan.roads}
        return {"kind": kind, "papers": found, "roads": roads}

    @router.post("/api/v1/supervision/papers/{kind}", status_code=201)
    def post_paper(viewer: Asks, kind: Kind, content: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        """Hand in a paper, or its newest state; 422 with every field that is wrong, 403 where it is another company's."""
        if kind not in KINDS:
            raise HTTPException(404, f"no papers {kind!r}: {', '.join(KINDS)}")
        own = _Own(ledger(), viewer)
        try:
            paper = KINDS[kind].model_validate(content)
            if not own.whole(paper) or not own.may_replace(ledger(), paper):
                raise HTTPException(403, "a company hands in its own papers only")
            paper = ledger().hand_in(kind, content, time.time_ns() // 1000)
        except LedgerError as error:
            raise HTTPException(422, str(error)[:2000]) from None
        except ValueError as error:
            raise HTTPException(422, str(error)[:2000]) from None
        return {"kind": kind, "paper": paper.model_dump(mode="json")}

    @router.get("/api/v1/supervision/report", response_class=Response)
    def get_report(
        viewer: Asks,
        first: Day,
        last: Day,
        form: Literal["json", "html", "xlsx"] = "json",
        language: Literal["zh", "en"] = "zh",
    ) -> Response:
        """Return the table of a period (half-year, June, December): JSON, a page or a workbook."""
        if first > last or first.year < 2000 or last.year > 2100:
            raise HTTPException(422, "first: is not before last, or outside 2000 to 2100")
        own = _Own(ledger(), viewer)
        table = [row for row in tables.rows(ledger(), first, last) if own.vehicle(row["vehicle"])]
        if form == "html":
            return HTMLResponse(tables.as_html(centre.zone, table, first, last, language))
        if form == "xlsx":
            with tempfile.TemporaryDirectory() as place:
                path = FilePath(place) / "report.xlsx"
                tables.as_xlsx(centre.zone, table, first, last, path)
                kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                name = f"attachment; filename=jinyun-{first}-{last}.xlsx"
                return Response(path.read_bytes(), media_type=kind, headers={"Content-Disposition": name})
        title = tables.title(centre.zone, first, last)
        return JSONResponse({"title": {"zh": title[0], "en": title[1]}, "rows": table})

    @router.get("/api/v1/events")
    def get_events(
        viewer: Asks,
        before_us: Annotated[int, Query(ge=0, le=LATEST_US)] = LATEST_US,
        kind: Annotated[str | None, Query(max_length=40)] = None,
        most: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        """Return events before an instant, the newest first; ``next`` is what to ask next with as ``before_us``."""
        own = _Own(ledger(), viewer)
        found = ledger().events(most, before_us, kind)
        rows = [row for row in found if viewer.role is not Role.COMPANY or own.vehicle(row["vehicle"])]
        return {
            "zone": centre.zone.id, "events": [_named(row) for row in rows], "kinds": kinds.listing(),
            "next": found[-1]["t_us"] if len(found) == most else None,
        }  # fmt: skip

    def event_of(id: str, viewer: Viewer) -> dict[str, Any]:
        found = ledger().event(id)
        if found is None or (viewer.role is Role.COMPANY and not _Own(ledger(), viewer).vehicle(found["vehicle"])):
            raise HTTPException(404, f"no event {id}")
        return found

    @router.get("/api/v1/events/{id}")
    def get_event(viewer: Asks, id: Id) -> dict[str, Any]:
        """Return one event, with what its pack holds where there is one."""
        found = event_of(id, viewer)
        manifest = read_json(folder / FOLDER / id / "manifest.json")
        return _named(found) | {"manifest": manifest, "facts": read_json(folder / FOLDER / id / "event.json")}

    def wish(event: Event) -> None:
        place = folder / FOLDER / "wishes"
        place.mkdir(parents=True, exist_ok=True)
        names = ("kind", "t_us", "x_m", "y_m", "tracks", "zh", "en", "vehicle")
        write_json(place / f"{event.id}.json", {name: getattr(event, name) for name in names})

    @router.post("/api/v1/events", status_code=202)
    def post_event(
        t_us: Annotated[int, Body(ge=0, le=LATEST_US)],
        lon: Annotated[float, Body(ge=-180, le=180)],
        lat: Annotated[float, Body(ge=-85, le=85)],
        note: Annotated[str, Body(max_length=500)] = "",
    ) -> dict[str, Any]:
        """Ask for a pack of any instant and place, as somebody sees it; it is made when its last second is recorded."""
        x_m, y_m = centre.zone.project(lon, lat)
        if not (abs(float(x_m)) < 1e6 and abs(float(y_m)) < 1e6):
            raise HTTPException(422, "lon, lat: too far from the zone")
        event = Event(
            "asked",
            t_us,
            round(float(x_m), 3),
            round(float(y_m), 3),
            (),
            note or "人工取证",
            note or "asked for by hand",
        )
        body = {
            "zh": event.zh,
            "en": event.en,
            "tracks": [],
            "x_m": event.x_m,
            "y_m": event.y_m,
            "lon": lon,
            "lat": lat,
            "pack": None,
        }
        ledger().happened(event.id, event.kind, event.t_us, "", body)
        wish(event)
        return {"id": event.id}

    @router.post("/api/v1/events/{id}/pack", status_code=202)
    def post_pack(viewer: Asks, id: Id) -> dict[str, Any]:
        """Ask for the pack of an event that has none."""
        found = event_of(id, viewer)
        if (folder / FOLDER / id).exists():
            raise HTTPException(409, "its pack is made: packs are never changed")
        place = found["x_m"], found["y_m"], tuple(found["tracks"])
        wish(Event(found["kind"], found["t_us"], *place, found["zh"], found["en"], found["vehicle"]))
        return {"id": id}

    @router.get("/api/v1/events/{id}/pack", response_class=Response)
    def get_pack(viewer: Asks, id: Id) -> Response:
        """Return the sealed pack of an event as a zip; ``python3 verify.py PACK.zip`` proves it. 404 where there is none."""
        event_of(id, viewer)
        place = folder / FOLDER / id
        if not (place / "manifest.json").exists():
            raise HTTPException(404, f"event {id} has no pack")
        name = f"attachment; filename={id}.zip"
        return StreamingResponse(_zipped(place), media_type="application/zip", headers={"Content-Disposition": name})

    @router.get("/api/v1/events/{id}/report", response_class=Response)
    def get_event_report(
        viewer: Asks, id: Id, form: Literal["html", "pdf"] = "html", language: Literal["zh", "en"] = "zh"
    ) -> Response:
        """Return the report of an event as a page or as a PDF; 404 where it has no pack."""
        event_of(id, viewer)
        path = folder / FOLDER / id / ("report.pdf" if form == "pdf" else f"report.{language}.html")
        if not path.exists():
            raise HTTPException(404, f"event {id} has no pack")
        return FileResponse(path, media_type="application/pdf" if form == "pdf" else "text/html; charset=utf-8")

    return router


def _named(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with what its kind is called, and how grave that is."""
    kind = kinds.of(event["kind"])
    return event | {"name": {"zh": kind.zh, "en": kind.en}, "severity": kind.severity}


class _Pipe:
    """Where a zip is written to that is sent while it is made."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""


def _zipped(folder: FilePath) -> Iterator[bytes]:
    """Yield a zip of a folder's files, a file at a time."""
    pipe = _Pipe()
    with zipfile.ZipFile(cast(BinaryIO, pipe), "w", zipfile.ZIP_STORED) as file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            file.write(path, path.relative_to(folder).as_posix())
            yield b"".join(pipe.waiting)
            pipe.waiting.clear()
    yield b"".join(pipe.waiting)
