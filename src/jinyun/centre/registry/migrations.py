"""Bringing a registry up to date (登记库升级): numbered steps, each carried out once and written down."""

from __future__ import annotations

import time

from sqlalchemy import Connection, insert, text

from jinyun.centre.registry.models import Base, NoticeRule

_REFUSAL = "the audit log is append-only"
KEEP = {
    "sqlite": (
        f"CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        f"CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_is_kept()",
        "CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()",
    ),
}
"""How each database refuses to change the audit log."""


def _first(connection: Connection) -> None:
    Base.metadata.create_all(connection)
    for statement in KEEP[connection.dialect.name]:
        connection.execute(text(statement))


def _faults(connection: Connection) -> None:
    """What is at fault is a notice on the page from the beginning, sent nowhere."""
    connection.execute(
        insert(NoticeRule).values(
            id="faults", source="finding", rule="*", severity="fault", channels=[], escalate_to=[],
            escalate_after_s=900, enabled=True,
        )
    )  # fmt: skip


def _supervised(connection: Connection) -> None:
    """So is what supervision finds grave, and every duty before it is late."""
    for id, source in (("events", "event"), ("duties", "duty")):
        connection.execute(
            insert(NoticeRule).values(
                id=id, source=source, rule="*", severity="warning", channels=[], escalate_to=[], escalate_after_s=900,
                enabled=True,
            )
        )  # fmt: skip


STEPS = (
    ("tables of the first version", _first),
    ("a rule for faults", _faults),
    ("rules for supervision", _supervised),
)


class TooNew(Exception):
    """The database was written by a newer version."""


def migrate(connection: Connection) -> int:
    """Carry out the steps that the database has not seen; return how many it has seen now. Raises :class:`TooNew`."""
    connection.execute(
        text("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, what TEXT, done_us BIGINT)")
    )
    done = connection.execute(text("SELECT COALESCE(MAX(number), 0) FROM migration")).scalar_one()
    if done > len(STEPS):
        raise TooNew(f"its form is {done}, this version knows up to {len(STEPS)}")
    for number, (what, step) in enumerate(STEPS[done:], done + 1):
        step(connection)
        connection.execute(
            text("INSERT INTO migration VALUES (:number, :what, :done_us)"),
            {"number": number, "what": what, "done_us": time.time_ns() // 1000},
        )
    return len(STEPS)
