"""The type tables of T/CSAE 53-2020 (first stage) and T/CSAE 157-2020 (second stage), and the dialects in the field.

Two layouts of the first stage are spoken by real equipment, and two tables number the second-stage messages, so a
dialect is a layout and an id table: ``A`` and ``B`` number by T/CSAE 157, ``A158`` and ``B158`` by T/CSAE 158. Layout A
is what live roadside units send and the default; B is that of a published C code base. BSM without an initial
position, RSM and SPAT are the same bits in both.
"""

from __future__ import annotations

from functools import cache

from jinyun.net.csae.notation import Dictionary, Table, integer, seq, seq_of
from jinyun.net.csae.types import (
    bsm,
    coordination,
    correction,
    elements,
    frame,
    intention,
    map,
    map_sections,
    parking,
    payment,
    person,
    planning,
    platoon,
    rsi,
    rsm,
    sensing,
    spat,
)

MODULES = (
    frame,
    elements,
    bsm,
    rsm,
    spat,
    rsi,
    map,
    map_sections,
    sensing,
    planning,
    intention,
    coordination,
    person,
    platoon,
    parking,
    payment,
    correction,
)

LAYOUT_B: Table = {
    "NodeList": seq_of("Node", 1, 32),
    "ConnectsToList": seq_of("Connection", 1, 8),
    "Link": seq(
        "name? DescriptiveName",
        "upstreamNodeId NodeReferenceID",
        "speedLimits? SpeedLimitList",
        "linkWidth LaneWidth",
        "points? PointList",
        "movements? MovementList",
        "lanes LaneList",
        ...,
    ),
    "PathPointList": seq_of("PositionOffsetLLV", 2, 32),
    "DTimeOffset": integer(-840, 840),
    "DHour": integer(0, 31),
    "FullPositionVector": seq(
        "utcTime? DDateTime",
        "pos Position3D",
        "heading? Heading",
        "transmission? TransmissionState",
        "speed? Speed",
        "posAccuracy? PositionConfidenceSet",
        "timeConfidence? TimeConfidence",
        "motionCfd? MotionConfidenceSet",
        ...,
    ),
}
"""Where layout B differs from A; everything else is shared."""

_COMMON_IDS = {
    0: "TestMsg",
    10: "RTCMcorrections",
    11: "RoadsideCoordination",
    12: "SensorSharingMsg",
    13: "VehIntentionAndRequest",
    14: "PAMData",
    15: "PersonalSafetyMessage",
}

MESSAGE_IDS_157: dict[int, str] = {**_COMMON_IDS, 16: "CLPMM", 17: "VehiclePaymentMessage"}
"""``messageId`` of the frame extension -> type, by T/CSAE 157-2020."""

MESSAGE_IDS_158: dict[int, str] = dict(_COMMON_IDS)
"""The same by T/CSAE 158-2020. It gives 16..21 other meanings, whose definitions are not public: they stay octets."""

DIALECTS = ("A", "B", "A158", "B158")


@cache
def dictionary(dialect: str = "A") -> Dictionary:
    """Return every type of a dialect by name. Raises ``ValueError`` for an unknown dialect."""
    if dialect not in DIALECTS:
        raise ValueError(f"unknown dialect {dialect!r}: one of {', '.join(DIALECTS)}")
    types: Table = {}
    for module in MODULES:
        types.update(module.TYPES)
    if dialect.startswith("B"):
        types.update(LAYOUT_B)
    return Dictionary(types)


def message_ids(dialect: str = "A") -> dict[int, str]:
    """Return which type each ``messageId`` of the frame extension carries. Raises ``ValueError`` likewise."""
    if dialect not in DIALECTS:
        raise ValueError(f"unknown dialect {dialect!r}: one of {', '.join(DIALECTS)}")
    return MESSAGE_IDS_158 if dialect.endswith("158") else MESSAGE_IDS_157
