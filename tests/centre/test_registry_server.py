"""The registry on a PostgreSQL server: starts at once, several processes that write, a server that fails and returns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect

from jinyun.account import first_admin
from jinyun.centre import accounts, audit
from jinyun.centre.notices import Happening, Notices
from jinyun.centre.registry import RegistryAway, RegistryError, open_registry
from jinyun.centre.registry.location import VARIABLE, Server, location
from tests.centre.asking import PASSWORD, Asker, Place
from tests.centre.postgres import Links, Postgres, Store, installed, removed
from tests.conftest import wait_for

DEED = audit.Deed("a", "admin", None, "session", "command", "PUT /x", "", 200, "")
LEAKS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The driver leaves the socket of a link that broke to the collector, which warns of it."""
WRITER = """
import sys
from pathlib import Path
from jinyun.centre import audit
from jinyun.centre.registry import open_registry
registry = open_registry(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
for number in range(10):
    audit.append(registry, audit.Deed(sys.argv[2], "admin", None, "session", "command", "PUT /x", str(number), 200, ""))
registry.close()
"""
"""A process of its own that writes the log."""


@pytest.fixture(autouse=True)
def links() -> Iterator[None]:
    opened = Links()
    yield
    opened.close()


@pytest.fixture
def state(tmp_path: Path, postgres: Postgres) -> Path:
    """A state folder whose registry is on the server."""
    return Store("postgresql", postgres).claim(tmp_path)


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    """A server that the test may end."""
    server = installed()
    yield server
    removed(server)


