"""Where a zone's registry is (登记库所在): a file in its state folder, or a database of a PostgreSQL server.

The environment's ``JINYUN_REGISTRY``, else the first line of ``registry.url`` in the state folder, names the server's::

    postgresql+pg8000://USER@HOST:5432/DATABASE?password_file=/run/secrets/registry

``password_file`` names a file with the password, which may stand in the address as well. ``sslmode`` is ``verify-full``
(default but on this machine) or ``disable``; ``sslrootcert`` names the authority that vouches for the server.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

VARIABLE = "JINYUN_REGISTRY"
FILE = "registry.sqlite"
NAMED = "registry.url"
DRIVER = "postgresql+pg8000"
_SCHEMES = (DRIVER, "postgresql")
_SAID = ("password_file", "sslmode", "sslrootcert")


class RegistryError(OSError):
    """The registry cannot be opened."""


@dataclass(frozen=True, slots=True)
class Server:
    """A database of a PostgreSQL server; ``tls`` is None where the line to it is not encrypted."""

    url: URL
    tls: ssl.SSLContext | None

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)


def location(state_dir: Path) -> Path | Server:
    """Return the file or the server that keeps a zone's registry; raises :class:`RegistryError` with where it is said wrong."""
    said = os.environ.get(VARIABLE, "").strip()
    if said:
        return _server(said, VARIABLE)
    named = state_dir / NAMED
    if not named.exists():
        return state_dir / FILE
    return _server(_secret(named), str(named))


def _server(text: str, where: str) -> Server:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise RegistryError(f"{where}: not the address of a database ({DRIVER}://USER@HOST/DATABASE)") from None
    if url.drivername not in _SCHEMES:
        raise RegistryError(f"{where}: begins with {url.drivername}://; {DRIVER}:// is what counts")
    if not (url.username and url.host and url.database):
        raise RegistryError(f"{where}: names user, host and database ({DRIVER}://USER@HOST/DATABASE)")
    unknown = sorted(set(url.query) - set(_SAID))
    if unknown:
        raise RegistryError(f"{where}: {', '.join(unknown)[:100]} says nothing here; {', '.join(_SAID)} do")
    said: dict[str, Any] = {name: url.query.get(name) for name in _SAID}
    if said["password_file"] and url.password is None:
        url = url.set(password=_secret(Path(said["password_file"]), private=False))
    return Server(
        url.set(drivername=DRIVER, query={}), _tls(url.host or "", said["sslmode"], said["sslrootcert"], where)
    )


def _tls(host: str, mode: str | None, authority: str | None, where: str) -> ssl.SSLContext | None:
    if mode not in (None, "disable", "verify-full"):
        raise RegistryError(f"{where}: sslmode is verify-full or disable, not {str(mode)[:40]!r}")
    if mode == "disable" or (mode is None and authority is None and _here(host)):
        return None
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise RegistryError(f"{where}: sslrootcert {authority}: {error.strerror or error}") from None


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret(path: Path, private: bool = True) -> str:
    """Return a file's first line; where it must be ``private``, only its owner may read it."""
    try:
        if private and path.stat().st_mode & 0o077:
            raise RegistryError(f"{path}: others may read it; chmod 600")
        return path.read_text().split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise error if isinstance(error, RegistryError) else RegistryError(f"{path}: cannot be read: {error}") from None
