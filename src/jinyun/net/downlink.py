"""Down to devices: a message in the scheme its receiver speaks, and the topic it listens on.

Bare UPER on ``jinyun/{zone}/{kind}/{device}/down/{message}``; the gateway's envelope on ``V2X.RSU.{MESSAGE}.{device}.DOWN``;
for OpenV2X's devices JSON on ``V2X/RSU/{device}/{MESSAGE}/DOWN`` with a ``seqNum``, which the device acknowledges on
``.../DOWN/ACK`` (:func:`jinyun.net.rsu_status.delivered`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from jinyun.net import csae, gateway, topics
from jinyun.net.csae.program import FIRST_STAGE
from jinyun.net.csae.types import message_ids
from jinyun.net.rsu_json_writing import openv2x

SCHEMES = ("plain", "gateway", "json")


def frame_of(message: str, value: Mapping[str, Any], dialect: str = "A") -> bytes:
    """Return the MessageFrame of a message by its name in topics; raises :class:`~jinyun.net.csae.CsaeError`."""
    if message in topics.MESSAGES:
        return csae.encode(FIRST_STAGE[topics.MESSAGES.index(message)], dict(value), dialect)
    name = topics.SECOND_STAGE.get(message)
    for number, known in message_ids(dialect).items():
        if known == name:
            return csae.encode("msgFrameExt", {"messageId": number, "value": (name, dict(value))}, dialect)
    raise csae.CsaeError(f"no message {message!r} in dialect {dialect}")


def address(
    scheme: str, zone: str, kind: str, device: str, message: str, value: Mapping[str, Any], sequence: int, utc_ms: int,
    dialect: str = "A",
) -> tuple[str, bytes]:  # fmt: skip
    """Return (MQTT topic, payload) that brings ``value`` to a device in its scheme.

    Every message is encoded, whatever the scheme, so that none goes out that the standard refuses: raises
    :class:`~jinyun.net.csae.CsaeError`. ``ValueError`` for an unknown scheme.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"unknown scheme {scheme!r}")
    frame = frame_of(message, value, dialect)
    topic = topics.down_topic(scheme, zone, kind, device, message)
    if scheme == "plain":
        return topic, frame
    if scheme == "gateway":
        return topic, gateway.wrap(device, utc_ms, message, [frame])
    content = openv2x(message, value, dialect)
    envelope: dict[str, Any] = {"seqNum": str(sequence), "ack": True}
    if message == "map":
        envelope |= {"mapSlice": device, "eTag": hashlib.sha256(frame).hexdigest()[:16], "map": content}
    else:
        envelope |= content
    return topic, json.dumps(envelope, ensure_ascii=False).encode()
