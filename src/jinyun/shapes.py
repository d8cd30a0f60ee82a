"""The few shapes of data that cross the doors between rooms: Sighting, Report, Track, Signal, Frame, Advice, Finding.

Rows of :data:`SIGHTING`, :data:`REPORT`, :data:`TRACK`, :data:`SIGNAL` and :data:`ADVICE` are NumPy structured arrays, so
a tick's work is done on columns and never on one object per participant. Inside the system a place is metres east
(``x_m``) and north (``y_m``) of the zone's origin, a heading is radians clockwise from north, a time is int64
microseconds of UTC. Unknown is NaN for a measurement and 0 for an identity; it is never a plausible value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Kind(IntEnum):
    """What a participant is, in the words of T/CSAE 53 ``ParticipantType`` (交通参与者类型)."""

    UNKNOWN = 0
    MOTOR = 1
    NON_MOTOR = 2
    PEDESTRIAN = 3
    RSU = 4


class Light(IntEnum):
    """A signal's state, in the words of T/CSAE 53 ``LightState`` (灯色)."""

    UNAVAILABLE = 0
    DARK = 1
    FLASHING_RED = 2
    RED = 3
    FLASHING_GREEN = 4
    PERMISSIVE_GREEN = 5
    PROTECTED_GREEN = 6
    YELLOW = 7
    FLASHING_YELLOW = 8


SEEN_BY_ITSELF = 1
"""Bit of ``seen_by``: the participant reported itself (a car's BSM)."""
SEEN_BY_ROAD = 2
"""Bit of ``seen_by``: a roadside sensor reported it (an RSU's RSM)."""

SIGHTING = np.dtype(
    [
        ("source", np.uint32),  # row of the sender in the cloud's source table
        ("by", np.uint8),  # SEEN_BY_ITSELF or SEEN_BY_ROAD
        ("kind", np.uint8),  # Kind
        ("classification", np.uint8),  # T/CSAE 53 BasicVehicleClass, 0 unknown
        ("participant", np.uint64),  # the sender's own number for it: ptcId, or the BSM id's eight bytes
        ("vehicle_id", np.uint64),  # BSM id as an integer where known, else 0
        ("event_us", np.int64),  # when it was so, by the sender's clock (corrected where the sender has none)
        ("receive_us", np.int64),  # when we had it
        ("x_m", np.float64),
        ("y_m", np.float64),
        ("speed_mps", np.float32),
        ("heading_rad", np.float32),
        ("length_m", np.float32),
        ("width_m", np.float32),
        ("height_m", np.float32),
        ("position_sd_m", np.float32),  # one standard deviation per axis, as stated by the sender; NaN unknown
    ]
)
"""Sighting 观测: somebody saw a participant."""

REPORT = np.dtype(
    [
        ("vehicle_id", np.uint64),  # BSM id as an integer
        ("source", np.uint32),
        ("event_us", np.int64),
        ("lights", np.uint16),  # ExteriorLights, bit 0 of the standard is 1 << 8
        ("events", np.uint16),  # VehicleEventFlags, bit 0 of the standard is 1 << 12
        ("braking", np.uint8),  # bits: 1 pedal, 2 traction control at work, 4 anti-lock brakes, 8 stability control
        ("response", np.uint8),  # ResponseType, 0 not in use
        ("siren", np.uint8),  # SirenInUse, 2 in use
        ("lightbar", np.uint8),  # LightbarInUse, 2 in use
    ]
)
"""Report 自述: what a vehicle says of itself beside its motion (BSM brakes, safety and emergency extensions)."""

TRACK = np.dtype(
    [
        ("id", np.uint32),
        ("kind", np.uint8),
        ("classification", np.uint8),
        ("seen_by", np.uint8),  # SEEN_BY_ITSELF | SEEN_BY_ROAD, over the last second
        ("sources", np.uint8),  # how many senders contributed over the last second
        ("vehicle_id", np.uint64),
        ("first_us", np.int64),
        ("last_us", np.int64),  # event time of the newest sighting
        ("x_m", np.float64),
        ("y_m", np.float64),
        ("speed_mps", np.float32),
        ("heading_rad", np.float32),
        ("length_m", np.float32),
        ("width_m", np.float32),
        ("height_m", np.float32),
        ("position_sd_m", np.float32),
        ("speed_sd_mps", np.float32),
        ("heading_sd_rad", np.float32),
        ("accel_mps2", np.float32),  # along the heading
        ("yaw_rps", np.float32),  # clockwise
        ("existence", np.float32),  # probability that there is somebody
    ]
)
"""Track 航迹: what the cloud believes of one participant at the frame's instant."""

SIGNAL = np.dtype(
    [
        ("source", np.uint32),
        ("region", np.uint16),
        ("node", np.uint16),  # NodeReferenceID.id of the junction
        ("phase", np.uint8),  # PhaseID, the signal group
        ("light", np.uint8),  # Light
        ("event_us", np.int64),
        ("likely_end_us", np.int64),  # when this light is expected to end; 0 unknown
    ]
)
"""Signal 信号灯态: one signal group of one junction at the frame's instant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The data or a rule is bad: a report about somebody's input, never an exception.

    ``rule`` is the stable name (``clock.absent``), ``source`` the sender, ``field`` the place in its data,
    ``reason`` one English sentence with the values that prove it.
    """

    rule: str
    source: str
    field: str
    reason: str
    t_us: int
    severity: str = "warning"  # info | warning | fault
    count: int = 1  # messages that showed it at once


ADVICE = np.dtype(
    [
        ("application", np.uint8),  # row of the catalogue of applications
        ("receiver", np.uint32),  # track that is advised, 0: everybody whom the unit reaches
        ("unit", np.int16),  # roadside unit that says it, a row of the zone's, -1 none
        ("about", np.uint32),  # track that it is about, 0 none
        ("place", np.int32),  # what of the map it is about: a row, as the application says; -1 none
        ("urgency", np.uint8),  # 1 inform, 2 warn, 3 act now
        ("x_m", np.float64),  # where it is so: of the conflict, the event, the line
        ("y_m", np.float64),
        ("after_s", np.float32),  # how long until then, NaN where it has no instant
        ("probability", np.float32),
        ("value", np.float32),  # what is advised, in the unit the application says; NaN none
    ]
)
"""Advice 建议: one warning or recommendation to one receiver, by one application."""


@dataclass(frozen=True, slots=True)
class Frame:
    """All tracks, signals and advice of one tick (100 ms): immutable and numbered."""

    seq: int
    t_us: int
    tracks: NDArray[np.void]
    signals: NDArray[np.void]
    advice: NDArray[np.void] = field(default_factory=lambda: np.empty(0, ADVICE))
