"""Where a zone may run: its ports, and one run of a zone at a time."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
from pathlib import Path
from typing import IO

from jinyun.state import read_json


class RunError(Exception):
    """The zone cannot be started; one clear line, exit code 2."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def choose_port(host: str, port: int, what: str, cure: str) -> int:
    """Return ``port``, or a free one for 0; raises :class:`RunError` where somebody has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise RunError(
                f"port {port} for {what} on {host} cannot be used ({reason}): choose another with {cure}"
            ) from None
        return int(probe.getsockname()[1])


def take_lock(folder: Path) -> IO[str]:
    """Return the lock of a zone's state folder; raises :class:`RunError` where that zone runs already."""
    lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        running = read_json(folder / "run.json") or {}
        where = f" at {running['page']}" if running.get("page") else ""
        raise RunError(
            f"zone {folder.name} runs already (pid {running.get('pid', '?')}{where}); stop it first"
        ) from None
    return lock


def checked_archive(uri: str | None, recorded: bool) -> None:
    """Raise :class:`RunError` where there is nothing to archive or ``uri`` is no address of an archive; ask nobody."""
    if uri is None:
        return
    from jinyun.record.store import AddressError, address  # late: few zones archive

    if not recorded:
        raise RunError("--archive needs a record: leave --no-record out")
    try:
        address(uri)
    except AddressError as error:
        raise RunError(str(error)) from None
