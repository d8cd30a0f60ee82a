"""Signing in, accounts, keys and the audit log over HTTP (``docs/accounts.md``)."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import select

from jinyun.centre import accounts, audit, keys, paging
from jinyun.centre.access import NOBODY, Role, Viewer, asking
from jinyun.centre.doorway import COOKIE, address
from jinyun.centre.registry import Audit, Registry

Asking = Annotated[Viewer, Depends(asking)]
TRIES, IN_S = 20, 60.0
"""Sign-ins that one address may try in so many seconds."""
ADDRESSES = 10_000
AT_ONCE = 2
"""Passwords that are checked at once: each takes 64 MiB and a core for a moment."""


class Credentials(BaseModel):
    name: str = Field(max_length=64, examples=["regulator"])
    password: str = Field(max_length=256, examples=["correct horse battery"])
    code: str = Field("", max_length=16, description="of the second factor, where the account has one")


class NewPassword(BaseModel):
    old: str = Field(max_length=256)
    new: str = Field(max_length=256)


class Code(BaseModel):
    code: str = Field(max_length=16, examples=["492039"])


class Password(BaseModel):
    password: str = Field(max_length=256)


class NewAccount(BaseModel):
    name: str = Field(max_length=64, examples=["shift-2"])
    role: str = Field(max_length=16, examples=["operator"])
    company: str | None = Field(None, max_length=64, description="of a company's account", examples=[None])


class Change(BaseModel):
    role: str | None = Field(None, max_length=16)
    company: str | None = Field(None, max_length=64)
    disabled: bool | None = None
    reset: bool = Field(False, description="give it a new random password, which the answer holds")


class NewKey(BaseModel):
    label: str = Field(max_length=128, examples=["evening report"])
    scopes: list[str] = Field(max_length=10, examples=[["live", "supervision"]])
    days: int = Field(90, examples=[90])
    account: str | None = Field(None, max_length=64, description="of an admin: whose key it is; default one's own")


class Tries:
    """How often each address tried of late; the least recent are forgotten first."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_s(self, who: str) -> int:
        """Count one try; return 0 where it may be made, else after how many seconds the next may."""
        now = time.monotonic()
        since, count = self._of.pop(who, (now, 0))
        if now - since > IN_S:
            since, count = now, 0
        self._of[who] = (since, min(count + 1, TRIES + 1))
        while len(self._of) > ADDRESSES:
            self._of.popitem(last=False)
        return 0 if count < TRIES else max(1, int(since + IN_S - now))


def refusal(status: int, reason: str, **more: Any) -> JSONResponse:
    """Return an answer that says why not."""
    headers = {"Retry-After": str(more["wait_s"])} if more.get("wait_s") else None
    return JSONResponse({"reason": reason, **more}, status, headers)


def _told(viewer: Viewer, public: bool, outside: str | None) -> dict[str, Any]:
    return {
        "account": viewer.account or None,
        "role": viewer.role,
        "company": viewer.company,
        "via": viewer.via,
        "scopes": list(viewer.scopes),
        "public": public,
        "outside": outside,
    }


