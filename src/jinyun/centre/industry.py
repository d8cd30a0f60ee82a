"""The industry's chain (产业链) in the centre: figures, the graph of who supplies whom, templates of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Response

from jinyun.centre.access import EVERYBODY, Rule, declare
from jinyun.industry import measures, register, report, tables
from jinyun.industry.command import folder_of

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

declare(
    {
        "GET /api/v1/industry": Rule(EVERYBODY),
        "GET /api/v1/industry/chain": Rule(EVERYBODY),
        "GET /api/v1/industry/templates/{form}": Rule(EVERYBODY),
    }
)


def routes(centre: Centre) -> APIRouter:
    """Return the routes of the industry."""
    router = APIRouter(prefix="/api/v1/industry", tags=["industry"])

    @router.get("")
    def get_industry() -> dict[str, Any]:
        """Return coverage and gaps, concentration, single sources, growth, share and forecast."""
        known, refused = register.load(folder_of(centre.zone))
        told = report.facts(known, centre.zone.profile)
        return told | {"zone": centre.zone.id, "refused": sum(len(bad) for bad in refused.values())}

    @router.get("/chain")
    def get_chain() -> dict[str, Any]:
        """Return the firms and what they supply to each other in the last known year."""
        known, _ = register.load(folder_of(centre.zone))
        maker = {row["product"]: row for row in known.products}
        year = measures.latest_year(known)
        return {
            "simulated": known.simulated, "year": year, "firms": known.firms,
            "supplies": [
                {"from": maker[row["product"]]["firm"], "to": row["buyer"], "link": maker[row["product"]]["link"],
                 "value_cny": row["value_cny"]}
                for row in known.supplies if row["year"] == year
            ],
        }  # fmt: skip

    @router.get("/templates/{form}", response_class=Response)
    def get_template(form: str) -> Response:
        """Return an empty table of a form as CSV; 404 where there is no such form."""
        if form not in tables.FORMS:
            raise HTTPException(404, f"no form {form}; there are {', '.join(tables.FORMS)}")
        headers = {"Content-Disposition": f'attachment; filename="{form}.csv"'}
        return Response("\ufeff" + tables.template(form), media_type="text/csv; charset=utf-8", headers=headers)

    return router
