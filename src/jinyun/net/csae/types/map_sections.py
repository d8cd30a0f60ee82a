"""The second-stage extension of MAP: links in sections, lanes along a line, keep-clear areas (T/CSAE 157-2020)."""

from jinyun.net.csae.notation import Table, boolean, enum, integer, seq, seq_of

TYPES: Table = {
    "LinkExList": seq_of("LinkEx", 1, 32),
    "LinkEx": seq(
        "name? DescriptiveName",
        "upstreamNodeId NodeReferenceID",
        "speedLimits? SpeedLimitList",
        "linkWidth? LaneWidth",
        "refLine? PointList",
        "movements-ex? MovementExList",
        "sections SectionList",
        ...,
    ),
    "MovementExList": seq_of("MovementEx", 1, 32),
    "MovementEx": seq(
        "remoteIntersection NodeReferenceID",
        "phaseId? PhaseID",
        "turn-direction? Maneuver",
        ...,
    ),
    "Maneuver": enum("maneuverStraight maneuverLeftTurn maneuverRightTurn maneuverUTurn ..."),
    "SectionList": seq_of("Section", 1, 16),
    "Section": seq("secId SectionId", "lanes LaneExList", ...),
    "SectionId": integer(1, 63),
    "LaneExList": seq_of("LaneEx", 1, 32),
    "LaneEx": seq(
        "laneRefID LaneRefID",
        "laneWidth? LaneWidth",
        "laneAttributes? LaneAttributes",
        "maneuvers? AllowedManeuvers",
        "connectsTo-ex? ConnectsToExList",
        "speedLimits? SpeedLimitList",
        "st-points? STPointList",
        "laneLineType? LaneLineType",
        ...,
    ),
    "LaneRefID": integer(-31, 31),
    "ConnectsToExList": seq_of("ConnectionEx", 1, 32),
    "ConnectionEx": seq(
        "remoteIntersection NodeReferenceID",
        "swl? SignalWaitingLane",
        ("connectingLane?", seq_of("ConnectingLaneEx", 1, 16)),
        "phaseId? PhaseID",
        "turn-direction? Maneuver",
        ...,
    ),
    "SignalWaitingLane": seq(
        "laneWidth LaneWidth",
        "points PointList",
        ("allowedPhaseIds?", seq_of("PhaseID", 1, 7)),
    ),
    "ConnectingLaneEx": seq(
        "target-section SectionId",
        "target-lane LaneRefID",
        "connectingLaneWidth? LaneWidth",
        "connectingLanePoints? PointList",
        ("isolatedConnectingLane?", boolean()),
    ),
    # geometry and markings
    "ST-Point": seq(("s-axis", integer(-1024, 65535)), ("t-axis", integer(-32768, 32767)), ...),
    "STPointList": seq_of("ST-Point", 2, 63),
    "Dotted-SolidMarkingLineType": enum(
        "whiteDottedLine whiteSolidLine yellowDottedLine yellowSolidLine whiteDotted-solidLine "
        "whiteSotted-dottedLine yellowDotted-solidLine yellowSotted-dottedLine ..."
    ),
    "LaneLineType": seq(
        "leftLaneLine Dotted-SolidMarkingLineType",
        "rightLaneLine Dotted-SolidMarkingLineType",
    ),
    "Polygon": seq_of("PositionOffsetLLV", 4, 32),
    "ProhibitedZone": seq(
        "centralCircleProhibitedZone? Polygon",
        ("non-motorVehicleProhibitedZones?", seq_of("Polygon", 1, 16)),
        ("gridLineMarkingProhibitedZones?", seq_of("Polygon", 2, 16)),
        ...,
    ),
}
