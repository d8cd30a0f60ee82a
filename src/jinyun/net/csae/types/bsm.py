"""BSM 基本安全消息: what a vehicle says of itself, ten times a second (T/CSAE 53-2020)."""

from jinyun.net.csae.notation import Table, bits, enum, integer, octets, seq, seq_of

TYPES: Table = {
    "BasicSafetyMessage": seq(
        "msgCnt MsgCount",
        ("id", octets(8)),
        "secMark DSecond",
        "timeConfidence? TimeConfidence",
        "pos Position3D",
        "posAccuracy? PositionalAccuracy",
        "posConfidence? PositionConfidenceSet",
        "transmission TransmissionState",
        "speed Speed",
        "heading Heading",
        "angle? SteeringWheelAngle",
        "motionCfd? MotionConfidenceSet",
        "accelSet AccelerationSet4Way",
        "brakes BrakeSystemStatus",
        "size VehicleSize",
        "vehicleClass VehicleClassification",
        "safetyExt? VehicleSafetyExtensions",
        "emergencyExt? VehicleEmergencyExtensions",
        ...,
    ),
    # brakes
    "BrakePedalStatus": enum("unavailable off on"),
    "BrakeAppliedStatus": bits(5, "unavailable leftFront leftRear rightFront rightRear"),
    "TractionControlStatus": enum("unavailable off on engaged"),
    "AntiLockBrakeStatus": enum("unavailable off on engaged"),
    "StabilityControlStatus": enum("unavailable off on engaged"),
    "BrakeBoostApplied": enum("unavailable off on"),
    "AuxiliaryBrakeStatus": enum("unavailable off on reserved"),
    "BrakeSystemStatus": seq(
        "brakePadel? BrakePedalStatus",
        "wheelBrakes? BrakeAppliedStatus",
        "traction? TractionControlStatus",
        "abs? AntiLockBrakeStatus",
        "scs? StabilityControlStatus",
        "brakeBoost? BrakeBoostApplied",
        "auxBrakes? AuxiliaryBrakeStatus",
    ),
    # safety extension: events, path behind, path ahead
    "VehicleEventFlags": bits(
        13,
        "eventHazardLights eventStopLineViolation eventABSactivated eventTractionControlLoss "
        "eventStabilityControlactivated eventHazardousMaterials eventReserved1 eventHardBraking "
        "eventLightsChanged eventWipersChanged eventFlatTire eventDisabledVehicle eventAirBagDeployment ...",
    ),
    "GNSSstatus": bits(
        8,
        "unavailable isHealthy isMonitored baseStationType aPDOPofUnder5 inViewOfUnder5 "
        "localCorrectionsPresent networkCorrectionsPresent",
    ),
    "FullPositionVector": seq(
        "utcTime? DDateTime",
        "pos Position3D",
        "heading? Heading",
        "transmission? TransmissionState",
        "speed? Speed",
        "posAccuracy? PositionalAccuracy",
        "posConficence? PositionConfidenceSet",
        "timeConfidence? TimeConfidence",
        "motionCfd? MotionConfidenceSet",
        ...,
    ),
    "PathHistoryPoint": seq(
        "llvOffset PositionOffsetLLV",
        "timeOffset TimeOffset",
        "speed? Speed",
        "posAccuracy? PositionConfidenceSet",
        "heading? CoarseHeading",
        ...,
    ),
    "PathHistoryPointList": seq_of("PathHistoryPoint", 1, 23),
    "PathHistory": seq(
        "initialPosition? FullPositionVector",
        "currGNSSstatus? GNSSstatus",
        "crumbData PathHistoryPointList",
        ...,
    ),
    "RadiusOfCurvature": integer(-32767, 32767),
    "PathPrediction": seq("radiusOfCurve RadiusOfCurvature", "confidence Confidence", ...),
    "VehicleSafetyExtensions": seq(
        "events? VehicleEventFlags",
        "pathHistory? PathHistory",
        "pathPrediction? PathPrediction",
        "lights? ExteriorLights",
        ...,
    ),
    # emergency vehicles
    "ResponseType": enum(
        "notInUseOrNotEquipped emergency nonEmergency pursuit stationary slowMoving stopAndGoMovement ..."
    ),
    "SirenInUse": enum("unavailable notInUse inUse reserved"),
    "LightbarInUse": enum(
        "unavailable notInUse inUse yellowCautionLights schooldBusLights arrowSignsActive slowMovingVehicle freqStops"
    ),
    "VehicleEmergencyExtensions": seq(
        "responseType? ResponseType",
        "sirenUse? SirenInUse",
        "lightsUse? LightbarInUse",
        ...,
    ),
}
