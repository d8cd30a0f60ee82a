"""Who may ask for what: every route of the API, every role, and two companies that must not see each other."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from jinyun.centre.access import EVERYBODY, NOBODY, TABLE, Role, Rule, declare, rule_of
from jinyun.centre.doorway import COOKIE
from jinyun.centre.registry import Notice
from tests.centre.asking import Asker, Place

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
A, B = "甲公司-kestrel", "乙公司-marlin"
ENDLESS = "/api/v1/stream"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def askers(place: Place) -> dict[Role, Asker]:
    found = {Role.PUBLIC: place.nobody}
    for role in Role:
        if role is not Role.PUBLIC:
            found[role] = place.account(f"the-{role}", role, A if role is Role.COMPANY else None)
    return found


def routes(place: Place) -> Iterator[tuple[str, str]]:
    for path, deeds in place.app.openapi()["paths"].items():
        for method in deeds:
            yield method.upper(), path


def declared(method: str, path: str) -> Rule | None:
    """The rule of a path as OpenAPI writes it, which leaves out how a parameter is read."""
    found = [rule for key, rule in TABLE.items() if re.sub(r"\{(\w+):\w+\}", r"{\1}", key) == f"{method} {path}"]
    return found[0] if found else None


def filled(path: str, value: str = "x") -> str:
    return re.sub(r"\{\w+\}", value, path)


def test_every_route_of_the_api_is_declared_and_nothing_else_is(place: Place) -> None:
    known = {f"{method} {path}" for method, path in routes(place)}
    undeclared = {route for route in known if declared(*route.split(" ", 1)) is None}
    assert not undeclared, f"declare in centre/access.py or by access.declare: {sorted(undeclared)}"
    written = {re.sub(r"\{(\w+):\w+\}", r"{\1}", key) for key in TABLE}
    gone = {route for route in written - known if not route.startswith("WS ") and route != "GET /openapi.json"}
    assert not gone, f"declared but no route: {sorted(gone)}"


def test_every_pair_of_route_and_role_answers_as_the_table_says(place: Place, askers: dict[Role, Asker]) -> None:
    wrong, asked = [], 0
    for method, path in routes(place):
        rule = declared(method, path)
        if rule is None or path == ENDLESS or (path.endswith("/session") and method in UNSAFE):
            continue
        for role, asker in askers.items():
            if role in rule.roles and method in UNSAFE:
                continue  # what it does is another test's; that it is let in shows there
            status = asker.ask(method, filled(path), {} if method in UNSAFE else None).status_code
            asked += 1
            refused = status in (401, 403)
            if refused != (role not in rule.roles) or status == (401 if role is not Role.PUBLIC else 403):
                wrong.append((method, path, str(role), status))
    assert not wrong and asked > 100


def test_a_route_that_is_not_declared_is_refused(place: Place) -> None:
    assert rule_of("GET", "/api/v1/secret") is None

    async def secret() -> dict[str, str]:
        return {"secret": "shown"}

    place.app.add_api_route("/api/v1/secret", secret)
    try:
        answer = place.nobody.get("/api/v1/secret")
        assert answer.status_code == 403 and "not declared" in answer.json()["reason"]
    finally:
        place.app.router.routes.pop()
        place.app.openapi_schema = None
    with pytest.raises(ValueError, match="twice"):
        declare({"GET /metrics": Rule((Role.ADMIN,))})


def test_only_who_is_signed_in_commands_and_the_public_only_reads() -> None:
    for route, rule in TABLE.items():
        if route.split(" ")[0] in UNSAFE and rule.command:
            assert Role.PUBLIC not in rule.roles, route
        if rule.personal:
            assert Role.PUBLIC not in rule.roles and (Role.COMPANY not in rule.roles or rule.own), route


def seed(place: Place) -> int:
    """Give each company something of its own; return the id of what is B's."""
    with place.registry.write() as session:
        made = []
        for company in (A, B):
            notice = Notice(
                key=company, rule="faults", severity="fault", title=f"of {company}", text="", subject=company,
                company=company, opened_us=1, last_us=1, count=1, sent={},
            )  # fmt: skip
            session.add(notice)
            session.flush()
            made.append(notice.id)
    return made[1]


