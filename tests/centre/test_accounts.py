"""Signing in: what lets somebody in, what keeps others out, and when a session or a key has ended."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import inspect

from jinyun.centre import accounts, audit, keys
from jinyun.centre.accounts import AccountError
from jinyun.centre.registry import FILE, Account, ApiKey, Registry, RegistryError, Session, open_registry
from tests.centre.asking import PASSWORD, Asker, Place
from tests.centre.conftest import REAL
from tests.centre.postgres import Store

HOUR_US = 3_600_000_000


@pytest.fixture
def tmp_path(tmp_path: Path, store: Store) -> Path:
    """A state folder whose registry is in a file, then on a server."""
    return store.claim(tmp_path)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, store: Store) -> Place:
    return Place(store.claim(tmp_path_factory.mktemp("state")))


def sign_in(place: Place, name: str, password: str, code: str = "") -> Any:
    asker = Asker(place.app, {"X-Jinyun": "1"})
    return asker.ask("POST", "/api/v1/session", {"name": name, "password": password, "code": code})


def test_the_first_start_makes_one_admin_whose_password_is_told_once(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    password = accounts.first_admin(registry)
    assert password is not None and len(password) >= 20
    assert accounts.first_admin(registry) is None and accounts.first_admin(open_registry(tmp_path)) is None
    found = accounts.sign_in(registry, "admin", password, "", "")
    assert not isinstance(found, accounts.Refused) and found[1].role == "admin"
    for kept in dumped(registry, tmp_path):
        assert password.encode() not in kept and found[0].encode() not in kept


def dumped(registry: Registry, folder: Path) -> list[bytes]:
    """Return all that a registry keeps, as somebody reads it who has its files or tables."""
    if registry.engine.dialect.name == "sqlite":
        assert (folder / FILE).stat().st_mode & 0o077 == 0
        return [path.read_bytes() for path in folder.glob(f"{FILE}*")]
    with registry.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        rows = [connection.exec_driver_sql(f"SELECT t::text FROM {table} t").scalars().all() for table in tables]
    return ["\n".join(map(str, found)).encode() for found in rows]


def test_a_session_is_a_cookie_that_scripts_and_other_sites_do_not_get(place: Place) -> None:
    accounts.create(place.registry, "cookie", "operator", None, PASSWORD)
    answer = sign_in(place, "cookie", PASSWORD)
    told = answer.headers["set-cookie"].lower()
    assert "httponly" in told and "samesite=strict" in told and "path=/" in told
    assert answer.json()["role"] == "operator" and PASSWORD not in answer.text
    assert Asker(place.app).ask("POST", "/api/v1/session", {"name": "cookie", "password": PASSWORD}).status_code == 403


def test_signing_out_ends_the_session_at_once(place: Place) -> None:
    operator = place.account("leaver", "operator")
    assert operator.get("/api/v1/session").json()["account"] == "leaver"
    assert operator.ask("DELETE", "/api/v1/session").json()["account"] is None
    assert operator.get("/api/v1/session").json()["role"] == "public"
    assert operator.get("/api/v1/notices").status_code == 401


def test_a_wrong_name_and_a_wrong_password_are_told_alike(place: Place) -> None:
    accounts.create(place.registry, "known", "operator", None, PASSWORD)
    unknown, wrong = sign_in(place, "nobody-here", PASSWORD), sign_in(place, "known", "not the password")
    assert unknown.status_code == wrong.status_code == 401 and unknown.content == wrong.content


def test_an_account_waits_after_five_failures_even_for_the_right_password(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    accounts.create(registry, "tried", "operator", None, PASSWORD)
    waits = [accounts.sign_in(registry, "tried", "wrong wrong wrong", "", "").wait_s for _ in range(5)]  # type: ignore[union-attr]
    assert waits == [0, 0, 0, 0, accounts.LOCK_S]
    refused = accounts.sign_in(registry, "tried", PASSWORD, "", "")
    assert isinstance(refused, accounts.Refused) and 0 < refused.wait_s <= accounts.LOCK_S + 1
    with registry.write() as session:
        session.get_one(Account, "tried").locked_until_us = 0
    longer = accounts.sign_in(registry, "tried", "wrong wrong wrong", "", "")
    assert isinstance(longer, accounts.Refused) and longer.wait_s == 2 * accounts.LOCK_S
    with registry.write() as session:
        session.get_one(Account, "tried").locked_until_us = 0
    assert not isinstance(accounts.sign_in(registry, "tried", PASSWORD, "", ""), accounts.Refused)
    with registry.read() as session:
        assert session.get_one(Account, "tried").failures == 0


def test_one_address_may_not_try_name_after_name(tmp_path: Path) -> None:
    place = Place(tmp_path)
    answers = [sign_in(place, "", "x").status_code for _ in range(25)]
    assert set(answers[:20]) == {401} and set(answers[20:]) == {429}
    assert int(sign_in(place, "", "x").headers["retry-after"]) > 0


def test_a_code_of_the_second_factor_counts_once_and_near_its_time_only(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    accounts.create(registry, "two", "admin", None, PASSWORD)
    secret = accounts.wish_code(registry, "two", "zone")["secret"]
    with pytest.raises(AccountError):
        accounts.confirm_code(registry, "two", "000000x")
    totp = pyotp.TOTP(secret)
    now_s = accounts.now_us() // 1_000_000
    first = totp.at(now_s - 30)
    accounts.confirm_code(registry, "two", first)
    wanted = accounts.sign_in(registry, "two", PASSWORD, "", "")
    assert wanted == accounts.Refused(code_wanted=True)
    assert isinstance(accounts.sign_in(registry, "two", PASSWORD, first, ""), accounts.Refused)  # used before
    assert isinstance(accounts.sign_in(registry, "two", PASSWORD, totp.at(now_s - 300), ""), accounts.Refused)
    code = totp.at(accounts.now_us() // 1_000_000)
    assert not isinstance(accounts.sign_in(registry, "two", PASSWORD, code, ""), accounts.Refused)
    assert isinstance(accounts.sign_in(registry, "two", PASSWORD, code, ""), accounts.Refused)
    accounts.drop_code(registry, "two", PASSWORD)
    assert not isinstance(accounts.sign_in(registry, "two", PASSWORD, "", ""), accounts.Refused)


def test_sessions_end_when_unused_when_old_and_when_the_account_changes(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    for name in ("idle", "old", "off", "changed"):
        accounts.create(registry, name, "operator", None, PASSWORD)
    tokens = {name: accounts.sign_in(registry, name, PASSWORD, "", "")[0] for name in ("idle", "old", "off", "changed")}  # type: ignore[index]
    assert all(accounts.of_session(registry, token) for token in tokens.values())
    with registry.write() as session:
        session.get_one(Session, accounts.digest(tokens["idle"])).seen_us -= 2 * HOUR_US + 1
        session.get_one(Session, accounts.digest(tokens["old"])).created_us -= 12 * HOUR_US + 1
    accounts.change(registry, "off", disabled=True)
    accounts.set_password(registry, "changed", PASSWORD, PASSWORD + " new")
    assert not any(accounts.of_session(registry, token) for token in tokens.values())
    assert accounts.of_session(registry, "no such token") is None


def test_a_key_is_good_for_its_scopes_until_it_is_revoked_or_has_expired(place: Place) -> None:
    accounts.create(place.registry, "keeper", "regulator", None, PASSWORD)
    live, audits = place.key("keeper", "live"), place.key("keeper", "accounts")
    assert live.get("/api/v1/devices?limit=1").status_code == 200
    refused = live.get("/api/v1/audit")
    assert refused.status_code == 403 and "accounts" in refused.json()["reason"]
    assert audits.get("/api/v1/audit").status_code == 200
    assert audits.ask("POST", "/api/v1/keys", {"label": "more", "scopes": ["accounts"]}).status_code == 403
    id = keys.listing(place.registry, "keeper")[0]["id"]
    with place.registry.write() as session:
        for key in session.query(ApiKey).filter(ApiKey.account == "keeper"):
            key.expires_us = 1 if key.id == id else key.expires_us
            key.revoked_us = 1 if key.id != id else None
    for asker in (live, audits, Asker(place.app, {"Authorization": "Bearer jy_x_y"})):
        assert asker.get("/api/v1/zone").status_code == 401


def test_a_key_that_is_made_is_shown_once_and_only_its_owner_revokes_it(place: Place) -> None:
    one, other = place.account("one", "operator"), place.account("other", "operator")
    made = one.ask("POST", "/api/v1/keys", {"label": "report", "scopes": ["live"], "days": 30}).json()
    assert made["key"].startswith(f"jy_{made['id']}_")
    listed = one.get("/api/v1/keys")
    assert [key["id"] for key in listed.json()["keys"]] == [made["id"]] and made["key"] not in listed.text
    assert other.get("/api/v1/keys").json()["keys"] == []
    assert other.ask("DELETE", f"/api/v1/keys/{made['id']}").status_code == 404
    assert Asker(place.app, {"Authorization": f"Bearer {made['key']}"}).get("/api/v1/zone").status_code == 200
    assert one.ask("DELETE", f"/api/v1/keys/{made['id']}").status_code == 200
    assert Asker(place.app, {"Authorization": f"Bearer {made['key']}"}).get("/api/v1/zone").status_code == 401
    for wish in ({"scopes": []}, {"scopes": ["everything"]}, {"scopes": ["live"], "days": 4000}):
        assert one.ask("POST", "/api/v1/keys", {"label": "", **wish}).status_code == 422


def test_a_command_of_a_page_needs_the_header_that_other_sites_cannot_send(place: Place) -> None:
    operator = place.account("header", "operator")
    del operator.headers["X-Jinyun"]
    for method, address in (("POST", "/api/v1/session/code"), ("DELETE", "/api/v1/session")):
        answer = operator.ask(method, address)
        assert answer.status_code == 403 and "X-Jinyun" in answer.json()["reason"]
    assert operator.get("/api/v1/session").json()["account"] == "header"


def test_an_admin_makes_changes_and_resets_accounts_but_the_last_admin_stays(place: Place) -> None:
    admin = place.account("chief", "admin")
    made = admin.ask("POST", "/api/v1/accounts", {"name": "shuttle-a", "role": "company", "company": "A"})
    assert made.status_code == 201 and sign_in(place, "shuttle-a", made.json()["password"]).status_code == 200
    again = admin.ask("PATCH", "/api/v1/accounts/shuttle-a", {"reset": True}).json()
    assert sign_in(place, "shuttle-a", made.json()["password"]).status_code == 401
    assert sign_in(place, "shuttle-a", again["password"]).status_code == 200
    assert admin.ask("PATCH", "/api/v1/accounts/shuttle-a", {"disabled": True}).json()["disabled"] is True
    assert sign_in(place, "shuttle-a", again["password"]).status_code == 401
    for wish in ({"name": "x y", "role": "operator"}, {"name": "c", "role": "company"}, {"name": "d", "role": "king"}):
        assert admin.ask("POST", "/api/v1/accounts", wish).status_code == 422
    assert admin.ask("POST", "/api/v1/accounts", {"name": "shuttle-a", "role": "tester"}).status_code == 422
    assert admin.ask("PATCH", "/api/v1/accounts/chief", {"role": "tester"}).status_code == 422
    assert admin.ask("PATCH", "/api/v1/accounts/nobody", {}).status_code == 404
    listed = admin.get("/api/v1/accounts")
    assert {"chief", "shuttle-a"} <= {row["name"] for row in listed.json()["accounts"]}
    assert "argon2" not in listed.text and "password" not in listed.text


def test_passwords_are_kept_as_argon2id_that_costs_what_rfc_9106_asks() -> None:
    assert str(REAL.type) == "Type.ID"
    assert (REAL.memory_cost, REAL.time_cost, REAL.parallelism) >= (65_536, 3, 4)  # its second recommendation


def test_passwords_that_are_short_or_plain_are_not_taken(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    for password in ("short", "x" * 300, "aaaaaaaaaaaaaaaa"):
        with pytest.raises(AccountError):
            accounts.create(registry, "somebody", "operator", None, password)


def test_a_centre_that_is_not_open_to_the_public_shows_nothing_to_who_did_not_sign_in(tmp_path: Path) -> None:
    place = Place(tmp_path, public=False)
    assert place.nobody.get("/api/v1/zone").status_code == 401
    assert place.nobody.get("/api/v1/session").json() == {
        "account": None, "role": "public", "company": None, "via": "nobody", "scopes": ["live"], "public": False,
        "outside": None,
    }  # fmt: skip
    assert place.nobody.get("/healthz").status_code in (200, 503)
    assert place.account("seer", "tester").get("/api/v1/zone").status_code == 200


def test_a_registry_of_a_newer_version_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    with registry.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO migration VALUES (99, 'later', 0)")
    with pytest.raises(RegistryError, match="99"):
        open_registry(tmp_path)
    if registry.engine.dialect.name != "sqlite":
        return
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(RegistryError):
        open_registry(tmp_path / "other")


def test_many_who_write_the_audit_log_at_once_make_one_chain(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    deed = audit.Deed("a", "admin", None, "session", "command", "PUT /x", "", 200, "")
    writers = [
        threading.Thread(target=lambda: [audit.append(open_registry(tmp_path), deed) for _ in range(5)])
        for _ in range(6)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = audit.verify(registry)
    assert found["ok"] and found["entries"] == 30
