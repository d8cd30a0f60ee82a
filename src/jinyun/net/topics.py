"""Topics: where on the broker each device speaks and listens (``docs/connect.md`` is the same for its users).

Three schemes are understood. Ours: ``jinyun/{zone}/{rsu|obu}/{device}/up/{message}`` with the bare UPER MessageFrame as
payload. The RSU gateway's (document of 2020-11): ``V2X.RSU.{MESSAGE}.UP`` with its envelope (:mod:`jinyun.net.gateway`) or, as
in T/ITS 0117-2020, JSON. OpenV2X's: ``V2X/RSU/{device}/{MESSAGE}/UP[/DAWNLINE]`` with JSON (:mod:`jinyun.net.rsu_json`).
Down to devices: ``jinyun/{zone}/{kind}/{device}/down/{message}``, ``V2X.RSU.{MESSAGE}.{device}.DOWN`` and
``V2X/RSU/{device}/{MESSAGE}/DOWN``. The broker turns an MQTT topic into a NATS subject: ``/`` becomes ``.``, ``.`` ``//``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MESSAGES = ("bsm", "map", "rsm", "spat", "rsi")
"""The day-one messages of T/CSAE 53, as they stand in topics, in the order of their numbers in MessageFrame."""
SECOND_STAGE = {
    "testmsg": "TestMsg",
    "rtcm": "RTCMcorrections",
    "rsc": "RoadsideCoordination",
    "ssm": "SensorSharingMsg",
    "vir": "VehIntentionAndRequest",
    "pam": "PAMData",
    "psm": "PersonalSafetyMessage",
    "clpmm": "CLPMM",
    "vpm": "VehiclePaymentMessage",
}
"""The second-stage messages of T/CSAE 157, as they stand in topics, and their types."""
STATUS = ("hb", "info", "baseinfo", "runninginfo", "config", "log")
"""What a roadside unit says of itself (T/ITS 0117-2020), as JSON; :mod:`jinyun.net.rsu_status`."""
DELIVERED = "delivered"
"""A roadside unit's word that it has what was sent down to it (``.../DOWN/ACK``)."""
DEVICE_KINDS = ("rsu", "obu", "sensor", "nev")
VENDOR_FORMS = ("radar-json", "gbt32960")
"""What is no T/CSAE message: a radar in a form of its maker, packets of new-energy vehicles; read by adapters of their own."""
TEST_ITEMS = "items"
"""The ten data items of a test vehicle, as JSON: supervision reads them, the cloud only records them."""
GATEWAY = "gateway"
_DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


class Route(NamedTuple):
    """Who speaks and what: read from the subject alone, before any payload is looked at."""

    scheme: str  # "plain", "gateway" or "json"
    kind: str  # rsu | obu | sensor | nev
    device: str  # "" in the gateway scheme: the envelope names it
    message: str


_MISSPELT = {"RUNNINGIFO": "runninginfo"}
"""Words that documents and devices misspell."""
_WRITTEN = {"baseinfo": "BaseINFO", "runninginfo": "RunningInfo", "log": "Log"}
"""Words that are not written in capitals throughout."""


def _message(word: str) -> str:
    return _MISSPELT.get(word.upper(), word.lower())


def device_id_is_good(device: str) -> bool:
    """Return whether ``device`` can stand in a topic: 1-32 letters, digits, ``_`` or ``-``."""
    return bool(_DEVICE_ID.match(device))


_good = device_id_is_good


def up_topic(zone: str, kind: str, device: str, message: str) -> str:
    """Return the MQTT topic on which a device sends."""
    return f"jinyun/{zone}/{kind}/{device}/up/{message}"


def down_topic(scheme: str, zone: str, kind: str, device: str, message: str) -> str:
    """Return the MQTT topic on which a device of a scheme listens for a message (``rsi``, or a status word)."""
    word = _WRITTEN.get(message, message.upper())
    if scheme == "gateway":
        return f"V2X.RSU.{word}.{device}.DOWN"
    if scheme == "json":
        return f"V2X/RSU/{device}/{word}/DOWN"
    return f"jinyun/{zone}/{kind}/{device}/down/{message}"


