"""Accounts (账号): who may sign in, with a password and, where they wish, a second factor; sessions, lockout, the first admin.

Passwords are kept as argon2id, cookies and keys as SHA-256 of 256 random bits. A wrong name costs the same time as a wrong
password. After :data:`FREE_FAILURES` failures in a row an account waits, longer each time.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from sqlalchemy import delete, func, select

from jinyun.centre import audit
from jinyun.centre.access import SCOPES, Role, Viewer
from jinyun.centre.registry import Account, Registry, Session
from jinyun.centre.registry.opening import now_us

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
SHORTEST, LONGEST = 12, 256
"""Characters of a password."""
FREE_FAILURES = 5
LOCK_S, LONGEST_LOCK_S = 30, 900
"""The first wait of an account after too many failures; it doubles with each further one."""
IDLE_S, SESSION_S = 2 * 3600, 12 * 3600
"""A session ends when it has not been used for so long, and in any case after a shift."""
SEEN_EVERY_S = 60
MOST_SESSIONS = 20
STEP_S = 30
"""Of the second factor (RFC 6238)."""

_HASHER = PasswordHasher()  # argon2id, RFC 9106's second recommendation
_DUMMY = _HASHER.hash(secrets.token_urlsafe(16))


class AccountError(ValueError):
    """What was asked of an account cannot be done; the text says why and may be shown."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A sign-in that failed; ``wait_s`` above 0 where the account waits, ``code_wanted`` where only the code was missing."""

    wait_s: int = 0
    code_wanted: bool = False


def digest(token: str) -> str:
    """Return what is kept of a random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_password(password: str) -> None:
    """Raise :class:`AccountError` where ``password`` is too short, too long or too plain."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountError(f"a password has {SHORTEST} to {LONGEST} characters")
    if len(set(password)) < 5:
        raise AccountError("a password has at least five different characters")


def create(registry: Registry, name: str, role: str, company: str | None = None, password: str | None = None) -> str:
    """Make an account and return its password (a random one where none is given). Raises :class:`AccountError`."""
    if not NAME.fullmatch(name):
        raise AccountError("a name has letters, digits and . _ @ - only, 64 at most, and begins with a letter or digit")
    _check_role(role, company)
    password = secrets.token_urlsafe(15) if password is None else password
    check_password(password)
    hashed = _HASHER.hash(password)
    with registry.write() as session:
        if session.get(Account, name) is not None:
            raise AccountError(f"there is an account {name} already")
        session.add(Account(name=name, role=role, company=company or None, password=hashed, created_us=now_us()))
    return password


def _check_role(role: str, company: str | None) -> None:
    if role not in {str(known) for known in Role if known is not Role.PUBLIC}:
        raise AccountError(f"{role!r} is no role: company, tester, operator, regulator or admin")
    if (role == Role.COMPANY) != bool(company):
        raise AccountError("a company's account names its company, and no other does")
    if company is not None and not (company.isprintable() and company == company.strip() and len(company) <= 64):
        raise AccountError("a company is named as in its papers, in 64 characters at most")


def first_admin(registry: Registry) -> str | None:
    """Make the account ``admin`` where there is no account at all; return its password, which is told this once."""
    with registry.read() as session:
        if session.execute(select(func.count()).select_from(Account)).scalar_one():
            return None
    try:
        return create(registry, "admin", Role.ADMIN)
    except AccountError:  # another start was quicker
        return None


def change(registry: Registry, name: str, **wishes: Any) -> dict[str, Any]:
    """Change ``role``, ``company`` or ``disabled``; sessions of the account end. Raises :class:`AccountError`."""
    with registry.write() as session:
        account = session.get(Account, name)
        if account is None:
            raise AccountError(f"there is no account {name}")
        role = wishes.get("role") or account.role
        company = wishes.get("company", account.company)
        company = company if role == Role.COMPANY else None
        _check_role(role, company)
        disabled = bool(wishes.get("disabled", account.disabled))
        if account.role == Role.ADMIN and (role != Role.ADMIN or disabled):
            others = select(func.count()).select_from(Account)
            others = others.where(Account.role == Role.ADMIN, Account.disabled.is_(False), Account.name != name)
            if not session.execute(others).scalar_one():
                raise AccountError("the last admin stays one")
        account.role, account.company, account.disabled = role, company, disabled
        session.execute(delete(Session).where(Session.account == name))
        return row(account)


