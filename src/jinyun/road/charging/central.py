"""The central system of chargers (充电中心系统): OCPP 1.6J and 2.0.1 over WebSocket, by security profile 2: TLS and a password.

Who connects is ``wss://HOST:PORT/ocpp/ID`` with HTTP basic authentication (id and password). An unknown id and a wrong password
are the same 401, and too many of them are made to wait. A boot notification whose message number was used before is a
recording: it is refused with ``SecurityError``, and the connection closed. Facts: OCPP-J 1.6 and 2.0.1 part 4, security white
paper (edition 3) profiles 2; messages are checked by the schemas in the ``ocpp`` package.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import http
import ipaddress
import logging
import os
import ssl
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ocpp.exceptions import SecurityError  # type: ignore[import-untyped]
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from jinyun.road.charging.points import Point, Point16, Point201
from jinyun.road.charging.registry import Registry
from jinyun.road.charging.sessions import Book, Charger, now_us

SUBPROTOCOLS = [Subprotocol("ocpp2.0.1"), Subprotocol("ocpp1.6")]
PATH = "/ocpp/"
TRIES, TRIES_S = 10, 60.0
"""So many failures of one id in so long make it wait."""
MOST_BYTES = 256 * 1024
MOST_POINTS = 5000
LAST_WORD_S = 0.3


class Central:
    """One zone's central system."""

    def __init__(self, registry: Registry, book: Book | None = None) -> None:
        logging.getLogger("ocpp").setLevel(logging.CRITICAL)  # what is refused stands in the book
        logging.getLogger("websockets").setLevel(logging.CRITICAL)
        self.registry, self.book = registry, book or Book()
        self.points: dict[str, Point] = {}
        self._failures: dict[str, deque[float]] = {}
        self._goodbyes: set[asyncio.Future[None]] = set()
        for entry in registry.entries.values():
            self.book.chargers[entry.id] = Charger(entry.id, entry.site)

    async def listen(self, host: str, port: int, tls: ssl.SSLContext) -> Server:
        """Open the door; chargers are taken until the returned server is closed."""
        return await serve(
            self._talk, host, port, ssl=tls, subprotocols=SUBPROTOCOLS, process_request=self._admit,
            max_size=MOST_BYTES, ping_interval=30, ping_timeout=20, server_header=None,
        )  # fmt: skip

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return None for a charger that is who it says, an HTTP refusal for anybody else."""
        path = request.path.split("?", 1)[0]
        id = path.removeprefix(PATH)
        if not path.startswith(PATH) or not id or "/" in id or len(id) > 36:
            return _refusal(http.HTTPStatus.NOT_FOUND)
        failures = self._failures.setdefault(id, deque(maxlen=TRIES)) if len(self._failures) < 10_000 else deque()
        now = time.monotonic()
        if len(failures) == TRIES and now - failures[0] < TRIES_S:
            return _refusal(http.HTTPStatus.TOO_MANY_REQUESTS)
        name, password = _credentials(request.headers)
        loop = asyncio.get_running_loop()
        proven = name == id and await loop.run_in_executor(None, self.registry.proves, id, password)
        if not proven:
            failures.append(now)
            unknown = id not in self.registry.entries
            if unknown:
                self.book.refuse("unknown", id, "no charger of that id", "没有登记这台充电桩")
            else:
                self.book.refuse("password", id, "the password is not its own", "口令不符")
            return _refusal(http.HTTPStatus.UNAUTHORIZED)
        self._failures.pop(id, None)
        return None

    async def _talk(self, connection: ServerConnection) -> None:
        id = connection.request.path.split("?", 1)[0].removeprefix(PATH) if connection.request else ""
        if connection.subprotocol is None or id not in self.registry.entries:
            await connection.close(1002, "ocpp1.6 or ocpp2.0.1")
            return
        before = self.points.get(id)
        if before is not None:  # it has come back before the network noticed that it was gone
            await before.closing(1012, "connected anew")
        kind = Point201 if connection.subprotocol == "ocpp2.0.1" else Point16
        point = kind(id, connection, self.book, self._boot)
        charger = self.book.chargers.setdefault(id, Charger(id, self.registry.entries[id].site))
        charger.connected, charger.version, charger.heard_us = True, str(connection.subprotocol), now_us()
        self.points[id] = point
        with contextlib.suppress(ConnectionClosed):
            await point.start()
        if self.points.get(id) is point:
            del self.points[id]
            charger.connected = False

    def _boot(self, id: str, number: str) -> None:
        """Take a boot notification's number; raises ``SecurityError`` for one that was used before."""
        if not self.registry.new_boot(id, number):
            self.book.refuse(
                "replayed",
                id,
                f"boot notification {number} was sent before: a recording",
                f"启动通知 {number} 曾发送过：疑为录制重放",
            )
            asyncio.get_running_loop().call_later(LAST_WORD_S, self._put_out, id)  # once it has been told why
            raise SecurityError("this boot notification was sent before")

    def _put_out(self, id: str) -> None:
        point = self.points.get(id)
        if point is not None:
            self._goodbyes.add(task := asyncio.ensure_future(point.closing(1008, "a recording")))
            task.add_done_callback(self._goodbyes.discard)

    async def limit(self, id: str, periods: list[tuple[int, float]], start_us: int) -> bool:
        """Send a charging profile to a charger: (seconds from ``start_us``, watts); return whether it took it."""
        point = self.points.get(id)
        if point is None or not periods:
            return False
        taken = await point.limit(periods, datetime.fromtimestamp(start_us / 1e6, UTC))
        if taken:
            self.book.chargers[id].limit_w = periods[0][1]
        else:
            self.book.alarm("charging.profile", id, "the charging profile was not accepted", "充电桩未接受充电曲线")
        return taken

    async def close(self) -> None:
        """Say good-bye to all chargers."""
        for point in list(self.points.values()):
            await point.closing(1001, "the central system ends")


def _credentials(headers: Headers) -> tuple[str, str]:
    """Return (name, password) of HTTP basic authentication, empty where there is none."""
    scheme, _, coded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic" or len(coded) > 200:
        return "", ""
    try:
        name, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _refusal(status: http.HTTPStatus) -> Response:
    headers = Headers({"Content-Length": "0", "Connection": "close"})
    if status is http.HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="ocpp"'
    return Response(status.value, status.phrase, headers, b"")


def context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Return the server's TLS: 1.2 at least, as profile 2 demands."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.load_cert_chain(certificate, key)
    return tls


def own_certificate(folder: Path, names: list[str]) -> tuple[Path, Path]:
    """Return (certificate, key) in ``folder``, made there where none is: chargers are given the certificate to trust."""
    certificate, key = folder / "central.pem", folder / "central.key"
    if certificate.exists() and key.exists():
        return certificate, key
    folder.mkdir(parents=True, exist_ok=True)
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jinyun-charging")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=825))
        .add_extension(x509.SubjectAlternativeName([_general(x) for x in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))  # fmt: skip
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _general(name: str) -> Any:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
