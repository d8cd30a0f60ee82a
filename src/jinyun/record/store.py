"""Where an archive lies (存档处): a folder on a shared path or a bucket of an S3-compatible store, by ``pyarrow.fs``.

A file counts as there when it was read back and is what was written. Nothing is ever deleted. The client of S3 is loaded by
:func:`opened` alone, so that no process has it that does not archive. Credentials come from where S3 clients look for them
(``AWS_ACCESS_KEY_ID`` ...), never from an address, and are blotted out of whatever a store answers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa

CHUNK = 1 << 20
ATTEMPTS = 3
CONNECT_S, REQUEST_S = 5.0, 30.0
REGION = "us-east-1"
"""What S3-compatible stores of one's own take where none is said."""
S3_OPTIONS = ("endpoint_override", "scheme", "region", "tls_ca_file_path", "force_virtual_addressing")
_SECRET = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class StoreError(OSError):
    """A store is away, refuses, or did not keep what it was given; one clear line without credentials."""


class AddressError(ValueError):
    """What was given is no address of a store; one clear line without credentials."""


@dataclass(frozen=True, slots=True)
class Address:
    """A store by name: ``path`` is a folder, or bucket and prefix."""

    uri: str
    path: str
    options: dict[str, str]

    @property
    def is_local(self) -> bool:
        return self.uri.startswith("file:")


def address(uri: str) -> Address:
    """Return what an address names, without asking the store; raises :class:`AddressError`."""
    parts = urlsplit(uri)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    signed = "@" in parts.netloc or any("@" in value for value in options.values())
    if signed or any("key" in name or "token" in name for name in options):
        raise AddressError("an archive's address holds no credentials: give them as AWS_ACCESS_KEY_ID and so on")
    path = unquote(parts.path)
    if parts.scheme == "file" and not parts.netloc and path.startswith("/") and not options:
        return Address(uri, path.rstrip("/") or "/", {})
    if parts.scheme == "s3" and parts.netloc and set(options) <= set(S3_OPTIONS):
        return Address(uri, (parts.netloc + path).rstrip("/"), options)
    raise AddressError(
        f"{uri}: an archive is file:///FOLDER or s3://BUCKET/PATH?endpoint_override=HOST:PORT ({', '.join(S3_OPTIONS)})"
    )


def clean(text: str) -> str:
    """Return a text without the credentials of the environment, on one line."""
    for name in _SECRET:
        if value := os.environ.get(name):
            text = text.replace(value, "***")
    return " ".join(text.split())[:400]


@contextmanager
def _answered() -> Iterator[None]:
    """Turn whatever a store's client raises into :class:`StoreError`."""
    try:
        yield
    except StoreError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise StoreError(clean(str(error))) from None


@dataclass(frozen=True, slots=True)
class Store:
    """An opened store; names are relative to its root, with ``/``."""

    address: Address
    files: Any

    def _full(self, name: str) -> str:
        return f"{self.address.path}/{name}" if name else self.address.path

    def has(self, name: str) -> bool:
        """Return whether there is a file or folder of this name; "" is the root itself."""
        from pyarrow import fs

        with _answered():
            return bool(self.files.get_file_info(self._full(name)).type != fs.FileType.NotFound)

    def listed(self, folder: str, deep: bool = False) -> list[tuple[str, int | None]]:
        """Return (name within ``folder``, bytes or None for a folder) of what is in it, sorted; none where it is missing."""
        from pyarrow import fs

        base = self._full(folder)
        with _answered():
            infos = self.files.get_file_info(fs.FileSelector(base, allow_not_found=True, recursive=deep))
        cut = len(base.rstrip("/")) + 1
        return sorted((info.path[cut:], info.size if info.is_file else None) for info in infos)

    def put_file(self, path: Path, name: str) -> str:
        """Copy a file, read it back, and return its SHA-256 (hex); ``OSError`` of ``path`` itself passes through."""
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as file, self._written(name) as out:
            while data := file.read(CHUNK):
                digest.update(data)
                size += len(data)
                with _answered():
                    out.write(data)
        self._prove(name, size, digest.hexdigest())
        return digest.hexdigest()

    def put(self, data: bytes, name: str) -> None:
        """Write a small file and read it back."""
        with self._written(name) as out, _answered():
            out.write(data)
        self._prove(name, len(data), hashlib.sha256(data).hexdigest())

    def get(self, name: str) -> bytes:
        """Return a small file."""
        return b"".join(self.chunks(name))

    def get_file(self, name: str, path: Path) -> str:
        """Bring a file here, whole or not at all, and return its SHA-256 (hex)."""
        digest = hashlib.sha256()
        fresh = path.with_name(path.name + ".part")
        with fresh.open("wb") as file:
            for data in self.chunks(name):
                digest.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        return digest.hexdigest()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a file in pieces."""
        with _answered():
            stream = self.files.open_input_stream(self._full(name))
        with stream:
            while True:
                with _answered():
                    data = bytes(stream.read(CHUNK))
                if not data:
                    return
                yield data

    @contextmanager
    def _written(self, name: str) -> Iterator[Any]:
        full = self._full(name)
        with _answered():
            if self.address.is_local:
                self.files.create_dir(str(Path(full).parent), recursive=True)
            out = self.files.open_output_stream(full, compression=None)
        try:
            yield out
        finally:
            with _answered():
                out.close()
        if self.address.is_local:
            with _answered():
                _sync(Path(full))
                _sync(Path(full).parent)

    def _prove(self, name: str, size: int, sha256: str) -> None:
        digest, found = hashlib.sha256(), 0
        for data in self.chunks(name):
            digest.update(data)
            found += len(data)
        if (found, digest.hexdigest()) != (size, sha256):
            raise StoreError(f"{name}: the store holds {found} bytes that are not the {size} it was given")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def opened(where: Address) -> Store:
    """Return the store at an address, not yet asked for anything; raises :class:`StoreError` where it cannot be."""
    from pyarrow import fs

    if where.is_local:
        return Store(where, fs.LocalFileSystem())
    options: dict[str, Any] = dict(where.options)
    endpoint = options.get("endpoint_override", "")
    if "://" in endpoint:
        options["scheme"], options["endpoint_override"] = endpoint.split("://", 1)
    if "force_virtual_addressing" in options:
        options["force_virtual_addressing"] = options["force_virtual_addressing"].lower() in ("true", "1")
    if endpoint and not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")):
        options.setdefault("region", REGION)
    retries = fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS)
    with _answered():
        # one part of an upload in memory at a time, and small files in a single request
        client = fs.S3FileSystem(
            connect_timeout=CONNECT_S, request_timeout=REQUEST_S, retry_strategy=retries, background_writes=False,
            allow_delayed_open=True, **options,
        )  # fmt: skip
    return Store(where, client)