def reset(registry: Registry, name: str) -> str:
    """Give an account a new random password, without second factor, locks and sessions; return it."""
    password = secrets.token_urlsafe(15)
    hashed = _HASHER.hash(password)
    with registry.write() as session:
        account = session.get(Account, name)
        if account is None:
            raise AccountError(f"there is no account {name}")
        account.password, account.totp, account.totp_wished, account.totp_step = hashed, None, None, 0
        account.failures, account.locked_until_us = 0, 0
        session.execute(delete(Session).where(Session.account == name))
    return password


def set_password(registry: Registry, name: str, old: str, new: str, keep: str = "") -> None:
    """Change one's own password; all sessions but ``keep`` (a digest) end. Raises :class:`AccountError`."""
    check_password(new)
    with registry.read() as session:
        account = session.get(Account, name)
    if account is None or not _fits(account.password, old):
        raise AccountError("the old password is not right")
    hashed = _HASHER.hash(new)
    with registry.write() as session:
        found = session.get_one(Account, name)
        found.password = hashed
        session.execute(delete(Session).where(Session.account == name, Session.token != keep))


def row(account: Account) -> dict[str, Any]:
    """Return an account as JSON, without its secrets."""
    return {
        "name": account.name, "role": account.role, "company": account.company, "disabled": account.disabled,
        "code": account.totp is not None, "created_us": account.created_us, "signed_in_us": account.signed_in_us,
        "locked_until_us": account.locked_until_us if account.locked_until_us > now_us() else None,
    }  # fmt: skip


def listing(registry: Registry) -> list[dict[str, Any]]:
    """Return all accounts by name."""
    with registry.read() as session:
        return [row(account) for account in session.execute(select(Account).order_by(Account.name)).scalars()]


# -- signing in ---------------------------------------------------------------------------------------------------------


