"""SSM 感知共享消息: what somebody's sensors detected, participants and obstacles (T/CSAE 157-2020)."""

from jinyun.net.csae.notation import Table, choice, enum, integer, octets, seq, seq_of

TYPES: Table = {
    "SensorSharingMsg": seq(
        "msgCnt MsgCount",
        ("id", octets(8)),
        "equipmentType EquipmentType",
        "secMark DSecond",
        "sensorPos Position3D",
        "detectedRegion? DetectedRegion",
        "participants? DetectedPTCList",
        "obstacles? DetectedObstacleList",
        "rtes? RTEList",
        ...,
    ),
    "EquipmentType": enum("unknown rsu obu vru ..."),
    "DetectedRegion": seq_of("Polygon", 1, 8),
    # participants
    "DetectedPTCList": seq_of("DetectedPTCData", 1, 512),
    "DetectedPTCData": seq(
        "ptc ParticipantData",
        "objSizeConfidence? ObjectSizeConfidence",
        "detectedPTCType? DetectedPTCType",
        "typeConfidence? Confidence",
        "acc4WayConfidence? AccSet4WayConfidence",
        "statusDuration? TimeOffset",
        "pathHistory? PathHistory",
        "planningList? PlanningList",
        ("tracking?", integer(1, 65535)),
        "polygon? Polygon",
        ("type-relatedExt?", choice("motorExt MotorDataExtension", "non-motorExt Non-motorDataExtension", ...)),
        ...,
    ),
    "DetectedPTCType": enum(
        "unknown unknown-movable unknown-unmovable car van truck bus cyclist motorcyclist tricyclist pedestrian ..."
    ),
    "SizeValueConfidence": enum(
        "unavailable size-100-00 size-050-00 size-020-00 size-010-00 size-005-00 size-002-00 size-001-00 "
        "size-000-50 size-000-20 size-000-10 size-000-05 size-000-02 size-000-01"
    ),
    "ObjectSizeConfidence": seq(
        "widthConf SizeValueConfidence",
        "lengthConf SizeValueConfidence",
        "heightConf? SizeValueConfidence",
    ),
    "PlanningDuration": integer(0, 600),
    "Planning": seq(
        "duration? PlanningDuration",
        "planConfidence? Confidence",
        "drivingBehavior? DriveBehavior",
        "pathPlanning? PathPlanning",
        ...,
    ),
    "PlanningList": seq_of("Planning", 1, 8),
    # motor vehicles: lights and attitude
    "Pitch": integer(-7200, 7200),
    "Roll": integer(-7200, 7200),
    "Yaw": integer(-14400, 14400),
    "Attitude": seq("pitch Pitch", "roll Roll", "yaw Yaw"),
    "AttitudeConfidence": seq(
        "pitchConfidence HeadingConfidence",
        "rollRateConfidence HeadingConfidence",
        "yawRate HeadingConfidence",
    ),
    "PitchRate": integer(-32767, 32767),
    "RollRate": integer(-32767, 32767),
    "AngularVelocity": seq("pitchRate PitchRate", "rollRate RollRate", "yawRate YawRate"),
    "AngularVelocityConfidence": seq(
        "pitchRate AngularVConfidence",
        "rollRate AngularVConfidence",
        "yawRate AngularVConfidence",
    ),
    "MotorDataExtension": seq(
        "lights? ExteriorLights",
        "vehAttitude? Attitude",
        "vehAttitudeConfidence? AttitudeConfidence",
        "vehAngVel? AngularVelocity",
        "vehAngVelConfidence? AngularVelocityConfidence",
        ...,
    ),
    "Non-motorDataExtension": seq(("overallRadius", integer(0, 200)), "non-motorData Non-motorData", ...),
    # obstacles
    "DetectedObstacleList": seq_of("DetectedObstacleData", 1, 64),
    "ObstacleType": enum(
        "unknown rockfall landslide animal-intrusion liquid-spill goods-scattered trafficcone safety-triangle "
        "traffic-roadblock inspection-shaft-without-cover unknown-fragments unknown-hard-object "
        "unknown-soft-object ..."
    ),
    "SizeValue": integer(0, 1023),
    "ObjectSize": seq("width SizeValue", "length SizeValue", "height? SizeValue"),
    "DetectedObstacleData": seq(
        "obsType ObstacleType",
        "objTypeConfidence? Confidence",
        ("obsId", integer(0, 65535)),
        "source SourceType",
        "secMark DSecond",
        "pos PositionOffsetLLV",
        "posConfidence PositionConfidenceSet",
        "speed Speed",
        "speedCfd? SpeedConfidence",
        "heading Heading",
        "headingCfd? HeadingConfidence",
        "verSpeed? Speed",
        "verSpeedConfidence? SpeedConfidence",
        "accelSet? AccelerationSet4Way",
        "size ObjectSize",
        "objSizeConfidence? ObjectSizeConfidence",
        ("tracking?", integer(1, 65535)),
        "polygon? Polygon",
        ...,
    ),
}
