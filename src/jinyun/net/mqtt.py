"""A lean MQTT 3.1.1 sender, for whoever sends thousands of messages a second from one connection.

QoS 0, no subscriptions. A device that sends a few messages a second needs none of this: any MQTT client does
(``docs/connect.md``). Facts: MQTT 3.1.1 (OASIS, 2014) sections 2.2.3 remaining length, 3.1 CONNECT, 3.3 PUBLISH,
3.12 PINGREQ.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time

KEEPALIVE_S = 30
RETRY_FIRST_S = 0.1
RETRY_LONGEST_S = 2.0
_RETURN_CODES = {
    1: "unacceptable protocol version",
    2: "identifier rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorised",
}


class MqttError(ConnectionError):
    """The broker refused the connection; the message gives its reason."""


def _remaining_length(n: int) -> bytes:
    out = bytearray()
    while True:
        n, digit = n >> 7, n & 0x7F
        out.append(digit | 0x80 if n else digit)
        if not n:
            return bytes(out)


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def connect_packet(client_id: str, username: str | None = None, password: str | None = None) -> bytes:
    """Return a CONNECT packet with a clean session (3.1)."""
    flags = 0x02 | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
    body = _text("MQTT") + bytes([4, flags]) + KEEPALIVE_S.to_bytes(2, "big") + _text(client_id)
    if username is not None:
        body += _text(username)
    if password is not None:
        body += _text(password)
    return b"\x10" + _remaining_length(len(body)) + body


def publish_packet(topic: bytes, payload: bytes) -> bytes:
    """Return a QoS 0 PUBLISH packet (3.3)."""
    return b"".join(
        [b"\x30", _remaining_length(2 + len(topic) + len(payload)), len(topic).to_bytes(2, "big"), topic, payload]
    )


class Publisher:
    """One connection that publishes in blocks: ``publish`` gathers, ``flush`` writes them with one system call.

    While the broker is away nothing is kept: a picture of the street that is seconds old is worth less than none.
    ``sent`` counts the messages handed to a connected socket, ``dropped`` those gathered while there was none.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host, self.port, self.client_id = host, port, client_id
        self.sent = self.dropped = 0
        self._credentials = (username, password)
        self._tls = tls
        self._socket: socket.socket | None = None
        self._gathered: list[bytes] = []
        self._topics: dict[str, bytes] = {}
        self._spoke_at = 0.0
        self._retry_at = 0.0
        self._retry_s = RETRY_FIRST_S

    @property
    def connected(self) -> bool:
        return self._socket is not None

    def connect(self, timeout_s: float = 5.0) -> None:
        """Open the connection; raises ``OSError`` (no broker) or :class:`MqttError` (refused)."""
        self._close_socket()
        link = socket.create_connection((self.host, self.port), timeout=timeout_s)
        try:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                link = self._tls.wrap_socket(link, server_hostname=self.host)
            link.sendall(connect_packet(self.client_id, *self._credentials))
            answer = b""
            while len(answer) < 4:
                part = link.recv(4 - len(answer))
                if not part:
                    raise MqttError(f"{self.host}:{self.port} closed the connection of {self.client_id}")
                answer += part
            if answer[0] != 0x20 or answer[3] != 0:
                reason = _RETURN_CODES.get(answer[3], f"return code {answer[3]}")
                raise MqttError(f"{self.host}:{self.port} refused {self.client_id}: {reason}")
        except BaseException:
            link.close()
            raise
        self._socket = link
        self._spoke_at = time.monotonic()
        self._retry_s = RETRY_FIRST_S

    def publish(self, topic: str, payload: bytes) -> None:
        """Gather one message for the next :meth:`flush`."""
        raw = self._topics.get(topic)
        if raw is None:
            if len(self._topics) > 10_000:  # a sender of ever-new topics must not grow for ever
                self._topics.clear()
            raw = self._topics[topic] = topic.encode()
        self._gathered.append(publish_packet(raw, payload))

    def flush(self) -> bool:
        """Write what was gathered; return whether it was handed to a connected socket.

        Reconnects by itself, at most one attempt a call and with growing pauses, so a loop that calls it at 10 Hz is
        never held up longer than one attempt on the network.
        """
        gathered, self._gathered = self._gathered, []
        now = time.monotonic()
        if self._socket is None:
            if now >= self._retry_at:
                try:
                    self.connect(timeout_s=1.0)
                except OSError:
                    self._retry_at = time.monotonic() + self._retry_s
                    self._retry_s = min(self._retry_s * 2, RETRY_LONGEST_S)
            if self._socket is None:
                self.dropped += len(gathered)
                return False
        block = b"".join(gathered)
        if now - self._spoke_at > KEEPALIVE_S / 2:
            block += b"\xc0\x00"
        try:
            self._drain()
            if block:
                self._socket.settimeout(2.0)
                self._socket.sendall(block)
                self._spoke_at = now
        except OSError:
            self._close_socket()
            self._retry_at = 0.0
            self.dropped += len(gathered)
            return False
        self.sent += len(gathered)
        return True

    def _drain(self) -> None:
        """Read and forget what the broker says (ping answers); its silence is no error, its good-bye is."""
        assert self._socket is not None
        self._socket.settimeout(0.0)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            while True:
                if not self._socket.recv(4096):
                    raise ConnectionResetError("the broker closed the connection")

    def close(self) -> None:
        """Say good-bye (DISCONNECT) and close."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.settimeout(1.0)
                self._socket.sendall(b"\xe0\x00")
        self._close_socket()

    def _close_socket(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None