def _fits(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except Argon2Error:
        return False


def sign_in(registry: Registry, name: str, password: str, code: str, address: str) -> tuple[str, Account] | Refused:
    """Return (the cookie's value, the account), or why not; written into the audit log either way."""
    with registry.read() as session:
        account = session.get(Account, name)
    now = now_us()
    if account is not None and account.locked_until_us > now:
        _fits(_DUMMY, password)
        return Refused(wait_s=1 + (account.locked_until_us - now) // 1_000_000)
    right = _fits(account.password if account is not None else _DUMMY, password[:LONGEST])
    good = right and account is not None and not account.disabled
    with registry.write() as session:
        found = session.get(Account, name) if account is not None else None
        deed = audit.Deed(
            name if found is not None else "", found.role if found is not None else Role.PUBLIC,
            found.company if found is not None else None, "session", "sign-in", "POST /api/v1/session", "", 401, address,
        )  # fmt: skip
        if not good or found is None:
            audit.enter(session, deed)
            if found is None:
                return _done(session, Refused())
            return _done(session, _failed(found, now))
        if found.totp is not None:
            step = _step_of(found.totp, code, found.totp_step)
            if step is None:
                if not code:
                    return _done(session, Refused(code_wanted=True))
                audit.enter(session, deed)
                return _done(session, _failed(found, now))
            found.totp_step = step
        token = _begun(session, found, now, address)
        audit.enter(session, audit.Deed(name, found.role, found.company, *deed_of("sign-in"), 200, address))
    return token, found


def enter_vouched(registry: Registry, name: str, address: str) -> str | None:
    """Return the cookie's value of somebody for whom an identity provider vouches; None where there is no such account.

    Written into the audit log either way. A second factor is the provider's business; an account that is stopped stays so.
    """
    route, now = "GET /api/v1/session/outside/return", now_us()
    with registry.write() as session:
        found = session.get(Account, name) if name else None
        if found is None or found.disabled:
            known = found.name if found is not None else ""
            role, company = (found.role, found.company) if found is not None else (Role.PUBLIC, None)
            audit.enter(session, audit.Deed(known, role, company, "session", "sign-in", route, "", 401, address))
            return None
        token = _begun(session, found, now, address)
        audit.enter(session, audit.Deed(name, found.role, found.company, "session", "sign-in", route, "", 200, address))
    return token


def _begun(session: Any, account: Account, now: int, address: str) -> str:
    """Begin a session of an account and return its cookie's value."""
    account.failures, account.locked_until_us, account.signed_in_us = 0, 0, now
    token = secrets.token_urlsafe(32)
    _end_old(session, account.name, now)
    session.add(Session(token=digest(token), account=account.name, created_us=now, seen_us=now, address=address[:64]))
    return token


def deed_of(act: str) -> tuple[str, str, str, str]:
    """Return (via, act, route, subject) of signing in and out."""
    return "session", act, f"{'POST' if act == 'sign-in' else 'DELETE'} /api/v1/session", ""


def _done(session: Any, refused: Refused) -> Refused:
    session.commit()
    return refused


def _failed(account: Account, now: int) -> Refused:
    account.failures += 1
    over = account.failures - FREE_FAILURES
    if over < 0:
        return Refused()
    wait_s = min(LOCK_S << min(over, 10), LONGEST_LOCK_S)
    account.locked_until_us = now + wait_s * 1_000_000
    return Refused(wait_s=wait_s)


def _step_of(secret: str, code: str, used: int) -> int | None:
    """Return the step of a code that is right now, just was or is about to be, and was not used; None for no such."""
    totp, now = pyotp.TOTP(secret), now_us() // 1_000_000 // STEP_S
    for step in (now - 1, now, now + 1):
        if step > used and code.isascii() and secrets.compare_digest(totp.generate_otp(step), code.strip()):
            return step
    return None


def _end_old(session: Any, name: str, now: int) -> None:
    session.execute(delete(Session).where(Session.created_us < now - SESSION_S * 1_000_000))
    session.execute(delete(Session).where(Session.seen_us < now - IDLE_S * 1_000_000))
    newest = select(Session.token).where(Session.account == name).order_by(Session.seen_us.desc())
    kept = session.execute(newest.limit(MOST_SESSIONS - 1)).scalars().all()
    session.execute(delete(Session).where(Session.account == name, Session.token.not_in(kept)))


def viewer_of(account: Account, via: str, scopes: tuple[str, ...]) -> Viewer:
    """Return who asks, as routes take it."""
    return Viewer(account.name, Role(account.role), account.company, via, scopes)


def of_session(registry: Registry, token: str) -> Viewer | None:
    """Return who holds a session's cookie; None where it has ended."""
    now = now_us()
    with registry.read() as session:
        found = session.get(Session, digest(token))
        account = session.get(Account, found.account) if found is not None else None
    if found is None or account is None or account.disabled:
        return None
    if now - found.created_us > SESSION_S * 1_000_000 or now - found.seen_us > IDLE_S * 1_000_000:
        return None
    if now - found.seen_us > SEEN_EVERY_S * 1_000_000:
        with registry.write() as session:
            again = session.get(Session, found.token)
            if again is not None:
                again.seen_us = now
    return viewer_of(account, "session", tuple(SCOPES))


def sign_out(registry: Registry, token: str, viewer: Viewer, address: str) -> None:
    """End a session."""
    with registry.write() as session:
        session.execute(delete(Session).where(Session.token == digest(token)))
        audit.enter(
            session, audit.Deed(viewer.account, viewer.role, viewer.company, *deed_of("sign-out"), 200, address)
        )


# -- the second factor --------------------------------------------------------------------------------------------------


def wish_code(registry: Registry, name: str, zone: str) -> dict[str, str]:
    """Return ``{secret, uri}`` for an authenticator; it counts once its first code was confirmed."""
    secret = pyotp.random_base32()
    with registry.write() as session:
        session.get_one(Account, name).totp_wished = secret
    return {"secret": secret, "uri": pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=f"Jinyun {zone}")}


def confirm_code(registry: Registry, name: str, code: str) -> None:
    """Make the wished second factor count. Raises :class:`AccountError`."""
    with registry.write() as session:
        account = session.get_one(Account, name)
        if account.totp_wished is None:
            raise AccountError("ask for a secret first: POST /api/v1/session/code")
        step = _step_of(account.totp_wished, code, 0)
        if step is None:
            raise AccountError("the code is not right; is the clock of the device?")
        account.totp, account.totp_wished, account.totp_step = account.totp_wished, None, step


def drop_code(registry: Registry, name: str, password: str) -> None:
    """Sign in without a second factor from now on. Raises :class:`AccountError`."""
    with registry.read() as session:
        account = session.get(Account, name)
    if account is None or not _fits(account.password, password):
        raise AccountError("the password is not right")
    with registry.write() as session:
        found = session.get_one(Account, name)
        found.totp, found.totp_wished, found.totp_step = None, None, 0
