"""Who may ask for what (访问权限): every route of the centre, declared in one table; what is not declared is refused.

A route is a line of :data:`TABLE`: which roles may ask, the scope that an API key needs, whether the answer holds personal data
(each reading is audited), and whether a company gets its own part only. Whatever is not a reading is a command, and audited.
Routes take who asks as ``viewer: Viewer = Depends(asking)`` and leave out what :meth:`Viewer.may_see` denies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastapi import HTTPException
from starlette.exceptions import WebSocketException
from starlette.requests import HTTPConnection


class Role(StrEnum):
    """What somebody is to the zone."""

    PUBLIC = "public"  # a display that anybody may look at
    COMPANY = "company"  # a company that tests: its own vehicles
    TESTER = "tester"  # a testing body
    OPERATOR = "operator"  # the zone's shift
    REGULATOR = "regulator"  # the supervising authority
    ADMIN = "admin"  # accounts, keys and everything else


SIGNED_IN = (Role.COMPANY, Role.TESTER, Role.OPERATOR, Role.REGULATOR, Role.ADMIN)
EVERYBODY = (Role.PUBLIC, *SIGNED_IN)
STAFF = (Role.TESTER, Role.OPERATOR, Role.REGULATOR, Role.ADMIN)
ZONE = (Role.OPERATOR, Role.REGULATOR, Role.ADMIN)
SHIFT = (Role.OPERATOR, Role.ADMIN)
LAW = (Role.REGULATOR, Role.ADMIN)

SCOPES = {
    "live": "the live picture, the map, devices and applications",
    "supervision": "vehicles, permits, duties, events, reports and the record: reading",
    "supervise": "the same: commands",
    "notices": "notices, rules and channels",
    "accounts": "accounts, keys and the audit log",
}
"""What an API key can be good for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use a route, and what is written down about it."""

    roles: tuple[Role, ...]
    scope: str = "live"
    personal: bool = False
    own: bool = False
    always: bool = False  # also for somebody who did not sign in where the pages are not open to the public
    command: bool = True  # of what is no reading; False for signing in and out, which write their own word


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks."""

    account: str
    role: Role
    company: str | None = None
    via: str = "nobody"
    scopes: tuple[str, ...] = ("live",)

    def may_see(self, company: str | None) -> bool:
        """Return whether things of ``company`` (None: nobody's in particular) are shown to this viewer."""
        return self.role is not Role.COMPANY or (company is not None and company == self.company)

    def only(self, rows: Iterable[Mapping[str, Any]], key: str = "company") -> list[Any]:
        """Return the rows that this viewer may see by the company that each names."""
        return [row for row in rows if self.may_see(row.get(key))]


NOBODY = Viewer("", Role.PUBLIC)

TABLE: dict[str, Rule] = {
    "GET /openapi.json": Rule(EVERYBODY),
    "GET /metrics": Rule(EVERYBODY),
    "GET /healthz": Rule(EVERYBODY, always=True),
    "GET /api/v1/zone": Rule(EVERYBODY),
    "GET /api/v1/status": Rule(EVERYBODY),
    "GET /api/v1/signals": Rule(EVERYBODY),
    "GET /api/v1/applications": Rule(EVERYBODY),
    "GET /api/v1/applications/{id}/episodes": Rule(EVERYBODY),
    "GET /api/v1/map": Rule(EVERYBODY),
    "GET /api/v1/map/tiles/{tag}/{level}/{column}/{row}": Rule(EVERYBODY),
    "WS /api/v1/live": Rule(EVERYBODY),
    "GET /api/v1/devices": Rule(EVERYBODY),
    "GET /api/v1/devices/{id:path}": Rule(EVERYBODY),
    "GET /api/v1/participants": Rule(EVERYBODY),
    "GET /api/v1/findings": Rule(EVERYBODY),
    "GET /api/v1/road-events": Rule(EVERYBODY),
    "GET /api/v1/stream": Rule(EVERYBODY, own=True),
    "GET /api/v1/cabins": Rule(EVERYBODY),
    "GET /api/v1/cabins/{id}/road": Rule(EVERYBODY),
    "WS /api/v1/cabins/{id}/live": Rule(EVERYBODY),
    "GET /api/v1/fleet": Rule(EVERYBODY),
    # accounts
    "GET /api/v1/session": Rule(EVERYBODY, always=True),
    "POST /api/v1/session": Rule(EVERYBODY, always=True, command=False),
    "DELETE /api/v1/session": Rule(EVERYBODY, command=False),
    "GET /api/v1/session/outside": Rule(EVERYBODY, always=True),
    "GET /api/v1/session/outside/return": Rule(EVERYBODY, always=True),  # writes its own word into the log
    "PUT /api/v1/session/password": Rule(SIGNED_IN, "accounts"),
    "POST /api/v1/session/code": Rule(SIGNED_IN, "accounts"),
    "PUT /api/v1/session/code": Rule(SIGNED_IN, "accounts"),
    "DELETE /api/v1/session/code": Rule(SIGNED_IN, "accounts"),
    "GET /api/v1/keys": Rule(SIGNED_IN, "accounts", own=True),
    "POST /api/v1/keys": Rule(SIGNED_IN, "accounts", own=True),
    "DELETE /api/v1/keys/{id}": Rule(SIGNED_IN, "accounts", own=True),
    "GET /api/v1/accounts": Rule((Role.ADMIN,), "accounts", personal=True),
    "POST /api/v1/accounts": Rule((Role.ADMIN,), "accounts"),
    "PATCH /api/v1/accounts/{name}": Rule((Role.ADMIN,), "accounts"),
    "GET /api/v1/audit": Rule(LAW, "accounts", personal=True),
    "GET /api/v1/audit/verification": Rule(LAW, "accounts"),
    # notices
    "GET /api/v1/notices": Rule(SIGNED_IN, "notices", own=True),
    "POST /api/v1/notices/{id}/acknowledgement": Rule((*ZONE, Role.COMPANY), "notices", own=True),
    "GET /api/v1/notice-rules": Rule(ZONE, "notices"),
    "PUT /api/v1/notice-rules/{id}": Rule(SHIFT, "notices"),
    "DELETE /api/v1/notice-rules/{id}": Rule(SHIFT, "notices"),
    "GET /api/v1/channels": Rule(ZONE, "notices"),
    "PUT /api/v1/channels/{id}": Rule(SHIFT, "notices"),
    "DELETE /api/v1/channels/{id}": Rule(SHIFT, "notices"),
    "POST /api/v1/channels/{id}/trial": Rule(SHIFT, "notices"),
}
"""``METHOD path`` of every route, as the routes write it."""


