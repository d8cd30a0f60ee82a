"""The guard of a running zone: the broker's key open in memory only, its list of devices kept up to date.

A device enrolled or revoked while the zone runs (``jinyun admin``) is taken into the broker's configuration and the
broker told to read it again, so a revoked device is cut off within seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jinyun.net.authority import Authority, Enrolment, passphrase_from_environment
from jinyun.net.broker import Guard

LOOK_S = 0.5


@dataclass(slots=True)
class DoorKeeper:
    """Watches the authority of one zone for the broker."""

    authority: Authority
    guard: Guard
    token: str
    key_fd: int
    street_files: tuple[Path, Path]
    street_secret: str
    _counting: list[Enrolment]
    _looked_at: float = 0.0

    def changed(self) -> bool:
        """Return whether other devices count than the last time, looking at most twice a second."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return False
        self._looked_at = now
        counting = [enrolment for enrolment in self.authority.devices() if enrolment.counts]
        if counting == self._counting:
            return False
        self._counting = counting
        return True

    def close(self) -> None:
        os.close(self.key_fd)


def keeper(authority: Authority, folder: Path, with_street: bool, say: Callable[[str], None]) -> DoorKeeper:
    """Return the keeper of a zone that has an authority; raises ``AuthorityError`` without the right passphrase.

    The broker's key is written to a file that exists in memory alone. A simulated street is enrolled anew at each start.
    """
    passphrase = passphrase_from_environment()
    key = authority.broker_key(passphrase)
    key_fd = os.memfd_create("jinyun-broker-key", 0)
    os.write(key_fd, key)
    token = authority.token(passphrase)
    certificate_file, key_file, secret = folder / "street.pem", folder / "street.key", ""
    if with_street:
        certificate, street_key, secret = authority.enroll(passphrase, "street", "street", days=30)
        certificate_file.write_bytes(certificate)
        key_file.write_bytes(street_key or b"")
    counting = [enrolment for enrolment in authority.devices() if enrolment.counts]
    say(f"  guarded: {len(counting)} devices may speak (jinyun admin list)")
    guard = Guard.of(authority, f"/proc/self/fd/{key_fd}", token)
    return DoorKeeper(authority, guard, token, key_fd, (certificate_file, key_file), secret, counting)
