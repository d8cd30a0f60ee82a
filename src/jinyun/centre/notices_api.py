"""Notices, their rules and channels over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import func, or_, select

from jinyun.centre import channels, happenings, notices, paging
from jinyun.centre.access import Viewer, asking
from jinyun.centre.registry import Channel, Notice, NoticeRule
from jinyun.centre.registry.opening import now_us

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

Asking = Annotated[Viewer, Depends(asking)]
Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["duty-desk"])]
MOST = 100
"""Rules, and channels."""


class RuleWish(BaseModel):
    source: Literal["finding", "event", "duty"] = Field("finding")
    rule: str = Field(
        "*", max_length=64, description="name of what happens; * and ? stand for more", examples=["device.*"]
    )
    severity: Literal["info", "warning", "fault"] = Field("fault", description="this or worse")
    channels: list[str] = Field([], max_length=20, examples=[["duty-desk"]])
    escalate_to: list[str] = Field([], max_length=20)
    escalate_after_s: int = Field(900, ge=1, le=7 * 86_400)
    enabled: bool = True


class ChannelWish(BaseModel):
    kind: Literal["webhook", "smtp", "mqtt"]
    settings: dict[str, Any] = Field(max_length=20, examples=[{"url": "https://desk.example/hook", "secret": "…"}])
    enabled: bool = True


def routes(centre: Centre) -> APIRouter:
    """Return the routes of one zone's notices."""
    router = APIRouter(prefix="/api/v1", tags=["notices"])
    registry = centre.registry

    @router.get("/notices")
    def get_notices(
        viewer: Asking,
        state: Annotated[Literal["", "open", "acknowledged", "ended"], Query()] = "",
        q: Annotated[str, Query(max_length=100)] = "",
        cursor: paging.Cursor = "",
        limit: paging.Limit = 100,
    ) -> dict[str, Any]:
        """Return notices, the newest first; a company's account gets its own. ``open`` counts those nobody answered."""
        wish = select(Notice)
        if not viewer.may_see(None):
            wish = wish.where(Notice.company == viewer.company)
        waiting = wish.where(Notice.ended_us.is_(None), Notice.acknowledged_us.is_(None))
        if state == "ended":
            wish = wish.where(Notice.ended_us.is_not(None))
        elif state == "acknowledged":
            wish = wish.where(Notice.ended_us.is_(None), Notice.acknowledged_us.is_not(None))
        elif state == "open":
            wish = waiting
        for word in q.split():
            wish = wish.where(
                or_(
                    *(column.icontains(word, autoescape=True) for column in (Notice.title, Notice.text, Notice.subject))
                )
            )
        if cursor:
            wish = wish.where(Notice.id < paging.whole(cursor))
        with registry.read() as session:
            found = session.execute(wish.order_by(Notice.id.desc()).limit(limit + 1)).scalars().all()
            open_now = session.execute(select(func.count()).select_from(waiting.subquery())).scalar_one()
        rows = [notices.row(notice) for notice in found[:limit]]
        return {
            "notices": rows, "open": open_now,
            "next": paging.cursor(rows[-1]["id"]) if len(found) > limit else None,
        }  # fmt: skip

    @router.post("/notices/{id}/acknowledgement")
    async def acknowledge(viewer: Asking, id: Annotated[int, Path(ge=1, le=2**53)]) -> dict[str, Any]:
        """Note that one sees to a notice: it is not escalated any more."""
        there, company = await to_thread.run_sync(notices.company_of, registry, id)
        if not there or not viewer.may_see(company):
            raise HTTPException(404, "no such notice")
        found = await to_thread.run_sync(notices.acknowledge, registry, id, viewer.account)
        if found is None:
            raise HTTPException(404, "no such notice")
        centre.news.tell("notice", found)
        return found

    @router.get("/notice-rules")
    def get_rules() -> dict[str, Any]:
        """Return which happenings become notices and where those go; ``names`` of what may happen, by its source."""
        with registry.read() as session:
            found = session.execute(select(NoticeRule).order_by(NoticeRule.id)).scalars()
            return {"rules": [_rule(rule) for rule in found], "names": happenings.names()}

    @router.put("/notice-rules/{id}")
    def put_rule(id: Id, wish: RuleWish) -> dict[str, Any]:
        """Make or change a rule; 422 where it names a channel that is not there."""
        with registry.write() as session:
            known = set(session.execute(select(Channel.id)).scalars())
            missing = sorted({*wish.channels, *wish.escalate_to} - known)
            if missing:
                raise HTTPException(422, f"no channel {', '.join(missing)[:200]}")
            _room(session, NoticeRule, id)
            rule = session.merge(NoticeRule(id=id, **wish.model_dump()))
            session.flush()
            return _rule(rule)

    @router.delete("/notice-rules/{id}")
    def delete_rule(id: Id) -> dict[str, Any]:
        """Make no notices by this rule any more; those that are open end."""
        return _delete(centre, NoticeRule, id)

    @router.get("/channels")
    def get_channels() -> dict[str, Any]:
        """Return where notices may go; secrets are left out."""
        with registry.read() as session:
            found = session.execute(select(Channel).order_by(Channel.id)).scalars()
            return {"channels": [_channel(channel) for channel in found], "dropped": centre.notices.outbox.dropped}

    @router.put("/channels/{id}")
    def put_channel(id: Id, wish: ChannelWish) -> dict[str, Any]:
        """Make or change a channel: ``webhook {url, secret}``, ``smtp {host, port, tls, from, to[], user, password}`` or
        ``mqtt {topic}``. A secret given as ``***`` stays what it was."""
        with registry.write() as session:
            before = session.get(Channel, id)
            settings = dict(wish.settings)
            for name in channels.SECRET:
                if settings.get(name) == "***":
                    settings[name] = before.settings.get(name, "") if before is not None else ""
            try:
                kept = channels.checked(wish.kind, settings)
            except channels.ChannelError as error:
                raise HTTPException(422, f"settings: {error}") from None
            _room(session, Channel, id)
            channel = session.merge(Channel(id=id, kind=wish.kind, settings=kept, enabled=wish.enabled))
            session.flush()
            return _channel(channel)

    @router.delete("/channels/{id}")
    def delete_channel(id: Id) -> dict[str, Any]:
        """Take a channel away; rules that name it go on without it."""
        return _delete(centre, Channel, id)

    @router.post("/channels/{id}/trial", responses={502: {"description": "not delivered"}})
    async def try_channel(viewer: Asking, id: Id) -> dict[str, Any]:
        """Send one notice that says it is a trial, now; 502 with the reason where it does not arrive."""
        what = {
            "what": "trial", "id": 0, "rule": "", "severity": "info", "title": f"Trial of {centre.zone.id} 试发",
            "text": f"sent by {viewer.account}", "subject": id, "company": None, "opened_us": now_us(),
        }  # fmt: skip
        with registry.read() as session:
            if session.get(Channel, id) is None:
                raise HTTPException(404, "no such channel")
        try:
            await centre.notices.outbox.deliver(id, what)
        except channels.ChannelError as error:
            raise HTTPException(502, f"not delivered: {error}") from None
        return {"id": id, "delivered": True}

    return router


def _room(session: Any, model: type[Any], id: str) -> None:
    count = session.execute(select(func.count()).select_from(model)).scalar_one()
    if count >= MOST and session.get(model, id) is None:
        raise HTTPException(422, f"{MOST} at most")


def _delete(centre: Centre, model: type[Any], id: str) -> dict[str, Any]:
    with centre.registry.write() as session:
        found = session.get(model, id)
        if found is None:
            raise HTTPException(404, f"there is no {id}")
        session.delete(found)
    return {"id": id, "deleted": True}


def _rule(rule: NoticeRule) -> dict[str, Any]:
    names = ("id", "source", "rule", "severity", "channels", "escalate_to", "escalate_after_s", "enabled")
    return {name: getattr(rule, name) for name in names}


def _channel(channel: Channel) -> dict[str, Any]:
    settings = channels.shown(channel.settings)
    return {"id": channel.id, "kind": channel.kind, "settings": settings, "enabled": channel.enabled}
