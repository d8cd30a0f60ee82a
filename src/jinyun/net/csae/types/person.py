"""PSM 弱势交通参与者安全消息: pedestrians, cyclists, road workers (T/CSAE 157-2020)."""

from jinyun.net.csae.notation import Table, bits, choice, enum, integer, octets, seq

TYPES: Table = {
    "PersonalSafetyMessage": seq(
        "msgCnt MsgCount",
        ("id", octets(8)),
        "secMark DSecond",
        "timeConfidence? TimeConfidence",
        "pos Position3D",
        "posAccuracy PositionalAccuracy",
        "speed Speed",
        "heading Heading",
        "accelSet? AccelerationSet4Way",
        "pathHistory? PathHistory",
        "path-Planning? PathPlanning",
        ("overallRadius", integer(0, 200)),
        "non-motorData Non-motorData",
        ...,
    ),
    "Non-motorData": seq(
        "basicType PersonalDeviceUserType",
        "propulsion? PropelledInformation",
        "clusterSize? NumberOfParticipantsInCluster",
        "attachment? Attachment",
        "personalExt? PersonalExtensions",
        "roadWorkerExt? RoadWorkerExtensions",
        "personalReq? PersonalRequest",
        ...,
    ),
    "PersonalDeviceUserType": enum("unavailable aPEDESTRIAN aPEDALCYCLIST aROADWORKER anANIMAL ..."),
    # how they move
    "HumanPropelledType": enum("unavailable otherTypes onFoot skateboard pushOrKickScooter wheelchair ..."),
    "AnimalPropelledType": enum("unavailable otherTypes animalMounted animalDrawnCarriage ..."),
    "MotorizedPropelledType": enum("unavailable otherTypes wheelChair bicycle scooter selfBalancingDevice ..."),
    "PropelledInformation": choice(
        "human HumanPropelledType",
        "animal AnimalPropelledType",
        "motor MotorizedPropelledType",
        ...,
    ),
    "NumberOfParticipantsInCluster": enum("unavailable small medium large ..."),
    "Attachment": enum("unavailable stroller bicycleTrailer cart wheelchair otherWalkAssistAttachments pet ..."),
    # what they do
    "PersonalDeviceUsageState": bits(9, "..."),
    "PersonalAssistive": bits(6, "..."),
    "PersonalExtensions": seq("useState? PersonalDeviceUsageState", "assistType? PersonalAssistive", ...),
    "RoadWorkerType": enum(
        "unavailable trafficPolice constructionPersonnel policeOfficers trafficControlPersons "
        "railroadCrossingGuards emergencyOrganizationPersonnel ..."
    ),
    "RoadWorkerActivityType": bits(6, "..."),
    "RoadWorkerExtensions": seq("workerType? RoadWorkerType", "activityType? RoadWorkerActivityType", ...),
    "PersonalCrossing": enum("unavailable request crossing finish ..."),
    "PersonalRequest": seq("crossing? PersonalCrossing", ...),
}
