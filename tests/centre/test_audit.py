"""The audit log: what must be in it is, and what was done to it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from jinyun.centre import audit
from jinyun.centre.registry import Registry, open_registry
from tests.centre.asking import PASSWORD, Asker, Place
from tests.centre.postgres import Store


@pytest.fixture
def tmp_path(tmp_path: Path, store: Store) -> Path:
    """A state folder whose registry is in a file, then on a server."""
    return store.claim(tmp_path)


def written(folder: Path, count: int) -> Registry:
    registry = open_registry(folder)
    for number in range(count):
        audit.append(registry, audit.Deed("op", "operator", None, "session", "read", "GET /x", str(number), 200, "::1"))
    return registry


def tampered(registry: Registry, *statements: str) -> None:
    """Change the log as somebody who owns the database would: past its own refusals."""
    triggers = ("audit_is_not_changed", "audit_is_not_deleted")
    past = [f"DROP TRIGGER IF EXISTS {trigger}" for trigger in triggers]
    if registry.engine.dialect.name == "postgresql":
        past = ["ALTER TABLE audit DISABLE TRIGGER ALL"]
    with registry.engine.begin() as connection:
        for statement in (*past, *statements):
            connection.exec_driver_sql(statement)


def test_a_log_that_nobody_touched_is_as_written(tmp_path: Path) -> None:
    found = audit.verify(written(tmp_path, 20))
    assert found["ok"] and found["entries"] == 20 and found["head"]["number"] == 20
    assert audit.verify(open_registry(tmp_path), found["head"])["ok"]


def test_the_database_itself_refuses_to_change_or_delete_an_entry(tmp_path: Path) -> None:
    registry = written(tmp_path, 2)
    statements = ["UPDATE audit SET account = 'other'", "DELETE FROM audit"]
    statements += ["TRUNCATE audit"] if registry.engine.dialect.name == "postgresql" else []
    for statement in statements:
        with pytest.raises(Exception, match="append-only"), registry.engine.begin() as connection:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("column", ["t_us", "account", "role", "company", "via", "act", "route", "subject", "outcome"])
def test_any_changed_member_is_found_at_its_number(tmp_path: Path, column: str) -> None:
    registry = written(tmp_path, 12)
    value = "7" if column in ("t_us", "outcome") else "'other'"
    tampered(registry, f"UPDATE audit SET {column} = {value} WHERE number = 5")
    found = audit.verify(registry)
    assert not found["ok"] and found["faults"][0]["number"] == 5


def test_an_entry_taken_out_or_put_in_is_found(tmp_path: Path) -> None:
    registry = written(tmp_path, 9)
    tampered(registry, "DELETE FROM audit WHERE number = 4")
    assert audit.verify(registry)["faults"][0] == {"number": 4, "what": "missing up to 4"}
    tampered(registry, "UPDATE audit SET number = number - 1 WHERE number > 4")
    assert audit.verify(registry)["faults"][0]["number"] == 4


def test_a_log_cut_off_at_its_end_is_found_with_a_head_that_was_kept(tmp_path: Path) -> None:
    registry = written(tmp_path, 9)
    kept = audit.head(registry)
    tampered(registry, "DELETE FROM audit WHERE number > 6")
    assert audit.verify(registry)["ok"]
    assert not audit.verify(registry, kept)["ok"]
    for _ in range(3):  # somebody writes it anew
        audit.append(registry, audit.Deed("x", "admin", None, "session", "read", "GET /x", "", 200, ""))
    assert audit.verify(registry)["ok"] and audit.verify(registry, kept)["faults"][0]["number"] == 9


def test_sign_ins_readings_of_personal_data_commands_and_refusals_are_in_the_log(tmp_path: Path) -> None:
    place = Place(tmp_path)
    admin, operator = place.account("chief", "admin"), place.account("shift", "operator")
    Asker(place.app, {"X-Jinyun": "1"}).ask(
        "POST", "/api/v1/session", {"name": "shift", "password": "wrong " + PASSWORD}
    )
    admin.get("/api/v1/accounts")
    admin.ask("PATCH", "/api/v1/accounts/shift", {"role": "tester"})
    place.account("second", "operator").ask("POST", "/api/v1/accounts", {"name": "n", "role": "admin"})
    operator.get("/api/v1/devices")  # nothing personal: not in it
    rows = admin.get("/api/v1/audit?limit=50").json()["entries"]
    told = {(row["account"], row["act"], row["route"], row["outcome"]) for row in rows}
    assert ("chief", "sign-in", "POST /api/v1/session", 200) in told
    assert ("shift", "sign-in", "POST /api/v1/session", 401) in told
    assert ("chief", "read", "GET /api/v1/accounts", 200) in told
    assert ("chief", "command", "PATCH /api/v1/accounts/{name}", 200) in told
    assert ("second", "refused", "POST /api/v1/accounts", 403) in told
    assert not any("devices" in row["route"] for row in rows)
    assert all(PASSWORD not in str(row) for row in rows)
    subject = next(row["subject"] for row in rows if row["act"] == "command")
    assert subject == "/api/v1/accounts/shift"
    assert admin.get("/api/v1/audit/verification").json()["ok"]


def test_pages_of_the_log_follow_each_other_without_gap_while_it_grows(tmp_path: Path) -> None:
    place = Place(tmp_path)
    written(tmp_path, 25)
    regulator = place.account("law", "regulator")
    numbers: list[int] = []
    cursor = ""
    while True:
        answer = regulator.get(f"/api/v1/audit?limit=7&cursor={cursor}").json()
        numbers += [row["number"] for row in answer["entries"]]
        if answer["next"] is None:
            break
        cursor = answer["next"]
    assert numbers == list(range(numbers[0], 0, -1)) and len(numbers) >= 26
    assert regulator.get("/api/v1/audit?q=%25&act=read&account=op").json()["entries"] == []


def test_what_cannot_be_audited_is_not_answered(tmp_path: Path) -> None:
    place = Place(tmp_path)
    admin = place.account("chief", "admin")
    with place.registry.engine.begin() as connection:
        full = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        if connection.dialect.name == "postgresql":
            full = "ALTER TABLE audit ADD CONSTRAINT disk_full CHECK (false) NOT VALID"
        connection.exec_driver_sql(full)
    answer = admin.get("/api/v1/accounts")
    assert answer.status_code == 503 and "chief" not in answer.text
    assert admin.get("/api/v1/zone").status_code == 200