def declare(rules: Mapping[str, Rule]) -> None:
    """Add a room's own routes to the table; raises ``ValueError`` where a route is declared twice, and differently."""
    for route, rule in rules.items():
        if TABLE.setdefault(route, rule) != rule:
            raise ValueError(f"{route} is declared twice")


READING = frozenset({"GET", "HEAD", "OPTIONS", "WS"})


def rule_of(method: str, path: str) -> Rule | None:
    """Return the rule of a route by its method and its path as declared; None where the table does not name it."""
    return TABLE.get(f"{'GET' if method == 'HEAD' else method} {path}")


async def guard(connection: HTTPConnection) -> None:
    """Let who asks pass, or refuse: 401 where signing in would help, 403 where it would not (a dependency of all routes)."""
    scope = connection.scope
    route = scope["route"]
    if not getattr(route, "include_in_schema", True):
        return  # the pages: the same document for everybody, without data
    method = scope.get("method", "WS")
    rule = rule_of(method, route.path)
    viewer: Viewer | None = scope["state"].get("viewer")
    if rule is None:
        _refuse(scope, 403, f"{method} {route.path} is not declared in the centre's table of access")
    assert rule is not None
    if viewer is None:  # nobody in particular, where the pages are not open to the public
        if not rule.always:
            _refuse(scope, 401, "sign in: POST /api/v1/session, or send Authorization: Bearer KEY")
        viewer = NOBODY
    assert viewer is not None
    scope["state"]["viewer"] = viewer
    unsafe = method not in READING
    if viewer.account and (unsafe or rule.personal):
        scope["state"]["audited"] = ("refused", f"{method} {route.path}")
    if unsafe and viewer.via == "session" and "x-jinyun" not in connection.headers:
        _refuse(scope, 403, "a command of a signed-in page carries the header X-Jinyun: 1")
    if viewer.role not in rule.roles:
        wanted = ", ".join(rule.roles)
        status = 401 if viewer.role is Role.PUBLIC else 403
        _refuse(scope, status, f"for {wanted}; you ask as {viewer.role}")
    if viewer.via.startswith("key") and rule.scope not in viewer.scopes:
        _refuse(scope, 403, f"the key is not good for {rule.scope}")
    scope["state"].pop("audited", None)
    if rule.personal or (unsafe and rule.command):
        scope["state"]["audited"] = ("command" if unsafe else "read", f"{method} {route.path}")


def _refuse(scope: Any, status: int, reason: str) -> None:
    if scope["type"] == "websocket":
        raise WebSocketException(1008, reason)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    raise HTTPException(status, reason, headers)


def asking(connection: HTTPConnection) -> Viewer:
    """Return who asks (a dependency of routes that answer differently)."""
    viewer: Viewer = connection.scope["state"]["viewer"]
    return viewer
