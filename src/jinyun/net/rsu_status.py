"""What a roadside unit says of itself (T/ITS 0117-2020): who it is, that it lives, how it runs, what it has received.

``INFO`` (at start, with its configuration), ``BaseINFO`` (on change), ``RunningInfo`` and ``HB`` (each 60 s), ``CONFIG``,
``Log``; and ``.../DOWN/ACK`` for what the centre sent down. A message that asks for it (``ack``) is acknowledged with its
``seqNum`` and an ``errorCode``. Spelling mistakes of the document (``sampleMpde``, ``RunningIfo``) are read as what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinyun.net import topics
from jinyun.net.rsu_json import FormError

MAX_FACTS = 64
"""Facts kept of one unit; what it says beyond them is skipped and counted."""
MAX_TEXT = 120
MAX_DEPTH = 6
DONE, MALFORMED = 0, 1
"""errorCode: everything is well; the message could not be read."""
_SPELLING = {"sampleMpde": "sampleMode"}


@dataclass(frozen=True, slots=True)
class Told:
    """What one message said: ``facts`` by dotted path, and the answer it asks for."""

    device: str
    facts: dict[str, str | float | bool | None]
    skipped: int  # facts beyond MAX_FACTS
    sequence: str | None  # seqNum as it was written
    wants_answer: bool


@dataclass(frozen=True, slots=True)
class Delivered:
    """A unit's word on what was sent down to it."""

    sequence: str
    error: int  # 0: taken
    reason: str


def read(content: Any, device: str = "") -> Told:
    """Return what a status message says; ``device`` is the sender's id from the topic, "" where that names none.

    Raises :class:`~jinyun.net.rsu_json.FormError` where it is no object or names no unit.
    """
    if not isinstance(content, Mapping):
        raise FormError("status", f"{type(content).__name__} where an object is wanted")
    named = str(content.get("rsuEsn") or content.get("rsuId") or "")
    if device and named and device not in (named, str(content.get("rsuId") or "")):
        raise FormError("rsuEsn", f"the topic says {device}, the message {named[:40]!r}")
    device = device or named
    if not topics.device_id_is_good(device):
        raise FormError("rsuEsn", f"{device[:40]!r} is no id of a device")
    facts: dict[str, str | float | bool | None] = {}
    skipped = 0
    for path, value in _leaves(content, "", 0):
        if path in ("seqNum", "ack"):
            continue
        if len(facts) < MAX_FACTS:
            facts[path] = value[:MAX_TEXT] if isinstance(value, str) else value
        else:
            skipped += 1
    sequence = content.get("seqNum")
    wants = content.get("ack") in (True, "true", "True", 1)
    return Told(device, facts, skipped, None if sequence is None else str(sequence)[:MAX_TEXT], wants)


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield (dotted path, value) of everything that is no object and no list."""
    if depth > MAX_DEPTH:
        raise FormError(path, "nested too deeply")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            name = _SPELLING.get(str(key), str(key))[:MAX_TEXT]
            yield from _leaves(inner, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]", depth + 1)
    elif value is None or isinstance(value, str | int | float | bool):
        yield path, value


def answer(message: str, device: str, sequence: str | None, error: int = DONE) -> tuple[str, bytes]:
    """Return (MQTT topic, payload) that acknowledges a status message of a unit."""
    content = {"seqNum": "0" if sequence is None else sequence, "errorCode": error}
    return topics.answer_topic(device, message), json.dumps(content).encode()


def delivered(content: Any) -> Delivered:
    """Return what a unit says of something sent down; raises :class:`~jinyun.net.rsu_json.FormError`."""
    if not isinstance(content, Mapping) or "seqNum" not in content:
        raise FormError("seqNum", "an acknowledgement names the message it is for")
    error = content.get("errorCode", DONE)
    if isinstance(error, str) and error.lstrip("-").isdigit():
        error = int(error)
    if isinstance(error, bool) or not isinstance(error, int):
        raise FormError("errorCode", f"{str(error)[:40]!r} is no whole number")
    return Delivered(str(content["seqNum"])[:MAX_TEXT], error, str(content.get("errorDesc", ""))[:MAX_TEXT])
