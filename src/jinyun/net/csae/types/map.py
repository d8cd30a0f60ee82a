"""MAP 地图消息: nodes, the links that enter them, lanes and connections (T/CSAE 53-2020)."""

from jinyun.net.csae.notation import Table, bits, choice, enum, seq, seq_of

TYPES: Table = {
    "MapData": seq("msgCnt MsgCount", "timeStamp? MinuteOfTheYear", "nodes NodeList", ...),
    "NodeList": seq_of("Node", 1, 63),
    "Node": seq(
        "name? DescriptiveName",
        "id NodeReferenceID",
        "refPos Position3D",
        "inLinks? LinkList",
        ...,
        "inLinks-ex? LinkExList",
        "prohibitedzone? ProhibitedZone",
    ),
    "LinkList": seq_of("Link", 1, 32),
    "Link": seq(
        "name? DescriptiveName",
        "upstreamNodeId NodeReferenceID",
        "speedLimits? SpeedLimitList",
        "linkWidth? LaneWidth",
        "points? PointList",
        "movements? MovementList",
        "lanes LaneList",
        ...,
    ),
    "MovementList": seq_of("Movement", 1, 32),
    "Movement": seq("remoteIntersection NodeReferenceID", "phaseId? PhaseID"),
    "LaneList": seq_of("Lane", 1, 32),
    "Lane": seq(
        "laneID LaneID",
        "laneWidth? LaneWidth",
        "laneAttributes? LaneAttributes",
        "maneuvers? AllowedManeuvers",
        "connectsTo? ConnectsToList",
        "speedLimits? SpeedLimitList",
        "points? PointList",
        ...,
    ),
    "ConnectsToList": seq_of("Connection", 1, 16),
    "Connection": seq(
        "remoteIntersection NodeReferenceID",
        "connectingLane? ConnectingLane",
        "phaseId? PhaseID",
    ),
    "ConnectingLane": seq("lane LaneID", "maneuver? AllowedManeuvers"),
    # geometry and limits
    "RoadPoint": seq("posOffset PositionOffsetLLV", ...),
    "PointList": seq_of("RoadPoint", 2, 31),
    "SpeedLimitType": enum(
        "unknown maxSpeedInSchoolZone maxSpeedInSchoolZoneWhenChildrenArePresent maxSpeedInConstructionZone "
        "vehicleMinSpeed vehicleMaxSpeed vehicleNightMaxSpeed truckMinSpeed truckMaxSpeed truckNightMaxSpeed "
        "vehiclesWithTrailersMinSpeed vehiclesWithTrailersMaxSpeed vehiclesWithTrailersNightMaxSpeed ..."
    ),
    "RegulatorySpeedLimit": seq("type SpeedLimitType", "speed Speed"),
    "SpeedLimitList": seq_of("RegulatorySpeedLimit", 1, 9),
    # what a lane is for
    "AllowedManeuvers": bits(
        12,
        "maneuverStraightAllowed maneuverLeftAllowed maneuverRightAllowed maneuverUTurnAllowed "
        "maneuverLeftTurnOnRedAllowed maneuverRightTurnOnRedAllowed maneuverLaneChangeAllowed "
        "maneuverNoStoppingAllowed yieldAllwaysRequired goWithHalt caution reserved1",
    ),
    "LaneSharing": bits(
        10,
        "overlappingLaneDescriptionProvided multipleLanesTreatedAsOneLane otherNonMotorizedTrafficTypes "
        "individualMotorizedVehicleTraffic busVehicleTraffic taxiVehicleTraffic pedestriansTraffic "
        "cyclistVehicleTraffic trackedVehicleTraffic pedestrianTraffic",
    ),
    "LaneAttributes-Vehicle": bits(
        8,
        "isVehicleRevocableLane isVehicleFlyOverLane hovLaneUseOnly restrictedToBusUse restrictedToTaxiUse "
        "restrictedFromPublicUse hasIRbeaconCoverage permissionOnRequest ...",
    ),
    "LaneAttributes-Crosswalk": bits(
        16,
        "crosswalkRevocableLane bicyleUseAllowed isXwalkFlyOverLane fixedCycleTime biDirectionalCycleTimes "
        "hasPushToWalkButton audioSupport rfSignalRequestPresent unsignalizedSegmentsPresent",
    ),
    "LaneAttributes-Bike": bits(
        16,
        "bikeRevocableLane pedestrianUseAllowed isBikeFlyOverLane fixedCycleTime biDirectionalCycleTimes "
        "isolatedByBarrier unsignalizedSegmentsPresent",
    ),
    "LaneAttributes-Sidewalk": bits(
        16,
        "sidewalk-RevocableLane bicyleUseAllowed isSidewalkFlyOverLane walkBikes",
    ),
    "LaneAttributes-Barrier": bits(
        16,
        "median-RevocableLane median whiteLineHashing stripedLines doubleStripedLines trafficCones "
        "constructionBarrier trafficChannels lowCurbs highCurbs",
    ),
    "LaneAttributes-Striping": bits(
        16,
        "stripeToConnectingLanesRevocableLane stripeDrawOnLeft stripeDrawOnRight stripeToConnectingLanesLeft "
        "stripeToConnectingLanesRight stripeToConnectingLanesAhead",
    ),
    "LaneAttributes-TrackedVehicle": bits(
        16,
        "spec-RevocableLane spec-commuterRailRoadTrack spec-lightRailRoadTrack spec-heavyRailRoadTrack "
        "spec-otherRailType",
    ),
    "LaneAttributes-Parking": bits(
        16,
        "parkingRevocableLane parallelParkingInUse headInParkingInUse doNotParkZone parkingForBusUse "
        "parkingForTaxiUse noPublicParkingUse",
    ),
    "LaneTypeAttributes": choice(
        "vehicle LaneAttributes-Vehicle",
        "crosswalk LaneAttributes-Crosswalk",
        "bikeLane LaneAttributes-Bike",
        "sidewalk LaneAttributes-Sidewalk",
        "median LaneAttributes-Barrier",
        "striping LaneAttributes-Striping",
        "trackedVehicle LaneAttributes-TrackedVehicle",
        "parking LaneAttributes-Parking",
        ...,
    ),
    "LaneAttributes": seq("shareWith? LaneSharing", "laneType LaneTypeAttributes"),
}