def answer_topic(device: str, message: str) -> str:
    """Return the MQTT topic on which a roadside unit learns that its word of itself was taken."""
    return f"V2X/RSU/{device}/{_WRITTEN.get(message, message.upper())}/UP/ACK"


def subject_of(topic: str) -> str:
    """Return the NATS subject of an MQTT topic, as the broker makes it."""
    return "//".join(part.replace("/", ".") for part in topic.split("."))


def up_subjects(zone: str) -> list[str]:
    """Return the NATS subjects that carry everything devices of the zone send."""
    plain = [f"jinyun.{zone}.{kind}.*.up.*" for kind in DEVICE_KINDS]
    words = [message.upper() for message in MESSAGES] + ["HB", "INFO", "BASEINFO", "RUNNINGINFO", "LOG"]
    gateways = [f"V2X//RSU//{word}//UP" for word in words]
    return [*plain, *gateways, "V2X.RSU.*.UP", "V2X.RSU.*.*.UP", "V2X.RSU.*.*.UP.DAWNLINE", "V2X.RSU.*.*.DOWN.ACK"]


def route(subject: str) -> Route | None:
    """Return who speaks on ``subject``, or None where it is in no scheme."""
    parts = subject.split(".")
    if len(parts) == 6 and parts[0] == "jinyun" and parts[4] == "up":
        kind, device, message = parts[2], parts[3], parts[5]
        known = message in MESSAGES or message in SECOND_STAGE or message in VENDOR_FORMS or message == TEST_ITEMS
        return Route("plain", kind, device, message) if known and kind in DEVICE_KINDS and _good(device) else None
    if parts[:2] == ["V2X", "RSU"]:
        return _json_route(parts[2:])
    parts = subject.split("//")
    if len(parts) == 4 and parts[:2] == ["V2X", "RSU"] and parts[3] == "UP":
        message = _message(parts[2])
        return Route("gateway", "rsu", "", message) if message in MESSAGES or message in STATUS else None
    return None


def _json_route(parts: list[str]) -> Route | None:
    """Return the route of ``{device}.{MESSAGE}.UP[.DAWNLINE]``, ``{STATUS}.UP`` or ``{device}.{MESSAGE}.DOWN.ACK``."""
    if len(parts) == 2 and parts[1] == "UP":
        message = _message(parts[0])
        return Route("json", "rsu", "", message) if message in STATUS else None
    if len(parts) < 3 or not _good(parts[0]):
        return None
    device, message = parts[0], _message(parts[1])
    if parts[2:] == ["DOWN", "ACK"]:
        return Route("json", "rsu", device, DELIVERED)
    known = message in MESSAGES or message in SECOND_STAGE or message in STATUS
    return Route("json", "rsu", device, message) if known and parts[2:] in (["UP"], ["UP", "DAWNLINE"]) else None


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


def priority_subject(zone: str) -> str:
    """Return the subject on which the cloud says who, of those who may, asks for which light (JSON)."""
    return f"jinyun.{zone}.cloud.priority"


def road_subject(zone: str, what: str) -> str:
    """Return the subject of what the road says of its crossings, stops, signals or chargers (JSON)."""
    return f"jinyun.{zone}.road.{what}"


def cabin_topic(zone: str, vehicle: str) -> str:
    """Return the MQTT topic of what a vehicle's cabin display shows (columns, 10 Hz)."""
    return f"jinyun/{zone}/cabin/{vehicle}/scene"


def cabin_subject(zone: str, vehicle: str = "*") -> str:
    """Return the NATS subject of the scene of one vehicle's cabin, or of all."""
    return f"jinyun.{zone}.cabin.{vehicle}.scene"
