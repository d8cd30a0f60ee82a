"""Topics: where on the broker each device speaks and listens (``docs/connect.md`` is the same for its users).

Three schemes are understood. Ours: ``jinyun/{zone}/{rsu|obu}/{device}/up/{message}`` with the bare UPER MessageFrame as
payload. The RSU gateway's (document of 2020-11): ``V2X.RSU.{MESSAGE}.UP`` with its envelope (:mod:`jinyun.net.gateway`) or, as
in T/ITS 0117-2020, JSON. OpenV2X's: ``V2X/RSU/{device}/{MESSAGE}/UP[/DAWNLINE]`` with JSON (:mod:`jinyun.net.rsu_json`).
The broker turns an MQTT topic into a NATS subject: ``/`` becomes ``.`` and ``.`` becomes ``//``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MESSAGES = ("bsm", "map", "rsm", "spat", "rsi")
"""The day-one messages of T/CSAE 53, as they stand in topics, in the order of their numbers in MessageFrame."""
DEVICE_KINDS = ("rsu", "obu", "sensor", "nev")
VENDOR_FORMS = ("radar-json", "gbt32960")
"""What is no T/CSAE message: a radar in a form of its maker, packets of new-energy vehicles; read by adapters of their own."""
GATEWAY = "gateway"
_DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


class Route(NamedTuple):
    """Who speaks and what: read from the subject alone, before any payload is looked at."""

    scheme: str  # "plain", "gateway" or "json"
    kind: str  # rsu | obu | sensor | nev
    device: str  # "" in the gateway scheme: the envelope names it
    message: str


def device_id_is_good(device: str) -> bool:
    """Return whether ``device`` can stand in a topic: 1-32 letters, digits, ``_`` or ``-``."""
    return bool(_DEVICE_ID.match(device))


def up_topic(zone: str, kind: str, device: str, message: str) -> str:
    """Return the MQTT topic on which a device sends."""
    return f"jinyun/{zone}/{kind}/{device}/up/{message}"


def up_subjects(zone: str) -> list[str]:
    """Return the NATS subjects that carry everything devices of the zone send."""
    plain = [f"jinyun.{zone}.{kind}.*.up.*" for kind in DEVICE_KINDS]
    gateways = [f"V2X//RSU//{message.upper()}//UP" for message in MESSAGES]
    return [*plain, *gateways, "V2X.RSU.*.*.UP", "V2X.RSU.*.*.UP.DAWNLINE"]


def route(subject: str) -> Route | None:
    """Return who speaks on ``subject``, or None where it is in neither scheme."""
    parts = subject.split(".")
    if len(parts) == 6 and parts[0] == "jinyun" and parts[4] == "up":
        kind, device, message = parts[2], parts[3], parts[5]
        if kind in DEVICE_KINDS and message in (*MESSAGES, *VENDOR_FORMS) and device_id_is_good(device):
            return Route("plain", kind, device, message)
        return None
    if len(parts) in (5, 6) and parts[:2] == ["V2X", "RSU"] and parts[4:] in (["UP"], ["UP", "DAWNLINE"]):
        device, message = parts[2], parts[3].lower()
        return Route("json", "rsu", device, message) if message in MESSAGES and device_id_is_good(device) else None
    parts = subject.split("//")
    if len(parts) == 4 and parts[:2] == ["V2X", "RSU"] and parts[3] == "UP" and parts[2].lower() in MESSAGES:
        return Route("gateway", "rsu", "", parts[2].lower())
    return None


def frame_subject(zone: str) -> str:
    """Return the subject of the live frames (columns, 10 Hz)."""
    return f"jinyun.{zone}.cloud.frame"


def replay_frame_subject(zone: str) -> str:
    """Return the subject of frames of a recording that is being replayed."""
    return f"jinyun.{zone}.replay.frame"


def status_subject(zone: str) -> str:
    """Return the subject of the cloud's own account of itself (JSON, 1 Hz)."""
    return f"jinyun.{zone}.cloud.status"


def replay_status_subject(zone: str) -> str:
    """Return the subject of a replay's account of what it found."""
    return f"jinyun.{zone}.replay.status"
