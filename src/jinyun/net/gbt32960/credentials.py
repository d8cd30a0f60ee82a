"""Passwords of enterprise platforms, kept as bcrypt hashes only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import bcrypt

_COST = 12


def hash_password(password: bytes, cost: int = _COST) -> str:
    """Return what may be stored in place of a password."""
    return bcrypt.hashpw(password, bcrypt.gensalt(cost)).decode()


class Credentials:
    """Says whether a user's password is the one whose hash is known: ``Credentials(hashes)(user, password)``."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = {user: hashed.encode() for user, hashed in hashes.items()}
        self._nobody = next(iter(self._hashes.values()), b"") or hash_password(b"", cost=4).encode()

    @classmethod
    def read(cls, path: Path) -> Credentials:
        """Return those of a JSON file ``{user: hash}``; raises ``OSError`` or ``ValueError`` with the reason."""
        found = json.loads(path.read_text())
        if not isinstance(found, dict) or not all(isinstance(hashed, str) for hashed in found.values()):
            raise ValueError(f"{path}: is no object of user names and bcrypt hashes")
        return cls(found)

    def __call__(self, user: str, password: bytes) -> bool:
        """Takes as long for a user that does not exist: the time tells nobody who does."""
        if b"\0" in password:
            return False  # bcrypt takes none
        known = self._hashes.get(user)
        return bcrypt.checkpw(password, known or self._nobody) and known is not None
