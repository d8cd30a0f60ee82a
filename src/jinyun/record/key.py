"""The zone's key for what it says of its own record (封存密钥): Ed25519, made at the first need, private to its owner.

``record.key`` lies in the zone's state folder, readable by its owner alone; ``record.pub`` beside every record and in every
event pack is the other half. The key proves that nobody else wrote the record later; it cannot prove what its owner did.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FILE, PUBLIC_FILE = "record.key", "record.pub"


class Key:
    """An Ed25519 key that signs."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> bytes:
        """Return the signature (64 bytes) of ``data``."""
        return self._private.sign(data)


def own(state_dir: Path) -> Key:
    """Return the zone's key, made at the first call; raises ``OSError``."""
    path = state_dir / FILE
    try:
        return Key(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip())))
    except FileNotFoundError:
        pass
    private = Ed25519PrivateKey.generate()
    fresh = path.with_name(f"{FILE}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(private.private_bytes_raw().hex() + "\n")
    try:
        os.link(fresh, path)  # two parts may ask at once: the first one's key counts
    except FileExistsError:
        return own(state_dir)
    finally:
        fresh.unlink()
    return Key(private)


def is_signed(public: str, data: bytes, signature: str) -> bool:
    """Return whether ``signature`` (hex) of ``data`` was made with the other half of ``public`` (hex)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True
