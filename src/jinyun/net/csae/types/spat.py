"""SPAT 信号灯相位与配时消息: what the signals show and for how long (T/CSAE 53-2020)."""

from jinyun.net.csae.notation import Table, bits, choice, enum, seq, seq_of

TYPES: Table = {
    "SPAT": seq(
        "msgCnt MsgCount",
        "moy? MinuteOfTheYear",
        "timeStamp? DSecond",
        "name? DescriptiveName",
        "intersections IntersectionStateList",
        ...,
    ),
    "IntersectionStateList": seq_of("IntersectionState", 1, 32),
    "IntersectionStatusObject": bits(
        16,
        "manualControlIsEnabled stopTimeIsActivated failureFlash preemptIsActive signalPriorityIsActive "
        "fixedTimeOperation trafficDependentOperation standbyOperation failureMode off recentMAPmessageUpdate "
        "recentChangeInMAPassignedLanesIDsUsed noValidMAPisAvailableAtThisTime "
        "noValidSPATisAvailableAtThisTime",
    ),
    "IntersectionState": seq(
        "intersectionId NodeReferenceID",
        "status IntersectionStatusObject",
        "moy? MinuteOfTheYear",
        "timeStamp? DSecond",
        "timeConfidence? TimeConfidence",
        "phases PhaseList",
        ...,
    ),
    "PhaseList": seq_of("Phase", 1, 16),
    "Phase": seq("id PhaseID", "phaseStates PhaseStateList"),
    "PhaseStateList": seq_of("PhaseState", 1, 16),
    "LightState": enum(
        "unavailable dark flashing-red red flashing-green permissive-green protected-green yellow flashing-yellow ..."
    ),
    "PhaseState": seq("light LightState", "timing? TimeChangeDetails", ...),
    # timing: from now, or by the UTC hour
    "TimeCountingDown": seq(
        "startTime TimeMark",
        "minEndTime? TimeMark",
        "maxEndTime? TimeMark",
        "likelyEndTime TimeMark",
        "timeConfidence? Confidence",
        "nextStartTime? TimeMark",
        "nextDuration? TimeMark",
    ),
    "UTCTiming": seq(
        "startUTCTime TimeMark",
        "minEndUTCTime? TimeMark",
        "maxEndUTCTime? TimeMark",
        "likelyEndUTCTime TimeMark",
        "timeConfidence? Confidence",
        "nextStartUTCTime? TimeMark",
        "nextEndUTCTime? TimeMark",
    ),
    "TimeChangeDetails": choice("counting TimeCountingDown", "utcTiming UTCTiming", ...),
}
