"""RSI 路侧信息: events and signs, with when and where they hold (T/CSAE 53-2020; auxiliarySign T/CSAE 157-2020)."""

from jinyun.net.csae.notation import Table, bits, enum, integer, octets, seq, seq_of

TYPES: Table = {
    "RoadSideInformation": seq(
        "msgCnt MsgCount",
        "moy? MinuteOfTheYear",
        ("id", octets(8)),
        "refPos Position3D",
        "rtes? RTEList",
        "rtss? RTSList",
        ...,
    ),
    "RTEList": seq_of("RTEData", 1, 8),
    "RTSList": seq_of("RTSData", 1, 16),
    # events
    "EventType": integer(0, 65535),
    "EventSource": enum("unknown police government meteorological internet detection ..."),
    "RTEData": seq(
        ("rteId", integer(0, 255)),
        "eventType EventType",
        "eventSource EventSource",
        "eventPos? PositionOffsetLLV",
        "eventRadius? Radius",
        "description? Description",
        "timeDetails? RSITimeDetails",
        "priority? RSIPriority",
        "referencePaths? ReferencePathList",
        "referenceLinks? ReferenceLinkList",
        "eventConfidence? Confidence",
        ...,
    ),
    # signs
    "SignType": integer(0, 65535),
    "AuxiliarySignVehicleType": bits(5, "..."),
    "AuxiliarySignDirection": enum(
        "straight leftAndRight right left leftFrontTurn rightFronTurn rightRearTurn leftRearTurn ..."
    ),
    "AuxiliarySign": seq(
        "signWithVehicleType? AuxiliarySignVehicleType",
        "signDirection? AuxiliarySignDirection",
        ...,
    ),
    "RTSData": seq(
        ("rtsId", integer(0, 255)),
        "signType SignType",
        "signPos? PositionOffsetLLV",
        "description? Description",
        "timeDetails? RSITimeDetails",
        "priority? RSIPriority",
        "referencePaths? ReferencePathList",
        "referenceLinks? ReferenceLinkList",
        ...,
        "auxiliarySign? AuxiliarySign",
    ),
    # when and where
    "RSITimeDetails": seq(
        "startTime? MinuteOfTheYear",
        "endTime? MinuteOfTheYear",
        "endTimeConfidence? TimeConfidence",
    ),
    "RSIPriority": octets(1),
    "PathPointList": seq_of("PositionOffsetLLV", 1, 32),
    "ReferencePath": seq("activePath PathPointList", "pathRadius Radius"),
    "ReferencePathList": seq_of("ReferencePath", 1, 8),
    "ReferenceLanes": bits(
        16,
        "reserved lane1 lane2 lane3 lane4 lane5 lane6 lane7 lane8 lane9 lane10 lane11 lane12 lane13 lane14 lane15",
    ),
    "ReferenceLink": seq(
        "upstreamNodeId NodeReferenceID",
        "downstreamNodeId NodeReferenceID",
        "referenceLanes? ReferenceLanes",
    ),
    "ReferenceLinkList": seq_of("ReferenceLink", 1, 16),
}
