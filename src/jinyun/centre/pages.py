"""The pages (页面): which paths show one, and the one document that they all are."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

STATIC = Path(__file__).with_name("static")
NAMES = (
    "applications",
    "trials",
    "audit",
    "devices",
    "duties",
    "events",
    "links",
    "notices",
    "permits",
    "replay",
    "reports",
    "signin",
    "vehicles",
    "growth",
    "industry",
    "ledger",
    "charging",
    "crossing",
    "stop",
    "cabin",
)
"""The first words of the pages' paths; the same as in ``web/src/live/paths.ts``."""


def routes() -> APIRouter:
    """Return the routes of the map (``/``), of every page (``/NAME``) and of what it shows (``/NAME/ITEM``)."""
    router = APIRouter(include_in_schema=False)

    def page() -> Response:
        return shell("./")

    def page_of_one(item: str) -> Response:
        return shell("../")

    router.add_api_route("/", page)
    for name in NAMES:
        router.add_api_route(f"/{name}", page)
        router.add_api_route(f"/{name}/{{item}}", page_of_one)
    return router


def shell(root: str) -> Response:
    """Return the page, which finds its parts relative to where it is: ``root`` leads to the centre's own path."""
    try:
        page = (STATIC / "index.html").read_text(encoding="utf-8")
    except OSError:
        return PlainTextResponse("The pages are not built. Run ./jinyun setup (or: pip install .)\n", 503)
    return HTMLResponse(page.replace('="./', f'="{root}'))
