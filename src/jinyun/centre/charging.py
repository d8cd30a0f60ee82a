"""Charging for pages (充电): chargers, sessions, batteries, alarms and the depot's plan, as the road's central system says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends

from jinyun.centre.access import EVERYBODY, Rule, Viewer, asking, declare

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

declare({"GET /api/v1/charging": Rule(EVERYBODY, own=True)})
FRESH_S = 5.0
OWN = ("token", "vin", "vehicle")
"""What of a session or battery tells whose it is: not for everybody."""


def routes(centre: Centre) -> APIRouter:
    """Return the route of charging."""
    router = APIRouter()

    @router.get("/api/v1/charging")
    def get_charging(viewer: Viewer = Depends(asking)) -> dict[str, Any]:  # noqa: B008
        """Return chargers, sessions, batteries, alarms and the plan; without tokens and VINs for who did not sign in.

        ``t_us`` is null where no central system runs (``jinyun run --charging-port``).
        """
        told = centre.road.of("charging", FRESH_S)
        if told is None:
            return {
                "zone": centre.zone.id, "simulated": centre.zone.simulated, "t_us": None, "chargers": [], "sessions": [],
                "ended": [], "alarms": [], "refused": {}, "batteries": [], "plan": None, "sites": [],
            }  # fmt: skip
        if viewer.account:
            return told
        hidden = {key: [{k: v for k, v in row.items() if k not in OWN} for row in told[key]]
                  for key in ("sessions", "ended", "batteries")}  # fmt: skip
        return {**told, **hidden, "alarms": [], "refused": {}}

    return router