def test_a_company_never_reads_of_another_one_on_any_route(place: Place, askers: dict[Role, Asker]) -> None:
    theirs = seed(place)
    own, other = askers[Role.COMPANY], place.account("marlin", "company", B)
    made = other.ask("POST", "/api/v1/keys", {"label": f"of {B}", "scopes": ["live"]}).json()
    assert B in other.get("/api/v1/notices").text and A in own.get("/api/v1/notices").text
    for method, path in routes(place):
        if method != "GET" or path == ENDLESS:
            continue
        for value in (str(theirs), made["id"], "marlin", B):
            answer = own.get(filled(path, value) + ("" if "{" in path else "?limit=1000"))
            if answer.status_code in (403, 404, 422):
                continue  # that it is not there for this one, in the words of the request
            told = answer.text.replace(json.dumps(B)[1:-1], B)
            assert "marlin" not in told and made["id"] not in told, (path, value)
    assert own.ask("POST", f"/api/v1/notices/{theirs}/acknowledgement").status_code == 404
    assert own.ask("DELETE", f"/api/v1/keys/{made['id']}").status_code == 404
    assert other.ask("POST", f"/api/v1/notices/{theirs}/acknowledgement").json()["acknowledged_by"] == "marlin"


def test_the_news_of_a_company_are_its_own(place: Place, askers: dict[Role, Asker]) -> None:
    start = place.centre.news.number
    place.centre.news.tell("notice", {"company": A, "title": "kestrel"})
    place.centre.news.tell("notice", {"company": B, "title": "marlin"})
    place.centre.news.tell("finding", {"rule": "device.silent"})
    address = f"/api/v1/stream?last={start}&seconds=0.05"
    own, law, nobody = (askers[role].get(address).text for role in (Role.COMPANY, Role.REGULATOR, Role.PUBLIC))
    assert "kestrel" in own and "marlin" not in own and "device.silent" in own
    assert "kestrel" in law and "marlin" in law
    assert "kestrel" not in nobody and "marlin" not in nobody and "device.silent" in nobody
    assert f"id: {start + 3}" in law
    later = askers[Role.REGULATOR].get("/api/v1/stream?seconds=0.05", Last_Event_ID=str(start + 2)).text
    assert "device.silent" in later and "marlin" not in later


def test_whoever_is_not_a_company_sees_all_and_a_company_nothing_that_is_nobodys() -> None:
    assert NOBODY.may_see(A) and not NOBODY.account
    assert EVERYBODY[0] is Role.PUBLIC and set(EVERYBODY) == set(Role)


schemathesis_settings = settings(
    max_examples=3, deadline=None, phases=(Phase.generate,), derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def test_no_request_that_the_description_allows_or_forbids_makes_a_server_error(
    place: Place, askers: dict[Role, Asker]
) -> None:
    """Schemathesis makes the requests; the admin's session sends them, so that they reach what is behind the table."""
    schema = schemathesis.openapi.from_dict(place.app.openapi())
    admin = askers[Role.ADMIN]
    failed: list[tuple[str, int, str]] = []
    sent = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        path = operation.path
        if path == ENDLESS or path.startswith("/api/v1/session") or path.endswith("/trial"):
            continue

        @schemathesis_settings
        @given(case=operation.as_strategy())
        def once(case: Any) -> None:
            nonlocal sent
            kwargs = case.as_transport_kwargs()
            sent += 1
            request = {key: value for key, value in kwargs.items() if key in ("params", "json", "headers", "data")}
            answer = direct(admin, kwargs["method"], case.formatted_path, request)
            if answer.status_code >= 500 and answer.status_code != 503:
                failed.append((f"{case.method} {case.formatted_path}", answer.status_code, str(request)[:200]))

        once()
    assert not failed and sent > 60


def direct(asker: Asker, method: str, address: str, request: dict[str, Any]) -> httpx.Response:
    headers = {**{k: v for k, v in (request.pop("headers", None) or {}).items()}, **asker.headers}
    headers["Cookie"] = f"{COOKIE}={asker.cookie}"

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(asker.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://centre") as client:
            return await client.request(method, address, headers=headers, **request)

    return asyncio.run(go())
