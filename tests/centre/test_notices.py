"""Notices: one a cause, to whom the rules say, over real sockets; acknowledged, escalated, ended, never without bound."""

from __future__ import annotations

import asyncio
import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nats
import paho.mqtt.client as mqtt
import pytest

from jinyun.centre import channels, notices
from jinyun.centre.channels import ChannelError
from jinyun.centre.notices import AGAIN_US, GONE_US, Happening, acknowledge, of_episode, row, step
from jinyun.centre.outbox import Outbox
from jinyun.centre.registry import Channel, Notice, NoticeRule, Registry, open_registry
from tests.centre.asking import Place
from tests.centre.postgres import Store
from tests.conftest import Broker, wait_for

S = 1_000_000
SILENT = Happening(
    "finding", "device.silent", "fault", "device.silent|rsu/R1|link", "R1 静默", "nothing for 9 s", "rsu/R1"
)


@pytest.fixture
def tmp_path(tmp_path: Path, store: Store) -> Path:
    """A state folder whose registry is in a file, then on a server."""
    return store.claim(tmp_path)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return open_registry(tmp_path)


def rule(registry: Registry, id: str = "desk", **wishes: Any) -> None:
    values = {"source": "finding", "rule": "*", "severity": "warning", "channels": ["hook"], "escalate_to": [],
              "escalate_after_s": 60, "enabled": True}  # fmt: skip
    with registry.write() as session:
        session.merge(NoticeRule(id=id, **{**values, **wishes}))
        faults = session.get(NoticeRule, "faults")
        if faults is not None:
            session.delete(faults)


def told(registry: Registry, happenings: list[Happening], now: int) -> list[tuple[str, str]]:
    return [(channel, what["what"]) for channel, _, what in step(registry, happenings, now)[0]]


def kept(registry: Registry) -> list[dict[str, Any]]:
    with registry.read() as session:
        return [row(notice) for notice in session.query(Notice).order_by(Notice.id)]