def test_starts_that_race_make_the_tables_once_and_one_admin(state: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        registries = list(pool.map(lambda _: open_registry(state), range(6)))
        admins = [word for word in pool.map(lambda _: first_admin(state), range(6)) if word]
    steps = [registry.engine.connect().exec_driver_sql("SELECT COUNT(*) FROM migration") for registry in registries]
    assert {found.scalar_one() for found in steps} == {3} and len(admins) == 1
    with registries[0].engine.connect() as connection:
        triggers = "SELECT COUNT(DISTINCT tgname) FROM pg_trigger WHERE tgname LIKE 'audit_%%'"
        assert connection.exec_driver_sql(triggers).scalar_one() == 2
        assert {"account", "audit", "notice"} <= set(inspect(connection).get_table_names())


def test_processes_that_write_at_once_make_one_chain_of_all_they_were_told_is_written(state: Path) -> None:
    registry = open_registry(state)
    argv = [sys.executable, "-c", WRITER, str(state)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([*argv, name], **pipes) for name in ("one", "two")]
    for writer in writers:
        assert writer.stdout is not None and writer.stdout.readline() == "open\n"
    for writer in writers:
        writer.communicate("go\n", timeout=240)
        assert writer.returncode == 0
    found = audit.verify(registry)
    assert found["ok"] and found["entries"] == 20
    with registry.read() as session:
        rows = session.execute(audit.select(audit.Audit.account).order_by(audit.Audit.number)).scalars().all()
    assert sorted(rows) == ["one"] * 10 + ["two"] * 10


def test_two_centres_on_one_registry_know_each_others_sessions_and_make_one_notice_of_a_cause(state: Path) -> None:
    one, two = Place(state), Place(state)
    shift = one.account("shift", "operator")
    there = Asker(two.app, dict(shift.headers))
    there.cookie = shift.cookie
    assert there.get("/api/v1/session").json()["account"] == "shift"
    cause = Happening("finding", "device.silent", "fault", "k", "t", "t", "rsu/R1")
    for place in (one, two, one):
        place.centre.notices.sources = [lambda: [cause]]
        place.centre.notices.look()
    assert [row["subject"] for row in there.get("/api/v1/notices").json()["notices"]] == ["rsu/R1"]
    assert there.ask("DELETE", "/api/v1/session").status_code == 200
    assert shift.get("/api/v1/session").json()["role"] == "public"


@LEAKS
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
def test_a_server_that_goes_and_returns_costs_refusals_and_nothing_acknowledged(
    tmp_path: Path, own_server: Postgres, how: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    Store("postgresql", own_server).claim(tmp_path)
    place = Place(tmp_path)
    admin = place.account("chief", "admin")
    registry, written, over = place.registry, [], threading.Event()

    def write() -> None:
        while not over.is_set():
            try:
                written.append(audit.append(registry, DEED))
            except RegistryAway:
                time.sleep(0.02)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    wait_for(lambda: len(written) > 5, 60)
    own_server.end(how)
    refused = admin.get("/api/v1/keys")
    assert refused.status_code == 503 and "registry" in refused.json()["reason"] and refused.headers["retry-after"]
    signed = Asker(place.app, {"X-Jinyun": "1"}).ask("POST", "/api/v1/session", {"name": "chief", "password": PASSWORD})
    assert signed.status_code == 503
    assert place.nobody.get("/api/v1/zone").status_code == 200  # who did not sign in is served on
    before = len(written)
    own_server.start()
    wait_for(lambda: len(written) > before + 5, 60)
    over.set()
    writer.join()
    assert admin.get("/api/v1/session").json()["account"] == "chief"
    found = audit.verify(registry)
    with registry.read() as session:
        numbers = set(session.execute(audit.select(audit.Audit.number)).scalars())
    assert found["ok"] and set(written) <= numbers and len(set(written)) == len(written)
    assert not caplog.records  # whoever asked was told; the log is not filled with it


@LEAKS
def test_a_centre_that_starts_before_its_server_has_a_registry_once_that_is_there(
    tmp_path: Path, own_server: Postgres
) -> None:
    Store("postgresql", own_server).claim(tmp_path)
    own_server.end()
    place = Place(tmp_path)
    assert place.nobody.get("/api/v1/zone").status_code == 200 and first_admin(tmp_path) is None
    assert Asker(place.app, {"Authorization": "Bearer jy_a_b"}).get("/api/v1/zone").status_code == 503
    with pytest.raises(RegistryAway):
        open_registry(tmp_path)
    own_server.start()
    assert place.account("chief", "admin").get("/api/v1/session").json()["account"] == "chief"


@LEAKS
def test_an_event_that_is_told_while_the_server_is_away_is_a_notice_when_it_is_back(
    tmp_path: Path, own_server: Postgres
) -> None:
    Store("postgresql", own_server).claim(tmp_path)
    place = Place(tmp_path)
    told = [[Happening("event", "contact", "fault", "event|1", "t", "t", "1")]]
    watch: Notices = place.centre.notices
    watch.sources = [lambda: told.pop() if told else []]
    own_server.end()
    with pytest.raises(RegistryAway):
        watch.look()
    own_server.start()
    assert told == [] and [row["subject"] for row in watch.look()[1]] == ["1"]
    assert watch.look()[1] == []


def test_a_writer_that_stands_still_is_put_aside_and_the_others_go_on(state: Path, postgres: Postgres) -> None:
    standing, other = open_registry(state), open_registry(state)
    with pytest.raises(RegistryAway), standing.write() as session:
        audit.enter(session, DEED)
        with pytest.raises(RegistryAway):  # the other one waits, and is told so
            audit.append(other, DEED)
        assert wait_for(lambda: _appended(other)) == 1
    assert audit.verify(other)["entries"] == 1


def _appended(registry: object) -> int:
    try:
        return audit.append(registry, DEED)  # type: ignore[arg-type]
    except RegistryAway:
        return 0


def test_texts_that_a_server_does_not_keep_are_nobody_and_not_a_fault(state: Path) -> None:
    place = Place(state)
    sign_in = {"name": "chi\0ef", "password": PASSWORD}
    assert Asker(place.app, {"X-Jinyun": "1"}).ask("POST", "/api/v1/session", sign_in).status_code == 401
    admin = place.account("chief", "admin")
    assert admin.ask("DELETE", "/api/v1/keys/%00").status_code == 404
    (found,) = admin.get("/api/v1/audit?q=%00").json()["entries"]
    assert found["route"] == "DELETE /api/v1/keys/{id}"  # what stands in its place is found by it
    assert admin.get("/api/v1/audit/verification").json()["ok"]
    assert admin.get(f"/api/v1/audit?q={'KEYS'}").json()["entries"]  # found whatever the case of its letters
    assert admin.ask("POST", f"/api/v1/notices/{2**53}/acknowledgement").status_code == 404


def test_a_failure_to_open_says_where_and_never_the_password(tmp_path: Path, postgres: Postgres) -> None:
    named = tmp_path / "registry.url"
    named.touch(0o600)
    named.write_text(postgres.url("no_such_database"))
    with pytest.raises(RegistryError, match="no_such_database") as told:
        open_registry(tmp_path)
    assert postgres.password not in str(told.value) and "jinyun:***@127.0.0.1" in str(told.value)


def test_the_environment_is_heard_before_the_file_and_the_file_before_the_folders_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert location(tmp_path) == tmp_path / "registry.sqlite"
    named = tmp_path / "registry.url"
    named.write_text("postgresql://u@localhost/of-the-file\n")
    named.chmod(0o644)
    with pytest.raises(RegistryError, match="others may read it"):
        location(tmp_path)
    named.chmod(0o600)
    found = location(tmp_path)
    assert isinstance(found, Server) and str(found) == "postgresql+pg8000://u@localhost/of-the-file"
    monkeypatch.setenv(VARIABLE, "postgresql+pg8000://u@db.example/of-the-environment")
    there = location(tmp_path)
    assert isinstance(there, Server) and there.url.database == "of-the-environment"
    assert found.tls is None and there.tls is not None and there.tls.check_hostname  # another machine proves who it is


def test_a_password_comes_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "word").write_text("s3cret@/:\n")
    monkeypatch.setenv(VARIABLE, f"postgresql://u@localhost/d?password_file={tmp_path / 'word'}")
    found = location(tmp_path)
    assert isinstance(found, Server) and found.url.password == "s3cret@/:" and "s3cret" not in str(found)
    assert found.url.query == {}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("mysql://u@h/d", "begins with mysql"),
        ("not an address", "not the address"),
        ("postgresql://h/d", "names user"),
        ("postgresql://u@h/d?sslmode=prefer", "sslmode"),
        ("postgresql://u@h/d?connect_timeout=1", "connect_timeout"),
        ("postgresql://u@h/d?password_file=/no/such", "cannot be read"),
        ("postgresql://u@h/d?sslrootcert=/no/such", "sslrootcert"),
    ],
)
def test_an_address_that_is_none_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    monkeypatch.setenv(VARIABLE, said)
    with pytest.raises(RegistryError, match=told):
        location(tmp_path)


