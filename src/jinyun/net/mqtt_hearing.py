"""A lean MQTT 3.1.1 listener beside the sender of :mod:`jinyun.net.mqtt`: QoS 0, no thread, asked when there is time.

Facts: MQTT 3.1.1 (OASIS, 2014) sections 2.2.3 remaining length, 3.3 PUBLISH, 3.8 SUBSCRIBE, 3.9 SUBACK, 3.12 PINGREQ.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time

from jinyun.net.mqtt import KEEPALIVE_S, MqttError, connect_packet

RETRY_S = 1.0
MOST_BYTES = 1 << 20
"""A packet that claims more is none of ours."""
AT_ONCE = 65_536


def subscribe_packet(topics: list[str], number: int = 1) -> bytes:
    """Return a SUBSCRIBE packet for topics (or filters) with QoS 0 (3.8); less than 128 bytes need one length byte."""
    body = number.to_bytes(2, "big")
    for topic in topics:
        raw = topic.encode()
        body += len(raw).to_bytes(2, "big") + raw + b"\x00"
    return b"\x82" + _length(len(body)) + body


def _length(n: int) -> bytes:
    out = bytearray()
    while True:
        n, digit = n >> 7, n & 0x7F
        out.append(digit | 0x80 if n else digit)
        if not n:
            return bytes(out)


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return the whole packets in ``data`` as (first byte, body) and the rest; raises :class:`MqttError` for no MQTT."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 2 <= len(data):
        length, shift, head = 0, 0, at + 1
        while True:
            if head >= len(data):
                return found, data[at:]
            digit = data[head]
            length |= (digit & 0x7F) << shift
            head, shift = head + 1, shift + 7
            if not digit & 0x80:
                break
            if shift > 21:
                raise MqttError("a remaining length of more than four bytes")
        if length > MOST_BYTES:
            raise MqttError(f"a packet of {length} bytes")
        if head + length > len(data):
            break
        found.append((data[at], data[head : head + length]))
        at = head + length
    return found, data[at:]


class Listener:
    """Hears what is published on some topics; :meth:`poll` returns at once with what has come."""

    def __init__(
        self, host: str, port: int, client_id: str, topics: list[str], tls: ssl.SSLContext | None = None
    ) -> None:
        self.host, self.port, self.client_id, self.topics = host, port, client_id, topics
        self._tls = tls
        self._socket: socket.socket | None = None
        self._rest = b""
        self._spoke_at = self._retry_at = 0.0

    def connect(self, timeout_s: float = 2.0) -> None:
        """Open the connection and subscribe; raises ``OSError`` (no broker) or :class:`MqttError` (refused)."""
        self.close()
        link = socket.create_connection((self.host, self.port), timeout=timeout_s)
        try:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                link = self._tls.wrap_socket(link, server_hostname=self.host)
            link.sendall(connect_packet(self.client_id))
            answer = b""
            while len(answer) < 4:
                part = link.recv(4 - len(answer))
                if not part:
                    raise MqttError(f"{self.host}:{self.port} closed the connection of {self.client_id}")
                answer += part
            if answer[0] != 0x20 or answer[3] != 0:
                raise MqttError(f"{self.host}:{self.port} refused {self.client_id}: return code {answer[3]}")
            link.sendall(subscribe_packet(self.topics))
        except BaseException:
            link.close()
            raise
        self._socket, self._rest, self._spoke_at = link, b"", time.monotonic()

    def poll(self) -> list[tuple[str, bytes]]:
        """Return (topic, payload) of what has come; connects, and connects again, by itself, once a second at most."""
        now = time.monotonic()
        if self._socket is None:
            if now < self._retry_at:
                return []
            try:
                self.connect()
            except OSError:
                self._retry_at = time.monotonic() + RETRY_S
                return []
        assert self._socket is not None
        try:
            if now - self._spoke_at > KEEPALIVE_S / 2:
                self._socket.settimeout(1.0)
                self._socket.sendall(b"\xc0\x00")
                self._spoke_at = now
            packets, self._rest = split(self._rest + self._read())
        except OSError:
            self.close()
            self._retry_at = time.monotonic() + RETRY_S
            return []
        return [published(body, first) for first, body in packets if first >> 4 == 3 and len(body) >= 2]

    def _read(self) -> bytes:
        assert self._socket is not None
        self._socket.settimeout(0.0)
        data = b""
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            while len(data) < MOST_BYTES:
                part = self._socket.recv(AT_ONCE)
                if not part:
                    raise ConnectionResetError("the broker closed the connection")
                data += part
        return data

    def close(self) -> None:
        """Close the connection; :meth:`poll` opens it again."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None


def published(body: bytes, first: int) -> tuple[str, bytes]:
    """Return (topic, payload) of a PUBLISH's body; ``first`` is its first byte, which tells the QoS."""
    end = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:end].decode("utf-8", "replace")
    return topic, body[end + (2 if first & 0x06 else 0) :]