def test_a_cause_that_goes_on_is_one_notice_until_it_has_ended(registry: Registry) -> None:
    rule(registry)
    assert told(registry, [SILENT], 0) == [("hook", "opened")]
    for second in range(1, 60, 5):
        assert told(registry, [SILENT], second * S) == []
    gone = 60 * S + GONE_US + 1
    assert told(registry, [], gone) == [("hook", "ended")]
    assert told(registry, [SILENT], gone + AGAIN_US // 2) == []  # it flaps: the same notice, told to nobody again
    (only,) = kept(registry)
    assert only["state"] == "open" and only["count"] == 2
    assert told(registry, [], gone + AGAIN_US // 2 + 60 * S) == [("hook", "ended")]
    assert told(registry, [SILENT], gone + 3 * AGAIN_US) == [("hook", "opened")]
    assert len(kept(registry)) == 2


def test_a_rule_takes_what_it_names_and_nothing_milder(registry: Registry) -> None:
    rule(registry, rule="device.*", severity="fault")
    mild = Happening("finding", "device.silent", "warning", "k1", "t", "t", "s")
    other = Happening("finding", "clock.offset", "fault", "k2", "t", "t", "s")
    event = Happening("event", "device.silent", "fault", "k3", "t", "t", "s")
    assert told(registry, [mild, other, event], 0) == [] and told(registry, [SILENT], 0) == [("hook", "opened")]
    rule(registry, rule="device.*", severity="fault", enabled=False)
    assert told(registry, [Happening("finding", "device.silent", "fault", "k4", "t", "t", "s")], 1) == []


def test_what_nobody_acknowledges_in_time_goes_further_up_once(registry: Registry) -> None:
    rule(registry, escalate_to=["chief"], escalate_after_s=60)
    step(registry, [SILENT], 0)
    assert told(registry, [SILENT], 59 * S) == []
    assert told(registry, [SILENT], 60 * S) == [("chief", "escalated")]
    assert told(registry, [SILENT], 120 * S) == []


def test_what_is_acknowledged_is_not_escalated_and_the_first_who_did_counts(registry: Registry) -> None:
    rule(registry, escalate_to=["chief"], escalate_after_s=60)
    step(registry, [SILENT], 0)
    id = kept(registry)[0]["id"]
    assert (acknowledge(registry, id, "first") or {})["acknowledged_by"] == "first"
    assert (acknowledge(registry, id, "second") or {})["acknowledged_by"] == "first"
    assert told(registry, [SILENT], 3600 * S) == [] and acknowledge(registry, 999, "x") is None


def test_open_notices_are_bounded(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MOST_OPEN", 20)
    rule(registry)
    flood = [Happening("finding", "a", "fault", f"k{i}", "t", "t", "s") for i in range(100)]
    assert len(told(registry, flood, 0)) == 20 and len(told(registry, flood, S)) == 0


def test_an_episode_of_findings_is_a_happening_that_ends_with_it() -> None:
    episode = {
        "rule": "device.silent",
        "source": "rsu/R1",
        "field": "link",
        "severity": "fault",
        "reason": "9 s",
        "open": False,
    }
    assert of_episode(episode).ended and of_episode({**episode, "open": True}).key == "device.silent|rsu/R1|link"


# -- deliveries, to servers of this test --------------------------------------------------------------------------------


class Hook(http.server.BaseHTTPRequestHandler):
    got: list[tuple[dict[str, str], bytes]]
    status: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((dict(self.headers), body))
        self.send_response(self.status.pop(0) if self.status else 200)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def hook(*status: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    got: list[tuple[dict[str, str], bytes]] = []
    handler = type("Here", (Hook,), {"got": got, "status": list(status)})
    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as port:
        yield f"http://127.0.0.1:{port}/", got


def channel(registry: Registry, id: str, kind: str, **settings: Any) -> None:
    with registry.write() as session:
        session.merge(Channel(id=id, kind=kind, settings=channels.checked(kind, settings), enabled=True))


def delivered(registry: Registry, link: Any, *puts: tuple[str, int, dict[str, Any]], **wishes: Any) -> list[Any]:
    """Put notices into an outbox and return what became of them: (id, channel, state, tries)."""
    became: list[Any] = []

    async def go() -> None:
        def note(id: int, channel: str, outcome: dict[str, Any]) -> None:
            became.append((id, channel, outcome["state"], outcome["tries"]))

        outbox = Outbox(registry, lambda: link, note, **{"pauses_s": (0.0, 0.0), **wishes})
        for put in puts:
            await outbox.put(*put)
        await outbox.settled()

    asyncio.run(go())
    return became


WHAT = {"what": "opened", "id": 7, "title": "R1 静默\r\nBcc: x@y.example", "text": "nothing", "severity": "fault",
        "subject": "rsu/R1", "opened_us": 0}  # fmt: skip


def test_a_webhook_gets_the_notice_signed_and_a_failure_is_tried_again(registry: Registry) -> None:
    with hook(500, 503) as (url, got):
        channel(registry, "hook", "webhook", url=url, secret="between us")
        assert delivered(registry, None, ("hook", 7, WHAT)) == [(7, "hook", "sent", 3)]
    headers, body = got[-1]
    assert json.loads(body) == WHAT
    moment = int(headers[channels.SIGNATURE].split(",")[0].removeprefix("t="))
    assert headers[channels.SIGNATURE] == channels.signature("between us", moment, body)
    assert headers[channels.SIGNATURE] != channels.signature("between us", moment, body + b" ")


def test_a_webhook_that_stays_broken_or_leads_elsewhere_fails_and_says_so(registry: Registry) -> None:
    with hook(302, 302, 302) as (url, got):
        channel(registry, "hook", "webhook", url=url)
        assert delivered(registry, None, ("hook", 7, WHAT)) == [(7, "hook", "failed", 3)]
    assert len(got) == 3
    assert delivered(registry, None, ("nowhere", 8, WHAT)) == [(8, "nowhere", "failed", 3)]


def test_a_channel_that_hangs_drops_the_oldest_and_holds_up_no_other(registry: Registry) -> None:
    with hook() as (url, got):
        channel(registry, "hook", "webhook", url=url)
        puts = [("hook", id, {**WHAT, "id": id}) for id in range(10)]
        became = delivered(registry, None, *puts, waiting=4)
    dropped = [id for id, _, state, _ in became if state == "dropped"]
    arrived = [json.loads(body)["id"] for _, body in got]
    assert sorted(dropped + arrived) == list(range(10)) and arrived[-4:] == [6, 7, 8, 9] and len(arrived) <= 6


class Mail(socketserver.StreamRequestHandler):
    """The few words of SMTP that a delivery needs."""

    got: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        data = False
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if data:
                self.got.append(line)
                data = line != "."
                if not data:
                    self.wfile.write(b"250 taken\r\n")
            elif line.upper() == "DATA":
                data = True
                self.wfile.write(b"354 go on\r\n")
            elif line.upper() == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.got.append(line)
                self.wfile.write(b"250 good\r\n")


def test_a_mail_goes_to_all_receivers_and_its_title_is_one_line(registry: Registry) -> None:
    got: list[str] = []
    handler = type("Here", (Mail,), {"got": got})
    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)) as port:
        settings = {"host": "127.0.0.1", "port": port, "tls": "none", "from": "zone@city.example",
                    "to": ["a@city.example", "b@city.example"]}  # fmt: skip
        channel(registry, "mail", "smtp", **settings)
        assert delivered(registry, None, ("mail", 7, WHAT)) == [(7, "mail", "sent", 1)]
    receivers = [line for line in got if line.lower().startswith("rcpt to:")]
    assert len(receivers) == 2 and not any(line.startswith("Bcc:") for line in got)
    assert any(line.startswith("Subject:") for line in got)


@pytest.mark.integration
def test_a_topic_of_the_broker_carries_the_notice_to_its_mqtt_subscribers(
    registry: Registry, real_broker: Broker
) -> None:
    heard: list[bytes] = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    ready = threading.Event()
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, message: heard.append(message.payload)
    client.connect("127.0.0.1", real_broker.mqtt_port)
    client.loop_start()
    client.subscribe("desk/notices")
    assert ready.wait(10)
    channel(registry, "topic", "mqtt", topic="desk/notices")

    async def go() -> None:
        link = await nats.connect(f"nats://127.0.0.1:{real_broker.nats_port}")
        await Outbox(registry, lambda: link, lambda *_: None).deliver("topic", WHAT)
        await link.drain()

    asyncio.run(go())
    wait_for(lambda: heard, 10, "the notice arrives")
    client.disconnect()
    client.loop_stop()
    assert json.loads(heard[0]) == WHAT


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("webhook", {"url": "file:///etc/passwd"}),
        ("webhook", {"url": "http://[::1"}),
        ("smtp", {"host": "h", "from": "a@b", "to": ["x@y\r\nBcc: z@w"]}),
        ("smtp", {"host": "h", "from": "a@b", "to": []}),
        ("mqtt", {"topic": "a/#"}),
        ("mqtt", {"topic": "$SYS/x"}),
        ("pigeon", {}),
    ],
)
def test_settings_that_cannot_be_are_refused(kind: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ChannelError):
        channels.checked(kind, settings)