def keep_session(answer: Response, token: str, request: Request) -> None:
    """Let the browser keep a session that has begun."""
    answer.set_cookie(
        COOKIE, token, max_age=accounts.SESSION_S, path="/", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def routes(registry: Registry, zone_id: str, public: bool, outside: str | None = None) -> APIRouter:
    """Return the routes of one zone's accounts; ``outside`` is what its identity provider is called, None for none."""
    router = APIRouter(prefix="/api/v1", tags=["accounts"])
    tries, hashing = Tries(), CapacityLimiter(AT_ONCE)

    def own(viewer: Viewer) -> None:
        if viewer.via != "session":
            raise HTTPException(403, "only somebody who signed in, not a key, changes how one signs in")

    async def hashed(*call: Any) -> Any:
        if hashing.statistics().tasks_waiting > 20:
            raise HTTPException(429, "too many passwords are being checked", {"Retry-After": "2"})
        try:
            return await to_thread.run_sync(*call, limiter=hashing)
        except accounts.AccountError as error:
            raise HTTPException(422, str(error)) from None

    @router.get("/session")
    def get_session(viewer: Asking) -> dict[str, Any]:
        """Return who asks: account, role, company; ``role`` is public where nobody signed in."""
        return _told(viewer, public, outside)

    @router.post("/session", responses={401: {"description": "wrong"}, 429: {"description": "too many tries"}})
    async def sign_in(request: Request, wish: Credentials) -> Response:
        """Sign in: sets the cookie of the session. 401 says nothing of what was wrong; 429 says how long to wait."""
        if "x-jinyun" not in request.headers:
            return refusal(403, "signing in carries the header X-Jinyun: 1")
        where = address(request.scope)
        if wait_s := tries.wait_s(where):
            return refusal(429, f"too many tries: wait {wait_s} s", wait_s=wait_s)
        found = await hashed(accounts.sign_in, registry, wish.name, wish.password, wish.code, where)
        if isinstance(found, accounts.Refused):
            if found.wait_s:
                return refusal(429, f"too many failures: wait {found.wait_s} s", wait_s=found.wait_s)
            return refusal(401, "name, password or code is not right", code_wanted=found.code_wanted)
        token, account = found
        answer = JSONResponse(_told(accounts.viewer_of(account, "session", ()), public, outside))
        keep_session(answer, token, request)
        return answer

    @router.delete("/session")
    async def sign_out(request: Request, viewer: Asking) -> Response:
        """Sign out: the session ends at once."""
        if viewer.via == "session":
            token = request.scope["state"]["token"]
            await to_thread.run_sync(accounts.sign_out, registry, token, viewer, address(request.scope))
        answer = JSONResponse(_told(NOBODY, public, outside))
        answer.delete_cookie(COOKIE, path="/")
        return answer

    @router.put("/session/password", responses={422: {"description": "refused"}})
    async def set_password(request: Request, viewer: Asking, wish: NewPassword) -> dict[str, bool]:
        """Change one's own password; one's other sessions end."""
        own(viewer)
        keep = accounts.digest(request.scope["state"]["token"])
        await hashed(accounts.set_password, registry, viewer.account, wish.old, wish.new, keep)
        return {"changed": True}

    @router.post("/session/code")
    def wish_code(viewer: Asking) -> dict[str, str]:
        """Return the secret of a second factor (RFC 6238) for an authenticator; ``PUT`` with its first code makes it count."""
        own(viewer)
        return accounts.wish_code(registry, viewer.account, zone_id)

    @router.put("/session/code", responses={422: {"description": "wrong code"}})
    async def confirm_code(viewer: Asking, wish: Code) -> dict[str, bool]:
        """Make the second factor count."""
        own(viewer)
        if wait_s := tries.wait_s(viewer.account):
            raise HTTPException(429, f"too many tries: wait {wait_s} s", {"Retry-After": str(wait_s)})
        await hashed(accounts.confirm_code, registry, viewer.account, wish.code)
        return {"counts": True}

    @router.delete("/session/code", responses={422: {"description": "wrong password"}})
    async def drop_code(viewer: Asking, wish: Password) -> dict[str, bool]:
        """Sign in without second factor from now on."""
        own(viewer)
        await hashed(accounts.drop_code, registry, viewer.account, wish.password)
        return {"counts": False}

    @router.get("/keys")
    def get_keys(viewer: Asking) -> dict[str, Any]:
        """Return one's own API keys, an admin's all; never their secrets."""
        of = None if viewer.role is Role.ADMIN else viewer.account
        return {"keys": keys.listing(registry, of)}

    @router.post("/keys", status_code=201)
    def make_key(viewer: Asking, wish: NewKey) -> dict[str, Any]:
        """Make an API key: ``key`` in the answer is shown this once."""
        own(viewer)
        if wish.account not in (None, viewer.account) and viewer.role is not Role.ADMIN:
            raise HTTPException(403, "a key is made for oneself")
        try:
            return keys.create(registry, wish.account or viewer.account, wish.label, wish.scopes, wish.days)
        except accounts.AccountError as error:
            raise HTTPException(422, str(error)) from None

    @router.delete("/keys/{id}")
    def revoke_key(viewer: Asking, id: str) -> dict[str, Any]:
        """Stop a key from counting, at once."""
        if not keys.revoke(registry, id, None if viewer.role is Role.ADMIN else viewer.account):
            raise HTTPException(404, "no such key")
        return {"id": id, "state": "revoked"}

    @router.get("/accounts")
    def get_accounts() -> dict[str, Any]:
        """Return all accounts."""
        return {"accounts": accounts.listing(registry)}

    @router.post("/accounts", status_code=201)
    async def make_account(viewer: Asking, wish: NewAccount) -> dict[str, Any]:
        """Make an account: ``password`` in the answer is random and shown this once."""
        own(viewer)
        password = await hashed(accounts.create, registry, wish.name, wish.role, wish.company)
        return {"name": wish.name, "role": wish.role, "company": wish.company, "password": password}

    @router.patch("/accounts/{name}")
    async def change_account(viewer: Asking, name: str, wish: Change) -> dict[str, Any]:
        """Change an account's role, company or whether it counts; its sessions end."""
        own(viewer)
        try:
            wishes = wish.model_dump(exclude_unset=True, exclude={"reset"})
            changed = await to_thread.run_sync(lambda: accounts.change(registry, name, **wishes))
        except accounts.AccountError as error:
            raise HTTPException(404 if "no account" in str(error) else 422, str(error)) from None
        if wish.reset:
            changed["password"] = await hashed(accounts.reset, registry, name)
        return changed

    @router.get("/audit")
    def get_audit(
        account: Annotated[str, Query(max_length=64)] = "",
        act: Annotated[str, Query(max_length=16)] = "",
        q: Annotated[str, Query(max_length=100, description="part of route or subject")] = "",
        cursor: paging.Cursor = "",
        limit: paging.Limit = 100,
    ) -> dict[str, Any]:
        """Return the audit log, the newest first; ``next`` is the cursor of the next page, null at the end."""
        wish = select(Audit).order_by(Audit.number.desc()).limit(limit + 1)
        if cursor:
            wish = wish.where(Audit.number < paging.whole(cursor))
        wish = wish.where(Audit.account == account) if account else wish
        wish = wish.where(Audit.act == act) if act else wish
        if q:
            wish = wish.where(Audit.route.icontains(q, autoescape=True) | Audit.subject.icontains(q, autoescape=True))
        with registry.read() as session:
            found = [audit.row(entry) for entry in session.execute(wish).scalars()]
        more = len(found) > limit
        return {"entries": found[:limit], "next": paging.cursor(found[limit - 1]["number"]) if more else None}

    @router.get("/audit/verification")
    def get_verification(
        number: Annotated[int, Query(ge=0, le=2**62)] = 0, chain: Annotated[str, Query(max_length=64)] = ""
    ) -> dict[str, Any]:
        """Verify the chain of the whole log, and that it still holds an entry (``number``, ``chain``) kept from before."""
        return audit.verify(registry, {"number": number, "chain": chain} if chain else None)

    return router
