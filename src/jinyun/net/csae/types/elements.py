"""Elements that several messages share: time, place, motion, size and class (T/CSAE 53-2020)."""

from jinyun.net.csae.notation import Table, bits, characters, choice, enum, integer, octets, seq

TYPES: Table = {
    # counting and time
    "MsgCount": integer(0, 127),
    "DSecond": integer(0, 65535),
    "MinuteOfTheYear": integer(0, 527040),
    "TimeMark": integer(0, 36001),
    "TimeOffset": integer(1, 65535),
    "TimeConfidence": enum(
        "unavailable time-100-000 time-050-000 time-020-000 time-010-000 time-002-000 time-001-000 "
        "time-000-500 time-000-200 time-000-100 time-000-050 time-000-020 time-000-010 time-000-005 "
        "time-000-002 time-000-001 time-000-000-5 time-000-000-2 time-000-000-1 time-000-000-05 "
        "time-000-000-02 time-000-000-01 time-000-000-005 time-000-000-002 time-000-000-001 "
        "time-000-000-000-5 time-000-000-000-2 time-000-000-000-1 time-000-000-000-05 time-000-000-000-02 "
        "time-000-000-000-01 time-000-000-000-005 time-000-000-000-002 time-000-000-000-001 "
        "time-000-000-000-000-5 time-000-000-000-000-2 time-000-000-000-000-1 time-000-000-000-000-05 "
        "time-000-000-000-000-02 time-000-000-000-000-01"
    ),
    "DYear": integer(0, 4095),
    "DMonth": integer(0, 12),
    "DDay": integer(0, 31),
    "DHour": integer(0, 24),
    "DMinute": integer(0, 60),
    "DTimeOffset": integer(-720, 721),
    "DDateTime": seq(
        "year? DYear",
        "month? DMonth",
        "day? DDay",
        "hour? DHour",
        "minute? DMinute",
        "second? DSecond",
        "offset? DTimeOffset",
    ),
    # place
    "Latitude": integer(-900000000, 900000001),
    "Longitude": integer(-1799999999, 1800000001),
    "Elevation": integer(-4096, 61439),
    "Position3D": seq("lat Latitude", "long Longitude", "elevation? Elevation"),
    "PositionConfidence": enum(
        "unavailable a500m a200m a100m a50m a20m a10m a5m a2m a1m a50cm a20cm a10cm a5cm a2cm a1cm"
    ),
    "ElevationConfidence": enum(
        "unavailable elev-500-00 elev-200-00 elev-100-00 elev-050-00 elev-020-00 elev-010-00 elev-005-00 "
        "elev-002-00 elev-001-00 elev-000-50 elev-000-20 elev-000-10 elev-000-05 elev-000-02 elev-000-01"
    ),
    "PositionConfidenceSet": seq("pos PositionConfidence", "elevation? ElevationConfidence"),
    "SemiMajorAxisAccuracy": integer(0, 255),
    "SemiMinorAxisAccuracy": integer(0, 255),
    "SemiMajorAxisOrientation": integer(0, 65535),
    "PositionalAccuracy": seq(
        "semiMajor SemiMajorAxisAccuracy",
        "semiMinor SemiMinorAxisAccuracy",
        "orientation SemiMajorAxisOrientation",
    ),
    # place relative to a reference: longitude first, the reverse of Position3D
    "OffsetLL-B12": integer(-2048, 2047),
    "OffsetLL-B14": integer(-8192, 8191),
    "OffsetLL-B16": integer(-32768, 32767),
    "OffsetLL-B18": integer(-131072, 131071),
    "OffsetLL-B22": integer(-2097152, 2097151),
    "OffsetLL-B24": integer(-8388608, 8388607),
    "Position-LL-24B": seq("lon OffsetLL-B12", "lat OffsetLL-B12"),
    "Position-LL-28B": seq("lon OffsetLL-B14", "lat OffsetLL-B14"),
    "Position-LL-32B": seq("lon OffsetLL-B16", "lat OffsetLL-B16"),
    "Position-LL-36B": seq("lon OffsetLL-B18", "lat OffsetLL-B18"),
    "Position-LL-44B": seq("lon OffsetLL-B22", "lat OffsetLL-B22"),
    "Position-LL-48B": seq("lon OffsetLL-B24", "lat OffsetLL-B24"),
    "Position-LLmD-64b": seq("lon Longitude", "lat Latitude"),
    "PositionOffsetLL": choice(
        "position-LL1 Position-LL-24B",
        "position-LL2 Position-LL-28B",
        "position-LL3 Position-LL-32B",
        "position-LL4 Position-LL-36B",
        "position-LL5 Position-LL-44B",
        "position-LL6 Position-LL-48B",
        "position-LatLon Position-LLmD-64b",
    ),
    "VertOffset-B07": integer(-64, 63),
    "VertOffset-B08": integer(-128, 127),
    "VertOffset-B09": integer(-256, 255),
    "VertOffset-B10": integer(-512, 511),
    "VertOffset-B11": integer(-1024, 1023),
    "VertOffset-B12": integer(-2048, 2047),
    "VerticalOffset": choice(
        "offset1 VertOffset-B07",
        "offset2 VertOffset-B08",
        "offset3 VertOffset-B09",
        "offset4 VertOffset-B10",
        "offset5 VertOffset-B11",
        "offset6 VertOffset-B12",
        "elevation Elevation",
    ),
    "PositionOffsetLLV": seq("offsetLL PositionOffsetLL", "offsetV? VerticalOffset"),
    "Radius": integer(0, 65535),
    # motion
    "Speed": integer(0, 8191),
    "SpeedConfidence": enum("unavailable prec100ms prec10ms prec5ms prec1ms prec0-1ms prec0-05ms prec0-01ms"),
    "Heading": integer(0, 28800),
    "CoarseHeading": integer(0, 240),
    "HeadingConfidence": enum(
        "unavailable prec10deg prec05deg prec01deg prec0-1deg prec0-05deg prec0-01deg prec0-0125deg"
    ),
    "SteeringWheelAngle": integer(-126, 127),
    "SteeringWheelAngleConfidence": enum("unavailable prec2deg prec1deg prec0-02deg"),
    "MotionConfidenceSet": seq(
        "speedCfd? SpeedConfidence",
        "headingCfd? HeadingConfidence",
        "steerCfd? SteeringWheelAngleConfidence",
    ),
    "Acceleration": integer(-2000, 2001),
    "VerticalAcceleration": integer(-127, 127),
    "YawRate": integer(-32767, 32767),
    "AccelerationSet4Way": seq(
        "long Acceleration",
        "lat Acceleration",
        "vert VerticalAcceleration",
        "yaw YawRate",
    ),
    "TransmissionState": enum("neutral park forwardGears reverseGears reserved1 reserved2 reserved3 unavailable"),
    # what a vehicle is
    "VehicleWidth": integer(0, 1023),
    "VehicleLength": integer(0, 4095),
    "VehicleHeight": integer(0, 127),
    "VehicleSize": seq("width VehicleWidth", "length VehicleLength", "height? VehicleHeight"),
    "BasicVehicleClass": integer(0, 255),
    "FuelType": integer(0, 15),
    "VehicleClassification": seq("classification BasicVehicleClass", "fuelType? FuelType", ...),
    "ExteriorLights": bits(
        9,
        "lowBeamHeadlightsOn highBeamHeadlightsOn leftTurnSignalOn rightTurnSignalOn hazardSignalOn "
        "automaticLightControlOn daytimeRunningLightsOn fogLightOn parkingLightsOn ...",
    ),
    # the road network
    "DescriptiveName": characters(1, 63),
    "RoadRegulatorID": integer(0, 65535),
    "NodeID": integer(0, 65535),
    "NodeReferenceID": seq("region? RoadRegulatorID", "id NodeID"),
    "LaneID": integer(0, 255),
    "LaneWidth": integer(0, 32767),
    "PhaseID": integer(0, 255),
    # certainty and description
    "Confidence": integer(0, 200),
    "Description": choice(("textString", characters(1, 512)), ("textGB2312", octets(2, 512))),
}
