"""A worker's line: what comes is taken whole however it is cut, and a broker that comes back is heard again."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinyun.cloud.engine.line import ROOM, Heard, Line, _Wire
from jinyun.net import broker
from jinyun.net.broker import INTERNAL_USER, TOKEN
from tests.conftest import Broker, answers, free_port, wait_for

PAYLOADS = st.one_of(st.binary(max_size=60), st.integers(0, 200_000).map(lambda size: b"\r\nMSG " * (size // 6)))


def written(number: int, payload: bytes, headers: bytes | None) -> bytes:
    """Return a message as the broker writes it."""
    if headers is None:
        return f"MSG a.b {number} {len(payload)}\r\n".encode() + payload + b"\r\n"
    head = f"HMSG a.b {number} _INBOX.x {len(headers)} {len(headers) + len(payload)}\r\n".encode()
    return head + headers + payload + b"\r\n"


@settings(deadline=None)
@given(
    st.lists(st.tuples(PAYLOADS, st.sampled_from([None, b"NATS/1.0 503\r\n\r\n"])), max_size=12),
    st.lists(st.integers(1, 300_000), min_size=1, max_size=20),
)
def test_messages_are_taken_whole_and_in_order_however_they_are_cut(
    messages: list[tuple[bytes, bytes | None]], cuts: list[int]
) -> None:
    line = Line("nats://h", "w")
    heard: list[Heard] = []
    line.listen("a.b", heard.append)
    wire = _Wire(line, None, None)
    stream = b"PING\r\n".join(written(1, *message) for message in messages) + written(2, b"nobody listens", None)
    at = n = 0
    while at < len(stream):
        room = wire.get_buffer(-1)
        piece = stream[at : at + min(cuts[n % len(cuts)], len(room))]
        room[: len(piece)] = piece
        room.release()
        wire.buffer_updated(len(piece))
        at, n = at + len(piece), n + 1
    assert heard == [Heard("a.b", payload, headers or b"") for payload, headers in messages]
    assert all(message.status() == ("503" if message.headers else "") for message in heard)


@pytest.mark.parametrize("said", [f"MSG a 1 {ROOM}\r\n".encode(), b"-ERR 'Authorization Violation'\r\n", b"x" * ROOM])
def test_a_line_on_which_something_else_is_said_is_given_up(said: bytes) -> None:
    class Broken:
        aborted = False

        def abort(self) -> None:
            self.aborted = True

    wire, transport = _Wire(Line("h", "w"), None, None), Broken()
    wire._transport = transport  # type: ignore[assignment]
    at = 0
    while at < len(said) and not transport.aborted:
        room = wire.get_buffer(-1)
        piece = said[at : at + min(300_000, len(room))]
        room[: len(piece)] = piece
        room.release()
        wire.buffer_updated(len(piece))
        at += len(piece)
    assert transport.aborted


def test_headers_are_found_by_name() -> None:
    message = Heard("a", b"", b"NATS/1.0 408 Request Timeout\r\nNats-Pin-Id: abc\r\nother:1\r\n\r\n")
    assert (message.status(), message.header("nats-pin-id"), message.header("none")) == ("408", "abc", "")


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def kept(line: Line) -> AsyncIterator[Line]:
    keeping = asyncio.create_task(line.keep())
    try:
        yield line
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


@pytest.mark.integration
def test_a_line_lives_through_its_broker_and_says_nothing_of_what_nobody_heard(real_broker: Broker) -> None:
    async def scenario() -> None:
        heard: list[bytes] = []
        answers: list[Heard] = []
        url = f"nats://127.0.0.1:{real_broker.nats_port}"
        async with (
            kept(Line(f"nats://127.0.0.1:1,{url}", "a")) as a,
            kept(Line(url, "b")) as b,
        ):  # the first node is dead
            b.listen("big", lambda message: heard.append(message.payload))
            a.listen("inbox", answers.append)

            def speak(payload: bytes) -> bool:
                a.say("big", payload)
                return payload in heard

            await until(lambda: speak(b"x" * 200_000))
            a.say("nobody.there", b"?", "inbox")
            await until(lambda: answers)
            assert answers[0].status() == "503"
            real_broker.kill()
            await until(lambda: not speak(b"lost") and a._wire is None and b._wire is None)
            real_broker.start()
            await until(lambda: speak(b"again"))
            assert b"lost" not in heard
            number = b.listen("more", lambda message: heard.append(message.payload))
            b.end(number)
            await until(lambda: speak(b"and again"))
            a.say("more", b"unheard")
            await until(lambda: speak(b"at last"))
            assert b"unheard" not in heard

    asyncio.run(scenario())


@pytest.mark.integration
def test_a_guarded_broker_hears_who_has_the_token_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    config = tmp_path / "nats.conf"
    config.write_text(
        f'listen: "127.0.0.1:{port}"\nauthorization {{ users: [{{user: "{INTERNAL_USER}", password: "right"}}] }}\n'
    )
    server = subprocess.Popen(
        [broker.binary(), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    async def said_by(token: str) -> set[bytes]:
        """Return what somebody with the right token heard of one with ``token``."""
        heard: list[bytes] = []
        monkeypatch.setenv(TOKEN, "right")
        async with kept(Line(f"nats://127.0.0.1:{port}", "b")) as b:
            b.listen("*", lambda message: heard.append(message.payload))

            def listens() -> bool:
                b.say("sure", b"own")
                return b"own" in heard

            await until(listens)
            monkeypatch.setenv(TOKEN, token)
            async with kept(Line(f"nats://127.0.0.1:{port}", "a")) as a:
                tries: list[object] = []

                def tried() -> bool:
                    a.say("word", token.encode())
                    tries.append(a._wire)
                    return token.encode() in heard or len(tries) > 50

                await until(tried)
            return set(heard) - {b"own"}

    try:
        wait_for(lambda: answers(port), what="broker")
        assert asyncio.run(said_by("right")) == {b"right"}
        assert asyncio.run(said_by("wrong")) == set()
    finally:
        server.kill()
        server.wait()
