"""Named samples: one message of each day-one kind, as small as it may be (values as :mod:`jinyun.net.csae` gives them)."""

from __future__ import annotations

from typing import Any

_NOWHERE = {"lat": 0, "long": 0}
SMALLEST: dict[str, dict[str, Any]] = {
    "bsm": {
        "msgCnt": 0, "id": bytes(8), "secMark": 0, "pos": _NOWHERE, "transmission": "park", "speed": 0, "heading": 0,
        "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0}, "brakes": {}, "size": {"width": 1, "length": 1},
        "vehicleClass": {"classification": 0},
    },
    "rsm": {
        "msgCnt": 0, "id": bytes(8), "refPos": _NOWHERE,
        "participants": [
            {
                "ptcType": "motor", "ptcId": 0, "source": "video", "secMark": 0,
                "pos": {"offsetLL": ("position-LL1", {"lon": 0, "lat": 0})}, "posConfidence": {"pos": "a1m"},
                "speed": 0, "heading": 0, "size": {"width": 1, "length": 1},
            }
        ],
    },
    "spat": {
        "msgCnt": 0,
        "intersections": [
            {
                "intersectionId": {"id": 0}, "status": (bytes(2), 16),
                "phases": [{"id": 0, "phaseStates": [{"light": "red"}]}],
            }
        ],
    },
    "rsi": {"msgCnt": 0, "id": bytes(8), "refPos": _NOWHERE},
    "map": {"msgCnt": 0, "nodes": [{"id": {"id": 0}, "refPos": _NOWHERE}]},
}  # fmt: skip
"""One message of each kind, as small as it may be."""
