"""RSM 路侧安全消息: the participants that the roadside sees (T/CSAE 53-2020)."""

from jinyun.net.csae.notation import Table, enum, integer, octets, seq, seq_of

TYPES: Table = {
    "RoadsideSafetyMessage": seq(
        "msgCnt MsgCount",
        ("id", octets(8)),
        "refPos Position3D",
        "participants ParticipantList",
        ...,
    ),
    "ParticipantList": seq_of("ParticipantData", 1, 16),
    "ParticipantType": enum("unknown motor non-motor pedestrian rsu ..."),
    "SourceType": enum("unknown selfinfo v2x video microwaveRadar loop lidar integrated ..."),
    "ParticipantData": seq(
        "ptcType ParticipantType",
        ("ptcId", integer(0, 65535)),
        "source SourceType",
        ("id?", octets(8)),
        "secMark DSecond",
        "pos PositionOffsetLLV",
        "posConfidence PositionConfidenceSet",
        "transmission? TransmissionState",
        "speed Speed",
        "heading Heading",
        "angle? SteeringWheelAngle",
        "motionCfd? MotionConfidenceSet",
        "accelSet? AccelerationSet4Way",
        "size VehicleSize",
        "vehicleClass? VehicleClassification",
        ...,
    ),
}
