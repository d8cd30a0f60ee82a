"""Seals (封存): the hash of every file of a folder under one Ed25519 signature.

``manifest.json`` lists each file with its SHA-256 and size and carries the signing key's public half; ``manifest.sig`` is the
signature over its bytes. Whoever gets the folder checks it with :func:`verify`, with the script that lies in it
(``verify.py``: Python's own library only), or by hand with any Ed25519 tool. One changed row changes a file's hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from jinyun.trial.fault import TrialError

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MOST_FILES = 200_000


def key_at(path: Path) -> Ed25519PrivateKey:
    """Return the signing key in a file, made where there is none; only its owner may read it."""
    if path.exists():
        try:
            return Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_bytes(), validate=True))
        except ValueError:
            raise TrialError(f"{path.name}: is no signing key") from None
    key = Ed25519PrivateKey.generate()
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(raw))
    return key


def public(key: Ed25519PrivateKey) -> str:
    """Return a key's public half, in hexadecimal."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def seal(folder: Path, key: Ed25519PrivateKey, about: dict[str, Any]) -> dict[str, Any]:
    """Seal all files of a folder; return the manifest."""
    files = {name: _told(folder / name) for name in _names(folder)}
    manifest = {**about, "algorithm": "SHA-256, Ed25519", "public_key": public(key), "files": files}
    data = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
    (folder / MANIFEST).write_bytes(data)
    (folder / SIGNATURE).write_text(key.sign(data).hex(), encoding="ascii")
    return manifest


def _names(folder: Path) -> list[str]:
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*")
        if path.is_file() and path.name not in (MANIFEST, SIGNATURE)
    )  # fmt: skip
    if len(names) > MOST_FILES:
        raise TrialError(f"{folder.name}: more than {MOST_FILES} files")
    return names


def _told(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def verify(folder: Path, expected_key: str | None = None) -> dict[str, Any]:
    """Return whether a folder is as it was sealed, and every fault by file; raises :class:`TrialError` without a seal."""
    try:
        data = (folder / MANIFEST).read_bytes()
        signature = bytes.fromhex((folder / SIGNATURE).read_text(encoding="ascii").strip())
        manifest = json.loads(data)
        key, files = str(manifest["public_key"]), dict(manifest["files"])
        of = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrialError(f"{folder}: no seal that can be read: {error}") from None
    faults = []
    try:
        of.verify(signature, data)
    except InvalidSignature:
        faults.append(f"{MANIFEST}: is not what was signed")
    if expected_key is not None and key != expected_key:
        faults.append(f"{MANIFEST}: is signed by another key")
    there = set(_names(folder))
    for name in sorted(set(files) - there):
        faults.append(f"{name}: is missing")
    for name in sorted(there - set(files)):
        faults.append(f"{name}: was added")
    for name in sorted(there & set(files)):
        if _told(folder / name)["sha256"] != files[name].get("sha256"):
            faults.append(f"{name}: was changed")
    return {"good": not faults, "faults": faults, "files": len(files), "key": key}
