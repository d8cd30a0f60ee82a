"""VIR 车辆意图及请求消息: what a vehicle means to do and asks for (T/CSAE 157-2020)."""

from jinyun.net.csae.notation import Table, bits, choice, enum, integer, octets, seq, seq_of

TYPES: Table = {
    "VehIntentionAndRequest": seq(
        "msgCnt MsgCount",
        ("id", octets(8)),
        "secMark DSecond",
        "refPos Position3D",
        "intAndReq IARData",
        ...,
    ),
    "IARData": seq(
        "currentPos? PathPlanningPoint",
        "path-Planning? PathPlanning",
        "currentBehavior? DriveBehavior",
        ("reqs?", seq_of("DriveRequest", 1, 8)),
        ...,
    ),
    "ReqStatus": enum("unknown request comfirmed cancel complete ..."),
    "DriveRequest": seq(
        ("reqID", integer(0, 255)),
        "status ReqStatus",
        ("reqPriority?", octets(1)),
        ("targetVeh?", octets(8)),
        ("targetRSU?", octets(8)),
        "info? ReqInfo",
        "lifeTime? TimeOffset",
        ...,
    ),
    # requests
    "ReqInfo": choice(
        "laneChange Req-LaneChange",
        "clearTheWay Req-ClearTheWay",
        "signalPriority Req-SignalPriority",
        "sensorSharing Req-SensorSharing",
        "parking Req-ParkingArea",
        ...,
    ),
    "Req-LaneChange": seq(
        "upstreamNode NodeReferenceID",
        "downstreamNode NodeReferenceID",
        "targetLane LaneID",
        ...,
    ),
    "Req-ClearTheWay": seq(
        "upstreamNode NodeReferenceID",
        "downstreamNode NodeReferenceID",
        "targetLane LaneID",
        "relatedPath? ReferencePath",
        "tBegin? DDateTime",
        "tEnd? DDateTime",
        ...,
    ),
    "Req-SignalPriority": seq(
        "intersectionId NodeReferenceID",
        "requiredMov MovementEx",
        "estimatedArrivalTime? TimeOffset",
        ("distance2Intersection?", integer(0, 10000)),
        ...,
    ),
    "Req-SensorSharing": seq("detectArea ReferencePathList", ...),
    "ParkingRequest": bits(12, "..."),
    "Req-ParkingArea": seq(
        "vehicleClass VehicleClassification",
        "req ParkingRequest",
        "parkingType? ParkingType",
        ("expectedParkingSlotID?", integer(0, 65535)),
        ...,
    ),
}
