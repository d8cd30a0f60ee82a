"""A private PostgreSQL server for tests: in a folder of its own, on a free port of loopback, ended with them."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pg8000.dbapi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests.conftest import free_port, wait_for

USER = "jinyun"


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs, or skip the test where there is none."""
    found = shutil.which("postgres")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if found is None and not installed:
        pytest.skip("there is no PostgreSQL on this machine: apt-get install postgresql")
    return Path(found).parent if found else installed[-1].parent


def not_root() -> dict[str, Any]:
    """Return as whom to start the server, which refuses root."""
    if os.getuid():
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    name = "postgres" if "postgres" in names else "nobody"
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


@dataclass
class Postgres:
    """The server."""

    folder: Path
    programs: Path
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    settings: dict[str, str] = field(default_factory=dict)
    made: int = 0
    process: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        who = not_root()
        word = self.folder / "password"
        word.write_text(self.password)
        if who:
            for path in (self.folder, word):
                shutil.chown(path, who["user"])
        argv = [
            self.programs / "initdb",
            "-D",
            self.folder / "data",
            "-U",
            USER,
            "-A",
            "scram-sha-256",
            "--pwfile",
            word,
        ]
        done = subprocess.run(
            [*map(str, argv), "-E", "UTF8", "--locale=C", "--no-sync"], capture_output=True, text=True, cwd="/", **who
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "max_connections": "200",
            "shared_buffers": "16MB", **self.settings,
        }  # fmt: skip
        argv = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        argv += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **not_root()
        )
        wait_for(self.answers, 120, "PostgreSQL")

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: by SIGINT in order, by SIGQUIT as if the machine had failed."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(120)

    def answers(self) -> bool:
        with suppress(pg8000.dbapi.Error):
            self.do("SELECT 1")
            return True
        return False

    def do(self, statement: str, database: str = "postgres") -> list[Any]:
        """Carry out a statement past everything of ours; return its rows."""
        with closing(
            pg8000.dbapi.connect(USER, "127.0.0.1", database, self.port, self.password, timeout=20)
        ) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def database(self) -> str:
        """Make an empty database and return its name."""
        self.made += 1
        self.do(f"CREATE DATABASE test_{self.made}")
        return f"test_{self.made}"

    def encrypted(self, host: str) -> Path:
        """Have links encrypted from the next start, by a certificate of its own for ``host``; return that."""
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=5))
        made = made.not_valid_after(now + timedelta(days=1))
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        files = (self.folder / "server.pem", self.folder / "server.key")
        files[0].write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        files[1].touch(0o600)
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        who = not_root()
        for file in files if who else ():
            shutil.chown(file, who["user"])
        self.settings |= {"ssl": "on", "ssl_cert_file": str(files[0]), "ssl_key_file": str(files[1])}
        return files[0]

    def url(self, database: str) -> str:
        return f"postgresql+pg8000://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"


def installed() -> Postgres:
    """Return a server that is at work."""
    programs = binaries()
    server = Postgres(Path(tempfile.mkdtemp(prefix="postgres-")), programs)
    server.install()
    server.start()
    return server


def removed(server: Postgres) -> None:
    if server.process is not None and server.process.poll() is None:
        server.end(signal.SIGQUIT)
    shutil.rmtree(server.folder, ignore_errors=True)


@dataclass
class Store:
    """Where the registries of a module's tests are: in files, or on a server."""

    name: str
    server: Postgres | None = None

    def claim(self, folder: Path) -> Path:
        """Let the registry of a state folder be here; return the folder."""
        if self.server is not None:
            named = folder / "registry.url"
            named.touch(0o600)
            named.write_text(self.server.url(self.server.database()))
        return folder


class Links:
    """The links that registries opened; closed at the end, as no test closes a registry that it looked at."""

    def __init__(self) -> None:
        self.open: list[Any] = []
        event.listen(Pool, "connect", self._note)

    def _note(self, connection: Any, _: object) -> None:
        self.open.append(connection)

    def close(self) -> None:
        event.remove(Pool, "connect", self._note)
        for connection in self.open:
            with suppress(Exception):
                connection.close()
