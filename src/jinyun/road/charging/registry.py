"""Which chargers may speak (充电桩登记): ids, where they stand, and what proves them; passwords are Argon2 hashes.

The file lies in the zone's state (``charging/chargers.json``), readable by its owner only. It also keeps the numbers of
the last boot notifications of each charger, so that one which was recorded and is played again is known after a restart too.
The running central system and ``jinyun charging`` share it: each reads it anew where another has written it, and changes it
under a lock.
"""

from __future__ import annotations

import fcntl
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from jinyun.state import write_private

FILE = "chargers.json"
_ID = re.compile(r"[A-Za-z0-9_-]{1,36}\Z")
MOST = 5000
BOOTS = 64
PASSWORD_BYTES = 15
"""20 characters: what OCPP 1.6 chargers take at least is 16, at most 40 (security white paper, BasicAuthPassword)."""


class RegistryError(ValueError):
    """A charger cannot be entered; the message says why."""


@dataclass
class Entry:
    """One charger: its id, the charging place it stands at, the hash of its password."""

    id: str
    site: str
    hash: str
    boots: list[str] = field(default_factory=list)


class Registry:
    """The chargers of one zone; every change is written at once."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self.entries: dict[str, Entry] = {}
        self._read: tuple[int, int] = (0, 0)  # inode and time of what was read last
        self._refresh()

    def _refresh(self) -> None:
        """Read the file where it is another than was read last."""
        try:
            its = self._file.stat()
            if (its.st_ino, its.st_mtime_ns) == self._read:
                return
            rows = json.loads(self._file.read_text(encoding="utf-8"))
            self.entries = {row["id"]: Entry(**row) for row in rows}
            self._read = its.st_ino, its.st_mtime_ns
        except FileNotFoundError:
            self.entries, self._read = {}, (0, 0)
        except (ValueError, TypeError, KeyError) as error:
            raise RegistryError(f"{self._file}: {error}") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the registry for one change, as it is now."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_name(f".{FILE}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._refresh()
            yield

    def enroll(self, id: str, site: str, password: str | None = None) -> str:
        """Enter a charger, or give one that is known a new password, and return it; raises :class:`RegistryError`."""
        if not _ID.match(id):
            raise RegistryError(f"{id!r} is no charger's id: 1 to 36 letters, digits, _ or -")
        password = password or secrets.token_urlsafe(PASSWORD_BYTES)
        hashed = self._hasher.hash(password)
        with self._alone():
            if len(self.entries) >= MOST and id not in self.entries:
                raise RegistryError(f"{MOST} chargers are enough for one zone")
            self.entries[id] = Entry(id, site, hashed)
            self._write()
        return password

    def remove(self, id: str) -> bool:
        """Let a charger speak no more; return whether there was one of that id."""
        with self._alone():
            found = self.entries.pop(id, None) is not None
            if found:
                self._write()
        return found

    def proves(self, id: str, password: str) -> bool:
        """Return whether a password is that of a charger; takes as long for an id that is unknown."""
        self._refresh()
        entry = self.entries.get(id)
        try:
            self._hasher.verify(entry.hash if entry is not None else _NOBODY, password)
        except (Argon2Error, InvalidHashError):
            return False
        return entry is not None

    def new_boot(self, id: str, number: str) -> bool:
        """Note the message number of a boot notification; return False where that charger has used it before."""
        with self._alone():
            entry = self.entries.get(id)
            if entry is None or number in entry.boots:
                return False
            entry.boots = [*entry.boots[1 - BOOTS :], number]
            self._write()
        return True

    def _write(self) -> None:
        write_private(self._file, json.dumps([asdict(entry) for entry in self.entries.values()]).encode())
        its = self._file.stat()
        self._read = its.st_ino, its.st_mtime_ns


_NOBODY = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(secrets.token_hex(16))
