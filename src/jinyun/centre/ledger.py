"""The ledger (台账) in the centre: counts what consumers are given, and shows statements, each company its own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from jinyun.centre.access import SIGNED_IN, Role, Rule, Viewer, asking, declare
from jinyun.cloud.recordings import RecordingError
from jinyun.ledger import command, statement
from jinyun.ledger.journal import FOLDER, Journal
from jinyun.state import read_json
from jinyun.zone import ZoneError

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

declare(
    {
        "GET /api/v1/ledger": Rule(SIGNED_IN, "supervision", own=True),
        "GET /api/v1/ledger/{company}/statement.{form}": Rule(SIGNED_IN, "supervision", own=True),
    }
)
Asking = Annotated[Viewer, Depends(asking)]
Minutes = Annotated[int, Query(ge=1, le=1440)]
KEPT_S = 60.0
"""A count of the record is shown again for so long before it is made anew."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Usage:
    """A layer around the application that counts for the journal: calls answered, messages sent to viewers."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], journal: Journal) -> None:
        self.app, self.journal = app, journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in ("http", "websocket") or not scope["path"].startswith("/api/v1/"):
            await self.app(scope, receive, send)
            return
        viewer = scope.get("state", {}).get("viewer")
        company, account = (viewer.company or "", viewer.account) if viewer is not None else ("", "")
        size, status = 0, 500

        async def counting(message: Message) -> None:
            nonlocal size, status
            await send(message)
            if message["type"] == "websocket.send":
                self.journal.note(company, account, "live", size=len(message.get("bytes") or message.get("text") or ""))
            elif message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))

        try:
            await self.app(scope, receive, counting)
        finally:
            if kind == "http":
                self.journal.note(company, account, "api", good=int(status < 500), size=size)


def journal_of(centre: Centre) -> Journal:
    """Return the journal of a centre."""
    return Journal(centre.state_dir / FOLDER)


def _priority(centre: Centre) -> dict[str, Any] | None:
    """Return what the signals tell of priority requests since they run, None where they tell nothing now."""
    said = centre.road.of("signals", 5.0) if hasattr(centre, "road") else None
    found = said.get("ledger") if isinstance(said, dict) else None
    return found if isinstance(found, dict) else None


def routes(centre: Centre, journal: Journal) -> APIRouter:
    """Return the routes of the ledger."""
    router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])
    known: dict[int, tuple[float, dict[str, Any]]] = {}

    def account(minutes: int) -> dict[str, Any]:
        if minutes in known and time.monotonic() - known[minutes][0] < KEPT_S:
            return known[minutes][1]
        journal.write()
        now = time.time_ns() // 1000
        said = read_json(centre.state_dir / "recording.json") or {}
        record = Path(said.get("folder") or centre.state_dir / command.RECORD)
        try:
            told = command.account(centre.zone, record, journal.folder, now - minutes * 60_000_000, now,
                                   state=centre.state_dir, priority=_priority(centre))  # fmt: skip
        except (ZoneError, RecordingError, OSError) as error:
            raise HTTPException(404, str(error)) from None
        known.clear()
        known[minutes] = (time.monotonic(), told)
        return told

    @router.get("")
    def get_ledger(viewer: Asking, minutes: Minutes = 10) -> dict[str, Any]:
        """Return the statements of the last minutes and how empty the zone runs; a company's account gets its own alone."""
        told = account(minutes)
        own = viewer.only(told["statements"])
        if viewer.role is Role.COMPANY:
            return {"zone": told["zone"], "simulated": told["simulated"], "begin_us": told["begin_us"],
                    "end_us": told["end_us"], "statements": own}  # fmt: skip
        return told | {"statements": own}

    @router.get("/{company}/statement.{form}", response_class=Response)
    def get_statement(viewer: Asking, company: str, form: str, minutes: Minutes = 10) -> Response:
        """Return one company's statement as ``html`` or ``xlsx``; 404 where it is not there or not this viewer's."""
        if form not in ("html", "xlsx"):
            raise HTTPException(404, "a statement is html or xlsx")
        one = next((row for row in viewer.only(account(minutes)["statements"]) if row["company"] == company), None)
        if one is None:
            raise HTTPException(404, f"no statement of {company}")
        if form == "html":
            return Response(statement.html(one, f"{minutes} min"), media_type="text/html; charset=utf-8")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "statement.xlsx"
            statement.xlsx(one, path)
            content = path.read_bytes()
        headers = {"Content-Disposition": f'attachment; filename="{company}.xlsx"'}
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return Response(content, media_type=kind, headers=headers)

    return router
