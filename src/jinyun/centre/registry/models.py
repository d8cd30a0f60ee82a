"""What the registry keeps (登记内容): one class a table; instants are int64 µs of UTC, secrets are kept as hashes only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}


class Account(Base):
    """Somebody who may sign in."""

    __tablename__ = "account"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    company: Mapped[str | None] = mapped_column(String(64))  # the only one whose things a company's account sees
    password: Mapped[str] = mapped_column(Text)  # argon2id, with its parameters
    totp: Mapped[str | None] = mapped_column(String(64))  # secret of the second factor, once it is confirmed
    totp_wished: Mapped[str | None] = mapped_column(String(64))  # one that waits for its first code
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)  # the last step that was used: a code counts once
    disabled: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    locked_until_us: Mapped[int] = mapped_column(BigInteger, default=0)
    created_us: Mapped[int] = mapped_column(BigInteger)
    signed_in_us: Mapped[int | None] = mapped_column(BigInteger)


class Session(Base):
    """A browser that signed in."""

    __tablename__ = "session"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the cookie's value
    account: Mapped[str] = mapped_column(ForeignKey("account.name", ondelete="CASCADE"), index=True)
    created_us: Mapped[int] = mapped_column(BigInteger)
    seen_us: Mapped[int] = mapped_column(BigInteger)
    address: Mapped[str] = mapped_column(String(64))


class ApiKey(Base):
    """A program that asks in an account's name, for some of what that account may ask."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))  # SHA-256
    account: Mapped[str] = mapped_column(ForeignKey("account.name", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(128))
    scopes: Mapped[list[str]]
    created_us: Mapped[int] = mapped_column(BigInteger)
    expires_us: Mapped[int] = mapped_column(BigInteger)
    used_us: Mapped[int | None] = mapped_column(BigInteger)
    revoked_us: Mapped[int | None] = mapped_column(BigInteger)


class Audit(Base):
    """One deed, for good: the database refuses to change or delete it, and ``chain`` tells if somebody did."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    t_us: Mapped[int] = mapped_column(BigInteger, index=True)
    account: Mapped[str] = mapped_column(String(64), index=True)
    role: Mapped[str] = mapped_column(String(16))
    company: Mapped[str | None] = mapped_column(String(64))
    via: Mapped[str] = mapped_column(String(32))
    act: Mapped[str] = mapped_column(String(16), index=True)
    route: Mapped[str] = mapped_column(String(160))
    subject: Mapped[str] = mapped_column(String(512))
    outcome: Mapped[int] = mapped_column(Integer)
    address: Mapped[str] = mapped_column(String(64))
    chain: Mapped[str] = mapped_column(String(64))


class Channel(Base):
    """Where notices go."""

    __tablename__ = "channel"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    settings: Mapped[dict[str, Any]]
    enabled: Mapped[bool] = mapped_column(default=True)


class NoticeRule(Base):
    """Which happenings become notices, where those go, and where to when nobody answers."""

    __tablename__ = "notice_rule"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    rule: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(16))
    channels: Mapped[list[str]]
    escalate_to: Mapped[list[str]]
    escalate_after_s: Mapped[int] = mapped_column(Integer)
    enabled: Mapped[bool] = mapped_column(default=True)


class Notice(Base):
    """Something somebody must know of; the same cause is one notice until it has ended."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(256), index=True)
    rule: Mapped[str] = mapped_column(String(64))  # the notice rule's id
    severity: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(256))
    text: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(256))
    company: Mapped[str | None] = mapped_column(String(64))
    opened_us: Mapped[int] = mapped_column(BigInteger, index=True)
    last_us: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(Integer, default=1)
    ended_us: Mapped[int | None] = mapped_column(BigInteger)
    acknowledged_us: Mapped[int | None] = mapped_column(BigInteger)
    acknowledged_by: Mapped[str | None] = mapped_column(String(64))
    escalated_us: Mapped[int | None] = mapped_column(BigInteger)
    sent: Mapped[dict[str, Any]] = mapped_column(default=dict)  # channel -> what became of it
