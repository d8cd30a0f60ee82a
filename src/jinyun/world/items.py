"""The ten data items (十项数据) of the simulated street's automated vehicles, sent as real test vehicles send them.

Items 1 to 6 are the vehicle's own words; of video (7, 8) there is none in a simulation, and they say ``simulated`` in its
place; remote commands (9) and faults (10) come when there are any. ``docs/supervision.md`` has the form.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from jinyun.net import topics
from jinyun.supervision.simulated import vehicle_name
from jinyun.vehicle.shuttle.behaviour import State
from jinyun.vehicle.shuttle.body import MIDDLE_M, Pose
from jinyun.vehicle.shuttle.driving import Shuttle
from jinyun.vehicle.shuttle.modes import TAKEOVER_REASONS, Mode
from jinyun.vehicle.shuttle.vss import BRAKE_LAMP_MPS2
from jinyun.world.sending import Message
from jinyun.world.shuttle import Placed
from jinyun.zone import Zone

EVERY_S = 0.5
"""Twice as often as the act asks, so that a lost message leaves no second without items."""
MODES = {Mode.MANUAL: "manual", Mode.REMOTE: "remote", Mode.AUTOMATED: "automated", Mode.MINIMAL_RISK: "automated"}
"""A minimal-risk manoeuvre is still driven by the system."""
FAULTS = frozenset({"sensing_lost", "off_path"})
"""Requests to take over that say that something is broken; the others say that the road is not free."""
BRAKE_LAMP, LEFT_LAMP, RIGHT_LAMP, HAZARD_LAMPS = 1, 2, 4, 8
SIMULATED = "simulated"


class TestItems:
    """What the automated vehicles of a zone say to the supervising authority; :meth:`messages` once a step."""

    __test__ = False  # for pytest: the name is the domain's

    def __init__(self, zone: Zone, sender: str) -> None:
        self._zone, self._sender = zone, sender
        self._said_s: dict[str, float] = {}

    def messages(self, placed: Iterable[Placed], now_s: float, t_us: int, due_s: float) -> list[Message]:
        """Return what is due at ``now_s`` (s of the street; ``t_us`` of UTC), to leave at the monotonic instant ``due_s``."""
        found = []
        for one in placed:
            if one.believed is None or now_s - self._said_s.get(one.name, -math.inf) < EVERY_S - 1e-6:
                continue
            self._said_s[one.name] = now_s
            payload = items(self._zone, one.name, one.shuttle, one.believed, t_us)
            topic = topics.up_topic(self._zone.id, "obu", one.name, topics.TEST_ITEMS)
            found.append(Message(due_s, self._sender, "items", topic, payload))
        return found


def items(zone: Zone, name: str, shuttle: Shuttle, pose: Pose, t_us: int) -> bytes:
    """Return one message of the ten items of ``name`` at ``t_us`` of UTC; its place is the middle of its body."""
    x_m, y_m = pose.ahead(MIDDLE_M)
    lon, lat = zone.project.inverse([x_m], [y_m])
    modes = shuttle.modes
    asks = modes.open[1] if modes.open is not None else ""
    fault = asks if asks in FAULTS else "minimal risk" if modes.mode is Mode.MINIMAL_RISK else ""
    said = {
        "vehicle": vehicle_name(zone, name), "t_ms": t_us // 1000, "mode": MODES[modes.mode],
        "lon": round(float(lon[0]), 7), "lat": round(float(lat[0]), 7), "speed_mps": round(pose.speed_mps, 3),
        "accel_mps2": round(pose.accel_mps2, 3), "heading_deg": round(math.degrees(pose.heading_rad) % 360, 2),
        "perception": {"objects": len(shuttle.objects), "state": shuttle.state.value, "reason": shuttle.reason},
        "lights": lights(shuttle, pose), "video_outside": SIMULATED, "video_inside": SIMULATED, "simulated": True,
    }  # fmt: skip
    if fault:
        said["fault"] = fault
    if modes.mode in (Mode.MANUAL, Mode.REMOTE) and modes.takeovers:
        said["ended_by"] = "driver" if modes.mode is Mode.MANUAL else "remote"
        said["why"] = TAKEOVER_REASONS[modes.takeovers[-1].reason][1]
    return json.dumps(said, ensure_ascii=False).encode()


def lights(shuttle: Shuttle, pose: Pose) -> int:
    """Return which lamps are lit: bits of :data:`BRAKE_LAMP` and the others."""
    passing, merging = shuttle.state is State.PASS, shuttle.state is State.MERGE
    return (
        BRAKE_LAMP * (pose.accel_mps2 < BRAKE_LAMP_MPS2) + LEFT_LAMP * passing
        + RIGHT_LAMP * (merging or shuttle.docked_s is not None)
        + HAZARD_LAMPS * (shuttle.state in (State.EMERGENCY, State.MINIMAL_RISK))
    )  # fmt: skip
