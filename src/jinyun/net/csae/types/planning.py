"""A path planned ahead and the behaviours it is made of, shared by the cooperative messages (T/CSAE 157-2020)."""

from jinyun.net.csae.notation import Table, bits, enum, seq, seq_of

TYPES: Table = {
    "DriveBehavior": bits(
        14,
        "goStraightForward laneChangingToLeft laneChangingToRight rampIn rampOut intersectionStraightThrough "
        "intersectionTurnLeft intersectionTurnRight intersectionUTurn stop-and-go stop slow-down speed-up "
        "parking ...",
    ),
    "AccConfidence": enum("unavailable prec100deg prec10deg prec5deg prec1deg prec0-1deg prec0-05deg prec0-01deg"),
    "AngularVConfidence": enum("unavailable prec100deg prec10deg prec5deg prec1deg prec0-1deg prec0-05deg prec0-01deg"),
    "AccSet4WayConfidence": seq(
        "lonAccConfidence AccConfidence",
        "latAccConfidence AccConfidence",
        "vertAccConfidence AccConfidence",
        "yawRateCon AngularVConfidence",
    ),
    "PathPlanningPoint": seq(
        "posInMap? ReferenceLink",
        "pos PositionOffsetLLV",
        "posAccuracy? PositionConfidenceSet",
        "speed? Speed",
        "speedCfd? SpeedConfidence",
        "heading? Heading",
        "headingCfd? HeadingConfidence",
        "accelSet? AccelerationSet4Way",
        "acc4WayConfidence? AccSet4WayConfidence",
        "estimatedTime? TimeOffset",
        "timeConfidence? Confidence",
        ...,
    ),
    "PathPlanning": seq_of("PathPlanningPoint", 1, 100),
}