def test_an_operator_keeps_rules_and_channels_and_secrets_are_not_shown_again(tmp_path: Path) -> None:
    place = Place(tmp_path)
    operator = place.account("shift", "operator")
    with hook() as (url, got):
        wish = {"kind": "webhook", "settings": {"url": url, "secret": "between us"}}
        assert operator.ask("PUT", "/api/v1/channels/desk", wish).json()["settings"] == {"url": url, "secret": "***"}
        again = {"kind": "webhook", "settings": {"url": url, "secret": "***"}}
        assert operator.ask("PUT", "/api/v1/channels/desk", again).status_code == 200
        assert operator.ask("POST", "/api/v1/channels/desk/trial").json()["delivered"] is True
        assert channels.SIGNATURE in got[0][0]
    assert operator.ask("POST", "/api/v1/channels/desk/trial").status_code == 502
    made = operator.ask("PUT", "/api/v1/notice-rules/night", {"rule": "device.*", "channels": ["desk"]})
    assert made.status_code == 200
    names = operator.get("/api/v1/notice-rules").json()["names"]
    assert {"id": "device.silent", "zh": "设备静默", "en": "device is silent"} in names["finding"]
    assert "contact" in {one["id"] for one in names["event"]} and "half-year.late" in {
        one["id"] for one in names["duty"]
    }
    assert operator.ask("PUT", "/api/v1/notice-rules/night", {"channels": ["no"]}).status_code == 422
    place.centre.account.take({"episodes": [{
        "id": 1, "rule": "device.silent", "source": "rsu/R1", "field": "link", "severity": "fault", "reason": "9 s",
        "opened_us": 1, "last_us": 2, "count": 1, "open": True,
    }]})  # fmt: skip
    due, changed = place.centre.notices.look()
    assert [channel for channel, _, _ in due] == ["desk"] and len(changed) == 2  # by the rule for faults, too
    listed = operator.get("/api/v1/notices?state=open&q=R1").json()
    assert listed["open"] == 2 and len(listed["notices"]) == 2
    assert (
        operator.ask("POST", f"/api/v1/notices/{listed['notices'][0]['id']}/acknowledgement").json()["state"]
        == "acknowledged"
    )
    assert operator.ask("DELETE", "/api/v1/notice-rules/night").status_code == 200
    assert operator.ask("DELETE", "/api/v1/notice-rules/night").status_code == 404
