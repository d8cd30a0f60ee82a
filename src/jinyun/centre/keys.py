"""API keys (接口密钥): a program asks in an account's name, for the scopes of its key, until the day it ends."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import func, select

from jinyun.centre.access import SCOPES, Viewer
from jinyun.centre.accounts import AccountError, digest, viewer_of
from jinyun.centre.registry import Account, ApiKey, Registry
from jinyun.centre.registry.opening import now_us

PREFIX = "jy_"
LONGEST_DAYS = 366
MOST = 100
"""Keys of one account that count at once."""
USED_EVERY_US = 60_000_000


def create(registry: Registry, account: str, label: str, scopes: list[str], days: int) -> dict[str, Any]:
    """Make a key and return it with ``key``, which is shown this once. Raises :class:`AccountError`."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise AccountError(f"scopes are {', '.join(SCOPES)}" + (f", not {', '.join(unknown)[:100]}" if unknown else ""))
    if not 1 <= days <= LONGEST_DAYS:
        raise AccountError(f"a key counts 1 to {LONGEST_DAYS} days")
    id, secret, now = secrets.token_hex(4), secrets.token_urlsafe(32), now_us()
    with registry.write() as session:
        if session.get(Account, account) is None:
            raise AccountError(f"there is no account {account}")
        counting = select(func.count()).select_from(ApiKey)
        counting = counting.where(ApiKey.account == account, ApiKey.revoked_us.is_(None), ApiKey.expires_us > now)
        if session.execute(counting).scalar_one() >= MOST:
            raise AccountError(f"{account} has {MOST} keys that count: revoke one first")
        made = ApiKey(
            id=id, secret=digest(secret), account=account, label=label[:128], scopes=sorted(set(scopes)),
            created_us=now, expires_us=now + days * 86_400_000_000,
        )  # fmt: skip
        session.add(made)
        session.flush()
        return row(made) | {"key": f"{PREFIX}{id}_{secret}"}


def row(key: ApiKey) -> dict[str, Any]:
    """Return a key as JSON, without its secret."""
    state = "revoked" if key.revoked_us else "expired" if key.expires_us <= now_us() else "counts"
    return {
        "id": key.id, "account": key.account, "label": key.label, "scopes": key.scopes, "state": state,
        "created_us": key.created_us, "expires_us": key.expires_us, "used_us": key.used_us, "revoked_us": key.revoked_us,
    }  # fmt: skip


def listing(registry: Registry, account: str | None) -> list[dict[str, Any]]:
    """Return the keys of one account, or of all."""
    wish = select(ApiKey).order_by(ApiKey.created_us.desc())
    with registry.read() as session:
        found = session.execute(wish if account is None else wish.where(ApiKey.account == account)).scalars()
        return [row(key) for key in found]


def revoke(registry: Registry, id: str, account: str | None) -> bool:
    """Stop a key from counting; False where ``account`` (None: anybody) has no such key."""
    with registry.write() as session:
        key = session.get(ApiKey, id)
        if key is None or (account is not None and key.account != account):
            return False
        key.revoked_us = key.revoked_us or now_us()
        return True


def of_key(registry: Registry, text: str) -> Viewer | None:
    """Return who asks with a key; None where it does not count."""
    id, _, secret = text.removeprefix(PREFIX).partition("_")
    with registry.read() as session:
        key = session.get(ApiKey, id) if text.startswith(PREFIX) else None
        account = session.get(Account, key.account) if key is not None else None
    if not secrets.compare_digest(key.secret if key is not None else digest(""), digest(secret)):
        return None
    now = now_us()
    if key is None or account is None or account.disabled or key.revoked_us is not None or key.expires_us <= now:
        return None
    if key.used_us is None or now - key.used_us > USED_EVERY_US:
        with registry.write() as session:
            session.get_one(ApiKey, id).used_us = now
    return viewer_of(account, f"key {id}", tuple(key.scopes))
