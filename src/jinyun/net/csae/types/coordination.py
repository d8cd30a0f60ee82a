"""RSC 路侧协调消息: what the roadside advises vehicles and lanes to do (T/CSAE 157-2020)."""

from jinyun.net.csae.notation import Table, bits, octets, seq, seq_of

TYPES: Table = {
    "RoadsideCoordination": seq(
        "msgCnt MsgCount",
        ("id", octets(8)),
        "secMark DSecond",
        "refPos Position3D",
        ("coordinates?", seq_of("VehicleCoordination", 1, 16)),
        ("laneCoordinates?", seq_of("LaneCoordination", 1, 8)),
        ...,
    ),
    "CoordinationInfo": bits(
        8,
        "cooperativeLaneChanging cooperativeVehMerging laneChangingAtIntersection "
        "no-signalIntersectionPassing dynamicLaneManagement laneReservation laneRestriction signalPriority "
        "...",
    ),
    "DriveSuggestion": seq(
        "suggestion DriveBehavior",
        "lifeTime? TimeOffset",
        "relatedLink? ReferenceLink",
        "relatedPath? ReferencePath",
        ...,
    ),
    "VehicleCoordination": seq(
        ("vehId", octets(8)),
        "driveSuggestion? DriveSuggestion",
        "pathGuidance? PathPlanning",
        "info? CoordinationInfo",
        ...,
    ),
    "LaneCoordination": seq(
        "targetLane ReferenceLink",
        "relatedPath? ReferencePath",
        "tBegin? DDateTime",
        "tEnd? DDateTime",
        "recommendedSpeed? Speed",
        "recommendedBehavior? DriveBehavior",
        "info? CoordinationInfo",
        "description? Description",
        ...,
    ),
}