def test_a_link_is_encrypted_and_the_server_proves_who_it_is(
    tmp_path: Path, own_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_server.end()
    certificate = own_server.encrypted("localhost")
    own_server.start()
    there = own_server.url(own_server.database())
    by_name, by_address = there.replace("127.0.0.1", "localhost"), there
    monkeypatch.setenv(VARIABLE, f"{by_name}?sslrootcert={certificate}")
    with open_registry(tmp_path).engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").one()
    assert told[0] is True and told[1] in ("TLSv1.2", "TLSv1.3")
    for wrong in (f"{by_name}?sslmode=verify-full", f"{by_address}?sslrootcert={certificate}"):
        monkeypatch.setenv(VARIABLE, wrong)  # nobody vouches for it; it is not the one that was asked for
        with pytest.raises(RegistryError, match="certificate"):
            open_registry(tmp_path)


def test_the_command_line_opens_the_same_registry_as_the_centre(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from jinyun.cli import main

    monkeypatch.setenv(VARIABLE, (state / "registry.url").read_text())
    monkeypatch.setenv("JINYUN_STATE", str(state / "elsewhere"))
    assert main(["account", "add", "shift-2", "--role", "operator"]) == 0
    assert [row["name"] for row in accounts.listing(open_registry(state))] == ["shift-2"]
    assert not list(Path(os.environ["JINYUN_STATE"]).rglob("registry.sqlite"))
    capsys.readouterr()
